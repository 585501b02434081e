"""A figure over the last periods, as a small line, as bars and as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from cityloop.core.indicators.indicator import FigureCount, FigureUnit, Indicator
from cityloop.evaluation.periods import Length
from cityloop.presentation.figures.questions.spans import named

WIDTH, HEIGHT, MARGIN = 96, 24, 3


@dataclass(frozen=True, slots=True)
class Spark:
    """A line from zero to the largest value, for percents to a hundred; broken where there was nothing to count."""

    lines: tuple[str, ...]  # points of each unbroken stretch
    dots: tuple[tuple[float, float], ...]  # single values, and the last
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One period: its title, its figure, the length of its bar out of a hundred."""

    period: str
    title: str
    written: str
    made_of: str
    length: str
    url: str
    is_current: bool


def spark(indicator: Indicator, length: Length | None, history: Sequence[tuple[str, FigureCount]]) -> Spark:
    """Return the small line of a figure's history."""
    values = [indicator.value(found) for _name, found in history]
    top = _top(indicator, values)
    points = [_point(number, value, top, len(values)) for number, value in enumerate(values)]
    stretches = _stretches(points)
    alone = [stretch[0] for stretch in stretches if len(stretch) == 1]
    last = [stretch[-1] for stretch in stretches[-1:] if points and points[-1] is not None and len(stretch) > 1]
    lines = tuple(" ".join(f"{x},{y}" for x, y in stretch) for stretch in stretches if len(stretch) > 1)
    parts = (
        _("%(period)s: %(figure)s") % {"period": named(name, length), "figure": indicator.written(found)}
        for name, found in history
    )
    return Spark(lines, (*alone, *last), _(", ").join(parts))


def bar_lengths(indicator: Indicator, values: Sequence[Decimal | None]) -> list[str]:
    """Return how long bars are of a hundred, from zero; "" for what is missing."""
    top = _top(indicator, values)
    return ["" if value is None else f"{max(value, Decimal(0)) * 100 / top:.1f}" if top else "0" for value in values]


def _top(indicator: Indicator, values: Sequence[Decimal | None]) -> Decimal:
    """Return what fills the drawing: the largest value, of percents a hundred at least."""
    least = Decimal(100) if indicator.unit is FigureUnit.PERCENT else Decimal(0)
    return max((value for value in values if value is not None), default=least).max(least)


def _point(number: int, value: Decimal | None, top: Decimal, count: int) -> tuple[float, float] | None:
    if value is None:
        return None
    step = (WIDTH - 2 * MARGIN) / max(count - 1, 1)
    share = float(value / top) if top > 0 else 0.0
    return round(MARGIN + number * step, 1), round(HEIGHT - MARGIN - max(share, 0.0) * (HEIGHT - 2 * MARGIN), 1)


def _stretches(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    found: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            found.append([])
        else:
            found[-1].append(point)
    return [stretch for stretch in found if stretch]
