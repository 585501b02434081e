"""Due moments and counted time of many clocks at once; each answer is the one that worktime.py gives for it alone.

Moments are whole seconds since 1970-01-01 UTC in int64 arrays; TypeError for anything that is not a whole number.
Windows that explain a due moment are not given here: use worktime.due for a single one.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cityloop.core.clocks.timetable import Calendar, ClosingRule, Columns, Timetable
from cityloop.core.clocks.worktime import Limit, LimitUnit

Moments = NDArray[np.int64]


def due_many(starts: ArrayLike, limit: Limit, calendar: Calendar) -> Moments:
    """Return when `limit` is used up after each start."""
    begun = _whole(starts)
    if begun.size == 0:
        return begun
    if limit.unit.is_continuous:
        return begun + limit.amount * (limit.unit.seconds or 0)
    table = calendar.table(int(begun.min()), int(begun.max()))
    if limit.follows_day_ends(calendar):
        return _ends_of_days(begun, limit.amount, table, calendar)
    return _forward(begun, limit, table, calendar)


def counted_many(starts: ArrayLike, ends: ArrayLike, unit: LimitUnit, calendar: Calendar) -> Moments:
    """Return the seconds from each start to its end that count in `unit`; 0 if the end is not after the start."""
    begun, ended = _whole(starts), _whole(ends)
    if begun.size == 0 or ended.size == 0 or unit.is_continuous:
        passed = ended - begun
    else:
        earliest, latest = min(begun.min(), ended.min()), max(begun.max(), ended.max())
        columns = calendar.table(int(earliest), int(latest)).columns
        passed = _counted(ended, columns) - _counted(begun, columns)
    counted: Moments = np.maximum(passed, 0)
    return counted


def _forward(begun: Moments, limit: Limit, table: Timetable, calendar: Calendar) -> Moments:
    columns = table.columns
    target = _counted(begun, columns) + limit.amount * _unit_seconds(begun, limit.unit, columns)
    latest = int(target.max())
    while table.totals[-1] <= latest:
        table = calendar.longer(table)
    columns = table.columns
    last = np.searchsorted(columns.before[1:], target, side="left")
    due: Moments = columns.opens[last] + target - columns.before[last]
    if calendar.closing_rule is ClosingRule.NEXT_OPENING:
        due = np.where(target == columns.before[last + 1], columns.opens[last + 1], due)
    return due


def _ends_of_days(begun: Moments, ordinal: int, table: Timetable, calendar: Calendar) -> Moments:
    day = np.searchsorted(table.columns.midnights, begun, side="right") + (ordinal - 1)
    latest = int(day.max())
    while latest >= len(table.last_rows):
        table = calendar.longer(table)
    columns = table.columns
    due: Moments = columns.closes[columns.last_rows[day]]
    return due


def _unit_seconds(begun: Moments, unit: LimitUnit, columns: Columns) -> Moments:
    if unit.seconds:
        return np.full(begun.shape, unit.seconds)
    lengths: Moments = columns.day_seconds[np.searchsorted(columns.closes, begun, side="right")]
    return lengths


def _counted(moments: Moments, columns: Columns) -> Moments:
    """Return the counted seconds from the beginning of the table to each moment."""
    row = np.searchsorted(columns.opens, moments, side="right") - 1
    into = np.minimum(moments, columns.closes[row]) - columns.opens[row]
    counted: Moments = np.where(row < 0, 0, columns.before[row] + into)
    return counted


def _whole(moments: ArrayLike) -> Moments:
    array: NDArray[Any] = np.asarray(moments)
    return array.astype(np.int64, casting="safe") if array.size else np.empty(array.shape, dtype=np.int64)
