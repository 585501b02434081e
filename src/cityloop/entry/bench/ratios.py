"""The ratios of benchmarks: those measured now, and the last ones kept in a table of docs/reference/performance.md."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cityloop.core.errors import NotPossible

HEADING = "## Kept ratios"
_HEAD = ("| ratio | kept | must reach |", "|---|---|---|")
_ROW = re.compile(r"\| (?P<name>[^|]+) \| (?P<value>[^|]+) \| (?P<aim>[^|]*)\|")
_TABLE = re.compile(rf"(?<=^{HEADING}$)(?P<words>(?:\n(?![#|]).*)*)(?P<table>(?:\n\|.*)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A measured speed relative to a floor of the same run: more is better. `aim` is the least it must reach, if any.

    The name begins with that of the benchmark and a colon.
    """

    name: str
    value: float
    aim: float | None = None


@dataclass(frozen=True, slots=True)
class ComparedRatio:
    """A ratio beside the last one kept, if any; it slipped if it fell by more than the share `tolerated`."""

    now: Ratio
    kept: Ratio | None
    tolerated: float

    @property
    def is_slip(self) -> bool:
        return self.kept is not None and self.now.value < self.kept.value * (1 - self.tolerated)

    @property
    def misses_aim(self) -> bool:
        return self.now.aim is not None and self.now.value < self.now.aim

    @property
    def line(self) -> str:
        """Name, ratio now, ratio kept, aim, and remarks."""
        kept = f"{self.kept.value:.3g}" if self.kept else "-"
        aim = f"{self.now.aim:.3g}" if self.now.aim is not None else "-"
        fell = f"slipped by {1 - self.now.value / self.kept.value:.0%}" if self.kept and self.is_slip else ""
        remarks = ", ".join(filter(None, (fell, "misses its aim" if self.misses_aim else "")))
        return f"{self.now.name:60} {self.now.value:8.3g} {kept:>8} {aim:>8}  {remarks}".rstrip()


def compared(now: Iterable[Ratio], kept: Iterable[Ratio], tolerated: float) -> list[ComparedRatio]:
    """Return each ratio beside the last one kept."""
    by_name = {ratio.name: ratio for ratio in kept}
    return [ComparedRatio(ratio, by_name.get(ratio.name), tolerated) for ratio in now]


def parse(page: str) -> list[Ratio]:
    """Return the ratios kept in a page; NotPossible where it has no such table, or a row cannot be read."""
    _, *rows = _table(page)["table"].strip().splitlines()
    return [_parsed(row) for row in rows[1:]]


def render(page: str, ratios: Sequence[Ratio]) -> str:
    """Return the page with these ratios in the place of those that it keeps."""
    rows = (f"| {ratio.name} | {ratio.value!r} | {'' if ratio.aim is None else f'{ratio.aim!r} '}|" for ratio in ratios)
    table = "".join(f"\n{row}" for row in (*_HEAD, *rows))
    found = _table(page)
    return page[: found.start("table")] + table + page[found.end("table") :]


def keep(path: Path, now: Iterable[Ratio]) -> None:
    """Keep ratios, to three digits, in a page; those that were not measured now stay."""
    page = path.read_text("utf-8")
    rounded = (replace(ratio, value=float(f"{ratio.value:.3g}")) for ratio in now)
    by_name = {ratio.name: ratio for ratio in (*parse(page), *rounded)}
    path.write_text(render(page, list(by_name.values())), "utf-8")


def _table(page: str) -> re.Match[str]:
    found = _TABLE.search(page)
    if found is None:
        raise NotPossible("no-kept-ratios", {"line": HEADING})
    return found


def _parsed(row: str) -> Ratio:
    found = _ROW.fullmatch(row)
    try:
        if found:
            aim = found["aim"].strip()
            return Ratio(found["name"], float(found["value"]), float(aim) if aim else None)
    except ValueError:
        pass
    raise NotPossible("no-kept-ratios", {"line": row})
