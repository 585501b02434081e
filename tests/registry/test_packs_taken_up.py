"""A pack is taken up once for each change; what it drops is removed, and what cases follow stays as it was."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_django

from cityloop.core.codes.classes import HOME, ClassKey
from cityloop.core.errors import Invalid, NotFound
from cityloop.registry import verification
from cityloop.registry.catalogue import actions as catalogue_actions
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.history.changes import undo
from cityloop.registry.models import Category, ChangeSet, Condition, Crosswalk, PackTaken
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.packs import actions as pack_actions
from cityloop.registry.packs import reading as packs
from cityloop.registry.packs.in_force import packs_in_force
from cityloop.registry.packs.queries import differences, pack_line, pack_lines, procedure_changes
from cityloop.registry.packs.reading import Pack, read_all
from cityloop.registry.packs.versions import digest
from example import NOW, SmallCity
from registry.test_procedures import SMALL

WORDS = f"""name: dogs
version: 2
title: {{zh: 养犬, en: Dogs}}
requires: [gbt47678-5]
roles: roles.yaml
procedures: [procedure.yaml]
local_classes: [{{catalogue: {HOME}, classes: classes.csv}}]
conditions: [{{catalogue: {HOME}, file: conditions.csv, profile: dogs}}]
crosswalks: [crosswalk.csv]
limits:
  matter:
    "10981": {{handle: 2 work_hour, case: 1 work_day}}
    "10982": {{handle: 4 work_hour, case: 2 work_day}}
