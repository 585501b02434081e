"""A procedure as large as one gets, to draw: fifteen stages, side paths, sub-tasks, branches, timers.."""

from collections.abc import Sequence

from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.clocks.worktime import Limit, LimitUnit
from cityloop.core.conditions import read
from cityloop.core.procedures.procedure import (
    LIMIT_PASSED,
    Action,
    Beginning,
    Branch,
    CaseClock,
    CaseRelation,
    DocumentKind,
    Extension,
    Guard,
    GuardCount,
    LimitRule,
    Need,
    NeedKind,
    NewCaseRule,
    Procedure,
    Requirement,
    Separation,
    Stage,
    TaskKind,
    TaskOpening,
    Timer,
    Words,
)

MINUTES = LimitRule(None, Limit(30, LimitUnit.MINUTE))
DAYS = LimitRule("handle", Limit(5, LimitUnit.WORK_DAY))


def words(both: str) -> Words:
    """Return the title written as 中文 English."""
    zh, _, en = both.partition(" ")
    return {"zh": zh, "en": en}


def stage(name: str, title: str, **more: bool) -> Stage:
    return Stage(name, words(title), **more)


def task(name: str, title: str, role: str, part: Separation = Separation.DESK, **more: object) -> TaskKind:
    return TaskKind(name, words(title), role, part, **{"held_by_unit": False, "limit": MINUTES, **more})  # type: ignore[arg-type]


def action(
    name: str, title: str, on: str | None, to: str | None, opens: Sequence[str | TaskOpening] = (), **more: object
) -> Action:
    openings = tuple(TaskOpening(each) if isinstance(each, str) else each for each in opens)
    event = "".join(part.title() for part in name.split("_"))
    return Action(name, words(title), event, on, to=to, opens=openings, **more)  # type: ignore[arg-type]


REASON = Need("reason", NeedKind.TEXT, words("原因 Why"))
UNIT = Need("unit", NeedKind.UNIT, words("处置单位 Handling unit"))
UNITS = Need("units", NeedKind.UNITS, words("协办单位 Assisting units"), least=1, most=5)
PHOTOS = Need("photos", NeedKind.PHOTOS, words("处置后照片 Photos afterwards"), least=1, most=9)
DAYS_ASKED = Need("days", NeedKind.NUMBER, words("申请天数 Days asked for"), most=10, unit=LimitUnit.WORK_DAY)
GROUNDS = Need(
    "grounds",
    NeedKind.CHOICE,
    words("不予受理原因 Why not"),
    choices=(("duplicate", words("重复 Duplicate")), ("beyond", words("超出范围 Beyond our scope"))),
)
HANDLED = Requirement(
    Guard("assist", GuardCount.NO_OPEN),
    otherwise=words("仍有协办单位未反馈 An assisting unit has not reported back yet."),
)
TWICE = Requirement(condition=read("times_return >= 2", {"times_return"}))

