"""What every import of a table does: batches, a dry run that leaves nothing, rejects, totals.

The importer is a small one of units, written here like any importer.
"""

import csv
from datetime import datetime
from pathlib import Path

import pytest
from django.db import OperationalError

from cityloop.channels.tables.columns import (
    CodeSource,
    Fields,
    FieldSource,
    TableText,
    open_mapped,
    read_rows,
)
from cityloop.channels.tables.rows import Refused, TableRow
from cityloop.core.errors import Fault, Invalid, NotPossible
from cityloop.entry.imports.rows import RowTally, import_rows
from cityloop.registry.models import Unit
from cityloop.registry.organisation.actions import enter_units

HEADING = "代码,名称\n"
GOOD = "U1,水务局\nU2,城管局\nU3,住建局\n"
TITLES = {"code": ("代码",), "name": ("名称",)}


class UnitFields(Fields):
    """The fields of a unit."""

    code: CodeSource
    name: FieldSource


class UnitsText(TableText):
    """What a mapping of units says."""

    fields: UnitFields


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def named(content: dict[str, str]) -> tuple[str, str]:
    if not content["name"]:
        raise Invalid([Fault("name", "required")])
    return content["code"], content["name"]


def bring_in(rows: str, *, size: int | None = 2, dry_run: bool = False, lost_after: int | None = None) -> str:
    path = Path("in.csv")
    path.write_text(HEADING + rows, encoding="utf-8")
    sheet, mapping = open_mapped(path, None, UnitsText, titles=TITLES)

    def take(batch: list[TableRow], now: datetime) -> tuple[RowTally, list[Refused]]:
        if lost_after is not None and batch[0].number > lost_after:
            raise OperationalError("the server closed the connection")
        read, refused = read_rows(batch, mapping, named)
        outcome = enter_units(dict(unit for _, unit in read), "tests", now)
        return RowTally(outcome.created, outcome.changed, outcome.unchanged, len(refused)), refused

    return import_rows(path, sheet, take, lambda words: None, size=size, dry_run=dry_run)


def units() -> dict[str, str]:
    return dict(Unit.objects.filter(code__startswith="U").values_list("code", "name"))


def test_rows_are_entered_and_the_second_time_nothing_changes(db: None) -> None:
    assert bring_in(GOOD) == "3 rows: created 3, changed 0, unchanged 0, rejected 0."
    assert units() == {"U1": "水务局", "U2": "城管局", "U3": "住建局"}
    again = bring_in(GOOD.replace("住建局", "住房局"), size=None)
    assert again == "3 rows: created 0, changed 1, unchanged 2, rejected 0." and units()["U3"] == "住房局"


def test_a_dry_run_reports_the_same_and_leaves_nothing(db: None) -> None:
    output = bring_in(GOOD + "U4,\n合计,4\n", dry_run=True)
    assert output == (
        "Dry run, nothing was changed. 4 rows: created 3, changed 0, unchanged 0, rejected 1.\n"
        "Totals left out: 1, in line 6.\nRows not taken, with the reason for each: in.rejects.csv"
    )
    assert units() == {}


def test_rows_that_are_not_imported_are_returned_and_the_others_stay(db: None) -> None:
    output = bring_in("U1,水务局\nU2,\nU3,住建局\n")
    assert "created 2" in output and "rejected 1" in output and set(units()) == {"U1", "U3"}
    with Path("in.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {
        "代码": "U2",
        "名称": "",
        "row": "2",
        "line": "3",
        "field": "name (名称)",
        "reason": "This must be filled in.",
    }


def test_a_file_of_which_nothing_can_be_read_is_refused(db: None) -> None:
    with pytest.raises(NotPossible, match=r"None of the 2 rows could be read: see in\.rejects\.csv"):
        bring_in("U1,\nU2,\n")


def test_when_the_database_stops_answering_the_batches_before_stay_and_the_last_row_is_reported(db: None) -> None:
    with pytest.raises(NotPossible, match="stopped answering after row 2: the server closed"):
        bring_in(GOOD, lost_after=2)
    assert set(units()) == {"U1", "U2"}
    assert bring_in(GOOD) == "3 rows: created 1, changed 0, unchanged 2, rejected 0."
