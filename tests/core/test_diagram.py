"""The diagram of a procedure: every move the engine makes is in it, nothing lies over anything else."""

from dataclasses import replace
from itertools import combinations, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_procedure import PROCEDURES, Walk
from wide_procedure import WIDE, action

from cityloop.core.diagrams.diagram import (
    INSET,
    Node,
    Picture,
    Speech,
    Tone,
    draw,
)
from cityloop.core.diagrams.text import Run, measured, wrapped
from cityloop.core.procedures import transitions as following
from cityloop.core.procedures.casefile import after
from cityloop.core.procedures.procedure import Procedure, TaskOpening
from cityloop.core.procedures.transitions import Transition, stage_graph, transitions

ALL = [*PROCEDURES, WIDE]
Box = tuple[int, int, int, int]

every_procedure = pytest.mark.parametrize("way", ALL, ids=lambda way: f"{way.name}-{way.version}")
every_language = pytest.mark.parametrize("language", ["zh", "en"])


def drawn(way: Procedure, language: str = "zh") -> Picture:
    return draw(way, Speech(lambda words: words[language], lambda kind: f"{kind.role} · 5 工作日", "留:", " (auto)"))


def box(node: Node) -> Box:
    return node.x, node.y, node.x + node.w, node.y + node.h


def apart(one: Box, other: Box) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize("way", PROCEDURES, ids=lambda way: f"{way.name}-{way.version}")
@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_every_move_of_a_walk_is_in_the_diagram(way: Procedure, seed: int) -> None:
    walk = Walk(way, Random(seed))
    walk.go()
    found = stage_graph(way)
    shown = {(one.from_stage, one.to_stage, one.action) for one in found.transitions}
    state = None
    for move, account, at in walk.made:
        if state and move.action in way.actions:
            assert (state.stage, move.stage, move.action) in shown
        state = after(state, move, account, at)
        assert {task.kind for task in state.open_tasks} <= set(found.tasks[state.stage])


@every_procedure
def test_every_action_can_be_done_somewhere_and_every_stage_is_a_card(way: Procedure) -> None:
    picture = drawn(way)
    assert {node.stage for node in picture.nodes} == set(way.stages)
    assert {move.action for move in picture.moves} == set(way.actions)


@every_procedure
def test_a_line_stands_for_every_action_that_moves_the_case_and_a_card_names_those_that_do_not(way: Procedure) -> None:
    picture = drawn(way)
    on_lines = {(edge.from_stage, edge.to_stage, name) for edge in picture.edges for name in edge.actions}
    moving = [move for move in picture.moves if not move.stays]
    assert on_lines == {(move.from_stage, move.to_stage, move.action) for move in moving}
    assert len(picture.edges) == len({(move.from_stage, move.to_stage) for move in moving})
    cards = {node.stage: "".join(run.words for line in node.lines for run in line.runs) for node in picture.nodes}
    for move in picture.moves:
        assert way.actions[move.action].title["zh"] in cards[move.from_stage]


@every_procedure
def test_a_line_is_marked_as_automatic_where_the_system_alone_moves_the_case(way: Procedure) -> None:
    for edge in drawn(way).edges:
        assert edge.automatic == all(way.actions[name].automatic for name in edge.actions)


@every_procedure
@every_language
def test_no_card_and_no_words_lie_over_others(way: Procedure, language: str) -> None:
    picture = drawn(way, language)
    assert all(apart(box(one), box(other)) for one, other in combinations(picture.nodes, 2))
    for node in picture.nodes:
        left, top, right, bottom = box(node)
        words = [(line.left, line.y - 9, line.left + line.width, line.y + 9) for line in node.lines]
        assert all(apart(one, other) for one, other in combinations(words, 2))
        for x1, y1, x2, y2 in words:
            assert left + INSET <= x1 and x2 <= right - INSET and top <= y1 and y2 <= bottom
    assert all(left >= 0 and right <= picture.width for left, _, right, _ in map(box, picture.nodes))


@every_procedure
@every_language
def test_no_line_runs_through_a_card(way: Procedure, language: str) -> None:
    picture = drawn(way, language)
    for edge in picture.edges:
        for (x1, y1), (x2, y2) in pairwise(edge.points):
            stretch = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
            assert x1 == x2 or y1 == y2
            assert stretch[0] > 0 and stretch[2] < picture.width
            assert all(apart(stretch, box(node)) for node in picture.nodes)


