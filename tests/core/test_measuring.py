"""Square metres and metres without PROJ are those of PROJ."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import box

from cityloop.core.place.measuring import direction, plane_at, square_metres

ELLIPSOID = Geod(ellps="WGS84")


@settings(max_examples=50, deadline=None)
@given(st.floats(-179, 178), st.floats(-75, 75), st.floats(0.0001, 0.5), st.floats(0.0001, 0.5), st.floats(0, 360))
def test_an_area_is_as_large_as_on_the_ellipsoid(
    lon: float, lat: float, width: float, height: float, turn: float
) -> None:
    shape = shapely.affinity.rotate(box(lon, lat, lon + width, lat + height), turn)
    # Short steps: between two far corners a geodesic is not a straight line of degrees.
    exact, _ = ELLIPSOID.geometry_area_perimeter(shape.segmentize(0.01))
    assert square_metres([shape.segmentize(0.01)])[0] == pytest.approx(abs(exact), rel=1e-5)


def test_nothing_has_no_area() -> None:
    assert square_metres([]).tolist() == [] and square_metres([shapely.Polygon()]).tolist() == [0]


@settings(max_examples=50, deadline=None)
@given(st.floats(-179, 179), st.floats(-70, 70), st.floats(0, 360), st.floats(1, 2000))
def test_distances_near_a_place_are_those_on_the_ellipsoid(lon: float, lat: float, azimuth: float, far: float) -> None:
    there_lon, there_lat, _ = ELLIPSOID.fwd(lon, lat, azimuth, far)
    if abs(there_lon - lon) < 1:
        east, north = plane_at(lon, lat)(np.array([[there_lon, there_lat]]))[0]
        assert np.hypot(east, north) == pytest.approx(far, rel=2e-3)


@pytest.mark.parametrize(
    ("east", "north", "expected"), [(1, 0, "east"), (0, 1, "north"), (-1, -1, "south-west"), (1, -1, "south-east")]
)
def test_a_direction_is_one_of_eight(east: float, north: float, expected: str) -> None:
    assert direction(east, north) == expected
