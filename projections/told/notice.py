"""How the facts of `ledger.facts.notice` are told. Pure."""

from collections.abc import Mapping

from ledger.facts.fact import Fact
from ledger.facts.notice import AreaRegistered, ClauseRegistered, NoticeIssued
from projections.told.telling import Telling

TELLINGS: Mapping[type[Fact], Telling] = {
    NoticeIssued: Telling(
        "{issuer} issued this {kind} to the council {council} on {issued_on}: {title}[, following {predecessor}]",
        (("the notice", "state", "in force"),),
    ),
    ClauseRegistered: Telling(
        "Clause {number} was registered: what the {obligor} {modality} do, judged by the rule {rule}",
        (("clause {number}", "owed by", "{obligor} ({modality})"), ("clause {number}", "rule", "{rule}")),
    ),
    AreaRegistered: Telling(
        "Area {area} was registered for priority action: {title}",
        (("area {area}", "state", "for priority action"),),
    ),
}
