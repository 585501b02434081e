"""The city's own gazetteer: saved, found in few queries, learned from cases, undone in the history."""

from datetime import timedelta

import pytest
import shapely
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.casework.models import Case
from cityloop.casework.place_learning import learn_from_cases
from cityloop.core.errors import NotFound
from cityloop.core.gazetteer.learning import Observation
from cityloop.core.gazetteer.places import Grade, PlaceEntry, PlaceKind, moved
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.registry.gazetteer.actions import learn, observed, remove_place, set_places, values
from cityloop.registry.gazetteer.finding import FACT, key_of, place_of, read_address
from cityloop.registry.gazetteer.queries import counts, places
from cityloop.registry.history import changes
from cityloop.registry.history.tables import PLACES
from cityloop.registry.models import ChangeSet, Place
from cityloop.registry.words.scripts import simplified
from example import NOW, SmallCity

LATER = NOW + timedelta(days=1)


def street(name: str, city: SmallCity, *points: tuple[float, float], **values: object) -> PlaceEntry:
    line = shapely.LineString([moved(city.inside_north, *point) for point in points])
    lon, lat = city.inside_north
    return PlaceEntry(
        PlaceKind.STREET, key_of(name), name, lon, lat, shape=shapely.to_wkb(line), district=city.north, **values
    )


def plate(name: str, number: int, city: SmallCity, east: float = 0, **given: object) -> PlaceEntry:
    lon, lat = moved(city.inside_north, east, 0)
    further = {"district": city.north, **given}
    return PlaceEntry(PlaceKind.PLATE, key_of(name), f"{name}{number}号", lon, lat, number=number, **further)


def taught(words: str, point: tuple[float, float], city: SmallCity) -> Observation:
    seen = observed(read_address(words), point)
    assert seen
    return seen


def test_an_address_is_found_whatever_its_script_and_width(city: SmallCity) -> None:
    set_places([plate("臺灣路", 12, city), plate("台湾路", 20, city, 100)], "test", NOW)
    found = [place_of(words).place for words in ("台湾路12号", "臺灣路１２號", "北區臺灣路十二號")]
    assert all(place and place.grade is Grade.PLATE and place.district == city.north for place in found)
    assert len({(place.lon, place.lat) for place in found if place}) == 1


def test_a_crossing_of_imported_streets_is_found_with_three_queries_at_most(city: SmallCity) -> None:
    east = street("福华路", city, (-500, 0), (500, 0))
    north = street("民田路", city, (0, -500), (0, 500), aliases=(key_of("老福路"),))
    set_places([east, north], "test", NOW)
    place_of("福华路")  # the city is in memory now
    with CaptureQueriesContext(connection) as queries:
        found = place_of("福华路与老福路交叉口东北角20米")
    assert found.place and found.place.grade is Grade.CROSSING
    assert [why.word for why in found.place.why] == ["roads_meet", "moved"]
    assert len(queries) <= 4  # one more reads the revision


def test_an_entry_out_of_use_is_not_found(city: SmallCity) -> None:
    set_places([plate("福华路", 12, city)], "test", NOW)
    Place.objects.update(status="closed")
    assert place_of("福华路12号").place is None


def test_saving_again_changes_nothing_and_all_of_it_can_be_undone(city: SmallCity) -> None:
    wanted = [plate("福华路", n, city, 10 * n) for n in (2, 4)]
    first = set_places(wanted, "test", NOW, source="doors.csv")
    assert (first.created, set_places(wanted, "test", NOW).differs) == (2, False)
    assert first.number
    changes.undo(first.number, "test", LATER)
    assert not Place.objects.exists()


def test_an_entry_is_removed_by_its_key_and_another_text_is_not_found(city: SmallCity) -> None:
    set_places([plate("福华路", 2, city)], "test", NOW)
    remove_place(PLACES.named(values(plate("福华路", 2, city))), "test", NOW)
    assert not Place.objects.exists()
    for key in ("", "[]", '["plate","福华路","",2,""]', '["plate",1,2,3,4]', '["a","b","c",9999999999,"d"]', "\x00"):
        with pytest.raises(NotFound):
            remove_place(key, "test", NOW)


