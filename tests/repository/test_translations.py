"""The words people see: every one translated, every refusal worded, every icon there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cityloop.presentation.translations import LOCALE, PACKAGE, catalog, messages
from cityloop.presentation.workbench.sentences import REASONS, SENTENCES

CHINESE = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
TEMPLATES = sorted((PACKAGE / "presentation" / "templates").rglob("*.html"))
ICONS = PACKAGE.parent.parent / "frontend" / "icons.mjs"
SCREEN_FLOORS = ("core", "casework", "intake", "presentation/workbench")  # what a screen's action can be refused by
REFUSALS = {"NotAllowed", "NotPossible", "NotFound", "Conflict"}


def test_every_word_has_its_chinese_and_no_chinese_is_left_over() -> None:
    translated = {(message.context, message.id) for message in catalog(CHINESE) if message.id}
    assert translated == set(messages())


def test_no_translation_is_empty_or_uncertain() -> None:
    wrong = [m.id for m in catalog(CHINESE) if m.id and (m.fuzzy or not all(_strings(m.string)))]
    assert wrong == []


def test_a_translation_fills_in_the_same_values() -> None:
    for message in catalog(CHINESE):
        originals, translations = list(_strings(message.id)), list(_strings(message.string))
        if message.id:
            assert _places(originals[-1]) == _places(translations[-1]), message.id


def test_every_refusal_a_screen_can_meet_has_its_sentence() -> None:
    codes = {code for call in _calls(REFUSALS) if (code := _literal(call, 0))}
    assert len(codes) > 5
    assert codes - set(SENTENCES) == set()


def test_every_reason_given_for_a_field_has_its_words() -> None:
    reasons = {reason for call in _calls({"Fault"}) if (reason := _literal(call, 1))}
    unheard = {"is not a field of a report", "must hold name and phone"}  # our own form cannot send these
    unheard |= {reason for reason in reasons if reason.startswith("must be letters a to z")}
    assert len(reasons) > 5
    assert reasons - unheard - set(REASONS) == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_is_short_and_names_icons_that_there_are(path: Path) -> None:
    text = path.read_text("utf-8")
    known = set(re.findall(r'"([a-z0-9-]+)"', ICONS.read_text("utf-8")))
    assert text.count("\n") <= 120
    assert set(re.findall(r'{% icon "([a-z0-9-]+)" %}', text)) <= known


def test_no_template_has_a_script_or_a_style_of_its_own() -> None:
    for path in TEMPLATES:
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", path.read_text("utf-8")), path


def _calls(names: set[str]) -> Iterator[ast.Call]:
    for floor in SCREEN_FLOORS:
        for path in sorted((PACKAGE / floor).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                    yield node


def _literal(call: ast.Call, place: int) -> str | None:
    words = call.args[place] if len(call.args) > place else None
    return words.value if isinstance(words, ast.Constant) and isinstance(words.value, str) else None


def _strings(words: object) -> Iterator[str]:
    yield from (words,) if isinstance(words, str) else words  # type: ignore[misc]


def _places(words: str) -> list[str]:
    return sorted(re.findall(r"%\([a-z]+\)[sd]|%[sd]", words))
