"""Areas coloured by their figures: the five bands of GB/T 30428.4 for shares that are better the larger they are.

Any other figure is drawn in four groups of one colour, which say how much, not how good.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import shapely
from django.utils.translation import gettext as _

from cityloop.core.indicators.indicator import Better, FigureUnit, Indicator
from cityloop.presentation.figures.ranking import RankingRow
from cityloop.presentation.settings.areas.words import feature
from cityloop.registry.areas.queries import polygon
from cityloop.registry.city.city import City

MOST = 300  # areas drawn in the page itself; more make no readable map of the whole
DRAWN = 0.0001  # degrees, about ten metres
BANDS = (  # standards.md 4.1: from, grade, tone, pattern
    (Decimal(90), "A", "green", "plain"),
    (Decimal(75), "B", "blue", "dots"),
    (Decimal(60), "C", "yellow", "hatch"),
    (Decimal(40), "D", "red", "cross"),
    (Decimal("-Infinity"), "E", "black", "cross"),
)
GROUPS = ("outline", "dots", "hatch", "cross")  # from the fewest to the most
NOTHING = "nothing"


def band_map(rows: Sequence[RankingRow], indicator: Indicator, city: City) -> dict[str, Any] | None:
    """Return what the map draws; None where there is nothing to draw, or too much."""
    drawn = [row for row in rows if row.key[-1] in city.shapes]
    if not drawn or len(drawn) > MOST:
        return None
    is_graded = indicator.unit is FigureUnit.PERCENT and indicator.better is Better.MORE
    group, looks = _bands() if is_graded else _groups([row.value for row in drawn], indicator)
    layer = {
        "title": "",
        "data": {"type": "FeatureCollection", "features": [_feature(row, group(row.value), city) for row in drawn]},
        "by": "group",
        "looks": {**looks, NOTHING: {"title": _("No data"), "tone": "grey", "pattern": "plain"}},
        "label": "words",
        "card": {
            "title": "name",
            "link": "url",
            "rows": [["figure", _("Figure")], ["rank", _("Rank")], ["made_of", _("Made of")]],
        },
    }
    return {"layers": [layer]}


def grade(value: Decimal | None) -> str:
    """Return the band of a share out of a hundred."""
    return NOTHING if value is None else next(name for least, name, _tone, _pattern in BANDS if value >= least)


def _bands() -> tuple[Any, dict[str, Any]]:
    looks = {}
    above: Decimal | None = None
    for least, name, tone, pattern in BANDS:
        extent = f"{least}–100" if above is None else f"0–{above}" if least < 0 else f"{least}–{above}"
        looks[name] = {"title": f"{name}  {extent}", "tone": tone, "pattern": pattern}
        above = least
    return grade, looks


def _groups(values: Sequence[Decimal | None], indicator: Indicator) -> tuple[Any, dict[str, Any]]:
    """Return groups of about as many areas each, equal values together."""
    known = sorted({value for value in values if value is not None})
    count = min(len(GROUPS), len(known))
    edges = [known[len(known) * number // count] for number in range(count)]
    looks: dict[str, Any] = {}
    for number, least in enumerate(edges):
        within = [value for value in known if value >= least and (number + 1 == count or value < edges[number + 1])]
        ends = dict.fromkeys((within[0], within[-1]))
        extent = " – ".join(f"{end:f}{indicator.unit.sign}" for end in ends)
        looks[str(number)] = {"title": extent, "tone": "blue", "pattern": GROUPS[number]}

    def group(value: Decimal | None) -> str:
        return NOTHING if value is None else str(max(number for number, least in enumerate(edges) if value >= least))

    return group, looks


def _feature(row: RankingRow, group: str, city: City) -> dict[str, Any]:
    code = row.key[-1] or ""
    properties: Mapping[str, Any] = {
        "name": row.name,
        "words": f"{row.name}\n{row.ranked.written}",
        "group": group,
        "figure": row.ranked.written,
        "made_of": row.ranked.made_of,
        "rank": "" if row.rank is None else str(row.rank),
        "url": row.ranked.url,
    }
    return feature(code, shapely.simplify(polygon(city, code), DRAWN), properties)
