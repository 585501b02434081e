"""A city's table of filing conditions, checked: what was understood, what contradicts itself, what another table says.

Pure comparison of rows that were read already; reading is done in channels/standards.py, writing in actions.py.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cityloop.core.catalogue import plain_name
from cityloop.core.classes import ClassKey
from cityloop.registry.catalogue_texts import CatalogueClass, Condition
from cityloop.registry.class_matching import How, Match, Matching
from cityloop.registry.limit_words import Spelled

Limits = Mapping[str, Spelled]  # by grade of area; "" for all that are not named


@dataclass(frozen=True, slots=True)
class Stated:
    """One row of a table: under which condition a class is filed, when it counts as mended, and how long that may take.

    `at` is where it stands, file and line; `row` the number of the row.
    """

    at: str
    row: int
    kind: str
    code: str
    name: str
    filing: str
    closing: str
    limits: Limits
    units: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[str, str, str]:
        """What makes two rows speak of the same thing."""
        return (self.kind, self.code, plain_name(self.filing))

    @property
    def meant(self) -> dict[str, str]:
        """The limits by grade, as they are entered."""
        return {grade: str(spelled.limit) for grade, spelled in self.limits.items()}

    @property
    def spelled(self) -> str:
        """The limits in the table's own words."""
        return " / ".join(one.words.strip() for one in self.limits.values())


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that cannot be entered: the field and the reason."""

    row: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements about one condition that do not agree."""

    about: str
    left: str
    left_at: str
    right: str
    right_at: str

    def __str__(self) -> str:
        """Say it in one line, with both places."""
        return f"{self.about}: {self.left} ({self.left_at}), {self.right} ({self.right_at})"


@dataclass
class Findings:
    """What a table came to: conditions and classes to be entered, rows that cannot be, and what a person should see."""

    conditions: dict[int, Condition] = field(default_factory=dict)  # by row; several rows may be one condition
    classes: list[CatalogueClass] = field(default_factory=list)
    matches: dict[tuple[str, str, str], Match] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    doubled: list[Contradiction] = field(default_factory=list)  # said twice in the table
    entered: list[Contradiction] = field(default_factory=list)  # said otherwise by what is entered already
    spellings: Counter[tuple[str, str]] = field(default_factory=Counter)  # (as spelled, what it means) → rows
    beside: list[tuple[str, str]] = field(default_factory=list)  # (place, words) beside a limit
    units: set[str] = field(default_factory=set)


def check(rows: Sequence[Stated], matching: Matching, present: Iterable[Condition], profile: str) -> Findings:
    """Return what the rows of a table come to, beside the conditions that are present."""
    found = Findings()
    _read_limits(rows, found)
    refused = {wrong.row for wrong in found.wrong}
    _match(rows, matching, found)
    refused |= {wrong.row for wrong in found.wrong}
    refused |= _find_doubled(rows, found)
    numbers = Numbers(present)
    for row in rows:
        match = found.matches[row.kind, row.code, row.name]
        if row.row not in refused and match.key:
            found.conditions[row.row] = numbers.condition(row, match.key, profile)
    _compare_with_present(rows, found, numbers)
    return found


def _read_limits(rows: Sequence[Stated], found: Findings) -> None:
    for row in rows:
        found.units.update(row.units)
        if not row.limits:
            found.wrong.append(Wrong(row.row, "limit", "is empty"))
        for spelled in row.limits.values():
            found.spellings[spelled.words.strip(), str(spelled.limit or "")] += 1
            if spelled.limit is None:
                found.wrong.append(Wrong(row.row, "limit", f"{spelled.words!r} was not understood: {spelled.fault}"))
            if spelled.beside:
                found.beside.append((row.at, spelled.words.strip()))


