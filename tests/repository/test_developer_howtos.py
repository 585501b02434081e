"""The how-tos for developers are true: paths and imports exist, edits fit their files, code parses.

A block follows a line such as "Create `path`:" or "In `path`, below `words`:". What one how-to makes may be used by
another. Nothing is run here: whoever changes a how-to follows it once in a copy.
"""

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "docs" / "how-to").glob("develop-*.md"))}
STEP = re.compile(
    r"^(Create|In) `([^`]+)`(?:, (below|above|instead of) `([^\n]+)`|, at the end)?:\n```\w+\n(.*?)^```$", re.S | re.M
)
STILL_TO_WRITE = {"docs/how-to/import-shelters.md"}  # in the words of whoever adds the import


class Step(NamedTuple):
    """A block of code: made as a file, or put into one at the first line with the words."""

    verb: str
    path: str
    where: str
    words: str
    code: str

    def __str__(self) -> str:
        return f"{self.path} {self.words}".strip()

    def result(self) -> str:
        """Return the file as it is after this step alone."""
        if self.verb == "Create":
            return self.code
        lines = (ROOT / self.path).read_text("utf-8").splitlines(keepends=True)
        if not self.words:
            return "".join([*lines, self.code])
        at = next(number for number, line in enumerate(lines) if self.words in line)
        first, after = {"below": (at + 1, at + 1), "above": (at, at), "instead of": (at, at + 1)}[self.where]
        return "".join([*lines[:first], self.code, *lines[after:]])


STEPS = [Step(*found) for page in PAGES.values() for found in STEP.findall(page)]
CREATED = {step.path for step in STEPS if step.verb == "Create"}
IN_PYTHON = [step for step in STEPS if step.path.endswith(".py")]


def exists(path: str) -> bool:
    return path in CREATED | STILL_TO_WRITE or (ROOT / path).exists()


def module_path(module: str) -> str:
    """Return the file of a module or package of ours."""
    path = f"src/{module.replace('.', '/')}"
    return f"{path}.py" if exists(f"{path}.py") else f"{path}/__init__.py"


def defined(code: str) -> set[str]:
    """Return the names that the lines of a block define or put into a list of imports."""
    return set(re.findall(r"^(?:class |def |    )?([A-Za-z_]+)(?=[ (:,=])", code, re.MULTILINE))


def imported(code: str) -> list[tuple[str, str]]:
    """Return each name that a block imports from a module of ours, with the module."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in nodes if (node.module or "").split(".")[0] == "cityloop"]
    return [(node.module or "", alias.name) for node in ours for alias in node.names]


def is_there(module: str, name: str) -> bool:
    """Return whether a module has a name, or will have it once the how-tos are followed."""
    path = module_path(module)
    blocks = [step.code for step in STEPS if step.path == path]
    if any(name in defined(code) for code in blocks) or exists(module_path(f"{module}.{name}")):
        return True
    return path not in CREATED and hasattr(importlib.import_module(module), name)


def named_arguments(code: str) -> list[tuple[str, str, str]]:
    """Return each argument given by name to something imported from a module of ours: module, function, argument."""
    modules = {name: module for module, name in imported(code)}
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    ours = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in modules]
    return [(modules[call.func.id], call.func.id, word.arg) for call in ours for word in call.keywords if word.arg]  # type: ignore[attr-defined]


def takes(module: str, name: str, argument: str) -> bool:
    """Return whether a function takes an argument of this name; what the how-tos make themselves is not looked at."""
    if module_path(module) in CREATED:
        return True
    return argument in inspect.signature(getattr(importlib.import_module(module), name)).parameters


def test_there_are_how_tos_with_steps() -> None:
    assert PAGES.keys() == {"develop-add-a-page", "develop-add-a-table", "develop-add-an-import"}
    assert len(STEPS) == sum(page.count("\n```") // 2 for page in PAGES.values())


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_how_to_names_exists_or_is_made_there(page: str) -> None:
    paths = re.findall(r"`((?:src/cityloop|tests|docs)/[\w./-]+|[A-Z]\w+\.md|pyproject\.toml)`", PAGES[page])
    assert paths and [path for path in paths if not exists(path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_how_to_runs_exists_or_is_made_there(page: str) -> None:
    commands = re.findall(r"^    \.venv/bin/pytest (.*)$", PAGES[page], re.MULTILINE)
    files = [word for command in commands for word in command.split() if word.startswith("tests/")]
    assert files and [path for path in files if not exists(path)] == []


def test_no_how_to_makes_a_file_that_there_is() -> None:
    assert [path for path in CREATED if (ROOT / path).exists()] == []


@pytest.mark.parametrize("step", [step for step in STEPS if step.words], ids=str)
def test_the_place_of_an_edit_is_in_its_file(step: Step) -> None:
    assert step.words in (ROOT / step.path).read_text("utf-8")


@pytest.mark.parametrize("step", IN_PYTHON, ids=str)
def test_a_python_file_can_be_read_after_its_step(step: Step) -> None:
    ast.parse(step.result())


@pytest.mark.parametrize("step", [step for step in IN_PYTHON if "from cityloop" in step.code], ids=str)
def test_what_a_block_imports_is_there(step: Step) -> None:
    assert [each for each in imported(step.code) if not is_there(*each)] == []
    assert [each for each in named_arguments(step.code) if not takes(*each)] == []


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("cityloop.registry.models", "Refuge"),
        ("cityloop.registry.shelters.actions", "set_refuges"),
        ("cityloop.presentation.settings.calendars", "pages"),
    ],
)
def test_a_name_that_is_nowhere_is_noticed(module: str, name: str) -> None:
    assert not is_there(module, name)
