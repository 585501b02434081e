"""What every page's frame shows: the entries of the rail, the person and the posts, the city's time."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from cityloop.casework.queries import beginnings
from cityloop.core.actors import Post
from cityloop.evaluation.answers.scopes import scopes
from cityloop.intake.actions import DESK, may_report
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.receipts import taken_receipt
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title
from cityloop.runtime.clock import now


@dataclass(frozen=True, slots=True)
class RailEntry:
    """One entry of the rail."""

    title: str
    icon: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post in words."""

    title: str
    unit: str
    area: str


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give every template the frame's values; they are read only where a page uses them."""
    return {
        "entries": SimpleLazyObject(lambda: _entries(request)),
        "person": SimpleLazyObject(lambda: person(request)),
        "posts": SimpleLazyObject(lambda: [_in_words(post, current_city()) for post in person(request).posts]),
        "beginnings": SimpleLazyObject(lambda: beginnings(person(request))),
        "may_report": SimpleLazyObject(lambda: may_report(person(request), DESK)),
        "receipt": SimpleLazyObject(lambda: taken_receipt(request)),
        "now": now(),
    }


def _entries(request: HttpRequest) -> list[RailEntry]:
    has_figures = bool(scopes(person(request), current_city()))
    return [
        _entry(request, _("Workbench"), "inbox", "workbench:queue"),
        _entry(request, _("Cases"), "folders", "workbench:cases"),
        *([_entry(request, _("Appraisal"), "trophy", "figures:ranking")] if has_figures else []),
        _entry(request, _("Settings"), "settings", "settings:index"),
    ]


def _entry(request: HttpRequest, words: str, icon: str, name: str) -> RailEntry:
    url = reverse(name)
    return RailEntry(words, icon, url, is_current=request.path.startswith(url))


def _in_words(post: Post, city: City) -> PostLine:
    role, unit = city.roles.get(post.role), city.units.get(post.unit)
    area = city.areas.get(post.area or "")
    return PostLine(
        title(role.title) if role else post.role, unit.name if unit else post.unit, area.name if area else ""
    )
