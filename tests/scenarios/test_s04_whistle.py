"""S04, whistles (吹哨报到): a street calls several units to a place; they arrive, act together and are evaluated."""

from datetime import timedelta

import pytest

from cityloop.casework.models import Case
from cityloop.casework.queries import case_page
from cityloop.core.actors import Actor, Post
from cityloop.core.errors import Invalid, NotAllowed, NotFound, NotPossible
from example import NOW, SmallCity
from scenarios.conftest import Desks, due, events, waiting, wake

pytestmark = pytest.mark.usefixtures("sound")

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def whistle(desks: Desks) -> str:
    """Return a whistle to which the street called roads and parks, with three working days to act."""
    return desks.begin(
        "whistle", "street", text="背街小巷积水", district="671001", units="roads parks", days="3", category="06013"
    )


def acted(desks: Desks, number: str, *units: str, at: object = NOW) -> Case:
    """Have units arrive and act; return the case."""
    for unit in units:
        desks.act(number, "report_in", unit, at=at)
        case = desks.act(number, "treated", unit, at=at, result="已处置")
    return case


def test_every_unit_arrives_acts_and_is_evaluated(desks: Desks, whistle: str) -> None:
    assert waiting(whistle) == {("arrive", "roads"), ("arrive", "parks")}
    assert due(whistle, "arrive", "roads") == due(whistle, "arrive", "parks") == NOW + 2 * HOUR
    desks.act(whistle, "report_in", "roads", at=NOW + HOUR)
    assert waiting(whistle) == {("treat", "roads"), ("arrive", "parks")}
    assert due(whistle, "treat", "roads") == NOW + 5 * DAY + HOUR  # three working days from the arrival
    desks.act(whistle, "treated", "roads", at=NOW + 2 * HOUR, result="已疏通")
    assert Case.objects.get(number=whistle).stage == "gathering"
    assert acted(desks, whistle, "parks", at=NOW + 2 * HOUR).stage == "evaluating"
    assert waiting(whistle) == {("evaluate", None)}
    case = desks.act(whistle, "satisfied", "street", at=NOW + DAY)
    assert (case.stage, case.is_open, case.counts) == ("done", False, True)
    assert case.handling_units == ["parks", "roads"]


def test_without_days_the_units_have_five_working_days(desks: Desks) -> None:
    number = desks.begin("whistle", "street", text="积水", district="671001", units="roads")
    desks.act(number, "report_in", "roads")
    assert due(number, "treat") == NOW + 7 * DAY


def test_how_many_units_are_called_is_between_one_and_eight(desks: Desks) -> None:
    for units in ("", "centre", "nobody roads"):
        with pytest.raises(Invalid):
            desks.begin("whistle", "street", text="积水", district="671001", units=units)
    assert not Case.objects.exists()


def test_only_a_street_begins_a_whistle(desks: Desks) -> None:
    for username in ("operator", "duty", "leader", "roads", "enforcement"):
        with pytest.raises(NotAllowed):
            desks.begin("whistle", username, text="积水", district="671001", units="roads")


def test_a_late_arrival_is_noted(desks: Desks, whistle: str) -> None:
    desks.act(whistle, "report_in", "parks")
    assert wake(whistle, NOW + 2 * HOUR) == []
    assert wake(whistle, NOW + 2 * HOUR + MINUTE) == ["LimitPassed", "ArrivalOverdue"]
    assert waiting(whistle) == {("arrive", "roads"), ("treat", "parks")}


def test_a_unit_does_not_report_for_another(desks: Desks, whistle: str) -> None:
    with pytest.raises(NotFound):
        desks.act(whistle, "report_in", "lamps")
    desks.act(whistle, "report_in", "roads")
    with pytest.raises(NotAllowed):  # the arrival still open is another unit's
        desks.act(whistle, "report_in", "roads")
    with pytest.raises(NotAllowed):
        desks.act(whistle, "treated", "parks", result="替办")


def test_only_the_unsatisfactory_unit_acts_again_and_its_clock_kept_running(desks: Desks, whistle: str) -> None:
    desks.act(whistle, "report_in", "roads", at=NOW + HOUR)
    until = due(whistle, "treat", "roads")
    desks.act(whistle, "treated", "roads", at=NOW + 2 * HOUR, result="已疏通")
    acted(desks, whistle, "parks", at=NOW + 2 * HOUR)
    desks.act(whistle, "unsatisfied", "street", at=NOW + DAY, units="roads", reason="仍有积水")
    assert waiting(whistle) == {("treat", "roads")} and due(whistle, "treat", "roads") == until
    case = desks.act(whistle, "treated", "roads", at=NOW + DAY, result="再次疏通")
    assert case.stage == "evaluating"
    desks.act(whistle, "unsatisfied", "street", at=NOW + DAY, units="roads parks", reason="均未到位")
    assert waiting(whistle) == {("treat", "roads"), ("treat", "parks")}
    assert acted_again(desks, whistle).stage == "evaluating"


