"""How much room texts take in a picture, and where they break. An upper estimate: no font is known here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from unicodedata import east_asian_width

SIZE = 13  # pixels, of the letters
NARROW, CAPITAL = 0.55, 0.7  # of the size


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style, and what separates it from the text that follows."""

    words: str
    then: str
    is_quiet: bool = False

    @property
    def width(self) -> int:
        return measured(self.words + self.then)


def measured(words: str) -> int:
    """Return the width of words in pixels."""
    return ceil(sum(_share(letter) for letter in words) * SIZE)


def wrapped(pieces: Sequence[Run], room: int) -> Iterator[tuple[Run, ...]]:
    """Yield the lines of the pieces: broken between them, and within one only if it is wider than the room."""
    line: list[Run] = []
    for piece in (part for whole in pieces for part in _cut(whole, room)):
        if line and sum(run.width for run in line) + measured(piece.words + piece.then.rstrip()) > room:
            yield (*line[:-1], replace(line[-1], then=line[-1].then.rstrip()))
            line = []
        line.append(piece)
    if line:
        yield (*line[:-1], replace(line[-1], then=""))


def _cut(piece: Run, room: int) -> Iterator[Run]:
    words = piece.words
    while measured(words + piece.then.rstrip()) > room:
        end = next(at for at in range(len(words), 0, -1) if measured(words[:at]) <= room)
        end = words.rfind(" ", 1, end) + 1 or end
        yield replace(piece, words=words[:end].rstrip(), then=" " * words[:end].endswith(" "))
        words = words[end:].lstrip()
    yield replace(piece, words=words)


def _share(letter: str) -> float:
    if east_asian_width(letter) in "WFA":
        return 1
    return CAPITAL if letter.isupper() or letter in "mw@%" else NARROW
