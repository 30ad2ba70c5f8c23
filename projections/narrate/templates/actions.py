"""How the facts of `ledger.domain.areas.actions` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.actions import (
    ActionAdded,
    ActionCompleted,
    ActionRebaselined,
    ActionRevised,
    MilestoneReached,
    MilestoneSet,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    ActionAdded: SentenceTemplate(
        "Action {action} was added under objective {objective}: {title}. {owner} answers for it[, for "
        "partner {partner}], and it is due on {due}",
        (
            ("action {action}", "owner", "{owner}"),
            ("action {action}", "due", "{due}"),
        ),
    ),
    ActionRevised: SentenceTemplate(
        "Action {action} was revised: {reason}[. It reads now: {title}][. {owner} answers for it]",
        (("action {action}", "owner", "{owner}"),),
    ),
    ActionRebaselined: SentenceTemplate(
        "Action {action} was moved from {from_} to {to}, approved by {approver}: {reason}",
        (("action {action}", "due", "{to}"),),
        decision=True,
    ),
    ActionCompleted: SentenceTemplate(
        "Action {action} was completed on {completed_on}: {result}",
        (("action {action}", "state", "completed"),),
    ),
    MilestoneSet: SentenceTemplate(
        "Milestone {milestone} was set for objective {objective}, due on {due}: {title}",
        (("milestone {milestone}", "due", "{due}"),),
    ),
    MilestoneReached: SentenceTemplate(
        "Milestone {milestone} was reached on {reached_on}",
        (("milestone {milestone}", "state", "reached"),),
    ),
}
