"""The check that the changes of the city's data are by whom and when their events say. Nothing is repaired."""

from collections.abc import Iterator
from typing import Any

from cityloop.registry.history.changes import COUNTS, STREAM, UNDONE
from cityloop.registry.models import ChangeSet
from cityloop.runtime.models import Event
from cityloop.runtime.verification import UNREADABLE, Finding

FIELDS = ("what", "by", "at", "undoes_id", *COUNTS)


def findings() -> Iterator[Finding]:
    """Yield every change whose head is not what its events say, that was removed, or that no event has."""
    expected, rows = _expected(), _rows()
    for number in sorted(expected.keys() | rows.keys()):
        row, recorded = rows.get(number), expected.get(number)
        if row is None:
            yield Finding(f"change {number}", "is missing; that cannot be repaired")
        elif not _agrees(row, recorded):
            yield Finding(f"change {number}", "who made it, when, what or how much is not what the history says")


def unproved() -> Iterator[str]:
    """Yield what cannot be proved, because its events were written before they held enough."""
    if without := sum("source" not in recorded for recorded in _expected().values()):
        yield f"the sources of {without} changes"


def _agrees(row: dict[str, Any], recorded: dict[str, Any] | None) -> bool:
    if recorded is None:  # undoing a change whose rows were restored already records no event
        return row["what"] == UNDONE and not any(row[name] for name in COUNTS)
    return all(row[name] == value for name, value in recorded.items())


def _expected() -> dict[int, dict[str, Any]]:
    """Return what the events say of each change, by number; an import of many pieces has one event for each."""
    expected: dict[int, dict[str, Any]] = {}
    events = Event.objects.filter(stream=STREAM, payload__has_keys=["changes", "digest"]).order_by("seq")
    for name, actor, at, payload in events.values_list("name", "actor", "at", "payload"):
        try:
            first = {
                "what": name,
                "by": actor,
                "at": at,
                "undoes_id": payload.get("undoes"),
                **dict.fromkeys(COUNTS, 0),
            }
            recorded = expected.setdefault(payload["changes"], first)
            recorded |= {count: recorded[count] + payload[count] for count in COUNTS}
            if "source" in payload:
                recorded["source"] = payload["source"]
        except UNREADABLE:
            continue  # an altered event: the check of the chain reports it
    return expected


def _rows() -> dict[int, dict[str, Any]]:
    return {row["number"]: row for row in ChangeSet.objects.values("number", "source", *FIELDS)}
