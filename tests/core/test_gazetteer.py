"""An address becomes a place with a grade, an honest radius and its alternatives; no place is guessed silently."""

from collections.abc import Iterable

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.gazetteer.addresses.reading import parse
from cityloop.core.gazetteer.book import PlaceBook
from cityloop.core.gazetteer.finding import find
from cityloop.core.gazetteer.learning import HEAVIEST, Observation, agrees, learned, merged
from cityloop.core.gazetteer.numbering import Known, estimate
from cityloop.core.gazetteer.places import (
    AreaPlace,
    Found,
    FoundPlace,
    Grade,
    Pair,
    PlaceEntry,
    PlaceKind,
    metres,
    moved,
)

HOME: Pair = (114.05, 22.54)
NORTH = AreaPlace("1", "北区", True, *HOME, 3000.0, "1")
FAR: Pair = (114.25, 22.54)  # 20 km to the east
SOUTH = AreaPlace("2", "南区", True, *FAR, 3000.0, "2")
VILLAGE = AreaPlace("101", "福民社区", False, *moved(HOME, 500, 500), 400.0, "1")


def plate(
    street: str, number: int, east: float, north: float = 0.0, district: str = "1", origin: Pair = HOME
) -> PlaceEntry:
    lon, lat = moved(origin, east, north)
    return PlaceEntry(PlaceKind.PLATE, street, f"{street}{number}号", lon, lat, number=number, district=district)


def street(name: str, points: list[Pair], district: str = "1") -> PlaceEntry:
    line = shapely.LineString([moved(HOME, *point) for point in points])
    middle = line.interpolate(0.5, normalized=True)
    return PlaceEntry(PlaceKind.STREET, name, name, middle.x, middle.y, district=district, shape=shapely.to_wkb(line))


def book(*entries: PlaceEntry) -> PlaceBook:
    return PlaceBook(entries, [NORTH, SOUTH, VILLAGE])


def place(found: Found) -> FoundPlace:
    assert found.place, found
    return found.place


def words_of(found_place: FoundPlace) -> list[str]:
    return [why.word for why in found_place.why]


def off(found_place: FoundPlace, east: float, north: float = 0.0) -> float:
    return metres(found_place.point, moved(HOME, east, north))


def test_a_known_number_is_found_where_it_is() -> None:
    found_place = place(find("北区福华路10号", book(plate("福华路", 10, 0), plate("福华路", 20, 100))))
    assert (found_place.grade, words_of(found_place)) == (Grade.PLATE, ["number_exact"])
    assert off(found_place, 0) < 1


def test_a_number_lies_between_its_neighbours_of_the_same_side() -> None:
    evens = [plate("福华路", n, 10 * n, 0) for n in (10, 20)]
    odds = [plate("福华路", n, 10 * n, 30) for n in (11, 21)]
    found_place = place(find("福华路15号", book(*evens, *odds)))
    assert words_of(found_place) == ["number_between"]
    assert off(found_place, 150, 30) < 1
    assert found_place.radius_metres >= 30


def test_beyond_the_last_number_the_road_goes_on_and_the_answer_is_less_sure() -> None:
    known = book(*(plate("福华路", n, 5 * n) for n in (2, 4, 6, 8, 10)))
    near, far = place(find("福华路12号", known)), place(find("福华路40号", known))
    assert off(near, 60) < 20
    assert far.radius_metres > near.radius_metres
    assert words_of(far) == ["number_beside"]


def test_a_number_nobody_knows_a_neighbour_of_is_the_road() -> None:
    found_place = place(find("福华路900号", book(plate("福华路", 10, 0))))
    assert (found_place.grade, words_of(found_place)) == (Grade.STREET, ["road_of_numbers"])


def test_one_stray_number_does_not_pull_the_others() -> None:
    known = [plate("福华路", n, 5 * n) for n in (10, 12, 14, 18, 20, 22)]
    found_place = place(find("福华路17号", book(*known, plate("福华路", 15, 90_000))))
    assert off(found_place, 85) < 40


def test_a_lane_begins_at_its_number_on_the_street() -> None:
    known = book(*(plate("中华东路三段", n, 3 * n) for n in (380, 400, 420)))
    found_place = place(find("中华东路三段399巷29弄5号", known))
    assert (found_place.grade, words_of(found_place)) == (Grade.STREET, ["lane_by_number"])
    assert off(found_place, 3 * 399) < 30


