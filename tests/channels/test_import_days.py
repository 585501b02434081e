"""`cityloop import days`: a city's own days off, as an office writes them; one wrong row changes nothing."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cityloop.entry.command_line import main
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.models import DeclaredDay, WorkingCalendar

ENGLISH = "date,kind,name\n2026-11-23,off,City games\n2026-11-29,on,Instead\n"
CHINESE = "日期,类型,名称\n2026年11月23日,休,市运会\n2026/11/29,班,调休\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bring_in(words: str, *options: str, encoding: str = "utf-8") -> Result:
    Path("days.csv").write_text(words, encoding=encoding)
    result = CliRunner().invoke(main, ["import", "days", "days.csv", *options])
    forget()
    return result


@pytest.mark.parametrize(
    ("words", "encoding"), [(ENGLISH, "utf-8"), (CHINESE, "utf-8"), (CHINESE, "utf-8-sig"), (CHINESE, "gb18030")]
)
def test_a_citys_own_days_are_declared(db: None, words: str, encoding: str) -> None:
    result = bring_in(words, encoding=encoding)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("Days off 1, working days 1, withdrawn 0. A new calendar is in force")
    assert not current_city().calendar.is_workday(date(2026, 11, 23)) and current_city().calendar.is_workday(
        date(2026, 11, 29)
    )
    assert DeclaredDay.objects.get(day="2026-11-23").name in ("City games", "市运会")


def test_the_same_file_again_changes_nothing(db: None) -> None:
    bring_in(CHINESE)
    assert bring_in(CHINESE).stdout.endswith("The calendar did not change.\n")
    assert WorkingCalendar.objects.count() == 2


def test_a_day_is_withdrawn_by_its_row(db: None) -> None:
    bring_in(CHINESE)
    assert "withdrawn 1. A new calendar" in bring_in("日期,类型\n20261123,撤销\n").stdout
    assert current_city().calendar.is_workday(date(2026, 11, 23)) and current_city().calendar.is_workday(
        date(2026, 11, 29)
    )


def test_a_dry_run_declares_nothing(db: None) -> None:
    result = bring_in(CHINESE, "--dry-run")
    assert result.stdout == "Dry run, nothing was declared. Days off 1, working days 1, withdrawn 0.\n"
    assert not DeclaredDay.objects.exists()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("2026-02-30,off,x", "line 4 date: Write a day as"),
        ("2026115,off,x", "line 4 date: Write a day as"),
        ("2026-12-01,free,x", "line 4 kind: free is not one of: off"),
        ("2026-11-23,on,x", "line 4 date: 2026-11-23 is given twice"),
        ("1989-12-31,off,x", "line 4 1989-12-31: This lies before"),
        ("2026-12-01,off", "line 4: This row has 2 cells where the heading has 3"),
        (f"2026-12-01,off,{'x' * 101}", "longer than 100 characters"),
    ],
)
def test_one_wrong_row_is_named_and_refuses_the_file(db: None, row: str, sentence: str) -> None:
    result = bring_in(ENGLISH + row + "\n")
    assert result.exit_code == 1 and sentence in result.stderr and "Nothing was changed." in result.stderr
    assert not DeclaredDay.objects.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("day,kind\n2026-11-23,off\n", "no column date / 日期 in the file. It has: day, kind"),
        ("date,name\n2026-11-23,x\n", "no column kind / 类型"),
        ("date,kind\n", "The table has no rows"),
        ("", "The file is empty"),
    ],
)
def test_a_file_that_is_not_a_table_of_days_is_refused(db: None, words: str, sentence: str) -> None:
    result = bring_in(words)
    assert result.exit_code == 1 and sentence in result.stderr
