"""A bad pack is refused when it is read, with the place and what is wrong there."""

from pathlib import Path

import pytest
import yaml

from cityloop.core.errors import Invalid
from cityloop.registry.packs import SHIPPED, Pack, read_all
from cityloop.registry.procedure_texts import read_procedure
from cityloop.registry.yaml_files import PlainLoader

GOOD = SHIPPED / "city-problem" / "procedure.yaml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """Return a copy of the shipped procedure with one thing changed."""
    words = GOOD.read_text(encoding="utf-8")
    assert old in words
    path = tmp_path / "procedure.yaml"
    path.write_text(words.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "where", "why"),
    [
        ("opens: [accept]}", "opens: [acept]}", "begins.opens", "no kind of task acept"),
        ("stage: reported, opens", "stage: report, opens", "begins.stage", "no stage report"),
        ("to: accepted", "to: acepted", "actions.accept.to", "no stage acepted"),
        ("{on: file, title: {zh: 立案,", "{on: fil, title: {zh: 立案,", "actions.file.on", "no kind of task fil"),
        ("opens: [dispatch], main: true,", "opens: [], main: true,", "actions.file.opens", "nobody would hold"),
        ("{name: unit, kind: unit,", "{name: office, kind: unit,", "actions.dispatch.opens", "held by a unit"),
        ("to: closed, main: true", "to: closed, opens: [check], main: true", "actions.close.opens", "is closed in"),
        (
            "{name: note, kind: text, title: {zh: 受理意见",
            "{name: category, kind: text, title: {zh: 受理意见",
            "actions.accept.needs",
            "one name",
        ),
        ("limit: {otherwise: 15 minute}", "limit: {otherwise: 15 minutes}", "tasks.accept.limit", "no limit"),
        ("version: 1", "version: 0", "version", "greater than or equal to 1"),
        ("part: judging", "part: judge", "tasks.check.part", "Input should be"),
        ("main: true, needs", "mian: true, needs", "actions.accept.mian", "not permitted"),
        ("title: {zh: 立案, en: File}, role", "title: {zh: 立案}, role", "tasks.file.title", "zh and in en"),
    ],
)
def test_a_bad_procedure_is_refused_with_line_and_field(
    tmp_path: Path, old: str, new: str, where: str, why: str
) -> None:
    path = changed(tmp_path, old, new)
    line = next(n for n, words in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if new in words)
    with pytest.raises(Invalid) as refused:
        read_procedure(path)
    told = {fault.field.split(" ")[1]: fault for fault in refused.value.faults}
    assert where in told and why in told[where].reason
    said = int(told[where].field.split(" ")[0].split(":")[1])
    assert abs(said - line) <= 5, f"line {line} was meant, {said} was told"


def test_a_task_that_nobody_may_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    path = changed(tmp_path / "mine", "role: collector", "role: inspector")
    path.write_text(path.read_text(encoding="utf-8").replace("name: city-problem", "name: mine"), encoding="utf-8")
    (tmp_path / "mine" / "pack.yaml").write_text(
        "name: mine\ntitle: {zh: 我的, en: Mine}\nprocedures: [procedure.yaml]\n", encoding="utf-8"
    )
    with pytest.raises(Invalid, match="there is no role inspector"):
        read_all(str(tmp_path))


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("name: [", encoding="utf-8")
    with pytest.raises(Invalid):
        Pack.read(tmp_path)


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y", "n"])
def test_a_word_that_looks_like_a_word_is_one(word: str) -> None:
    assert yaml.load(f"{word}: {word}", Loader=PlainLoader) == {word: word}


def test_the_shipped_packs_are_sound() -> None:
    assert {pack.name for pack in read_all()} >= {"city-problem", "gbt47678-5", "example-city"}
