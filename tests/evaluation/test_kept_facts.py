"""The editions a city counts over: recorded in the log, checked by `verify`, continued only if known."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cityloop.evaluation import actions
from cityloop.evaluation.exporting import export
from cityloop.evaluation.facts.files import FactFolder
from cityloop.evaluation.models import FactEdition
from cityloop.evaluation.verification import findings
from cityloop.runtime.models import Event
from example import NOW
from runtime.log import tamper
from scenarios.conftest import Desks, notify_linked

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def folder(transactional_db: None, desks: Desks, settings: object, tmp_path: Path) -> FactFolder:
    """The folder of facts of a small city with one case."""
    settings.CITYLOOP = replace(settings.CITYLOOP, home=str(tmp_path))  # type: ignore[attr-defined]
    desks.problem()
    notify_linked()
    return FactFolder(tmp_path / "facts")


def found() -> list[str]:
    return [finding.what for finding in findings()]


def test_the_log_has_the_digest_of_every_edition_and_verify_finds_nothing(folder: FactFolder) -> None:
    row = actions.export_facts(NOW)
    payload = Event.objects.get(name="FactsExported").payload
    assert payload["digest"] == row.digest == folder.latest().digest  # type: ignore[union-attr]
    assert payload["rows"]["cases"] == 1
    assert found() == []


def test_verify_finds_an_edition_that_was_altered_is_missing_or_was_never_exported(folder: FactFolder) -> None:
    first, second = actions.export_facts(NOW), actions.export_facts(NOW + SECOND)
    part = next(part for part in folder.edition(first.digest).parts if part.relation == "cases")
    other = next(part for part in folder.edition(first.digest).parts if part.relation == "units")
    paths = {
        kept_part: folder.path / "parts" / kept_part.relation / f"{kept_part.digest}.parquet"
        for kept_part in (part, other)
    }
    paths[part].write_bytes(paths[other].read_bytes())
    assert any("cases" in words for words in found())
    (folder.path / "editions" / f"{second.name}.json").unlink()
    assert any(second.digest in words for words in found())
    tamper("UPDATE runtime_event SET payload = payload || '{\"digest\": \"0\"}' WHERE name = 'FactsExported'")
    assert found().count("the log does not have this edition") == 2


def test_an_export_does_not_continue_from_an_unknown_edition(folder: FactFolder) -> None:
    """Somebody who can write the folder alone cannot slip rows into the city's figures."""
    actions.export_facts(NOW)
    known = folder.latest()
    assert known is not None
    cases = next(part for part in known.parts if part.relation == "cases")
    table = folder.table(cases)
    slipped = folder.write("cases", cases.number, table.slice(0, 0))
    parts = tuple(slipped if part == cases else part for part in known.parts)
    folder.save(replace(known, as_of=known.as_of + SECOND, parts=parts))
    assert export(folder, NOW + DAY).rows["cases"] == 0  # for who trusts the folder
    assert actions.export_facts(NOW + 2 * DAY).rows["cases"] == 1


def test_editions_that_are_not_kept_are_removed_with_their_rows(folder: FactFolder) -> None:
    for moment in (NOW, NOW + SECOND, NOW + 10 * DAY):
        actions.export_facts(moment)
    assert actions.prune(NOW + 10 * DAY) == 1
    assert [row.as_of for row in FactEdition.objects.order_by("as_of")] == [NOW + SECOND, NOW + 10 * DAY]
    assert len(folder.editions()) == 2
    assert found() == []
