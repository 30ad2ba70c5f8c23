"""How the facts of `ledger.domain.areas.notice` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.notice import (
    AreaCarriedOver,
    AreaClosed,
    AreaRegistered,
    ClauseRegistered,
    InterpretationAdopted,
    NoticeClosed,
    NoticeIssued,
    NoticeRevised,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    NoticeIssued: SentenceTemplate(
        "{issuer} issued this {kind} to the council of {council} "
        "on {issued_on}: {title}[, following {predecessor}]",
        (("the notice", "state", "in force"),),
    ),
    ClauseRegistered: SentenceTemplate(
        "Clause {number} was registered: what the {obligor} {modality} do, judged by the rule {rule}",
        (("clause {number}", "owed by", "{obligor} ({modality})"), ("clause {number}", "rule", "{rule}")),
    ),
    AreaRegistered: SentenceTemplate(
        "Area {area} was registered for priority action: {title}",
        (("area {area}", "state", "for priority action"),),
    ),
    AreaClosed: SentenceTemplate(
        "Area {area} was closed on {closed_on}: {reason}",
        (("area {area}", "state", "closed"),),
        decision=True,
    ),
    AreaCarriedOver: SentenceTemplate(
        "Area {area} goes on under the notice {successor}[, as its area {successor_area}]",
        (("area {area}", "state", "carried over to {successor}"),),
        decision=True,
    ),
    InterpretationAdopted: SentenceTemplate(
        "The {adopted_by} decided ({interpretation}) what “{word}” means in clause {number}: {meaning}",
        (("clause {number}", "meaning of {word}", "{meaning}"),),
        decision=True,
    ),
    NoticeRevised: SentenceTemplate(
        "The notice was revised on {revised_on}, as to clause {clauses.number}: {reason}",
        (("the notice", "revised", "on {revised_on}"),),
        decision=True,
    ),
    NoticeClosed: SentenceTemplate(
        "The notice was closed on {closed_on} as {outcome}: {reason}[; {successor} follows it]",
        (("the notice", "state", "closed, {outcome}"),),
        decision=True,
    ),
}
