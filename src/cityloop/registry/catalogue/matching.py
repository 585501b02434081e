"""Find the class of the national catalogues that a class of a city's table means: by code, by name, by the mapping.

A code is not believed if the name contradicts it. channels/imports/standards.py reads tables, actions.py saves classes.
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
from cityloop.core.errors import Fault
from cityloop.core.sentences import Values
from cityloop.registry.packs.texts.catalogue import CatalogueClass, OtherName

ANOMALY = "异常"  # a matter has the name of its component with this ending


class How(StrEnum):
    """How a class of a table was recognised; the values are the words of a report."""

    AGREES = "by code and name"
    BY_CODE = "by code, under another name"
    BY_NAME = "by name, under another code"
    GIVEN = "as the mapping says"
    LOCAL = "the city's own"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Match:
    """The class that a class of a table means; `key` is None if `fault` says why, `new` are classes to save first."""

    how: How
    key: ClassKey | None
    name: str = ""
    note: str = ""  # of a crosswalk
    new: tuple[CatalogueClass, ...] = ()
    fault: Fault | None = None


@dataclass(frozen=True)
class Lists:
    """The classes of all catalogues, their other names, and the crosswalks between them."""

    names: Mapping[ClassKey, str]
    majors: Mapping[tuple[str, str, str], str]  # (catalogue, kind, first two digits) → name of the major class
    other_names: Mapping[ClassKey, tuple[str, ...]]
    crosswalk: ClassCrosswalk

    def of(self, catalogue: str) -> dict[tuple[str, str], str]:
        """Return the names of a catalogue by kind and code."""
        return {(key.kind, key.code): name for key, name in self.names.items() if key.catalogue == catalogue}

    def digits(self, catalogue: str) -> int:
        """Return how many digits the codes of a catalogue have; 0 if there is no such catalogue."""
        return max((len(key.code) for key in self.names if key.catalogue == catalogue), default=0)

    def likelier(self, catalogue: str, named: Iterable[tuple[str, str, str]]) -> tuple[str, int, int] | None:
        """Return another catalogue that fits more of (kind, code, name), and how many fit it and the given one."""
        known = list(named)
        others = {key.catalogue for key in self.names} - {catalogue}
        fits = {other: agreements(known, self.of(other)) for other in sorted(others)}
        best = max(fits, key=lambda other: fits[other], default="")
        fit = agreements(known, self.of(catalogue))
        return (best, fits[best], fit) if best and fits[best] > fit else None


def lists_of(
    classes: Iterable[tuple[str, str, str, str, str]], lines: Iterable[CrosswalkLine], names: Iterable[OtherName]
) -> Lists:
    """Return Lists made from (catalogue, kind, code, name, name of its major class)."""
    rows = list(classes)
    others: dict[ClassKey, tuple[str, ...]] = {}
    for other in names:
        others[other.key] = (*others.get(other.key, ()), other.name)
    return Lists(
        names={ClassKey(catalogue, kind, code): name for catalogue, kind, code, name, _ in rows},
        majors={(catalogue, kind, major_of(code)): major for catalogue, kind, code, _, major in rows if major},
        other_names=others,
        crosswalk=ClassCrosswalk(lines),
    )


class Matching:
    """Recognises the classes of one table; the same class always gives the same match."""

    def __init__(self, lists: Lists, catalogue: str, into: str, given: Mapping[str, str]) -> None:
        """Take the table's catalogue, the one to save into, and the codes that the mapping gives by "kind code"."""
        self._lists, self._catalogue, self._into, self._given = lists, catalogue, into, given
        self._known: dict[tuple[str, str, str], Match] = {}
        self._own = _by_name(lists, catalogue)
        self._target = _by_name(lists, into)
        self._taken = {key.code for key in lists.names if key.catalogue == into}

    def match(self, kind: str, code: str, name: str) -> Match:
        """Return the match of a class of the table."""
        class_of_table = (kind, code, plain_name(name))
        if class_of_table not in self._known:
            self._known[class_of_table] = self._find(kind, code, name)
        return self._known[class_of_table]

    def _find(self, kind: str, code: str, name: str) -> Match:
        if target := self._given.get(f"{kind} {code}"):
            key = ClassKey(self._into, self._kind(kind), target)
            return Match(How.GIVEN, key, self._lists.names[key])
        found = self._in_own_list(kind, code, name)
        if found.how is How.UNCLEAR or found.key is None:
            return found if found.how is How.UNCLEAR else self._by_name_in_target(kind, code, name)
        return self._carried_over(found, kind, code, name)

    def _in_own_list(self, kind: str, code: str, name: str) -> Match:
        """Return the class in the table's own catalogue; LOCAL without a key if neither code nor name is there."""
        key = ClassKey(self._catalogue, kind, code)
        known = self._lists.names.get(key)
        elsewhere = self._own.get((kind, plain_name(name)), [])
        if key in elsewhere:
            return Match(How.AGREES, key, known or "")
        if known is None:
            return Match(How.BY_NAME, elsewhere[0], name) if len(elsewhere) == 1 else Match(How.LOCAL, None)
        if elsewhere or not _is_like(known, name):
            values = {"catalogue": self._catalogue, "code": code, "known": known, "name": name}
            if elsewhere:
                codes = " or ".join(other.code for other in elsewhere)
                return _unclear(name, "class-code-of-another-name", {**values, "codes": codes})
            return _unclear(name, "class-code-of-no-such-name", values)
        return Match(How.BY_CODE, key, known)

    def _carried_over(self, found: Match, kind: str, code: str, name: str) -> Match:
        """Return what a class of the table's catalogue is in the one to save into."""
        if found.key is None or found.key.catalogue == self._into:
            return found
        successors = self._lists.crosswalk.successors(found.key, self._into, self._kind(kind))
        if successors is None:
            return self._by_name_in_target(kind, code, name)
        note = "; ".join(successors.notes)
        if not successors.classes:
            # Saved by an earlier import of the same table, or by hand: it has its own class already.
            return replace(self._by_name_in_target(kind, code, name), note=note)
        if len(successors.classes) > 1:
            codes = ", ".join(successor.code for successor in successors.classes)
            return _unclear(name, "class-became-several", {"code": found.key.code, "codes": codes})
        key = successors.classes[0]
        return Match(found.how, key, self._lists.names.get(key, ""), note)

    def _by_name_in_target(self, kind: str, code: str, name: str) -> Match:
        found = self._target.get((self._kind(kind), plain_name(name)), [])
        if len(found) > 1:
            return _unclear(
                name, "class-name-of-several", {"name": name, "codes": ", ".join(key.code for key in found)}
            )
        if found:
            how = How.LOCAL if is_local(found[0].code) else How.BY_NAME
            return Match(how, found[0], self._lists.names[found[0]])
        return self._new_class(kind, code, name)

    def _new_class(self, kind: str, code: str, name: str) -> Match:
        """Return a new class of the city's own, under its own code or under the next free one of the new list."""
        target = self._kind(kind)
        if self._into == self._catalogue:
            key = ClassKey(self._into, kind, code)
            new = (self._new(kind, code, name),)
            return Match(How.LOCAL, key, name, new=new)
        major = self._major(kind, code)
        free = next_local(major, self._taken, self._lists.digits(self._into) - len(major))
        if free is None:
            return _unclear(name, "class-numbers-taken", {"major": major})
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
        """Return the kind under which cases of a class are filed: in the new list always a matter."""
        return kind if self._into == self._catalogue else "matter"

    def _major(self, kind: str, code: str) -> str:
        """Return the major class for this one: that of its number, else that of most of its classes, else the last."""
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


def _unclear(name: str, code: str, values: Values) -> Match:
    return Match(How.UNCLEAR, None, name, fault=Fault("code", code, values))


def _is_like(left: str, right: str) -> bool:
    """Return whether two names share half the characters of the shorter one: enough to doubt, not to find a name."""
    first, second = set(plain_name(left)), set(plain_name(right))
    return 2 * len(first & second) >= min(len(first), len(second))


def _by_name(lists: Lists, catalogue: str) -> dict[tuple[str, str], list[ClassKey]]:
    """Return the classes of a catalogue by kind and each of their names."""
    found: dict[tuple[str, str], list[ClassKey]] = {}
    for key in (key for key in lists.names if key.catalogue == catalogue):
        for name in dict.fromkeys(map(plain_name, _names(lists, key))):
            found.setdefault((key.kind, name), []).append(key)
    return found


def _names(lists: Lists, key: ClassKey) -> Iterator[str]:
    name = lists.names[key]
    yield name
    yield from lists.other_names.get(key, ())
    component = key._replace(kind="component")
    if key.kind == "matter" and component in lists.names:
        yield name.removesuffix(ANOMALY)
        yield from lists.other_names.get(component, ())
