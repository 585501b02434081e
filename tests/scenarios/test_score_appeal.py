"""超时申诉: a unit appeals against being late; two people check it, and if they differ three units vote."""

from datetime import timedelta

import pytest

from cityloop.casework.models import Case
from cityloop.casework.queries import QueueFilters, case_page, queue
from cityloop.core.actors import Actor, Post
from cityloop.core.errors import Invalid, NotAllowed, NotFound, NotPossible
from example import NOW
from scenarios.conftest import Desks, due, events, linked, notify_linked, waiting, wake

pytestmark = pytest.mark.usefixtures("sound")

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FOUND = {"finding": "已核对时间"}


@pytest.fixture
def problem(desks: Desks) -> str:
    """Return a closed problem that the unit roads handled late."""
    return desks.late_problem()


@pytest.fixture
def appeal(desks: Desks, problem: str) -> str:
    """Return the appeal of the unit roads about that problem."""
    desks.act(problem, "appeal", "roads", grounds="当日停电，系统无法反馈")
    return linked(problem)[1]


@pytest.fixture
def voting(desks: Desks, appeal: str) -> str:
    """Return the same appeal after the two checks differed and a panel was named."""
    desks.act(appeal, "support_first", "dispatcher", **FOUND)
    desks.act(appeal, "oppose_second", "operator", **FOUND)
    desks.act(appeal, "name_panel", "duty", units="parks lamps drains")
    return appeal


def test_an_appeal_is_checked_twice_and_the_problem_is_notified_that_it_was_granted(
    desks: Desks, problem: str, appeal: str
) -> None:
    assert waiting(appeal) == {("stand", "roads"), ("first_look", None)}
    assert due(appeal, "first_look") == NOW + 3 * DAY and due(appeal, "stand") == NOW + 15 * DAY  # over a weekend
    desks.act(appeal, "support_first", "dispatcher", **FOUND)
    assert waiting(appeal) == {("stand", "roads"), ("second_look", None)}
    case = desks.act(appeal, "support_second", "operator", **FOUND)
    assert (case.stage, case.is_open) == ("granted", False) and waiting(appeal) == set()
    notify_linked()
    assert linked(problem) == ("linked", appeal, "score-appeal", "granted")
    assert Case.objects.get(number=problem).stage == "closed"  # the raw fact is kept


def test_if_both_oppose_it_is_refused(desks: Desks, appeal: str) -> None:
    desks.act(appeal, "oppose_first", "dispatcher", **FOUND)
    assert desks.act(appeal, "oppose_second", "operator", **FOUND).stage == "refused"


@pytest.mark.parametrize(("first", "second"), [("support_first", "oppose_second"), ("oppose_first", "support_second")])
def test_if_they_differ_a_panel_of_three_is_named(desks: Desks, appeal: str, first: str, second: str) -> None:
    desks.act(appeal, first, "dispatcher", **FOUND)
    assert desks.act(appeal, second, "operator", **FOUND).stage == "convening"
    assert waiting(appeal) == {("stand", "roads"), ("convene", None)}
    for units in ("parks", "parks lamps", "parks lamps drains roads"):
        with pytest.raises(Invalid):
            desks.act(appeal, "name_panel", "duty", units=units)
    desks.act(appeal, "name_panel", "duty", units="parks lamps drains")
    assert waiting(appeal) == {("stand", "roads"), ("vote", "parks"), ("vote", "lamps"), ("vote", "drains")}
    assert due(appeal, "vote", "lamps") == NOW + 4 * DAY


@pytest.mark.parametrize(("action", "stage"), [("vote_for", "granted"), ("vote_against", "refused")])
def test_two_of_three_decide(desks: Desks, problem: str, voting: str, action: str, stage: str) -> None:
    other = {"vote_for": "vote_against", "vote_against": "vote_for"}[action]
    desks.act(voting, action, "parks")
    assert desks.act(voting, other, "lamps", opinion="不同意见").stage == "voting"
    case = desks.act(voting, action, "drains")
    assert case.stage == stage and waiting(voting) == set()
    notify_linked()
    assert linked(problem)[3] == stage


def test_once_two_agree_the_third_vote_is_not_needed(desks: Desks, voting: str) -> None:
    desks.act(voting, "vote_for", "parks")
    assert desks.act(voting, "vote_for", "lamps").stage == "granted"
    with pytest.raises(NotPossible):
        desks.act(voting, "vote_against", "drains")