def test_a_place_seen_again_is_counted_and_an_imported_one_is_kept(city: SmallCity) -> None:
    point = moved(city.inside_north, 40, 0)
    set_places([plate("福华路", 12, city, source="doors.csv")], "test", NOW)
    for _ in range(2):
        learn([taught("福华路12号", point, city), taught("福华路14号", point, city)], "test", NOW)
    imported, learned = (Place.objects.get(kind="plate", number=n) for n in (12, 14))
    assert (imported.source, imported.seen, imported.lon) == ("doors.csv", 1, pytest.approx(city.inside_north[0]))
    assert (learned.source, learned.seen) == ("cases", 2)


def test_a_point_in_another_district_than_the_one_named_is_not_believed(city: SmallCity) -> None:
    assert observed(read_address("南区福华路12号"), city.inside_north) is None
    assert observed(read_address("南区福华路12号"), city.inside_south)
    assert observed(read_address("福华路12号"), city.inside_north)


def closed_case(external_id: str, people: dict, city: SmallCity, **facts: object) -> Case:
    lon, lat = city.inside_north
    payload = {"channel": "12345", "external_id": external_id, "text": "积水", "lon": lon, "lat": lat}
    report = read({**payload, "address": "福华路12号王小明家旁"}, settings.CITYLOOP.zone, NOW)
    case = Case.objects.get(number=receive(report, people["hotline"], NOW).number)
    case.is_open, case.closed_at, case.facts = False, NOW, {**case.facts, **facts}
    case.save()  # closed without its history, which the gazetteer does not read
    return case


def test_closed_cases_teach_where_their_addresses_lie_and_each_counts_once(city: SmallCity, people: dict) -> None:
    closed_case("A1", people, city)
    assert learn_from_cases(LATER) == 1
    assert learn_from_cases(LATER) == 0
    plate = Place.objects.get(kind="plate")
    assert (plate.key, plate.number, plate.seen, plate.source) == (key_of("福华路"), 12, 1, "cases")
    assert not Place.objects.filter(name__contains="王小明").exists()
    found = place_of("福华路12号").place
    assert found and found.grade is Grade.PLATE
    assert ChangeSet.objects.filter(what="PlacesLearned").count() == 1


def test_a_later_case_of_the_same_house_is_added(city: SmallCity, people: dict) -> None:
    closed_case("A1", people, city)
    learn_from_cases(LATER)
    Case.objects.filter(pk=closed_case("A2", people, city).pk).update(closed_at=LATER)
    assert learn_from_cases(LATER + timedelta(days=1)) == 1
    assert Place.objects.get(kind="plate").seen == 2


def test_a_case_that_was_closed_just_now_waits_until_all_before_it_are_committed(city: SmallCity, people: dict) -> None:
    closed_case("A1", people, city)
    assert learn_from_cases(NOW + timedelta(minutes=1)) == 0


def test_cases_that_the_gazetteer_placed_were_voided_or_erased_teach_nothing(city: SmallCity, people: dict) -> None:
    closed_case("A1", people, city, **{FACT: "plate"})
    Case.objects.filter(pk=closed_case("A2", people, city).pk).update(counts=False)
    Case.objects.filter(pk=closed_case("A3", people, city).pk).update(address=None)
    learn_from_cases(LATER)
    assert not Place.objects.exists()


def test_the_page_lists_entries_by_the_beginning_of_a_name_or_alias(city: SmallCity) -> None:
    named = [street("福华路", city, (0, 0), (9, 9), aliases=(key_of("老福路"),)), plate("福华路", 2, city)]
    set_places([*named, plate("民田路", 2, city)], "test", NOW)
    assert [row.name for row in places("福華", None, None).rows] == ["福华路", "福华路2号"]
    assert [row.name for row in places("老福路", None, None).rows] == ["福华路"]
    assert [row.name for row in places("", "street", None).rows] == ["福华路"]
    assert counts() == {"plate": 2, "street": 1}


def test_a_long_list_goes_on_from_its_last_entry(city: SmallCity) -> None:
    set_places([plate("福华路", n, city, n) for n in range(1, 61)], "test", NOW)
    first = places("", None, None)
    second = places("", None, first.next)
    assert (len(first.rows), len(second.rows), second.next) == (50, 10, None)


def test_simplifying_twice_is_simplifying_once() -> None:
    table = simplified()
    assert "臺灣臺南市北門路衞乾裏鄰溫".translate(table).translate(table) == "台湾台南市北门路衞乾裏鄰溫".translate(
        table
    )
    assert all(ord(new) not in table for new in table.values())
