"""The check that what is kept of the packs taken up is what the history says. Nothing is repaired."""

from collections.abc import Iterator

from cityloop.core import chain
from cityloop.registry.history.changes import STREAM
from cityloop.registry.models import PackTaken
from cityloop.runtime.models import Event
from cityloop.runtime.secrets import seals
from cityloop.runtime.verification import Finding

NOTED = "PackNoted"  # the event with the seal of what is kept of a pack


def row_seal(taken: PackTaken) -> str:
    """Return the seal of what is kept of a pack."""
    brought = (taken.version, taken.digest, taken.procedures, taken.brought)
    return seals.seal(["pack", taken.name, *brought, chain.moment(taken.taken_at), taken.changes_id])


def findings() -> Iterator[Finding]:
    """Yield every pack whose row was altered or removed."""
    seals, rows = _seals(), {row.name: row for row in PackTaken.objects.order_by("name")}
    for name in sorted(seals.keys() - rows.keys()):
        yield Finding(f"pack {name}", "was taken up, but its row is missing; that cannot be repaired")
    for name in sorted(seals.keys() & rows.keys()):
        if seals[name] not in (None, row_seal(rows[name])):
            yield Finding(f"pack {name}", "is not what the history says; that cannot be repaired")


def unproved() -> Iterator[str]:
    """Yield what cannot be proved, because its events were written before they held enough."""
    seals = _seals()
    if without := [name for name in PackTaken.objects.values_list("name", flat=True) if seals.get(name) is None]:
        yield f"what is kept of {len(without)} packs ({', '.join(sorted(without))})"


def _seals() -> dict[str, str | None]:
    """Return the last seal of every pack in the history, by name; None for one taken up before there were seals."""
    recorded = Event.objects.filter(stream=STREAM, name__in=("PacksTakenUp", NOTED)).order_by("seq")
    seals: dict[str, str | None] = {}
    for name, payload in recorded.values_list("name", "payload"):
        if isinstance(pack := payload.get("pack"), str):
            seals[pack] = payload.get("row") if name == NOTED else seals.get(pack)
    return seals
