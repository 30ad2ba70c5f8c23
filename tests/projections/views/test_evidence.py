"""Statements that rest on a document, and the document's status when they were recorded."""

from ledger.domain.authorisation import Credential
from ledger.domain.registry import KINDS
from ledger.domain.roles import Role
from projections.engine.follower import refold
from projections.views import evidence
from projections.views.word_lists import BasisKind
from tests.ledger.desk import Desk

ADVISER = Credential("adviser", role=Role.ADVISER)


def submitted(name: str) -> dict[str, object]:
    data = {"evidence": name, "digest": "A" * 43 + "=", "mediaType": "application/pdf", "size": 9, "title": "t"}
    return data | {"classification": "OFFICIAL"}


def test_a_basis_keeps_how_the_document_stood_when_it_was_recorded() -> None:
    desk = Desk()
    briefing = {"leaders": ["alice"], "topic": "t", "evidence": ["E1"]}
    desk.record("EvidenceSubmitted", submitted("E1"))
    desk.record("EvidenceSubmitted", submitted("E2"))
    desk.record("LeadersBriefed", {"briefing": "B1"} | briefing)
    desk.record("EvidenceAssessed", {"evidence": "E1", "judgement": "PARTIAL", "reason": "r"}, by=ADVISER)
    desk.record("LeadersBriefed", {"briefing": "B2"} | briefing)
    desk.record("EvidenceSuperseded", {"evidence": "E1", "by": "E2", "reason": "r"})
    desk.record("LeadersBriefed", {"briefing": "B3"} | briefing)
    rows = [version.row for version in refold(evidence.VIEW, desk.history).versions()["bases"].values()]
    assert [(row.subject, row.status_then, row.judgement_then, row.superseded_by_then) for row in rows] == [
        ("B1", "CURRENT", None, None),
        ("B2", "CURRENT", "PARTIAL", None),
        ("B3", "SUPERSEDED", "PARTIAL", "E2"),
    ]


def test_each_fact_that_rests_on_evidence_has_a_kind() -> None:
    kinds = {reliance.kind for kind in KINDS.values() if (reliance := evidence._reliance_of(kind.struct))}
    assert kinds == {kind.value for kind in BasisKind} - {"CLAIM", "SUPPORTED"}
