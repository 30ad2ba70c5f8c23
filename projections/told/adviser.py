"""How the facts of `ledger.facts.adviser` are told. Pure."""

from collections.abc import Mapping

from ledger.facts.fact import Fact
from projections.told.telling import Telling

TELLINGS: Mapping[type[Fact], Telling] = {}
