"""Facilities are found near a place, by filters and by name, changed by hand, and doubled ones noticed."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.errors import Conflict, Invalid, NotFound
from cityloop.registry.facilities import queries
from cityloop.registry.facilities.actions import FacilityEdit, change_facility, last_change
from cityloop.registry.facilities.checks import Seen
from cityloop.registry.facilities.queries import FacilityFilters
from cityloop.registry.history import changes
from cityloop.registry.history import queries as change_queries
from cityloop.registry.history.changes import TableChange, apply
from cityloop.registry.history.tables import FACILITIES
from cityloop.registry.models import Facility
from example import NOW, SmallCity

pytestmark = pytest.mark.server

HERE = (120.05, 23.05)
METRE = 1 / 111_195  # degrees of latitude


def enter(*rows: dict[str, object]) -> None:
    known = {"catalogue": "GB/T 47678.5-2026", "category": "01037", "name": "路灯", "lon": HERE[0], "lat": HERE[1]}
    numbered = ({"code": f"67100101037{n:06d}", **known, **row} for n, row in enumerate(rows, start=1))
    apply([TableChange(FACILITIES, list(numbered))], "test", NOW, "FacilitiesSet")


def north(metres: float) -> dict[str, object]:
    return {"lat": HERE[1] + metres * METRE}


def test_the_nearest_facilities_of_a_class_come_first_with_their_distance(city: SmallCity) -> None:
    enter(north(150), north(20), north(250), {"category": "01001", **north(1)}, north(90))
    found = queries.nearest("01037", *HERE)
    assert [(near.code[-1], round(near.metres)) for near in found] == [("2", 20), ("5", 90), ("1", 150)]
    assert [near.code[-1] for near in queries.nearest("01037", *HERE, limit=1)] == ["2"]
    assert [near.code[-1] for near in queries.nearest("01037", *HERE, radius_metres=30)] == ["2"]


def test_a_removed_facility_and_one_without_a_place_are_not_near(city: SmallCity) -> None:
    enter({"state": "removed"}, {"lon": None, "lat": None}, {"state": "damaged"})
    assert [near.code[-1] for near in queries.nearest("01037", *HERE)] == ["3"]


def test_the_corners_of_the_box_are_not_within_the_radius(city: SmallCity) -> None:
    enter({"lon": HERE[0] + 180 * METRE, "lat": HERE[1] + 180 * METRE})
    assert queries.nearest("01037", *HERE) == []


def test_everything_at_a_place_is_found_whatever_its_class(city: SmallCity) -> None:
    enter(north(1), {"category": "01001", **north(3)}, north(40))
    assert [near.category for near in queries.at(*HERE)] == ["01037", "01001"]


def test_a_matter_is_about_its_component_and_older_lists_of_it_count(city: SmallCity) -> None:
    enter(north(10), {"code": "6710010137000001", "catalogue": "GB/T 30428.2-2013", "category": "0131", **north(5)})
    assert [near.metres for near in queries.nearest_alike("01037", *HERE)] == [
        near.metres for near in queries.nearest_alike("component:01037", *HERE)
    ]
    former = queries.alike(queries.component_of("01037"))  # type: ignore[arg-type]
    assert former[0] == "01037" and len(former) > 1
    Facility.objects.filter(code="6710010137000001").update(category=former[1])
    assert [near.category for near in queries.nearest_alike("01037", *HERE)] == [former[1], "01037"]


@pytest.mark.parametrize("reference", ["06010", "no:such", "matter:", ""])
def test_a_class_that_is_not_about_a_component_has_no_facilities_near(city: SmallCity, reference: str) -> None:
    enter(north(1))
    assert queries.nearest_alike(reference, *HERE) == []


_MANY = """
    INSERT INTO registry_facility (code, catalogue, category, name, lat, lon)
    SELECT '671001' || category || lpad(n::text, 6, '0'), 'GB/T 47678.5-2026', category, '路灯',
           23.0 + n % 100 * 0.001, 120.0 + n / 100 * 0.001
      FROM generate_series(1, 10000) AS n, unnest(ARRAY['01037', '01001', '01002']) AS category
