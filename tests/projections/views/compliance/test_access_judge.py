"""The judge of access skips requests without a fault, with the result of looking at all of them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.domain.areas.access import AccessExtended, AccessKind, AccessRefused, AccessRevoked
from ledger.domain.areas.notice import Modality
from ledger.domain.fact import Fact
from ledger.domain.rules import oversight
from projections.views.compliance.rules.access import AccessOfKinds
from projections.views.compliance.timeline import ClauseTimeline
from projections.views.compliance.verdict import JudgedClause, Occurrence, Verdict
from tests.projections.views.compliance.dated_facts import LONDON, WORDS, instant
from tests.projections.views.compliance.facts import asked_for, granted, provided, review_completed

SINCE = instant("2022-07-05T00:00")
FIRST, LAST = "2022-07-20T00:00", "2022-08-10T00:00"
FACTS: list[Fact] = [
    asked_for("X1", FIRST, LAST),
    asked_for("X1", FIRST, LAST, kind="STAFF", review="R2"),
    asked_for("X2", FIRST, "2022-08-20T00:00", kind="STAFF"),
    asked_for("X3", "2022-07-15T00:00", LAST, review="R2"),
    asked_for("X4", FIRST, LAST, kind="STAFF", review="R2"),
    *(granted(name, FIRST, LAST) for name in ("X1", "X2", "X3", "X4")),
    *(provided(name) for name in ("X1", "X2", "X3", "X4")),
    *(AccessRefused(request=name, reason=WORDS) for name in ("X1", "X3")),
    *(AccessRevoked(request=name, reason=WORDS) for name in ("X2", "X3")),
    AccessExtended(request="X2", until=instant("2022-08-25T00:00"), reason=WORDS),
    review_completed("R1"),
    review_completed("R2"),
]
X1, X1_OF_R2, X3 = FACTS[0], FACTS[1], FACTS[3]
GRANTED, USED, DONE = granted("X1", FIRST, LAST), provided("X1"), review_completed("R1")
REFUSED = AccessRefused(request="X1", reason=WORDS)
HISTORIES = st.lists(st.tuples(st.integers(-3, 60), st.sampled_from(FACTS)), max_size=20)


class Whole(AccessOfKinds):
    """Judge that looks at every request after each fact, and indexes them again before each judgement."""

    def take(self, occurrence: Occurrence) -> None:
        """Take each fact as one that may change the verdict."""
        super().take(occurrence)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        self.index_again()
        return super().judge(clause, at)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the beginnings and ends of all windows, in addition to the days after the last days to open."""
        self.index_again()
        windows = [moment for each in self.requests.values() for moment in (each.from_, each.until)]
        return [*windows, *super().moments(clause, at)]

    def index_again(self) -> None:
        """Derive the indexes from the requests."""
        self.unsettled = set(self.requests)
        self.by_purpose, self.latest = {}, {}
        for name, each in sorted(self.requests.items(), key=lambda item: item[1].position):
            self.by_purpose.setdefault(each.purpose, set()).add(name)
            self.latest[each.kind] = (each.position, each.purpose)


@settings(max_examples=500, deadline=None)
@example([(0, X1), (16, USED), (30, DONE)], {AccessKind.CASE_FILES})
@example([(0, X1), (31, USED), (30, DONE)], set(AccessKind))
@example([(0, X1), (1, X3), (2, X1_OF_R2), (16, USED), (30, DONE)], {AccessKind.STAFF})
@example([(0, X1), (15, GRANTED), (16, USED), (17, REFUSED), (40, DONE)], set(AccessKind))
@given(HISTORIES, st.sets(st.sampled_from([AccessKind.CASE_FILES, AccessKind.STAFF]), min_size=1))
def test_a_request_that_is_settled_has_no_fault(dated: list[tuple[int, Fact]], kinds: set[AccessKind]) -> None:
    rule = oversight.AccessOfKinds(kinds=sorted(kinds, key=lambda kind: kind.value), within_working_days=3)
    timelines = []
    for judge in (AccessOfKinds, Whole):
        clause = JudgedClause("c", Modality.MUST, "access-of-kinds", {}, 1, SINCE, LONDON)
        timelines.append(ClauseTimeline(clause, judge(rule)))
    ours, whole = timelines
    for position, (days, fact) in enumerate(dated, 2):
        for each in timelines:
            each.add(Occurrence(SINCE + timedelta(days=days, hours=9), position, fact))
        assert ours.spans == whole.spans
