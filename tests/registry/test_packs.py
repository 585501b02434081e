"""A bad pack is refused when it is read, with the place and what is wrong there."""

from pathlib import Path

import pytest
import yaml

from cityloop.core.errors import Invalid
from cityloop.registry.packs.reading import Pack, read_all
from cityloop.runtime.yaml_files import PlainLoader
from registry.test_procedures import SMALL, line_of

ROLES = "roles:\n  clerk: {title: {zh: 员, en: Clerk}, sees: area}\n  crew: {title: {zh: 队, en: Crew}, sees: unit}\n"
PACK = "name: %s\ntitle: {zh: 包, en: Pack}\nprocedures: [procedure.yaml]\n"


def put(folder: Path, name: str, words: str, more: str = "") -> None:
    """Write a pack of one procedure with these words into the folder."""
    (folder / name).mkdir()
    (folder / name / "pack.yaml").write_text(PACK % name + more, encoding="utf-8")
    (folder / name / "procedure.yaml").write_text(words, encoding="utf-8")
    (folder / name / "roles.yaml").write_text(ROLES, encoding="utf-8")


def test_packs_that_fit_together_are_read(tmp_path: Path) -> None:
    put(tmp_path, "small", SMALL, "roles: roles.yaml\n")
    assert [pack.name for pack in read_all(str(tmp_path))][-1] == "small"


@pytest.mark.parametrize(
    ("old", "new", "field", "why", "mark"),
    [
        (
            "role: crew",
            "role: inspector",
            "tasks.work.role",
            "there is no role inspector; known are administrator, ",
            "",
        ),
        (
            "    role: clerk\n    title: {zh: 止",
            "    role: chef\n    title: {zh: 止",
            "actions.stop.role",
            "no role chef",
            "role: chef",
        ),
        ("  stage: first", "  stage: first\n  role: chef", "begins.role", "no role chef", "role: chef"),
        (
            "procedure: small",
            "procedure: tiny",
            "actions.stop.begins_case.procedure",
            "no pack has a procedure tiny",
            "",
        ),
        ("gives: {days", "gives: {hours: left, days", "actions.stop.begins_case.gives.hours", "asks for no hours", ""),
        ("gives: {days: left}", "given: {ours: x}", "actions.stop.begins_case.given.ours", "asks for no ours", ""),
        (
            "gives: {days: left}",
            "gives: {}",
            "actions.stop.begins_case",
            "asks for days when it begins: name it in",
            "",
        ),
        (
            "gives: {days: left}",
            "given: {days: two}",
            "actions.stop.begins_case.given.days",
            "would not take 'two'",
            "",
        ),
        (
            "gives: {days: left}",
            "gives: {days: own}",
            "actions.stop.begins_case.gives.days",
            "is a unit, and small",
            "",
        ),
        (
            "left, kind: number,",
            "left, kind: text,",
            "actions.stop.begins_case.gives.days",
            "asks for a number",
            "begins_case",
        ),
        (
            "en: Left}",
            "en: Left}, required: false",
            "actions.stop.begins_case.gives.days",
            "make it required",
            "begins_case",
        ),
    ],
)
def test_packs_that_do_not_fit_together_are_refused_with_line_and_field(
    tmp_path: Path, old: str, new: str, field: str, why: str, mark: str
) -> None:
    words = SMALL.replace(old, new, 1)
    assert words != SMALL
    put(tmp_path, "small", words, "roles: roles.yaml\n")
    with pytest.raises(Invalid) as refused:
        read_all(str(tmp_path))
    place = f"small/procedure.yaml:{line_of(words, mark or new.splitlines()[-1])} {field}"
    assert {fault.field: why in fault.reason for fault in refused.value.faults}.get(place), refused.value.faults


