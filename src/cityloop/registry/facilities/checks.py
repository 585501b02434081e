"""What a census is checked against while it is read: its own earlier rows and the units of the city.

entries.py reads a row, settling.py compares rows. Memory grows by some bytes a row, whatever its content.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cityloop.core.codes import credit as credit_codes
from cityloop.core.errors import Fault
from cityloop.registry.models import Unit

SHOWN = 5  # doubts of a kind listed one by one


class FacilityDoubt(NamedTuple):
    """Something about a row that may be wrong and does not prevent its import; `kind` groups the doubts of a report."""

    kind: str
    fault: Fault


class FacilityDoubts:
    """Counts doubts by kind and keeps the first ones of each."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, list[str]] = {}

    def add(self, where: str, doubts: Iterable[FacilityDoubt]) -> None:
        """Add the doubts about one row."""
        for doubt in doubts:
            self._counts[doubt.kind] = self._counts.get(doubt.kind, 0) + 1
            first = self._first.setdefault(doubt.kind, [])
            if len(first) < SHOWN:
                first.append(f"  {where}: {doubt.fault.reason}")

    def lines(self) -> list[str]:
        """Return the lines of a report, by kind of doubt."""
        found = []
        for kind, count in sorted(self._counts.items()):
            found += [f"In doubt, {kind}: {count:,}", *self._first[kind]]
            if count > SHOWN:
                found.append(f"  and {count - SHOWN:,} more like these")
        return found


class Seen:
    """Remembers the first place of each of many texts, in sixteen bytes for each.

    It merges sorted runs of similar size: a million texts cost twenty merges and no object each.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[NDArray[np.uint64], NDArray[np.int64]]] = []

    def firsts(self, texts: Sequence[str], places: Sequence[int]) -> list[int | None]:
        """Return for each text the place where it was met before, or None; remember the new ones."""
        keys = np.fromiter(map(_key, texts), np.uint64, len(texts))
        found = np.full(len(texts), -1, np.int64)
        for known, at in self._runs:
            spots = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            hit = known[spots] == keys
            found[hit] = at[spots[hit]]
        here: dict[int, int] = {}
        for number in np.flatnonzero(found < 0).tolist():
            first = here.setdefault(int(keys[number]), places[number])
            if first != places[number]:
                found[number] = first
        self._remember(here)
        return [None if place < 0 else place for place in found.tolist()]

    def _remember(self, new: Mapping[int, int]) -> None:
        if not new:
            return
        run = _sorted(np.fromiter(new, np.uint64, len(new)), np.fromiter(new.values(), np.int64, len(new)))
        while self._runs and len(self._runs[-1][0]) <= 2 * len(run[0]):
            known, at = self._runs.pop()
            run = _sorted(np.concatenate((known, run[0])), np.concatenate((at, run[1])))
        self._runs.append(run)


def _sorted(keys: NDArray[np.uint64], places: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    order = np.argsort(keys, kind="stable")
    return keys[order], places[order]


def _key(text: str) -> int:
    """Return a number for a text: digits as they are, otherwise a hash (two texts almost never have the same)."""
    if text.isdecimal() and len(text) <= 18:
        return int(f"1{text}")  # so that leading zeros count
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


class KnownUnits:
    """The city's units as a census may name them: by code, credit code, name or another name."""

    def __init__(self) -> None:
        self._codes: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        self._met: dict[tuple[str, str], tuple[str, tuple[FacilityDoubt, ...]]] = {}
        for code, name, credit_code, aliases in Unit.objects.values_list("code", "name", "credit_code", "aliases"):
            for word in filter(None, (code, credit_code)):
                self._codes.setdefault(word, set()).add(code)
            for word in (name, *aliases):
                self._names.setdefault(word, set()).add(code)

    def found(self, field: str, code: str, name: str) -> tuple[str, tuple[FacilityDoubt, ...]]:
        """Return the code of the unit that a census means, or else the text of the census; and the doubts."""
        if (code, name) not in self._met:
            self._met[code, name] = self._find(code, name)
        unit, doubts = self._met[code, name]
        return unit, tuple(
            FacilityDoubt(doubt.kind, replace(doubt.fault, field=f"{field}_{doubt.fault.field}")) for doubt in doubts
        )

    def _find(self, code: str, name: str) -> tuple[str, tuple[FacilityDoubt, ...]]:
        doubts = []
        if code and len(known := self._codes.get(code, set())) == 1:
            return next(iter(known)), ()
        if code and (fault := credit_codes.fault(code)):
            doubts.append(FacilityDoubt("a credit code cannot be right", replace(fault, field="code")))
        known = self._names.get(name, set()) if name else set()
        if len(known) > 1:
            values = {"name": name, "codes": ", ".join(sorted(known))}
            doubts.append(FacilityDoubt("several units have that name", Fault("name", "unit-name-of-several", values)))
        if not known and (code or name):
            unknown = Fault("name" if name else "code", "census-unit-unknown", {"value": name or code})
            doubts.append(FacilityDoubt("a unit is not known", unknown))
        return (next(iter(known)) if len(known) == 1 else code or name), tuple(doubts)
