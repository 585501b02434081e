"""The gazetteer benchmark: how well a real hotline's addresses are located after learning from others, against a plain
baseline.

The baseline knows every earlier spelling with its point, else the middle of the named village or district. The quality
of the points themselves is measured as well: how close repeated reports of one address are to each other.
"""

import gzip
import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import NotFound
from cityloop.core.gazetteer.addresses.reading import Address, parse
from cityloop.core.gazetteer.addresses.words import normalized
from cityloop.core.gazetteer.book import PlaceBook
from cityloop.core.gazetteer.finding import find_address
from cityloop.core.gazetteer.learning import Observation, agrees, learned
from cityloop.core.gazetteer.places import AreaPlace, Pair, metres, middle
from cityloop.core.place.geo import AreaIndex, repair
from cityloop.registry.words.scripts import simplified

REPORTS, VILLAGES = "tainan1999_2016H1.parquet", "boundaries/tainan_villages.geojson.gz"
UNTIL = date(2016, 4, 30)  # learned up to and including this day
FOLDS = 5
NEAR, FAR = 100.0, 500.0


@dataclass(frozen=True, slots=True)
class MeasuredReport:
    """A report's address with its point and the district chosen in its form."""

    on: str
    address: Address
    point: Pair
    district: str  # code of the district chosen in the form; may be empty
    lies_in: str  # codes of the district and the village that contain the point
    village: str


@dataclass(frozen=True, slots=True)
class Score:
    """The distances of answers from the reported points; shares are of all reports, found or not."""

    name: str
    reports: int
    found: float
    near: float  # within 100 m
    far: float  # within 500 m
    median_metres: float  # of those found
    inside: float  # share of those found that are within the stated radius; NaN where none is stated


@dataclass(frozen=True)
class MeasuredCity:
    """The areas of the measured city."""

    index: AreaIndex
    district_of: Mapping[str, str]
    shapes: Mapping[str, BaseGeometry]
    areas: tuple[AreaPlace, ...]


Answer = tuple[Pair, float] | None  # a point and its radius
Finder = Callable[[MeasuredReport], Answer]


def measure(folder: Path) -> list[Score]:
    """Return the scores for a folder with the hotline's reports; NotFound if it has none."""
    if not (folder / REPORTS).exists():
        raise NotFound("no-data", {"file": REPORTS, "folder": folder})
    ground = read_ground(folder / VILLAGES)
    reports = read_reports(folder / REPORTS, ground)
    return [*by_time(reports, ground), *by_address(reports, ground), agreement(reports)]


def by_time(reports: Sequence[MeasuredReport], ground: MeasuredCity) -> Iterator[Score]:
    """Yield the scores of later reports after learning from earlier ones."""
    before = [report for report in reports if report.on <= UNTIL.isoformat()]
    after = [report for report in reports if report.on > UNTIL.isoformat()]
    name = f"reports after {UNTIL}, learned from those before"
    yield score(f"{name}: gazetteer", after, gazetteer(before, ground))
    yield score(f"{name}: baseline", after, baseline(before, ground))


def by_address(reports: Sequence[MeasuredReport], ground: MeasuredCity) -> Iterator[Score]:
    """Yield the scores of addresses that were never learned: each fifth is located after learning the others."""
    answers: dict[str, list[tuple[MeasuredReport, Answer]]] = defaultdict(list)
    for fold in range(FOLDS):
        rest = [report for report in reports if _fold(report) != fold]
        finders = {"gazetteer": gazetteer(rest, ground), "baseline": baseline(rest, ground)}
        for name, find in finders.items():
            answers[name] += [(report, find(report)) for report in reports if _fold(report) == fold]
    for name, found in answers.items():
        yield scored(f"addresses never learned: {name}", found)


def agreement(reports: Sequence[MeasuredReport]) -> Score:
    """Return the score of repeated reports of one house against the middle of the others: no gazetteer does better."""
    houses: dict[tuple[object, ...], list[MeasuredReport]] = defaultdict(list)
    for report in reports:
        if report.address.road and report.address.numbers:
            houses[report.district, report.address.road, report.address.numbers[0]].append(report)
    answers = [
        (report, (middle(other.point for other in same if other is not report), math.nan))
        for same in houses.values()
        if len(same) > 1
        for report in same
    ]
    return scored("repeated reports of one house among themselves", answers)


def gazetteer(taught: Iterable[MeasuredReport], ground: MeasuredCity) -> Finder:
    """Return the finder that uses our gazetteer, after learning."""
    book = PlaceBook(learned(_observations(taught, ground), "bench"), ground.areas)

    def find(report: MeasuredReport) -> Answer:
        place = find_address(report.address, book, district=report.district or None).place
        return (place.point, place.radius_metres) if place else None

    return find