STAGES = [
    stage("reported", "待受理 To be accepted"),
    stage("verifying", "待核实 To be verified on the spot"),
    stage("accepted", "待立案 To be filed"),
    stage("filed", "待派遣 To be dispatched"),
    stage("handling", "处置中 Being handled"),
    stage("hung", "挂账中 Put on hold"),
    stage("fed_back", "待审核反馈 Feedback to be looked at"),
    stage("checking", "待核查 To be checked"),
    stage("checked", "待结案 To be closed"),
    stage("closed", "已结案 Closed", final=True),
    stage("rejected", "不予受理 Not accepted", final=True),
    stage("not_filed", "不予立案 Not filed", final=True),
    stage("explained", "告知性结案 Closed with an explanation", final=True),
    stage("transferred", "移交执法 Handed over to law enforcement", final=True),
    stage("voided", "已作废 Void", final=True, counts=False),
]
TASKS = [
    task("accept", "受理 Accept", "operator"),
    task("verify", "核实 Verify on the spot", "collector", timers=(Timer(80, None), LIMIT_PASSED)),
    task("file", "立案 File", "duty_officer"),
    task("dispatch", "派遣 Dispatch", "dispatcher", timers=(LIMIT_PASSED, Timer(150, "dispatch_overdue"))),
    task("handle", "处置 Handle", "handler", Separation.HANDLING, held_by_unit=True, limit=DAYS),
    task("assist", "协办 Assist", "handler", Separation.HANDLING, held_by_unit=True, limit=DAYS),
    task("decide_extension", "审批延期 Decide on an extension", "dispatcher"),
    task("decide_hold", "审批挂账 Decide on putting it on hold", "duty_officer"),
    task("hold", "挂账到期 Bring it back", "dispatcher", timers=(Timer(100, "take_down"),)),
    task("look", "审核反馈 Look at the feedback", "dispatcher"),
    task("check", "核查 Check on the spot", "collector", Separation.JUDGING),
    task("close", "结案 Close", "duty_officer", Separation.JUDGING),
]
ACTIONS = [
    action("accept", "受理 Accept", "accept", "accepted", ["file"], main=True),
    action("ask_verification", "下发核实 Have it verified", "accept", "verifying", ["verify"]),
    action("reject", "不予受理 Do not accept", "accept", "rejected", needs=(GROUNDS,), documents=("notice",)),
    action("found", "属实 It is there", "verify", "reported", ["accept"]),
    action("not_found", "不属实 It is not there", "verify", "rejected", needs=(REASON,)),
    action("fix_at_once", "自行处置 Put right on the spot", "verify", "closed", needs=(PHOTOS,)),
    action("file", "立案 File", "file", "filed", ["dispatch"], main=True, case_clock=CaseClock.START),
    action("do_not_file", "不予立案 Do not file", "file", "not_filed", needs=(REASON,)),
    action("dispatch", "派遣 Dispatch", "dispatch", "handling", ["handle"], main=True, needs=(UNIT,)),
    action("dispatch_overdue", "派遣超时督办 Remind of the dispatch", "dispatch", None, keeps=True, automatic=True),
    action("explain", "告知性结案 Close with an explanation", "dispatch", "explained", needs=(REASON,)),
    action(
        "report_back",
        "反馈 Report back",
        "handle",
        "fed_back",
        ["look"],
        main=True,
        needs=(PHOTOS,),
        requires=(HANDLED,),
    ),
    action(
        "return",
        "退回 Return",
        "handle",
        None,
        needs=(REASON,),
        within=Limit(4, LimitUnit.WORK_HOUR),
        branches=(
            Branch(TWICE, to="accepted", opens=(TaskOpening("file"),)),
            Branch(Requirement(), to="filed", opens=(TaskOpening("dispatch"),)),
        ),
    ),
    action(
        "ask_assistance",
        "请求协办 Ask for assistance",
        "handle",
        None,
        keeps=True,
        needs=(UNITS,),
        opens=(TaskOpening("assist", "units", under=True),),
    ),
    action("assisted", "协办反馈 Assistance given", "assist", None, needs=(REASON,)),
    action(
        "ask_extension",
        "申请延期 Ask for more time",
        "handle",
        None,
        keeps=True,
        needs=(DAYS_ASKED, REASON),
        opens=(TaskOpening("decide_extension", under=True),),
    ),
    action("grant", "同意延期 Grant more time", "decide_extension", None, extends=Extension(True, "days")),
    action("refuse", "不同意延期 Refuse more time", "decide_extension", None, needs=(REASON,)),
    action(
        "ask_hold",
        "申请挂账 Ask to put it on hold",
        "handle",
        None,
        keeps=True,
        needs=(REASON,),
        opens=(TaskOpening("decide_hold", under=True),),
    ),
    action(
        "hang",
        "同意挂账 Put on hold",
        "decide_hold",
        "hung",
        ["hold"],
        case_clock=CaseClock.PAUSE,
        ends=("handle", "assist"),
    ),
    action("refuse_hold", "不同意挂账 Do not put on hold", "decide_hold", None, needs=(REASON,)),
    action(
        "take_down",
        "挂账到期 Hold is over",
        "hold",
        "handling",
        opens=(TaskOpening("handle", again=ClockFact.CONTINUED),),
        case_clock=CaseClock.RESUME,
        automatic=True,
    ),
    action(
        "end_hold",
        "提前恢复 Take it up again",
        "hold",
        "handling",
        opens=(TaskOpening("handle", again=ClockFact.CONTINUED),),
        case_clock=CaseClock.RESUME,
        main=True,
    ),
    action("to_check", "下发核查 Have it checked", "look", "checking", ["check"], main=True),
    action(
        "back_to_unit",
        "反馈不合格 Feedback not good enough",
        "look",
        "handling",
        opens=(TaskOpening("handle", again=ClockFact.UNSTOPPED),),
    ),
    action("fixed", "核查通过 Fixed", "check", "checked", ["close"], main=True),
    action(
        "rework",
        "返工 Not fixed",
        "check",
        "handling",
        opens=(TaskOpening("handle", again=ClockFact.UNSTOPPED),),
        needs=(REASON, PHOTOS),
    ),
    action("close", "结案 Close", "close", "closed", main=True, documents=("notice",)),
    action("check_again", "重新核查 Check again", "close", "checking", ["check"], needs=(REASON,)),
    action(
        "transfer",
        "移交执法 Hand over to law enforcement",
        "dispatch",
        "transferred",
        begins_case=NewCaseRule("enforcement", CaseRelation.LINKED, {"reason": "reason"}, {"source": "city-problem"}),
        needs=(REASON,),
    ),
    action(
        "void",
        "作废 Make void",
        None,
        "voided",
        at=("reported", "verifying", "accepted", "filed"),
        role="duty_officer",
        needs=(REASON,),
    ),
    action("urge", "催办 Urge", None, None, at=("handling", "hung"), role="duty_officer", sets={"urged": "yes"}),
    action(
        "reopen",
        "重开 Open again",
        None,
        "handling",
        at=("closed",),
        role="duty_officer",
        part=Separation.JUDGING,
        opens=(TaskOpening("handle", again=ClockFact.RESTARTED),),
        case_clock=CaseClock.RESTART,
        needs=(REASON,),
    ),
]
WIDE = Procedure(
    name="wide",
    version=2,
    title=words("城市管理问题 City problem"),
    begins=Beginning("CaseReported", "reported", (TaskOpening("accept"),), words("上报 Report"), "operator"),
    stages={part.name: part for part in STAGES},
    tasks={part.name: part for part in TASKS},
    actions={part.name: part for part in ACTIONS},
    case_limit=LimitRule("case", Limit(7, LimitUnit.WORK_DAY)),
    case_timers=(Timer(80, None),),
    documents={"notice": DocumentKind("notice", words("告知书 Notice"), ("案件{number}：{reason}",))},
)
