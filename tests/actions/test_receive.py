"""Handing in reports: once each, placed, numbered; a retry is harmless and other content is refused."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from django.conf import settings

from cityloop.casework.actions import act
from cityloop.casework.history.events import payload
from cityloop.casework.models import Case, PersonalWords, Task
from cityloop.casework.queries import case_page
from cityloop.casework.verification import findings as casework_findings
from cityloop.core.chain import EMPTY, commitment, link
from cityloop.core.errors import Conflict, Invalid, NotAllowed
from cityloop.core.procedures.deciding import begin
from cityloop.core.procedures.opening import Terms
from cityloop.intake.actions import receive, receive_many
from cityloop.intake.models import Report as Row
from cityloop.intake.reports import Report, read
from cityloop.intake.verification import findings as intake_findings
from cityloop.registry.city.current import current_city
from cityloop.registry.gazetteer.finding import key_of
from cityloop.registry.history.changes import TableChange, apply
from cityloop.registry.history.tables import PLACES
from cityloop.runtime.models import Event
from example import NOW, SmallCity

pytestmark = pytest.mark.server
TASK_COLUMNS = [field.name for field in Task._meta.concrete_fields if field.name not in ("id", "case")]


def a_report(external_id: str = "A1", **values: object) -> Report:
    content = {"channel": "12345", "external_id": external_id, "text": "人行道井盖缺失", **values}
    return read(content, settings.CITYLOOP.zone, NOW)


def test_a_report_becomes_a_case_with_number_place_and_first_task(city: SmallCity, people: dict) -> None:
    lon, lat = city.inside_north
    report = a_report(lon=lon, lat=lat, category="01001", address="长江路1号", reporter={"name": "张三"})
    receipt = receive(report, people["hotline"], NOW)
    case = Case.objects.get(number=receipt.number)
    assert receipt.created and receipt.number.startswith("20261120")
    assert (case.stage, case.district, case.community, case.category) == (
        "reported",
        city.north,
        f"{city.north}000001",
        "01001",
    )
    assert case.facts["duty"] == "roads"
    task = Task.objects.get(case=case)
    assert (task.kind, task.role) == ("accept", "operator")
    assert (task.due_at - NOW).total_seconds() == 15 * 60
    event = Event.objects.get(stream=f"case/{case.pk}")
    assert event.name == "CaseReported" and "张三" not in str(event.payload) and "人行道" not in str(event.payload)


def test_the_same_report_again_gives_the_same_receipt_and_no_second_case(city: SmallCity, people: dict) -> None:
    first = receive(a_report(), people["hotline"], NOW)
    again = receive(a_report(), people["hotline"], NOW)
    assert (again.number, again.tracking_code, again.created) == (first.number, first.tracking_code, False)
    assert Case.objects.count() == 1 and Row.objects.count() == 1


def test_a_report_from_a_clock_that_is_ahead_counts_as_of_now(city: SmallCity, people: dict) -> None:
    report = a_report(reported_at=(NOW + timedelta(minutes=2)).isoformat())
    number = receive(report, people["hotline"], NOW).number
    assert Case.objects.get(number=number).reported_at == NOW
    assert not receive(report, people["hotline"], NOW + timedelta(minutes=1)).created


def test_a_report_from_the_future_is_refused(city: SmallCity) -> None:
    with pytest.raises(Invalid) as refused:
        a_report(reported_at=(NOW + timedelta(minutes=11)).isoformat())
    assert [(fault.field, fault.code, fault.values) for fault in refused.value.faults] == [
        ("reported_at", "moment-out-of-range", {"minutes": 10})
    ]


def test_other_content_under_the_same_id_is_a_conflict_and_changes_nothing(city: SmallCity, people: dict) -> None:
    receive(a_report(), people["hotline"], NOW)
    with pytest.raises(Conflict):
        receive(a_report(text="别的问题"), people["hotline"], NOW)
    assert Case.objects.count() == 1


def test_a_batch_with_repeats_makes_each_case_once(city: SmallCity, people: dict) -> None:
    reports = [a_report("A1"), a_report("A2"), a_report("A1"), replace(a_report("A2"), text="别的")]
    outcomes = receive_many(reports, people["hotline"], NOW)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Receipt", "Receipt", "Receipt", "Conflict"]
    assert [outcome.created for outcome in outcomes[:3]] == [True, True, False]
    assert Case.objects.count() == 2


def varied_reports(city: SmallCity, prefix: str) -> list[Report]:
    """Return reports with and without each of the things that decide where a case goes."""
    places = [{}, *({"lon": lon, "lat": lat} for lon, lat in (city.inside_north, city.inside_south, city.outside))]
    kinds = [{}, {"category": "01001"}, {"category": "06010", "address": "南区长江路1号"}, {"category": "路灯不亮"}]
    people = [{}, {"reporter": {"name": "张三", "phone": "13800001234"}, "reported_at": "2026-11-19 08:00"}]
    return [
        a_report(f"{prefix}{number}", **place, **kind, **person)
        for number, (place, kind, person) in enumerate(product(places, kinds, people))
    ]


def facts_as_given(case: Case) -> dict[str, str]:
    """Return the facts of a case without those that are its own."""
    own = ("number", "external_id", "receipt")
    return {name: value for name, value in case.facts.items() if name not in own}


def test_many_reports_at_once_become_the_same_cases_as_one_by_one(city: SmallCity, people: dict) -> None:
    together = receive_many(varied_reports(city, "A"), people["hotline"], NOW)
    for report, receipt in zip(varied_reports(city, "B"), together, strict=True):
        many = Case.objects.get(number=receipt.number)
        alone = Case.objects.get(number=receive(report, people["hotline"], NOW).number)
        assert facts_as_given(many) == facts_as_given(alone)
        assert list(many.tasks.values(*TASK_COLUMNS)) == list(alone.tasks.values(*TASK_COLUMNS))
        assert set(many.words.values_list("name", flat=True)) == set(alone.words.values_list("name", flat=True))


def test_the_event_of_each_of_many_reports_is_what_the_engine_says_of_it_alone(city: SmallCity, people: dict) -> None:
    receive_many(varied_reports(city, "A"), people["hotline"], NOW)
    for case in Case.objects.all():
        words = {row.name: row for row in case.words.all()}
        kept = {name: commitment(bytes(row.salt), row.body.encode()) for name, row in words.items()}
        procedure = current_city().procedure(case.procedure, case.version)
        move = begin(procedure, case.facts, {}, NOW, Terms(current_city().calendar))
        event = Event.objects.get(stream=f"case/{case.pk}")
        assert event.payload == payload(move, kept)
        assert (
            bytes(event.hash)
            == bytes(case.head)
            == link(EMPTY, event.stream, 1, event.name, event.actor, NOW, event.payload)
        )
    assert not list(casework_findings()) and not list(intake_findings())


def test_a_report_without_a_place_goes_to_the_desk_without_a_district(city: SmallCity, people: dict) -> None:
    lon, lat = city.outside
    for report in (a_report("A1"), a_report("A2", lon=lon, lat=lat)):
        receive(report, people["hotline"], NOW)
    assert set(Case.objects.values_list("district", flat=True)) == {None}


def test_the_reporter_is_kept_encrypted(city: SmallCity, people: dict) -> None:
    receive(a_report(reporter={"name": "张三", "phone": "１３８ ００００ １２３４"}), people["hotline"], NOW)
    for words in PersonalWords.objects.filter(name__startswith="reporter"):
        assert "张三" not in words.body and "1380000" not in words.body


def test_who_has_no_post_that_reports_may_not(city: SmallCity, people: dict) -> None:
    with pytest.raises(NotAllowed):
        receive(a_report(), people["leader"], NOW)
    assert Row.objects.count() == 0


def test_a_report_needs_at_most_ten_statements(city: SmallCity, people: dict, django_assert_max_num_queries) -> None:
    receive(a_report("A0"), people["hotline"], NOW)
    with django_assert_max_num_queries(9):  # and one to find whose token it is
        receive(a_report("A1", lon=120.05, lat=23.05), people["hotline"], NOW)


def known_place(city: SmallCity, **values: object) -> None:
    lon, lat = city.inside_north
    plate = {"kind": "plate", "key": key_of("长江路"), "name": "长江路", "number": 92, "suffix": ""}
    row = {**plate, "district": city.north, "lon": lon, "lat": lat, "source": "test", **values}
    apply([TableChange(PLACES, [row])], "test", NOW, "PlacesSet")


def test_a_report_with_only_an_address_gets_the_place_that_the_gazetteer_finds(city: SmallCity, people: dict) -> None:
    known_place(city)
    receipt = receive(a_report(address="长江路９２号门前"), people["hotline"], NOW)
    case = Case.objects.get(number=receipt.number)
    assert (case.district, case.community) == (city.north, f"{city.north}000001")
    assert case.facts["place_grade"] == "plate"
    assert (float(case.facts["lon"]), float(case.facts["lat"])) == pytest.approx(city.inside_north, abs=1e-3)


@pytest.mark.parametrize("words", ["南区长江路92号", "长江路92号（南区）", "示范市,南区 长江路92号"])
def test_a_point_is_kept_and_the_district_in_words_that_contradicts_it_is_told(
    city: SmallCity, people: dict, words: str
) -> None:
    lon, lat = city.inside_north
    report = a_report(lon=lon, lat=lat, address=words)
    receipts = [receive(report, people["hotline"], NOW) for _ in range(2)]
    case = Case.objects.get(number=receipts[0].number)
    assert (case.district, case.facts["words_district"]) == (city.north, city.south)
    assert {receipt.words_district for receipt in receipts} == {city.south}
    assert "南区" in str(case_page(people["operator"], case.number, NOW).place_contradiction)
    act(case.number, "accept", 1, people["operator"], {"category": "06010", "district": city.south}, None, NOW)
    assert case_page(people["operator"], case.number, NOW).place_contradiction is None


@pytest.mark.parametrize("words", ["北区长江路92号", "长江路92号", "河北区长江路92号", "长江路北区小学"])
def test_words_that_agree_with_the_point_or_name_no_district_are_no_contradiction(
    city: SmallCity, people: dict, words: str
) -> None:
    lon, lat = city.inside_south if words == "河北区长江路92号" else city.inside_north
    receipt = receive(a_report(lon=lon, lat=lat, address=words), people["hotline"], NOW)
    assert receipt.words_district == ""


@pytest.mark.parametrize(
    "fields", [{"address": "南区长江路92号"}, {"address": "长江路92号", "district": "南区"}, {"district": "671002"}]
)
def test_a_district_in_words_wins_over_a_street_that_is_known_in_another(
    city: SmallCity, people: dict, fields: dict[str, str]
) -> None:
    known_place(city)  # in the north
    case = Case.objects.get(number=receive(a_report(**fields), people["hotline"], NOW).number)
    assert (case.district, "lon" in case.facts, "place_grade" in case.facts) == (city.south, False, False)


def test_a_place_that_may_be_more_than_300_metres_off_proposes_no_district(city: SmallCity, people: dict) -> None:
    known_place(city, spread_metres=2000.0)
    case = Case.objects.get(number=receive(a_report(address="长江路92号"), people["hotline"], NOW).number)
    assert case.district is None and "place_grade" not in case.facts


def test_a_vague_address_gives_no_point(city: SmallCity, people: dict) -> None:
    known_place(city)
    receipt = receive(a_report(address="长江路"), people["hotline"], NOW)
    case = Case.objects.get(number=receipt.number)
    assert "lon" not in case.facts
    receipt = receive(a_report("A2", address="没有人知道的地方"), people["hotline"], NOW)
    assert Case.objects.get(number=receipt.number).district is None


def test_a_point_that_was_given_is_kept_whatever_the_address_says(city: SmallCity, people: dict) -> None:
    known_place(city)
    lon, lat = city.inside_south
    receipt = receive(a_report(lon=lon, lat=lat, address="长江路92号"), people["hotline"], NOW)
    case = Case.objects.get(number=receipt.number)
    assert (case.district, "place_grade" in case.facts) == (city.south, False)
