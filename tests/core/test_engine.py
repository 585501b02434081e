"""What the words of a procedure bring about, each by itself: guards, sub-tasks, clocks, timers, conditions."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from calendars import CITY, local

from cityloop.core.actors import SYSTEM, Actor, Post
from cityloop.core.clocks.worktime import Limit, LimitUnit
from cityloop.core.errors import Invalid, NotAllowed, NotPossible
from cityloop.core.procedures import deciding, waking
from cityloop.core.procedures.casefile import CaseState, Move, after
from cityloop.core.procedures.opening import Terms
from cityloop.core.procedures.procedure import Procedure
from cityloop.registry.packs.procedures import read_procedure

T = "{zh: 甲, en: A}"
BEGAN = local("2026-11-16 09:00")  # a Monday
LIMITS = {"handle": Limit(1, LimitUnit.WORK_DAY), "case": Limit(2, LimitUnit.WORK_DAY)}

PANEL = f"""
name: panel
version: 1
title: {T}
case_limit: {{otherwise: 10 work_day}}
begins:
  event: Begun
  stage: asking
  opens: [vote]
  case_clock: start
  needs: [{{name: unit, kind: units, title: {T}}}]
stages:
  asking: {{title: {T}}}
  agreed: {{title: {T}, final: true}}
  refused: {{title: {T}, final: true}}
  deciding: {{title: {T}}}
tasks:
  vote: {{title: {T}, role: member, part: desk, held_by_unit: true, limit: {{otherwise: 1 work_day}}}}
  chair: {{title: {T}, role: chair, part: desk, limit: {{otherwise: 1 work_day}}}}
actions:
  support:
    on: vote
    title: {T}
    event: Supported
    then:
      - {{quorum: 2, of: vote, by: [support], to: agreed}}
      - {{no_open: vote, to: deciding, opens: [chair]}}
  oppose:
    on: vote
    title: {T}
    event: Opposed
    then:
      - {{any: vote, by: [oppose], when: veto == "yes", to: refused}}
      - {{no_open: vote, to: deciding, opens: [chair]}}
  decide: {{on: chair, title: {T}, event: Decided, to: refused}}
  vote_again: {{on: chair, title: {T}, event: VoteRepeated, to: asking, opens: [{{task: vote, unit: voters}}],
               needs: [{{name: voters, kind: units, title: {T}}}]}}
  mark: {{at: [asking], role: chair, title: {T}, event: Marked, sets: {{veto: "yes"}}}}
"""

JOINT = f"""
name: joint
version: 1
title: {T}
case_limit: {{category: case, otherwise: 3 work_day}}
case_timers: {{150: tell}}
begins: {{event: Begun, stage: open, opens: [lead], case_clock: start, needs: [{{name: unit, kind: unit, title: {T}}}]}}
stages:
  open: {{title: {T}}}
  waiting: {{title: {T}}}
  done: {{title: {T}, final: true}}
tasks:
  lead: {{title: {T}, role: handler, part: handling, held_by_unit: true,
         limit: {{category: handle, otherwise: 2 work_day}}, timers: {{80: remind, 150: push}}}}
  part: {{title: {T}, role: handler, part: handling, held_by_unit: true,
         limit: {{asked: days, otherwise: 1 work_day}}}}
  pause: {{title: {T}, role: chair, part: desk, limit: {{asked: until, otherwise: 1 day}}, timers: {{100: go_on}}}}
  more: {{title: {T}, role: chair, part: desk, limit: {{otherwise: 1 work_hour}}}}
