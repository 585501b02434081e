"""A report may name the facility it is about: the case is linked to it, has its place, and is found from it."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.casework import verification
from cityloop.casework.actions import act
from cityloop.casework.models import Case
from cityloop.casework.queries import CaseFilters, case_page, cases
from cityloop.core.actors import Actor
from cityloop.core.errors import Conflict, Invalid
from cityloop.intake.actions import receive, receive_many
from cityloop.intake.reports import Report, read
from cityloop.registry.city.current import current_city
from cityloop.registry.history.changes import TableChange, apply
from cityloop.registry.history.tables import FACILITIES
from example import NOW, SmallCity
from plans import answers

LAMP = "67100101037000001"
People = dict[str, Actor]


@pytest.fixture(autouse=True)
def lamp(city: SmallCity) -> None:
    """A street lamp in the south that the parks look after."""
    row = {"code": LAMP, "catalogue": "GB/T 47678.5-2026", "category": "01037", "name": "路灯"}
    place = {"lon": city.inside_south[0], "lat": city.inside_south[1], "maintainer": "parks"}
    apply([TableChange(FACILITIES, [{**row, **place}])], "test", NOW, "FacilitiesSet")


@pytest.fixture
def act_on(people: People) -> Callable[..., None]:
    """Return a function that does an action on the case's open task with valid answers, some of them given."""

    def done(case: Case, action: str, username: str, given: dict[str, str]) -> None:
        declared = current_city().procedures[case.procedure, case.version].actions[action]
        inputs = answers(declared.needs, ("roads",), "671002")
        task = case.tasks.filter(kind=declared.on, done_at=None).first()
        inputs |= {name: words for name, words in given.items() if name in inputs}
        act(case.number, action, task.no if task else 0, people[username], inputs, None, NOW)

    return done


def a_report(external_id: str = "A1", **fields: object) -> Report:
    content = {"channel": "12345", "external_id": external_id, "text": "灯不亮", **fields}
    return read(content, settings.CITYLOOP.zone, NOW)


def handed_in(people: People, external_id: str = "A1", **fields: object) -> Case:
    return Case.objects.get(number=receive(a_report(external_id, **fields), people["hotline"], NOW).number)


def test_a_case_that_names_a_facility_and_no_place_gets_its_place_and_its_maintainer_is_on_duty(
    city: SmallCity, people: People
) -> None:
    case = handed_in(people, facility=LAMP)
    assert (case.facility, case.facts["facility"], case.district) == (LAMP, LAMP, city.south)
    assert (case.facts["lon"], case.facts["lat"], case.facts["crs"]) == ("120.2500000", "23.0500000", "wgs84")
    assert case.facts["duty"] == "parks"
    assert list(verification.findings()) == []


def test_a_place_that_was_given_comes_before_that_of_the_facility(city: SmallCity, people: People) -> None:
    lon, lat = city.inside_north
    case = handed_in(people, facility=LAMP, lon=lon, lat=lat)
    assert (case.facility, case.district) == (LAMP, city.north)


def test_an_id_that_no_census_has_yet_is_kept_and_gives_no_place(city: SmallCity, people: People) -> None:
    case = handed_in(people, facility="６７１００１０１０３７００９９９９")
    assert (case.facility, case.district) == ("67100101037009999", None)
    assert case_page(people["operator"], case.number, NOW).facility == ("67100101037009999", "")


def test_the_page_of_the_case_names_the_facility_and_other_pages_name_none(city: SmallCity, people: People) -> None:
    case = handed_in(people, facility=LAMP)
    assert case_page(people["operator"], case.number, NOW).facility == (LAMP, "路灯")
    assert case_page(people["operator"], handed_in(people, "A2").number, NOW).facility is None


def test_the_cases_of_a_facility_are_those_that_the_person_may_see(city: SmallCity, people: People) -> None:
    with_lamp = handed_in(people, "A1", facility=LAMP)
    handed_in(people, "A2")
    of_lamp = CaseFilters(facility=LAMP)
    assert [row.number for row in cases(people["operator"], of_lamp, None).rows] == [with_lamp.number]
    assert cases(people["north_operator"], of_lamp, None).rows == ()
    assert cases(people["parks"], of_lamp, None).rows == ()


def test_the_facility_is_kept_through_actions_and_passed_on_to_linked_cases(
    city: SmallCity, people: People, act_on: Callable[..., None]
) -> None:
    case = handed_in(people, facility=LAMP)
    steps = (("accept", "operator"), ("file", "duty"), ("dispatch", "dispatcher"), ("supervise", "leader"))
    for action, username in steps:
        act_on(case, action, username, {"district": city.south})
    case.refresh_from_db()
    assert case.facility == LAMP
    linked = Case.objects.exclude(pk=case.pk).get()
    assert (linked.procedure, linked.facility) == ("supervision-order", LAMP)
    assert list(verification.findings()) == []


def test_the_same_report_about_another_facility_has_other_content(city: SmallCity, people: People) -> None:
    first = receive(a_report(facility=LAMP), people["hotline"], NOW)
    again = receive(a_report(facility=LAMP), people["hotline"], NOW)
    assert (again.number, again.created) == (first.number, False)
    with pytest.raises(Conflict):
        receive(a_report(facility="67100101037000002"), people["hotline"], NOW)


def test_reports_without_a_facility_have_the_content_they_had_before_facilities_existed() -> None:
    assert a_report().content() == (b'["\xe7\x81\xaf\xe4\xb8\x8d\xe4\xba\xae",null,null,null,null,null,null,null,null]')


@pytest.mark.parametrize("facility", ["6.71E+16", "x" * 65, "a\x00b", 5.5])
def test_an_invalid_facility_id_is_refused(city: SmallCity, facility: object) -> None:
    with pytest.raises(Invalid) as refused:
        a_report(facility=facility)
    assert {fault.field for fault in refused.value.faults} == {"facility"}


def test_many_reports_need_one_query_for_their_facilities_and_none_without_them(
    city: SmallCity, people: People
) -> None:
    receive(a_report("A0"), people["hotline"], NOW)

    def count(*reports: Report) -> int:
        with CaptureQueriesContext(connection) as queries:
            receive_many(reports, people["hotline"], NOW)
        return len(queries)

    without = count(a_report("B1"), a_report("B2"))
    assert count(a_report("C1", facility=LAMP), a_report("C2", facility="67100101037000002")) == without + 1
    assert without + 1 <= 9  # and one to find out who the token belongs to