def test_what_lies_in_the_lane_is_nearer_than_its_mouth() -> None:
    known = book(plate("福华路3巷", 8, 0, 80), plate("福华路", 3, 0), plate("福华路", 1, 10))
    assert off(place(find("福华路3巷8号", known)), 0, 80) < 1
    assert off(place(find("福华路3巷", known)), 0, 80) < 1
    assert off(place(find("福华路3巷口", known)), 0) < 1


CROSS = (street("福华路", [(-500, 0), (500, 0)]), street("民田路", [(100, -500), (100, 500)]))


def test_two_streets_cross_where_their_lines_meet_and_a_corner_lies_beside() -> None:
    found_place = place(find("福华路与民田路交叉口", book(*CROSS)))
    assert (found_place.grade, words_of(found_place)) == (Grade.CROSSING, ["roads_meet"])
    assert off(found_place, 100) < 1
    corner = place(find("福华路与民田路交叉口东北角20米", book(*CROSS)))
    assert words_of(corner) == ["roads_meet", "moved"]
    assert metres(corner.point, found_place.point) == pytest.approx(20, abs=0.5)
    assert corner.lon > found_place.lon
    assert corner.lat > found_place.lat


def test_streets_cross_by_their_numbers_where_nobody_drew_them() -> None:
    along = [plate("福华路", n, 10 * n - 200) for n in range(2, 40, 2)]
    across = [plate("民田路", n, 100, 10 * n - 200) for n in range(2, 40, 2)]
    found_place = place(find("福华路民田路口", book(*along, *across)))
    assert found_place.grade is Grade.CROSSING
    assert off(found_place, 100) < found_place.radius_metres


def test_streets_that_meet_nowhere_are_told_as_the_first_alone() -> None:
    far = street("滨海路", [(0, 9000), (500, 9000)])
    found_place = place(find("福华路与滨海路口", book(CROSS[0], far)))
    assert (found_place.grade, words_of(found_place)) == (Grade.STREET, ["crossing_not_known", "road_drawn"])


def test_a_stretch_lies_halfway_between_its_crossings() -> None:
    other = street("海田路", [(-300, -500), (-300, 500)])
    found_place = place(find("福华路(民田路到海田路)", book(*CROSS, other)))
    assert words_of(found_place) == ["stretch_between"]
    assert off(found_place, -100) < 5
    assert found_place.radius_metres >= 200


def test_an_estate_is_known_by_name_and_alias_and_its_buildings_by_number() -> None:
    estate = PlaceEntry(PlaceKind.BLOCK, "阳光小区", "阳光小区", *moved(HOME, 50, 50), aliases=("阳光花园",))
    tower = plate("阳光小区", 3, 90, 90)
    assert place(find("阳光花园后面", book(estate))).grade is Grade.BLOCK
    assert off(place(find("阳光小区3号楼后面", book(estate, tower))), 90, 90) < 1
    assert off(place(find("阳光小区5号楼后面", book(estate, tower))), 50, 50) < 1


def test_a_street_is_found_by_what_it_was_called_before() -> None:
    renamed = PlaceEntry(PlaceKind.STREET, "福华路", "福华路", *HOME, district="1", aliases=("红旗路",))
    found_place = place(find("红旗路10号", book(renamed, plate("福华路", 10, 70))))
    assert off(found_place, 70) < 1


def test_words_that_cling_to_a_name_are_seen_through_and_told() -> None:
    found_place = place(find("再过去福华路10号", book(plate("福华路", 10, 0))))
    assert words_of(found_place) == ["taken_for", "number_exact"]


def test_a_street_without_its_section_is_any_of_them() -> None:
    sections = [plate("福华路一段", 10, 0), plate("福华路二段", 10, 5000)]
    found = find("福华路10号", book(*sections))
    assert found.place is None
    assert found.reason and found.reason.word == "several_places"
    assert len(found.alternatives) == 2


def test_streets_of_one_name_in_two_districts_are_never_guessed_between() -> None:
    two = book(plate("中山路", 10, 0), plate("中山路", 10, 0, district="2", origin=FAR))
    found = find("中山路10号", two)
    assert found.place is None
    assert found.reason and found.reason.word == "several_places"
    assert {round(found_place.lon, 2) for found_place in found.alternatives} == {114.05, 114.25}
    assert place(find("南区中山路10号", two)).lon == pytest.approx(FAR[0])
    assert place(find("中山路10号", two, district="2")).lon == pytest.approx(FAR[0])
    near = find("中山路10号", two, near=moved(FAR, 900, 0))
    assert place(near).lon == pytest.approx(FAR[0])
    assert len(near.alternatives) == 1


