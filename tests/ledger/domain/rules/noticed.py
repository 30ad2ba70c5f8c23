"""Examples of every fact, and the clauses of several notices."""

import json
from pathlib import Path
from typing import Any

import msgspec

from ledger.domain.areas.notice import ClauseRegistered, ClauseState, evolve_clauses
from ledger.domain.fact import Fact
from ledger.domain.registry import KINDS, STORED_TYPES, find_kind
from ledger.intake.pack import Pack, read
from ledger.packs import shipped

TESTS = Path(__file__).parents[3]
_FILES = [shipped("tameside-2022"), *(path.read_bytes() for path in sorted(TESTS.glob("ledger/packs/*.toml")))]
PACKS: dict[str, Pack] = {pack.notice.id: pack for pack in map(read, _FILES)}
"""The shipped pack and those of the tests, by the ids of their notices."""


def _examples() -> dict[str, Fact]:
    examples = {}
    for line in (TESTS / "ledger/domain/golden/facts.ndjson").read_text("utf-8").splitlines():
        name, _, data = line.partition(" ")
        if name in KINDS:
            examples[KINDS[name].name] = STORED_TYPES[name].fact(json.loads(data))
    return examples


FACTS = _examples()
"""An example of every fact, by its name."""


def fact_of(name: str, changes: dict[str, Any]) -> Fact:
    """Return the example of a fact with changed members."""
    kind = find_kind(name)
    assert kind is not None
    fact: Fact = msgspec.convert(msgspec.to_builtins(FACTS[name]) | changes, kind.struct)
    return fact


def clauses_in(pack: Pack) -> dict[str, ClauseState]:
    """Return the clauses of a pack, as a notice has them."""
    clauses: dict[str, ClauseState] = {}
    for position, clause in enumerate(pack.clauses, 1):
        data = msgspec.to_builtins(clause) | {"text": {"sha256": "A" * 43 + "="}}
        evolve_clauses(clauses, msgspec.convert(data, ClauseRegistered), position)
    return clauses


NOTICES = {name: clauses_in(pack) for name, pack in PACKS.items()}
"""Clauses of each notice."""
