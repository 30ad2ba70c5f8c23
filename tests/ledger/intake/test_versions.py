"""A fact with several versions: old entries are read in the present version and keep their bytes."""

from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from msgspec import Meta

from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.errors import Damaged
from ledger.domain.fact import Code, Fact, Id, Upcast
from ledger.domain.registry import KIND_OF, Kind, stored_types
from ledger.intake.envelope import Envelope, decode_data, decode_envelope, encoder
from tests.ledger.desk import Desk
from tests.ledger.history import OPERATOR


class VisitMade(Fact, frozen=True, kw_only=True):
    """Version 1 of a visit: one number for all children seen."""

    visit: Id
    children: int


def _apart(data: dict[str, Any]) -> dict[str, Any]:
    """Translate to version 2, which also counts children seen alone; version 1 does not know them."""
    return {"visit": data["visit"], "seen": data["children"], "alone": None}


def _named(data: dict[str, Any]) -> dict[str, Any]:
    """Translate to version 3, which names the visitor."""
    return {**data, "by": "unknown"}


class VisitMade2(Fact, frozen=True, kw_only=True):
    """Version 2 of the fact."""

    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_apart,)

    visit: Id
    seen: Annotated[int, Meta(ge=0)]
    alone: int | None


class VisitMade3(Fact, frozen=True, kw_only=True):
    """Version 3 of the fact."""

    version: ClassVar[int] = 3
    earlier: ClassVar[tuple[Upcast, ...]] = (_apart, _named)

    visit: Id
    seen: Annotated[int, Meta(ge=0)]
    alone: int | None
    by: Code


def kind(struct: type[Fact]) -> Kind:
    return Kind("VisitMade", f"improvement-ledger.plan.VisitMade.v{struct.version}", "plan", struct, (), ())


def stored(version: int, data: dict[str, Any]) -> Envelope:
    """Return an entry as a ledger of that version stored it."""
    desk = Desk()
    desk.record("ProgressRecorded", PROGRESS)
    entry = desk.history[-1]
    body = {
        "specversion": "1.0",
        "id": entry.id,
        "source": entry.source,
        "type": f"improvement-ledger.plan.VisitMade.v{version}",
        "ledger": entry.notice,
        "position": entry.position,
        "recordedat": entry.recorded_at,
        "actor": entry.actor,
        "actorrole": entry.actor_role,
        "nonce": "A" * 24,
        "datacontenttype": "application/json",
        "data": data,
    }
    return decode_envelope(msgspec.json.encode(body))


PROGRESS = {"objective": "O1", "narrative": "Done.", "activityRating": "AMBER", "impactRating": "RED"}
FIRST = {"visit": "V1", "children": 3}


def test_an_entry_of_version_1_is_read_as_version_2() -> None:
    fact = decode_data(stored(1, FIRST), stored_types([kind(VisitMade2)]))
    assert fact == VisitMade2(visit="V1", seen=3, alone=None)


def test_versions_are_gone_through_one_after_the_other() -> None:
    known = stored_types([kind(VisitMade3)])
    assert decode_data(stored(1, FIRST), known) == VisitMade3(visit="V1", seen=3, alone=None, by="unknown")
    second = {"visit": "V1", "seen": 3, "alone": 2}
    assert decode_data(stored(2, second), known) == VisitMade3(visit="V1", seen=3, alone=2, by="unknown")


def test_the_stored_bytes_stay() -> None:
    envelope = stored(1, FIRST)
    before = encoder.encode(envelope)
    decode_data(envelope, stored_types([kind(VisitMade2)]))
    assert encoder.encode(envelope) == before
    assert bytes(envelope.data) == b'{"visit":"V1","children":3}'


@pytest.mark.parametrize(
    ("version", "data"),
    [
        (1, {"visit": "V1"}),
        (1, {"visit": "V1", "children": -1}),
        (1, []),
        (3, FIRST),
        (0, FIRST),
    ],
)
def test_what_no_version_has_is_damage(version: int, data: Any) -> None:
    with pytest.raises(Damaged, match="entry"):
        decode_data(stored(version, data), stored_types([kind(VisitMade2)]))


def test_a_version_without_a_way_from_the_one_before_is_no_version() -> None:
    class Gap(VisitMade2, frozen=True, kw_only=True):
        version: ClassVar[int] = 3

    with pytest.raises(ValueError, match=r"VisitMade\.v3"):
        stored_types([kind(Gap)])


def test_every_fact_of_now_is_read_as_it_is() -> None:
    desk = Desk()
    desk.record("ProgressRecorded", PROGRESS, OPERATOR)
    assert isinstance(desk.history[-1].fact, ProgressRecorded)
    assert stored_types([KIND_OF[ProgressRecorded]])[KIND_OF[ProgressRecorded].type].steps == ()
