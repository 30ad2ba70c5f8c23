"""Notices in parallel: other notices that are in force for the same body at the same time.

Each notice has its own ledger, and a link needs an entry in only one of the two ledgers. The query
`notices(filter: {parallelTo: …})` finds the link from the other notice.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.entry import NoticeId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact, Narrative, Sentence, When, Who
from ledger.domain.near_matches import similar
from ledger.domain.shared_rules import itself_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ParallelNotice = Annotated[NoticeId, Meta(description="The other notice, such as fellshire-2024.")]


class ParallelNoticeLinked(Fact, frozen=True, kw_only=True):
    """Another notice is in force for the same body at the same time."""

    act: ClassVar[str] = "linkParallelNotice"
    sentence: ClassVar[Sentence] = Sentence(
        "The notice {parallel} was linked as in force in parallel: {reason}",
        (("notice {parallel}", "state", "in parallel"),),
    )

    parallel: ParallelNotice
    reason: Annotated[Narrative, Meta(description="The matters that both notices concern.")]


class ParallelNoticeUnlinked(Fact, frozen=True, kw_only=True):
    """Another notice is no longer in force in parallel, or was linked by mistake."""

    act: ClassVar[str] = "unlinkParallelNotice"
    sentence: ClassVar[Sentence] = Sentence(
        "The link with the notice {parallel} was ended: {reason}",
        (("notice {parallel}", "state", "no longer in parallel"),),
    )

    parallel: ParallelNotice
    reason: Narrative


class LineageState(Struct):
    """Links to parallel notices that are in effect."""

    parallels: dict[str, int] = {}
    """Position of the entry that linked a parallel notice, by the notice's id."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    linked = state.lineage.parallels
    match fact:
        case ParallelNoticeLinked():
            yield from itself_refusals(state.notice.notice, fact.parallel, "data.parallel")
            if fact.parallel in linked:
                message = f"the notice {fact.parallel} is already linked, since entry {linked[fact.parallel]}"
                yield Refusal("ALREADY_RECORDED", message, "data.parallel")
        case ParallelNoticeUnlinked() if fact.parallel not in linked:
            near = similar(fact.parallel, linked)
            remedy = f"did you mean {' or '.join(near)}?" if near else "only a linked notice can be unlinked"
            yield Refusal("NOT_FOUND", f"no link with the notice {fact.parallel}; {remedy}", "data.parallel")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    match entry.fact:
        case ParallelNoticeLinked(parallel=parallel):
            state.lineage.parallels[parallel] = entry.position
        case ParallelNoticeUnlinked(parallel=parallel):
            del state.lineage.parallels[parallel]
