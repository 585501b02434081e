"""The one ranked figure: filed, closed, closed in time by district for a month. The engine for figures replaces it."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from cityloop.core.procedure import Actor


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
    """Return the month's figures of every district the person may see, best share closed in time first."""
    raise NotImplementedError


def months(actor: Actor) -> tuple[date, ...]:
    """Return the first days of the months that have any case, newest first."""
    raise NotImplementedError
