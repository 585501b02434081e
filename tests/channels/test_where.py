"""`cityloop where`: the clear answer on the command line; and a dry run that suspects the system of all its points."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cityloop.core.place.geo import Crs, from_wgs84
from cityloop.entry.command_line import main
from example import SmallCity


def ask(*words: str) -> Result:
    return CliRunner().invoke(main, ["where", *words])


def test_a_place_in_the_city_is_shown_with_every_area_it_is_in(city: SmallCity) -> None:
    answer = ask("120.05", "23.05")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout.splitlines() == [
        "District: 671001 北区",
        "Community: 671001000001 北区第1社区",
        "It lies in 北区第1社区 (671001000001).",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["120.1", "23.05"], "It is on a border where these meet: 北区第1社区 (671001000001), 北区第2社区"),
        (["120.41", "23.05"], "The nearest is 南区第2社区 (671002000002), 1,025 m to the west."),
        (["0", "0"], "Devices that do not know where they are send 0, 0."),
        (["23.05", "120.05"], "With longitude and latitude exchanged it lies in 北区第1社区 (671001000001)."),
        (["120.0001", "23.05", "--crs", "bd09"], "Read as WGS-84 it lies in 北区第1社区 (671001000001), "),
        (["-58.4", "-34.6"], "km to the"),
        (["120.05", "23.05", "--on", "2020-01-01"], "It lies in 北区第1社区"),
    ],
)
def test_every_other_place_gets_a_clear_answer(city: SmallCity, words: list[str], sentence: str) -> None:
    answer = ask(*words)
    assert answer.exit_code == 0 and sentence in answer.stdout


def test_the_answer_is_available_as_json(city: SmallCity) -> None:
    content = json.loads(ask("120.405", "23.05", "--json").stdout)
    assert content["is_inside"] is False and content["nearest"]["code"] == "671002000002"
    assert content["readings"][0]["name"] == "bd09" and content["sentences"]


def test_an_unknown_system_is_refused_with_the_known_ones(city: SmallCity) -> None:
    answer = ask("120", "23", "--crs", "mars")
    assert answer.exit_code == 1 and "Use WGS-84" in answer.stderr


@pytest.mark.parametrize("crs", [Crs.WGS84, Crs.BD09])
def test_a_dry_run_suspects_another_system_where_it_fits_the_points_better(
    city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crs: Crs
) -> None:
    monkeypatch.chdir(tmp_path)
    dice = np.random.default_rng(3)
    pairs = [from_wgs84(*pair, crs) for pair in (dice.random((1500, 2)) * (0.4, 0.1) + (120, 23)).tolist()]
    rows = "".join(f"{number},垃圾,{lon:.6f},{lat:.6f}\n" for number, (lon, lat) in enumerate(pairs))
    Path("reports.csv").write_text(f"id,text,lon,lat\n{rows}", encoding="utf-8")
    columns = "external_id: {column: id}\n  text: {column: text}\n  lon: {column: lon}\n  lat: {column: lat}\n"
    Path("map.yaml").write_text(f"channel: sheet\nfields:\n  {columns}", encoding="utf-8")
    answer = CliRunner().invoke(main, ["import", "reports", "reports.csv", "--mapping", "map.yaml", "--dry-run"])
    assert answer.exit_code == 0, answer.output
    suspects = "read as bd09 1,500 would be: another coordinate system is likely." in answer.stderr
    assert suspects == (crs is Crs.BD09), answer.stderr


def import_districts(*options: str) -> Result:
    """Import three rows in the north that name another district, 11 on one point in as many streets, one unknown."""
    rows = [
        "a0,垃圾,南区中山路1号,,120.05,23.05",
        "a1,垃圾,中山路1号（南区）,,120.05,23.05",
        "a2,垃圾,中山路1号,南区,120.05,23.05",
        *(f"b{n},垃圾,北区{name}路1号,,120.06,23.06" for n, name in enumerate("甲乙丙丁戊己庚辛壬癸子")),
        "c,垃圾,,高新区,120.05,23.05",
    ]  # fmt: skip
    Path("reports.csv").write_text("\n".join(["id,text,address,district,lon,lat", *rows]), encoding="utf-8")
    names = ("text", "address", "district", "lon", "lat")
    columns = "external_id: {column: id}\n" + "".join(f"  {name}: {{column: {name}}}\n" for name in names)
    Path("map.yaml").write_text(f"channel: sheet\nfields:\n  {columns}", encoding="utf-8")
    return CliRunner().invoke(main, ["import", "reports", "reports.csv", "--mapping", "map.yaml", *options])


@pytest.mark.parametrize("options", [("--dry-run",), ()])
def test_an_import_counts_words_that_contradict_points_and_lists_false_hot_spots(
    city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = import_districts(*options)
    assert answer.exit_code == 0, answer.output
    assert "Words that name another district than the point lies in: 3. The point is kept." in answer.stdout
    assert "Districts that the city does not have: in 1 rows." in answer.stdout
    assert "false hot spots, where the addresses name too many streets: 1, with 11 cases." in answer.stdout
    assert "120.0600000 23.0600000: 11 cases (北区 11), 11 streets" in answer.stdout
    assert not Path("reports.rejects.csv").exists()


def test_rows_whose_words_contradict_their_point_are_rejected_on_wish(
    city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = import_districts("--strict")
    assert "rejected 3" in answer.stdout and "another district" not in answer.stdout
    rejects = Path("reports.rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rejects) == 4 and all("names 南区, the point lies in 北区" in row for row in rejects[1:])
