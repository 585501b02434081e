"""What a page with a map needs in its head. What the map draws is in the page: docs/reference/map-element.md."""

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _

from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.published import frames

register = template.Library()

QUIET = ("district", "street", "community")  # levels of the quiet ground, from above
CLOSER = {"street": 10.5, "community": 13}  # the zoom from which a smaller level is worth loading


@register.inclusion_tag("map/head.html")
def map_head() -> dict[str, Any]:
    """The styles, the words and the script of the map."""
    city, configured = current_city(), settings.CITYLOOP
    drawn = {
        "base": _ground(city),
        "bounds": _bounds(city),
        "tiles": configured.map_tiles,
        "attribution": escape(configured.map_attribution),
        "words": _words(),
        "controls": _controls(),
    }
    return {"map": drawn}


def _ground(city: City) -> list[dict[str, Any]]:
    there = {area.level for area in city.areas.values()}
    levels = [level for level in QUIET if level in there] or [level for level in ("city",) if level in there]
    return [
        {
            "level": level,
            "src": f"{reverse('features:items', args=[f'areas-{level}'])}?f=json&limit=1000",
            "within": 0 if number == 0 else CLOSER[level],
        }
        for number, level in enumerate(levels)
    ]


def _bounds(city: City) -> list[float] | None:
    if not city.shapes:
        return None
    west, south, east, north = zip(*frames(city).values(), strict=True)
    return [min(west), min(south), max(east), max(north)]


def _words() -> dict[str, str]:
    return {
        "map": _("Map"),
        "cannot": _("This browser cannot draw maps. The table shows the same data."),
        "twin": _("The same as a table"),
        "failed": _("A part of the map could not be loaded. Load the page again."),
        "closer": _("Zoom in to see more."),
        "part": _("Only the first %s are drawn."),
        "middle": _("Use the middle of the map"),
        "close": _("Close"),
    }


def _controls() -> dict[str, str]:
    """Return the words of the map's own controls, under the names they have there."""
    return {
        "NavigationControl.ZoomIn": _("Zoom in"),
        "NavigationControl.ZoomOut": _("Zoom out"),
        "Map.Title": _("Map"),
        "Marker.Title": _("The chosen place"),
        "ScaleControl.Meters": _("m"),
        "ScaleControl.Kilometers": _("km"),
        "CooperativeGesturesHandler.WindowsHelpText": _("Hold Ctrl and scroll to zoom the map"),
        "CooperativeGesturesHandler.MacHelpText": _("Hold ⌘ and scroll to zoom the map"),
        "CooperativeGesturesHandler.MobileHelpText": _("Use two fingers to move the map"),
    }
