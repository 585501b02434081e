"""The words people see: every one translated, every refusal worded, every icon there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import override

from cityloop.core.errors import Fault, NotPossible
from cityloop.core.sentences import SENTENCE_TABLES, SENTENCES, english
from cityloop.presentation.pages.sentences import fault_words, sentence
from cityloop.presentation.translations import LOCALE, PACKAGE, catalog, messages

CHINESE = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
TEMPLATES = sorted((PACKAGE / "presentation" / "templates").rglob("*.html"))
ICONS = PACKAGE.parent.parent / "frontend" / "icons.mjs"
REFUSALS = {"NotAllowed", "NotPossible", "NotFound", "Conflict"}
HOLE = re.compile(r"%\((\w+)\)s")


def test_every_word_has_its_chinese_and_no_chinese_is_left_over() -> None:
    translated = {(message.context, message.id) for message in catalog(CHINESE) if message.id}
    assert translated == set(messages())


def test_no_translation_is_empty_or_uncertain() -> None:
    unfinished = [m.id for m in catalog(CHINESE) if m.id and (m.fuzzy or not all(_strings(m.string)))]
    assert unfinished == []


def test_a_translation_fills_in_the_same_values() -> None:
    for message in catalog(CHINESE):
        originals, translations = list(_strings(message.id)), list(_strings(message.string))
        if message.id:
            assert _places(originals[-1]) == _places(translations[-1]), message.id


@pytest.mark.parametrize("code", SENTENCES)
def test_every_sentence_can_be_read_in_both_languages(code: str) -> None:
    values = dict.fromkeys(HOLE.findall(SENTENCES[code]), 7)
    assert "%(" not in english(code, values)
    with override("zh-hans"):
        assert _is_chinese(fault_words(Fault("field", code, values)), english(code, values))
        assert sentence(NotPossible(code, values)) == fault_words(Fault("field", code, values))


def test_no_code_has_two_sentences() -> None:
    codes = [code for table in SENTENCE_TABLES for code in table]
    assert sorted(codes) == sorted(SENTENCES)


def test_every_code_that_is_raised_has_a_sentence() -> None:
    assert {code for code, _, _ in RAISED} - set(SENTENCES) == set()


def test_whoever_raises_a_code_gives_the_values_of_its_sentence() -> None:
    faults = [
        f"{place}: {code} has {sorted(HOLE.findall(SENTENCES[code]))} and is given {sorted(values)}"
        for code, values, place in RAISED
        if values is not None and code in SENTENCES and set(HOLE.findall(SENTENCES[code])) != values
    ]
    assert faults == []


def test_no_sentence_is_left_that_nothing_raises() -> None:
    written = {node.value for tree in SOURCE.values() for node in ast.walk(tree) if _is_text(node)}
    shapes = [shape for tree in SOURCE.values() for node in ast.walk(tree) if (shape := _shape(node))]
    assert [code for code in SENTENCES if code not in written and not any(s.fullmatch(code) for s in shapes)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_is_short_and_names_icons_that_there_are(path: Path) -> None:
    text = path.read_text("utf-8")
    known = set(re.findall(r'"([a-z0-9-]+)"', ICONS.read_text("utf-8")))
    assert text.count("\n") <= 120
    assert set(re.findall(r'{% icon "([a-z0-9-]+)" %}', text)) <= known


def test_no_template_has_a_script_or_a_style_of_its_own() -> None:
    for path in TEMPLATES:
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", path.read_text("utf-8")), path


def _raised() -> Iterator[tuple[str, set[str] | None, str]]:
    """Yield each code written where a fault or refusal is made, the names of its values if written there, and where."""
    for path, tree in SOURCE.items():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            first = {"Fault": 1}.get(call.func.id, 0 if call.func.id in REFUSALS else None)
            if first is None or len(call.args) <= first:
                continue
            values = _names(call.args[first + 1 :] + [word.value for word in call.keywords if word.arg == "values"])
            for code in _codes(call.args[first]):
                yield code, values, f"{path}:{call.lineno}"


def _codes(written: ast.expr) -> Iterator[str]:
    if isinstance(written, ast.Constant):
        yield str(written.value)
    elif isinstance(written, ast.IfExp):
        yield from (*_codes(written.body), *_codes(written.orelse))


def _names(arguments: list[ast.expr]) -> set[str] | None:
    """Return the keys of a dict that is written out, the empty set where there is none, None for what is computed."""
    if not arguments:
        return set()
    if isinstance(arguments[0], ast.Dict) and all(isinstance(key, ast.Constant) for key in arguments[0].keys):
        return {str(key.value) for key in arguments[0].keys if isinstance(key, ast.Constant)}
    return None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _shape(node: ast.AST) -> re.Pattern[str] | None:
    """Return the expression that every code of a text with values in it matches."""
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z-]+" for part in node.values]
    return re.compile("".join(parts)) if any(isinstance(part, ast.Constant) for part in node.values) else None


def _is_chinese(words: str, original: str) -> bool:
    """Return whether the words have Chinese and, of Latin words, only names that the English sentence has as well."""
    latin = [set(re.findall(r"[A-Za-z]{3,}", text)) for text in (words, original)]
    return bool(re.search(r"[\u4e00-\u9fff]", words)) and latin[0] <= latin[1]


def _strings(words: object) -> Iterator[str]:
    yield from (words,) if isinstance(words, str) else words  # type: ignore[misc]


def _places(words: str) -> list[str]:
    return sorted(re.findall(r"%\([a-z]+\)[sd]|%[sd]", words))


SOURCE = {
    path.relative_to(PACKAGE): ast.parse(path.read_text("utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
    if "core/sentences" not in path.as_posix() and "static" not in path.parts
}
RAISED = list(_raised())
