"""Several boards: each has its own chair, members, quorum, meetings and reports."""

from tests.ledger.domain.areas.test_areas import BOARD, CHAIR, INDEPENDENT, MET, REPORT, Step, prepared

SEND: Step = (
    "alice",
    "BoardEstablished",
    {"termsOfReference": "To oversee SEND.", "quorum": 1, "board": "SEND-BOARD"},
)
"""Another board."""


def test_each_board_has_its_own_chair_members_and_quorum() -> None:
    of_send = {"board": "SEND-BOARD"}
    desk = prepared((BOARD, SEND, ("alice", "ChairAppointed", CHAIR | of_send)))
    assert desk.refused("BoardEstablished", SEND[2], "alice") == [("ALREADY_EXISTS", "")]
    assert desk.refused("ChairAppointed", CHAIR | of_send, "alice") == [("ALREADY_EXISTS", "data.first")]
    ended = {"chair": "cara", "last": "2022-07-31", "reason": "x"}
    assert desk.refused("ChairEnded", ended, "alice") == [("NOT_FOUND", "data.chair")]
    desk.record("ChairAppointed", CHAIR, "alice")
    member = {"member": "ben", "post": "schools", "first": "2022-07-25"}
    desk.record("MemberJoined", member, "alice")
    assert desk.refused("MemberLeft", {"member": "ben", "last": "2022-07-26"} | of_send, "alice") == [
        ("NOT_FOUND", "data.member")
    ]
    desk.record("MemberJoined", member | of_send, "alice")
    alone = {"meeting": "B1", "attendance": ["cara"], "quorate": True}
    assert desk.refused("MeetingHeld", alone, "cara") == [("NOT_QUORATE", "data.quorate")]
    desk.record("MeetingHeld", alone | of_send, "cara")


def test_a_chair_of_two_boards_ends_in_each_by_itself() -> None:
    of_send = {"board": "SEND-BOARD"}
    desk = prepared((BOARD, SEND, ("alice", "ChairAppointed", CHAIR)))
    ended = {"chair": "cara", "last": "2022-07-31", "reason": "x"}
    assert desk.refused("ChairEnded", ended | of_send, "alice") == [("NOT_FOUND", "data.chair")]
    desk.record("ChairAppointed", CHAIR | of_send | {"first": "2022-08-01"}, "alice")
    assert desk.refused("ChairEnded", ended | of_send, "alice") == [("OUT_OF_RANGE", "data.last")]
    desk.record("ChairEnded", ended | of_send | {"last": "2022-08-31"}, "alice")
    assert desk.refused("ChairEnded", ended | of_send, "alice") == [("NOT_FOUND", "data.chair")]
    desk.record("ChairEnded", ended, "alice")
    assert desk.refused("ChairEnded", ended, "alice") == [("NOT_FOUND", "data.chair")]


def test_a_board_that_was_not_established_is_refused_with_near_matches() -> None:
    desk = prepared((SEND,))
    refusal = desk.refusal("ChairAppointed", CHAIR | {"board": "SEN-BOARD"}, "alice")
    assert [(each.code, each.path) for each in refusal.refusals] == [("NOT_FOUND", "data.board")]
    assert "did you mean SEND-BOARD?" in str(refusal)
    for step in (("cara", "MeetingHeld", MET), REPORT):
        assert ("NOT_FOUND", "data.board") in desk.refused(step[1], step[2] | {"board": "X"}, step[0])


def test_a_meeting_and_the_reports_to_it_are_of_one_board() -> None:
    desk = prepared((BOARD, SEND, REPORT))
    assert desk.refused("MeetingHeld", MET | {"board": "SEND-BOARD"}, "cara") == [("INVALID_FIELD", "data.board")]
    desk.record("MeetingHeld", MET, "cara")
    other = REPORT[2] | {"report": "R2", "board": "SEND-BOARD"}
    assert desk.refused(REPORT[1], other, "alice") == [("INVALID_FIELD", "data.board")]


def test_only_the_clauses_own_board_needs_an_independent_chair() -> None:
    desk = prepared((INDEPENDENT, SEND))
    desk.record("ChairAppointed", CHAIR | {"board": "SEND-BOARD"}, "alice")


def test_a_chair_with_a_stated_last_day_may_leave_earlier() -> None:
    desk = prepared((BOARD, ("alice", "ChairAppointed", CHAIR | {"last": "2023-07-24"})))
    ended = {"chair": "cara", "last": "2023-07-25", "reason": "x"}
    assert desk.refused("ChairEnded", ended, "alice") == [("ALREADY_ENDED", "data.last")]
    assert desk.refused("ChairEnded", ended | {"last": "2022-01-01"}, "alice") == [("OUT_OF_RANGE", "data.last")]
    desk.record("ChairEnded", ended | {"last": "2022-12-31"}, "alice")
    assert desk.refused("ChairEnded", ended | {"last": "2022-11-30"}, "alice") == [("NOT_FOUND", "data.chair")]
    desk.record("ChairAppointed", CHAIR | {"first": "2023-01-01"}, "alice")
