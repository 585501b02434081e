"""A real hotline's half year, imported by commands, handled in a browser, ranked: figures agree with a second count."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from playwright.sync_api import Page, expect
from shapely.geometry import shape

from data.test_tainan import AREAS, MAPPING, REPORTS, VILLAGES
from e2e.browser import City, Desks, desks, do, find, pictured, script, served

PASSWORD = "tainan-loop-2016"
PEOPLE = {  # role: (name, unit); the role is the user name too
    "operator": ("林受理", "centre"),
    "duty_officer": ("陳值班", "centre"),
    "dispatcher": ("黃派遣", "centre"),
    "handler": ("張處置", "works"),
    "collector": ("李監督", "collectors"),
    "leader": ("王領導", "centre"),
}
UNITS = """
from cityloop.registry.organisation.actions import enter_units
from cityloop.runtime.clock import now
enter_units({"centre": "监督指挥中心", "collectors": "信息采集队"}, "test", now(), handles=False)
enter_units({"works": "工務局養護工程處"}, "test", now())
"""
WORKED = ("路燈故障", "道路維修", "髒亂及汙染")  # one case of each of these kinds goes through the loop

pytestmark = [
    pytest.mark.browser,
    pytest.mark.data,
    pytest.mark.skipif(not REPORTS.exists(), reason=f"no real data: CITYLOOP_DATA names no folder with {REPORTS.name}"),
]


@dataclass(frozen=True)
class Row:
    """One report of the file, with the district calculated by this test and not by the city."""

    external_id: str
    kind: str | None
    month: str
    district: str | None


@pytest.fixture(scope="module", params=[20, pytest.param(1, marks=pytest.mark.weekly)])
def share(request: pytest.FixtureRequest) -> int:
    """Every twentieth report is taken, and one case worked; once a week all of them, and three."""
    return int(request.param)


@pytest.fixture(scope="module")
def reports(share: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("reports") / REPORTS.name
    table = pq.read_table(REPORTS)
    pq.write_table(table.take(list(range(0, table.num_rows, share))), file)
    return file


@pytest.fixture(scope="module")
def rows(reports: Path) -> list[Row]:
    columns = ["service_request_id", "service_name", "requested_datetime", "long", "lat"]
    table = pq.read_table(reports, columns=columns).to_pydict()
    districts = districts_of(np.round(np.column_stack([table["long"], table["lat"]]), 7))
    return [
        Row(*row[:2], row[2][:7], district) for *row, district in zip(*list(table.values())[:3], districts, strict=True)
    ]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, reports: Path) -> Iterator[City]:
    folder = tmp_path_factory.mktemp("tainan")
    with served(folder / "home", "serve") as city:
        enter(city, folder, reports)
        yield city


@pytest.fixture(scope="module")
def at(city: City) -> Iterator[Desks]:
    with desks(city, PASSWORD) as at:
        yield at


@pytest.fixture(autouse=True)
def _pictures(request: pytest.FixtureRequest, at: Desks, tmp_path: Path) -> Iterator[None]:
    with pictured(request.session, at, tmp_path):
        yield


@pytest.mark.weekly
def test_every_district_of_every_month_is_ranked_with_the_number_of_its_reports(at: Desks, rows: list[Row]) -> None:
    by_month: dict[str, Counter[str]] = {}
    for row in rows:
        by_month.setdefault(row.month, Counter())[row.district or "区县待定"] += 1
    assert sorted(by_month) == [f"2016-0{month}" for month in range(1, 7)]
    for month, counted in by_month.items():
        assert +column(at.of("leader"), month, "上报") == counted


def test_real_reports_are_closed_and_counted_in_their_districts_and_month(
    at: Desks, rows: list[Row], share: int
) -> None:
    kinds = WORKED if share == 1 else WORKED[:1]
    chosen = [next(row for row in rows if row.kind == kind and row.district) for kind in kinds]
    numbers = [work(at, row) for row in chosen]
    leader = at.of("leader")
    assert +column(leader, "", "结案") == Counter(row.district for row in chosen)
    assert +column(leader, "", "按期结案") == Counter(row.district for row in chosen)
    for row, number in zip(chosen, numbers, strict=True):
        column(leader, "", "结案")
        leader.locator("tbody tr").filter(has_text=row.district).get_by_role("link").nth(2).click()
        expect(leader.get_by_role("link", name=number)).to_be_visible()


def enter(city: City, folder: Path, reports: Path) -> None:
    """Import areas, units, people and reports into the running city, as its administrator does."""
    (folder / "areas.yaml").write_text(AREAS, encoding="utf-8")
    (folder / "hotline.yaml").write_text(MAPPING, encoding="utf-8")
    city.command("import", "areas", str(VILLAGES), "--mapping", str(folder / "areas.yaml"))
    script(city.home, UNITS)  # no command enters units yet
    for role, (name, unit) in PEOPLE.items():
        words = ["--full-name", name, "--role", role, "--unit", unit, "--password", PASSWORD]
        city.command("user", "add", role, *words)
    output = city.command("import", "reports", str(reports), "--mapping", str(folder / "hotline.yaml"))
    rows = pq.ParquetFile(reports).metadata.num_rows
    assert f"created {rows:,}, already known 0, conflicts 0, rejected 0" in output


def districts_of(points: np.ndarray) -> list[str | None]:
    """Return the name of the district of each point; where two villages meet, the smaller code has the point."""
    features = json.loads(gzip.decompress(VILLAGES.read_bytes()))["features"]
    features.sort(key=lambda feature: feature["properties"]["VILLCODE"])
    tree = shapely.STRtree([shapely.make_valid(shape(feature["geometry"])) for feature in features])
    first: dict[int, int] = {}
    for point, village in tree.query(shapely.points(points), predicate="intersects").T.tolist():
        first[point] = min(village, first.get(point, village))
    names = [feature["properties"]["TOWNNAME"] for feature in features]
    return [names[first[place]] if place in first else None for place in range(len(points))]


def work(at: Desks, row: Row) -> str:
    """Take one case from its report to its end; each person does their own steps."""
    desk = case_at(at, "operator", row)
    number = desk.locator(".cl-crumbs [aria-current]").inner_text()
    expect(desk.locator(".cl-case-facts")).to_contain_text(str(row.district))
    do(desk, "受理", "待立案")
    do(case_at(at, "duty_officer", row), "立案", "待派遣")
    do(case_at(at, "dispatcher", row), "派遣", "处置中", 处置单位="工務局養護工程處")
    do(case_at(at, "handler", row), "反馈处置结果", "待核查", 处置结果="已到場處理完畢。")
    do(case_at(at, "collector", row), "核查通过", "待结案", 核查情况="現場已恢復。")
    do(case_at(at, "duty_officer", row), "结案", "已结案")
    return number


def case_at(at: Desks, username: str, row: Row) -> Page:
    """Open the case in the person's window, found by the number that the hotline gave it."""
    page = at.of(username)
    find(page, row.external_id)
    expect(page.locator(".cl-case-facts")).to_contain_text(row.external_id)
    return page


def column(page: Page, month: str, title: str) -> Counter[str]:
    """Return one column of a month's ranking by district; "" is the present month."""
    page.goto(f"/figures/districts/?month={month}")
    heads = page.locator("thead th").all_inner_texts()
    cells = [row.locator("th, td").all_inner_texts() for row in page.locator("tbody tr").all()]
    return Counter({row[heads.index("区县")]: int(row[heads.index(title)]) for row in cells})
