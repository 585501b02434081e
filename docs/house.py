"""Draws the pictures of docs/explanation/architecture.md: floors and rooms, the paths of a report and of a figure.

Floors and rooms come from the contracts of import-linter in pyproject.toml. A path names functions of the code; naming
one that does not exist is an error, so a picture never shows what is not there. docs/generate.py writes the files.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "cityloop"
PICTURES = Path("pictures")
# Pixels. Of the house: its width, where rooms begin, the height of a floor, what is free above.
WIDTH, LABEL, BAND, TOP = 1000, 130, 42, 6
# Of a path: a floor's column, a step's width and row, the head of the columns, a line of text.
COLUMN, BOX, ROW, HEAD, LINE = 174, 160, 98, 34, 14


class Step(NamedTuple):
    """A function on the path, and what it does in a few words."""

    module: str  # below cityloop
    function: str
    words: str


REPORT = (
    Step("presentation.api.v1", "create_report", "a system posts a report, with its token"),
    Step("intake.reports", "read", "parsed and checked, field by field"),
    Step("intake.actions", "receive", "one transaction; a retry gets the first receipt"),
    Step("intake.placing", "spot", "point or address → place"),
    Step("casework.actions", "open_cases", "the procedure's first stage, task and clocks"),
    Step("core.procedures.deciding", "begin", "pure: decides and writes nothing"),
    Step("casework.history.projection", "insert", "case and task rows, as history gives them"),
    Step("runtime.log.events", "write", "the event, chained; then the commit"),
    Step("runtime.log.announcer", "announce", "after the commit, in order"),
    Step("casework.handlers", "set_timers", "a timer for each limit"),
)
FIGURE = (
    Step("evaluation.jobs", "export_facts", "each hour, in a worker"),
    Step("evaluation.exporting", "export", "only cases that changed"),
    Step("evaluation.facts.cases", "rows_of", "a history folded into rows"),
    Step("evaluation.facts.files", "digest_of", "Parquet parts, named by digest"),
    Step("presentation.figures.views", "ranking", "a person asks for a ranking"),
    Step("evaluation.answers.asked", "figures", "known already, or a worker counts"),
    Step("evaluation.measures.compiling", "statements", "indicators → SQL"),
    Step("evaluation.measures.engine", "counted", "DuckDB counts"),
    Step("core.indicators.indicator", "Indicator", "divides, rounds, ranks"),
)
STYLE = """<style>
text { font: 12px system-ui, "Noto Sans CJK SC", sans-serif; fill: #1d273b }
.floor { font-weight: 600; font-size: 13px } .quiet { fill: #5c667b }
.name { font: 11px ui-monospace, monospace; fill: #0b5394 }
.band { fill: #f6f8fb } .band.odd { fill: #eceff4 }
.box { fill: #fff; stroke: #9aa7bd } .to { stroke: #5c667b; fill: none }
</style>"""


def pictures() -> Iterator[tuple[Path, str]]:
    """Yield each picture's path below docs, and its SVG."""
    yield PICTURES / "house.svg", house()
    yield PICTURES / "path-of-a-report.svg", path(REPORT, "The path of a report")
    yield PICTURES / "path-of-a-figure.svg", path(FIGURE, "The path of a figure")


def layers() -> tuple[list[list[str]], dict[str, list[list[str]]]]:
    """Return the floors that exist, the top one first, and the rooms of each in their order; a list is side by side."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    by_container = {
        contract["containers"][0].removeprefix("cityloop").removeprefix("."): _existing(contract)
        for contract in contracts
        if contract["type"] == "layers"
    }
    return by_container.pop(""), by_container


def _existing(contract: dict[str, list[str]]) -> list[list[str]]:
    found = [[name for name in re.split(r"\s*\|\s*", row) if not name.startswith("(")] for row in contract["layers"]]
    return [row for row in found if row]


def house() -> str:
    """Return the floors with their rooms; a room may import those to its right, a floor those below it."""
    floors, rooms = layers()
    lines = []
    names = [name for row in floors for name in row]
    for place, name in enumerate(names):
        y = TOP + BAND * place
        lines += [_band(0, y, WIDTH, BAND, place), _text(12, y + 26, name, "floor")]
        lines += _rooms(
            name, [[room for room in row if (SOURCE / name / room).is_dir()] for row in rooms.get(name, [])], y
        )
    return _svg(WIDTH, TOP + BAND * len(names) + 10, "Floors and rooms", lines)


def _rooms(floor: str, rows: Sequence[Sequence[str]], y: int) -> Iterator[str]:
    """Yield the rooms in their order; files at the floor's door are left out."""
    x = LABEL
    for row in rows:
        for room in row:
            if room == "migrations" or not (SOURCE / floor / room).is_dir():
                continue
            width = 7 * len(room) + 16
            yield f'<rect class="box" x="{x}" y="{y + 8}" width="{width}" height="{BAND - 16}" rx="4"/>'
            yield _text(x + 8, y + 26, room)
            x += width + 8
        x += 8
    if x == LABEL:
        yield _text(LABEL + 8, y + 26, "one room", "quiet")


def path(steps: Sequence[Step], title: str) -> str:
    """Return the steps from top to bottom, each in the column of its floor."""
    names = [name for row in layers()[0] for name in row if any(step.module.startswith(f"{name}.") for step in steps)]
    height = HEAD + len(steps) * ROW
    lines = []
    for place, name in enumerate(names):
        lines += [_band(place * COLUMN, 0, COLUMN, height, place), _text(place * COLUMN + 12, 22, name, "floor")]
    before = None
    for number, step in enumerate(steps):
        _check(step)
        x, y = names.index(step.module.split(".")[0]) * COLUMN + 7, HEAD + number * ROW
        if before:
            lines.append(f'<path class="to" marker-end="url(#tip)" d="{_arrow(*before, x + BOX / 2, y)}"/>')
        lines += _step(step, x, y)
        before = (x + BOX / 2, y + ROW - 22)
    return _svg(COLUMN * len(names), height, title, lines)


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (y + to_y) / 2
    return f"M{x:g} {y:g} C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y - 5:g}"


def _check(step: Step) -> None:
    """Raise LookupError where the function is not in the module."""
    file = SOURCE / f"{step.module.replace('.', '/')}.py"
    named = {getattr(node, "name", "") for node in ast.parse(file.read_text("utf-8")).body}
    if step.function not in named:
        raise LookupError(f"docs/house.py names {step.module}.{step.function}, which does not exist")


def _step(step: Step, x: int, y: int) -> Iterator[str]:
    room = ".".join(step.module.split(".")[1:])
    yield f'<rect class="box" x="{x}" y="{y}" width="{BOX}" height="{ROW - 22}" rx="4"/>'
    yield _text(x + 7, y + 16, f"{step.function}()" if step.function[0].islower() else step.function, "name")
    yield _text(x + 7, y + 31, room, "quiet")
    for number, line in enumerate(wrap(step.words, 24)):
        yield _text(x + 7, y + 47 + LINE * number, line)


def _band(x: int, y: int, width: int, height: int, place: int) -> str:
    kind = "band odd" if place % 2 else "band"
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"/>'


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x}" y="{y}">{escape(words)}</text>'


def _svg(width: int, height: int, title: str, lines: Sequence[str]) -> str:
    tip = '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="4" refY="3" orient="auto">'
    tip += '<path d="M0 0 6 3 0 6z" fill="#5c667b"/></marker></defs>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">'
    return "\n".join([head, f"<title>{title}</title>", STYLE, tip, *lines, "</svg>", ""])
