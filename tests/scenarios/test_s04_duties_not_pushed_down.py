"""S04, the list of powers and duties (权责清单): what is a department's duty may not be pushed down to a community."""

import pytest
from django.conf import settings
from django.test import Client

from cityloop.casework.models import Case
from cityloop.core.errors import NotPossible
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.presentation.pages.sentences import sentence
from cityloop.registry.city.current import forget
from cityloop.registry.history.changes import TableChange, apply
from cityloop.registry.history.tables import DUTIES, UNITS
from cityloop.registry.models import Account
from example import NOW, SmallCity
from scenarios.conftest import Desks
from screens.conftest import Page

COMMUNITY = "north-1"


@pytest.fixture
def listed(city: SmallCity) -> None:
    """The road department has 06013 on its list in the north; a community and its team are units too."""
    units = [
        {"code": COMMUNITY, "name": "北区第一社区居委会", "kind": "community"},
        {"code": "north-1-team", "name": "北区第一社区服务队", "kind": "company", "parent": COMMUNITY},
    ]
    duty = {"category": "06013", "area": city.north, "unit": "roads", "is_listed": True, "basis": "市政设施管理条例"}
    apply([TableChange(UNITS, units), TableChange(DUTIES, [duty])], "test", NOW, "UnitsSet")
    forget()


@pytest.fixture
def waiting(desks: Desks, listed: None) -> str:
    """Return a road problem in the north that waits to be dispatched."""
    return brought(desks)


def brought(desks: Desks, category: str = "06013", district: str = "671001") -> str:
    """Report a problem and take it to where it waits to be dispatched."""
    place = SmallCity.inside_north if district == SmallCity.north else SmallCity.inside_south
    report = {"channel": "12345", "external_id": "S", "text": "路面塌陷", "lon": place[0], "lat": place[1]}
    number = receive(read(report, settings.CITYLOOP.zone, NOW), desks.people["hotline"], NOW).number
    desks.act(number, "accept", "operator", category=category, district=district)
    desks.act(number, "file", "duty")
    return number


def dispatch(number: str, unit: str) -> tuple[int, Page]:
    client = Client()
    client.force_login(Account.objects.get(username="dispatcher"))
    task = Case.objects.get(number=number).tasks.get(done_at=None).no
    answer = client.post(f"/cases/{number}/act/", {"task": task, "action": "dispatch", "unit": unit}, follow=True)
    return answer.status_code, Page(answer.content)


def offered(number: str) -> Page:
    client = Client()
    client.force_login(Account.objects.get(username="dispatcher"))
    return Page(client.get(f"/cases/{number}/").content)


@pytest.mark.parametrize("unit", [COMMUNITY, "north-1-team"])
def test_a_departments_duty_is_not_pushed_down_to_a_community_or_a_unit_of_one(waiting: str, unit: str) -> None:
    before = Case.objects.get(number=waiting).length
    status, page = dispatch(waiting, unit)
    assert status == 409
    assert all(words in page.text for words in ("06013", "市政养护处", "市政设施管理条例", "不得下放"))
    case = Case.objects.get(number=waiting)
    assert (case.length, case.stage) == (before, "filed")


def test_the_form_leaves_communities_out_and_says_why(waiting: str) -> None:
    page = offered(waiting)
    assert "北区第一社区居委会" not in page.words
    assert "市政养护处" in page.words
    assert "权责清单" in page.text


def test_the_department_itself_may_be_given_the_case(waiting: str) -> None:
    assert dispatch(waiting, "roads")[0] == 200
    assert Case.objects.get(number=waiting).tasks.get(kind="handle").unit == "roads"


def test_a_case_that_is_on_no_list_may_go_to_a_community(desks: Desks, listed: None) -> None:
    number = brought(desks, category="06010")
    assert "北区第一社区居委会" in offered(number).words
    assert dispatch(number, COMMUNITY)[0] == 200
    assert Case.objects.get(number=number).tasks.get(kind="handle").unit == COMMUNITY


def test_the_list_applies_only_where_the_department_has_the_duty(desks: Desks, listed: None) -> None:
    assert dispatch(brought(desks, district="671002"), COMMUNITY)[0] == 200


def test_a_list_of_a_department_that_is_closed_bars_nothing(waiting: str) -> None:
    apply([TableChange(UNITS, [{"code": "roads", "is_active": False}])], "test", NOW, "UnitsSet")
    forget()
    assert dispatch(waiting, COMMUNITY)[0] == 200


def test_a_whistle_for_such_a_case_calls_no_community(desks: Desks, listed: None) -> None:
    inputs = {"category": "06013", "district": "671001", "text": "路面塌陷", "units": f"roads {COMMUNITY}"}
    with pytest.raises(NotPossible) as refused:
        desks.begin("whistle", "street", **inputs)
    assert refused.value.code == "not-pushed-down"
    assert "市政养护处" in sentence(refused.value)
