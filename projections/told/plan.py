"""How the facts of `ledger.facts.plan` are told. Pure."""

from collections.abc import Mapping

from ledger.facts.fact import Fact
from ledger.facts.plan import ObjectiveAdded, ProgressRecorded
from projections.told.telling import Telling

TELLINGS: Mapping[type[Fact], Telling] = {
    ObjectiveAdded: Telling(
        "Objective {objective} joined the plan: {title}. It serves {areas}, {owner} answers for it, "
        "and it is due on {due}[; its impact is seen by {measures}]",
        (
            ("objective {objective}", "owner", "{owner}"),
            ("objective {objective}", "due", "{due}"),
            ("objective {objective}", "areas", "{areas}"),
        ),
    ),
    ProgressRecorded: Telling(
        "Progress on objective {objective}: activity is rated {activity_rating}, impact {impact_rating}",
        (
            ("objective {objective}", "activity", "{activity_rating}"),
            ("objective {objective}", "impact", "{impact_rating}"),
        ),
    ),
}
