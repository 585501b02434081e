"""Finds classes of problems by what people type: words, letters of pinyin, a code. In memory, in a fixed order.

The readings of names are calculated when they are entered (registry/words/readings.py).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cityloop.registry.city.facts import CategoryFacts

TOKEN = re.compile(r"[a-z]+|\d+|[^\W\da-z_]+")
# How far a token is from the whole name; the smallest sum of all tokens comes first.
NAME, START, INSIDE, OTHER, LETTERS, SCATTERED, MAJOR, CONDITION = range(8)

Syllables = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """A class as it is searched: `reference` is the result, `readings` are as words/readings.py writes them."""

    reference: str
    code: str
    name: str
    major: str = ""
    readings: str = ""
    other_names: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    reference: str
    code: str
    name: str
    others: str
    major: str
    conditions: str
    characters: frozenset[str]
    syllables: Syllables


class ClassSearch:
    """The classes of a city, ready to be searched; equal matches keep the order in which they were given."""

    def __init__(self, classes: Iterable[Searched], fold: Callable[[str], str] = str) -> None:
        """Take the classes; `fold` unifies spellings, such as Traditional and Simplified characters."""
        self._fold = fold
        self._entries = tuple(self._entry(category) for category in classes)
        self._starts: dict[str, list[tuple[int, int]]] = {}  # first letter → (entry, character) with such a reading
        for place, entry in enumerate(self._entries):
            for position, sounds in enumerate(entry.syllables):
                for letter in dict.fromkeys(sound[0] for sound in sounds):
                    self._starts.setdefault(letter, []).append((place, position))

    def find(self, words: str, most: int = 20) -> list[str]:
        """Return the references of the classes that match all the words, the best first.

        Words in any order, each a part of the name, another name, the major class or a condition; letters as initials
        or syllables of pinyin ("bllj", "baolu", "baollj"); digits as the beginning of a code.
        """
        tokens = TOKEN.findall(self._plain(words))
        scores = [self._scores(token) for token in tokens]
        found = [place for place in scores[0] if all(place in others for others in scores[1:])] if scores else []
        found.sort(key=lambda place: (sum(score[place] for score in scores), place))
        return [self._entries[place].reference for place in found[:most]]

    def _plain(self, words: str) -> str:
        return self._fold(unicodedata.normalize("NFKC", words).casefold())

    def _entry(self, category: Searched) -> _Entry:
        name = self._plain(category.name)
        others, conditions = self._plain("\n".join(category.other_names)), self._plain("\n".join(category.conditions))
        syllables = tuple(tuple(sounds.split(",")) for sounds in category.readings.split())
        return _Entry(
            category.reference,
            category.code,
            name,
            others,
            self._plain(category.major),
            conditions,
            frozenset(name),
            syllables,
        )

    def _scores(self, token: str) -> dict[int, int]:
        """Return how far a token is from each class that it matches, by the place of the class."""
        if token.isdigit():
            by_code = {place: START for place, entry in enumerate(self._entries) if entry.code.startswith(token)}
            return by_code or self._worded(token)
        if not token.isascii():
            return self._worded(token)
        found = self._worded(token)
        for place, position in self._starts.get(token[0], ()):
            if found.get(place, CONDITION) > START and _reads(self._entries[place].syllables, position, token):
                found[place] = LETTERS if position else START
        return found

    def _worded(self, token: str) -> dict[int, int]:
        found = {}
        for place, entry in enumerate(self._entries):
            if (score := _worded(entry, token)) is not None:
                found[place] = score
        return found


def _worded(entry: _Entry, token: str) -> int | None:
    """Return how far a token is from a class; None where it does not match. A final 异常 is ignored."""
    if token in entry.name:
        return NAME if entry.name in (token, f"{token}异常") else START if entry.name.startswith(token) else INSIDE
    if token in entry.others:
        return OTHER
    if len(token) > 1 and not token.isascii() and entry.characters.issuperset(token):
        return SCATTERED
    if token in entry.major:
        return MAJOR
    return CONDITION if token in entry.conditions else None


def _reads(syllables: Sequence[Sequence[str]], position: int, letters: str) -> bool:
    """Return whether the characters from a position on read so: each by its syllable or its first letter."""
    if not letters:
        return True
    if position == len(syllables):
        return False
    for sound in syllables[position]:
        if sound.startswith(letters):
            return True
        if letters.startswith(sound) and _reads(syllables, position + 1, letters[len(sound) :]):
            return True
        if letters[0] == sound[0] and _reads(syllables, position + 1, letters[1:]):
            return True
    return False


def searched(reference: str, category: CategoryFacts, others: Sequence[str]) -> Searched:
    """Return a class with every word by which it can be found."""
    conditions = tuple(condition.filing for condition in category.conditions.values())
    return Searched(
        reference, category.code, category.name, category.major, category.readings, tuple(others), conditions
    )