def _match(rows: Sequence[Stated], matching: Matching, found: Findings) -> None:
    for row in rows:
        match = matching.match(row.kind, row.code, row.name)
        if (row.kind, row.code, row.name) not in found.matches:
            found.matches[row.kind, row.code, row.name] = match
            found.classes += match.new
        if match.key is None:
            found.wrong.append(Wrong(row.row, "code", f"it is not clear which class this is: {match.note}"))


def _find_doubled(rows: Sequence[Stated], found: Findings) -> set[int]:
    """Return the rows that contradict another one; none of them is entered, as nobody knows which one is right."""
    by_condition: dict[tuple[object, ...], list[Stated]] = {}
    for row in rows:
        key = found.matches[row.kind, row.code, row.name].key or (row.kind, row.code)
        for grade in row.limits:
            by_condition.setdefault((key, plain_name(row.filing), grade), []).append(row)
    refused: set[int] = set()
    for (*_, grade), same in by_condition.items():
        first = same[0]
        for other in same[1:]:
            found.doubled.append(_contradiction(first, other))
            if first.meant[str(grade)] != other.meant[str(grade)]:
                refused |= {first.row, other.row}
                for one, beside in ((first, other), (other, first)):
                    reason = f"the same condition has {beside.spelled} in {beside.at}: only one can hold"
                    found.wrong.append(Wrong(one.row, "limit", reason))
    return refused


def _contradiction(left: Stated, right: Stated) -> Contradiction:
    return Contradiction(
        f"{left.kind} {left.code} {left.name}, {left.filing}", left.spelled, left.at, right.spelled, right.at
    )


def _compare_with_present(rows: Sequence[Stated], found: Findings, numbers: "Numbers") -> None:
    for row in rows:
        new = found.conditions.get(row.row)
        old = numbers.known.get((new.key, new.number)) if new else None
        if new and old and dict(old.limits) != dict(new.limits):
            about = f"{new.kind} {new.code} {row.name}, {row.filing}"
            found.entered.append(
                Contradiction(about, _words(new.limits), row.at, _words(old.limits), f"entered, {old.profile}")
            )


def _words(limits: Mapping[str, str]) -> str:
    return ", ".join(f"{grade} {limit}".strip() for grade, limit in limits.items())


class Numbers:
    """The numbers of conditions within their classes: one that is entered keeps its own, others get the next."""

    def __init__(self, present: Iterable[Condition]) -> None:
        """Take the conditions that are entered."""
        self.known = {(one.key, one.number): one for one in present}
        self._given: dict[tuple[ClassKey, str], str] = {
            (one.key, plain_name(one.filing)): one.number for one in self.known.values()
        }
        self._last: dict[ClassKey, int] = {}
        for one in self.known.values():
            number = int(one.number) if one.number.isdecimal() else 0
            self._last[one.key] = max(self._last.get(one.key, 0), number)
        self._conditions: dict[tuple[ClassKey, str], Condition] = {}

    def condition(self, row: Stated, key: ClassKey, profile: str) -> Condition:
        """Return a row as a condition of a class; rows of one condition for several grades become one."""
        named = (key, plain_name(row.filing))
        if named not in self._given:
            self._last[key] = self._last.get(key, 0) + 1
            self._given[named] = str(self._last[key])
        number = self._given[named]
        before = self._conditions.get((key, number))
        limits = {**(before.limits if before else {}), **row.meant}
        one = Condition(*key, number, row.filing, row.closing, limits, profile)
        self._conditions[key, number] = one
        return one


@dataclass
class Comparison:
    """Two tables side by side: where they agree, in other words too, where not, and what only one of them has."""

    alike: int = 0
    respelled: Counter[tuple[str, str]] = field(default_factory=Counter)  # pairs of spellings of one limit → rows
    limits: list[Contradiction] = field(default_factory=list)
    closings: list[Contradiction] = field(default_factory=list)
    names: list[Contradiction] = field(default_factory=list)
    only_left: list[Stated] = field(default_factory=list)
    only_right: list[Stated] = field(default_factory=list)


