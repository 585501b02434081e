"""Real histories of three other systems, imported by the mappings of the how-to: their figures agree with the files.

Sources: Boston's 311 service requests of 2013 and 2014 (data.boston.gov); Tainan's hotline 1999 of the first half of
2016 (data.tainan.gov.tw); the first 2,000 incidents of an IT service desk's log (UCI, incident management process).
"""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from cityloop.entry.command_line import main
from cityloop.evaluation.facts.files import Edition, FactFolder
from cityloop.evaluation.indicators import figures
from cityloop.evaluation.indicators.figures import Figures
from cityloop.evaluation.indicators.texts import read_book
from cityloop.evaluation.measures import engine
from cityloop.evaluation.measures.compiling import Question
from cityloop.evaluation.periods import Rhythm, read_period
from cityloop.registry.packs.reading import SHIPPED

PROJECT = Path(__file__).resolve().parents[2]
FILES = Path(os.environ.get("CITYLOOP_DATA") or PROJECT.parent / "shared" / "data")
MAPPINGS = PROJECT / "docs" / "how-to" / "histories"
BOSTON = FILES / "boston311_animal_2013-2014.parquet"
TAINAN = FILES / "tainan1999_2016H1.parquet"
INCIDENTS = FILES / "itsm_first2000.parquet"
BOOK = read_book(SHIPPED / "service-requests")
CLOSED = ("Resolved", "Closed")

Facts = tuple[FactFolder, Edition, str]  # with the output of the command

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(
        not all(path.exists() for path in (BOSTON, TAINAN, INCIDENTS)), reason="no real data: CITYLOOP_DATA names none"
    ),
]