def test_a_street_on_the_border_of_two_districts_is_one_street() -> None:
    border = book(plate("界路", 10, 0), plate("界路", 12, 30, district="2"))
    found_place = place(find("南区界路10号", border))
    assert off(found_place, 0) < 1


def test_what_is_known_in_another_district_alone_is_told_and_not_taken() -> None:
    found = find("南区福华路10号", book(plate("福华路", 10, 0)))
    assert found.place is None
    assert found.reason and found.reason.word == "not_in_district"
    assert len(found.alternatives) == 1


def test_a_district_of_another_city_is_no_place_here() -> None:
    found = find("苓雅区福华路10号", book(plate("福华路", 10, 0)))
    assert found.place is None
    assert found.reason and found.reason.word == "area_not_known"


def test_a_street_nobody_knows_lies_beside_those_with_the_numbers_beside_its_own() -> None:
    found_place = place(find("中正七街8号", book(plate("中正六街", 2, 0), plate("中正八街", 2, 200))))
    assert (found_place.grade, words_of(found_place)) == (Grade.ZONE, ["sibling_streets"])
    assert off(found_place, 100) < found_place.radius_metres


@pytest.mark.parametrize(
    ("words", "reason"),
    [("", "nothing_understood"), ("没有路9号", "not_known"), ("北区", "only_district"), ("谁知道的地方", "not_known")],
)
def test_where_nothing_is_found_the_reason_is_told(words: str, reason: str) -> None:
    found = find(words, book(plate("福华路", 10, 0)))
    assert found.place is None
    assert found.reason and found.reason.word == reason


def test_a_community_is_the_last_resort() -> None:
    found_place = place(find("北区福民社区13号", book()))
    assert (found_place.grade, found_place.radius_metres) == (Grade.COMMUNITY, 400.0)


@given(st.text(max_size=80))
def test_no_words_break_the_search(words: str) -> None:
    known = book(*CROSS, plate("福华路", 10, 0))
    found = find(words, known)
    assert found.place or found.reason


@given(st.lists(st.integers(1, 200), min_size=1, max_size=20), st.integers(1, 200))
def test_an_estimate_lies_no_farther_than_its_neighbours_and_their_pace(numbers: list[int], wanted: int) -> None:
    known = [Known(n, "", moved(HOME, 5.0 * n, 0)) for n in numbers]
    if found := estimate(known, wanted):
        apart = metres(found.point, moved(HOME, 5.0 * wanted, 0))
        assert apart <= 5.0 * min(abs(n - wanted) for n in numbers) + 40


def observations(rows: Iterable[tuple[str, Pair]]) -> list[Observation]:
    return [Observation(parse(words), point, "1") for words, point in rows]


def test_several_reports_of_one_house_are_one_entry_at_their_middle() -> None:
    seen = observations(("福华路10号", moved(HOME, east, 0)) for east in (0, 2, 4000))
    entry = next(found_place for found_place in learned(seen, "test") if found_place.kind is PlaceKind.PLATE)
    assert (entry.number, entry.seen, entry.source) == (10, 3, "test")
    assert metres(entry.point, HOME) < 5
    assert entry.spread_metres > 1000


def test_a_coordinate_that_many_roads_share_teaches_nothing() -> None:
    seen = observations((f"{name}路8号", HOME) for name in ("福华", "民田", "海田"))
    assert learned(seen, "test") == []
    assert learned(seen[:2], "test") != []


def test_nothing_but_roads_and_numbers_is_learned() -> None:
    (seen,) = observations([("福华路10号王小明家旁边", HOME)])
    assert all("王小明" not in found_place.key + found_place.name for found_place in learned([seen], "test"))


def test_what_is_learned_again_counts_for_the_more_the_more_it_was_seen() -> None:
    (old, *_) = learned(observations([("福华路10号", HOME)] * 3), "test")
    (new, *_) = learned(observations([("福华路10号", moved(HOME, 100, 0))]), "test")
    both = merged(old, new)
    assert both.seen == 4
    assert off(FoundPlace(*both.point, Grade.PLATE, 0, ""), 25) < 2
    assert min(both.seen, HEAVIEST) == 4


def test_a_point_far_outside_the_district_that_is_named_is_not_believed() -> None:
    assert agrees([], "1", lambda code: 9.0)
    assert agrees(["1"], "1", lambda code: 9.0)
    assert agrees(["2"], "1", lambda code: 0.001)
    assert not agrees(["2"], "1", lambda code: 9.0)