def compare(left: Sequence[Stated], right: Sequence[Stated]) -> Comparison:
    """Return how two tables differ; rows belong together by kind, code and the words of the filing condition."""
    found = Comparison()
    others: dict[tuple[str, str, str], list[Stated]] = {}
    for row in right:
        others.setdefault(row.said, []).append(row)
    named: set[tuple[str, str]] = set()
    for row in left:
        if not (same := others.get(row.said)):
            found.only_left.append(row)
            continue
        other = same.pop(0)
        _compare(row, other, found)
        if (row.kind, row.code) not in named and plain_name(row.name) != plain_name(other.name):
            named.add((row.kind, row.code))
            found.names.append(Contradiction(f"{row.kind} {row.code}", row.name, row.at, other.name, other.at))
    found.only_right = [row for rows in others.values() for row in rows]
    return found


def _compare(left: Stated, right: Stated, found: Comparison) -> None:
    if plain_name(left.closing) != plain_name(right.closing):
        about = f"{left.kind} {left.code} {left.name}, {left.filing}"
        found.closings.append(Contradiction(about, left.closing, left.at, right.closing, right.at))
    if left.meant != right.meant:
        found.limits.append(_contradiction(left, right))
    elif left.spelled != right.spelled:
        found.respelled[left.spelled, right.spelled] += 1
    else:
        found.alike += 1


MOST = 20  # lines of one sort told before the rest is counted


def told(rows: Sequence[Stated], found: Findings, known_units: Iterable[str] = ()) -> Iterator[str]:
    """Yield what a person should read about a table, line by line."""
    counts = Counter(match.how for match in found.matches.values())
    yield f"{len(rows):,} conditions of {len(found.matches):,} classes read; {len(found.wrong):,} faults."
    for how in How:
        listed = [
            f"  {kind} {code} {name} → {match.key.code if match.key else '?'} {match.name}"
            + (f" ({match.note})" if match.note else "")
            for (kind, code, name), match in found.matches.items()
            if match.how is how
        ]
        if listed:
            yield f"Classes {how}: {counts[how]:,}"
            yield from listed if how is not How.AGREES else ()
    yield "Limits as spelled, what they mean, how many:"
    for (words, meaning), number in found.spellings.most_common():
        yield f"  {words or '(nothing)'} → {meaning or 'not understood'}: {number:,}"
    places = {row.row: f"{row.at} {row.code} {row.name}" for row in rows}
    yield from _section("Not entered", [f"{places[one.row]}: {one.field} {one.reason}" for one in found.wrong])
    yield from _section("Words beside a limit, not kept", [f"{at} {words}" for at, words in found.beside])
    yield from _section("The same condition twice in the table", list(map(str, found.doubled)))
    yield from _section("Entered so far with another limit", list(map(str, found.entered)))
    if found.units:
        unknown = sorted(found.units - set(known_units))
        yield from _section(f"Units named: {len(found.units):,}, of which no unit is called so", unknown)


def told_comparison(found: Comparison) -> Iterator[str]:
    """Yield what a person should read about two tables side by side."""
    respelled = sum(found.respelled.values())
    yield f"Compared: alike {found.alike:,}, the same limit spelled otherwise {respelled:,}."
    for (left, right), number in found.respelled.most_common():
        yield f"  {left} = {right}: {number:,}"
    yield from _section("Another limit", list(map(str, found.limits)))
    yield from _section("Another closing condition", list(map(str, found.closings)))
    yield from _section("Another name", list(map(str, found.names)))
    for title, rows in (("Only in the first", found.only_left), ("Only in the second", found.only_right)):
        yield from _section(title, [f"{row.at} {row.kind} {row.code} {row.name}, {row.filing}" for row in rows])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}: {len(lines):,}"
        yield from (f"  {line}" for line in lines[:MOST])
    if len(lines) > MOST:
        yield f"  and {len(lines) - MOST:,} more like these"
