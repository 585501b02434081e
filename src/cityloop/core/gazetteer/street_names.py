"""Other names to try for a street: without extra parts, its other sections, its siblings."""

import re
from collections.abc import Iterator

from cityloop.core.gazetteer.addresses.words import figures, numerals

SECTIONS = 9
SIBLINGS = 3  # streets on either side
_PARTS = re.compile(r"^(.+?)([一二三四五六七八九十]+)(大道|路|街|道)$")
_SECTION = re.compile(r"([一二三四五六七八九十]+)段$")
_ENDING = re.compile(r"(?:大道|路|街|胡同|道|巷)(?:辅路|支路|辅道)?(?:[一二三四五六七八九十]+段)?$")
LEAST_STEM = 2  # characters of a name before its 路 or 街
MOST_TRIMMED = 4


def section_of(street: str) -> int:
    """Return the number of the section a street's name ends with; 0 for none."""
    found = _SECTION.search(street)
    return int(figures(found[1])) if found else 0


def without_section(street: str) -> str:
    """Return the street of a section."""
    return _SECTION.sub("", street)


def sections(street: str) -> tuple[str, ...]:
    """Return the street of a name as a whole and its sections, without the name itself."""
    whole = without_section(street)
    return tuple(
        name for name in (whole, *(f"{whole}{numerals(n)}段" for n in range(1, SECTIONS + 1))) if name != street
    )


def trimmed(street: str) -> Iterator[str]:
    """Yield the name without its first characters: in 转角中山路 the name includes a word that stood before it."""
    ending = _ENDING.search(street)
    stem = ending.start() if ending else len(street)
    for cut in range(1, min(MOST_TRIMMED, stem - LEAST_STEM) + 1):
        yield street[cut:]


def siblings(street: str) -> tuple[tuple[int, str], ...]:
    """Return the streets with neighbouring numbers, with their distance: 中正六街 of 中正七街.

    Streets numbered in a row were laid out side by side.
    """
    found = _PARTS.match(without_section(street))
    if not found:
        return ()
    own = int(figures(found[2]))
    steps = [step for step in range(-SIBLINGS, SIBLINGS + 1) if step and 0 < own + step < 100]
    return tuple((step, f"{found[1]}{numerals(own + step)}{found[3]}") for step in sorted(steps, key=abs))
