"""Indicators and sources of reports in the packs in force, read once in a process.

Indicators themselves are in core/indicators/indicator.py, facts.yaml is read by facts/texts.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from cityloop.core.errors import Invalid, NotFound
from cityloop.core.indicators.indicator import Words
from cityloop.evaluation.facts import texts as fact_texts
from cityloop.evaluation.facts.meanings import SourceMeaning
from cityloop.evaluation.facts.texts import FactBook
from cityloop.evaluation.indicators.texts import FILE, IndicatorBook, read_book
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.packs.faults import in_folder
from cityloop.registry.packs.in_force import packs_in_force
from cityloop.registry.packs.reading import Pack


@dataclass(frozen=True, slots=True)
class LoadedBooks:
    """What the packs define."""

    packs: tuple[Pack, ...]
    books: Mapping[str, IndicatorBook]
    facts: FactBook

    @classmethod
    def by(cls, packs: tuple[Pack, ...]) -> Self:
        return cls(packs, read_books(packs), read_facts(packs))


_cached: tuple[City, LoadedBooks] | None = None


def books() -> Mapping[str, IndicatorBook]:
    """Return the books of indicators by pack."""
    return _loaded().books


def sources() -> Mapping[str, SourceMeaning]:
    """Return the channels that packs define; other channels keep the name they gave themselves."""
    return _loaded().facts.sources


def read_books(packs: Iterable[Pack]) -> dict[str, IndicatorBook]:
    """Return the indicators of packs, by pack; Invalid with every error of all of them."""
    found, faults = {}, []
    for pack in packs:
        try:
            if (pack.folder / FILE).exists():
                found[pack.name] = read_book(pack.folder)
        except Invalid as error:
            faults += in_folder(pack.folder, error.faults)
    if faults:
        raise Invalid(faults, code="pack")
    return found


def read_facts(packs: tuple[Pack, ...]) -> FactBook:
    """Return what packs define for facts, read again."""
    procedures = [procedure for pack in packs for procedure in pack.procedures]
    return fact_texts.read_books([pack.folder for pack in packs], procedures)


def _loaded() -> LoadedBooks:
    global _cached  # noqa: PLW0603  # one city a process
    city = current_city()  # the packs in force are read once for each loading of the city
    if _cached is None or _cached[0] is not city:
        packs = packs_in_force()
        _cached = city, _cached[1] if _cached and _cached[1].packs is packs else LoadedBooks.by(packs)
    return _cached[1]


def book(pack: str) -> IndicatorBook:
    """Return the book of a pack; NotFound where no pack in force of that name has indicators."""
    found = books().get(pack)
    if found is None:
        raise NotFound("no-such-book")
    return found


def titles() -> Mapping[str, Words]:
    """Return the titles of the packs with indicators."""
    loaded = _loaded()
    return {pack.name: pack.title for pack in loaded.packs if pack.name in loaded.books}
