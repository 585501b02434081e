"""Check a city's table of filing conditions: what was understood, what contradicts itself or the stored conditions.

channels/imports/standards.py reads rows, comparison.py compares two tables, actions.py saves conditions.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cityloop.core.codes.classes import ClassKey
from cityloop.core.codes.crosswalk import plain_name
from cityloop.core.errors import Fault
from cityloop.registry.catalogue.matching import How, Match, Matching
from cityloop.registry.packs.texts.catalogue import CatalogueClass, PackCondition
from cityloop.registry.words.limits import SpelledLimit

Limits = Mapping[str, SpelledLimit]  # by grade of area; "" for all other grades


@dataclass(frozen=True, slots=True)
class Stated:
    """One row of a table: the condition for filing, the condition for closing, and the limits.

    `at` is its place, file and line; `row` the number of the row.
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
    def identity(self) -> tuple[str, str, str]:
        """What two rows about the same condition have in common."""
        return (self.kind, self.code, plain_name(self.filing))

    @property
    def limit_texts(self) -> dict[str, str]:
        """The limits by grade, as they are stored."""
        return {grade: str(spelled.limit) for grade, spelled in self.limits.items()}

    @property
    def spelled(self) -> str:
        """The limits as the table writes them."""
        return " / ".join(spelled.words.strip() for spelled in self.limits.values())


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be saved, by its number, and why."""

    row: int
    fault: Fault

    @property
    def field(self) -> str:
        return self.fault.field

    @property
    def reason(self) -> str:
        return self.fault.reason


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements about one condition that do not agree."""

    about: str
    left: str
    left_at: str
    right: str
    right_at: str

    def __str__(self) -> str:
        """Return one line with both places."""
        return f"{self.about}: {self.left} ({self.left_at}), {self.right} ({self.right_at})"


@dataclass
class Findings:
    """The result of a check: conditions and classes to save, refused rows, and what a person should see."""

    conditions: dict[int, PackCondition] = field(default_factory=dict)  # by row; several rows may be one condition
    classes: list[CatalogueClass] = field(default_factory=list)
    matches: dict[tuple[str, str, str], Match] = field(default_factory=dict)
    refused: list[RefusedRow] = field(default_factory=list)
    doubled: list[Contradiction] = field(default_factory=list)  # twice in the table
    entered: list[Contradiction] = field(default_factory=list)  # different from a stored condition
    spellings: Counter[tuple[str, str]] = field(default_factory=Counter)  # (as written, what it means) → rows
    extra_words: list[tuple[str, str]] = field(default_factory=list)  # (place, text) with other words besides a limit
    units: set[str] = field(default_factory=set)
    removed: list[PackCondition] = field(default_factory=list)  # to remove, of the profiles that the table replaces


def check(
    rows: Sequence[Stated],
    matching: Matching,
    present: Sequence[PackCondition],
    profile: str,
    replaces: Collection[str] = (),
) -> Findings:
    """Check the rows of a table against the conditions that are present.

    Conditions of the profiles it replaces are removed, except those that the table still has; none is removed if a row
    of the table could not be read.
    """
    found = Findings()
    _read_limits(rows, found)
    refused = {row.row for row in found.refused}
    _match(rows, matching, found)
    refused |= {row.row for row in found.refused}
    refused |= _find_doubled(rows, found)
    numbers = Numbers(present, set(replaces) - {profile})
    for row in rows:
        match = found.matches[row.kind, row.code, row.name]
        if row.row not in refused and match.key:
            found.conditions[row.row] = numbers.condition(row, match.key, profile)
    _compare_with_present(rows, found, numbers)
    kept = {(condition.key, condition.number) for condition in found.conditions.values()}
    if not found.refused:
        found.removed = [
            condition
            for condition in present
            if condition.profile in replaces and (condition.key, condition.number) not in kept
        ]
    return found


def _read_limits(rows: Sequence[Stated], found: Findings) -> None:
    for row in rows:
        found.units.update(row.units)
        if not row.limits:
            found.refused.append(RefusedRow(row.row, Fault("limit", "required")))
        for spelled in row.limits.values():
            found.spellings[spelled.words.strip(), str(spelled.limit or "")] += 1
            if spelled.fault:
                found.refused.append(RefusedRow(row.row, spelled.fault))
            if spelled.extra:
                found.extra_words.append((row.at, spelled.words.strip()))


def _match(rows: Sequence[Stated], matching: Matching, found: Findings) -> None:
    for row in rows:
        match = matching.match(row.kind, row.code, row.name)
        if (row.kind, row.code, row.name) not in found.matches:
            found.matches[row.kind, row.code, row.name] = match
            found.classes += match.new
        if match.fault:
            found.refused.append(RefusedRow(row.row, match.fault))


