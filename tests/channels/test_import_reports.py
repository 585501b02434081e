"""`cityloop import reports`: every row is received once, faults are reported, and a second run changes nothing."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from django.db import connection

from cityloop.casework.models import Case
from cityloop.entry.command_line import main
from cityloop.intake.models import Report
from cityloop.registry.models import Account
from example import SmallCity

MAPPING = """
channel: old-hotline
fields:
  external_id: {column: no}
  text: {column: what}
  lon: {column: lon}
  lat: {column: lat}
  category: {column: kind, words: {stray car: "09009"}}
  reported_at: {column: at, format: "%d.%m.%Y %H:%M"}
"""
HEADING = "no,what,lon,lat,kind,at\n"
NORTH, SOUTH, FAR = "120.05,23.05", "120.25,23.05", "121.5,25.0"
GOOD = f"A1,灯坏了,{NORTH},stray car,01.11.2026 08:00\nA2,路坏了,{SOUTH},别的,\nA3,水管漏水,,,,\nA4,远处,{FAR},,\n"
BAD = f",没有编号,{NORTH},,\nB2,=1+1,{NORTH},,99.99.2026\nB3,@x,120.05,950,,\nB4,too,many,,,,cells\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def bring_in(rows: str, *options: str) -> Result:
    Path("in.csv").write_text(HEADING + rows, encoding="utf-8")
    return CliRunner().invoke(main, ["import", "reports", "in.csv", "--mapping", "map.yaml", *options])


def rejected() -> list[dict[str, str]]:
    with Path("in.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_become_cases_placed_and_classed(city: SmallCity) -> None:
    result = bring_in(GOOD)
    assert (result.exit_code, result.stdout) == (
        0,
        "4 rows: created 4, already known 0, conflicts 0, rejected 0; placed in no district 2.\n",
    )
    assert not Path("in.rejects.csv").exists()
    first = Case.objects.get(district=city.north)
    assert (first.category, first.reported_at.isoformat()) == ("09009", "2026-11-01T00:00:00+00:00")
    assert Case.objects.get(district=city.south).category_words == "别的"
    assert Account.objects.get(username="import-old-hotline").is_machine


def test_shifted_points_near_the_edge_of_the_mainland_are_counted_as_doubtful(city: SmallCity) -> None:
    Path("map.yaml").write_text(f"{MAPPING}  crs: {{constant: gcj02}}\n", encoding="utf-8")
    result = bring_in("A1,灯,113.5497,22.2195,,\nA2,灯,116.4,39.9,,\n")
    assert "so near the edge of the mainland that their shift is doubtful: 1. Compare" in result.stdout


def test_the_same_file_again_changes_nothing(city: SmallCity) -> None:
    bring_in(GOOD)
    result = bring_in(GOOD, "--batch", "3")
    assert "created 0, already known 4, conflicts 0" in result.stdout and result.exit_code == 0
    assert Case.objects.count() == 4


def test_other_content_under_a_known_id_is_a_conflict_and_is_in_the_rejects(city: SmallCity) -> None:
    bring_in(GOOD)
    result = bring_in(GOOD.replace("灯坏了", "灯又坏了"))
    assert "already known 3, conflicts 1, rejected 0" in result.stdout and result.exit_code == 0
    (row,) = rejected()
    assert (row["no"], row["row"], row["line"], row["field"]) == ("A1", "1", "2", "external_id (no)")
    assert Case.objects.count() == 4


def test_bad_rows_are_written_with_their_reasons_and_the_good_ones_are_kept(city: SmallCity) -> None:
    result = bring_in(BAD + GOOD)
    assert result.exit_code == 0 and "created 4" in result.stdout and "rejected 4" in result.stdout
    assert "in.rejects.csv" in result.stdout
    rows = rejected()
    assert [(row["row"], row["field"]) for row in rows] == [
        ("1", "external_id (no)"),
        ("2", "reported_at (at)"),
        ("3", "lat (lat)"),
        ("4", "row"),
    ]
    assert "must be filled in" in rows[0]["reason"] and "beyond the last column: cells" in rows[3]["reason"]


def test_cells_of_the_rejects_are_never_formulas_and_only_its_owner_reads_them(city: SmallCity) -> None:
    bring_in(BAD)
    assert [row["what"] for row in rejected()][1:3] == ["'=1+1", "'@x"]
    assert Path("in.rejects.csv").stat().st_mode & 0o777 == 0o600


def test_a_file_of_which_nothing_can_be_read_is_refused(city: SmallCity) -> None:
    result = bring_in(BAD)
    assert result.exit_code == 1 and "None of the 4 rows could be read" in result.stderr
    assert Case.objects.count() == 0


def test_a_file_without_rows_is_accepted(city: SmallCity) -> None:
    assert bring_in("").exit_code == 0


def test_a_dry_run_places_everything_and_writes_no_case_and_no_account(city: SmallCity) -> None:
    result = bring_in(BAD + GOOD, "--dry-run")
    assert "8 rows: fit to hand in 4, already known 0, conflicts 0, rejected 4; placed in" in result.stdout
    assert Case.objects.count() == Report.objects.count() == 0
    assert not Account.objects.filter(username="import-old-hotline").exists()
    assert len(rejected()) == 4


def test_a_dry_run_foresees_conflicts_in_the_file_and_with_what_is_known(city: SmallCity) -> None:
    bring_in("A1,灯坏了,,,,\n")
    rows = "A1,灯又坏了,,,,\nA2,路坏了,,,,\nA2,路又坏了,,,,\nA3,树倒了,,,,\nA3,树倒了,,,,\n"
    tried = bring_in(rows, "--dry-run", "--batch", "1")
    assert "fit to hand in 2, already known 1, conflicts 2" in tried.stdout
    assert "Rows that are the same as one above: 1." in tried.stdout
    foreseen = rejected()
    assert "created 2, already known 1, conflicts 2" in bring_in(rows, "--batch", "1").stdout
    assert rejected() == foreseen and [row["row"] for row in foreseen] == ["1", "3"]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_column_that_is_no_key_refuses_the_file(city: SmallCity, options: tuple[str, ...]) -> None:
    rows = [f"20230501{number // 3},事{number},,,," for number in range(6)]
    result = bring_in("\n".join(rows) + "\n", *options)
    assert result.exit_code == 1 and Case.objects.count() == 0
    assert "external_id (no) does not identify the rows: 6 different rows have only 2 values" in result.stderr


def test_rejects_are_written_to_the_named_file_but_never_over_the_imported_one(city: SmallCity) -> None:
    bring_in(BAD + GOOD, "--rejects", "elsewhere.csv")
    assert Path("elsewhere.csv").exists() and not Path("in.rejects.csv").exists()
    result = bring_in(BAD, "--rejects", "in.csv")
    assert result.exit_code == 1 and "This is the file that is imported" in result.stderr
    assert Path("in.csv").read_text(encoding="utf-8") == HEADING + BAD


def test_a_rejects_file_that_cannot_be_created_is_refused(city: SmallCity) -> None:
    result = bring_in(BAD, "--rejects", "no-such-folder/rejects.csv")
    assert result.exit_code == 1 and "cannot be written to no-such-folder" in result.stderr


def test_a_mapping_that_does_not_fit_the_file_changes_nothing(city: SmallCity) -> None:
    Path("map.yaml").write_text(MAPPING.replace("column: what", "column: words"), encoding="utf-8")
    result = bring_in(GOOD)
    assert result.exit_code == 1 and "map.yaml:5 fields.text.column: There is no column words" in result.stderr
    assert Case.objects.count() == 0


def test_an_import_killed_halfway_continues_where_it_stopped(transactional_db: None, city: SmallCity) -> None:
    rows = "".join(f"K{number},灯坏了,{NORTH},,\n" for number in range(3000))
    Path("in.csv").write_text(HEADING + rows, encoding="utf-8")
    server = urlsplit(os.environ["CITYLOOP_DATABASE_URL"])
    url = server._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    command = [sys.executable, "-m", "cityloop.entry.command_line", "import", "reports", "in.csv"]
    command += ["--mapping", "map.yaml", "--batch", "20"]
    killed = subprocess.Popen(command, env={**os.environ, "CITYLOOP_DATABASE_URL": url})
    deadline = time.monotonic() + 60
    while Report.objects.count() < 100 and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    half = Report.objects.count()
    assert 100 <= half < 3000
    again = subprocess.run(
        command, env={**os.environ, "CITYLOOP_DATABASE_URL": url}, capture_output=True, check=True, text=True
    )
    assert f"created {3000 - half:,}, already known {half:,}, conflicts 0, rejected 0" in again.stdout
    assert Report.objects.count() == Case.objects.count() == 3000
