"""A bad procedure is refused when it is read: with file, line, field, what is wrong and what to do. Every refusal."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from cityloop.core.errors import Fault, Invalid
from cityloop.core.sentences.engine import ENGINE
from cityloop.registry.packs import procedures
from cityloop.registry.packs.procedures import read_procedure

SMALL = """\
name: small
version: 1
title: {zh: 小, en: Small}
case_limit: {asked: days, otherwise: 5 day}
case_timers: {80: urge_all}
reasons: {why: {rain: {zh: 雨, en: Rain}}}
begins:
  event: Begun
  stage: first
  opens: [desk]
  case_clock: start
  documents: [slip]
  needs: [{name: days, kind: number, title: {zh: 天, en: Days}, unit: day}]
stages:
  first: {title: {zh: 一, en: One}}
  second: {title: {zh: 二, en: Two}}
  end: {title: {zh: 完, en: End}, final: true}
tasks:
  desk: {title: {zh: 台, en: Desk}, role: clerk, part: desk, limit: {otherwise: 1 day}, timers: {80: urge}}
  work: {title: {zh: 工, en: W}, role: crew, part: handling, held_by_unit: true, limit: {asked: days, otherwise: 2 day}}
  side: {title: {zh: 旁, en: Side}, role: clerk, part: desk, limit: {otherwise: 1 day}}
actions:
  give:
    on: desk
    title: {zh: 派, en: Give}
    event: Given
    to: second
    opens: [work]
    documents: [slip]
    needs:
      - {name: unit, kind: unit, title: {zh: 单位, en: Unit}}
      - {name: reason, kind: choice, title: {zh: 由, en: Why}, choices: why}
  ask:
    on: work
    title: {zh: 请, en: Ask}
    event: Asked
    keeps: true
    opens: [{task: side, under: true}]
    requires:
      - {no_open: side, otherwise: {zh: 等, en: Wait}}
      - {when: not overdue, otherwise: {zh: 迟, en: Late}}
  allow:
    on: side
    title: {zh: 准, en: Allow}
    event: Allowed
    extends: {task: parent, asked: more}
    needs: [{name: more, kind: number, title: {zh: 多, en: More}, unit: day}]
  finish:
    on: work
    title: {zh: 毕, en: Finish}
    event: Finished
    then:
      - {all: work, by: [finish], to: end}
      - {when: times_finish > 5, to: first, opens: [desk], ends: [side]}
  rest:
    at: [second]
    role: clerk
    title: {zh: 停, en: Rest}
    event: Rested
    case_clock: pause
  go_on:
    at: [second]
    role: clerk
    title: {zh: 续, en: Go on}
    event: GoneOn
    case_clock: resume
  stop:
    at: [first]
    role: clerk
    title: {zh: 止, en: Stop}
    event: Stopped
    to: end
    begins_case: {procedure: small, gives: {days: left}}
    needs: [{name: left, kind: number, title: {zh: 剩, en: Left}}]
  again:
    at: [end]
    role: clerk
    title: {zh: 重, en: Again}
    event: BegunAgain
    to: first
    opens: [desk]
    ends: [side]
    case_clock: restart
  urge: {on: desk, title: {zh: 催, en: Urge}, event: Urged, keeps: true, automatic: true}
  urge_all: {at: [first], title: {zh: 催办, en: Urge all}, event: AllUrged, automatic: true}
documents:
  slip:
    title: {zh: 单, en: Slip}
    lines:
      - "{number}"
      - "{{ }} {unit}"
