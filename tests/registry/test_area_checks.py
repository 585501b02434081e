"""Overlaps, gaps and shifted layers are found, measured as on the ellipsoid, and never invented."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.affinity import translate
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from cityloop.registry.areas.checks import gaps, overlaps, shift
from cityloop.registry.areas.codes import doubt, form

METRE = 1 / 111_320  # degrees of latitude


def on_the_ellipsoid(polygon: BaseGeometry) -> float:
    area, _ = Geod(ellps="WGS84").geometry_area_perimeter(polygon)
    return abs(area)


@settings(max_examples=30, deadline=None)
@given(lon=st.floats(-170, 170), lat=st.floats(-70, 70), share=st.floats(0.001, 0.009))
def test_an_overlap_has_the_area_it_has_on_the_ellipsoid(lon: float, lat: float, share: float) -> None:
    first, second = box(lon, lat, lon + 0.01, lat + 0.01), box(lon + share, lat, lon + 0.02, lat + 0.01)
    (piece,) = overlaps({"1": first, "2": second}, least=1)
    # Along a parallel of 700 m the geodesic bulges by less than a metre.
    assert piece.square_metres == pytest.approx(on_the_ellipsoid(first & second), rel=1e-3)
    assert piece.codes == ("1", "2") and (first & second).covers(shapely.Point(piece.lon, piece.lat))


def grid(side: int = 4) -> dict[str, BaseGeometry]:
    """Areas of a hundredth of a degree, side by side."""
    size = 0.01
    return {
        f"{row}{column}": box(120 + column * size, 23 + row * size, 120 + (column + 1) * size, 23 + (row + 1) * size)
        for row in range(side)
        for column in range(side)
    }


def test_neighbours_that_share_their_borders_neither_overlap_nor_leave_gaps() -> None:
    assert overlaps(grid(), least=0.01) == [] and gaps(grid(), least=0.01) == []


def test_an_area_that_is_missing_in_the_middle_is_a_gap_between_its_neighbours() -> None:
    areas = grid()
    missing = areas.pop("11")
    (gap,) = gaps(areas, least=1)
    assert gap.square_metres == pytest.approx(on_the_ellipsoid(missing), rel=1e-3)
    assert {"01", "10", "12", "21"} <= set(gap.codes)


def test_an_area_that_is_missing_at_the_edge_is_not_a_gap() -> None:
    areas = grid()
    del areas["00"]
    assert gaps(areas, least=1) == []


def test_an_island_in_a_lake_is_not_counted_with_the_lake() -> None:
    lake, island = box(120.01, 23.01, 120.03, 23.03), box(120.015, 23.015, 120.02, 23.02)
    (gap,) = gaps({"1": box(120, 23, 120.04, 23.04) - lake, "2": island}, least=1)
    assert gap.square_metres == pytest.approx(on_the_ellipsoid(lake) - on_the_ellipsoid(island), rel=1e-3)


def test_the_largest_piece_comes_first_and_small_ones_are_left_out() -> None:
    areas = {
        "1": box(120, 23, 120.01, 23.01),
        "2": box(120.009, 23, 120.02, 23.01),
        "3": box(120.0199, 23, 120.03, 23.01),
    }
    assert [piece.codes for piece in overlaps(areas, least=1)] == [("1", "2"), ("2", "3")]
    assert [piece.codes for piece in overlaps(areas, least=50_000)] == [("1", "2")]


@pytest.mark.parametrize(
    ("east", "north", "metres", "direction"),
    [(500, 0, "460", "east"), (0, -300, "300", "south"), (-400, 400, "544", "north-west")],
)
def test_a_shifted_layer_is_reported_with_distance_and_direction(
    east: float, north: float, metres: str, direction: str
) -> None:
    moved = {code: translate(area, east * METRE, north * METRE) for code, area in grid().items()}
    shifted = shift(moved, grid())
    assert shifted and shifted.code == "layer-shifted"
    assert shifted.values == {"metres": metres, "direction": direction, "count": "16", "system": ""}


def test_areas_that_were_redrawn_separately_are_not_a_shifted_layer() -> None:
    random = np.random.default_rng(7)
    moved = {code: translate(area, *random.normal(0, 300 * METRE, 2)) for code, area in grid().items()}
    assert shift(moved, grid()) is None


@pytest.mark.parametrize("metres", [0, 20, 50_000])
def test_the_same_place_and_another_city_are_not_a_shift(metres: float) -> None:
    moved = {code: translate(area, metres * METRE, 0) for code, area in grid().items()}
    assert shift(moved, grid()) is None


def test_a_layer_of_other_codes_cannot_be_compared() -> None:
    assert shift(grid(), {"other": box(120, 23, 121, 24)}) is None and shift(grid(), {}) is None


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("110101", "district"),
        ("110101001", "street"),
        ("110101001001", "community"),
        ("11010100100105", "unit_grid"),
        ("110101001001005", "unit_grid"),
        ("67000150013", None),
        ("1101010", None),
        ("990101", None),
        ("11010A", None),
        ("", None),
    ],
)
def test_the_form_of_a_code_tells_its_level(code: str, level: str | None) -> None:
    assert form(code) == level


def test_a_foreign_parent_says_nothing_about_a_national_code() -> None:
    assert doubt("110101001001", "community", "east") is None
    assert doubt("110101001001", "community", "110101") is None
    assert doubt("110101001001", "community", "110102") == (
        "area-code-not-of-parent",
        {"parent": "110102", "beginning": "110101"},
    )
