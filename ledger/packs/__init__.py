"""Notice packs: a notice as data (TOML), read once; what is wrong with one is told by its lines.

`tameside-2022.toml` is the first, and `tameside-2022.ndjson` an invented history for the demo. Imports `ledger`
only; no database. A pack decides nothing later: its clauses become entries, and those are what counts.
"""

from ledger.packs.pack import Fault, Pack, PackFaulty, check, events, read
from ledger.packs.shipped import SHIPPED, history, shipped

__all__ = ["SHIPPED", "Fault", "Pack", "PackFaulty", "check", "events", "history", "read", "shipped"]
