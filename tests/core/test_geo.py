import math
from threading import Thread

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from cityloop.core.place.geo import (
    AreaIndex,
    Crs,
    PointFault,
    check_point,
    dissolve,
    from_wgs84,
    many_to_wgs84,
    outline,
    parse_crs,
    repair,
    to_wgs84,
)
from cityloop.core.place.mainland import is_doubtful

METRES_PER_DEGREE = 111_320


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("EPSG:4326", Crs.WGS84),
        ("WGS-84", Crs.WGS84),
        ("wgs84", Crs.WGS84),
        ("epsg:4490", Crs.CGCS2000),
        ("CGCS2000", Crs.CGCS2000),
        ("GCJ-02", Crs.GCJ02),
        (" gcj02 ", Crs.GCJ02),
        ("BD-09", Crs.BD09),
    ],
)
def test_a_coordinate_system_is_known_by_its_usual_names(words: str, expected: Crs) -> None:
    assert parse_crs(words) is expected


@pytest.mark.parametrize("crs", Crs)
def test_a_coordinate_system_is_known_by_the_word_it_is_stored_as(crs: Crs) -> None:
    assert parse_crs(crs) is crs


@pytest.mark.parametrize("words", ["", "EPSG:3857", "beijing54"])
def test_an_unknown_coordinate_system_is_refused_with_those_accepted(words: str) -> None:
    with pytest.raises(ValueError, match=r"WGS-84.*CGCS2000.*GCJ-02.*BD-09"):
        parse_crs(words)


def test_a_known_place_in_beijing_is_shifted_as_the_public_converters_do() -> None:
    # The pairs that the documentation of coordtransform prints.
    assert from_wgs84(116.404, 39.915, Crs.GCJ02) == pytest.approx((116.41024449916938, 39.91640428150164))
    assert from_wgs84(116.404, 39.915, Crs.BD09) == pytest.approx((116.41662724378733, 39.922699552216216))


SHENZHEN, ZHUHAI_PORT, DANDONG, DONGXING = (114.0579, 22.5431), (113.5497, 22.2195), (124.39, 40.12), (107.97, 21.54)
MAINLAND = {
    "Shenzhen": SHENZHEN, "Zhuhai": ZHUHAI_PORT, "Dandong": DANDONG, "Dongxing": DONGXING, "Sanya": (109.51, 18.25),
    "Kashgar": (75.99, 39.47), "Mohe": (122.54, 52.97), "Fuyuan": (134.3, 48.36), "Hunchun": (130.36, 42.86),
    "Lhasa": (91.13, 29.65), "Ruili": (97.85, 24.0), "Shengsi": (122.45, 30.73), "Xiamen": (118.09, 24.48),
    "Horgos": (80.4, 44.2), "Manzhouli": (117.4, 49.6), "Shekou": (113.92, 22.48), "Hengqin": (113.52, 22.13),
}  # fmt: skip
ELSEWHERE = {
    "Hong Kong": (114.1694, 22.3193), "Sheung Shui": (114.128, 22.502), "Yuen Long": (114.03, 22.445),
    "Macau": (113.5439, 22.1987), "Taipa": (113.559, 22.155), "Taipei": (121.5654, 25.033), "Tainan": (120.2, 22.99),
    "Kinmen": (118.37, 24.45), "Matsu": (119.93, 26.16), "Hanoi": (105.8542, 21.0285), "Seoul": (126.978, 37.5665),
    "Osaka": (135.5023, 34.6937), "Pyongyang": (125.75, 39.03), "Vladivostok": (131.9, 43.12),
    "Ulaanbaatar": (106.9, 47.92), "Almaty": (76.95, 43.25), "Kathmandu": (85.32, 27.71), "Manila": (120.98, 14.6),
}  # fmt: skip


@pytest.mark.parametrize("crs", Crs)
@pytest.mark.parametrize("place", [*MAINLAND.values(), *ELSEWHERE.values()], ids=[*MAINLAND, *ELSEWHERE])
def test_every_system_leads_back_to_the_same_place(place: tuple[float, float], crs: Crs) -> None:
    drawn = from_wgs84(*place, crs)
    assert metres_apart(to_wgs84(*drawn, crs), place) < 0.001
    assert metres_apart(many_to_wgs84(np.array([drawn]), crs)[0], place) < 0.001


@given(st.floats(100, 117), st.floats(25, 40), st.sampled_from(Crs))
def test_every_system_leads_back_to_any_place_of_the_interior(lon: float, lat: float, crs: Crs) -> None:
    assert metres_apart(to_wgs84(*from_wgs84(lon, lat, crs), crs), (lon, lat)) < 0.001


