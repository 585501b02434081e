"""The benches run to their end and tell their ratio; how fast they were is nobody's test."""

import re
import subprocess
from pathlib import Path

import pytest

from cityloop.entry.bench.survival.rounds import KINDS
from homes import CITYLOOP, settled_home


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city without cases, made once; every bench that needs a city copies it."""
    return settled_home(tmp_path_factory.mktemp("bench") / "home")


def bench(*arguments: str | Path) -> str:
    command = [*CITYLOOP, "bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.mark.weekly
def test_the_intake_bench_ends_with_its_ratio_and_every_acknowledged_report_is_kept_once(settled: Path) -> None:
    *_, kept, ratio = bench(
        "intake", "--copy-of", settled, "--stretches", "1", "--seconds", "1", "--connections", "2"
    ).splitlines()
    assert re.fullmatch(r"ratio to one insert: \d\.\d\d \(aim 0\.33\)", ratio)
    acknowledged, lost, refused = re.fullmatch(
        r"([\d,]+) acknowledged, (\d+) of them not kept once; (\d+) refused", kept
    ).groups()
    assert acknowledged != "0" and lost == "0" and refused == "0"


@pytest.mark.weekly
def test_the_queue_bench_tells_every_page_at_both_sizes_and_ends_with_its_ratio(settled: Path) -> None:
    *_, last_page, ratio = bench(
        "queue", "--copy-of", settled, "--cases", "300", "--small", "100", "--turns", "1"
    ).splitlines()
    assert re.fullmatch(r"ranking, handler +[\d.]+ ms +[\d.]+ ms +[\d.]+ +\d+", last_page)
    assert re.fullmatch(r"queue pages: ratio [\d.]+ \(.*\), \d+ queries \(.*\), [\d.]+ ms \(.*\)", ratio)


@pytest.mark.weekly
def test_the_actions_bench_ends_with_its_ratios(settled: Path) -> None:
    few = ("--stretches", "1", "--seconds", "0.5")
    *_, ratio = bench("actions", "--copy-of", settled, "--history", "300", *few).splitlines()
    assert re.fullmatch(r"ratio to bare rows: \d\.\d\d; to an empty city: \d\.\d\d", ratio)


@pytest.mark.weekly
def test_the_bulk_bench_ends_with_its_ratio(settled: Path) -> None:
    *_, ratio = bench("bulk", "--copy-of", settled, "--reports", "300").splitlines()
    assert re.fullmatch(r"ratio to a bare COPY: \d\.\d\d \(aim 0\.20\), to one into .*: \d\.\d\d", ratio)


def test_the_place_bench_tells_every_figure_beside_its_floor() -> None:
    arguments = ("--polygons", "300", "--points", "2000", "--single", "50", "--no-postgis")
    *figures, postgis, last = bench("place", *arguments).splitlines()
    assert len(figures) == 3 and all(re.search(r"/s +\d\.\d\d of bare rectangles", line) for line in figures)
    assert postgis == "PostGIS is not measured." and re.fullmatch(r"points: [\d,]+/s against 300 polygons \(.*\)", last)


@pytest.mark.weekly
def test_the_appraise_bench_tells_seconds_memory_and_its_ratio_for_units_and_streets() -> None:
    rows, units, streets, memory, last = bench("appraise", "--cases", "3000").splitlines()
    assert re.search(r"DuckDB [\d.]+; 3,000 cases, 1\d,\d+ tasks, ", rows)
    for line, by in ((units, "unit"), (streets, "street")):
        assert re.match(
            rf"by {by}: \d+ indicators, 12 months: [\d.]+ s .* cases/s, \d\.\d\d of a plain GROUP BY; ", line
        )
    assert re.match(r"peak memory: [1-9]\d* MiB", memory) and re.match(r"all units: [\d.]+ s for 3,000 cases", last)


def survive(settled: Path, *arguments: str) -> list[str]:
    """Return the lines that the survival bench prints; it must end with success."""
    command = [*CITYLOOP, "bench", "survive", "--copy-of", str(settled), "--connections", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


KILLED = re.compile(r"(\D+?) +(\d+)( +[\d.]+){6}")
ALL_KEPT = "0 lost, 0 doubled, 0 times not back by itself, 0 findings of verify"


def test_a_city_restarts_its_killed_processes_and_loses_nothing(settled: Path) -> None:
    _, _, *rounds, acknowledged, last = survive(settled, "--rounds", "4", "--seed", "55")
    assert {KILLED.fullmatch(line)[1] for line in rounds} == {"web worker", "announcer", "worker", "database"}
    assert re.match(r"[1-9][\d,]* reports acknowledged, ", acknowledged)
    assert last == ALL_KEPT


@pytest.mark.weekly
def test_a_city_comes_back_from_kills_of_every_kind_of_process_and_of_all_at_once(settled: Path) -> None:
    _, _, *rounds, _, last = survive(settled, "--rounds", str(len(KINDS)))
    assert {KILLED.fullmatch(line)[1]: KILLED.fullmatch(line)[2] for line in rounds} == dict.fromkeys(KINDS, "1")
    assert last == ALL_KEPT


@pytest.mark.weekly
def test_the_spikes_bench_takes_every_case_to_its_end_without_an_error(settled: Path) -> None:
    few = ("--cases", "300", "--rate", "2", "--seconds", "5", "--pages")
    _, calm, spike, valley, normal, closed, memory, _, _, ratio = bench(
        "spikes", "--copy-of", settled, *few
    ).splitlines()
    for line, rate in ((calm, 1), (spike, 2), (valley, 1)):
        assert re.search(
            rf": {rate} cases/s begun, [\d.]+/s closed; p50 [\d,]+ ms, p95 [\d,]+ ms; .*(\d+ ){{4}}\d+$", line
        )
    assert re.fullmatch(r"valley 1: p95 normal again (never|after 0 s) \(aim 10 s\)", normal)
    assert closed.startswith("20 cases closed; errors: none (aim none), 0 unfinished, 0 times asked to come back")
    assert re.fullmatch(r"memory: [\d,]{3,} MiB in \d\d processes, with the database", memory)
    assert re.fullmatch(r"ratio to an empty city: \d+\.\d\d \(aim 0\.80\), by processor time \d+\.\d\d", ratio)