@every_procedure
@every_language
def test_lines_to_different_stages_only_cross(way: Procedure, language: str) -> None:
    for one, other in combinations(drawn(way, language).edges, 2):
        if one.to_stage == other.to_stage:
            continue
        for a in pairwise(one.points):
            for b in pairwise(other.points):
                assert not _lie_together(a, b), (one, other)


def _lie_together(a: tuple, b: tuple) -> bool:
    for along, across in ((0, 1), (1, 0)):
        if a[0][across] == a[1][across] == b[0][across] == b[1][across]:
            (low, high), (begin, end) = sorted(p[along] for p in a), sorted(p[along] for p in b)
            return low <= end and begin <= high
    return False


@every_procedure
def test_the_same_procedure_gives_the_same_picture(way: Procedure) -> None:
    assert drawn(way) == drawn(way)


def test_the_main_way_runs_down_through_the_main_actions() -> None:
    picture = drawn(WIDE)
    main = [(edge.from_stage, edge.to_stage) for edge in picture.edges if edge.main]
    names = ["reported", "accepted", "filed", "handling", "fed_back", "checking", "checked", "closed"]
    assert main == list(pairwise(names))
    assert [node.stage for node in picture.nodes][: len(names)] == names
    assert [line.tone for line in picture.nodes[0].lines][-1] is Tone.MAIN


def test_a_task_that_outlives_its_stage_can_be_done_where_the_case_went() -> None:
    found = stage_graph(_changed(report_back=replace(WIDE.actions["report_back"], keeps=True)))
    assert "handle" in found.tasks["checking"]
    assert Transition("checking", "fed_back", "report_back", False) in found.transitions


def test_a_sub_task_ends_with_the_task_it_is_under() -> None:
    assert "decide_extension" in stage_graph(WIDE).tasks["handling"]
    assert [stage for stage, kinds in stage_graph(WIDE).tasks.items() if "decide_extension" in kinds] == ["handling"]
    alone = replace(WIDE.actions["ask_extension"], opens=(TaskOpening("decide_extension"),))
    assert "decide_extension" in stage_graph(_changed(ask_extension=alone)).tasks["fed_back"]


def test_a_branch_that_always_holds_leaves_no_other_way() -> None:
    after_return = {one.to_stage for one in transitions(WIDE) if one.action == "return"}
    assert after_return == {"accepted", "filed"}


def test_a_procedure_of_too_many_situations_is_looked_at_stage_by_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = stage_graph(WIDE)
    monkeypatch.setattr(following, "MOST_SITUATIONS", 3)
    rough = stage_graph(WIDE)
    assert set(exact.transitions) <= set(rough.transitions)
    assert all(set(kinds) <= set(rough.tasks[stage]) for stage, kinds in exact.tasks.items())


def test_an_action_that_would_leave_nobody_a_task_is_no_move() -> None:
    stray = action("stray", "走失 Go astray", "accept", "accepted")
    assert "stray" not in {one.action for one in transitions(_changed(stray=stray))}


@given(st.lists(st.text(alphabet="处置中 aMW，·", min_size=1, max_size=40), min_size=1, max_size=6))
def test_wrapped_words_fit_and_none_is_lost(pieces: list[str]) -> None:
    lines = list(wrapped([Run(words, " · ") for words in pieces], 200))
    assert all(sum(run.width for run in line) <= 200 + measured(" ") for line in lines)
    kept = "".join(run.words for line in lines for run in line)
    assert kept.replace(" ", "") == "".join(pieces).replace(" ", "")


@pytest.mark.parametrize("room", range(100, 260, 7))
def test_words_are_broken_between_words(room: int) -> None:
    titles = "Closed with an explanation", "Handed over to law enforcement"
    lines = wrapped([Run(title, "  ") for title in titles], room)
    said = " ".join("".join(run.words + run.then for run in line) for line in lines)
    assert " ".join(said.split()) == " ".join(titles)


def _changed(**actions: object) -> Procedure:
    return replace(WIDE, actions={**WIDE.actions, **actions})  # type: ignore[dict-item]
