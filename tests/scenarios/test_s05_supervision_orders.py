"""S05, supervision orders (督办): a unit answers an order in time, or is reminded, noted as late and summoned."""

from datetime import timedelta

import pytest

from cityloop.casework.models import Case
from cityloop.casework.queries import case_page, document
from cityloop.core.actors import Actor, Post
from cityloop.core.errors import NotAllowed, NotFound, NotPossible
from example import NOW
from scenarios.conftest import Desks, due, events, linked, notify_linked, waiting, wake

pytestmark = pytest.mark.usefixtures("sound")

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def order(desks: Desks) -> str:
    """Return an order to the unit roads, begun by hand, with five working days to answer."""
    return desks.begin("supervision-order", "leader", unit="roads", order="限期整改", district="671001")


def test_an_order_is_answered_checked_and_closed(desks: Desks, order: str) -> None:
    assert waiting(order) == {("answer", "roads")}
    assert due(order, "answer") == Case.objects.get(number=order).case_due_at == NOW + 7 * DAY  # five working days
    desks.act(order, "answer_order", "roads", result="已完成整改")
    assert waiting(order) == {("review", None)}
    desks.act(order, "pass_answer", "duty", finding="情况属实")
    assert waiting(order) == {("strike", None)}
    case = desks.act(order, "strike_off", "leader")
    assert (case.stage, case.is_open, case.counts) == ("struck", False, True)
    assert events(order) == ["SupervisionBegun", "OrderAnswered", "AnswerPassed", "OrderStruckOff"]


def test_the_days_that_the_leader_gives_are_the_limit_of_the_answer_and_of_the_case(desks: Desks) -> None:
    order = desks.begin("supervision-order", "leader", unit="roads", order="三日内反馈", days="3")
    assert due(order, "answer") == Case.objects.get(number=order).case_due_at == NOW + 5 * DAY  # over a weekend


def test_the_notice_says_what_is_ordered_and_until_when(desks: Desks, order: str) -> None:
    text = "\n".join(document(desks.people["roads"], order, 1, "supervision_notice").lines)
    assert all(words in text for words in (order, "市政养护处", "限期整改", "北区", "2026-11-27 10:00"))
    with pytest.raises(NotFound):
        document(desks.people["parks"], order, 1, "supervision_notice")


def test_only_a_leader_gives_an_order(desks: Desks) -> None:
    for username in ("operator", "duty", "dispatcher", "collector", "roads", "street", "hotline"):
        with pytest.raises(NotAllowed):
            desks.begin("supervision-order", username, unit="roads", order="限期整改")


def test_another_unit_neither_sees_nor_answers_the_order(desks: Desks, order: str) -> None:
    with pytest.raises(NotFound):
        desks.act(order, "answer_order", "parks", result="好")
    with pytest.raises(NotAllowed):
        desks.act(order, "answer_order", "leader", result="好")


def test_an_answer_that_is_sent_back_keeps_its_due_moment(desks: Desks, order: str) -> None:
    until = due(order, "answer")
    desks.act(order, "answer_order", "roads", at=NOW + DAY, result="正在整改")
    desks.act(order, "send_answer_back", "duty", at=NOW + 3 * DAY, reason="未附照片")
    assert waiting(order) == {("answer", "roads")} and due(order, "answer") == until
    desks.act(order, "answer_order", "roads", at=NOW + 4 * DAY, result="已整改")
    desks.act(order, "pass_answer", "duty", at=NOW + 4 * DAY, finding="属实")
    desks.act(order, "order_again", "leader", at=NOW + 5 * DAY, reason="问题反弹")
    assert waiting(order) == {("answer", "roads")} and due(order, "answer") == until


def test_more_time_is_requested_once_and_granted_by_the_leader(desks: Desks, order: str) -> None:
    desks.act(order, "ask_more_time", "roads", reason="需采购配件")
    assert waiting(order) == {("answer", "roads"), ("more_time", None)}
    with pytest.raises(NotPossible):  # while it is being decided
        desks.act(order, "answer_order", "roads", result="好")
    with pytest.raises(NotAllowed):
        desks.act(order, "give_more_time", "duty", more_days="2")
    case = desks.act(order, "give_more_time", "leader", more_days="2")
    assert due(order, "answer") == case.case_due_at == NOW + 11 * DAY  # seven working days
    with pytest.raises(NotPossible):
        desks.act(order, "ask_more_time", "roads", reason="还不够")


