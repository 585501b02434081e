"""The indicators of the packs in force, read once in a process. What an indicator is stands in core/indicator.py."""

from collections.abc import Mapping

from cityloop.core.errors import NotFound
from cityloop.core.indicator import Words
from cityloop.evaluation.indicator_texts import FILE, Book, read_book
from cityloop.registry.city import City, city
from cityloop.registry.packs import Pack
from cityloop.registry.packs_in_force import packs_in_force

_read: tuple[City, tuple[Pack, ...], Mapping[str, Book]] | None = None


def books() -> Mapping[str, Book]:
    """Return the books of indicators by pack."""
    global _read  # noqa: PLW0603  # one city a process
    town = city()  # which packs are in force is asked once for each reading of the city
    if _read is None or _read[0] is not town:
        packs = packs_in_force()
        is_same = _read is not None and _read[1] is packs
        _read = town, packs, _read[2] if _read and is_same else _read_books(packs)
    return _read[2]


def _read_books(packs: tuple[Pack, ...]) -> Mapping[str, Book]:
    return {pack.name: read_book(pack.folder) for pack in packs if (pack.folder / FILE).exists()}


def book(pack: str) -> Book:
    """Return the book of a pack; NotFound where no pack in force of that name has indicators."""
    found = books().get(pack)
    if found is None:
        raise NotFound("no-such-book", "There are no indicators of that name.")
    return found


def titles() -> Mapping[str, Words]:
    """Return what the packs with indicators are called."""
    known = books()
    return {pack.name: pack.title for pack in packs_in_force() if pack.name in known}
