"""Record entries of improvement notices and prove them: order, bytes and hashes.

Imports nothing of the packages above it: projections, schema and api.
"""

import atexit
import gc

# msgspec 0.22 may crash at interpreter exit, when its types are collected after their module (11 of 40 runs).
# Freezing the collector leaves all living objects to the operating system; no run crashed with it.
atexit.register(gc.freeze)
