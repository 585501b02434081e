"""The words people see: every one translated, every refusal worded, every icon there."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import override

from cityloop.core.errors import Invalid, NotPossible
from cityloop.core.place.geo import PointFault
from cityloop.core.procedures.needs import checked
from cityloop.core.procedures.procedure import Need, NeedKind
from cityloop.intake.reports import POINT_FAULTS, read
from cityloop.presentation.pages.sentences import SENTENCES, reason_words, sentence
from cityloop.presentation.translations import LOCALE, PACKAGE, catalog, messages
from example import NOW

CHINESE = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
TEMPLATES = sorted((PACKAGE / "presentation" / "templates").rglob("*.html"))
ICONS = PACKAGE.parent.parent / "frontend" / "icons.mjs"
# Rooms whose refusals can reach a screen.
FLOORS = ("core", "casework", "intake", "registry", "presentation/workbench", "presentation/pages")
FILES_READ = {  # what is wrong in a file is told on the command line alone, in English
    "area_dates.py",
    "area_doubts.py",
    "area_gathering.py",
    "area_parents.py",
    "area_settling.py",
    "boundaries.py",
    "catalogue_agreement.py",
    "catalogue_texts.py",
    "changes.py",
    "facilities.py",
    "facility_settling.py",
    "layer_texts.py",
    "pack_versions.py",
    "packs.py",
    "procedure_texts.py",
    "yaml_files.py",
}
COMPUTED = {
    "UNKNOWN",
    "fault",
    "POINT_FAULTS[fault]",
    "str(wrong)",
    "' '.join(wrong.messages)",
}  # reasons tried out below
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
    codes = [call.args[0] for call in _calls(REFUSALS)]
    worded = {code for name in codes for code in SENTENCES if re.fullmatch(_shape(name, "[a-z]+"), code)}
    assert len(codes) > 15
    assert [
        ast.unparse(name) for name in codes if not any(re.fullmatch(_shape(name, "[a-z]+"), c) for c in worded)
    ] == []


@pytest.mark.parametrize("code", SENTENCES)
def test_a_refusal_is_told_in_chinese(code: str) -> None:
    with override("zh-hans"):
        assert _is_chinese(sentence(NotPossible(code, "In English.")))


def test_every_reason_given_for_a_field_is_told_in_chinese() -> None:
    reasons = [call.args[1] for call in _calls({"Fault"})]
    known = [reason for reason in reasons if isinstance(reason, ast.Constant | ast.JoinedStr)]
    assert len(known) > 15
    with override("zh-hans"):
        assert [words for reason in known if not _is_chinese(reason_words(words := _filled(reason)))] == []


def test_every_reason_that_is_computed_is_among_those_tried_out_here() -> None:
    reasons = [call.args[1] for call in _calls({"Fault"})]
    assert {ast.unparse(each) for each in reasons if not isinstance(each, ast.Constant | ast.JoinedStr)} == COMPUTED


@pytest.mark.parametrize(
    "said",
    [
        {"text": "a" * 5000},
        {"text": "a\0"},
        {"lon": 0, "lat": 0},
        {"lon": 23, "lat": 120},
        {"lon": 190, "lat": 23},
        {"lon": 120, "lat": 23, "crs": "mars' \n2000"},
    ],
)
def test_what_is_wrong_with_a_report_is_told_in_chinese(said: dict[str, object]) -> None:
    with override("zh-hans"), pytest.raises(Invalid) as refused:
        read({"channel": "desk", "external_id": "A1", "text": "井盖破损", **said}, UTC, NOW)
    with override("zh-hans"):
        assert all(_is_chinese(reason_words(fault.reason)) for fault in refused.value.faults)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (NeedKind.TEXT, ""),
        (NeedKind.TEXT, "a" * 5000),
        (NeedKind.CHOICE, "none"),
        (NeedKind.NUMBER, "many"),
        (NeedKind.DATE, "tomorrow"),
        (NeedKind.DATE, "2020-01-01"),
        (NeedKind.UNITS, "a"),
        (NeedKind.UNITS, "a b c d"),
        (NeedKind.PHOTOS, "a b"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told_in_chinese(kind: NeedKind, answer: str) -> None:
    need = Need("asked", kind, {}, least=2, most=3)
    with pytest.raises(Invalid) as refused:
        checked([need], {"asked": answer}, NOW.date())
    with override("zh-hans"):
        assert all(_is_chinese(reason_words(fault.reason)) for fault in refused.value.faults)


def test_every_fault_of_a_point_is_told_in_chinese() -> None:
    with override("zh-hans"):
        assert all(_is_chinese(reason_words(POINT_FAULTS[fault])) for fault in PointFault)


def test_what_is_wrong_with_a_password_is_told_in_chinese() -> None:
    for password in ("zq7!", "12345678901", "password"):
        with override("zh-hans"), pytest.raises(ValidationError) as refused:
            validate_password(password)
        with override("zh-hans"):
            assert _is_chinese(reason_words(" ".join(refused.value.messages))), password


def test_no_screen_reads_the_files_whose_faults_are_told_in_english() -> None:
    for path in sorted((PACKAGE / "presentation").rglob("*.py")):
        assert not re.search(r"registry\.(boundaries|packs)", path.read_text("utf-8")), path


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
    for floor in FLOORS:
        for path in sorted((PACKAGE / floor).rglob("*.py")):
            if path.name in FILES_READ:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                    yield node


def _shape(words: ast.expr, hole: str) -> str:
    """Return the expression that all values of a text in the source match; one that is computed matches nothing."""
    if isinstance(words, ast.Constant):
        return re.escape(str(words.value))
    if isinstance(words, ast.JoinedStr):
        return "".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else hole for v in words.values)
    return "(?!)"


def _filled(words: ast.Constant | ast.JoinedStr) -> str:
    parts = words.values if isinstance(words, ast.JoinedStr) else [words]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "77" for part in parts)


def _is_chinese(words: str) -> bool:
    """Return whether the words hold Chinese and no English word; names of things are written alike in both."""
    english = set(re.findall(r"[A-Za-z]{3,}", words)) - {"WGS", "CGCS", "GCJ", "mars"}
    return bool(re.search(r"[\u4e00-\u9fff]", words)) and not english


def _strings(words: object) -> Iterator[str]:
    yield from (words,) if isinstance(words, str) else words  # type: ignore[misc]


def _places(words: str) -> list[str]:
    return sorted(re.findall(r"%\([a-z]+\)[sd]|%[sd]", words))