@pytest.mark.parametrize(
    ("words", "field", "why"),
    [
        ("titel: {}\n", "pack.yaml:4 titel", "not permitted"),
        ("limits: {matter: {a: {handle: 1 week, case: 1 day}}}\n", "pack.yaml:4 limits.matter.a.handle", "not a limit"),
        ("roles: rolls.yaml\n", "rolls.yaml", "No such file"),
        ("catalogues: [{name: c, title: {zh: 类, en: C}, classes: classes.csv}]\n", "classes.csv", "No such file"),
    ],
)
def test_a_bad_pack_is_refused(tmp_path: Path, words: str, field: str, why: str) -> None:
    put(tmp_path, "small", SMALL, words)
    with pytest.raises(Invalid) as refused:
        Pack.read(tmp_path / "small")
    assert [why in fault.reason for fault in refused.value.faults if fault.field.endswith(field)] == [True]


def test_among_many_packs_a_fault_is_told_with_its_folder(tmp_path: Path) -> None:
    put(tmp_path, "small", SMALL.replace("version: 1", "version: 0"), "roles: roles.yaml\n")
    with pytest.raises(Invalid) as refused:
        read_all(str(tmp_path))
    assert refused.value.faults[0].field == "small/procedure.yaml:2 version"
    put(tmp_path, "other", SMALL, "roles: rolls.yaml\n")
    with pytest.raises(Invalid) as refused:
        read_all(str(tmp_path))
    assert refused.value.faults[0].field == "other/rolls.yaml"


def test_one_version_of_a_procedure_is_given_once(tmp_path: Path) -> None:
    put(tmp_path, "first", SMALL, "roles: roles.yaml\n")
    put(tmp_path, "second", SMALL.replace("Small}", "Changed}"), "roles: roles.yaml\n")
    with pytest.raises(Invalid, match="version 1 of small is there already; give this one the next") as refused:
        read_all(str(tmp_path))
    assert "second/procedure.yaml:2 version" in refused.value.faults[0].field


def test_a_field_that_stands_twice_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "small", SMALL.replace("  urge_all:", "  urge:"), "roles: roles.yaml\n")
    with pytest.raises(Invalid, match="urge: stands here a second time"):
        read_all(str(tmp_path))


def test_a_role_that_sees_what_no_role_sees_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "small", SMALL, "roles: roles.yaml\n")
    (tmp_path / "small" / "roles.yaml").write_text(ROLES.replace("sees: area", "sees: all"), encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        Pack.read(tmp_path / "small")
    assert refused.value.faults[0].field == "roles.yaml:2 roles.clerk.sees"


def test_a_catalogue_without_its_columns_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "small", SMALL, "catalogues: [{name: c, title: {zh: 类, en: C}, classes: classes.csv}]\n")
    (tmp_path / "small" / "classes.csv").write_text("kind,name\nmatter,x\n", encoding="utf-8")
    with pytest.raises(Invalid, match="has no column code, major"):
        Pack.read(tmp_path / "small")


def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"holds no folder with a pack\.yaml"):
        read_all(str(tmp_path))


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("name: [", encoding="utf-8")
    with pytest.raises(Invalid):
        Pack.read(tmp_path)


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y", "n"])
def test_a_word_that_looks_like_a_word_is_one(word: str) -> None:
    assert yaml.load(f"{word}: {word}", Loader=PlainLoader) == {word: word}


def test_the_shipped_packs_are_sound() -> None:
    domains = {"city-problem", "supervision-order", "whistle", "score-appeal", "enforcement-referral"}
    assert {pack.name for pack in read_all()} >= domains | {"gbt47678-5", "example-city"}


def test_no_two_kinds_of_task_have_one_name() -> None:
    ways = {way.name: way for pack in read_all() for way in pack.procedures}
    kinds = [kind for way in ways.values() for kind in way.tasks]
    assert sorted(kinds) == sorted(set(kinds))


def test_a_shipped_pack_is_left_out_by_its_name() -> None:
    assert "example-city" in {pack.name for pack in read_all()}
    assert "example-city" not in {pack.name for pack in read_all("-example-city")}


def test_leaving_out_a_pack_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        read_all("-nothing")
    assert [fault.field for fault in refused.value.faults] == ["CITYLOOP_PACKS"]
