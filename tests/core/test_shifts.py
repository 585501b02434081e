"""The hours of shifts, as rosters write them."""

from datetime import UTC, date, datetime

import pytest

from cityloop.core.clocks.shifts import shift_moments
from cityloop.core.errors import Invalid

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("hours", "first", "last"),
    [
        ("08:00-20:00", (20, 8), (20, 20)),
        ("8:00-20:00", (20, 8), (20, 20)),
        ("20：00—8：00", (20, 20), (21, 8)),
        ("20:00至次日", None, None),
        ("08:00-08:00", (20, 8), (21, 8)),
        ("08:00-24:00", (20, 8), (21, 0)),
        ("0:00 ~ 24:00", (20, 0), (21, 0)),
        ("20:00—次日8:00", (20, 20), (21, 8)),
        ("20时至次日8时", (20, 20), (21, 8)),
        ("20:00-8:00（次日）", (20, 20), (21, 8)),
        ("8点-20点", (20, 8), (20, 20)),
        ("8-20点", (20, 8), (20, 20)),
        ("上午8点半到下午5点", (20, 8, 30), (20, 17)),
        ("8:00-次日20:00", None, None),
        ("次日8:00-20:00", None, None),
        ("早班", None, None),
        ("", None, None),
        ("25:00-26:00", None, None),
        ("8-12-16", None, None),
    ],
)
def test_hours_are_read_as_they_are_written(
    hours: str, first: tuple[int, ...] | None, last: tuple[int, ...] | None
) -> None:
    if first is None or last is None:
        with pytest.raises(Invalid, match="is not a shift"):
            shift_moments(DAY, hours, UTC)
    else:
        starts_at, ends_at = shift_moments(DAY, hours, UTC)
        assert starts_at == datetime.fromtimestamp(0, UTC).replace(2026, 11, *first)
        assert ends_at == datetime.fromtimestamp(0, UTC).replace(2026, 11, *last)
