"""How the facts of `ledger.domain.areas.reports` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.reports import (
    AdviserReportIssued,
    BoardReportSubmitted,
    ChairReportDelivered,
    ReportRecommendationDecided,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    ChairReportDelivered: SentenceTemplate(
        "The chair reported on {period.first} to {period.last} ({report})",
        (("report {report}", "state", "delivered"),),
    ),
    BoardReportSubmitted: SentenceTemplate(
        "Report {report} went to the board for meeting {meeting}[, about {objectives}][. Analysis: {analysis}]",
        (("report {report}", "state", "submitted"),),
    ),
    ReportRecommendationDecided: SentenceTemplate(
        "The board {outcome} recommendation {recommendation} of report {report}[, by decision "
        "{decision}]: {reason}",
        (("recommendation {recommendation} of report {report}", "state", "{outcome}"),),
        decision=True,
    ),
    AdviserReportIssued: SentenceTemplate(
        "The adviser reported on {period.first} to {period.last} ({report}) on {per_area.area}, as the ledger "
        "stood at entry {position}[. Other matters: {other}]",
        (("report {report}", "state", "issued"),),
    ),
}
