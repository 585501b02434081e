"""A procedure as a picture: cards for its stages, lines for the moves between them. What draws it is not here.

The main way runs down the left column, side ways and the other ends stand in the right one. A card lists its tasks and,
beside the port where each line leaves, the actions that the line stands for; so no label ever lies on a line.
Lengths are in pixels. The same procedure in the same words gives the same picture.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cityloop.core.diagrams.lanes import (
    Port,
    Region,
    Side,
    StageEdge,
    edge,
    lanes_for,
)
from cityloop.core.diagrams.text import Run, wrapped
from cityloop.core.procedures.procedure import Procedure, TaskKind, Words
from cityloop.core.procedures.transitions import StageGraph, Transition, main_path, stage_graph

PITCH = 22  # from row to row
HALF = PITCH // 2  # the right column stands half a row lower, so that no two lines leave at one height
CARD, SMALL_CARD = 420, 240
MARGIN = 3
HEAVY = 115  # percent that a title and a main move are wider than other words
INSET = 14  # from a card's edge to its words


class Tone(StrEnum):
    """What a row of a card is."""

    TITLE = "title"
    TASK = "task"
    STAY = "stay"
    MOVE = "move"
    MAIN = "main"  # the move to the next card below


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of words: its middle height and the point that it is anchored at by its start, middle or end."""

    x: int
    y: int
    anchor: str
    width: int  # as measured, at the most
    runs: tuple[Run, ...]
    tone: Tone

    @property
    def left(self) -> int:
        return self.x - {"start": 0, "middle": self.width // 2, "end": self.width}[self.anchor]


@dataclass(frozen=True, slots=True)
class Node:
    """The card of a stage."""

    stage: str
    title: str
    final: bool
    x: int
    y: int
    w: int
    h: int
    entry: int  # the height at which arrows meet it
    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A laid-out procedure; the case begins at `start`, and `moves` are all that it shows."""

    width: int
    height: int
    start: tuple[int, int]
    begins: str  # what the start is called; stands to its right
    nodes: tuple[Node, ...]
    edges: tuple[StageEdge, ...]
    moves: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class Speech:
    """The words of a picture: titles in the reader's language, what stands beside a task's, before what stays."""

    say: Callable[[Words], str]
    beside: Callable[[TaskKind], str]
    stays: str
    automatic: str  # behind an action that the system does


@dataclass(frozen=True, slots=True)
class _Row:
    runs: tuple[Run, ...]
    tone: Tone
    side: Side | None = None  # where a line leaves
    to: str = ""


@dataclass(frozen=True, slots=True)
class _Card:
    stage: str
    rows: tuple[_Row, ...]
    width: int
    y: int = 0

    @property
    def height(self) -> int:
        return PITCH * len(self.rows) + 10

    @property
    def bottom(self) -> int:
        return self.y + self.height

    def at(self, row: int) -> int:
        """Return the middle height of a row."""
        return self.y + 16 + PITCH * row


def draw(procedure: Procedure, speech: Speech) -> Picture:
    """Return the procedure laid out."""
    found = stage_graph(procedure)
    way = main_path(procedure, found)
    rest = [name for name in found.tasks if name not in way]
    left = _stacked([_card(procedure, found, name, way, speech) for name in way], 2 * PITCH)
    right = _beside([_card(procedure, found, name, way, speech) for name in rest], left, found)
    return _laid(procedure, left, right, found, speech)


def _card(procedure: Procedure, found: StageGraph, name: str, way: Sequence[str], speech: Speech) -> _Card:
    rows = tuple(_rows(procedure, found, name, way, speech))
    title = speech.say(procedure.stages[name].title)
    width = CARD if rows or name in way else SMALL_CARD
    head = tuple(_Row(runs, Tone.TITLE) for runs in wrapped([Run(title, "")], (width - 2 * INSET) * 100 // HEAVY))
    return _Card(name, head + rows, width)


def _rows(procedure: Procedure, found: StageGraph, name: str, way: Sequence[str], speech: Speech) -> Iterator[_Row]:
    """Yield a card's rows below its title: tasks, actions that stay, actions that move, the main move last."""
    room = CARD - 2 * INSET
    for kind in (procedure.tasks[each] for each in found.tasks[name]):
        pieces = [Run(speech.say(kind.title), "  "), Run(speech.beside(kind), "", is_quiet=True)]
        yield from (_Row(runs, Tone.TASK) for runs in wrapped(pieces, room))
    moves: dict[str, list[Run]] = {}
    for move in (one for one in found.transitions if one.from_stage == name):
        action = procedure.actions[move.action]
        mark = speech.automatic if action.automatic else ""
        moves.setdefault(move.to_stage, []).append(Run(speech.say(action.title) + mark, " · "))
    if stays := moves.pop(name, []):
        yield from (_Row(runs, Tone.STAY) for runs in wrapped([Run(speech.stays, " ", is_quiet=True), *stays], room))
    for to in sorted(moves, key=lambda to: _side(way, name, to) is Side.BELOW):
        side = _side(way, name, to)
        target = speech.say(procedure.stages[to].title)
        tone, width = (Tone.MAIN, room * 100 // HEAVY) if side is Side.BELOW else (Tone.MOVE, room)
        rows = list(wrapped(_directed(moves[to], target, side), width))
        yield from (_Row(runs, tone, side, to if at == len(rows) else "") for at, runs in enumerate(rows, 1))


def _directed(actions: list[Run], target: str, side: Side) -> list[Run]:
    """Return the pieces of a move's words, the stage it leads to at the side where the line leaves."""
    actions[-1] = replace(actions[-1], then="  ")
    if side is Side.BELOW:
        return actions
    if side is Side.LEFT:
        return [Run(f"← {target}", "  ", is_quiet=True), *actions]
    return [*actions, Run(f"→ {target}", "", is_quiet=True)]


def _side(way: Sequence[str], source: str, target: str) -> Side:
    """Return where a line leaves its card."""
    if source in way and target in way:
        return Side.BELOW if way.index(target) == way.index(source) + 1 else Side.LEFT
    return Side.LEFT if target in way else Side.RIGHT


def _stacked(cards: Sequence[_Card], top: int) -> list[_Card]:
    placed = []
    for card in cards:
        placed.append(replace(card, y=top))
        top += PITCH * (len(card.rows) + 2)
    return placed


def _beside(cards: Sequence[_Card], left: Sequence[_Card], found: StageGraph) -> list[_Card]:
    """Return the right column's cards, each as near as may be to the stages that it has to do with."""
    wanted = {card.stage: _wanted(card.stage, left, found) for card in cards}
    order = sorted(cards, key=lambda card: wanted[card.stage])
    tops, top = [], 2 * PITCH + HALF
    for card in order:
        top = max(top, wanted[card.stage] // PITCH * PITCH + HALF)
        tops.append(top)
        top += PITCH * (len(card.rows) + 1)
    lowest = max(top, left[-1].bottom // PITCH * PITCH + HALF)
    placed: list[_Card] = []
    for card, wish in zip(reversed(order), reversed(tops), strict=True):
        y = min(wish, lowest - PITCH * (len(card.rows) + 1))
        placed.insert(0, replace(card, y=y))
        lowest = y
    return placed


def _wanted(stage: str, left: Sequence[_Card], found: StageGraph) -> int:
    """Return the mean height of the main stages from which a stage is reached, else to which it leads."""
    middle = {card.stage: card.at(0) for card in left}
    before = [one.from_stage for one in found.transitions if one.to_stage == stage]
    behind = [one.to_stage for one in found.transitions if one.from_stage == stage]
    heights = [middle[name] for name in dict.fromkeys(before + behind) if name in middle] or [0]
    return sum(heights) // len(heights)


def _laid(
    procedure: Procedure, left: Sequence[_Card], right: Sequence[_Card], found: StageGraph, speech: Speech
) -> Picture:
    ports = [port for column in (left, right) for card in column for port in _ports(card, found)]
    main = [card.stage for card in left]
    lanes = lanes_for(ports, {card.stage: card.at(0) for card in (*left, *right)}, main)
    x = MARGIN + lanes.width(Region.LEFT)
    beside = x + CARD + lanes.width(Region.BETWEEN)
    columns = [(x, card) for card in left] + [(beside, card) for card in right]
    nodes = {card.stage: _node(procedure, card, at, speech) for at, card in columns}
    return Picture(
        width=max(node.x + node.w for node in nodes.values()) + lanes.width(Region.RIGHT) + MARGIN,
        height=max(node.y + node.h for node in nodes.values()) + MARGIN,
        start=(x + CARD // 2, PITCH // 2),
        begins=speech.say(procedure.begins.title),
        nodes=tuple(nodes.values()),
        edges=tuple(edge(port, lanes, nodes, main) for port in ports),
        moves=found.transitions,
    )


def _ports(card: _Card, found: StageGraph) -> Iterator[Port]:
    for place, row in enumerate(card.rows):
        if row.to and row.side:
            moves = [one for one in found.transitions if (one.from_stage, one.to_stage) == (card.stage, row.to)]
            actions = tuple(one.action for one in moves)
            yield Port(card.stage, row.to, row.side, card.at(place), actions, all(one.automatic for one in moves))


def _node(procedure: Procedure, card: _Card, x: int, speech: Speech) -> Node:
    stage = procedure.stages[card.stage]
    lines = tuple(_line(card, place, x) for place in range(len(card.rows)))
    return Node(stage.name, speech.say(stage.title), stage.final, x, card.y, card.width, card.height, card.at(0), lines)


def _line(card: _Card, place: int, x: int) -> TextLine:
    row = card.rows[place]
    anchors = {Side.RIGHT: ("end", card.width - INSET), Side.BELOW: ("middle", card.width // 2)}
    anchor, inset = anchors.get(row.side or Side.LEFT, ("start", INSET))
    width = sum(run.width for run in row.runs)
    if row.tone in (Tone.TITLE, Tone.MAIN):
        width = width * HEAVY // 100
    return TextLine(x + inset, card.at(place), anchor, width, row.runs, row.tone)
