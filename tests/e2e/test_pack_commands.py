"""The commands of packs: a pack is checked, listed, compared and taken up by a city."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cityloop.registry.packs.reading import SHIPPED
from homes import CITYLOOP, empty_home, environment

HOW_TO = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-domain.md").read_text("utf-8")
FILES = dict(re.findall(r"^`([\w.-]+)`\n```\w+\n(.*?)^```$", HOW_TO, re.S | re.M))
SHIPPED_PACKS = len(list(SHIPPED.glob("*/pack.yaml")))
FILE_A_CASE = """
from pathlib import Path
from cityloop.entry.console.opening import opened
with opened(Path({home!r}), print):
    from cityloop.casework.actions import begin_case
    from cityloop.core.actors import Actor, Post
    from cityloop.registry.areas.actions import NewArea, set_areas
    from cityloop.runtime import clock
    from shapely.geometry import box
    set_areas([NewArea("671001", "北区", "district", None, box(0, 0, 1, 1).wkb)], "test", clock.now())
    report = {{"text": "积水", "category": "03998", "district": "671001"}}
    begin_case("toilet-inspection", Actor("a", "a", (Post("toilet_inspector", "centre"),)), report, "1", clock.now())
"""


class City:
    """A city with the pack of the how-to in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.home, self.packs = folder / "home", folder / "city-packs"
        for name, content in FILES.items():
            self.write(name, content)
        self.environ = {**environment(), "CITYLOOP_PACKS": str(self.packs), "CITYLOOP_HOME": str(self.home)}

    def write(self, name: str, content: str) -> None:
        (self.packs / "toilets").mkdir(parents=True, exist_ok=True)
        (self.packs / "toilets" / name).write_text(content, encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*CITYLOOP, *words], env=self.environ, capture_output=True, text=True, check=False)

    def file_a_case(self) -> None:
        program = [sys.executable, "-c", FILE_A_CASE.format(home=str(self.home))]
        done = subprocess.run(program, env=self.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city that has taken up the pack, with one case of its procedure."""
    city = City(tmp_path_factory.mktemp("packs"))
    empty_home(city.home)
    assert city.run("init").returncode == 0
    city.file_a_case()
    return city


@pytest.fixture(autouse=True)
def _as_it_was(city: City) -> None:
    for name, content in FILES.items():
        city.write(name, content)


def test_the_list_shows_the_folder_of_a_pack_and_its_change(city: City) -> None:
    output = city.run("packs", "list").stdout
    assert str(city.packs / "toilets") in output and re.search(r"in version 1, change \d+$", output.splitlines()[-1])
    city.write("roles.yaml", FILES["roles.yaml"] + "# more\n")
    assert "changed since: `cityloop packs diff toilets`" in city.run("packs", "list").stdout


def test_diff_shows_rows_and_procedures_and_refuses_an_unknown_pack(city: City) -> None:
    assert "would change no table and no procedure" in city.run("packs", "diff", "toilets").stdout
    city.write("classes.csv", FILES["classes.csv"] + "matter,03997,公厕指引不清,市容环卫设施类\n")
    city.write("inspection.yaml", FILES["inspection.yaml"].replace("version: 1", "version: 2"))
    assert city.run("packs", "diff", "toilets").stdout.splitlines() == [
        "procedures:",
        "  - toilet-inspection 1",
        "  + toilet-inspection 2",
        "classes: 1 created",
        "  + GB/T 47678.5-2026 matter 03997  公厕指引不清",
    ]
    refused = city.run("packs", "diff", "nothing")
    assert (refused.returncode, refused.stderr.strip()) == (1, "There is no such pack.")


def test_a_changed_procedure_that_a_case_follows_is_refused_by_every_command_that_would_run_it(city: City) -> None:
    city.write("inspection.yaml", FILES["inspection.yaml"].replace("{80: remind_keeper}", "{90: remind_keeper}"))
    folder = str(city.packs / "toilets")
    assert city.run("packs", "check", folder).returncode == 0
    for words in (["init"], ["check"], ["packs", "check", folder, "--home", str(city.home)]):
        refused = city.run(*words)
        assert refused.returncode == 1, words
        assert refused.stderr.startswith("toilets/inspection.yaml:2 version: This is not what it was"), words
    assert city.run("user", "token", "hotline").returncode == 0


def test_a_pack_that_ranks_by_fines_is_refused_and_not_taken_up(city: City) -> None:
    city.write("indicators.yaml", FILES["indicators.yaml"].replace("zh: 整改数", "zh: 罚款数"))
    for words in (["init"], ["packs", "check", str(city.packs)]):
        refused = city.run(*words)
        assert refused.returncode == 1, words
        assert refused.stderr.startswith("toilets/indicators.yaml:6 counts.mended.title: 罚款数 counts money of"), words


def test_packs_are_checked_without_a_city(city: City, tmp_path: Path) -> None:
    city.environ = {**city.environ, "CITYLOOP_HOME": str(tmp_path / "none")}
    try:
        both = city.run("packs", "check", str(city.packs), str(city.packs / "toilets"))
        assert both.returncode == 0 and both.stdout.endswith("1 pack is in order.\n")
        assert city.run("packs", "check").stdout.endswith(f"{SHIPPED_PACKS + 1} packs are in order.\n")
        refused = city.run("packs", "check", str(tmp_path))
        assert refused.returncode == 1 and "contains no pack.yaml, and no folder with one" in refused.stderr
        assert city.run("packs", "check", str(tmp_path / "nowhere")).returncode == 2
        assert not (tmp_path / "none").exists()
    finally:
        city.environ["CITYLOOP_HOME"] = str(city.home)
