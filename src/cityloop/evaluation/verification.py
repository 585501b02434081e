"""The check that facts are those recorded in the log, and kept answers those that were counted. Nothing is repaired."""

from collections.abc import Iterator, Mapping
from typing import Any

from cityloop.core.errors import Refusal
from cityloop.evaluation.actions import STREAM, facts_folder
from cityloop.evaluation.answers.asked import answer_seal, key_of
from cityloop.evaluation.facts.files import FactFolder, FactPart
from cityloop.evaluation.models import CountedAnswer, FactEdition
from cityloop.runtime.models import Event
from cityloop.runtime.verification import Finding

CHUNK = 100  # answers read at a time: one may be a workbook


def findings() -> Iterator[Finding]:
    """Yield every edition that the city counts over and that is not as it was exported.

    Other files in the folder, such as those of an interrupted export, are not used.
    """
    folder, proved = FactFolder(facts_folder()), set[FactPart]()
    logged = _logged()
    rows = {row.digest: row for row in FactEdition.objects.order_by("as_of")}
    for digest, row in rows.items():
        faults = [] if digest in logged else ["the log does not have this edition"]
        if digest in logged and not _agrees(row, logged[digest]):
            faults.append("its row is not what the history says; that cannot be repaired")
        yield from (Finding(f"facts/{row.name}", fault) for fault in (*faults, *_file_faults(folder, row, proved)))
    for digest in logged.keys() - rows.keys():
        if _is_kept(folder, digest):
            yield Finding(f"facts/{logged[digest].get('name')}", "its files are there, but its row is missing")
    yield from _answers_altered()


def _logged() -> dict[str, Mapping[str, Any]]:
    """Return the payloads of the exports by the digest of their edition."""
    payloads = Event.objects.filter(stream=STREAM, payload__has_key="digest").values_list("payload", flat=True)
    return {payload["digest"]: payload for payload in payloads if isinstance(payload["digest"], str)}


def _agrees(row: FactEdition, payload: Mapping[str, Any]) -> bool:
    recorded = {"name": row.name, "as_of": row.as_of.isoformat(), "rows": row.rows}
    return all(payload.get(name) == value for name, value in recorded.items())


def _file_faults(folder: FactFolder, row: FactEdition, proved: set[FactPart]) -> list[str]:
    try:
        edition = folder.edition(row.digest)
        faults = [f"{fault.field}: {fault.reason}" for fault in folder.faults(edition, proved)]
    except Refusal as error:  # missing, or unreadable
        return [error.sentence]
    return faults if row.zone == edition.zone else [*faults, "its row has another time zone than its files"]


def _is_kept(folder: FactFolder, digest: str) -> bool:
    try:
        return folder.edition(digest).digest == digest
    except Refusal:
        return False  # removed after its time


def _answers_altered() -> Iterator[Finding]:
    """Yield every kept answer that was not counted, or that belongs to another question."""
    for row in CountedAnswer.objects.order_by("asked_at", "key").iterator(chunk_size=CHUNK):
        where = f"answer {row.key[:12]}"
        if key_of(row.edition_id, row.pack, row.book, row.asked, row.count) != row.key:
            yield Finding(where, "its question was altered; delete the row, and it is counted again")
        if row.answer is not None and row.seal != answer_seal(row):
            yield Finding(where, "is not what was counted; delete the row, and it is counted again")
