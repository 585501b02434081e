"""What `cityloop import areas` does: a file held against the city's areas, entered, and what came of it told."""

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

TOLD = 20  # notices about areas told one by one
PLURAL = {"city": "cities", "community": "communities"}


def import_areas(path: Path, mapping: Path, tell: Tell, *, strict: bool = False, starts: date | None = None) -> str:
    """Enter the areas of a file, if strict only where nothing is in doubt; return in words what came of it."""
    found = _read(path, mapping, strict=strict, starts=starts)
    set_area_rows(found.rows(), BY, clock.now(), source=path.name)
    return _summary(found, tell)


def try_areas(path: Path, mapping: Path, tell: Tell, *, strict: bool = False, starts: date | None = None) -> str:
    """Read, repair and check the areas of a file, enter none; return in words what would come of it."""
    found = _read(path, mapping, strict=strict, starts=starts)
    return f"Dry run, nothing was entered. {_summary(found, tell)}"


def _read(path: Path, mapping: Path, *, strict: bool, starts: date | None) -> Boundaries:
    city = current_city()
    today = clock.now().astimezone(city.calendar.time_zone).date()
    return read_boundaries(
        path, mapping, known_areas(), strict=strict, kinds=tuple(city.grid_kinds), days=Days(today, starts)
    )


def _summary(found: Boundaries, tell: Tell) -> str:
    for told in (found.notices, found.doubts):
        for notice in told[:TOLD]:
            tell(f"{notice.field}: {notice.reason}")
        if len(told) > TOLD:
            tell(f"and {len(told) - TOLD:,} more like these")
    for words in found.summary:
        tell(f"{words}.")
    return f"{_counted(found)}."


def _counted(found: Boundaries) -> str:
    """Return how many areas of each level there are, how many ended, and how many others lie in a new one now."""
    kinds = [*TREE, *sorted({area.level for area in found.areas} - set(TREE))]
    parts = [f"{PLURAL.get(level, f'{spoken(level)}s')} {count:,}" for level in kinds if (count := found.count(level))]
    parts += [f"ended {len(found.ended):,}"] if found.ended else []
    parts += [f"put into another area {len(found.moved):,}"] if found.moved else []
    return ", ".join(parts).capitalize()
