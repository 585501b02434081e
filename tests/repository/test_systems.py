"""The table of the systems is correct: what works has a scenario test of its own, and whatever is named exists."""

import ast
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import Resolver404, resolve

from cityloop.core.errors import Invalid
from cityloop.registry.packs.reading import read_all
from systems import System, read_systems

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path("docs/reference/systems.yaml")
MANUAL = Path("docs/manual")
PACKS = Path("src/cityloop/packs")
SCENARIOS = Path("tests/scenarios")
NOTHING: dict[str, Any] = {"works": "", "missing": "", "packs": [], "pages": [], "scenarios": [], "manual": []}
S05 = "test_s05_supervision_orders.py"


def test_the_table_of_systems_is_correct() -> None:
    assert faults(ROOT) == []


def faults(root: Path) -> list[str]:
    """Return what is wrong with the table of a repository."""
    try:
        systems = read_systems(root / TABLE).all()
    except Invalid as error:
        return [f"{fault.field}: {fault.reason}" for fault in error.faults]
    return [*(fault for system in systems for fault in faults_of(system, root)), *unnamed(systems, root)]


def faults_of(system: System, root: Path) -> Iterator[str]:
    yield from (f"{system.id}: {fault}" for name in system.scenarios if (fault := no_scenario(system, name, root)))
    yield from (f"{system.id}: no pack {name}" for name in system.packs if not is_pack(name, root))
    yield from (f"{system.id}: no page {address}" for address in system.pages if not is_page(address))
    yield from (f"{system.id}: no page {name} in the manual" for name in system.manual if not is_manual(name, root))


def no_scenario(system: System, name: str, root: Path) -> str:
    """Return why a file is not a scenario test of the system, or nothing where it is one."""
    if not name.startswith(f"test_{system.id.lower()}_"):
        return f"{name} does not carry its id"
    if not (root / SCENARIOS / name).is_file():
        return f"there is no {name}"
    tree = ast.parse((root / SCENARIOS / name).read_text("utf-8"))
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return "" if tests else f"{name} has no test in it"


def unnamed(systems: Sequence[System], root: Path) -> list[str]:
    """Return the scenario tests that carry an id and that no system names: one that does not work yet names none."""
    named = {name for system in systems for name in system.scenarios}
    files = sorted(path.name for path in (root / SCENARIOS).glob("test_s[0-9][0-9]*.py"))
    return [f"{name} is named by no system" for name in files if name not in named]


def is_pack(name: str, root: Path) -> bool:
    return (root / PACKS / name / "pack.yaml").is_file()


def is_manual(name: str, root: Path) -> bool:
    return name.endswith(".md") and (root / MANUAL / name).is_file()


def is_page(address: str) -> bool:
    """Return whether the web application has the page; one that begins a case needs a procedure of that name."""
    try:
        procedure = resolve(address).kwargs.get("procedure")
    except Resolver404:
        return False
    return procedure is None or procedure in procedures()