actions:
  finish:
    on: lead
    title: {T}
    event: Finished
    to: done
    requires: [{{no_open: part, otherwise: {{zh: 还有协办, en: Others are still at it}}}}]
  give_up: {{on: lead, title: {T}, event: GivenUp, to: done}}
  share:
    on: lead
    title: {T}
    event: Shared
    keeps: true
    opens: [{{task: part, unit: helpers, under: true}}]
    needs:
      - {{name: helpers, kind: units, title: {T}, most: 3}}
      - {{name: days, kind: number, title: {T}, required: false, most: 5, unit: work_day}}
  helped: {{on: part, title: {T}, event: Helped}}
  ask_more: {{on: lead, title: {T}, event: MoreAsked, keeps: true, within: 4 work_hour,
             opens: [{{task: more, under: true}}], requires: [
             {{when: not overdue and extensions < 1, otherwise: {{zh: 不可, en: Not any more}}}}]}}
  more_given: {{on: more, title: {T}, event: MoreGiven, extends: {{task: parent}}}}
  stop:
    on: lead
    title: {T}
    event: Stopped
    to: waiting
    opens: [{{task: pause, under: true}}]
    case_clock: pause
    needs: [{{name: until, kind: date, title: {T}, most: 30}}]
  go_on: {{on: pause, title: {T}, event: WentOn, to: open, opens: [{{task: lead, again: continued}}],
          case_clock: resume, automatic: true}}
  remind: {{on: lead, title: {T}, event: Reminded, keeps: true, automatic: true}}
  push: {{on: lead, title: {T}, event: Pushed, keeps: true, automatic: true}}
  tell: {{at: [open, waiting], title: {T}, event: Told, automatic: true}}
  reopen: {{at: [done], role: chair, title: {T}, event: Reopened, to: open, case_clock: continue,
           opens: [{{task: lead, again: unstopped}}]}}
