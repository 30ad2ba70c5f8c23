"""How the facts of `ledger.facts.evidence` are told. Pure."""

from collections.abc import Mapping

from ledger.facts.evidence import EvidenceSubmitted
from ledger.facts.fact import Fact
from projections.told.telling import Telling

TELLINGS: Mapping[type[Fact], Telling] = {
    EvidenceSubmitted: Telling(
        "Evidence {evidence} was put into the register: {title} ({classification}, {media_type}, {size} bytes)"
        "[, for {period.first} to {period.last}][; it speaks for {supports}]",
        (("evidence {evidence}", "in the register", "as {classification}"),),
    ),
}
