"""The ratios kept in docs/reference/performance.md are read as they were written, and one that fell is told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.errors import NotPossible
from cityloop.entry.bench import weekly
from cityloop.entry.bench.command import bench
from cityloop.entry.bench.ratios import Ratio, compared, keep, parse, render

PAGE = "# Performance\n\n## Kept ratios\n\nWords before it.\n\n| ratio | kept | must reach |\n|---|---|---|\n\nAfter.\n"
POSITIVE = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
NAMES = st.sampled_from(["intake: to single inserts", "bulk: to a COPY, with indexes", "place: one"])
RATIOS = st.lists(st.builds(Ratio, NAMES, POSITIVE, st.none() | POSITIVE), max_size=3)


@given(RATIOS, RATIOS)
def test_kept_ratios_are_read_as_they_were_written_and_the_words_around_them_stay(
    before: list[Ratio], now: list[Ratio]
) -> None:
    page = render(render(PAGE, before), now)
    assert parse(page) == now
    assert render(page, []) == PAGE


def test_a_ratio_that_fell_further_than_tolerated_is_a_slip_and_one_below_its_aim_misses_it() -> None:
    kept = [Ratio("intake: to single inserts", 0.40), Ratio("bulk: to a bare COPY", 0.06), Ratio("place: one", 0.5)]
    now = [
        Ratio("intake: to single inserts", 0.33, 0.33),
        Ratio("bulk: to a bare COPY", 0.06, 0.20),
        Ratio("place: one", 0.43),
        Ratio("new: one", 2.0, 1.0),
    ]
    lines = compared(now, kept, 0.15)
    assert [(line.is_slip, line.misses_aim) for line in lines] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]
    words = [line.line for line in lines]
    assert words[0].split()[-6:] == ["0.33", "0.4", "0.33", "slipped", "by", "18%"]
    assert words[1].endswith("misses its aim") and words[2].split()[-3:] == ["0.43", "0.5", "-"]


def test_keeping_replaces_what_was_measured_and_leaves_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(render(PAGE, [Ratio("a: one", 1.0), Ratio("b: one", 2.0, 1.5)]), "utf-8")
    keep(page, [Ratio("b: one", 1.23456, 1.5), Ratio("c: one", 0.5)])
    assert parse(page.read_text("utf-8")) == [Ratio("a: one", 1.0), Ratio("b: one", 1.23, 1.5), Ratio("c: one", 0.5)]


@pytest.mark.parametrize("page", ["# Performance\n", PAGE.replace("|---|\n", "|---|\n| a: one | fast | |\n")])
def test_a_page_without_a_readable_table_is_refused(page: str) -> None:
    with pytest.raises(NotPossible, match="kept ratios cannot be read"):
        parse(page)


def test_the_shipped_page_keeps_a_ratio_of_every_benchmark() -> None:
    kept = parse(weekly.PAGE.read_text("utf-8"))
    assert {ratio.name.partition(":")[0] for ratio in kept} == set(weekly.WEEKLY)
    assert set(weekly.WEEKLY) == set(bench.commands) - {"all", "survive"}  # survive counts what is lost, no ratio


def test_bench_all_exits_with_1_on_a_slip_and_on_a_benchmark_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, measured = tmp_path / "page.md", {"place": [Ratio("place: one", 0.4)], "bulk": []}
    page.write_text(render(PAGE, [Ratio("place: one", 0.5)]), "utf-8")
    monkeypatch.setattr(weekly, "run", measured.__getitem__)

    def all_benches(*options: str) -> tuple[int, str]:
        result = CliRunner().invoke(bench, ["all", "--page", str(page), *options])
        return result.exit_code, result.output

    code, output = all_benches("--only", "place")
    assert code == 1 and "slipped by 20%" in output
    assert all_benches("--only", "place", "--slip", "0.25")[0] == 0
    assert all_benches("--only", "place", "--exit-zero", "--keep")[0] == 0
    assert all_benches("--only", "place")[0] == 0  # compared with what was kept a moment ago
    code, output = all_benches("--only", "bulk")
    assert code == 1 and "bulk: not measured" in output


def test_a_benchmark_writes_its_ratios_as_json(tmp_path: Path) -> None:
    few = ["place", "--polygons", "100", "--points", "200", "--single", "10", "--no-postgis"]
    file = tmp_path / "ratios.json"
    assert CliRunner().invoke(bench, ["--ratios", str(file), *few]).exit_code == 0
    names = [Ratio(**row).name for row in json.loads(file.read_text("utf-8"))]
    assert names[0] == "place: all areas of many places, to bare rectangles" and len(names) == 3
