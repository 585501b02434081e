"""The current city: read once and kept, read again when the revision says that it changed."""

import threading

from cityloop.registry import revision
from cityloop.registry.city.city import City
from cityloop.registry.city.reading import read_city

_known: City | None = None
_before: City | None = None  # the last city, even after forget(): its indexes can be reused
_lock = threading.Lock()


def current_city() -> City:
    """Return the city; a change by another process is seen within revision.FRESH seconds."""
    known = _known
    if known is not None and known.revision == revision.number():
        return known
    return _read_again()


def _read_again() -> City:
    global _known, _before  # noqa: PLW0603  # one city in each process is the purpose of this module
    with _lock:
        number = revision.number()
        if _known is None or _known.revision != number:
            _known = _before = _with_places(read_city(number), _known or _before)
        return _known


def _with_places(new: City, old: City | None) -> City:
    """Return the new city, with the indexes of the old one where no area has changed: they take longest to build."""
    if old and "places" in old.__dict__ and (old.areas, old.shapes) == (new.areas, new.shapes):
        new.__dict__["places"] = old.places
    return new


def forget() -> None:
    """Read the city again when it is needed next, whatever the revision says."""
    global _known  # noqa: PLW0603
    _known = None
    revision.ask_again()
