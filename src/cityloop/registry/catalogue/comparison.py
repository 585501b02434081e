"""Compare two tables of filing conditions: limits that are only written differently, and real differences.

Which of them is right is not decided here; report.py checks a single table.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cityloop.core.codes.crosswalk import plain_name
from cityloop.registry.catalogue.report import Contradiction, Stated, contradiction, section


@dataclass
class Comparison:
    """Two tables compared: where they agree, also in other words, where they differ, and what only one of them has."""

    alike: int = 0
    respelled: Counter[tuple[str, str]] = field(default_factory=Counter)  # two ways to write one limit → rows
    limits: list[Contradiction] = field(default_factory=list)
    closings: list[Contradiction] = field(default_factory=list)
    names: list[Contradiction] = field(default_factory=list)
    only_left: list[Stated] = field(default_factory=list)
    only_right: list[Stated] = field(default_factory=list)


def compare(left: Sequence[Stated], right: Sequence[Stated]) -> Comparison:
    """Return how two tables differ; rows belong together if kind, code and filing condition are the same."""
    found = Comparison()
    others: dict[tuple[str, str, str], list[Stated]] = {}
    for row in right:
        others.setdefault(row.identity, []).append(row)
    named: set[tuple[str, str]] = set()
    for row in left:
        if not (same := others.get(row.identity)):
            found.only_left.append(row)
            continue
        other = same.pop(0)
        _compare(row, other, found)
        if (row.kind, row.code) not in named and plain_name(row.name) != plain_name(other.name):
            named.add((row.kind, row.code))
            found.names.append(Contradiction(f"{row.kind} {row.code}", row.name, row.at, other.name, other.at))
    found.only_right = [row for rows in others.values() for row in rows]
    return found


def _compare(left: Stated, right: Stated, found: Comparison) -> None:
    if plain_name(left.closing) != plain_name(right.closing):
        about = f"{left.kind} {left.code} {left.name}, {left.filing}"
        found.closings.append(Contradiction(about, left.closing, left.at, right.closing, right.at))
    if left.limit_texts != right.limit_texts:
        found.limits.append(contradiction(left, right))
    elif left.spelled != right.spelled:
        found.respelled[left.spelled, right.spelled] += 1
    else:
        found.alike += 1


def comparison_lines(found: Comparison) -> Iterator[str]:
    """Yield the lines of a report about two tables compared."""
    respelled = sum(found.respelled.values())
    yield f"Compared: alike {found.alike:,}, the same limit written differently {respelled:,}."
    for (left, right), number in found.respelled.most_common():
        yield f"  {left} = {right}: {number:,}"
    yield from section("Another limit", list(map(str, found.limits)))
    yield from section("Another closing condition", list(map(str, found.closings)))
    yield from section("Another name", list(map(str, found.names)))
    for title, rows in (("Only in the first", found.only_left), ("Only in the second", found.only_right)):
        yield from section(title, [f"{row.at} {row.kind} {row.code} {row.name}, {row.filing}" for row in rows])
