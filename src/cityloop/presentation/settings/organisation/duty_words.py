"""Who is responsible for what where, as pages show it: duties as text, the matrix of none, one or many, the map."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from cityloop.casework.queries import Choice
from cityloop.casework.rules.responsibility import duty_words, why
from cityloop.core.codes.crosswalk import major_of
from cityloop.core.errors import Refusal
from cityloop.core.place.responsibility import DutyCount
from cityloop.presentation.pages.fields import FormField
from cityloop.presentation.settings.areas.words import DRAWN, feature
from cityloop.presentation.settings.organisation.words import (
    NO,
    YES,
    Posted,
    form_field,
    reason_field,
    unit_choices,
    yes_or_no,
)
from cityloop.registry.areas.queries import polygon
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import CategoryFacts
from cityloop.registry.organisation.queries import DutyLine

STANDING_WORDS = {
    DutyCount.NONE: gettext_noop("nobody"),
    DutyCount.ONE: gettext_noop("one unit"),
    DutyCount.MANY: gettext_noop("several units"),
}
LOOKS = {DutyCount.NONE: ("red", "hatch"), DutyCount.ONE: ("green", "plain"), DutyCount.MANY: ("yellow", "dots")}


@dataclass(frozen=True, slots=True)
class ShownDuty:
    """A duty as text with its codes."""

    line: DutyLine
    what: str
    class_name: str
    area: str
    unit: str


@dataclass(frozen=True, slots=True)
class DutyCell:
    """How many classes of a major class have none, one or several units in a district."""

    district: str
    counts: tuple[tuple[DutyCount, int], ...]  # those that are not 0, the most worrying first


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A major class with its cells in the order of the districts."""

    major: str
    name: str
    cells: tuple[DutyCell, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A class or an area with who is responsible there."""

    key: str
    name: str
    standing: DutyCount
    units: tuple[tuple[str, str, str], ...]  # code, name, why
    listed: str  # the department whose list it is on


def standing_words(standing: DutyCount) -> str:
    """Return none, one or many in words."""
    return _(STANDING_WORDS[standing])


def duty_rows(lines: Iterable[DutyLine], city: City) -> list[ShownDuty]:
    """Return duties as text."""
    return [_duty_row(line, city) for line in lines]


def districts_of(city: City) -> list[tuple[str, str]]:
    """Return the districts, codes with names."""
    return [(code, area.name) for code, area in city.areas.items() if area.level == "district"]


def matrix(city: City) -> list[MatrixRow]:
    """Return for each major class and district how many classes have none, one or several units."""
    districts = [code for code, _name in districts_of(city)]
    counts: dict[tuple[str, str], Counter[DutyCount]] = {}
    names: dict[str, str] = {}
    for (reference, district), standing in city.standings.items():
        major = major_key(city.categories[reference])
        names.setdefault(major, city.categories[reference].major)
        counts.setdefault((major, district), Counter())[standing] += 1
    return [
        MatrixRow(
            major, name, tuple(_cell(district, counts.get((major, district), Counter())) for district in districts)
        )
        for major, name in sorted(names.items())
    ]


def major_key(category: CategoryFacts) -> str:
    """Return the beginning that the references of a major class share."""
    reference = category.reference
    return reference[: len(reference) - len(category.code)] + major_of(category.code)


def classes_answered(city: City, major: str, district: str) -> list[Answered]:
    """Return the classes of a major class with who is responsible for each in a district."""
    return [
        answered(city, reference, f"{reference} {category.name}", reference, district)
        for reference, category in city.categories.items()
        if major_key(category) == major
    ]


def areas_answered(city: City, reference: str, level: str) -> list[Answered]:
    """Return the areas of a level with who is responsible for a class in each."""
    return [
        answered(city, code, area.name, reference, code) for code, area in city.areas.items() if area.level == level
    ]


def answered(city: City, key: str, name: str, reference: str, area: str) -> Answered:
    """Return who is responsible for a class in an area."""
    places = city.lineage(area)
    answer, listed = city.responsible(reference, places), city.listed(reference, places)
    units = tuple((ground.unit, city.units[ground.unit].name, why(ground, city)) for ground in answer.first)
    return Answered(key, name, answer.standing, units, city.units[listed.unit].name if listed else "")


def map_of(rows: Sequence[Answered], city: City) -> dict[str, Any]:
    """Return what the map of one class draws: each area by none, one or many."""
    features = [
        feature(
            row.key,
            shapely.simplify(polygon(city, row.key), DRAWN),
            {
                "code": row.key,
                "name": row.name,
                "standing": row.standing.value,
                "says": standing_words(row.standing),
                "units": _(", ").join(name for _code, name, _why in row.units),
            },
        )
        for row in rows
        if row.key in city.shapes
    ]
    looks = {
        standing.value: {"title": standing_words(standing), "tone": tone, "pattern": pattern}
        for standing, (tone, pattern) in LOOKS.items()
    }
    layer = {
        "title": _("Responsibility"),
        "data": {"type": "FeatureCollection", "features": features},
        "by": "standing",
        "looks": looks,
        "label": "name" if len(features) <= 40 else "",
        "card": {
            "title": "name",
            "rows": [["says", _("Responsible")], ["units", pgettext("organisation", "Unit")], ["code", _("Code")]],
        },
    }
    return {"layers": [layer]}


def duty_fields(city: City, posted: Posted, refusal: Refusal | None) -> tuple[FormField, ...]:
    """Return the form of a duty."""
    field = form_field(posted, refusal)
    areas = tuple(
        Choice(area.code, area.name)
        for area in city.areas.values()
        if area.level in ("district", "street", "community")
    )
    return (
        field("category", _("Class"), "line", "",
              help=_("A code, its first digits, or a name. Empty: any class.")),
        field("area", _("Area"), "select", "", choices=areas, help=_("Empty: the whole city.")),
        field("unit", pgettext("organisation", "Unit"), "select", "", required=True, choices=unit_choices(city)),
        field("is_listed", _("On the list of powers and duties"), "select", NO, required=True, choices=yes_or_no(),
              help=_("A department's duty on the list is not pushed down to a community.")),
        field("basis", _("Basis"), "line", "", help=_("The law or paper it rests on.")),
        reason_field(field),
    )  # fmt: skip


def is_listed(words: str) -> bool:
    """Return whether a form puts a duty on the list."""
    return words == YES


def _duty_row(line: DutyLine, city: City) -> ShownDuty:
    category, area, unit = city.classes.get(line.category), city.areas.get(line.area), city.units.get(line.unit)
    return ShownDuty(
        line,
        duty_words(line.category, line.area, city),
        category.name if category else _major_name(line.category, city),
        area.name if area else line.area or _("whole city"),
        unit.name if unit else line.unit,
    )


def _major_name(prefix: str, city: City) -> str:
    if not prefix:
        return _("any class")
    known = {major_key(category): category.major for category in city.categories.values()}
    return known.get(prefix) or _("all classes that begin with this")


def _cell(district: str, counts: Counter[DutyCount]) -> DutyCell:
    order = (DutyCount.NONE, DutyCount.MANY, DutyCount.ONE)
    return DutyCell(district, tuple((standing, counts[standing]) for standing in order if counts[standing]))
