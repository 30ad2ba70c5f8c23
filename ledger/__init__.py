"""Append and prove: the entries of improvement notices, their order, their bytes and their proofs.

May import eventsourcing, psycopg, msgspec and cryptography; nothing of the packages above it.
"""

import atexit
import gc

# msgspec's types may be collected after their module when the interpreter ends, which crashes it now and then
# (msgspec 0.22; 11 of 40 runs here, none with this): what is alive at the end is left to the system.
atexit.register(gc.freeze)