def imported(file: Path, mapping: str, folder: Path) -> Facts:
    arguments = ["import", "history", str(file), "--mapping", str(MAPPINGS / mapping), "--to", str(folder)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    facts = FactFolder(folder)
    (edition,) = facts.editions()
    assert list(facts.faults(edition)) == []
    return facts, edition, result.stdout


@pytest.fixture(scope="module")
def boston(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return imported(BOSTON, "boston-311.yaml", tmp_path_factory.mktemp("boston"))


@pytest.fixture(scope="module")
def tainan(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return imported(TAINAN, "tainan-1999.yaml", tmp_path_factory.mktemp("tainan"))


@pytest.fixture(scope="module")
def incidents(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return imported(INCIDENTS, "itsm-incidents.yaml", tmp_path_factory.mktemp("incidents"))


def counted(facts: Facts, codes: Sequence[str], periods: Sequence[str], *by: str) -> Figures:
    """Return figures of imported facts, counted as a ranking does."""
    folder, edition, _ = facts
    zone = ZoneInfo(edition.zone)
    chosen = [BOOK.indicators[code.partition(":")[0]].chosen(code.partition(":")[2] or None) for code in codes]
    question = Question(tuple(read_period(period, Rhythm(zone)) for period in periods), edition.as_of, zone, by)
    with engine.opened(folder.files(edition), folder.path) as connection:
        found = engine.counted(connection, figures.asked(BOOK, chosen, question), len(by))
    return Figures(dict(zip(codes, chosen, strict=True)), found)


def rows_of(facts: Facts, relation: str) -> list[dict[str, Any]]:
    folder, edition, _ = facts
    return [row for part in edition.parts if part.relation == relation for row in folder.table(part).to_pylist()]


def test_the_on_time_share_of_boston_agrees_with_its_own_flags_and_leaves_out_requests_without_a_target(
    boston: Facts,
) -> None:
    rows = pq.read_table(BOSTON).to_pylist()
    judged = [row for row in rows if row["sla_target_dt"] and row["closed_dt"]]
    untargeted = [row for row in rows if row["closed_dt"] and not row["sla_target_dt"]]
    flagged = sum(row["on_time"] == "ONTIME" for row in judged)
    assert 0 < flagged < len(judged)
    assert untargeted
    codes = (
        "on_time",
        "with_target",
        "without_target",
        "told_on_time:with_target",
        "told_on_time:without_target",
        "on_time_rate",
        "on_time_rate:told_with_target",
    )
    found = counted(boston, codes, ["2013-01-01..2021-12-31"])
    counts = {code: int(found.tally(code).numerator) for code in codes}
    assert counts["on_time"] == counts["told_on_time:with_target"] == flagged
    assert counts["with_target"] == len(judged)
    assert counts["without_target"] == len(untargeted)
    assert counts["told_on_time:without_target"] == sum(row["on_time"] == "ONTIME" for row in untargeted)
    assert found.tally("on_time_rate") == found.tally("on_time_rate:told_with_target")
    assert found.tally("on_time_rate").denominator == len(judged)


def test_every_request_of_boston_met_its_target_exactly_if_its_flag_says_so(boston: Facts) -> None:
    cases = rows_of(boston, "cases")
    assert len(cases) == pq.ParquetFile(BOSTON).metadata.num_rows
    judged = [case for case in cases if case["due_at"] and case["closed_at"]]
    assert all((case["closed_at"] <= case["due_at"]) is case["told_in_time"] for case in judged)
    open_late = [case for case in cases if case["due_at"] and not case["closed_at"] and not case["told_in_time"]]
    assert int(counted(boston, ["overdue"], ["2021"]).tally("overdue").numerator) == len(open_late) > 0


def test_moments_of_boston_are_in_its_local_time(boston: Facts) -> None:
    zone = ZoneInfo("America/New_York")
    known = {case["case_number"]: case for case in rows_of(boston, "cases")}
    opening = Counter[str]()
    for row in pq.read_table(BOSTON).to_pylist():
        published = datetime.fromisoformat(row["open_dt"])
        local = known[row["case_enquiry_id"]]["reported_at"].replace(tzinfo=UTC).astimezone(zone)
        # Published times lag by the offset of Boston from UTC: four hours in summer, five in winter.
        lag = local.replace(tzinfo=None) - published
        assert lag == timedelta(hours=4 if local.dst() else 5) or is_at_a_change(local)
        if due := known[row["case_enquiry_id"]]["due_at"]:
            opening[f"{due.replace(tzinfo=UTC).astimezone(zone):%H:%M:%S}"] += 1
    assert opening.most_common(1)[0][0] == "08:30:00"


def is_at_a_change(moment: datetime) -> bool:
    """Return whether clocks change within some hours of a moment."""
    hours = timedelta(hours=6)
    return (moment - hours).utcoffset() != (moment + hours).utcoffset()


def rows_by_incident() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in pq.read_table(INCIDENTS).to_pylist():
        found[row["number"]].append(row)
    return found


def test_reassignments_reopenings_and_made_sla_are_those_of_the_log(incidents: Facts) -> None:
    ends = {number: rows[-1] for number, rows in rows_by_incident().items()}
    cases = {case["case_number"]: case for case in rows_of(incidents, "cases")}
    assert cases.keys() == ends.keys()
    for number, row in ends.items():
        case = cases[number]
        assert case["reassignments"] == int(row["reassignment_count"])
        assert case["reopenings"] == int(row["reopen_count"])
        assert case["told_in_time"] is (row["made_sla"] == "true")
    found = counted(incidents, ["reassigned", "reopened", "told_on_time", "told", "closed"], ["2016", "2017"])
    sums = {code: sum(int(found.tally(code, year).numerator) for year in (0, 1)) for code in found.indicators}
    assert sums == {
        "reassigned": sum(int(row["reassignment_count"]) for row in ends.values()),
        "reopened": sum(int(row["reopen_count"]) for row in ends.values()),
        "told_on_time": sum(row["made_sla"] == "true" for row in ends.values()),
        "told": len(ends),
        "closed": len(ends),
    }


def test_the_updates_show_what_the_log_counts_except_where_a_unit_changed_unseen(
    incidents: Facts, tmp_path: Path
) -> None:
    """The log counts each change of the group, also to none and from none; some are counted but not shown."""
    mapping = (MAPPINGS / "itsm-incidents.yaml").read_text("utf-8").splitlines()
    shown = [line for line in mapping if not line.startswith(("  reassignments:", "  reopenings:"))]
    (tmp_path / "shown.yaml").write_text("\n".join(shown), "utf-8")
    facts = imported(INCIDENTS, str(tmp_path / "shown.yaml"), tmp_path / "facts")
    by_updates = {case["case_number"]: case for case in rows_of(facts, "cases")}
    unseen = 0
    for number, rows in rows_by_incident().items():
        rises = [
            int(now["reassignment_count"]) - int(before["reassignment_count"])
            for before, now in pairwise(rows)
            if now["assignment_group"] == before["assignment_group"]
        ]
        assert by_updates[number]["reassignments"] == int(rows[-1]["reassignment_count"]) - sum(rises)
        assert by_updates[number]["reopenings"] == int(rows[-1]["reopen_count"])
        unseen += any(rises)
    assert 0 < unseen < 20
    assert f"In {unseen} of the cases the updates show another number of reassignments" in incidents[2]
    assert "reopenings" not in incidents[2]


def test_tasks_passages_and_events_of_an_incident_are_its_groups_states_and_changes(incidents: Facts) -> None:
    log = rows_by_incident()
    events = Counter((event["case_number"], event["name"]) for event in rows_of(incidents, "events"))
    passages: dict[str, list[str]] = defaultdict(list)
    for passage in rows_of(incidents, "passages"):
        passages[passage["case_number"]].append(passage["stage"])
    holders: dict[str, set[str]] = defaultdict(set)
    for task in rows_of(incidents, "tasks"):
        assert (task["kind"], task["open_until"] is not None) == ("handle", True)
        holders[task["case_number"]].add(task["unit"])
    for number, rows in log.items():
        states = [row["incident_state"] for row in rows]
        assert passages[number] == [state for state, after in pairwise([*states, None]) if state != after]
        assert events[number, "CaseReassigned"] == int(rows[-1]["reassignment_count"])
        assert events[number, "CaseReopened"] == int(rows[-1]["reopen_count"])
        worked = {row["assignment_group"] for row in rows if row["incident_state"] not in CLOSED}
        assert worked - {"?"} <= holders[number]


def test_counts_of_tainan_by_district_month_and_category_are_those_of_the_file(tainan: Facts) -> None:
    districts = {
        "東 區": "東區",
        "南 區": "南區",
        "北 區": "北區",
        "中西": "中西區",
        "新營": "新營區",
        "玉井": "玉井區",
    }
    districts |= {"七股趨": "七股區"}
    expected = Counter[tuple[int, str | None, str | None]]()
    for row in pq.read_table(TAINAN).to_pylist():
        district = districts.get(row["area"], row["area"])
        if district and district.startswith("永康區"):
            district = "永康區"
        expected[int(row["requested_datetime"][5:7]) - 1, district, row["service_name"]] += 1
    months = [f"2016-{month:02}" for month in range(1, 7)]
    found = counted(tainan, ["reported"], months, "district", "category")
    counts = {(number, *key): int(found.tally("reported", number, key).numerator) for number, key in found.counted}
    assert counts == expected
    assert sum(counts.values()) == pq.ParquetFile(TAINAN).metadata.num_rows


def test_the_false_hot_spots_of_tainan_are_listed_with_their_districts_and_no_true_one_is(tainan: Facts) -> None:
    output = tainan[2]
    piles: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in pq.read_table(TAINAN).to_pylist():
        piles[f"{row['long']:.7f}", f"{row['lat']:.7f}"].append(row)
    for (lon, lat), rows in piles.items():
        addresses = {"".join(row["address_string"].split()) for row in rows}
        if len(rows) >= 10 and len(addresses) > len(rows) / 2:
            assert f"  {lon} {lat}: {len(rows)} cases" in output
        if len(addresses) < 5:
            assert f"{lon} {lat}" not in output
    # The point in the middle of the map for addresses that were not found: several districts have the same point.
    assert "120.2129659 22.9971637: 20 cases (新營區 8, 永康區 8, 中西區 2, 東區 2)" in output
    assert "false hot spots, where the addresses name too many streets: 5, with 107 cases" in output


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
