"""The export of facts: continuing from the last edition gives the same facts, and costs only what has changed."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from cityloop.casework import actions
from cityloop.casework.history import projection
from cityloop.casework.models import Case
from cityloop.core.errors import NotFound, NotPossible, Refusal
from cityloop.core.procedures.deciding import refusal
from cityloop.entry.command_line import main
from cityloop.evaluation import exporting
from cityloop.evaluation.exporting import export
from cityloop.evaluation.facts.files import Edition, FactFolder
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.organisation import actions as organisation
from cityloop.runtime.models import Event
from example import NOW
from plans import UNITS, answers
from runtime.log import tamper
from scenarios.conftest import Desks, notify_linked, procedure_of

pytestmark = pytest.mark.server

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> FactFolder:
    return FactFolder(tmp_path / "facts")


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put three cases in a part and read two at a time, so that a few cases need several parts."""
    monkeypatch.setattr(exporting, "PART", 3)
    monkeypatch.setattr(exporting, "CHUNK", 2)


def report(desks: Desks, key: str) -> str:
    payload = {"channel": "12345", "external_id": key, "text": "路面塌陷", "lon": 120.05, "lat": 23.05}
    return receive(read(payload, current_city().calendar.time_zone, NOW), desks.people["hotline"], NOW).number


def something_happens(desks: Desks, random: Random, at: datetime) -> None:
    """Do one of the actions that are allowed on some case."""
    rows = list(Case.objects.order_by("pk"))
    for row in random.sample(rows, len(rows)):
        procedure, state = procedure_of(row), projection.state(row, row.tasks.order_by("no"))
        doing = [
            (action, task, actor)
            for action in procedure.actions.values()
            for task in (
                [open_task.no for open_task in state.open_tasks if open_task.kind == action.on] if action.on else [0]
            )
            for actor in desks.people.values()
            if refusal(procedure, state, action, task, actor, at, current_city().calendar) is None
        ]
        for action, task, actor in random.sample(doing, len(doing)):
            inputs = answers(action.needs, UNITS[:3], "671001")
            with suppress(Refusal):
                actions.act(row.number, action.name, task, actor, inputs, None, at)
                return


def from_the_beginning(folder: FactFolder, now: datetime) -> Edition:
    """Export everything into a folder of its own."""
    return export(FactFolder(folder.path / "anew" / str(now)), now)


@pytest.mark.parametrize("seed", [1, 2])
def test_continuing_from_the_last_edition_gives_the_same_as_reading_everything(
    transactional_db: None, small_parts: None, desks: Desks, folder: FactFolder, seed: int
) -> None:
    random = Random(seed)
    for key in "ABCDEFG":
        report(desks, key)
    for hour in range(6):
        for _ in range(random.randrange(1, 8)):
            something_happens(desks, random, NOW + hour * HOUR)
        if random.random() < 0.5:
            report(desks, f"new{hour}")
        notify_linked()
        now = NOW + hour * HOUR + SECOND
        continued, whole = export(folder, now), from_the_beginning(folder, now)
        assert continued.parts == whole.parts and continued.digest == whole.digest
        assert list(folder.faults(continued)) == []
    assert len({part.number for part in continued.parts}) > 2
    assert len({edition.parts for edition in folder.editions()}) == 6  # something happened every time


def test_only_cases_to_which_something_happened_are_read_again(
    transactional_db: None, small_parts: None, desks: Desks, folder: FactFolder
) -> None:
    numbers = [report(desks, key) for key in "ABCDEF"]
    messages: list[str] = []
    first = export(folder, NOW, messages.append)
    assert messages[-1].startswith("6 cases read")
    second = export(folder, NOW + SECOND, messages.append)
    assert messages[-1].startswith("0 cases read, 0 of ") and second.parts == first.parts
    desks.act(numbers[1], "accept", "operator", at=NOW + HOUR, category="06013", district="671001")
    third = export(folder, NOW + 2 * HOUR, messages.append)
    assert messages[-1].startswith("1 cases read, 4 of ")
    changed = {(new.relation, new.number) for new in third.parts} - {(p.relation, p.number) for p in first.parts}
    assert changed == set()
    others = [part for part in first.parts if part not in third.parts]
    assert {part.relation for part in others} == {"cases", "tasks", "passages", "events"}
    assert len({part.number for part in others}) == 1
    assert list(folder.faults(first)) == list(folder.faults(third)) == []  # the past stays


@pytest.mark.parametrize("harm", ["altered", "cut"])
def test_altered_rows_never_get_into_the_next_edition(
    transactional_db: None, desks: Desks, folder: FactFolder, harm: str
) -> None:
    first, _ = report(desks, "A"), report(desks, "B")
    before = export(folder, NOW)
    (path,) = folder.files(before)["cases"]
    if harm == "altered":
        table = pq.read_table(path)
        place = table.schema.get_field_index("district")
        pq.write_table(table.set_column(place, "district", pa.array(["671009", "671009"])), path)
    else:
        path.write_bytes(path.read_bytes()[:-100])
    desks.act(first, "accept", "operator", at=NOW + HOUR, category="06013", district="671001")
    after = export(folder, NOW + 2 * HOUR)
    assert after.parts == from_the_beginning(folder, NOW + 2 * HOUR).parts
    assert list(folder.faults(after)) == []


