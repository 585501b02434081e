"""A city's table of filing conditions, checked: what was understood, what contradicts itself or what is entered.

Rows are read in channels/imports/standards.py, two tables are compared in comparison.py, actions.py writes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cityloop.core.codes.classes import ClassKey
from cityloop.core.codes.crosswalk import plain_name
from cityloop.registry.catalogue.matching import How, Match, Matching
from cityloop.registry.packs.texts.catalogue import CatalogueClass, PackCondition
from cityloop.registry.words.limits import Spelled

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
class RefusedRow:
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

    conditions: dict[int, PackCondition] = field(default_factory=dict)  # by row; several rows may be one condition
    classes: list[CatalogueClass] = field(default_factory=list)
    matches: dict[tuple[str, str, str], Match] = field(default_factory=dict)
    wrong: list[RefusedRow] = field(default_factory=list)
    doubled: list[Contradiction] = field(default_factory=list)  # said twice in the table
    entered: list[Contradiction] = field(default_factory=list)  # said otherwise by what is entered already
    spellings: Counter[tuple[str, str]] = field(default_factory=Counter)  # (as spelled, what it means) → rows
    beside: list[tuple[str, str]] = field(default_factory=list)  # (place, words) beside a limit
    units: set[str] = field(default_factory=set)
    gone: list[PackCondition] = field(default_factory=list)  # of the profiles that the table takes the place of


def check(
    rows: Sequence[Stated],
    matching: Matching,
    present: Sequence[PackCondition],
    profile: str,
    replaces: Collection[str] = (),
) -> Findings:
    """Return what the rows of a table come to, beside the conditions that are present.

    Conditions of the profiles it replaces are to go, those of its own that it still has excepted; none goes while a
    row of the table could not be read.
    """
    found = Findings()
    _read_limits(rows, found)
    refused = {wrong.row for wrong in found.wrong}
    _match(rows, matching, found)
    refused |= {wrong.row for wrong in found.wrong}
    refused |= _find_doubled(rows, found)
    numbers = Numbers(present, set(replaces) - {profile})
    for row in rows:
        match = found.matches[row.kind, row.code, row.name]
        if row.row not in refused and match.key:
            found.conditions[row.row] = numbers.condition(row, match.key, profile)
    _compare_with_present(rows, found, numbers)
    stay = {(one.key, one.number) for one in found.conditions.values()}
    if not found.wrong:
        found.gone = [one for one in present if one.profile in replaces and (one.key, one.number) not in stay]
    return found


def _read_limits(rows: Sequence[Stated], found: Findings) -> None:
    for row in rows:
        found.units.update(row.units)
        if not row.limits:
            found.wrong.append(RefusedRow(row.row, "limit", "is empty"))
        for spelled in row.limits.values():
            found.spellings[spelled.words.strip(), str(spelled.limit or "")] += 1
            if spelled.limit is None:
                found.wrong.append(
                    RefusedRow(row.row, "limit", f"{spelled.words!r} was not understood: {spelled.fault}")
                )
            if spelled.beside:
                found.beside.append((row.at, spelled.words.strip()))


def _match(rows: Sequence[Stated], matching: Matching, found: Findings) -> None:
    for row in rows:
        match = matching.match(row.kind, row.code, row.name)
        if (row.kind, row.code, row.name) not in found.matches:
            found.matches[row.kind, row.code, row.name] = match
            found.classes += match.new
        if match.key is None:
            found.wrong.append(RefusedRow(row.row, "code", f"it is not clear which class this is: {match.note}"))


def _find_doubled(rows: Sequence[Stated], found: Findings) -> set[int]:
    """Return the rows that contradict another one; none of them is entered, as nobody knows which one is right."""
    by_condition: dict[tuple[object, str, str], list[Stated]] = {}
    for row in rows:
        key = found.matches[row.kind, row.code, row.name].key or (row.kind, row.code)
        for grade in row.limits:
            by_condition.setdefault((key, plain_name(row.filing), grade), []).append(row)
    refused: set[int] = set()
    for (_, _, grade), same in by_condition.items():
        first = same[0]
        for other in same[1:]:
            found.doubled.append(contradiction(first, other))
            if first.meant[grade] != other.meant[grade]:
                refused |= {first.row, other.row}
                for one, beside in ((first, other), (other, first)):
                    reason = f"the same condition has {beside.spelled} in {beside.at}: only one can hold"
                    found.wrong.append(RefusedRow(one.row, "limit", reason))
    return refused


def contradiction(left: Stated, right: Stated) -> Contradiction:
    """Return two rows about one condition as a contradiction of their limits."""
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
    """The numbers of conditions within their classes: one that is entered keeps its own, others get the next.

    A number is not given again while its condition goes: a case may have been filed under it.
    """

    def __init__(self, present: Iterable[PackCondition], leaving: Collection[str]) -> None:
        """Take the conditions that are entered, and the profiles of those that are to go."""
        self.known = {(one.key, one.number): one for one in present}
        self._given: dict[tuple[ClassKey, str], str] = {
            (one.key, plain_name(one.filing)): one.number for one in self.known.values() if one.profile not in leaving
        }
        self._last: dict[ClassKey, int] = {}
        for one in self.known.values():
            number = int(one.number) if one.number.isdecimal() else 0
            self._last[one.key] = max(self._last.get(one.key, 0), number)
        self._conditions: dict[tuple[ClassKey, str], PackCondition] = {}

    def condition(self, row: Stated, key: ClassKey, profile: str) -> PackCondition:
        """Return a row as a condition of a class; rows of one condition for several grades become one."""
        named = (key, plain_name(row.filing))
        if named not in self._given:
            self._last[key] = self._last.get(key, 0) + 1
            self._given[named] = str(self._last[key])
        number = self._given[named]
        before = self._conditions.get((key, number))
        limits = {**(before.limits if before else {}), **row.meant}
        one = PackCondition(*key, number, row.filing, row.closing, limits, profile)
        self._conditions[key, number] = one
        return one


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
    yield from section("Not entered", [f"{places[one.row]}: {one.field} {one.reason}" for one in found.wrong])
    yield from section("Words beside a limit, not kept", [f"{at} {words}" for at, words in found.beside])
    yield from section("The same condition twice in the table", list(map(str, found.doubled)))
    yield from section("Entered so far with another limit", list(map(str, found.entered)))
    for profile, number in Counter(one.profile for one in found.gone).items():
        yield f"Conditions of {profile} that go: {number:,}"
    if found.units:
        unknown = sorted(found.units - set(known_units))
        yield from section(f"Units named: {len(found.units):,}, of which no unit is called so", unknown)


def section(title: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield a heading with how many lines there are, and the first of them."""
    if lines:
        yield f"{title}: {len(lines):,}"
        yield from (f"  {line}" for line in lines[:MOST])
    if len(lines) > MOST:
        yield f"  and {len(lines) - MOST:,} more like these"
