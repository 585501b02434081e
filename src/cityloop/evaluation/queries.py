"""Live counts of cases by district and month, as screens show them. Figures over facts are counted elsewhere."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from django.conf import settings

from cityloop.casework.queries import counts_by_district, reported_span
from cityloop.core.actors import Actor
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city

FIGURES = ("reported", "filed", "closed", "closed_in_time")


@dataclass(frozen=True, slots=True)
class DistrictFigures:
    """One row of the ranking; `rank` is None where nothing was closed, and `in_time_share` is None then too."""

    rank: int | None
    district: str  # area code; "" for cases without a district
    district_name: str
    reported: int
    filed: int
    closed: int
    closed_in_time: int
    in_time_share: Fraction | None


def district_ranking(actor: Actor, month: date) -> tuple[DistrictFigures, ...]:
    """Return the month's figures of every district the person may see, best share closed in time first.

    Equal shares have equal ranks; among them, more closed cases come first.
    """
    city = current_city()
    counts = {figure: counts_by_district(actor, figure, month) for figure in FIGURES}
    codes = {code for by_district in counts.values() for code in by_district}
    codes |= {area.code for area in city.areas.values() if area.level == "district" and _sees(actor, area.code)}
    rows = [_figures(code, {figure: counts[figure].get(code, 0) for figure in FIGURES}, city) for code in codes]
    rows.sort(key=lambda row: (row.in_time_share is None, -(row.in_time_share or 0), -row.closed, row.district))
    shares = [row.in_time_share for row in rows]
    return tuple(
        replace(row, rank=shares.index(row.in_time_share) + 1 if row.in_time_share is not None else None)
        for row in rows
    )


def months(actor: Actor) -> tuple[date, ...]:
    """Return the first days of the months that have any case, newest first."""
    span = reported_span(actor)
    if span is None:
        return ()
    first, month = (moment.astimezone(settings.CITYLOOP.zone).date().replace(day=1) for moment in span)
    found = []
    while month >= first:
        found.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    return tuple(found)


def _figures(code: str, counts: dict[str, int], city: City) -> DistrictFigures:
    area = city.areas.get(code)
    closed = counts["closed"]
    return DistrictFigures(
        rank=None,
        district=code,
        district_name=area.name if area else "",
        reported=counts["reported"],
        filed=counts["filed"],
        closed=closed,
        closed_in_time=counts["closed_in_time"],
        in_time_share=Fraction(counts["closed_in_time"], closed) if closed else None,
    )


def _sees(actor: Actor, district: str) -> bool:
    return any(post.covers((district,)) for post in actor.posts)