@pytest.mark.parametrize("change", ["department", "rules", "file"])
def test_where_a_change_of_the_city_affects_known_rows_everything_is_read_again(
    transactional_db: None, small_parts: None, desks: Desks, folder: FactFolder, change: str, settings: object
) -> None:
    desks.problem()
    report(desks, "other")
    first = export(folder, NOW)
    if change == "department":
        organisation.set_units([{"code": "works", "name": "城管局"}], "test", NOW)
        organisation.set_units([{"code": "roads", "parent": "works"}], "test", NOW)
        forget()
    if change == "rules":
        pack = folder.path.parent / "packs" / "own"
        pack.mkdir(parents=True)
        (pack / "pack.yaml").write_text("name: own\ntitle: {zh: 本市, en: Own}\n")
        (pack / "facts.yaml").write_text("procedures: {city-problem: {cases: {reworks: {times: [CheckPassed]}}}}\n")
        configuration = settings.CITYLOOP  # type: ignore[attr-defined]
        settings.CITYLOOP = replace(configuration, packs=str(pack.parent))  # type: ignore[attr-defined]
    if change == "file":
        removed = next(part for part in first.parts if part.relation == "tasks")
        (folder.path / "parts" / "tasks" / f"{removed.digest}.parquet").unlink()
    messages: list[str] = []
    second = export(folder, NOW + SECOND, messages.append)
    assert messages[-1].startswith("2 cases read")
    assert list(folder.faults(second)) == []
    if change == "department":
        cases = [row for part in second.parts if part.relation == "cases" for row in folder.table(part).to_pylist()]
        assert {row["department"] for row in cases} == {"works", None}


def test_a_new_unit_does_not_affect_known_rows(desks: Desks, folder: FactFolder) -> None:
    desks.problem()
    first = export(folder, NOW)
    organisation.set_units([{"code": "works", "name": "城管局"}], "test", NOW)
    second = export(folder, NOW + SECOND)
    assert {part.relation for part in second.parts if part not in first.parts} == {"units"}


def test_an_export_that_is_killed_leaves_nothing_half_done(
    transactional_db: None, small_parts: None, desks: Desks, folder: FactFolder
) -> None:
    number = report(desks, "first")
    first = export(folder, NOW)
    for key in "ABCDEF":
        report(desks, key)
    desks.act(number, "accept", "operator", at=NOW, category="06013", district="671001")

    def killed(words: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(folder, NOW + SECOND, killed)
    assert folder.editions() == (first,) and list(folder.faults(first)) == []
    now = NOW + 2 * SECOND
    assert export(folder, now).parts == from_the_beginning(folder, now).parts


def test_an_export_does_not_continue_from_facts_of_a_log_that_went_further(desks: Desks, folder: FactFolder) -> None:
    desks.problem()
    edition = export(folder, NOW)
    further = Edition(NOW + SECOND, edition.zone, edition.parts, str(10**15), edition.context)
    folder.save(further)
    messages: list[str] = []
    export(folder, NOW + 2 * SECOND, messages.append)
    assert messages[-1].startswith("1 cases read")


def test_an_unreadable_history_is_reported_and_nothing_is_written(desks: Desks, folder: FactFolder) -> None:
    desks.problem()
    event = Event.objects.get(name="CaseFiled")
    tamper(f"UPDATE runtime_event SET payload = payload - 'stage' WHERE id = {event.pk}")
    with pytest.raises(NotPossible, match=event.stream):
        export(folder, NOW)
    assert folder.latest() is None


def test_every_code_in_the_facts_is_described(desks: Desks, folder: FactFolder) -> None:
    desks.problem()
    edition = export(folder, NOW)
    rows = {
        name: [row for part in edition.parts if part.relation == name for row in folder.table(part).to_pylist()]
        for name in ("cases", "areas", "units", "categories", "sources")
    }
    (case,) = rows["cases"]
    area = next(row for row in rows["areas"] if row["code"] == case["community"])
    assert (area["district"], area["parent"], area["level"]) == (case["district"], case["district"], "community")
    assert next(row for row in rows["units"] if row["code"] == case["unit"])["department"] == case["department"]
    category = next(row for row in rows["categories"] if (row["kind"], row["code"]) == ("matter", case["category"]))
    assert (category["major"], category["name"]) == (case["major"], "道路破损")
    assert next(row for row in rows["sources"] if row["code"] == "12345")["kind"] == case["source_kind"] == "public"


def test_the_command_exports_prints_the_digest_and_verifies_it(desks: Desks, tmp_path: Path) -> None:
    desks.problem()
    answer = CliRunner().invoke(main, ["export", "facts", "--to", str(tmp_path)])
    (edition,) = FactFolder(tmp_path).editions()
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.splitlines()[0] == f"{edition.name} {edition.digest}"
    assert "cases: 1 rows" in answer.stdout and "1 cases read" in answer.stderr
    proved = CliRunner().invoke(main, ["export", "check", "--from", str(tmp_path), edition.digest])
    assert proved.exit_code == 0 and f"{len(edition.parts)} parts are as they were written" in proved.stdout
    next((tmp_path / "parts" / "cases").iterdir()).unlink()
    refuted = CliRunner().invoke(main, ["export", "check", "--from", str(tmp_path)])
    assert refuted.exit_code == 1 and "This file is missing" in refuted.stdout


def test_a_folder_without_an_edition_is_reported(folder: FactFolder) -> None:
    with pytest.raises(NotFound):
        folder.edition("20261120T020000Z")
