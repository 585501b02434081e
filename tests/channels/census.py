"""Generates a census of an invented city, of any length and the same for the same seed; it has no tests.

Its columns are those of GB/T 47678.5-2026, table 2, and the coordinates. The city is that of example.py.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from example import SmallCity

HEADING = (
    *("GLBJBSM", "GLBJMC", "ZGBMDM", "ZGBMMC", "QSDWMC", "YHDWMC", "SZDYWGBSM", "GLBJZT", "CSRQ", "BGRQ", "SJLY", "BZ"),
    *("SZJDDM", "SZSQDM", "经度", "纬度"),
)
CLASSES = (("01001", "供水井盖"), ("01002", "污水井盖"), ("01003", "雨水井盖"), ("01037", "路灯"))
STATES = ("完好",) * 96 + ("破损", "丢失", "废弃", "移除")


def rows(count: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Yield `count` facilities without faults, scattered over the two districts."""
    chance = Random(seed)
    for number in range(count):
        code, name = CLASSES[number % len(CLASSES)]
        south = number % 2
        area = (SmallCity.north, SmallCity.south)[south]
        lon, lat = chance.uniform(120.0 + 0.2 * south, 120.2 + 0.2 * south), chance.uniform(23.0, 23.1)
        community = f"{area}{1 + (lon - 120.0 - 0.2 * south >= 0.1):06d}"
        units = ("", "监督指挥中心", "市政养护处", "市政养护处")
        last = (f"{community}{chance.randint(1, 30):03d}", chance.choice(STATES), f"20{chance.randint(10, 25)}0315", "")
        where = ("实测", "", community[:9], community, f"{lon:.7f}", f"{lat:.7f}")
        yield (f"{area}{code}{number // 2 + 1:06d}", name, *units, *last, *where)


def write(path: Path, count: int, seed: int = 1) -> None:
    """Write such a census as a CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        paper = csv.writer(file)
        paper.writerow(HEADING)
        paper.writerows(rows(count, seed))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
