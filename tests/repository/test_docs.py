"""The documentation is what the code says, its links lead somewhere, and its terms are in the glossary."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


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
    from cityloop.registry.packs import read_all

    glossary = (ROOT / "docs" / "reference" / "glossary.md").read_text("utf-8")
    packs = read_all()
    tasks = [task.title["zh"] for pack in packs for way in pack.procedures for task in way.tasks.values()]
    roles = [role.title["zh"] for pack in packs for role in pack.roles]
    assert [title for title in tasks + roles if title not in glossary] == []