@cache
def procedures() -> set[str]:
    return {procedure.name for pack in read_all() for procedure in pack.procedures}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the files that the table names, for a test to break."""
    for folder in (TABLE.parent, PACKS.parent, SCENARIOS.parent):
        (tmp_path / folder).mkdir(parents=True)
    for folder in (MANUAL, PACKS):
        (tmp_path / folder).symlink_to(ROOT / folder)
    shutil.copytree(ROOT / SCENARIOS, tmp_path / SCENARIOS, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / TABLE, tmp_path / TABLE)
    return tmp_path


def test_a_copy_that_is_not_broken_is_correct(copy: Path) -> None:
    assert faults(copy) == []


@pytest.mark.parametrize(
    ("system", "fields", "fault"),
    [
        ("S05", {"id": "S06"}, "S06 appears 2 times"),
        ("S05", {"id": "S06"}, "S05 is missing"),
        ("S05", {"id": "S09"}, "S09 is not the id of a system"),
        ("S05", {"title": {"zh": "督办"}}, "title.en: This must be filled in."),
        ("S05", {"state": "nearly"}, "Input should be 'works', 'in part' or 'not yet'"),
        ("S05", {"remark": "soon"}, "remark: This is not a known field."),
        ("S05", {"works": ""}, "works: S05: must be given"),
        ("S05", {"missing": ""}, "missing: S05: must be given"),
        ("S05", {"scenarios": []}, "scenarios: S05: must be given"),
        ("S05", {"state": "works"}, "missing: S05: a system that works lacks nothing"),
        ("S05", {"state": "works", "missing": "", "scenarios": []}, "scenarios: S05: must be given"),
        ("S05", {"state": "works", "missing": "", "scenarios": ["test_s05_cards.py"]}, "no test_s05_cards.py"),
        ("S05", {"scenarios": [S05, "test_s05_cards.py"]}, "S05: there is no test_s05_cards.py"),
        ("S05", {"scenarios": [S05, "test_s04_whistle.py"]}, "S05: test_s04_whistle.py does not carry its id"),
        ("S05", {"scenarios": [S05, "test_score_appeal.py"]}, "S05: test_score_appeal.py does not carry its id"),
        ("S05", {"packs": ["yellow-card"]}, "S05: no pack yellow-card"),
        ("S05", {"pages": ["/cards/"]}, "S05: no page /cards/"),
        ("S05", {"pages": ["/cases/new/yellow-card/"]}, "S05: no page /cases/new/yellow-card/"),
        ("S05", {"manual": ["cards.md"]}, "S05: no page cards.md in the manual"),
        ("S05", {"state": "not yet"}, "scenarios: S05: does not work yet"),
        ("S05", {"state": "not yet", **NOTHING}, f"{S05} is named by no system"),
        ("S06", {"scenarios": ["test_s06_petitions.py"]}, "scenarios: S06: does not work yet"),
        ("S06", {"packs": ["whistle"]}, "packs: S06: does not work yet"),
        ("S04", {"scenarios": ["test_s04_whistle.py"]}, "test_s04_duties_not_pushed_down.py is named by no system"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_table_is_reported(copy: Path, system: str, fields: dict[str, Any], fault: str) -> None:
    table = yaml.safe_load((copy / TABLE).read_text("utf-8"))
    (found,) = (each for group in table["groups"] for each in group["systems"] if each["id"] == system)
    found.update(fields)
    (copy / TABLE).write_text(yaml.safe_dump(table, allow_unicode=True), "utf-8")
    assert [fault_line for fault_line in faults(copy) if fault in fault_line]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        (S05, "def order(): ...", f"S05: {S05} has no test in it"),
        ("test_s05_cards.py", "def test_cards(): ...", "test_s05_cards.py is named by no system"),
        ("test_s06_petitions.py", "def test_petitions(): ...", "test_s06_petitions.py is named by no system"),
        ("test_s99_dreams.py", "def test_dreams(): ...", "test_s99_dreams.py is named by no system"),
    ],
)
def test_a_scenario_without_tests_or_without_a_system_is_reported(
    copy: Path, name: str, content: str, fault: str
) -> None:
    (copy / SCENARIOS / name).write_text(content, "utf-8")
    assert faults(copy) == [fault]


def test_a_scenario_that_was_removed_is_reported(copy: Path) -> None:
    (copy / SCENARIOS / S05).unlink()
    assert faults(copy) == [f"S05: there is no {S05}"]


def test_a_fault_names_the_line_it_stands_in(copy: Path) -> None:
    text = (copy / TABLE).read_text("utf-8").replace("{id: S06,", "{id: S66,")
    (copy / TABLE).write_text(text, "utf-8")
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "S66" in each)
    assert any(fault_line.startswith(f"systems.yaml:{line} ") for fault_line in faults(copy))
