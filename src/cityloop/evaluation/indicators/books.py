"""What the packs in force say of figures, read once in a process: indicators, and the sources that reports come from.

What an indicator is stands in core/indicators/indicator.py, what packs say of facts in fact_texts.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cityloop.core.errors import NotFound
from cityloop.core.indicators.indicator import Words
from cityloop.evaluation.facts import texts as fact_texts
from cityloop.evaluation.facts.meanings import SourceMeaning
from cityloop.evaluation.facts.texts import FactBook
from cityloop.evaluation.indicators.texts import FILE, IndicatorBook, read_book
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.packs.in_force import packs_in_force
from cityloop.registry.packs.reading import Pack


@dataclass(frozen=True, slots=True)
class _Said:
    """What packs say."""

    packs: tuple[Pack, ...]
    books: Mapping[str, IndicatorBook]
    facts: FactBook

    @classmethod
    def by(cls, packs: tuple[Pack, ...]) -> Self:
        books = {pack.name: read_book(pack.folder) for pack in packs if (pack.folder / FILE).exists()}
        return cls(packs, books, read_facts(packs))


_read: tuple[City, _Said] | None = None


def books() -> Mapping[str, IndicatorBook]:
    """Return the books of indicators by pack."""
    return _said().books


def sources() -> Mapping[str, SourceMeaning]:
    """Return the channels that packs name: others go by the name they gave themselves."""
    return _said().facts.sources


def read_facts(packs: tuple[Pack, ...]) -> FactBook:
    """Return what packs say of facts, read anew."""
    return fact_texts.read_books([pack.folder for pack in packs], [way for pack in packs for way in pack.procedures])


def _said() -> _Said:
    global _read  # noqa: PLW0603  # one city a process
    city = current_city()  # which packs are in force is asked once for each reading of the city
    if _read is None or _read[0] is not city:
        packs = packs_in_force()
        _read = city, _read[1] if _read and _read[1].packs is packs else _Said.by(packs)
    return _read[1]


def book(pack: str) -> IndicatorBook:
    """Return the book of a pack; NotFound where no pack in force of that name has indicators."""
    found = books().get(pack)
    if found is None:
        raise NotFound("no-such-book")
    return found


def titles() -> Mapping[str, Words]:
    """Return what the packs with indicators are called."""
    said = _said()
    return {pack.name: pack.title for pack in said.packs if pack.name in said.books}
