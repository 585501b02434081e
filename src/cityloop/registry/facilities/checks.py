"""What a census is held against while it is read: its own earlier rows, the units of the city, the areas on the map.

What a row is made of is said in facilities.py. Memory grows by some bytes a row, not with what the rows say.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cityloop.core.codes import credit as credit_codes
from cityloop.registry.models import Unit

TOLD = 5  # doubts of a kind told one by one


class FacilityDoubt(NamedTuple):
    """Something about a row that may be wrong and does not hinder it; `kind` is the same for all of its sort."""

    kind: str
    field: str
    reason: str


class FacilityDoubts:
    """Counts doubts by kind and keeps the first of each."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, list[str]] = {}

    def add(self, where: str, doubts: Iterable[FacilityDoubt]) -> None:
        """Take the doubts about one row."""
        for doubt in doubts:
            self._counts[doubt.kind] = self._counts.get(doubt.kind, 0) + 1
            first = self._first.setdefault(doubt.kind, [])
            if len(first) < TOLD:
                first.append(f"  {where}: {doubt.reason}")

    def lines(self) -> list[str]:
        """Return the doubts in words, those of a kind together."""
        found = []
        for kind, count in sorted(self._counts.items()):
            found += [f"In doubt, {kind}: {count:,}", *self._first[kind]]
            if count > TOLD:
                found.append(f"  and {count - TOLD:,} more like these")
        return found


class Seen:
    """Remembers where each of many words was met first, in sixteen bytes for each.

    Sorted runs that are merged as they grow alike: a million words cost twenty merges and no object each.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[NDArray[np.uint64], NDArray[np.int64]]] = []

    def firsts(self, words: Sequence[str], places: Sequence[int]) -> list[int | None]:
        """Return for each of the words the place where it was met before, or None; remember those that were not."""
        keys = np.fromiter(map(_key, words), np.uint64, len(words))
        found = np.full(len(words), -1, np.int64)
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


def _key(words: str) -> int:
    """Return the number that stands for words: ids of digits are their own, of others alike ones are next to never."""
    if words.isdecimal() and len(words) <= 18:
        return int(f"1{words}")  # so that zeros in front count
    return int.from_bytes(blake2b(words.encode(), digest_size=8).digest())


class KnownUnits:
    """The city's units as a census may name them: by credit code, by code, by name or another name."""

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
        """Return the code of the unit that a census means, else what the census calls it; and what is in doubt."""
        if (code, name) not in self._met:
            self._met[code, name] = self._find(code, name)
        unit, doubts = self._met[code, name]
        return unit, tuple(doubt._replace(field=f"{field}_{doubt.field}") for doubt in doubts)

    def _find(self, code: str, name: str) -> tuple[str, tuple[FacilityDoubt, ...]]:
        doubts = []
        if code and len(known := self._codes.get(code, set())) == 1:
            return next(iter(known)), ()
        if code and (fault := credit_codes.fault(code)):
            doubts.append(FacilityDoubt("a credit code cannot be right", "code", fault.reason))
        known = self._names.get(name, set()) if name else set()
        if len(known) > 1:
            doubts.append(FacilityDoubt("several units have that name", "name", f"{name}: {', '.join(sorted(known))}"))
        if not known and (code or name):
            told = f"{name or code} is no unit of the city; kept in its own words"
            doubts.append(FacilityDoubt("a unit is not known", "name" if name else "code", told))
        return (next(iter(known)) if len(known) == 1 else code or name), tuple(doubts)
