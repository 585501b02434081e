"""Which class of our catalogues a city's own table means: by its code, by its name, by what the mapping says.

A code alone is not believed where the name speaks against it. Reading tables and writing classes are done elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cityloop.core.codes.classes import ClassKey
from cityloop.core.codes.crosswalk import (
    ClassCrosswalk,
    CrosswalkLine,
    agreements,
    is_local,
    major_of,
    next_local,
    plain_name,
)
from cityloop.registry.packs.texts.catalogue import CatalogueClass, OtherName

ANOMALY = "异常"  # what a matter adds to the name of its component


class How(StrEnum):
    """How a class of a table was recognised; the values are how a report says it."""

    AGREES = "by code and name"
    BY_CODE = "by code, under another name"
    BY_NAME = "by name, under another code"
    SAID = "as the mapping says"
    LOCAL = "the city's own"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Match:
    """What a class of a table is; `key` is None where that is unclear, `new` are classes to be entered first."""

    how: How
    key: ClassKey | None
    name: str = ""
    note: str = ""
    new: tuple[CatalogueClass, ...] = ()


@dataclass(frozen=True)
class Lists:
    """The classes there are, what else they are called, and the crosswalks between them."""

    names: Mapping[ClassKey, str]
    majors: Mapping[tuple[str, str, str], str]  # (catalogue, kind, first two digits) → name of the major class
    other_names: Mapping[ClassKey, tuple[str, ...]]
    crosswalk: ClassCrosswalk

    def of(self, catalogue: str) -> dict[tuple[str, str], str]:
        """Return the names of a catalogue by kind and code."""
        return {(key.kind, key.code): name for key, name in self.names.items() if key.catalogue == catalogue}

    def digits(self, catalogue: str) -> int:
        """Return how many digits the codes of a catalogue have; 0 where there is no such catalogue."""
        return max((len(key.code) for key in self.names if key.catalogue == catalogue), default=0)

    def likelier(self, catalogue: str, named: Iterable[tuple[str, str, str]]) -> tuple[str, int, int] | None:
        """Return the catalogue that fits (kind, code, name) better than the one given, with how many fit each."""
        known = list(named)
        others = {key.catalogue for key in self.names} - {catalogue}
        fits = {one: agreements(known, self.of(one)) for one in sorted(others)}
        best = max(fits, key=lambda one: fits[one], default="")
        fit = agreements(known, self.of(catalogue))
        return (best, fits[best], fit) if best and fits[best] > fit else None


def lists_of(
    classes: Iterable[tuple[str, str, str, str, str]], lines: Iterable[CrosswalkLine], names: Iterable[OtherName]
) -> Lists:
    """Return lists from (catalogue, kind, code, name, name of its major)."""
    rows = list(classes)
    others: dict[ClassKey, tuple[str, ...]] = {}
    for one in names:
        others[one.key] = (*others.get(one.key, ()), one.name)
    return Lists(
        names={ClassKey(catalogue, kind, code): name for catalogue, kind, code, name, _ in rows},
        majors={(catalogue, kind, major_of(code)): major for catalogue, kind, code, _, major in rows if major},
        other_names=others,
        crosswalk=ClassCrosswalk(lines),
    )


class Matching:
    """Recognises the classes of one table; asked twice about a class it answers the same."""

    def __init__(self, lists: Lists, catalogue: str, into: str, said: Mapping[str, str]) -> None:
        """Take the catalogue of the table, the one to enter into, and target codes by "kind code" of the table."""
        self._lists, self._catalogue, self._into, self._said = lists, catalogue, into, said
        self._known: dict[tuple[str, str, str], Match] = {}
        self._own = _by_name(lists, catalogue)
        self._target = _by_name(lists, into)
        self._taken = {key.code for key in lists.names if key.catalogue == into}

    def match(self, kind: str, code: str, name: str) -> Match:
        """Return what a class of the table is."""
        asked = (kind, code, plain_name(name))
        if asked not in self._known:
            self._known[asked] = self._matched(kind, code, name)
        return self._known[asked]

    def _matched(self, kind: str, code: str, name: str) -> Match:
        if target := self._said.get(f"{kind} {code}"):
            key = ClassKey(self._into, self._kind(kind), target)
            return Match(How.SAID, key, self._lists.names[key])
        found = self._in_own_list(kind, code, name)
        if found.how is How.UNCLEAR or found.key is None:
            return found if found.how is How.UNCLEAR else self._by_name_in_target(kind, code, name)
        return self._carried_over(found, kind, code, name)

    def _in_own_list(self, kind: str, code: str, name: str) -> Match:
        """Return the class in the table's own catalogue; LOCAL without a key where it has neither code nor name."""
        key = ClassKey(self._catalogue, kind, code)
        there = self._lists.names.get(key)
        elsewhere = self._own.get((kind, plain_name(name)), [])
        if key in elsewhere:
            return Match(How.AGREES, key, there or "")
        if there is None:
            return Match(How.BY_NAME, elsewhere[0], name) if len(elsewhere) == 1 else Match(How.LOCAL, None)
        if elsewhere or not _is_like(there, name):
            also = f", and {name} is {' or '.join(one.code for one in elsewhere)}" if elsewhere else ""
            return Match(How.UNCLEAR, None, name, f"in {self._catalogue} {code} is {there}{also}")
        return Match(How.BY_CODE, key, there)

    def _carried_over(self, found: Match, kind: str, code: str, name: str) -> Match:
        """Return what a class of the table's catalogue is in the one to enter into."""
        if found.key is None or found.key.catalogue == self._into:
            return found
        successors = self._lists.crosswalk.successors(found.key, self._into, self._kind(kind))
        if successors is None:
            return self._by_name_in_target(kind, code, name)
        note = "; ".join(successors.notes)
        if not successors.classes:
            # Entered by an earlier import of the same table, or by hand: it has its own class already.
            return replace(self._by_name_in_target(kind, code, name), note=note)
        if len(successors.classes) > 1:
            codes = ", ".join(one.code for one in successors.classes)
            return Match(How.UNCLEAR, None, name, f"{found.key.code} became {codes}")
        key = successors.classes[0]
        return Match(found.how, key, self._lists.names.get(key, ""), note)

    def _by_name_in_target(self, kind: str, code: str, name: str) -> Match:
        found = self._target.get((self._kind(kind), plain_name(name)), [])
        if len(found) > 1:
            return Match(How.UNCLEAR, None, name, f"{name} may be {', '.join(one.code for one in found)}")
        if found:
            how = How.LOCAL if is_local(found[0].code) else How.BY_NAME
            return Match(how, found[0], self._lists.names[found[0]])
        return self._entered_anew(kind, code, name)

    def _entered_anew(self, kind: str, code: str, name: str) -> Match:
        """Return a class of the city's own: under its own code, or under the next free one of the new list."""
        target = self._kind(kind)
        if self._into == self._catalogue:
            key = ClassKey(self._into, kind, code)
            new = (self._new(kind, code, name),)
            return Match(How.LOCAL, key, name, new=new)
        major = self._major(kind, code)
        free = next_local(major, self._taken, self._lists.digits(self._into) - len(major))
        if free is None:
            return Match(How.UNCLEAR, None, name, f"every number of a city's own in {major} is taken")
        self._taken.add(free)
        if kind == target:
            return Match(How.LOCAL, ClassKey(self._into, target, free), name, new=(self._new(target, free, name),))
        # A component has two entries: itself, for the census, and its anomaly, for cases.
        both = (self._new(kind, free, name), self._new(target, free, name + ANOMALY))
        return Match(How.LOCAL, ClassKey(self._into, target, free), name + ANOMALY, new=both)

    def _new(self, kind: str, code: str, name: str) -> CatalogueClass:
        major = self._lists.majors.get((self._into, kind, major_of(code)), "")
        return CatalogueClass(self._into, kind, code, name, major, is_local=True)

    def _kind(self, kind: str) -> str:
        """Return the kind that cases of a class are filed under: in the new list always a matter."""
        return kind if self._into == self._catalogue else "matter"

    def _major(self, kind: str, code: str) -> str:
        """Return the major class that became of this one: of its number, else of most of its classes, else the last."""
        own = major_of(code)
        old = [key for key in self._lists.names if key[:2] == (self._catalogue, kind) and major_of(key.code) == own]
        lines = [self._lists.crosswalk.successors(key, self._into, kind) for key in old]
        became = Counter(major_of(key.code) for line in lines if line for key in line.classes)
        most, number = became.most_common(1)[0] if became else ("", 0)
        if own in became:
            return own
        if 2 * number >= len(old) > 0:
            return most
        return max(major_of(key.code) for key in self._lists.names if key[:2] == (self._into, kind))


def _is_like(one: str, other: str) -> bool:
    """Return whether two names share half the signs of the shorter one: not for finding a name, only for doubting."""
    first, second = set(plain_name(one)), set(plain_name(other))
    return 2 * len(first & second) >= min(len(first), len(second))


def _by_name(lists: Lists, catalogue: str) -> dict[tuple[str, str], list[ClassKey]]:
    """Return the classes of a catalogue by kind and every name they go by."""
    found: dict[tuple[str, str], list[ClassKey]] = {}
    for key in (key for key in lists.names if key.catalogue == catalogue):
        for name in dict.fromkeys(plain_name(one) for one in _called(lists, key)):
            found.setdefault((key.kind, name), []).append(key)
    return found


def _called(lists: Lists, key: ClassKey) -> Iterator[str]:
    name = lists.names[key]
    yield name
    yield from lists.other_names.get(key, ())
    component = key._replace(kind="component")
    if key.kind == "matter" and component in lists.names:
        yield name.removesuffix(ANOMALY)
        yield from lists.other_names.get(component, ())
