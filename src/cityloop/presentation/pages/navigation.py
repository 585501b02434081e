"""The rail: what an entry of it is, and which entries there are. Each room declares its own in its navigation.py.

The rooms are found through their addresses: an included urls.py with entries names them `rail`. So a page reaches the
rail by having an address, and this room imports none of those above it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from django.urls import URLResolver, get_resolver, reverse
from django.utils.translation import gettext as _

from cityloop.core.actors import Actor
from cityloop.registry.city.city import City

Shown = Callable[[Actor, City], bool]


@dataclass(frozen=True, slots=True)
class RailEntry:
    """One entry of the rail. `title` is English as in the translations, `order` counts from the top.

    `shown` is the right that the page demands: who would be refused there sees no entry. `current_at` has the URL
    names and namespaces at which the entry is marked, besides its own.
    """

    title: str
    icon: str
    url_name: str
    order: int
    shown: Shown
    current_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as the frame renders it, in the reader's language."""

    title: str
    icon: str
    url: str
    is_current: bool


def everybody(actor: Actor, city: City) -> bool:
    """Show an entry to everybody who is signed in."""
    return True


def has_post(actor: Actor, city: City) -> bool:
    """Show an entry to everybody who has a post in the city."""
    return bool(actor.posts)


@cache
def declared() -> tuple[RailEntry, ...]:
    """Return the entries of every room that has addresses, from the top."""
    included = (pattern for pattern in get_resolver().url_patterns if isinstance(pattern, URLResolver))
    entries = (entry for room in included for entry in getattr(room.urlconf_module, "rail", ()))
    return tuple(sorted(entries, key=lambda entry: entry.order))


def shown_entries(request: HttpRequest, actor: Actor, city: City) -> list[ShownEntry]:
    """Return the entries that a person sees, the one that the page belongs to marked."""
    return [
        ShownEntry(_(entry.title), entry.icon, reverse(entry.url_name), _is_current(entry, request))
        for entry in declared()
        if entry.shown(actor, city)
    ]


def _is_current(entry: RailEntry, request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and not {match.view_name, match.namespace}.isdisjoint((entry.url_name, *entry.current_at))
