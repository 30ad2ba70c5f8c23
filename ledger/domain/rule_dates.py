"""The dates of rules that became stricter after entries were recorded without them. Pure.

Verification judges each entry again by today's rules. A rule without a date is as old as its fact, so no release
admits an entry against it. Give a new or stricter rule of an existing fact its date here.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from msgspec import Struct

from ledger.domain.errors import Refusal
from ledger.domain.registry import Kind

_SEPARATION = date(2026, 11, 29)
"""Day from which each release has most of the dated rules, such as two people for powerful roles."""
_TOKENS = date(2026, 12, 1)
"""Day from which only the operator issues tokens of powerful roles."""
_PROGRAMS = date(2026, 12, 1)
"""Day from which the ids of the ledger's own programs and the sources of forms are reserved."""

_ACCEPTED = date(2026, 12, 1)
"""Day from which nobody accepts a deliverable that they submitted."""
_AUTHORS = date(2026, 12, 1)
"""Day from which those who correct a fact decide as little about it as its recorder."""
_REACHABLE = date(2026, 11, 30)
"""Day from which releases require last days within terms of posts, and targets and baselines within range."""


class DatedRule(Struct, frozen=True):
    """A rule that earlier releases lack, identified by the refusals that the rule gives."""

    since: date
    """Day of the first release with the rule, in UTC."""
    code: str
    facts: tuple[str, ...] = ()
    """Names of the facts that the rule refuses; empty if the rule is for every fact."""
    path: str | None = None
    """Path of the field that the rule refuses, empty for the whole fact; None for every path."""

    def gives(self, fact: str, refusal: Refusal) -> bool:
        """Return whether a refusal of the fact with this name comes from the rule."""
        named = not self.facts or fact in self.facts
        return named and refusal.code == self.code and self.path in (None, refusal.path)


DATED_RULES = (
    DatedRule(_TOKENS, "SECOND_PERSON", ("TokenIssued",)),
    DatedRule(_PROGRAMS, "RESERVED"),
    DatedRule(_SEPARATION, "UNKNOWN_ACTOR"),
    DatedRule(_SEPARATION, "SECOND_PERSON"),
    DatedRule(_SEPARATION, "SAME_PERSON", ("RoleGranted", "TokenIssued", "IntegrationRegistered"), "data.actor"),
    DatedRule(_SEPARATION, "SAME_PERSON", ("AdviserAppointed", "AdviserReplaced"), "data.adviser"),
    DatedRule(_SEPARATION, "SAME_PERSON", ("ChairAppointed",), "data.chair"),
    DatedRule(_SEPARATION, "SAME_PERSON", ("EntryCorrected",), "data.position"),
    DatedRule(_ACCEPTED, "SAME_PERSON", ("DeliverableAccepted",), "data.deliverable"),
    DatedRule(_AUTHORS, "SAME_PERSON", ("DeliverableAccepted", "InstructionConfirmed", "EntryCorrected"), ""),
    DatedRule(_AUTHORS, "SAME_PERSON", ("AccessGranted", "AccessRefused", "AccessExtended"), ""),
    DatedRule(_SEPARATION, "NOT_GRANTED", ("EvidenceOpened",), "data.reader"),
    DatedRule(_SEPARATION, "OUT_OF_SCOPE", ("AccessUsed",), "data.document"),
    DatedRule(_SEPARATION, "NOT_ON_SCALE", ("ProgressRecorded",)),
    DatedRule(_SEPARATION, "OUT_OF_RANGE", ("ProgressRecorded",), "time"),
    DatedRule(_SEPARATION, "OUT_OF_RANGE", ("BoardDecisionRecorded",), "data.votes"),
    DatedRule(_SEPARATION, "OUT_OF_RANGE", ("MeetingHeld",), "data.attendance"),
    DatedRule(_SEPARATION, "MISSING_FIELD", ("AdviserReportIssued",)),
    DatedRule(_SEPARATION, "INVALID_RULE"),
    DatedRule(_SEPARATION, "OUT_OF_RANGE", ("NoticeClosed",), "data.outcome"),
    DatedRule(_REACHABLE, "ALREADY_ENDED", ("PostVacated",), "data.last"),
    DatedRule(_REACHABLE, "OUT_OF_RANGE", ("MeasureDefined", "MeasureRevised"), "data.target"),
    DatedRule(_REACHABLE, "OUT_OF_RANGE", ("MeasureDefined", "MeasureBaselineReset"), "data.baseline"),
    DatedRule(_SEPARATION, "SAME_THING", ("AreaCarriedOver", "NoticeClosed"), "data.successor"),
)
"""Rules that are younger than the facts that they refuse."""


def _rules(kind: Kind) -> Iterator[DatedRule]:
    yield from DATED_RULES
    if kind.struct.begins:  # an id with a part of dots only
        yield DatedRule(_SEPARATION, "INVALID_FIELD", path=f"data.{kind.struct.about}")


def rule_since(kind: Kind, refusal: Refusal) -> date | None:
    """Return the day since which a refusal's rule holds; None if the rule is as old as the fact."""
    return next((rule.since for rule in _rules(kind) if rule.gives(kind.name, refusal)), None)


def holds(since: date | None, at: datetime) -> bool:
    """Return whether a rule with a first day holds at an instant; a rule without a first day always holds."""
    return since is None or at.astimezone(UTC).date() >= since
