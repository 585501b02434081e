"""Areas as text and as layers of a map, for the pages of areas. The facts come from registry/areas."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.casework.queries import Choice
from cityloop.core.errors import Refusal
from cityloop.core.place.areas import is_in_tree
from cityloop.presentation.pages.fields import FormField, faults_of
from cityloop.registry.areas.actions import GRADES
from cityloop.registry.areas.answers import SYSTEMS, level_title
from cityloop.registry.areas.imports.doubts import GAP, OUTSIDE, OVERLAP, UNCOVERED, AreaDoubt
from cityloop.registry.areas.queries import AreaRow, polygon
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import AreaFacts

DRAWN = 0.00001  # degrees, about a metre: finer than any screen shows
LOOKS = {
    OVERLAP: ("red", "cross"),
    OUTSIDE: ("yellow", "dots"),
    UNCOVERED: ("grey", "hatch"),
    GAP: ("purple", "hatch"),
}


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """A doubtful piece of land as a list shows it; `id` chooses it on the map."""

    id: str
    kind: str
    what: str
    square_metres: float
    size: str
    lon: float
    lat: float


def size_of(rows: Iterable[DoubtRow]) -> str:
    """Return how many square metres pieces have together."""
    return f"{sum(row.square_metres for row in rows):,.0f}"


def kinds_of_doubt() -> dict[str, str]:
    """Return the name of each kind of doubt."""
    return {
        OVERLAP: _("Overlap"),
        OUTSIDE: _("Outside the area around"),
        UNCOVERED: _("Not covered"),
        GAP: _("Gap"),
    }


def doubt_rows(doubts: Sequence[AreaDoubt], level: str, city: City) -> list[DoubtRow]:
    """Return doubts as they are listed, the largest first."""
    numbered = sorted(doubts, key=lambda doubt: -doubt.piece.square_metres)
    return [_doubt_row(f"{number}", doubt, level, city) for number, doubt in enumerate(numbered, start=1)]


def _doubt_row(number: str, doubt: AreaDoubt, level: str, city: City) -> DoubtRow:
    names = [called(code, city) for code in doubt.piece.codes]
    first = {"area": names[0] if names else "", "other": names[1] if names[1:] else ""}
    what = {
        OVERLAP: _("%(area)s and %(other)s overlap.") % first,
        OUTSIDE: _("%(area)s lies partly outside %(other)s.") % first,
        UNCOVERED: _("A part of %(area)s lies in no area of this level: %(level)s.")
        % {**first, "level": level_title(level, city)},
        GAP: _("Between %(areas)s") % {"areas": _(", ").join(names[:4])},
    }[doubt.kind]
    piece = doubt.piece
    return DoubtRow(
        f"doubt-{number}", doubt.kind, what, piece.square_metres, f"{piece.square_metres:,.0f}", piece.lon, piece.lat
    )


def doubt_features(doubts: Sequence[AreaDoubt], level: str, city: City, most: int) -> dict[str, Any]:
    """Return the largest doubts as a FeatureCollection."""
    ordered = sorted(doubts, key=lambda doubt: -doubt.piece.square_metres)[:most]
    titles = kinds_of_doubt()
    features = []
    for row, doubt in zip(doubt_rows(ordered, level, city), ordered, strict=True):
        properties = {"kind": row.kind, "title": titles[row.kind], "what": row.what, "size": f"{row.size} m²"}
        features.append(feature(row.id, doubt.piece.shape, {**properties, "codes": list(doubt.piece.codes)}))
    return {"type": "FeatureCollection", "features": features}


def doubts_layers(level: str, part: str, city: City) -> dict[str, Any]:
    """Return what the map of the checks draws."""
    looks = {
        kind: {"title": words, "tone": LOOKS[kind][0], "pattern": LOOKS[kind][1]}
        for kind, words in kinds_of_doubt().items()
    }
    doubts = {
        "title": _("Doubtful pieces"),
        "src": f"{reverse('settings:area_doubts')}?level={level}&in={part}",
        "by": "kind",
        "looks": looks,
        "card": {"title": "title", "rows": [["what", ""], ["size", _("Area")]]},
    }
    return {"layers": [level_layer(level, city, outline=True), doubts]}


def level_layer(level: str, city: City, *, outline: bool = False) -> dict[str, Any]:
    """Return the layer of all areas of a level."""
    words = {"tone": "grey", "pattern": "outline"} if outline else {"tone": "blue", "pattern": "plain"}
    title = level_title(level, city)
    return {
        "title": title,
        "src": f"{reverse('features:items', args=[f'areas-{level}'])}?f=json&limit=1000",
        "look": {"title": title, **words},
        "card": {"title": "name", "rows": [["code", _("Code")]]},
    }


def tree_layers(levels: Iterable[str], city: City) -> dict[str, Any] | None:
    """Return what the map of the tree draws: the largest level there is."""
    first = next((level for level in levels if level != "city"), None)
    return {"layers": [level_layer(first, city)]} if first else None


def area_layers(area: AreaFacts, rows: Sequence[AreaRow], city: City) -> dict[str, Any]:
    """Return what the map of one area draws: what is in it, and itself."""
    own = feature(area.code, shapely.simplify(polygon(city, area.code), DRAWN), {"name": area.name, "code": area.code})
    inside = [
        feature(
            row.area.code,
            shapely.simplify(polygon(city, row.area.code), DRAWN),
            {"name": row.area.name, "code": row.area.code, "link": reverse("settings:area", args=[row.area.code])},
        )
        for row in rows
        if row.is_standing and is_in_tree(row.area.level)
    ]
    card = {"title": "name", "rows": [["code", _("Code")]]}
    layers = [
        {
            "title": area.name,
            "data": {"type": "FeatureCollection", "features": [own]},
            "look": {"title": area.name, "tone": "blue", "pattern": "outline" if inside else "plain"},
            "card": card,
        }
    ]
    if inside:
        layers.append(
            {
                "title": _("Areas in it"),
                "data": {"type": "FeatureCollection", "features": inside},
                "look": {"title": _("Areas in it"), "tone": "green", "pattern": "plain"},
                "label": "name",
                "card": {**card, "link": "link"},
            }
        )
    return {"layers": layers}


def feature(code: str, shape: shapely.Geometry, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a feature of GeoJSON."""
    return {"type": "Feature", "id": code, "geometry": json.loads(shapely.to_geojson(shape)), "properties": properties}