@pytest.mark.parametrize("place", MAINLAND.values(), ids=MAINLAND)
def test_the_shift_in_the_mainland_is_some_hundred_metres(place: tuple[float, float]) -> None:
    assert 10 < metres_apart(from_wgs84(*place, Crs.GCJ02), place) < 1200


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
def test_nothing_is_shifted_in_hong_kong_macau_taiwan_and_other_countries(place: tuple[float, float]) -> None:
    assert to_wgs84(*place, Crs.GCJ02) == from_wgs84(*place, Crs.GCJ02) == place


def test_near_the_edge_of_the_mainland_the_shift_is_doubtful() -> None:
    assert [is_doubtful(*place) for place in (ZHUHAI_PORT, (135.07, 48.48))] == [True, True]
    assert not any(is_doubtful(*MAINLAND[name]) for name in ("Lhasa", "Sanya", "Dandong", "Xiamen"))


@given(st.floats(-180, 70), st.floats(-80, 80))
def test_far_from_china_nothing_is_shifted(lon: float, lat: float) -> None:
    assert to_wgs84(lon, lat, Crs.GCJ02) == from_wgs84(lon, lat, Crs.GCJ02) == (lon, lat)


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (121.47, 31.23, None),
        (-58.4, -34.6, None),
        (180, -90, None),
        (0.1, 0, None),
        (0, 0, PointFault.NULL_ISLAND),
        (-1e-7, 1e-7, PointFault.NULL_ISLAND),
        (31.23, 121.47, PointFault.SWAPPED),
        (47.0, 75.0, PointFault.SWAPPED),
        (121.47, 91, PointFault.OUT_OF_RANGE),
        (181, 31, PointFault.OUT_OF_RANGE),
        (math.nan, 31, PointFault.NOT_FINITE),
        (121, -math.inf, PointFault.NOT_FINITE),
    ],
)
def test_a_pair_that_cannot_be_a_place_says_why(lon: float, lat: float, expected: PointFault | None) -> None:
    assert check_point(lon, lat) is expected


CHESSBOARD = [
    (f"{12 * column + row:03}", box(column, row, column + 1, row + 1)) for column in range(12) for row in range(12)
]


@given(st.lists(st.tuples(st.integers(0, 26), st.integers(0, 26)), min_size=1, max_size=30), st.randoms())
def test_points_on_a_border_go_to_the_smallest_code_in_whatever_order_areas_come(halves, shuffler) -> None:
    shuffled = list(CHESSBOARD)
    shuffler.shuffle(shuffled)
    index = AreaIndex(shuffled)
    lons, lats = np.array(halves, dtype=float).T / 2
    brute_force = [
        min((code for code, area in CHESSBOARD if area.covers(Point(pair))), default=None)
        for pair in zip(lons, lats, strict=True)
    ]
    assert index.locate_many(lons, lats) == brute_force
    assert [index.locate(lon, lat) for lon, lat in zip(lons, lats, strict=True)] == brute_force


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_points_among_irregular_areas_are_found_as_by_trying_every_area(seed: int) -> None:
    dice = np.random.default_rng(seed)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(dice.random((25, 2)))))
    areas = enumerate_codes(cells)
    lons, lats = dice.random((2, 60)) * 3 - 1
    lons[:10], lats[:10] = shapely.get_coordinates(cells[0])[dice.integers(0, 4, 10)].T
    located = AreaIndex((code, cell.wkb) for code, cell in areas).locate_many(lons, lats)
    assert located == [
        min((code for code, cell in areas if cell.covers(Point(pair))), default=None)
        for pair in zip(lons, lats, strict=True)
    ]


def test_a_hole_belongs_to_no_area_and_parts_of_one_code_belong_together() -> None:
    ring = Polygon(box(0, 0, 4, 4).exterior, [box(1, 1, 2, 2).exterior])
    index = AreaIndex([("a", ring), ("a", MultiPolygon([box(6, 0, 7, 1), box(8, 0, 9, 1)]))])
    lons, lats = np.array([0.5, 1.5, 6.5, 7.5, 8.5]), np.array([0.5, 1.5, 0.5, 0.5, 0.5])
    assert index.locate_many(lons, lats) == ["a", None, "a", None, "a"]


