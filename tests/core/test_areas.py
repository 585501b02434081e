"""Which areas a place lies in on a day, and the clear answer where it lies in none, on a border or in a gap."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from cityloop.core.place.areas import AreaLayout, AreaLocator, codes_in, place_facts
from cityloop.core.place.geo import Crs, PointFault, from_wgs84
from cityloop.core.place.where import better_reading, fitting, where

DAY = date(2026, 11, 20)
METRE = 1 / 111_320


@dataclass(frozen=True)
class One:
    """An area for these tests."""

    code: str
    level: str
    parent: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    def is_valid(self, on: date) -> bool:
        return (self.valid_from or date.min) <= on < (self.valid_until or date.max)


def locator(*areas: tuple[One, BaseGeometry]) -> AreaLocator:
    return AreaLocator({area.code: area for area, _ in areas}, {area.code: shape.wkb for area, shape in areas})


CITY = (
    (One("1", "district"), box(120, 23, 120.2, 23.1)),
    (One("1s", "street", "1"), box(120, 23, 120.2, 23.1)),
    (One("1a", "community", "1s"), box(120, 23, 120.1, 23.1)),
    (One("1b", "community", "1s"), box(120.1, 23, 120.2, 23.1)),
    (One("1a1", "unit_grid", "1a"), box(120, 23, 120.05, 23.1)),
    (One("P", "patrol_grid", "1"), box(120.04, 23, 120.15, 23.05)),
    (One("Q", "patrol_grid", "1"), box(120.08, 23, 120.2, 23.05)),
    (One("S", "social_grid"), box(120.09, 23, 120.3, 23.05)),
    (One("2", "district"), box(120.25, 23, 120.3, 23.1)),
)


@pytest.fixture(scope="module")
def layout() -> AreaLayout:
    return locator(*CITY).on(DAY)


@pytest.fixture(scope="module")
def inland() -> AreaLayout:
    """The same city where GCJ-02 shifts: five degrees further north."""
    return locator(*((area, translate(shape, 0, 5)) for area, shape in CITY)).on(DAY)


@pytest.mark.parametrize(
    ("lon", "expected"),
    [
        (120.01, {"unit_grid": "1a1", "community": "1a", "street": "1s", "district": "1"}),
        (120.07, {"community": "1a", "street": "1s", "district": "1"}),
        (120.15, {"community": "1b", "street": "1s", "district": "1"}),
        (120.27, {"district": "2"}),
        (120.22, {}),
    ],
)
def test_the_smallest_area_tells_those_around_it_and_larger_ones_fill_its_gaps(
    layout: AreaLayout, lon: float, expected: dict[str, str]
) -> None:
    assert layout.lineage_at(lon, 23.01) == expected


def test_grids_of_other_kinds_are_found_for_themselves(layout: AreaLayout) -> None:
    assert layout.grids_at(120.1, 23.01) == {"patrol_grid": ("P", "Q"), "social_grid": ("S",)}
    assert layout.grids_at(120.01, 23.01) == {}
    assert layout.lineage_at(120.22, 23.01) == {} and layout.grids_at(120.22, 23.01) == {"social_grid": ("S",)}


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(-2, 34), st.integers(-1, 11)), max_size=40))
def test_many_places_are_found_as_one_by_one(hundredths: list[tuple[int, int]]) -> None:
    layout = locator(*CITY).on(DAY)
    pairs = np.array(hundredths, dtype=float).reshape(-1, 2) / 100 + (120, 23)
    many = layout.locate_many(*pairs.T)
    for number, (lon, lat) in enumerate(pairs.tolist()):
        lineage, grids = layout.lineage_at(lon, lat), layout.grids_at(lon, lat)
        tree = {level: many[level][number] for level in ("district", "street", "community", "unit_grid")}
        assert {level: code for level, code in tree.items() if code} == lineage
        assert [many[kind][number] for kind in ("patrol_grid", "social_grid")] == [
            grids.get(kind, (None,))[0] for kind in ("patrol_grid", "social_grid")
        ]
    assert layout.inside(*pairs.T) == sum(bool(layout.lineage_at(*pair)) for pair in pairs.tolist())
    smallest = layout.smallest_many(*pairs.T)
    assert smallest == [next(iter(layout.lineage_at(*pair).values()), None) for pair in pairs.tolist()]
    one_by_one = [(layout.lineage_at(*pair), layout.grids_at(*pair)) for pair in pairs.tolist()]
    assert layout.places_at(*np.vstack([pairs, (np.nan, np.nan)]).T) == [*one_by_one, ({}, {})]


def test_each_day_has_the_areas_that_stood_then() -> None:
    first, last = date(2026, 1, 1), date(2026, 6, 1)
    places = locator(
        (One("old", "community", valid_until=last), box(120, 23, 120.1, 23.1)),
        (One("new", "community", valid_from=last), box(120, 23, 120.1, 23.1)),
        (One("early", "community", valid_from=first, valid_until=last), box(120.1, 23, 120.2, 23.1)),
    )
    found = {day: places.on(day).lineage_at(120.05, 23.05)["community"] for day in (first, date(2026, 5, 31), last)}
    assert list(found.values()) == ["old", "old", "new"]
    assert places.on(date(2025, 12, 31)).lineage_at(120.15, 23.05) == {} != places.on(first).lineage_at(120.15, 23.05)
    assert places.on(first) is places.on(date(2026, 5, 31)) and places.on(first) is not places.on(last)


def test_a_tree_that_bites_its_own_tail_is_climbed_once() -> None:
    assert locator((One("a", "street", "b"), box(0, 0, 1, 1)), (One("b", "district", "a"), box(0, 0, 1, 1))).lineages[
        "a"
    ] == {"street": "a", "district": "b"}


def test_a_case_keeps_the_codes_of_where_it_lies() -> None:
    facts = place_facts(
        {"district": "1", "city": "0", "unit_grid": "1a1"}, {"social_grid": ("S",), "patrol_grid": ("P", "Q")}
    )
    assert facts == {"district": "1", "unit_grid": "1a1", "grids": "patrol_grid:P patrol_grid:Q social_grid:S"}
    assert codes_in(facts) == ("1", "1a1", "P", "Q", "S") and codes_in({"district": "1", "street": ""}) == ("1",)
    assert place_facts({}, {}) == {}


def test_a_place_on_a_border_names_the_areas_that_meet_and_goes_to_the_smallest_code(layout: AreaLayout) -> None:
    found = where(layout, 120.1, 23.07)
    assert found.meeting == ("1a", "1b") and found.code == "1a" and found.overlapping == ()
    assert where(layout, 120.1 + 0.3 * METRE, 23.07).meeting == ("1a", "1b")
    assert where(layout, 120.1 + 2 * METRE, 23.07).meeting == ()
    assert where(layout, 120.2, 23.07).meeting == ("1b",)


def test_a_place_in_an_overlap_names_both_areas() -> None:
    layout = locator(
        (One("b", "district"), box(120, 23, 120.1, 23.1)), (One("a", "district"), box(120.05, 23, 120.2, 23.1))
    ).on(DAY)
    found = where(layout, 120.07, 23.05)
    assert found.overlapping == ("a", "b") and found.code == "a" and found.meeting == ()


def test_a_place_in_a_gap_of_smaller_areas_names_the_nearest_of_them(layout: AreaLayout) -> None:
    found = where(layout, 120.05 + 100 * METRE, 23.07)
    assert found.code == "1a" and found.missing == "unit_grid" and found.nearest is not None
    assert (found.nearest.code, found.nearest.direction) == ("1a1", "west")
    assert found.nearest.metres == pytest.approx(92, abs=1)
    assert where(layout, 120.15, 23.07).missing is None


@pytest.mark.parametrize(
    ("lon", "lat", "code", "metres", "direction"),
    [
        (120.21, 23.05, "1b", 1_024, "west"),
        (120.24, 23.05, "2", 1_024, "east"),
        (120.01, 23.11, "1a1", 1_108, "south"),
        (120.15, 22.99, "1b", 1_108, "north"),
        (120.31, 23.11, "2", 1_508, "south-west"),
    ],
)
def test_a_place_outside_is_told_what_is_nearest(
    layout: AreaLayout, lon: float, lat: float, code: str, metres: float, direction: str
) -> None:
    found = where(layout, lon, lat)
    assert not found.is_inside and found.nearest is not None
    assert (found.nearest.code, found.nearest.direction) == (code, direction)
    assert found.nearest.metres == pytest.approx(metres, rel=0.005)


def test_the_nearest_in_metres_is_found_although_another_is_nearer_in_degrees() -> None:
    # At 60° a degree of longitude is half as long.
    east, north = box(10.015, 60, 10.1, 60.01), box(9.9, 60.012, 10, 60.1)
    layout = locator((One("east", "district"), east), (One("north", "district"), north)).on(DAY)
    found = where(layout, 10, 60)
    assert found.nearest is not None and found.nearest.code == "east"
    assert found.nearest.metres == pytest.approx(837, abs=3)


def test_a_far_place_is_answered_too(layout: AreaLayout) -> None:
    found = where(layout, 2.35, 48.85)
    assert found.nearest is not None and found.nearest.metres > 8_000_000


@pytest.mark.parametrize("crs", [Crs.GCJ02, Crs.BD09])
def test_a_place_given_in_another_system_than_said_is_suspected(inland: AreaLayout, crs: Crs) -> None:
    edge = (120.1999, 28.05)
    drawn = from_wgs84(*edge, crs)
    assert not where(inland, *drawn).is_inside
    suspected = {reading.name: reading for reading in where(inland, *drawn).readings}
    assert suspected[crs.value].code == "1b" and 300 < suspected[crs.value].metres < 1300
    assert (suspected[crs.value].lon, suspected[crs.value].lat) == pytest.approx(edge, abs=1e-8)
    assert where(inland, *drawn, crs).is_inside


def test_a_place_of_wgs84_that_was_said_to_be_shifted_is_suspected(inland: AreaLayout) -> None:
    found = where(inland, 120.0001, 28.05, Crs.GCJ02)
    assert not found.is_inside and [reading.name for reading in found.readings] == ["wgs84"]


def test_an_answer_says_that_the_shift_is_doubtful_only_for_a_system_that_is_shifted() -> None:
    at_the_border = (113.5497, 22.2195)  # between Zhuhai and Macau
    layout = locator().on(DAY)
    assert [where(layout, *at_the_border, crs).is_doubtful for crs in Crs] == [False, False, True, True]
    assert not where(layout, 113.3, 23.1, Crs.GCJ02).is_doubtful


@pytest.mark.parametrize(
    ("pair", "fault"),
    [
        ((0.0, 0.0), PointFault.NULL_ISLAND),
        ((23.05, 120.05), PointFault.SWAPPED),
        ((float("nan"), 1.0), PointFault.NOT_FINITE),
        ((200.0, 10.0), PointFault.OUT_OF_RANGE),
    ],
)
def test_what_is_no_place_says_why(layout: AreaLayout, pair: tuple[float, float], fault: PointFault) -> None:
    found = where(layout, *pair)
    assert found.fault is fault and not found.is_inside


def test_exchanged_coordinates_are_read_the_other_way_round(layout: AreaLayout) -> None:
    (reading,) = where(layout, 23.05, 120.01).readings
    assert (reading.name, reading.code, reading.lon, reading.lat) == ("swapped", "1a1", 120.01, 23.05)


def test_exchanged_coordinates_of_a_city_outside_china_are_noticed_too() -> None:
    layout = locator((One("b", "district"), box(13, 52, 14, 53))).on(DAY)
    assert [reading.name for reading in where(layout, 52.5, 13.4).readings] == ["swapped"]


def test_a_city_without_areas_answers_that_there_is_none() -> None:
    found = where(locator().on(DAY), 120, 23)
    assert not found.is_inside and found.nearest is None and found.readings == ()


def test_a_batch_that_fits_better_in_another_system_is_noticed(inland: AreaLayout) -> None:
    dice = np.random.default_rng(1)
    true = dice.random((2000, 2)) * (0.2, 0.1) + (120, 28)
    for crs in (Crs.WGS84, Crs.GCJ02, Crs.BD09):
        given_pairs = np.array([from_wgs84(*pair, crs) for pair in true.tolist()])
        inside = fitting(inland, *given_pairs.T)
        assert inside[crs] == 2000
        assert better_reading(inside, inside[Crs.WGS84], 2000) is (None if crs is Crs.WGS84 else crs)
        assert better_reading(inside, inside[crs], 2000) is None


def test_points_in_the_middle_of_the_city_tell_nothing_of_their_system(layout: AreaLayout) -> None:
    pairs = np.full((100, 2), (120.1, 23.05))
    inside = fitting(layout, *pairs.T)
    assert set(inside.values()) == {100} and better_reading(inside, 100, 100) is None


def test_the_districts_that_words_name_tell_a_shift_that_stays_within_the_city() -> None:
    layout = locator(
        *((One(f"{n}", "district"), box(120 + n / 50, 28, 120 + (n + 1) / 50, 28.3)) for n in range(10))
    ).on(DAY)
    pairs = np.random.default_rng(2).random((400, 2)) * (0.16, 0.2) + (120.02, 28.05)
    named = [
        frozenset(code) if number % 2 else frozenset() for number, code in enumerate(layout.smallest_many(*pairs.T))
    ]
    drawn = np.array([from_wgs84(*pair, Crs.GCJ02) for pair in pairs.tolist()])
    assert set(fitting(layout, *drawn.T).values()) == {400}
    found = fitting(layout, *drawn.T, named)
    assert found[Crs.GCJ02] == 400 and better_reading(found, found[Crs.WGS84], 400) is Crs.GCJ02
