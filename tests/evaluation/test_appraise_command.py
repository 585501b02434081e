"""`cityloop appraise` as its user sees it: figures of a city and of a folder, past ones, files, refusals."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.conf import settings as django_settings

from cityloop.core.indicators.indicator import FigureCount
from cityloop.entry.command_line import main
from cityloop.evaluation import actions
from cityloop.evaluation.facts.files import FactFolder
from cityloop.evaluation.indicators.appraising import Appraisal
from cityloop.registry.packs.reading import SHIPPED
from cityloop.runtime.models import Event
from example import NOW
from fact_folders import AS_OF, kept
from scenarios.conftest import Desks

MONTH = f"{NOW:%Y-%m}"


def appraise(*words: str) -> Result:
    return CliRunner().invoke(main, ["appraise", *words])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of facts that belong to no city, in the working directory; no database can be reached."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CITYLOOP_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    kept(tmp_path / "facts")
    return tmp_path


@pytest.fixture
def home(tmp_path: Path, settings: object) -> Path:
    """A home with facts of its own; the keys are those of the test run."""
    (tmp_path / "keys").symlink_to(django_settings.CITYLOOP.home_folder / "keys")
    settings.CITYLOOP = replace(django_settings.CITYLOOP, home=str(tmp_path))  # type: ignore[attr-defined]
    return tmp_path


def figures(folder: Path, *words: str) -> Appraisal:
    """Return the figures that the command counts."""
    answer = appraise(*words, "--out", str(folder / "figures.json"))
    assert answer.exit_code == 0, answer.output
    return Appraisal.read((folder / "figures.json").read_text("utf-8"))


def test_figures_of_a_city_are_counted_from_facts_taken_when_there_are_none(home: Path, desks: Desks) -> None:
    desks.problem(closed=True)
    answer = appraise("--period", MONTH, "--by", "district", "--indicator", "register", "--indicator", "archive_rate")
    assert answer.exit_code == 0, answer.output
    assert "This city has no facts yet: exporting them." in answer.stderr
    assert Event.objects.filter(name="FactsExported").count() == 1
    rows = [line.split() for line in answer.stdout.splitlines()]
    assert [MONTH, "北区", "671001", "立案数", "1"] in rows
    assert ["结案率", "100.00%", "1", "1"] in rows and [MONTH, "合计", "立案数", "1"] in rows


def test_persons_have_their_names_and_posts_their_titles(home: Path, desks: Desks) -> None:
    desks.problem()
    output = appraise("--period", MONTH, "--by", "post", "--by", "person", "--indicator", "dispatch").stdout
    assert "派遣员 · 监督指挥中心 dispatcher@centre" in output
    name = desks.people["dispatcher"].name
    assert f"{name} {desks.people['dispatcher'].account}" in output


def test_past_facts_are_counted_as_they_were(home: Path, desks: Desks) -> None:
    before = actions.export_facts(NOW + timedelta(minutes=1))
    desks.problem()
    after = actions.export_facts(NOW + timedelta(minutes=2))
    asked = ("--period", MONTH, "--indicator", "register")
    now = figures(home, *asked)
    assert (now.facts, now.whole[MONTH]["register"]) == (after.digest, FigureCount(Fraction(1)))
    for name in (before.name, before.digest):
        past = figures(home, *asked, "--edition", name)
        assert (past.facts, past.whole[MONTH]["register"]) == (before.digest, FigureCount(Fraction(0)))
    answer = appraise("--edition", "yesterday")
    assert answer.exit_code == 1 and "There is no edition yesterday in this folder of facts" in answer.stderr


def test_facts_of_a_folder_need_neither_city_nor_database(folder: Path) -> None:
    answer = appraise("--facts", "facts", "--period", "2026-06", "--by", "unit")
    assert answer.exit_code == 0, answer.output
    assert (
        "按期处置率" in answer.stdout
        and "roads-1" in answer.stdout
        and "数据时点: 2026-08-01 08:00:00" in answer.stdout
    )
    found = figures(folder, "--facts", "facts", "--by", "unit")
    assert found.asking.periods == ("2026-08",)  # the month of the facts
    assert set(found.asking.indicators) == set(found.whole["2026-08"]) and len(found.asking.indicators) > 20
    assert "report" not in found.asking.indicators  # it speaks of no unit


def test_the_command_counts_what_its_options_request(folder: Path) -> None:
    words = "--period 2026-06 --period 2026-06 --by district --only unit=roads-1 --only unit= --indicator register"
    found = figures(folder, "--facts", "facts", *words.split(), "--month-begins-on", "19", "--day-begins-at", "12:00")
    assert found.asking.plain == {
        "indicators": ["register"],
        "periods": ["2026-06"],
        "by": ["district"],
        "only": {"unit": ["roads-1", None]},
        "month_begins_on": 19,
        "day_begins_at": "12:00",
    }


def test_a_folder_with_indicators_is_a_book(folder: Path) -> None:
    text = (SHIPPED / "gbt30428-4" / "indicators.yaml").read_text("utf-8")
    (folder / "ours").mkdir()
    (folder / "ours" / "indicators.yaml").write_text(
        text.replace("in_period(filed_at)", "in_period(reported_at)"), "utf-8"
    )
    asked = ("--facts", "facts", "--period", "2026-06", "--indicator", "register")
    ours, theirs = figures(folder, *asked, "--book", "ours"), figures(folder, *asked)
    assert (ours.pack, theirs.pack) == ("ours", "gbt30428-4") and ours.book != theirs.book
    assert ours.whole != theirs.whole


def test_figures_are_written_as_a_table_a_workbook_or_counts(folder: Path) -> None:
    asked = ("--facts", "facts", "--period", "2026-06", "--by", "district", "--indicator", "dispose_in_time_rate")
    for name in ("a.csv", "a.xlsx", "a.json"):
        answer = appraise(*asked, "--out", name)
        assert (answer.exit_code, answer.stdout) == (0, f"{name} contains the figures.\n")
    table = (folder / "a.csv").read_text("utf-8-sig")
    assert [row[2] for row in csv.reader(io.StringIO(table))] == ["区县代码", "490101", "490102", "", ""]
    assert (folder / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf") and (folder / "a.xlsx").read_bytes()[:2] == b"PK"
    assert json.loads((folder / "a.json").read_text("utf-8"))["format"] == "cityloop-appraisal/1"
    lost = appraise(*asked, "--out", "nowhere/a.csv")
    assert lost.exit_code == 1 and "nowhere/a.csv cannot be written" in lost.stderr


def test_a_run_saved_by_the_command_is_counted_again_without_city_or_database(folder: Path) -> None:
    saved = appraise("--facts", "facts", "--period", "2026-06", "--by", "unit", "--save", "run")
    assert saved.exit_code == 0, saved.output
    (digest,) = [line.split()[1] for line in saved.stderr.splitlines() if line.startswith("figures ")]
    again = appraise("--recompute", "run")
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, f"the same: {digest}")
    twice = appraise("--facts", "facts", "--save", "run")
    assert twice.exit_code == 1 and "run already exists. A run never replaces another." in twice.stderr


def test_indicators_are_listed_with_their_formulas_and_printed_with_their_sql(folder: Path) -> None:
    listed = appraise("--list").stdout
    assert "立案率 = 立案数 ÷ 应立案数 × 100%（不计：作废）" in listed and "SELECT" not in listed
    assert listed.count("GB/T 30428.4-2016") == 78
    output = appraise("--formula", "need_dispose:by_due", "--language", "en").stdout
    assert output.startswith("need_dispose:by_due  应处置数 · To be handled")
    assert "without voided: voided_at IS NOT NULL" in output and "in_period(due_at)" in output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--book", "nonsense"],
            "No pack nonsense has indicators, and no folder of that name contains an indicators.yaml.",
        ),
        (["--indicator", "nonsense"], "indicator: There is no indicator nonsense."),
        (
            ["--by", "nonsense"],
            "--by: No indicator of gbt30428-4 can be broken down by nonsense. The columns are: procedure, source",
        ),
        (["--only", "district"], "--only: district: write a column and a value, such as district=671001."),
        (["--period", "June"], "period: June is not a period. Write 2026, 2026-H1"),
        (["--day-begins-at", "noon"], "--day-begins-at: noon is not a time of day. Write it as 12:00."),
        (["--edition", "20250101T000000Z"], "There is no edition 20250101T000000Z in this folder of facts."),
    ],
)
def test_a_request_that_cannot_be_counted_is_refused_with_the_reason(
    folder: Path, words: list[str], message: str
) -> None:
    answer = appraise("--facts", "facts", *words)
    assert (answer.exit_code, answer.stdout) == (1, "") and isinstance(answer.exception, SystemExit)
    assert any(line.startswith(message) for line in answer.stderr.splitlines()), answer.stderr


def test_a_folder_without_facts_is_refused_with_the_reason(folder: Path) -> None:
    (folder / "nothing").mkdir()
    answer = appraise("--facts", "nothing")
    assert answer.exit_code == 1 and "There are no facts in nothing." in answer.stderr


def test_wrong_usage_is_a_usage_error(folder: Path) -> None:
    for words in (["--out", "figures.pdf"], ["--month-begins-on", "31"], ["--facts", "nowhere"]):
        assert appraise("--facts", "facts", *words).exit_code == 2


def test_an_indicator_that_does_not_fit_the_grouping_is_counted_with_a_warning(folder: Path) -> None:
    answer = appraise("--facts", "facts", "--by", "person", "--indicator", "need_dispose")
    assert answer.exit_code == 0
    assert "need_dispose is meant for area, department; broken down by person it may mislead." in answer.stderr


def test_the_newest_facts_of_a_folder_are_counted_and_older_ones_by_name(folder: Path) -> None:
    facts = FactFolder(folder / "facts")
    (first,) = facts.editions()
    facts.save(replace(first, as_of=AS_OF + timedelta(days=1)))
    asked = ("--facts", "facts", "--period", "2026-06", "--indicator", "register")
    assert figures(folder, *asked).as_of == AS_OF + timedelta(days=1)
    assert figures(folder, *asked, "--edition", first.name).facts == first.digest
