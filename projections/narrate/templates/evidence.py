"""How the facts of `ledger.domain.areas.evidence` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.evidence import (
    EvidenceAssessed,
    EvidenceErased,
    EvidenceOpened,
    EvidenceSubmitted,
    EvidenceSuperseded,
    EvidenceWithdrawn,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import Telling

TELLINGS: Mapping[type[Fact], Telling] = {
    EvidenceSubmitted: Telling(
        "Evidence {evidence} was put into the register: {title} ({classification}, {media_type}, {size} bytes)"
        "[, for {period.first} to {period.last}][; it speaks for {supports}]",
        (("evidence {evidence}", "in the register", "as {classification}"),),
    ),
    EvidenceSuperseded: Telling(
        "Evidence {evidence} was superseded by {by}: {reason}",
        (("evidence {evidence}", "in the register", "superseded by {by}"),),
    ),
    EvidenceWithdrawn: Telling(
        "Evidence {evidence} was withdrawn: {reason}",
        (("evidence {evidence}", "in the register", "withdrawn"),),
    ),
    EvidenceAssessed: Telling(
        "Evidence {evidence} was judged {judgement}: {reason}",
        (("evidence {evidence}", "judged", "{judgement}"),),
    ),
    EvidenceErased: Telling(
        "The file of evidence {evidence} was destroyed, as entry {request} had asked; its proof stays",
        (("evidence {evidence}", "in the register", "erased"),),
        decision=True,
    ),
    EvidenceOpened: Telling(
        "{reader} opened evidence {evidence}",
    ),
}
