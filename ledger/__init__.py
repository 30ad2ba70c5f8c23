"""Record the entries of improvement notices, and prove their order and content.

This package imports nothing from the packages that use it: projections, schema and api. It only reads the
migrations of projections as files.
"""

import atexit
import gc

# msgspec 0.22 may crash at interpreter exit, when its types are collected after their module (11 of 40 runs).
# Freezing the collector leaves all living objects to the operating system; no run crashed with it.
atexit.register(gc.freeze)
