"""How the facts of `ledger.facts.board` are told. Pure."""

from collections.abc import Mapping

from ledger.facts.board import BoardDecisionRecorded
from ledger.facts.fact import Fact
from projections.told.telling import Telling

TELLINGS: Mapping[type[Fact], Telling] = {
    BoardDecisionRecorded: Telling(
        "The board took decision {decision} at meeting {meeting}: {title}"
        "[, with {votes.for_} for, {votes.against} against and {votes.abstained} abstaining]"
        "[; it concerns {relates_to}]",
        (("decision {decision}", "state", "taken"),),
        decision=True,
    ),
}