def test_if_more_time_is_refused_the_limit_stays(desks: Desks, order: str) -> None:
    desks.act(order, "ask_more_time", "roads", reason="需采购配件")
    desks.act(order, "refuse_more_time", "leader", reason="可先行整改")
    assert waiting(order) == {("answer", "roads")} and due(order, "answer") == NOW + 7 * DAY


def test_a_late_unit_can_no_longer_request_more_time(desks: Desks, order: str) -> None:
    with pytest.raises(NotPossible):
        desks.act(order, "ask_more_time", "roads", at=NOW + 7 * DAY + MINUTE, reason="忘了")


def test_a_silent_unit_is_reminded_noted_and_summoned(desks: Desks, order: str) -> None:
    assert wake(order, NOW + 6 * DAY) == []  # 80 % is Thursday, 10:00
    assert wake(order, NOW + 6 * DAY + MINUTE) == ["AnswerReminded"]
    assert wake(order, NOW + 7 * DAY + MINUTE) == ["LimitPassed", "AnswerOverdue"]
    talk = NOW + 11 * DAY + timedelta(hours=6)  # 150 %: Tuesday, 16:00
    assert wake(order, talk) == []
    assert wake(order, talk + MINUTE) == ["UnitSummoned"]
    assert waiting(order) == {("answer", "roads"), ("interview", None)}
    assert wake(order, talk + DAY) == []
    desks.act(order, "record_interview", "leader", at=talk + DAY, attended="处长", record="当面交办")
    assert waiting(order) == {("answer", "roads")}
    lines = document(desks.people["duty"], order, len(events(order)), "interview_record").lines
    assert any("当面交办" in line for line in lines)


def test_a_unit_that_answers_before_the_interview_needs_none(desks: Desks, order: str) -> None:
    late = NOW + 20 * DAY
    wake(order, late)
    assert ("interview", None) in waiting(order)
    desks.act(order, "answer_order", "roads", at=late, result="已整改")
    assert waiting(order) == {("review", None)}


def test_whoever_answered_may_not_check_the_answer(desks: Desks, order: str) -> None:
    desks.act(order, "answer_order", "roads", result="好")
    desks.people["both"] = Actor("account/99", "", (Post("duty_officer", "roads"),))
    with pytest.raises(NotAllowed) as refused:
        desks.act(order, "pass_answer", "both", finding="好")
    assert refused.value.code == "handled-it"


def test_a_withdrawn_order_is_left_out_of_every_figure(desks: Desks, order: str) -> None:
    with pytest.raises(NotAllowed):
        desks.act(order, "withdraw_order", "duty", reason="误发")
    case = desks.act(order, "withdraw_order", "leader", reason="误发")
    assert (case.stage, case.is_open, case.counts) == ("withdrawn", False, False) and waiting(order) == set()


def test_a_leader_orders_supervision_of_a_problem_and_the_problem_is_notified_of_the_outcome(desks: Desks) -> None:
    problem = desks.problem()
    desks.act(problem, "supervise", "leader", unit="roads", order="群众反映强烈", days="2")
    relation, order, procedure, _ = linked(problem)
    assert (relation, procedure) == ("linked", "supervision-order")
    assert linked(order)[1] == problem and Case.objects.get(number=order).district == "671001"
    assert due(order, "answer") == NOW + 4 * DAY
    desks.act(order, "answer_order", "roads", result="已修补")
    desks.act(order, "pass_answer", "duty", finding="属实")
    desks.act(order, "strike_off", "leader")
    notify_linked()
    assert linked(problem)[3] == "struck" and events(problem)[-1] == "LinkedCaseClosed"
    assert [link.number for link in case_page(desks.people["roads"], problem, NOW).links] == [order]


def test_a_problem_that_is_half_its_limit_late_begins_an_order_by_itself(desks: Desks) -> None:
    problem = desks.problem()
    late = due(problem, "handle") + 10 * DAY
    assert "DelayEscalated" in wake(problem, late)
    order = linked(problem)[1]
    assert waiting(order) == {("answer", "roads")}
    page = case_page(desks.people["roads"], order, late)
    assert page.history[0].actor_name in ("System", "系统") and page.history[0].action_title in (
        "下达督办",
        "Order supervision",
    )
    assert wake(problem, late + 10 * DAY) == []