"""
ROLES = "roles:\n  clerk: {title: {zh: 员, en: Clerk}, sees: area}\n  crew: {title: {zh: 队, en: Crew}, sees: unit}\n"
FILES = {
    "pack.yaml": WORDS,
    "roles.yaml": ROLES,
    "procedure.yaml": SMALL,
    "classes.csv": "kind,code,name,major\nmatter,10981,犬只伤人,其他事项\nmatter,10982,犬吠扰民,其他事项\n",
    "conditions.csv": "kind,code,number,filing,closing,limit_a,limit_b,limit_c\n"
    "matter,10981,1,有人受伤,犬只被带走,1 urgent_hour,,\nmatter,10981,2,未拴绳,已拴绳,4 work_hour,,\n",
    "crosswalk.csv": "from_catalogue,from_kind,from_code,to_catalogue,to_kind,to_code,note\n"
    f"GB/T 30428.2-2013,matter,0602,{HOME},matter,10981,\n",
}
ONE_CONDITION = FILES["conditions.csv"].rpartition("matter,10981,2")[0]
NO_CROSSWALK = FILES["crosswalk.csv"].partition("\n")[0] + "\n"
ONE_LIMIT = WORDS.rpartition('    "10982"')[0]
CHANGED = SMALL.replace("limit: {otherwise: 1 day}", "limit: {otherwise: 2 day}", 1)


@pytest.fixture
def folder(tmp_path: Path, city: SmallCity, settings: pytest_django.Settings) -> Path:
    """A pack beside the shipped ones, that the city does not have yet."""
    for name, content in FILES.items():
        put(tmp_path / "dogs", name, content)
    settings.CITYLOOP = replace(settings.CITYLOOP, packs=str(tmp_path))
    return tmp_path / "dogs"


def put(folder: Path, name: str, content: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")


def take_up(folder: Path, is_followed: Callable[[str, int], bool] = lambda *_: False) -> int | None:
    """Take up every pack with what stands in a folder now; return the number of the change, if it was one."""
    number = pack_actions.take_up(read_all(str(folder.parent)), "test", NOW, is_followed).number
    forget()  # on_commit does not run in a test's transaction
    return number


def conditions() -> set[str]:
    return set(Condition.objects.filter(code="10981").values_list("number", flat=True))


def limits(code: str) -> tuple[str, str]:
    return Category.objects.filter(catalogue=HOME, code=code).values_list("handle_limit", "case_limit").get()


def crosswalks() -> int:
    return Crosswalk.objects.filter(to_code="10981").count()


def test_a_pack_is_one_change_in_the_history_and_nothing_the_second_time(folder: Path) -> None:
    number = take_up(folder)
    row = PackTaken.objects.get(name="dogs")
    assert (row.version, row.changes_id) == (2, number)
    assert [change.source for change in ChangeSet.objects.order_by("-number")[:1]] == ["dogs 2"]
    assert (conditions(), crosswalks(), limits("10982")) == ({"1", "2"}, 1, ("4 work_hour", "2 work_day"))
    assert take_up(folder) is None


def test_what_a_pack_no_longer_contains_is_removed_and_its_classes_stay(folder: Path) -> None:
    take_up(folder)
    put(folder, "pack.yaml", ONE_LIMIT)
    put(folder, "conditions.csv", ONE_CONDITION)
    put(folder, "crosswalk.csv", NO_CROSSWALK)
    put(folder, "classes.csv", FILES["classes.csv"].rpartition("matter,10982")[0])
    number = take_up(folder)
    assert (conditions(), crosswalks(), limits("10982")) == ({"1"}, 0, ("", ""))
    assert limits("10981") == ("2 work_hour", "1 work_day")
    assert list(verification.findings()) == []
    undo(number or 0, "test", NOW)
    assert (conditions(), crosswalks(), limits("10982")) == ({"1", "2"}, 1, ("4 work_hour", "2 work_day"))


def test_what_an_administrator_changed_stays_when_the_pack_drops_it(folder: Path) -> None:
    take_up(folder)
    key = ClassKey(HOME, "matter", "10981")
    catalogue_actions.set_condition(key, "2", "未拴绳、未戴嘴套", "已改", {"": "2 work_hour"}, "test", NOW)
    catalogue_actions.set_class_limits(ClassKey(HOME, "matter", "10982"), "1 工作时", "1 工作日", "test", NOW)
    put(folder, "conditions.csv", ONE_CONDITION)
    put(folder, "pack.yaml", ONE_LIMIT)
    take_up(folder)
    assert conditions() == {"1", "2"} and limits("10982") == ("1 work_hour", "1 work_day")


def test_what_moves_from_one_pack_to_another_stays(folder: Path) -> None:
    take_up(folder)
    cats = folder.parent / "cats"
    words = "name: cats\ntitle: {zh: 猫, en: Cats}\nlimits: {matter: {'10982': {handle: 1 day, case: 3 day}}}\n"
    words += f"conditions: [{{catalogue: {HOME}, file: conditions.csv, profile: dogs}}]\n"
    put(cats, "pack.yaml", words)
    put(
        cats,
        "conditions.csv",
        FILES["conditions.csv"].replace("matter,10981,1,有人受伤,犬只被带走,1 urgent_hour,,\n", ""),
    )
    put(folder, "conditions.csv", ONE_CONDITION)
    put(folder, "pack.yaml", ONE_LIMIT)
    take_up(folder)
    assert conditions() == {"1", "2"} and limits("10982") == ("1 day", "3 day")


def test_a_procedure_changed_under_a_version_that_cases_follow_is_refused(folder: Path) -> None:
    take_up(folder)
    put(folder, "procedure.yaml", CHANGED)
    with pytest.raises(Invalid) as refused:
        take_up(folder, lambda name, version: (name, version) == ("small", 1))
    (fault,) = refused.value.faults
    assert (fault.field, fault.code) == ("dogs/procedure.yaml:2 version", "procedure-changed")
    assert PackTaken.objects.get(name="dogs").procedures == {"small 1": digest_of(SMALL, folder)}


def test_a_procedure_that_no_case_follows_may_be_changed(folder: Path) -> None:
    take_up(folder)
    put(folder, "procedure.yaml", CHANGED)
    take_up(folder)
    assert PackTaken.objects.get(name="dogs").procedures == {"small 1": digest_of(CHANGED, folder)}


def test_a_version_that_was_removed_and_comes_back_changed_is_refused(folder: Path) -> None:
    take_up(folder)
    put(folder, "procedure.yaml", CHANGED.replace("version: 1", "version: 2"))
    take_up(folder, lambda *_: True)
    put(folder, "procedure.yaml", CHANGED)
    with pytest.raises(Invalid, match="cases follow it"):
        take_up(folder, lambda *_: True)


def digest_of(words: str, folder: Path) -> str:
    path = folder.parent / "one.yaml"
    path.write_text(words, encoding="utf-8")
    return digest(path)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("zh: 派", "zh: 派给", True),
        ("zh: 等", "zh: 请等", True),
        ("rain: {zh: 雨, en: Rain}", "rain: {zh: 下雨, en: It rains}", True),
        ("name: small\n", "# Small, and corrected.\nname:   small\n", True),
        ("otherwise: 5 day", "otherwise: 6 day", False),
        ("{80: urge}", "{90: urge}", False),
        ("rain: {zh: 雨, en: Rain}", "snow: {zh: 雨, en: Rain}", False),
        ("when: not overdue", "when: overdue", False),
    ],
)
def test_titles_comments_and_layout_may_be_corrected_and_nothing_else(
    tmp_path: Path, old: str, new: str, same: bool
) -> None:
    words = SMALL.replace(old, new, 1)
    assert words != SMALL
    assert (digest_of(words, tmp_path / "x") == digest_of(SMALL, tmp_path / "x")) is same


def test_what_taking_up_a_pack_would_change_is_shown_and_nothing_is_changed(folder: Path) -> None:
    take_up(folder)
    put(folder, "conditions.csv", ONE_CONDITION.replace("1 urgent_hour", "2 urgent_hour"))
    put(folder, "procedure.yaml", CHANGED)
    every = read_all(str(folder.parent))
    dogs = pack_line(every, "dogs").pack
    assert dogs
    rows = {(row.table.name, json.loads(row.key)[-1], row.after is None) for row in differences(dogs, every)}
    assert rows == {("conditions", "1", False), ("conditions", "2", True)}
    assert [(change.name, change.version, change.kind) for change in procedure_changes(dogs)] == [
        ("small", 1, "changed")
    ]
    assert conditions() == {"1", "2"}


def test_the_list_says_when_a_pack_was_taken_up_and_whether_it_has_changed_since(folder: Path) -> None:
    every = read_all(str(folder.parent))
    assert not pack_line(every, "dogs").is_taken
    number = take_up(folder)
    line = pack_line(every, "dogs")
    assert (line.taken_version, line.taken_at, line.change, line.is_changed) == (2, NOW, number, False)
    put(folder, "roles.yaml", ROLES + "# more\n")
    assert pack_line(every, "dogs").is_changed
    removed = [line for line in pack_lines(read_all()) if line.pack is None]
    assert [(line.name, line.taken_version) for line in removed] == [("dogs", 2)]
    with pytest.raises(NotFound):
        pack_line(every, "cats")


def test_a_running_city_does_not_see_a_pack_that_is_being_edited(folder: Path) -> None:
    take_up(folder)
    before = packs_in_force()
    assert current_city().procedures["small", 1].title["zh"] == "小"
    put(folder, "procedure.yaml", "half a procedure: [")
    organisation.enter_units({"dogs": "犬管所"}, "test", NOW)
    forget()
    assert "dogs" in current_city().units and packs_in_force() is before
    put(folder, "procedure.yaml", SMALL.replace("zh: 小", "zh: 小事"))
    take_up(folder)
    assert current_city().procedures["small", 1].title["zh"] == "小事"


def test_packs_are_parsed_again_only_when_a_file_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES.items():
        put(tmp_path / "dogs", name, content)
    parsed: list[str] = []
    read = Pack.read

    def read_again(folder: Path) -> Pack:
        parsed.append(folder.name)
        return read(folder)

    monkeypatch.setattr(packs.Pack, "read", read_again)
    first = read_all(str(tmp_path))
    assert read_all(str(tmp_path)) is first and parsed.count("dogs") == 1
    path = tmp_path / "dogs" / "pack.yaml"
    put(tmp_path / "dogs", "pack.yaml", WORDS.replace("version: 2", "version: 3"))
    later = path.stat().st_mtime + timedelta(seconds=1).total_seconds()
    os.utime(path, (later, later))  # a file of the same size, written within one tick of the clock
    assert read_all(str(tmp_path))[-1].version == 3 and parsed.count("dogs") == 2
    put(tmp_path / "dogs", "notes.txt", "read me")
    read_all(str(tmp_path))
    assert parsed.count("dogs") == 3


def test_the_faults_of_all_packs_are_reported_at_once(tmp_path: Path) -> None:
    for name in ("dogs", "cats"):
        put(tmp_path / name, "pack.yaml", f"name: {name}\ntitle: {{zh: 包, en: Pack}}\nroles: rolls.yaml\n")
    with pytest.raises(Invalid) as refused:
        read_all(str(tmp_path))
    assert [fault.field for fault in refused.value.faults] == ["cats/rolls.yaml", "dogs/rolls.yaml"]


@pytest.mark.parametrize("name", ["Dogs", "dogs 2", "犬", "../dogs", ""])
def test_the_name_of_a_pack_is_plain(tmp_path: Path, name: str) -> None:
    put(tmp_path / "dogs", "pack.yaml", f'name: "{name}"\ntitle: {{zh: 包, en: Pack}}\n')
    with pytest.raises(Invalid) as refused:
        Pack.read(tmp_path / "dogs")
    assert refused.value.faults[0].field == "pack.yaml:1 name"