def test_the_unit_that_appeals_is_not_a_member_of_the_panel(desks: Desks, appeal: str) -> None:
    desks.act(appeal, "support_first", "dispatcher", **FOUND)
    desks.act(appeal, "oppose_second", "operator", **FOUND)
    with pytest.raises(NotPossible) as refused:
        desks.act(appeal, "name_panel", "duty", units="roads lamps drains")
    assert refused.value.code == "unit-handled-it"
    assert waiting(appeal) == {("stand", "roads"), ("convene", None)}


def test_members_of_the_unit_that_appeals_neither_check_nor_vote(desks: Desks, appeal: str) -> None:
    desks.people["partial"] = Actor("account/98", "", (Post("handler", "roads"), Post("dispatcher", "centre")))
    with pytest.raises(NotAllowed) as refused:
        desks.act(appeal, "support_first", "partial", **FOUND)
    assert refused.value.code == "handled-it"


def test_the_first_check_is_the_dispatchers(desks: Desks, appeal: str) -> None:
    for username in ("operator", "duty", "leader", "roads"):
        with pytest.raises(NotAllowed):
            desks.act(appeal, "support_first", username, **FOUND)


def test_a_member_of_the_panel_sees_the_appeal_and_has_it_in_its_queue(desks: Desks, voting: str) -> None:
    assert [row.number for row in queue(desks.people["parks"], QueueFilters(), None, NOW).rows] == [voting]
    offers = [offer.action for offer in case_page(desks.people["parks"], voting, NOW).offers]
    assert offers == ["vote_for", "vote_against"]
    desks.act(voting, "vote_for", "parks")
    assert case_page(desks.people["parks"], voting, NOW).stage == "voting"


def test_a_unit_that_is_neither_party_nor_judge_does_not_see_it(desks: Desks, appeal: str) -> None:
    with pytest.raises(NotFound):
        case_page(desks.people["parks"], appeal, NOW)


def test_a_panel_that_does_not_vote_is_replaced_and_its_votes_are_dropped(desks: Desks, voting: str) -> None:
    desks.act(voting, "vote_for", "parks")
    with pytest.raises(NotAllowed):
        desks.act(voting, "name_again", "dispatcher", reason="拖延")
    assert desks.act(voting, "name_again", "duty", reason="逾期未评议").stage == "convening"
    desks.act(voting, "name_panel", "duty", units="parks lamps drains")
    assert desks.act(voting, "vote_for", "lamps").stage == "voting"
    assert desks.act(voting, "vote_for", "drains").stage == "granted"


def test_the_unit_withdraws_its_appeal_at_any_time(desks: Desks, problem: str, voting: str) -> None:
    with pytest.raises(NotAllowed):
        desks.act(voting, "withdraw_appeal", "parks")
    case = desks.act(voting, "withdraw_appeal", "roads", reason="不再申诉")
    assert (case.stage, case.counts) == ("withdrawn", False) and waiting(voting) == set()
    notify_linked()
    assert linked(problem)[3] == "withdrawn"


def test_a_case_is_appealed_once_and_by_a_unit_that_handled_it(desks: Desks, problem: str) -> None:
    with pytest.raises(NotFound):
        desks.act(problem, "appeal", "parks", grounds="代为申诉")
    with pytest.raises(NotAllowed):
        desks.act(problem, "appeal", "duty", grounds="代为申诉")
    desks.act(problem, "appeal", "roads", grounds="停电")
    with pytest.raises(NotPossible):
        desks.act(problem, "appeal", "roads", grounds="再次申诉")


def test_a_problem_is_not_appealed_before_it_is_closed(desks: Desks) -> None:
    open_problem = desks.problem()
    with pytest.raises(NotPossible):
        desks.act(open_problem, "appeal", "roads", grounds="停电")


def test_nobody_begins_an_appeal_by_hand(desks: Desks) -> None:
    with pytest.raises(NotAllowed):
        desks.begin("score-appeal", "roads", unit="roads", grounds="停电")


def test_a_check_that_is_late_is_noted_and_the_appeal_waits(desks: Desks, appeal: str) -> None:
    assert wake(appeal, NOW + 3 * DAY) == []
    assert wake(appeal, NOW + 3 * DAY + MINUTE) == ["LimitPassed"]
    assert events(appeal) == ["AppealLodged", "LimitPassed"] and ("first_look", None) in waiting(appeal)
