"""The registers of risks, with their ratings over time, and of dependencies."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.risks import (
    DependencyDropped,
    DependencyMet,
    DependencyRegistered,
    RiskClosed,
    RiskRaised,
    RiskRated,
)
from ledger.domain.entry import Entry
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, contains, flag, of_table
from projections.views.word_lists import DependencyEnd

_Likelihood = Annotated[int, Meta(description="Likelihood, from 1 (rare) to 5 (almost certain).")]
_Impact = Annotated[int, Meta(description="Impact, from 1 (slight) to 5 (severe).")]
_Controls = Annotated[NarrativeRef | None, Meta(description="Controls; null if none are named, or if erased.")]


class Risk(Struct, frozen=True):
    """A risk to the plan, with its latest rating."""

    risk: Annotated[str, ID, Meta(description="Id of the risk.")]
    position: int
    raised_at: Annotated[datetime, Meta(description="Instant at which it was raised.")]
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    owner: Annotated[str, ACTOR_ID, Meta(description="Actor id of its owner.")]
    relates_to: Annotated[list[str], ID, Meta(description="Ids of the things that it concerns.")]
    likelihood: Annotated[
        int | None, Meta(description="Likelihood, from 1 (rare) to 5 (almost certain); null before a rating.")
    ] = None
    impact: Annotated[
        int | None, Meta(description="Impact, from 1 (slight) to 5 (severe); null before a rating.")
    ] = None
    controls: _Controls = None
    rated_at: Annotated[datetime | None, Meta(description="Instant of its latest rating.")] = None
    rated_position: Annotated[int | None, Meta(description="Position of the entry that rated it last.")] = None
    closed_at: Annotated[datetime | None, Meta(description="Instant at which it was closed; null if open.")] = None
    closed_position: Annotated[int | None, Meta(description="Position of the entry that closed it.")] = None
    closed_reason: Annotated[
        NarrativeRef | None, Meta(description="Reason for the closure; null if open, or if erased.")
    ] = None


class RiskRating(Struct, frozen=True):
    """Rating of a risk."""

    risk: Annotated[str, ID, Meta(description="Id of the risk.")]
    position: int
    rated_at: Annotated[datetime, Meta(description="Instant of the rating.")]
    likelihood: _Likelihood
    impact: _Impact
    controls: _Controls


class Dependency(Struct, frozen=True):
    """A dependency of an objective or action on another objective or action, or on a body outside the plan."""

    dependency: Annotated[str, ID, Meta(description="Id of the dependency.")]
    position: int
    registered_at: Annotated[datetime, Meta(description="Instant at which it was registered.")]
    text: Annotated[NarrativeRef, Meta(description="Result that is needed; null if erased.")]
    owner: Annotated[str, ACTOR_ID, Meta(description="Actor id of its owner.")]
    objective: Annotated[str | None, ID, Meta(description="Id of the dependent objective.")]
    action: Annotated[str | None, ID, Meta(description="Id of the dependent action.")]
    on_objective: Annotated[str | None, ID, Meta(description="Id of the objective that it depends on.")]
    on_action: Annotated[str | None, ID, Meta(description="Id of the action that it depends on.")]
    on_body: Annotated[str | None, Meta(description="Body outside the plan that it depends on.")]
    needed_by: Annotated[date | None, Meta(description="Last day on which the result is of use; null if none.")]
    ended: Annotated[
        str | None, words(DependencyEnd), Meta(description="End of the dependency; null if it is open.")
    ] = None
    ended_position: Annotated[int | None, Meta(description="Position of the entry that ended it.")] = None
    met_on: Annotated[date | None, Meta(description="Date on which it was met; null if it was not.")] = None
    result: Annotated[NarrativeRef | None, Meta(description="Result; null if it is not met, or if erased.")] = None
    dropped_reason: Annotated[
        NarrativeRef | None, Meta(description="Reason to drop it; null if it was not dropped, or if erased.")
    ] = None


RISKS = Table("risks", Risk, ("risk",))
RISK_RATINGS = Table("risk_ratings", RiskRating, ("risk", "position"), in_memory=False)
DEPENDENCIES = Table("dependencies", Dependency, ("dependency",))


VIEW = View("risks", 2, (RISKS, RISK_RATINGS, DEPENDENCIES))
VIEW.puts(DependencyRegistered, DEPENDENCIES)
VIEW.changes(DependencyMet, DEPENDENCIES, "ended_position", "met_on", "result", ended="MET")
VIEW.changes(DependencyDropped, DEPENDENCIES, "ended_position", "dropped_reason", ended="DROPPED")
VIEW.puts(RiskRaised, RISKS)
VIEW.changes(RiskClosed, RISKS, "closed_at", "closed_position", "closed_reason")


@VIEW.on(RiskRated)
def _risk_rated(rows: Rows, entry: Entry, fact: RiskRated) -> None:
    """Add a rating to a risk's list. Rate the risk itself unless it has a later rating."""
    rating = put_from_fact(rows, RISK_RATINGS, entry)
    risk = rows.require(RISKS, fact.risk)
    if risk.rated_at is None or rating.rated_at >= risk.rated_at:
        rated = {"rated_at": rating.rated_at, "rated_position": entry.position, "controls": rating.controls}
        rows.change(RISKS, fact.risk, likelihood=fact.likelihood, impact=fact.impact, **rated)


RISK = of_table(
    "risks",
    RISKS,
    computed={
        "score": Computed(
            Annotated[
                int | None, Meta(description="Likelihood times impact, from 1 to 25; null before a rating.")
            ],
            "t.likelihood * t.impact",
        )
    },
    conditions={
        "open": "(t.closed_position IS NULL) = :value",
        "concerns": ":value = ANY (t.relates_to)",
        "text": contains("text"),
    },
)
RISK_RATING = of_table("risks", RISK_RATINGS)
DEPENDENCY = of_table(
    "risks",
    DEPENDENCIES,
    computed={
        "overdue": flag(
            "True if it was not met by the day on which it is needed, seen on the day of `on`.",
            "coalesce(t.ended IS DISTINCT FROM 'DROPPED' AND t.needed_by < coalesce(t.met_on, :today), false)",
        )
    },
    conditions={"open": "(t.ended IS NULL) = :value", "text": contains("text")},
)
