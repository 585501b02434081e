"""Which collections of features there are, and who may read them. Their queries are read in parameters.py."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from cityloop.core.actors import Actor
from cityloop.core.errors import NotAllowed, NotFound
from cityloop.core.place.areas import TREE
from cityloop.presentation.pages.people import person
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title
from cityloop.registry.organisation.actors import actor_by_token
from cityloop.registry.packs.texts.layers import LayerText
from cityloop.registry.published import AreaSource, Box, FacilitySource, FeatureSource, GazetteerSource

FACILITIES = "facilities"


class NotSignedIn(NotAllowed):
    """Only somebody who is signed in, or has a token, may read it."""


@dataclass(frozen=True)
class Collection:
    """A collection: what it is called, where its features come from, whether everybody may read it."""

    id: str
    title: str
    source: FeatureSource
    is_open: bool
    has_days: bool = False  # its features are valid from one day to another


_bounds: tuple[City, dict[str, Box | None]] | None = None


def bounds(collection: Collection) -> Box | None:
    """Return the bounds of all features of a collection; cached until the city changes."""
    global _bounds  # noqa: PLW0603  # one city a process
    city = current_city()
    if _bounds is None or _bounds[0] is not city:
        _bounds = (city, {})
    if collection.id not in _bounds[1]:
        _bounds[1][collection.id] = collection.source.bounds()
    return _bounds[1][collection.id]


def reader(request: HttpRequest) -> Actor | None:
    """Return who sends the request, by token or by session; None for somebody who is not signed in."""
    words = request.headers.get("Authorization", "").split()
    if len(words) == 2 and words[0].lower() == "bearer":
        actor = actor_by_token(words[1])
        if actor is None:
            raise NotSignedIn("no-token")
        return actor
    return person(request) if request.user.is_authenticated else None


def collections(actor: Actor | None) -> dict[str, Collection]:
    """Return the collections that somebody may read, by name."""
    return {name: collection for name, collection in _all(current_city()).items() if _may_read(actor, collection)}


def collection(actor: Actor | None, name: str) -> Collection:
    """Return a collection; refuse one that does not exist or that this reader may not read."""
    found = _all(current_city()).get(name)
    if found is None:
        raise NotFound("no-such-collection", {"name": name})
    if not _may_read(actor, found):
        if actor is None:
            raise NotSignedIn("no-token")
        raise NotAllowed("no-post")
    return found


def areas_name(level: str) -> str:
    """Return the name of the collection of the areas of a level."""
    return f"areas-{level}"


def levels(city: City) -> list[str]:
    """Return the levels that the city has areas of: those of the tree from above, then the other grids."""
    there = {area.level for area in city.areas.values()}
    return [*(level for level in TREE if level in there), *sorted(there - set(TREE))]


def level_word(level: str) -> str:
    """Return the name of the areas of a level."""
    words = {
        "city": _("City"),
        "district": _("Districts"),
        "street": _("Streets and townships"),
        "community": _("Communities"),
        "unit_grid": _("Unit grids"),
        "patrol_grid": _("Patrol grids"),
        "appraisal_grid": _("Appraisal grids"),
        "social_grid": _("Social-governance grids"),
    }
    return words.get(level, level)


def _may_read(actor: Actor | None, collection: Collection) -> bool:
    return (collection.is_open and settings.CITYLOOP.open_layers == "1") or bool(actor and actor.posts)


def _all(city: City) -> Mapping[str, Collection]:
    areas = [
        Collection(areas_name(level), level_word(level), AreaSource(city, {"level": (level,)}), True, has_days=True)
        for level in levels(city)
    ]
    facilities = Collection(FACILITIES, _("Facilities"), FacilitySource({}, inside=True), False)
    return {
        collection.id: collection for collection in (*areas, facilities, *(_layer(city, text) for text in city.layers))
    }


def _layer(city: City, text: LayerText) -> Collection:
    sources: Mapping[str, FeatureSource] = {
        "areas": AreaSource(city, text.where),
        "facilities": FacilitySource(text.where),
        "places": GazetteerSource(text.where),
    }
    return Collection(text.name, title(text.title), sources[text.source], True, has_days=text.source == "areas")
