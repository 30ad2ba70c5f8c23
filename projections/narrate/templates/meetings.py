"""How the facts of `ledger.domain.areas.meetings` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.meetings import BoardPackCirculated, MeetingHeld, MinutesApproved
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    BoardPackCirculated: SentenceTemplate(
        "The papers of meeting {meeting} were circulated to {recipients}: {evidence}",
        (("meeting {meeting}", "papers", "circulated"),),
    ),
    MeetingHeld: SentenceTemplate(
        "The board met ({meeting}, {quorate?quorate|not quorate}), attended by {attendance}"
        "[, with apologies from {apologies}]",
        (("meeting {meeting}", "state", "held"),),
    ),
    MinutesApproved: SentenceTemplate(
        "The minutes of meeting {meeting} were approved[ at meeting {approved_at}]",
        (("meeting {meeting}", "minutes", "approved"),),
        decision=True,
    ),
}
