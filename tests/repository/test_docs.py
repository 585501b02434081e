"""The documentation is what the code says, its links lead somewhere, and its terms are in the glossary."""

import importlib.util
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from cityloop.core import conditions
from cityloop.core.clocks import worktime
from cityloop.core.procedures import asking, procedure, requirements
from cityloop.core.sentences.engine import ENGINE
from cityloop.core.sentences.packs import PACKS as PACK_SENTENCES
from cityloop.registry.packs import reading as packs
from cityloop.registry.packs.texts import calendar as calendars
from cityloop.registry.packs.texts import catalogue as catalogue_texts
from cityloop.registry.packs.texts import layers as layer_texts
from cityloop.registry.packs.texts import procedures as procedure_texts
from cityloop.runtime.yaml_files import Strict

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
LANGUAGE = (ROOT / "docs" / "reference" / "procedure-language.md").read_text("utf-8")
SHAPES = {  # the section of the reference that has the fields of each part of a procedure
    "ProcedureText": "The procedure",
    "BeginText": "The beginning",
    "StageText": "Stages",
    "TaskText": "Tasks",
    "LimitText": "Limits and clocks",
    "ActionText": "Actions",
    "OpeningText": "What an action opens",
    "NeedText": "Needs",
    "RequirementText": "Requirements",
    "BranchText": "Branches",
    "ExtensionText": "More time",
    "NewCaseText": "Further cases",
    "DocumentText": "Documents",
}
CODES_OF_A_PROCEDURE = [code for code in ENGINE if code.startswith(("procedure-", "condition-", "limit-"))]
PACKS = (ROOT / "docs" / "reference" / "packs.md").read_text("utf-8")
SHAPES_OF_A_PACK: dict[str, type[BaseModel]] = {  # the section of the reference that has the fields of each part
    "pack.yaml": packs.PackText,
    "Roles": packs.RoleText,
    "Catalogues": catalogue_texts.CatalogueText,
    "Local classes": catalogue_texts.LocalClassesText,
    "Conditions": catalogue_texts.ConditionsText,
    "Limits": packs.ClassLimits,
    "Layers": layer_texts.LayerText,
    "Calendar": calendars.CalendarText,
}
TABLES_OF_A_PACK = {
    "classes": catalogue_texts.CLASS_COLUMNS,
    "names": catalogue_texts.NAME_COLUMNS,
    "conditions": catalogue_texts.CONDITION_COLUMNS,
    "crosswalks": catalogue_texts.CROSSWALK_COLUMNS,
}


def generator():  # type: ignore[no-untyped-def]
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_settings_commands_events_and_procedures_are_documented_as_they_are() -> None:
    assert generator().stale() == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_to_a_file(page: Path) -> None:
    targets = [link.partition("#")[0] for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_every_page_can_be_reached_from_the_first_one() -> None:
    reached, ahead = set(), [ROOT / "README.md", ROOT / "README.zh-CN.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        ahead += [page.parent / link.partition("#")[0] for link in LINK.findall(page.read_text("utf-8"))]
    assert set(PAGES) - reached == set()


def test_every_title_of_a_procedure_and_every_role_is_in_the_glossary() -> None:
    from cityloop.registry.packs.reading import read_all

    glossary = (ROOT / "docs" / "reference" / "glossary.md").read_text("utf-8")
    packs = read_all()
    tasks = [task.title["zh"] for pack in packs for procedure in pack.procedures for task in procedure.tasks.values()]
    roles = [role.title["zh"] for pack in packs for role in pack.roles]
    assert [title for title in tasks + roles if title not in glossary] == []


@pytest.mark.parametrize("shape", SHAPES)
def test_every_field_of_a_procedure_is_in_the_reference_and_nothing_else(shape: str) -> None:
    fields = getattr(procedure_texts, shape).model_fields
    guard = procedure_texts.GuardText.model_fields if shape == "BranchText" else {}  # documented with requirements
    assert documented(SHAPES[shape]) == set(fields) - set(guard)


def test_the_reference_has_a_section_for_every_shape_of_a_procedure() -> None:
    shapes = {
        name for name, each in vars(procedure_texts).items() if isinstance(each, type) and issubclass(each, Strict)
    }
    assert shapes - {"Strict", "GuardText"} == set(SHAPES)


@pytest.mark.parametrize("heading", SHAPES_OF_A_PACK)
def test_every_field_of_a_pack_is_in_the_reference_and_nothing_else(heading: str) -> None:
    assert documented(heading, PACKS) == set(SHAPES_OF_A_PACK[heading].model_fields)


@pytest.mark.parametrize("table", TABLES_OF_A_PACK)
def test_every_column_of_a_table_of_a_pack_is_in_the_reference(table: str) -> None:
    (listed,) = re.findall(rf"^\| {table} \| (.*) \|$", section("Tables", PACKS), re.MULTILINE)
    assert re.findall(r"`(\w+)`", listed) == list(TABLES_OF_A_PACK[table])


@pytest.mark.parametrize("code", PACK_SENTENCES)
def test_every_fault_of_a_pack_is_in_the_reference(code: str) -> None:
    reference = (section("What is refused", PACKS) + section("What is refused")).replace("*", "")
    fixed = [part.rstrip(". ") for part in re.split(r"%\(\w+\)s", PACK_SENTENCES[code])]
    assert [part for part in fixed if part not in reference] == []


def documented(heading: str, page: str = LANGUAGE) -> set[str]:
    """Return the words in the table of fields of a section."""
    table = section(heading, page).partition("| Word |")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def section(heading: str, page: str = LANGUAGE) -> str:
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Conditions", (*requirements.OF_THE_CASE, *requirements.OF_THE_TASK, *requirements.CALCULATED)),
        ("Conditions", ("times_ACTION", "open_KIND", "late_KIND", *conditions.FUNCTIONS)),
        ("Needs", list(procedure.NeedKind)),
        ("Requirements", list(procedure.GuardCount)),
        ("Tasks", list(procedure.Separation)),
        ("Limits and clocks", [*procedure.CaseClock, *worktime.LimitUnit]),
        ("What an action opens", ("unstopped", "continued", "restarted")),
        ("Documents", asking.LINE_NAMES),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
def test_every_name_that_a_procedure_may_use_is_in_the_reference(heading: str, names: tuple[str, ...]) -> None:
    listed = section(heading)
    assert [name for name in map(str, names) if f"`{name}`" not in listed and f"`{name}(" not in listed] == []


@pytest.mark.parametrize("code", CODES_OF_A_PROCEDURE)
def test_every_fault_of_a_procedure_is_in_the_reference(code: str) -> None:
    reference = section("What is refused").replace("*", "")
    fixed = [part.rstrip(".") for part in re.split(r"%\(\w+\)s", ENGINE[code])]
    assert [part for part in fixed if part not in reference] == []