def called(code: str, city: City) -> str:
    """Return name and code of an area."""
    area = city.areas.get(code)
    return code if area is None or area.name == code else f"{area.name} ({code})"


def edit_fields(area: AreaFacts, posted: Mapping[str, str], refusal: Refusal | None) -> tuple[FormField, ...]:
    """Return the form that changes an area, with what was typed and its faults."""
    faults = faults_of(refusal)

    def field(name: str, words: str, kind: str, value: str, **more: Any) -> FormField:
        return FormField(name, words, kind, value=posted.get(name, value), fault=faults.get(name, ""), **more)

    grades = tuple(Choice(grade, grade) for grade in GRADES)
    first, last = (day.isoformat() if day else "" for day in (area.valid_from, area.valid_until))
    until = _("The first day on which it is no longer valid. Its cases keep it.")
    return (
        field("name", _("Name"), "line", area.name, required=True),
        field("grade", _("Grade"), "select", area.grade, choices=grades, help=_("Empty: that of the area around it.")),
        field("valid_from", _("Valid from"), "date", first),
        field("valid_until", _("Valid until"), "date", last, help=until),
        field("reason", _("Reason"), "line", "", required=True, help=_("It is shown in the history.")),
    )


def system_choices() -> tuple[Choice, ...]:
    """Return the coordinate systems to choose from."""
    return tuple(Choice(name, words) for name, words in SYSTEMS.items())