"""

CHAIR = Actor("account/chair", "", (Post("chair", "centre"),))


class Run:
    """A case of a procedure being moved."""

    def __init__(self, procedure: Procedure, unit: str) -> None:
        self.procedure, self.now, self.moves = procedure, BEGAN, list[Move]()
        self.terms = Terms(CITY, LIMITS)
        begun = deciding.begin(procedure, {}, {}, BEGAN, self.terms, inputs={"unit": unit})
        self.case: CaseState = after(None, begun, "account/0", BEGAN)

    def do(self, action: str, no: int, actor: Actor, **inputs: str) -> CaseState:
        move = deciding.decide(self.procedure, self.case, action, no, actor, inputs, self.now, self.terms)
        return self._made(move, actor.account)

    def wake(self) -> list[str]:
        woken = []
        while move := waking.woken(self.procedure, self.case, self.now, self.terms):
            woken.append(move.event)
            self._made(move, SYSTEM.account)
        return woken

    def _made(self, move: Move, account: str) -> CaseState:
        self.case = after(self.case, move, account, self.now)
        return self.case


def member(unit: str, role: str = "member") -> Actor:
    return Actor(f"account/{unit}", "", (Post(role, unit),))


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str, str], Run]:
    def begun(words: str, unit: str) -> Run:
        (tmp_path / "procedure.yaml").write_text(words, encoding="utf-8")
        return Run(read_procedure(tmp_path / "procedure.yaml"), unit)

    return begun


def test_a_quorum_decides_as_soon_as_it_is_reached_and_ends_the_other_tasks(run) -> None:
    panel = run(PANEL, "a b c")
    panel.do("support", 1, member("a"))
    assert panel.case.stage == "asking"
    case = panel.do("support", 3, member("c"))
    assert (case.stage, case.is_open, case.tasks[1].outcome) == ("agreed", False, "ended")


def test_where_all_are_done_without_a_quorum_the_next_branch_holds(run) -> None:
    panel = run(PANEL, "a b c")
    panel.do("support", 1, member("a"))
    panel.do("oppose", 2, member("b"))
    case = panel.do("oppose", 3, member("c"))
    assert (case.stage, [task.kind for task in case.open_tasks]) == ("deciding", ["chair"])


def test_what_was_voted_on_an_earlier_visit_to_the_stage_does_not_count(run) -> None:
    panel = run(PANEL, "a b c")
    panel.do("support", 1, member("a"))
    panel.do("oppose", 2, member("b"))
    panel.do("oppose", 3, member("c"))
    panel.do("vote_again", 4, CHAIR, voters="d e")
    assert panel.do("support", 5, member("d")).stage == "asking"
    assert panel.do("support", 6, member("e")).stage == "agreed"


def test_any_one_is_enough_where_a_fact_says_so(run) -> None:
    panel = run(PANEL, "a b c")
    panel.do("mark", 0, CHAIR)
    assert panel.do("oppose", 2, member("b")).stage == "refused"


def test_each_unit_has_its_own_task_and_no_other_may_do_it(run) -> None:
    panel = run(PANEL, "a b")
    with pytest.raises(NotAllowed):
        panel.do("support", 1, member("b"))


def test_sub_tasks_have_their_own_limit_and_hold_up_what_they_are_under(run) -> None:
    joint = run(JOINT, "roads")
    case = joint.do("share", 1, member("roads", "handler"), helpers="parks lamps", days="3")
    assert [(task.unit, task.parent, task.limit) for task in case.tasks[1:]] == [
        ("parks", 1, Limit(3, LimitUnit.WORK_DAY)),
        ("lamps", 1, Limit(3, LimitUnit.WORK_DAY)),
    ]
    with pytest.raises(NotPossible) as refused:
        joint.do("finish", 1, member("roads", "handler"))
    assert refused.value.words == {"zh": "还有协办", "en": "Others are still at it"}
    joint.do("helped", 2, member("parks", "handler"))
    joint.do("helped", 3, member("lamps", "handler"))
    assert not joint.do("finish", 1, member("roads", "handler")).is_open


def test_sub_tasks_end_with_the_task_they_are_under(run) -> None:
    joint = run(JOINT, "roads")
    joint.do("share", 1, member("roads", "handler"), helpers="parks")
    case = joint.do("stop", 1, member("roads", "handler"), until="2026-11-20")
    assert (case.tasks[1].outcome, [task.kind for task in case.open_tasks]) == ("ended", ["pause"])


def test_units_that_helped_have_handled_the_case(run) -> None:
    joint = run(JOINT, "roads")
    case = joint.do("share", 1, member("roads", "handler"), helpers="parks")
    assert case.handling_units == {"roads", "parks"}


def test_an_extension_moves_the_due_moment_of_the_task_and_of_the_case_and_is_given_once(run) -> None:
    joint = run(JOINT, "roads")
    due, whole = joint.case.tasks[0].due_at, joint.case.case_due_at
    assert due == local("2026-11-17 09:00")
    joint.do("ask_more", 1, member("roads", "handler"))
    case = joint.do("more_given", 2, CHAIR)
    assert case.tasks[0].due_at == local("2026-11-18 09:00")
    assert case.case_due_at - whole == timedelta(days=1)
    with pytest.raises(NotPossible):
        joint.do("ask_more", 1, member("roads", "handler"))


def test_what_must_be_done_soon_is_refused_later_even_while_there_is_time_left(run) -> None:
    joint = run(JOINT, "roads")
    joint.now = local("2026-11-16 15:31")  # 4 hours and a minute of work
    with pytest.raises(NotPossible) as refused:
        joint.do("ask_more", 1, member("roads", "handler"))
    assert refused.value.code == "too-late-for-this"


def test_a_pause_costs_neither_the_task_nor_the_case_any_time_and_ends_by_itself(run) -> None:
    joint = run(JOINT, "roads")
    joint.now = local("2026-11-16 11:00")  # 2 of 7.5 hours are used
    case = joint.do("stop", 1, member("roads", "handler"), until="2026-11-19")
    assert case.case_due_at is None
    joint.now = case.tasks[1].due_at + timedelta(seconds=1)
    assert joint.now == local("2026-11-19 11:00:01")
    assert joint.wake() == ["LimitPassed", "WentOn"]
    assert joint.case.tasks[2].unit == "roads"
    assert joint.case.tasks[2].due_at == local("2026-11-20 09:00:01")
    assert joint.case.case_due_at == local("2026-11-21 09:00:01") + timedelta(days=2)  # over a weekend


def test_timers_run_out_at_their_share_of_the_limit_once_each(run) -> None:
    joint = run(JOINT, "roads")
    joint.now = local("2026-11-16 16:59")
    assert joint.wake() == []
    joint.now = local("2026-11-16 17:01")  # 6 of 7.5 hours
    assert (joint.wake(), joint.wake()) == (["Reminded"], [])
    joint.now = local("2026-11-17 09:01")
    assert joint.wake() == ["LimitPassed"]
    joint.now = local("2026-11-17 14:46")  # half a limit later: 3.75 hours
    assert joint.wake() == ["Pushed"]
    joint.now = local("2026-11-19 15:00")
    assert joint.wake() == ["Told"]  # 150 % of the case's own limit
    assert joint.case.tasks[0].fired == 3


def test_timers_are_set_again_where_there_is_more_time(run) -> None:
    joint = run(JOINT, "roads")
    joint.do("ask_more", 1, member("roads", "handler"))
    joint.now = local("2026-11-17 09:30")
    assert joint.wake() == ["LimitPassed", "Reminded", "LimitPassed"]  # the decision asked for is late, too
    case = joint.do("more_given", 2, CHAIR)
    assert (case.tasks[0].passed_at, case.tasks[0].fired) == (None, 0)
    joint.now = local("2026-11-18 09:30")
    assert joint.wake() == ["Reminded", "LimitPassed"]


def test_only_the_system_does_what_happens_by_itself(run) -> None:
    joint = run(JOINT, "roads")
    with pytest.raises(NotAllowed):
        joint.do("remind", 1, member("roads", "handler"))
    with pytest.raises(NotAllowed):
        joint.do("finish", 1, SYSTEM)


def test_a_case_that_is_opened_again_goes_on_with_the_time_that_was_left(run) -> None:
    joint = run(JOINT, "roads")
    joint.now = local("2026-11-16 11:00")
    joint.do("finish", 1, member("roads", "handler"))
    joint.now = local("2026-11-18 09:00")
    case = joint.do("reopen", 0, CHAIR)
    assert case.is_open and case.closed_at is None
    assert case.case_due_at == local("2026-11-19 16:30")  # 15 hours of work, 2 of them used
    assert case.tasks[1].due_at == local("2026-11-17 09:00")  # unstopped: as it was
    with pytest.raises(NotPossible):
        joint.do("reopen", 0, CHAIR)


def test_a_limit_that_was_filed_with_is_kept_when_the_catalogue_changes(run) -> None:
    joint = run(JOINT, "roads")
    joint.terms = Terms(CITY, {"handle": Limit(9, LimitUnit.WORK_DAY), "case": Limit(9, LimitUnit.WORK_DAY)})
    joint.do("give_up", 1, member("roads", "handler"))
    case = joint.do("reopen", 0, CHAIR)
    assert case.tasks[1].limit == Limit(1, LimitUnit.WORK_DAY)
    assert case.facts["limit_handle"] == "1 work_day"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"helpers": ""}, "helpers"),
        ({"helpers": "a b c d"}, "helpers"),
        ({"helpers": "parks", "days": "6"}, "days"),
        ({"helpers": "parks", "days": "0"}, "days"),
        ({"helpers": "parks", "days": "1.5"}, "days"),
        ({"helpers": "parks", "days": "二"}, "days"),
    ],
)
def test_an_answer_out_of_bounds_is_named(run, given: dict[str, str], field: str) -> None:
    joint = run(JOINT, "roads")
    with pytest.raises(Invalid) as refused:
        joint.do("share", 1, member("roads", "handler"), **given)
    assert [fault.field for fault in refused.value.faults] == [field]


def test_digits_of_full_width_are_numbers(run) -> None:
    joint = run(JOINT, "roads")
    case = joint.do("share", 1, member("roads", "handler"), helpers="parks", days="３")
    assert case.tasks[1].limit == Limit(3, LimitUnit.WORK_DAY)


@pytest.mark.parametrize("day", ["2026-11-16", "2026-12-17", "2026-02-30", "tomorrow"])
def test_a_day_that_is_none_or_lies_too_far_is_refused(run, day: str) -> None:
    joint = run(JOINT, "roads")
    with pytest.raises(Invalid):
        joint.do("stop", 1, member("roads", "handler"), until=day)