def _find_doubled(rows: Sequence[Stated], found: Findings) -> set[int]:
    """Return the rows that contradict another one; none of them is saved, as nobody knows which one is right."""
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
            if first.limit_texts[grade] != other.limit_texts[grade]:
                refused |= {first.row, other.row}
                for row, rival in ((first, other), (other, first)):
                    values = {"limit": rival.spelled, "place": rival.at}
                    found.refused.append(RefusedRow(row.row, Fault("limit", "condition-of-two-limits", values)))
    return refused


def contradiction(left: Stated, right: Stated) -> Contradiction:
    """Return the contradiction between the limits of two rows about one condition."""
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
                Contradiction(about, _limits(new.limits), row.at, _limits(old.limits), f"entered, {old.profile}")
            )


def _limits(limits: Mapping[str, str]) -> str:
    return ", ".join(f"{grade} {limit}".strip() for grade, limit in limits.items())


class Numbers:
    """The numbers of conditions within their classes: stored conditions keep their own, others get the next.

    The number of a condition that is removed is not reused: a case may have been filed under it.
    """

    def __init__(self, present: Iterable[PackCondition], leaving: Collection[str]) -> None:
        """Take the stored conditions, and the profiles of those to remove."""
        self.known = {(condition.key, condition.number): condition for condition in present}
        self._given: dict[tuple[ClassKey, str], str] = {
            (condition.key, plain_name(condition.filing)): condition.number
            for condition in self.known.values()
            if condition.profile not in leaving
        }
        self._last: dict[ClassKey, int] = {}
        for condition in self.known.values():
            number = int(condition.number) if condition.number.isdecimal() else 0
            self._last[condition.key] = max(self._last.get(condition.key, 0), number)
        self._conditions: dict[tuple[ClassKey, str], PackCondition] = {}

    def condition(self, row: Stated, key: ClassKey, profile: str) -> PackCondition:
        """Return a row as a condition of a class; rows with the grades of one condition become one."""
        named = (key, plain_name(row.filing))
        if named not in self._given:
            self._last[key] = self._last.get(key, 0) + 1
            self._given[named] = str(self._last[key])
        number = self._given[named]
        before = self._conditions.get((key, number))
        limits = {**(before.limits if before else {}), **row.limit_texts}
        condition = PackCondition(*key, number, row.filing, row.closing, limits, profile)
        self._conditions[key, number] = condition
        return condition


MOST = 20  # lines of one sort before the rest is only counted


def report_lines(rows: Sequence[Stated], found: Findings, known_units: Iterable[str] = ()) -> Iterator[str]:
    """Yield the lines of a report about a table."""
    counts = Counter(match.how for match in found.matches.values())
    yield f"{len(rows):,} conditions of {len(found.matches):,} classes read; {len(found.refused):,} faults."
    for how in How:
        listed = [
            f"  {kind} {code} {name} → {match.key.code if match.key else '?'} {match.name}"
            + (f" ({note})" if (note := match.fault.reason if match.fault else match.note) else "")
            for (kind, code, name), match in found.matches.items()
            if match.how is how
        ]
        if listed:
            yield f"Classes {how}: {counts[how]:,}"
            yield from listed if how is not How.AGREES else ()
    yield "Limits as written, what they mean, how many:"
    for (words, meaning), number in found.spellings.most_common():
        yield f"  {words or '(nothing)'} → {meaning or 'not understood'}: {number:,}"
    places = {row.row: f"{row.at} {row.code} {row.name}" for row in rows}
    yield from section("Not entered", [f"{places[row.row]}: {row.field}: {row.reason}" for row in found.refused])
    yield from section("Words besides a limit, not kept", [f"{at} {words}" for at, words in found.extra_words])
    yield from section("The same condition twice in the table", list(map(str, found.doubled)))
    yield from section("Entered so far with another limit", list(map(str, found.entered)))
    for profile, number in Counter(condition.profile for condition in found.removed).items():
        yield f"Conditions of {profile} that are removed: {number:,}"
    if found.units:
        unknown = sorted(found.units - set(known_units))
        yield from section(f"Units named: {len(found.units):,}, not known of these", unknown)


def section(title: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield a heading with how many lines there are, and the first of them."""
    if lines:
        yield f"{title}: {len(lines):,}"
        yield from (f"  {line}" for line in lines[:MOST])
    if len(lines) > MOST:
        yield f"  and {len(lines) - MOST:,} more like these"