def test_threads_may_share_one_index() -> None:
    # Without its lock the index corrupts memory here: the run would abort, not only this test.
    dice = np.random.default_rng(0)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(dice.random((2000, 2)))))
    lons, lats = dice.random((2, 20_000))
    index = AreaIndex(enumerate_codes(shapely.segmentize(cells, 0.0005)))
    together: list[list[str | None]] = []
    for _ in range(10):
        threads = [Thread(target=lambda: together.append(index.locate_many(lons, lats))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert together == [index.locate_many(lons, lats)] * 40


def test_a_point_that_is_nowhere_is_in_no_area() -> None:
    index = AreaIndex([("a", box(0, 0, 1, 1))])
    found = index.locate_many(np.array([math.nan, math.inf, 0.5]), np.array([0.5, 0.5, math.nan]))
    assert found == [None, None, None]
    assert AreaIndex([]).locate(0.5, 0.5) is None
    assert index.locate_many(np.array([]), np.array([])) == []


@pytest.mark.parametrize("geometry", [Point(1, 1), LineString([(0, 0), (1, 1)]), Polygon()])
def test_only_polygons_are_areas(geometry) -> None:
    with pytest.raises(ValueError, match="polygon"):
        AreaIndex([("a", geometry)])


def test_longitudes_and_latitudes_must_come_in_pairs() -> None:
    with pytest.raises(ValueError, match="match"):
        AreaIndex([]).locate_many(np.array([1.0, 2.0]), np.array([1.0]))


def test_a_crossing_outline_is_repaired_to_what_it_encloses() -> None:
    bow_tie = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    repaired = repair(bow_tie.wkb)
    assert repaired.is_valid
    assert repaired.geom_type == "MultiPolygon"
    assert repaired.area == pytest.approx(2)


def test_heights_lines_and_points_are_dropped_when_an_area_is_repaired() -> None:
    triangle = Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5)])
    estate = MultiPolygon([box(3, 3, 4, 4), box(6, 3, 7, 4)])
    mixed = GeometryCollection([LineString([(0, 0), (9, 9)]), GeometryCollection([Point(8, 8), estate]), triangle])
    repaired = repair(mixed)
    assert not repaired.has_z
    assert repaired.equals(MultiPolygon([Polygon([(0, 0), (1, 0), (1, 1)]), *estate.geoms]))


@pytest.mark.parametrize("geometry", [Polygon(), LineString([(0, 0), (1, 1)]), Polygon([(0, 0), (1, 1), (0, 0)])])
def test_what_encloses_nothing_cannot_be_repaired(geometry) -> None:
    with pytest.raises(ValueError, match="polygon"):
        repair(geometry)


def test_neighbours_dissolve_into_one_area_without_inner_borders() -> None:
    whole = dissolve([area for _, area in CHESSBOARD])
    assert whole.equals(box(0, 0, 12, 12))
    assert whole.geom_type == "Polygon"
    with pytest.raises(ValueError, match="polygon"):
        dissolve([])


def test_an_outline_fits_its_picture_and_keeps_its_shape() -> None:
    picture = outline(box(120, 59, 122, 61), width=100, height=100)
    assert picture.place(121, 60) == (50, 50)
    assert picture.place(121, 61) == pytest.approx((50, 0))
    # At 60° a degree of longitude is half as long as one of latitude.
    assert picture.place(122, 60) == pytest.approx((75, 50), abs=0.1)
    assert sorted(picture.path.strip("MZ").split("L")) == ["25 0", "25 100", "75 0", "75 100"]


def test_an_outline_of_a_wide_area_fills_the_width() -> None:
    picture = outline(box(120, 59, 130, 61), width=100, height=100)
    assert picture.place(120, 60) == pytest.approx((0, 50))
    assert picture.place(130, 60) == pytest.approx((100, 50))
    # Five degrees eastward at 60° are as long as two and a half northward.
    assert picture.place(125, 62.5) == pytest.approx((50, 0), abs=0.1)


def test_an_outline_shows_every_part_and_hole_but_no_detail_below_its_tolerance() -> None:
    notched = Polygon([(0, 0), (10, 0), (10, 10), (5, 9.99), (0, 10)], [box(2, 2, 4, 4).exterior.coords])
    fine, coarse = (
        outline(MultiPolygon([notched, box(12, 0, 20, 8)]).wkb, 200, 200, tolerance) for tolerance in (0, 1)
    )
    assert fine.path.count("M") == coarse.path.count("M") == fine.path.count("Z") == 3
    assert fine.path.count("L") == coarse.path.count("L") + 1


def test_an_outline_drops_slivers_but_never_the_whole_area() -> None:
    slivered = MultiPolygon(
        [Polygon(box(0, 0, 10, 10).exterior, [box(2, 2, 2.1, 2.1).exterior]), box(11, 0, 11.1, 0.1)]
    )
    assert outline(slivered, 111, 100, tolerance=2).path.count("M") == 1
    assert outline(slivered, 111, 100, tolerance=0).path.count("M") == 3
    assert outline(box(0, 0, 1, 1), 5, 5, tolerance=50).path.count("M") == 1


def test_only_a_polygon_has_an_outline() -> None:
    with pytest.raises(ValueError, match="polygon"):
        outline(Point(1, 1), 100, 100)


def enumerate_codes(areas) -> list[tuple[str, shapely.Geometry]]:
    return [(f"{number:04}", area) for number, area in enumerate(areas)]


def metres_apart(first: tuple[float, float], other: tuple[float, float]) -> float:
    east = (first[0] - other[0]) * math.cos(math.radians(other[1]))
    return math.hypot(east, first[1] - other[1]) * METRES_PER_DEGREE
