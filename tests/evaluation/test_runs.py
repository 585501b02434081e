"""A saved run counted again, as a stranger would: the same, or every difference with its own sentence."""

import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from cityloop.core.errors import NotPossible
from cityloop.core.indicators.indicator import FigureCount
from cityloop.entry.command_line import main
from cityloop.evaluation.facts.files import FactFolder
from cityloop.evaluation.indicators.appraising import Appraisal, Asking
from cityloop.evaluation.indicators.counting import appraised
from cityloop.evaluation.indicators.runs import recounted, save
from cityloop.evaluation.indicators.texts import read_book
from cityloop.registry.packs.reading import SHIPPED
from fact_folders import kept

BOOK = read_book(SHIPPED / "gbt30428-4")
ASKED = Asking(("register", "dispose_in_time_rate", "rework:cases"), ("2026-05", "2026-06"), ("district",))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as it was saved."""
    folder = tmp_path_factory.mktemp("city")
    facts, edition = kept(folder / "facts")
    save(appraised(facts, edition, "gbt30428-4", BOOK, ASKED, folder), BOOK, facts, edition, folder / "run")
    return folder / "run"


@pytest.fixture
def run(saved: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    return shutil.copytree(saved, tmp_path / "run")


def recompute(folder: Path) -> Result:
    return CliRunner().invoke(main, ["appraise", "--recompute", str(folder)])


def edit(path: Path, original: str, replacement: str) -> None:
    words = path.read_text("utf-8")
    assert original in words
    path.write_text(words.replace(original, replacement, 1), "utf-8")


def part(run: Path, relation: str) -> Path:
    """Return a file with rows of a relation."""
    return max((run / "facts" / "parts" / relation).iterdir(), key=lambda path: pq.read_metadata(path).num_rows)


def test_a_run_counted_again_elsewhere_is_the_same(run: Path, saved: Path, tmp_path: Path) -> None:
    found = recounted(run, tmp_path)
    assert found.is_same and len(found.saved.lines) == 6
    answer = recompute(run)
    assert answer.exit_code == 0
    assert answer.stdout.startswith(
        f"the same: {found.saved.digest}\ncounted from the facts {found.saved.facts} of 2026-08-01 00:00"
    )


def test_a_run_has_only_its_facts_its_indicators_and_its_figures(run: Path) -> None:
    assert sorted(path.name for path in run.iterdir()) == ["appraisal.json", "facts", "indicators.yaml"]
    assert sorted(path.name for path in (run / "facts").iterdir()) == ["editions", "parts"]
    edition = FactFolder(run / "facts").latest()
    assert edition and (edition.position, dict(edition.context)) == ("", {})  # where the city goes on is its own affair
    assert (run / "indicators.yaml").read_text("utf-8") == BOOK.text


def test_a_run_does_not_share_its_files_with_the_city(saved: Path) -> None:
    assert all(path.stat().st_nlink == 1 for path in saved.rglob("*.parquet"))


def test_a_run_never_replaces_what_is_there(run: Path, tmp_path: Path) -> None:
    facts = FactFolder(run / "facts")
    (edition,) = facts.editions()
    figures = appraised(facts, edition, "gbt30428-4", BOOK, ASKED, tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(NotPossible, match="never replaces"):
        save(figures, BOOK, facts, edition, tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter.txt"]
    (tmp_path / "empty").mkdir()
    save(figures, BOOK, facts, edition, tmp_path / "empty")
    assert recounted(tmp_path / "empty", tmp_path).is_same


def test_a_run_that_cannot_be_written_leaves_nothing(run: Path, tmp_path: Path) -> None:
    facts = FactFolder(run / "facts")
    (edition,) = facts.editions()
    figures = appraised(facts, edition, "gbt30428-4", BOOK, ASKED, tmp_path)
    part(run, "tasks").unlink()
    with pytest.raises(NotPossible, match="cannot be written"):
        save(figures, BOOK, facts, edition, tmp_path / "half")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def altered_row(run: Path) -> None:
    path = part(run, "cases")
    table = pq.read_table(path)
    place = table.schema.get_field_index("district")
    column = pa.array(["490101", *table.column(place).to_pylist()[1:]], pa.string())
    assert column != table.column(place).combine_chunks()
    pq.write_table(table.set_column(place, table.schema.field(place), column), path)


def lost_row(run: Path) -> None:
    path = part(run, "tasks")
    table = pq.read_table(path)
    pq.write_table(table.slice(0, table.num_rows - 1), path)


def figure(run: Path) -> None:
    content = json.loads((run / "appraisal.json").read_text("utf-8"))
    content["figures"][0][2]["register"] = ["99"]
    (run / "appraisal.json").write_text(json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1), "utf-8")


def whole(run: Path) -> None:
    content = json.loads((run / "appraisal.json").read_text("utf-8"))
    content["whole"]["2026-06"]["dispose_in_time_rate"] = ["7", "8"]
    (run / "appraisal.json").write_text(json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1), "utf-8")


def another_object(run: Path) -> None:
    edit(run / "appraisal.json", '"490102"', '"490109"')


TAMPERING: list[tuple[Callable[[Path], object], list[str]]] = [
    (altered_row, ["facts/parts/cases/", "does not have the rows that its digest stands for"]),
    (lost_row, ["facts/parts/tasks/", "does not have the rows that its digest stands for"]),
    (lambda run: part(run, "tasks").unlink(), ["facts/parts/tasks/", "This file is missing"]),
    (lambda run: part(run, "events").write_bytes(b"nothing"), ["facts/parts/events/", "cannot be read"]),
    (
        lambda run: edit(run / "indicators.yaml", "in_period(filed_at)", "in_period(reported_at)"),
        ["other indicators"],
    ),
    (lambda run: edit(run / "indicators.yaml", "counts:\n", "counts: here\n"), ["indicators.yaml"]),
    (
        lambda run: edit(run / "facts/editions/20260801T000000Z.json", "Asia/Shanghai", "UTC"),
        ["another edition", "time zone"],
    ),
    (lambda run: shutil.rmtree(run / "facts/editions"), ["facts: There is no edition"]),
    (
        lambda run: edit(run / "facts/editions/20260801T000000Z.json", "cityloop-facts/1", "x"),
        ["is not an edition of facts"],
    ),
    (
        lambda run: edit(run / "facts/editions/20260801T000000Z.json", '["cases"', '["nonsense"'),
        ["is not an edition of facts"],
    ),
    (
        lambda run: edit(run / "facts/editions/20260801T000000Z.json", f'"{part(run, "cases").stem}"', '"../up"'),
        ["is not an edition"],
    ),
    (figure, ["2026-05", "490101", "register", "99"]),
    (whole, ["2026-06", "all together", "dispose_in_time_rate", "7 / 8"]),
    (another_object, ["490109", "490102", "no figure"]),
    (lambda run: edit(run / "appraisal.json", '"as_of": "2026-08-01', '"as_of": "2026-08-02'), ["another moment"]),
    (
        lambda run: edit(run / "appraisal.json", "{\n", "{\n\n"),
        ["The figures are the same, but the file"],
    ),
]


@pytest.mark.parametrize(("tamper", "expected"), TAMPERING)
def test_whatever_was_tampered_with_is_named(run: Path, tamper: Callable[[Path], object], expected: list[str]) -> None:
    tamper(run)
    answer = recompute(run)
    assert answer.exit_code == 1 and isinstance(answer.exception, SystemExit), answer.output
    assert answer.stderr.endswith("The saved run does not match what it records.\n")
    assert [words for words in expected if words not in answer.stdout] == []


def test_an_altered_figure_is_reported_with_the_counted_one_and_no_other(run: Path, tmp_path: Path) -> None:
    counted = Appraisal.read((run / "appraisal.json").read_text("utf-8")).tally("register", "2026-05", ("490101",))
    figure(run)
    (found,) = recounted(run, tmp_path).differences
    assert (found.period, found.key, found.indicator) == ("2026-05", ("490101",), "register")
    assert found.saved == FigureCount(Fraction(99)) != found.counted == counted


@pytest.mark.parametrize("content", [None, "", "{}", "[1", '{"format": "cityloop-appraisal/1"}'])
def test_a_folder_without_a_run_is_refused(run: Path, content: str | None) -> None:
    (run / "appraisal.json").unlink()
    if content is not None:
        (run / "appraisal.json").write_text(content)
    answer = recompute(run)
    assert answer.exit_code == 1 and isinstance(answer.exception, SystemExit) and "appraisal" in answer.stderr