"""


class Slip(NamedTuple):
    """One slip of the pen: what stands there instead, which field is told, what is said of it, on which line."""

    old: str
    new: str
    field: str
    words: str
    line: str | None = None  # words on the line that is told; None: the line that was changed


IDLE = "No path leads there that leaves somebody with a task"
UNIT = "      - {name: unit, kind: unit, title: {zh: 单位, en: Unit}}"
WORK = "  work: {title: {zh: 工, en: W}, role: crew, part: handling, held_by_unit: true, limit: {asked: days,"
SLIPS = [
    Slip("    event: Rested\n", "    event: Rested\n    sets: {district: x}\n", "actions.rest.sets.district",
         "The city keeps the fact district itself", "    sets: {district"),
    # the shape
    Slip("title: {zh: 小, en: Small}", "title: {zh: 小}", "title", "a title is given in zh and in en"),
    Slip("otherwise: 5 day}", "otherwise: 5 days}", "case_limit.otherwise", "is not a limit"),
    Slip("otherwise: 5 day}", "otherwise: 0 day}", "case_limit.otherwise", "must be positive"),
    Slip("version: 1", "version: 0", "version", "greater than or equal to 1"),
    Slip("name: small", "name: Small Way", "name", "should match pattern"),
    Slip("event: Given", "event: given", "actions.give.event", "should match pattern"),
    Slip("  side: {title", "  Side: {title", "tasks.Side.[key]", "should match pattern"),
    Slip("    keeps: true", "    keps: true", "actions.ask.keps", "not permitted"),
    Slip("part: handling", "part: handles", "tasks.work.part", "Input should be"),
    Slip("{80: urge}", "{0: urge}", "tasks.desk.timers.0.[key]", "greater than or equal to 1", "  desk: {title"),
    Slip("{no_open: side,", "{no_open: side, all: work,", "actions.ask.requires.0", "only one of all, no_open"),
    Slip("{when: not overdue, oth", "{oth", "actions.ask.requires.1", "give one of all, any, quorum"),
    Slip("{all: work, by", "{quorum: 2, by", "actions.finish.then.0", "give both"),
    Slip("{when: not overdue,", "{when: not overdue, by: [give],", "actions.ask.requires.1", "by belongs to"),
    # names that stand for nothing
    Slip("  stage: first", "  stage: frist", "begins.stage", "There is no stage frist. Declared are: first, second"),
    Slip("  opens: [desk]\n  case", "  opens: [dusk]\n  case", "begins.opens", "There is no task dusk"),
    Slip("  documents: [slip]\n  n", "  documents: [slap]\n  n", "begins.documents", "There is no document slap"),
    Slip("{80: urge}", "{80: surge}", "tasks.desk.timers", "There is no action surge. Declare one with automatic"),
    Slip("{80: urge}", "{80: give}", "tasks.desk.timers", "is done by people. An action that a timer does"),
    Slip("{80: urge}", "{80: urge_all}", "tasks.desk.timers", "urge_all is not done on this task. Give it on: desk"),
    Slip("{80: urge_all}", "{80: urge}", "case_timers", "urge is not done on the case. Give it at: and the stages"),
    Slip("    on: desk\n", "    on: desk\n    at: [first]\n", "actions.give", "Say either on which", "    on: desk"),
    Slip("    on: desk\n", "    on: dusk\n", "actions.give.on", "There is no task dusk"),
    Slip("    at: [end]", "    at: [ende]", "actions.again.at", "There is no stage ende"),
    Slip("    ends: [side]\n", "    ends: [sides]\n", "actions.again.ends", "There is no task sides"),
    Slip("    documents: [slip]\n    n", "    documents: [slap]\n    n", "actions.give.documents", "no document slap"),
    Slip("    to: second", "    to: secund", "actions.give.to", "There is no stage secund"),
    Slip("    opens: [work]", "    opens: [wrok]", "actions.give.opens", "There is no task wrok"),
    Slip("{no_open: side,", "{no_open: sade,", "actions.ask.requires.0.no_open", "There is no task sade"),
    Slip("{all: work,", "{quorum: 2, of: wrok,", "actions.finish.then.0.of", "There is no task wrok"),
    Slip("by: [finish]", "by: [ask]", "actions.finish.then.0.by", "ask does not end a task work. The actions that do"),
    Slip("to: end}", "to: ende}", "actions.finish.then.0.to", "There is no stage ende"),
    Slip("opens: [desk], ends", "opens: [dusk], ends", "actions.finish.then.1.opens", "There is no task dusk"),
    Slip("ends: [side]}", "ends: [sade]}", "actions.finish.then.1.ends", "There is no task sade"),
    Slip("choices: why}", "choices: wye}", "actions.give.needs.1.choices", "there is no list of reasons wye"),
    Slip("{when: not overdue,", "{when: not overdew,", "actions.ask.requires.1.when", "there is no overdew. Known"),
    Slip("{when: times_finish > 5,", "{when: 1 +,", "actions.finish.then.1.when", "cannot be read as a condition"),
    # tasks
    Slip("    opens: [work]", "    opens: [desk]", "tasks.work", "Nothing opens such a task", "  work: {title"),
    Slip("    on: side", "    on: side\n    keeps: true", "tasks.side", "No action ends it", "  side: {title"),
    Slip(UNIT, UNIT.replace("name: unit", "name: office"), "actions.give.opens", "held by a unit", "opens: [work]"),
    Slip(UNIT, UNIT[:-1] + ", required: false}", "actions.give.opens", "held by a unit", "opens: [work]"),
    # actions
    Slip(
        "    event: Stopped\n    to: end",
        "    event: Stopped\n    to: end\n    opens: [desk]",
        "actions.stop.opens",
        "The case is closed in end. No task can be opened there",
        "  stop:+6",
    ),
    Slip("to: end}", "to: end, opens: [desk]}", "actions.finish.then.0", "It closes the case in end, and a task is"),
    Slip("    at: [second]\n    role: clerk\n    title: {zh: 停", "    at: [second]\n    title: {zh: 停",
         "actions.rest.role", "Nobody may do it. Say which role may", "    at: [second]"),
    Slip("event: Urged,", "event: Urged, needs: [{name: a, kind: text, title: {zh: 甲, en: A}}],", "actions.urge.needs",
         "The system answers no questions"),
    Slip("event: Urged,", "event: Urged, opens: [{task: work, unit: own}],", "actions.urge.opens",
         "The system has no unit of its own"),
    Slip("    to: second\n    opens: [work]", "    to: second", "actions.give.opens",
         "nobody would hold a task", "    on: desk"),
    Slip("    case_clock: restart", "    case_clock: resume", "actions.again.case_clock", "to restart or to continue"),
    Slip("    to: first\n    opens: [desk]\n    e", "    opens: [desk]\n    e", "actions.again.to",
         "Say to which stage it goes back", "    at: [end]"),
    # needs and documents
    Slip(UNIT, f"{UNIT}\n      - {{name: unit, kind: text, title: {{zh: 甲, en: A}}}}", "actions.give.needs",
         "Two needs have the same name", UNIT),
    Slip(UNIT, UNIT + "".join(f"\n      - {{name: {n}, kind: district, title: {{zh: 区, en: {n}}}}}" for n in "ab"),
         "actions.give.needs", "Two needs set the category, the condition or the district", UNIT),
    Slip(", choices: why}", "}", "actions.give.needs.1", "Nothing can be chosen for reason. Give its choices"),
    Slip("kind: unit,", "kind: units, least: 3, most: 2,", "actions.give.needs.0",
         "At least 3 and at most 2 contradict"),
    Slip(WORK, WORK.replace("asked: days", "asked: hours"), "tasks.work.limit.asked", "Nothing asks for hours"),
    Slip("case_limit: {asked: days", "case_limit: {asked: unit", "case_limit.asked", "Nothing asks for unit"),
    Slip(WORK, WORK.replace("asked: days", "asked: unit"), "tasks.work.limit.asked", "It must be a number or a date"),
    Slip("asked: more}", "asked: most}", "actions.allow.extends", "There is no need most"),
    Slip("needs: [{name: more, kind: number,", "needs: [{name: more, kind: text,", "actions.allow.extends",
         "gives more time. It must be", "    extends:"),
    Slip("{days: left}", "{days: right}", "actions.stop.begins_case.gives.days", "There is no need right. Known needs"),
    Slip("{{ }} {unit}", "{what}", "documents.slip.lines.1", "has no what for a document. Known names"),
    Slip("{{ }} {unit}", "{unit", "documents.slip.lines.1", "The braces do not match"),
    Slip("    lines:", "    lines: []\n  slop:\n    title: {zh: 旧, en: Old}\n    lines:", "documents.slop",
         "Nothing produces this document", "    title: {zh: 旧"),
    # clocks
    Slip("  case_clock: start\n", "", "case_limit", "Nothing starts the case's clock", "case_limit:"),
    Slip("case_limit: {asked: days, otherwise: 5 day}\n", "", "",
         "The case's clock is used, but has no limit", "name:"),
    Slip("    case_clock: resume\n", "", "", "An action pauses the case's clock and none resumes it", "name:"),
    # ways
    Slip("  end: {title", "  lost: {title: {zh: 失, en: Lost}}\n  end: {title", "stages.lost", "No path leads there",
         "  lost: {"),
    Slip(", final: true}", "}", "stages.second", "to a final stage. The case could never be closed", "  second: {"),
    Slip("  opens: [desk]\n  case", "  opens: []\n  case", "begins.opens", "Nobody would hold a new case"),
]  # fmt: skip


def told(tmp_path: Path, words: str) -> dict[str, tuple[int, Fault]]:
    """Return what is said of a procedure with these words, by field: the line and the fault."""
    found = {}
    for fault in faults_in(tmp_path, words):
        place, _, field = fault.field.partition(" ")
        name, _, line = place.partition(":")
        assert name == "small.yaml"
        found[field] = (int(line), fault)
    return found


def faults_in(tmp_path: Path, text: str) -> tuple[Fault, ...]:
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        read_procedure(path)
    return refused.value.faults


def line_of(words: str, mark: str) -> int:
    """Return the number of the first line that holds the mark; "mark+2" is the second line after it."""
    mark, _, further = mark.partition("+")
    return next(no for no, line in enumerate(words.splitlines(), 1) if mark in line) + int(further or 0)


def test_the_small_procedure_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    assert read_procedure(path).name == "small"


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.field or 'procedure'}: {slip.words}")
def test_a_slip_of_the_pen_is_told_with_line_field_and_what_to_do(tmp_path: Path, slip: Slip) -> None:
    assert slip.old in SMALL
    words = SMALL.replace(slip.old, slip.new, 1)
    found = told(tmp_path, words)
    assert slip.field in found, found
    line, fault = found[slip.field]
    assert slip.words in fault.reason
    changed = SMALL[: SMALL.index(slip.old)].count("\n") + 1
    assert line == (line_of(words, slip.line) if slip.line else changed)


def test_every_fault_is_told_not_only_the_first(tmp_path: Path) -> None:
    words = SMALL.replace("to: second", "to: secund").replace("no_open: side", "no_open: sade")
    assert {"actions.give.to", "actions.ask.requires.0.no_open"} <= set(told(tmp_path, words))


def test_a_stage_that_is_reached_with_nothing_to_do_is_refused(tmp_path: Path) -> None:
    words = SMALL.replace("    to: second\n", "").replace("    at: [second]", "    at: [first]")
    words = words.replace("    to: first\n    opens: [desk]\n    ends: [side]\n", "    to: second\n")
    line, fault = told(tmp_path, words)["stages.second"]
    assert IDLE in fault.reason and line == line_of(words, "  second: {")


def test_no_refusal_is_missing_here() -> None:
    said = [*(slip.words for slip in SLIPS)]
    missing = [words for words in sentences() if not any(one in told or told in one for one in said for told in words)]
    assert missing == []


def test_every_fault_of_the_core_is_shown_here(tmp_path: Path) -> None:
    found = {fault.code for slip in SLIPS for fault in faults_in(tmp_path, SMALL.replace(slip.old, slip.new, 1))}
    assert [code for code in ENGINE if code.startswith("procedure-") and code not in found] == []


def sentences() -> Iterator[list[str]]:
    """Yield the fixed words of every refusal in the code that finds faults."""
    for module in (procedures,):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple) and len(node.elts) == 2 and (words := _fixed(node.elts[1])):
                yield words


def _fixed(node: ast.expr) -> list[str]:
    """Return the parts of a sentence that are always the same."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return [text.strip() for text in texts if len(text.split()) > 2]
