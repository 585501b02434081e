"""What `cityloop import areas` does: reads a file, compares it with the city's areas, stores them."""

from datetime import date
from pathlib import Path

from cityloop.core.place.areas import TREE, spoken
from cityloop.entry.console.opening import BY, Tell
from cityloop.registry.areas.actions import set_area_rows
from cityloop.registry.areas.imports.boundaries import Boundaries, read_boundaries
from cityloop.registry.areas.imports.dates import Days
from cityloop.registry.areas.known import known_areas
from cityloop.registry.city.current import current_city
from cityloop.runtime import clock

SHOWN = 20  # notices about areas printed one by one
PLURAL = {"city": "cities", "community": "communities"}


def import_areas(path: Path, mapping: Path, tell: Tell, *, strict: bool = False, starts: date | None = None) -> str:
    """Store the areas of a file and return a summary; with `strict`, refuse a file with doubts."""
    boundaries = _read_areas(path, mapping, strict=strict, starts=starts)
    set_area_rows(boundaries.rows(), BY, clock.now(), source=path.name)
    return _summary(boundaries, tell)


def try_areas(path: Path, mapping: Path, tell: Tell, *, strict: bool = False, starts: date | None = None) -> str:
    """Read, repair and check the areas of a file without storing any; return the summary."""
    boundaries = _read_areas(path, mapping, strict=strict, starts=starts)
    return f"Dry run, nothing was entered. {_summary(boundaries, tell)}"


def _read_areas(path: Path, mapping: Path, *, strict: bool, starts: date | None) -> Boundaries:
    city = current_city()
    today = clock.now().astimezone(city.calendar.time_zone).date()
    return read_boundaries(
        path, mapping, known_areas(), strict=strict, kinds=tuple(city.grid_kinds), days=Days(today, starts)
    )


def _summary(boundaries: Boundaries, tell: Tell) -> str:
    for notices in (boundaries.notices, boundaries.doubts):
        for notice in notices[:SHOWN]:
            tell(f"{notice.field}: {notice.reason}")
        if len(notices) > SHOWN:
            tell(f"and {len(notices) - SHOWN:,} more like these")
    for line in boundaries.summary:
        tell(f"{line}.")
    return f"{_counts(boundaries)}."


def _counts(boundaries: Boundaries) -> str:
    """Return the number of areas of each level, of those that ended, and of those that moved into another area."""
    levels = [*TREE, *sorted({area.level for area in boundaries.areas} - set(TREE))]
    counts = {level: boundaries.count(level) for level in levels}
    parts = [f"{PLURAL.get(level, f'{spoken(level)}s')} {count:,}" for level, count in counts.items() if count]
    parts += [f"ended {len(boundaries.ended):,}"] if boundaries.ended else []
    parts += [f"put into another area {len(boundaries.moved):,}"] if boundaries.moved else []
    return ", ".join(parts).capitalize()
