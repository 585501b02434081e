"""What the frame of every page shows: rail, person, posts, the city's time. The rail is made in navigation.py."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from cityloop.casework.queries import beginnings
from cityloop.core.actors import Post
from cityloop.intake.actions import DESK, may_report
from cityloop.presentation.pages.navigation import shown_entries
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.receipts import taken_receipt, taken_sent
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title
from cityloop.runtime.clock import now


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post as text."""

    title: str
    unit: str
    area: str


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give every template the frame's values; they are read only where a page uses them."""
    return {
        "entries": SimpleLazyObject(lambda: shown_entries(request, person(request), current_city())),
        "person": SimpleLazyObject(lambda: person(request)),
        "posts": SimpleLazyObject(lambda: [_in_words(post, current_city()) for post in person(request).posts]),
        "beginnings": SimpleLazyObject(lambda: beginnings(person(request))),
        "may_report": SimpleLazyObject(lambda: may_report(person(request), DESK)),
        "receipt": SimpleLazyObject(lambda: taken_receipt(request)),
        "sent": SimpleLazyObject(lambda: taken_sent(request)),
        "now": now(),
    }


def _in_words(post: Post, city: City) -> PostLine:
    role, unit = city.roles.get(post.role), city.units.get(post.unit)
    area = city.areas.get(post.area or "")
    return PostLine(
        title(role.title) if role else post.role, unit.name if unit else post.unit, area.name if area else ""
    )
