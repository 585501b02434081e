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


def test_a_place_in_the_city_is_told_with_every_area_it_lies_in(city: SmallCity) -> None:
    answer = ask("120.05", "23.05")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout.splitlines() == [
        "District: 671001 北区",
        "Community: 671001000001 北区第1社区",
        "It lies in 北区第1社区 (671001000001).",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["120.1", "23.05"], "It is on a border, where these meet: 北区第1社区 (671001000001), 北区第2社区"),
        (["120.41", "23.05"], "The nearest is 南区第2社区 (671002000002), 1,025 m to the west."),
        (["0", "0"], "0, 0 is what a device says that has no fix"),
        (["23.05", "120.05"], "With longitude and latitude exchanged it lies in 北区第1社区 (671001000001)."),
        (["120.0001", "23.05", "--crs", "gcj02"], "Read as WGS-84 it lies in 北区第1社区 (671001000001), 5"),
        (["-58.4", "-34.6"], "km to the"),
        (["120.05", "23.05", "--on", "2020-01-01"], "It lies in 北区第1社区"),
    ],
)
def test_every_other_place_gets_a_clear_answer(city: SmallCity, words: list[str], told: str) -> None:
    answer = ask(*words)
    assert answer.exit_code == 0 and told in answer.stdout


def test_the_answer_may_be_had_as_json(city: SmallCity) -> None:
    content = json.loads(ask("120.41", "23.05", "--json").stdout)
    assert content["is_inside"] is False and content["nearest"]["code"] == "671002000002"
    assert content["readings"][0]["name"] == "bd09" and content["sentences"]


def test_an_unknown_system_is_refused_with_those_known(city: SmallCity) -> None:
    answer = ask("120", "23", "--crs", "mars")
    assert answer.exit_code == 1 and "Use WGS-84" in answer.stderr


@pytest.mark.parametrize("crs", [Crs.WGS84, Crs.GCJ02])
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
    suspects = "read as gcj02 1,500 would: another coordinate system is likely." in answer.stderr
    assert suspects == (crs is Crs.GCJ02), answer.stderr