def acted_again(desks: Desks, number: str) -> Case:
    """Have both units report again what they did."""
    desks.act(number, "treated", "parks", at=NOW + DAY, result="好")
    return desks.act(number, "treated", "roads", at=NOW + DAY, result="好")


def test_a_unit_that_never_acted_cannot_be_told_to_act_again(desks: Desks, whistle: str) -> None:
    acted(desks, whistle, "roads", "parks")
    with pytest.raises(NotPossible) as refused:
        desks.act(whistle, "unsatisfied", "street", units="lamps", reason="未到")
    assert refused.value.code == "no-former-task"


def test_if_an_objection_is_upheld_the_duty_officer_coordinates_before_the_evaluation(
    desks: Desks, whistle: str
) -> None:
    desks.act(whistle, "object", "parks", reason="非绿化设施")
    assert waiting(whistle) == {("arrive", "roads"), ("objection", None)}
    desks.act(whistle, "uphold_objection", "street")
    assert waiting(whistle) == {("arrive", "roads")}
    assert acted(desks, whistle, "roads").stage == "coordinating"
    assert waiting(whistle) == {("coordinate", None)}
    desks.act(whistle, "call_others", "duty", units="lamps drains")
    assert waiting(whistle) == {("arrive", "lamps"), ("arrive", "drains")}
    assert acted(desks, whistle, "lamps", "drains").stage == "evaluating"


def test_the_last_objection_leads_to_coordination_too(desks: Desks, whistle: str) -> None:
    acted(desks, whistle, "roads")
    desks.act(whistle, "object", "parks", reason="非绿化设施")
    assert desks.act(whistle, "uphold_objection", "street").stage == "coordinating"
    assert desks.act(whistle, "coordinated", "duty", note="由市政一并处置").stage == "evaluating"


def test_if_no_unit_acted_there_is_nothing_to_evaluate(desks: Desks, whistle: str) -> None:
    for unit in ("roads", "parks"):
        desks.act(whistle, "object", unit, reason="非我单位")
        desks.act(whistle, "uphold_objection", "street")
    with pytest.raises(NotPossible):
        desks.act(whistle, "coordinated", "duty", note="无")
    assert waiting(whistle) == {("coordinate", None)}


def test_a_unit_whose_objection_is_rejected_must_arrive_and_its_clock_kept_running(desks: Desks, whistle: str) -> None:
    desks.act(whistle, "object", "parks", at=NOW + HOUR, reason="非绿化设施")
    with pytest.raises(NotFound):  # the street decides on an objection
        desks.act(whistle, "insist", "lamps", reason="不")
    with pytest.raises(NotAllowed):
        desks.act(whistle, "insist", "parks", reason="不")
    desks.act(whistle, "insist", "street", at=NOW + HOUR, reason="涉及行道树")
    assert waiting(whistle) == {("arrive", "roads"), ("arrive", "parks")}
    assert due(whistle, "arrive", "parks") == NOW + 2 * HOUR
    assert acted(desks, whistle, "parks", "roads", at=NOW + HOUR).stage == "evaluating"


def test_another_unit_is_called_while_the_others_act(desks: Desks, whistle: str) -> None:
    acted(desks, whistle, "roads")
    desks.act(whistle, "call_more", "street", units="lamps", reason="路灯损坏")
    assert acted(desks, whistle, "parks").stage == "gathering"
    assert acted(desks, whistle, "lamps").stage == "evaluating"


def test_the_street_calls_it_off_and_nobody_else_does(desks: Desks, whistle: str) -> None:
    with pytest.raises(NotAllowed):
        desks.act(whistle, "call_off", "duty", reason="误吹")
    case = desks.act(whistle, "call_off", "street", reason="误吹")
    assert (case.stage, case.counts) == ("called_off", False) and waiting(whistle) == set()


def test_a_street_officer_whose_unit_acted_does_not_evaluate(desks: Desks, whistle: str) -> None:
    acted(desks, whistle, "roads", "parks")
    desks.people["partial"] = Actor("account/98", "", (Post("street_officer", "roads"),))
    with pytest.raises(NotAllowed) as refused:
        desks.act(whistle, "satisfied", "partial")
    assert refused.value.code == "handled-it"


def test_a_street_sees_the_whistles_of_its_own_area(desks: Desks, city: SmallCity) -> None:
    desks.people["south"] = Actor("account/97", "", (Post("street_officer", "street", city.south),))
    number = desks.begin("whistle", "street", text="积水", district=city.north, units="roads")
    assert case_page(desks.people["street"], number, NOW).text == "积水"
    with pytest.raises(NotFound):
        desks.act(number, "call_off", "south", reason="误")
    assert events(number) == ["WhistleBlown"]
