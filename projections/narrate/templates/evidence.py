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
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    EvidenceSubmitted: SentenceTemplate(
        "Evidence {evidence} was put into the register: {title} ({classification}, {media_type}, {size} bytes)"
        "[, for {period.first} to {period.last}][; it speaks for {supports}]",
        (("evidence {evidence}", "in the register", "as {classification}"),),
    ),
    EvidenceSuperseded: SentenceTemplate(
        "Evidence {evidence} was superseded by {by}: {reason}",
        (("evidence {evidence}", "in the register", "superseded by {by}"),),
    ),
    EvidenceWithdrawn: SentenceTemplate(
        "Evidence {evidence} was withdrawn: {reason}",
        (("evidence {evidence}", "in the register", "withdrawn"),),
    ),
    EvidenceAssessed: SentenceTemplate(
        "Evidence {evidence} was judged {judgement}: {reason}",
        (("evidence {evidence}", "judged", "{judgement}"),),
    ),
    EvidenceErased: SentenceTemplate(
        "The file of evidence {evidence} was destroyed, as entry {request} had asked; its proof stays",
        (("evidence {evidence}", "in the register", "erased"),),
        decision=True,
    ),
    EvidenceOpened: SentenceTemplate(
        "{reader} opened evidence {evidence}",
    ),
}