def baseline(taught: Iterable[MeasuredReport], ground: MeasuredCity) -> Finder:
    """Return the plain finder: the same spelling again, else the middle of the named village or district."""
    known: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for report in taught:
        known[report.district, report.address.spelling].append(report.point)
    by_name: dict[str, list[AreaPlace]] = defaultdict(list)
    for area in ground.areas:
        by_name[area.name].append(area)
    by_code = {area.code: area for area in ground.areas}

    def find(report: MeasuredReport) -> Answer:
        if same := known.get((report.district, report.address.spelling)):
            return middle(same), math.nan
        named = [area for name in reversed(report.address.areas) for area in by_name.get(name, [])]
        fitting = [area for area in named if not report.district or area.district == report.district]
        chosen = fitting[0] if fitting else by_code.get(report.district)
        return ((chosen.lon, chosen.lat), math.nan) if chosen else None

    return find


def score(name: str, reports: Sequence[MeasuredReport], find: Finder) -> Score:
    """Return the score of a finder on reports."""
    return scored(name, [(report, find(report)) for report in reports])


def scored(name: str, answers: Sequence[tuple[MeasuredReport, Answer]]) -> Score:
    """Return the score of answers by their distances from the reported points."""
    errors = [(metres(report.point, answer[0]), answer[1]) for report, answer in answers if answer]
    within = [sum(error <= bound for error, _ in errors) / len(answers) for bound in (NEAR, FAR)]
    in_radius = [error <= radius for error, radius in errors if not math.isnan(radius)]
    inside = sum(in_radius) / len(in_radius) if in_radius else math.nan
    half = median(error for error, _ in errors) if errors else math.nan
    return Score(name, len(answers), len(errors) / len(answers), within[0], within[1], half, inside)


def _fold(report: MeasuredReport) -> int:
    """Return the fifth that an address belongs to, the same for all reports of one house."""
    road = report.address.road
    house = f"{road.key} {report.address.numbers[:1]}" if road else report.address.spelling
    return hashlib.sha256(house.encode()).digest()[0] % FOLDS


def _observations(reports: Iterable[MeasuredReport], ground: MeasuredCity) -> Iterator[Observation]:
    for report in reports:
        named = [a.code for n in report.address.areas for a in ground.areas if a.is_district and a.name == n]
        if agrees(named, report.lies_in, partial(_distance, ground, shapely.Point(report.point))):
            yield Observation(report.address, report.point, report.lies_in, report.village)


def _distance(ground: MeasuredCity, point: BaseGeometry, code: str) -> float:
    return float(shapely.distance(ground.shapes[code], point))


def read_ground(path: Path) -> MeasuredCity:
    """Return the villages of a file and the districts that they form."""
    script = simplified()
    features = json.loads(gzip.decompress(path.read_bytes()))["features"]
    shapes: dict[str, BaseGeometry] = {}
    names: dict[str, str] = {}
    district_of: dict[str, str] = {}
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    for feature in features:
        properties = feature["properties"]
        village, district = properties["VILLCODE"], properties["TOWNCODE"]
        shapes[village] = repair(shape(feature["geometry"]))
        names |= {village: properties["VILLNAME"] or "", district: properties["TOWNNAME"]}
        district_of |= {village: district, district: district}
        parts[district].append(shapes[village])
    villages = dict(shapes)
    shapes |= {district: shapely.union_all(own) for district, own in parts.items()}
    areas = [
        _area(code, normalized(names[code], script), district_of[code], shapes[code]) for code in shapes if names[code]
    ]
    return MeasuredCity(AreaIndex(villages.items()), district_of, shapes, tuple(areas))


def _area(code: str, name: str, district: str, whole: BaseGeometry) -> AreaPlace:
    west, south, east, north = whole.bounds
    across = metres((west, south), (east, north))
    middle_of = whole.centroid
    return AreaPlace(code, name, code == district, middle_of.x, middle_of.y, across / 2, district)


def read_reports(path: Path, ground: MeasuredCity) -> list[MeasuredReport]:
    """Return the reports of a file with their addresses parsed."""
    import pyarrow.parquet as pq

    script = simplified()
    districts = {area.name: area.code for area in ground.areas if area.is_district}
    known = {area.name for area in ground.areas}
    columns = ["requested_datetime", "area", "address_string", "lat", "long"]
    reports = []
    for row in pq.read_table(path, columns=columns).to_pylist():
        village = ground.index.locate(row["long"], row["lat"]) or ""
        address = parse(row["address_string"] or "", script, known)
        district = districts.get(normalized(row["area"] or "", script), "")
        point = row["long"], row["lat"]
        lies_in = ground.district_of.get(village, "")
        reports.append(MeasuredReport(row["requested_datetime"][:10], address, point, district, lies_in, village))
    return reports
