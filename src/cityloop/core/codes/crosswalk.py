"""Classes of catalogues: what their codes mean, and what a class of one catalogue is called in another.

Reading catalogues from files or tables is not done here. GB/T 47678.5-2026, GB/T 30428.2-2013, CJ/T 214-2007.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cityloop.core.codes.classes import ClassKey

MAJOR = 2  # digits of a code that name its major class
MINORS = (2, 3)  # digits of a minor class: of the lists before 2026, of GB/T 47678.5
NATIONAL_UP_TO = 79  # three-digit minors; 080 to 999 are a city's own, assigned from 999 downward

Names = Mapping[tuple[str, str], str]  # (kind, code) → name


@dataclass(frozen=True, slots=True)
class CrosswalkLine:
    """What a class is called in another catalogue; an empty code: it has no successor there, the note says why."""

    from_catalogue: str
    from_kind: str
    from_code: str
    to_catalogue: str
    to_kind: str
    to_code: str
    note: str = ""
    at: str = field(default="", compare=False)  # file and line

    @property
    def source(self) -> ClassKey:
        return ClassKey(self.from_catalogue, self.from_kind, self.from_code)

    @property
    def target(self) -> ClassKey:
        return ClassKey(self.to_catalogue, self.to_kind, self.to_code)


@dataclass(frozen=True, slots=True)
class Successors:
    """The classes that one became, none if it was dropped; `notes` say what to do or to look out for."""

    classes: tuple[ClassKey, ...]
    notes: tuple[str, ...]


class ClassCrosswalk:
    """Lines from catalogue to catalogue, for queries in both directions. Never guesses from a number."""

    def __init__(self, lines: Iterable[CrosswalkLine]) -> None:
        """Take the lines; their order is kept."""
        self.lines = tuple(lines)
        self._onward: dict[tuple[ClassKey, str], list[CrosswalkLine]] = {}
        self._back: dict[ClassKey, list[CrosswalkLine]] = {}
        for line in self.lines:
            self._onward.setdefault((line.source, line.to_catalogue), []).append(line)
            if line.to_code:
                self._back.setdefault(line.target, []).append(line)

    def successors(self, key: ClassKey, catalogue: str, kind: str | None = None) -> Successors | None:
        """Return what a class is called in a catalogue, of one kind or of all; None if nothing is known.

        An old component class became two classes of one number: the component, for facilities, and the matter, for
        cases. A class of the catalogue itself is its own successor.
        """
        if key.catalogue == catalogue:
            return Successors((key,) if kind in (None, key.kind) else (), ())
        lines = [line for line in self._onward.get((key, catalogue), ()) if kind in (None, line.to_kind)]
        if not lines:
            return None
        classes = tuple(line.target for line in lines if line.to_code)
        return Successors(classes, tuple(dict.fromkeys(line.note for line in lines if line.note)))

    def predecessors(self, key: ClassKey) -> tuple[ClassKey, ...]:
        """Return the classes of other catalogues that this one replaced."""
        return tuple(line.source for line in self._back.get(key, ()))


def is_code(code: str, digits: int) -> bool:
    """Return whether a code has so many digits and nothing else."""
    return len(code) == digits and code.isascii() and code.isdigit()


def major_of(code: str) -> str:
    """Return the code of the major class that a class belongs to."""
    return code[:MAJOR]


def is_local(code: str) -> bool | None:
    """Return whether a class is a city's own by its number; None if the number does not show it (four digits)."""
    if not is_code(code, MAJOR + MINORS[1]):
        return None
    return int(code[MAJOR:]) > NATIONAL_UP_TO


def next_local(major: str, taken: Iterable[str], digits: int = MINORS[1]) -> str | None:
    """Return the next free code of a city's own in a major class, assigned downward; None if all are taken."""
    known = set(taken)
    lowest = NATIONAL_UP_TO + 1 if digits == MINORS[1] else 1
    codes = (f"{major}{minor:0{digits}d}" for minor in range(10**digits - 1, lowest - 1, -1))
    return next((code for code in codes if code not in known), None)


def plain_name(name: str) -> str:
    """Return a name as two lists agree on it: punctuation, blanks and the width of letters do not matter."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name)).casefold()


def false_friends(first: Names, second: Names) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the classes with one number and two meanings: (kind, code) → their names in the two catalogues.

    The trap between CJ/T 214 and GB/T 30428.2: 04 and 05 changed places, and 0401 is in one list a sunken road and in
    the other a pedlar.
    """
    shared = {key: (name, second[key]) for key, name in first.items() if key in second}
    return {key: names for key, names in shared.items() if plain_name(names[0]) != plain_name(names[1])}


def agreements(named: Iterable[tuple[str, str, str]], names: Names) -> int:
    """Return how many of (kind, code, name) a catalogue has in the same form: shows the source of a table."""
    return sum(plain_name(names.get((kind, code), "")) == plain_name(name) != "" for kind, code, name in named)
