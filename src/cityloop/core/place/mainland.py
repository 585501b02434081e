"""Where GCJ-02 differs from WGS-84: the mainland of China, without Hong Kong, Macau, Taiwan and its islands.

The outline is our own, drawn for this purpose only: about 30 km outside the outer borders of the provinces as the
public province map of DataV (Alibaba Cloud) shows them, rounded to 0.1 degree, so that no place of the mainland is left
out. The borders with Hong Kong and Macau follow the same map to some hundred metres. It is no statement on any border.
"""

from typing import Any, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

Measure = TypeVar("Measure", float, NDArray[np.float64])  # one degree, or many

_OUTLINE = """
    73.2 39.3 73.7 40.2 74.7 40.8 76.2 40.8 76.8 41.3 77.6 41.4 79.6 42.2 80.3 43.5 79.7 45.1 81.9 45.7 82.9
    47.5 85 47.4 85.5 48.5 86.3 48.8 86.8 49.4 87.9 49.4 88.9 48.4 90.6 47.9 91.3 46.8 91.5 45.5 93.6 45.3 95.6
    44.6 96.6 43.1 100.9 43 103.5 42.2 105 42 107.4 42.8 110.1 43 111.1 43.8 111.2 44.5 111.8 45.3 113.5 45.1
    114.5 45.7 115.9 45.9 116.5 47 115.4 47.7 115.3 48.3 116.6 50.1 117.8 49.9 118.7 50.3 119.9 51.9 119.8 52.9
    120.8 53.6 123.5 53.9 125.8 53.3 126.8 52.3 128 50 130.8 49.1 131.4 48.1 132.2 48 134.5 48.7 135.2 48.7
    135.4 48.5 133.4 44.9 132.9 44.7 132 44.9 131.6 44.7 131.6 43.3 130.8 42.2 129.5 42 128.2 41.1 126.8 41.2
    124.3 39.5 123.7 39.4 123.3 38.8 122.4 38.5 122.3 38 123 37.5 122.8 36.7 121.3 36.3 120.1 35.1 121.3 32.9
    122.1 32.1 122.5 31.2 123.1 30.8 122.2 28.3 121 27.3 120.1 25.2 116.7 22.7 114.9 22.2 114.3 21.7 111.1 21
    111 20.6 111.3 19.5 110.7 18.4 109.6 17.8 108.4 18.4 108.3 19.4 109.1 20.3 108.7 21 106.6 21.7 106.2 22.5
    105.6 22.8 104 22.2 102.4 22.2 101.8 20.9 100.1 21.2 99 21.9 98.9 22.7 98.5 23.5 97.6 23.6 97.2 23.9 97.3
    24.9 98.4 26.5 98.4 27.1 97.8 27.6 97 27.4 95.8 27.9 93.7 26.7 92.1 26.6 91.2 27.5 89.9 27.8 88.9 26.9 88.2
    27.6 85.9 27.6 82.2 29.7 81 29.7 78.9 30.7 78.1 32.1 78.5 33.3 77.8 34.9 76 35.6 75.4 36.4 74.3 36.9 74.3
    37.9 73.6 38.4
"""
_LEFT_OUT = (
    # Hong Kong: the middle of Deep Bay, the Shenzhen river, Sha Tau Kok, Mirs Bay, then the sea.
    """113.84 22.14 113.84 22.41 113.9 22.435 113.94 22.45 113.973 22.46 113.996 22.494 114.027 22.506 114.055 22.505
    114.066 22.515 114.083 22.519 114.09 22.536 114.109 22.534 114.113 22.53 114.13 22.541 114.15 22.545 114.161 22.561
    114.182 22.554 114.218 22.556 114.229 22.543 114.26 22.56 114.43 22.555 114.455 22.53 114.455 22.44 114.5 22.42
    114.5 22.14""",
    # Macau
    "113.53 22.177 113.533 22.212 113.554 22.215 113.6 22.2 113.61 22.13 113.58 22.1 113.549 22.108 113.549 22.145",
    "118.21 24.35 118.21 24.46 118.3 24.53 118.5 24.53 118.5 24.35",  # Kinmen
    "119.88 25.9 119.88 26.28 120.05 26.28 120.05 25.9",  # Matsu
    "120.4 26.3 120.4 26.45 120.6 26.45 120.6 26.3",  # Dongyin
)
_DOUBT = 0.25, 0.02  # degrees from the outline, and from the borders of what is left out


def _polygon(text: str) -> shapely.Polygon:
    numbers = [float(word) for word in text.split()]
    return shapely.Polygon(zip(numbers[::2], numbers[1::2], strict=True))


_WHOLE, _APART = _polygon(_OUTLINE), shapely.union_all([_polygon(text) for text in _LEFT_OUT])
_MAINLAND = _WHOLE - _APART
_LINES = _WHOLE.boundary, _APART.boundary


def is_in_mainland(lon: Measure, lat: Measure) -> Any:
    """Return whether a WGS-84 pair lies in the outline: a boolean for one, an array of booleans for many."""
    return shapely.contains_xy(_MAINLAND, lon, lat)


def is_doubtful(lon: float, lat: float) -> bool:
    """Return whether a place is so near an edge that services may treat it otherwise than `is_in_mainland` says."""
    point = shapely.Point(lon, lat)
    return any(shapely.distance(line, point) < degrees for line, degrees in zip(_LINES, _DOUBT, strict=True))
