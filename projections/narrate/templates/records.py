"""How the facts of `ledger.domain.areas.records` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.records import (
    AuditFindingRecorded,
    EntryCorrected,
    ErasureRequested,
    NarrativeErased,
    Published,
    SigningKeyRotated,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    EntryCorrected: SentenceTemplate(
        "Entry {position} was corrected", (("entry {position}", "reads", "as corrected"),), decision=True
    ),
    ErasureRequested: SentenceTemplate(
        "It was asked that the text of entry {position} be erased",
        (("the text of entry {position}", "state", "to be erased"),),
    ),
    NarrativeErased: SentenceTemplate(
        "The text of entry {position} was erased for good, as entry {request} had asked; its proof stays",
        (("the text of entry {position}", "state", "erased"),),
        decision=True,
    ),
    SigningKeyRotated: SentenceTemplate(
        "Checkpoints are signed with the key {key} ({public_key}) from now on",
        (("checkpoints", "signed with", "{key}"),),
    ),
    Published: SentenceTemplate(
        "{subject} was published[, as the ledger stood at entry {position}]: {where}",
        (("{subject}", "state", "published"),),
    ),
    AuditFindingRecorded: SentenceTemplate(
        "Audit finding {finding} ({severity}) was recorded[, citing entry no. {positions}]: {text}",
        (("audit finding {finding}", "state", "recorded as {severity}"),),
    ),
}