"""


def test_among_many_facilities_only_those_nearby_are_read(city: SmallCity) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MANY)
        cursor.execute("ANALYZE registry_facility")
    with CaptureQueriesContext(connection) as captured:
        assert len(queries.nearest("01037", *HERE)) == queries.NEAR
    (statement,) = (query["sql"] for query in captured)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        (plan,) = cursor.fetchone()[0]
    node = plan["Plan"]
    while "Plans" in node:
        node = node["Plans"][0]
    assert node["Index Name"] == "facility_near" and "lat" in node["Index Cond"] and "lon" in node["Index Cond"]
    assert node["Actual Rows"] + node.get("Rows Removed by Filter", 0) < 50


def test_a_list_goes_on_from_the_last_id_and_ends(city: SmallCity) -> None:
    enter(*({} for _ in range(queries.PAGE + 5)))
    first = queries.facilities(FacilityFilters(), None)
    second = queries.facilities(FacilityFilters(), first.next)
    assert (len(first.rows), len(second.rows), second.next) == (queries.PAGE, 5, None)
    assert first.next == first.rows[-1].code < second.rows[0].code


def test_a_list_by_name_is_in_the_order_of_names_and_goes_on_within_one_and_over_to_the_next(city: SmallCity) -> None:
    lamps, covers = queries.PAGE + 3, queries.PAGE
    enter(*({"name": "路灯"} for _ in range(lamps)), *({"name": "路灯井盖"} for _ in range(covers)), {"name": "树"})
    seen, after = [], None
    for _ in range(3):
        page = queries.facilities(FacilityFilters(words="路灯"), after)
        seen += [row.name for row in page.rows]
        after = page.next
    assert (seen, after) == (["路灯"] * lamps + ["路灯井盖"] * covers, None)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (FacilityFilters(category="01001"), "2"),
        (FacilityFilters(state="damaged"), "3"),
        (FacilityFilters(district="671002"), "4"),
        (FacilityFilters(words="67100101037000005"), "5"),
        (FacilityFilters(words="树"), "2"),
        (FacilityFilters(state="damaged", district="671002"), ""),
        (FacilityFilters(words="%"), ""),
    ],
)
def test_filters_leave_the_facilities_that_fit(city: SmallCity, filters: FacilityFilters, found: str) -> None:
    enter({}, {"category": "01001", "name": "树"}, {"state": "damaged"}, {"areas": {"district": "671002"}}, {})
    assert "".join(row.code[-1] for row in queries.facilities(filters, None).rows) == found


def test_the_classes_in_use_are_named(city: SmallCity) -> None:
    assert queries.classes_in_use() == {}
    enter({}, {"category": "01001"}, {"category": "09999"}, {"category": "01001"})
    assert queries.classes_in_use() == {"01001": "供水井盖", "01037": "路灯", "09999": "09999"}


def wanted(**given: object) -> FacilityEdit:
    known = {"state": "damaged", "units": {"maintainer": "roads"}, "remark": "", "reason": "巡查发现", "seen": 10**6}
    return FacilityEdit(**{**known, **given})  # type: ignore[arg-type]


def test_a_facility_is_changed_with_a_reason_and_put_back(city: SmallCity) -> None:
    enter({"maintainer": "甲公司", "maintainer_name": "甲公司", "began_on": date(2020, 1, 2)})
    code = Facility.objects.get().code
    outcome = change_facility(code, wanted(), "test", NOW)
    row = Facility.objects.get()
    assert (row.state, row.maintainer, row.maintainer_name, str(row.began_on)) == (
        "damaged", "roads", "市政养护处", "2020-01-02",
    )  # fmt: skip
    newest = change_queries.history(FACILITIES.name, [code])[0]
    assert {field.name for field in newest.fields} == {"state", "maintainer", "maintainer_name"}
    line, _, _ = change_queries.change(outcome.number or 0) or (None, None, None)
    assert line and (line.what, line.source) == ("FacilityChanged", "巡查发现")
    changes.undo(outcome.number or 0, "test", NOW)
    assert (Facility.objects.get().state, Facility.objects.get().maintainer) == ("intact", "甲公司")


def test_a_unit_that_is_only_text_may_stay_and_may_be_removed(city: SmallCity) -> None:
    enter({"maintainer": "甲公司", "maintainer_name": "甲公司"})
    code = Facility.objects.get().code
    change_facility(code, wanted(units={"maintainer": "甲公司"}), "test", NOW)
    assert Facility.objects.get().maintainer == "甲公司"
    change_facility(code, wanted(units={}), "test", NOW)
    assert (Facility.objects.get().maintainer, Facility.objects.get().maintainer_name) == ("", "")


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"state": "fine"}, "state", "not-a-choice"),
        ({"units": {"owner": "nobody"}}, "owner", "not-a-choice"),
        ({"reason": ""}, "reason", "required"),
        ({"remark": "x" * 1001}, "remark", "too-long"),
        ({"reason": "\x00"}, "reason", "unstorable-character"),
    ],
)
def test_the_faults_of_a_change_are_named_and_nothing_is_written(
    city: SmallCity, given: dict[str, object], field: str, code: str
) -> None:
    enter({})
    with pytest.raises(Invalid) as refused:
        change_facility("67100101037000001", wanted(**given), "test", NOW)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(field, code)]
    assert Facility.objects.get().state == "intact"


def test_a_change_is_refused_if_somebody_else_changed_the_facility_meanwhile(city: SmallCity) -> None:
    enter({})
    code = Facility.objects.get().code
    seen = last_change(code)
    change_facility(code, wanted(seen=seen), "test", NOW)
    with pytest.raises(Conflict):
        change_facility(code, wanted(state="missing", seen=seen), "test", NOW)
    assert Facility.objects.get().state == "damaged"


def test_what_does_not_exist_is_not_changed(city: SmallCity) -> None:
    with pytest.raises(NotFound):
        change_facility("67100101037000001", wanted(), "test", NOW)


texts = st.text("01ab", min_size=1, max_size=3)


@given(st.lists(st.lists(texts, max_size=12), max_size=12))
def test_each_text_is_remembered_where_it_was_met_first(batches: list[list[str]]) -> None:
    seen, firsts, place = Seen(), {}, 0
    for batch in batches:
        places = list(range(place, place + len(batch)))
        expected = []
        for text, at in zip(batch, places, strict=True):
            expected.append(firsts.get(text))
            firsts.setdefault(text, at)
        assert seen.firsts(batch, places) == expected
        place += len(batch)
