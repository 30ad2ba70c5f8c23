"""The inputs of mutations, as the intake takes them: by their names in JSON, without absent members."""

from msgspec import NODEFAULT, structs

from ledger.domain.areas.board import BoardDecisionRecorded, Votes
from ledger.domain.areas.notice import ClauseRegistered
from schema.derive.inputs import input_of, plain


def test_an_absent_member_goes_but_a_null_in_json_stays() -> None:
    input_of(ClauseRegistered)
    parameters = {"share": None, "days": [None, 1]}
    sent = {"number": "5b", "parameters": parameters, "subject": None}
    assert plain(sent, ClauseRegistered) == {"number": "5b", "parameters": parameters}


def test_members_of_members_have_their_names_in_json() -> None:
    input_of(BoardDecisionRecorded)
    votes = {field.encode_name: 1 for field in structs.fields(Votes) if field.default is NODEFAULT}
    assert "for" in votes
    sent = {"decision": "D1", "votes": votes | {"abstained": None}, "relatesTo": ["O1", "A1"]}
    assert plain(sent, BoardDecisionRecorded) == {"decision": "D1", "votes": votes, "relatesTo": ["O1", "A1"]}
