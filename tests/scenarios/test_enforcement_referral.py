"""移交执法: a suspected offence is handed over to law enforcement, which reports whether it filed a penalty case."""

from datetime import timedelta

import pytest

from cityloop.casework.models import Case
from cityloop.casework.queries import case_page, document
from cityloop.core.errors import Invalid, NotAllowed, NotFound
from example import NOW
from scenarios.conftest import Desks, due, events, linked, notify_linked, waiting, wake

pytestmark = pytest.mark.usefixtures("sound")

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def problem(desks: Desks) -> str:
    """Return a problem that the unit roads handed over to law enforcement."""
    number = desks.problem()
    desks.act(number, "transfer", "roads", facts="擅自挖掘道路，未办审批手续")
    return number


@pytest.fixture
def referral(problem: str) -> str:
    """Return the number of the referral."""
    return linked(problem)[1]


def test_a_referral_is_taken_over_and_filed_and_the_problem_is_notified(
    desks: Desks, problem: str, referral: str
) -> None:
    assert linked(problem)[:3] == ("linked", referral, "enforcement-referral")
    assert Case.objects.get(number=problem).stage == "checking"  # the problem itself goes on
    assert waiting(referral) == {("take_over", None)} and due(referral, "take_over") == NOW + 3 * DAY
    desks.act(referral, "take", "enforcement")
    assert due(referral, "examine") == NOW + 21 * DAY  # fifteen working days
    case = desks.act(referral, "file_penalty", "enforcement", file_number="立案〔2026〕12号", answer="已依法立案")
    assert (case.stage, case.is_open, case.counts) == ("filed_for_penalty", False, True)
    notify_linked()
    assert linked(problem)[3] == "filed_for_penalty" and events(problem)[-1] == "LinkedCaseClosed"


def test_a_referral_takes_over_place_and_class(referral: str) -> None:
    case = Case.objects.get(number=referral)
    assert (case.category, case.district, case.address) == ("06013", "671001", "长江路1号")


def test_the_answer_says_what_was_handed_over_and_what_was_decided(desks: Desks, referral: str) -> None:
    desks.act(referral, "take", "enforcement")
    desks.act(referral, "file_nothing", "enforcement", reason="minor", answer="当事人已主动恢复路面")
    text = "\n".join(document(desks.people["duty"], referral, 3, "referral_answer").lines)
    assert all(words in text for words in (referral, "擅自挖掘道路", "当事人已主动恢复路面", "长江路1号"))


def test_a_referral_that_is_not_taken_over_has_a_reason_and_an_answer(
    desks: Desks, problem: str, referral: str
) -> None:
    with pytest.raises(Invalid) as refused:
        desks.act(referral, "do_not_take", "enforcement", reason="busy")
    assert {fault.field for fault in refused.value.faults} == {"reason", "answer"}
    case = desks.act(referral, "do_not_take", "enforcement", reason="not_ours", answer="属交通部门管辖")
    assert case.stage == "not_accepted"
    notify_linked()
    assert linked(problem)[3] == "not_accepted"


def test_if_nothing_is_filed_a_reason_of_the_law_is_chosen(desks: Desks, problem: str, referral: str) -> None:
    desks.act(referral, "take", "enforcement")
    with pytest.raises(Invalid):
        desks.act(referral, "file_nothing", "enforcement", reason="not_ours", answer="不予立案")
    assert desks.act(referral, "file_nothing", "enforcement", reason="too_old", answer="超过二年").stage == "no_case"
    notify_linked()
    assert linked(problem)[3] == "no_case"


def test_only_law_enforcement_decides_on_a_referral(desks: Desks, referral: str) -> None:
    for username in ("operator", "duty", "dispatcher", "collector", "leader"):
        with pytest.raises(NotAllowed):
            desks.act(referral, "take", username)


def test_the_unit_that_handed_it_over_does_not_see_what_law_enforcement_does(desks: Desks, referral: str) -> None:
    with pytest.raises(NotFound):
        case_page(desks.people["roads"], referral, NOW)


def test_nobody_begins_a_referral_by_hand(desks: Desks) -> None:
    for username in ("enforcement", "leader", "roads"):
        with pytest.raises(NotAllowed):
            desks.begin("enforcement-referral", username, facts="无")


def test_a_late_decision_is_reminded_and_noted(desks: Desks, referral: str) -> None:
    desks.act(referral, "take", "enforcement")
    assert wake(referral, NOW + 18 * DAY) == []  # 80 %: twelve working days
    assert wake(referral, NOW + 18 * DAY + MINUTE) == ["ExaminationReminded"]
    assert wake(referral, NOW + 21 * DAY + MINUTE) == ["LimitPassed"]
    assert waiting(referral) == {("examine", None)}
