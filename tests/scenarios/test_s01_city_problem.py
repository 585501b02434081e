"""S01, city problems (城市管理问题): the whole procedure with its special cases, their limits and their refusals."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db.models import Count, F, Q
from PIL import Image

from cityloop.casework.history import evidence
from cityloop.casework.models import Case, Task
from cityloop.casework.queries import RANKED, case_page, document
from cityloop.core.clocks.worktime import Lamp
from cityloop.core.errors import Invalid, NotAllowed, NotFound, NotPossible
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.models import Category
from cityloop.runtime.models import Event
from example import NOW
from scenarios.conftest import TO_THE_END, Desks, due, events, linked, notify_linked, waiting, wake

pytestmark = pytest.mark.usefixtures("sound")

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WORK_WEEK = 7 * DAY  # five working days from a Friday morning


@pytest.fixture
def reported(desks: Desks) -> str:
    """Return a problem that was just reported."""
    report = {"channel": "12345", "external_id": "R", "text": "路面塌陷", "lon": 120.05, "lat": 23.05}
    return receive(read(report, current_city().calendar.time_zone, NOW), desks.people["hotline"], NOW).number


@pytest.fixture
def problem(desks: Desks) -> str:
    """Return a problem that the unit roads handles, with five working days to do it."""
    return desks.problem()


def photos(count: int) -> str:
    digests = []
    for shade in range(count):
        file = BytesIO()
        Image.new("L", (8, 8), shade * 40).save(file, "PNG")
        digests.append(evidence.take_in(file.getvalue(), "photos"))
    return " ".join(digests)


# 信息收集


def test_a_report_is_verified_on_the_spot_before_it_is_accepted(desks: Desks, reported: str) -> None:
    desks.act(reported, "send_to_verify", "operator", note="看看位置")
    assert waiting(reported) == {("verify", None)} and due(reported, "verify") == NOW + 30 * MINUTE
    with pytest.raises(NotAllowed):
        desks.act(reported, "verified", "operator", finding="好")
    desks.act(reported, "not_so", "collector", finding="现场未见塌陷")
    assert waiting(reported) == {("accept", None)}
    assert Case.objects.get(number=reported).facts["verified"] == "no"
    case = desks.act(reported, "reject", "operator", reason="untrue")
    assert (case.stage, case.is_open, case.clock_started_at) == ("rejected", False, None)


def test_a_report_is_not_accepted_without_one_of_the_reasons(desks: Desks, reported: str) -> None:
    with pytest.raises(Invalid):
        desks.act(reported, "reject", "operator", reason="boring")


def test_a_problem_that_a_collector_repairs_on_the_spot_counts_as_filed_and_closed(desks: Desks, reported: str) -> None:
    given = {"category": "06012", "district": "671001", "result": "已清扫"}
    with pytest.raises(Invalid):  # one photo is not before and after
        desks.act(reported, "handle_on_the_spot", "collector", **given, photos=photos(1))
    case = desks.act(reported, "handle_on_the_spot", "collector", **given, photos=photos(2))
    assert (case.stage, case.clock_started_at) == ("self_handled", NOW)
    assert waiting(reported) == {("confirm_self", None)}
    case = desks.act(reported, "confirm_on_the_spot", "duty")
    assert (case.stage, case.is_open, case.closed_at <= case.case_due_at) == ("self_closed", False, True)


def test_whoever_repaired_it_does_not_confirm_it(desks: Desks, reported: str) -> None:
    from cityloop.registry.models import Account
    from cityloop.registry.organisation.actors import actor_of
    from cityloop.registry.people.accounts import appoint

    given = {"category": "06012", "district": "671001", "result": "已清扫", "photos": photos(2)}
    desks.act(reported, "handle_on_the_spot", "collector", **given)
    appoint("collector", "duty_officer", "centre", None, "test", NOW)
    desks.people["collector"] = actor_of(Account.objects.get(username="collector"))
    with pytest.raises(NotAllowed) as refused:
        desks.act(reported, "confirm_on_the_spot", "collector")
    assert refused.value.code == "handled-it"


# 案件建立, and the three in-time rates


def test_each_stage_and_the_case_have_their_own_limit_so_that_each_in_time_rate_can_be_counted(
    desks: Desks, reported: str
) -> None:
    desks.act(reported, "accept", "operator", category="06013", district="671001")
    desks.act(reported, "file", "duty", at=NOW + 45 * MINUTE)  # 30 minutes are allowed
    desks.act(reported, "dispatch", "dispatcher", at=NOW + 50 * MINUTE, unit="roads")  # 15 minutes are
    in_time = Count("pk", filter=Q(done_at__lte=F("due_at")))
    counted = Task.objects.exclude(done_at=None).values("kind").annotate(done=Count("pk"), in_time=in_time)
    shares = {row["kind"]: (row["in_time"], row["done"]) for row in counted}
    assert shares == {"accept": (1, 1), "file": (0, 1), "dispatch": (1, 1)}
    case = Case.objects.get(number=reported)
    assert case.case_limit == "7 work_day"
    assert case.case_due_at == NOW + 11 * DAY + 45 * MINUTE  # two weekends in between


def test_a_case_filed_by_mistake_is_voided_and_left_out_of_every_figure(desks: Desks, problem: str) -> None:
    assert Case.objects.filter(**RANKED).count() == 1
    with pytest.raises(NotAllowed):
        desks.act(problem, "void", "dispatcher", reason="重复立案")
    case = desks.act(problem, "void", "duty", reason="重复立案")
    assert (case.stage, case.is_open, case.counts) == ("voided", False, False)
    assert not waiting(problem) and Case.objects.filter(**RANKED).count() == 0


def test_a_limit_changed_in_the_catalogue_does_not_touch_a_case_that_was_filed(desks: Desks, reported: str) -> None:
    desks.act(reported, "accept", "operator", category="06013", district="671001")
    desks.act(reported, "file", "duty")
    Category.objects.filter(code="06013").update(handle_limit="1 work_hour", case_limit="2 work_hour")
    forget()
    desks.act(reported, "dispatch", "dispatcher", unit="roads")
    assert due(reported, "handle") == NOW + WORK_WEEK


# 退回, 指定处置


def test_after_an_upheld_return_the_case_is_dispatched_again_and_the_time_of_the_return_charges_nobody(
    desks: Desks, problem: str
) -> None:
    desks.act(problem, "return", "roads", at=NOW + 60 * MINUTE, reason="属公园内道路", better_unit="parks")
    assert waiting(problem) == {("confirm_return", None)}
    desks.act(problem, "uphold_return", "duty", at=NOW + 70 * MINUTE)
    desks.act(problem, "dispatch", "dispatcher", at=NOW + 80 * MINUTE, unit="parks")
    assert due(problem, "handle") == NOW + WORK_WEEK + 80 * MINUTE  # a whole limit from its own opening
    assert Case.objects.get(number=problem).case_due_at == NOW + 11 * DAY  # the case's clock ran on


def test_after_a_groundless_return_the_unit_can_be_assigned_permanently(desks: Desks, problem: str) -> None:
    desks.act(problem, "return", "roads", reason="不属我单位")
    with pytest.raises(NotPossible):
        desks.act(problem, "assign", "duty", reason="清单明确")
    desks.act(problem, "reject_return", "duty", at=NOW + 30 * MINUTE, reason="清单明确由你单位负责")
    assert due(problem, "handle") == NOW + WORK_WEEK  # the time of a groundless return is not given back
    desks.act(problem, "return", "roads", at=NOW + 60 * MINUTE, reason="仍认为不属我单位")
    desks.act(problem, "assign", "duty", at=NOW + 90 * MINUTE, reason="指定处置")
    with pytest.raises(NotPossible) as refused:
        desks.act(problem, "return", "roads", at=NOW + 95 * MINUTE, reason="再退")
    assert refused.value.words["zh"] == "本案已指定处置，不得再退回"


def test_a_return_comes_within_a_working_day_and_before_the_limit(desks: Desks, problem: str) -> None:
    with pytest.raises(NotPossible) as refused:
        desks.act(problem, "return", "roads", at=NOW + 3 * DAY + 10 * MINUTE, reason="不属我单位")
    assert refused.value.sentence == "This could be done until 2026-11-23 10:00."


# 协办, 下派


def test_helpers_and_contractors_have_their_own_limits_and_must_finish_first(desks: Desks, problem: str) -> None:
    desks.act(problem, "ask_help", "roads", helpers="lamps drains", what="断电和抽水", days="1")
    desks.act(problem, "pass_down", "roads", contractor="parks", what="回填", days="3")
    assert waiting(problem) == {("handle", "roads"), ("assist", "lamps"), ("assist", "drains"), ("contract", "parks")}
    assert due(problem, "assist", "lamps") == NOW + 3 * DAY and due(problem, "contract") == NOW + 5 * DAY
    with pytest.raises(NotPossible):
        desks.act(problem, "report_back", "roads", result="好")
    desks.act(problem, "help_given", "lamps", result="已断电")
    desks.act(problem, "decline_help", "drains", reason="无积水")
    desks.act(problem, "work_done", "parks", result="已回填")
    desks.act(problem, "report_back", "roads", result="已修复")
    assert waiting(problem) == {("check", None)}
    assert set(Case.objects.get(number=problem).handling_units) == {"roads", "lamps", "drains", "parks"}


def test_a_request_to_others_can_be_called_off_so_that_a_silent_unit_does_not_block_the_case(
    desks: Desks, problem: str
) -> None:
    with pytest.raises(NotPossible):
        desks.act(problem, "call_off_help", "roads", reason="无需协办")
    desks.act(problem, "ask_help", "roads", helpers="lamps", what="断电")
    desks.act(problem, "call_off_help", "roads", reason="已自行断电")
    assert waiting(problem) == {("handle", "roads")}
    desks.act(problem, "report_back", "roads", result="已修复")


# 延期


def test_more_time_is_requested_granted_and_refused_while_handling_continues(desks: Desks, problem: str) -> None:
    request = {"reason": "materials", "note": "等配件"}
    desks.act(problem, "ask_extension", "roads", **request)
    assert waiting(problem) == {("handle", "roads"), ("extension", None)}
    with pytest.raises(NotPossible):  # one request at a time
        desks.act(problem, "ask_extension", "roads", **request)
    desks.act(problem, "refuse_extension", "dispatcher", reason="理由不充分")
    assert due(problem, "handle") == NOW + WORK_WEEK
    desks.act(problem, "ask_extension", "roads", **request)
    desks.act(problem, "grant_extension", "dispatcher", at=NOW + DAY)
    assert due(problem, "handle") == NOW + 2 * WORK_WEEK  # one more original limit
    assert Case.objects.get(number=problem).case_due_at == NOW + 18 * DAY
    desks.act(problem, "ask_extension", "roads", **request, at=NOW + DAY)
    desks.act(problem, "grant_extension", "dispatcher", at=NOW + DAY)
    with pytest.raises(NotPossible) as refused:
        desks.act(problem, "ask_extension", "roads", **request, at=NOW + DAY)
    assert refused.value.words["en"].startswith("More time is given twice")
    clock = next(task.clock for task in case_page(desks.people["roads"], problem, NOW + DAY).tasks if task.no == 4)
    assert [event.words for event in clock.events] == ["延长 5 工作日", "延长 5 工作日"]


def test_once_overdue_no_more_time_can_be_asked_for(desks: Desks, problem: str) -> None:
    with pytest.raises(NotPossible):
        desks.act(problem, "ask_extension", "roads", at=NOW + 8 * DAY, reason="weather", note="雨")


def test_time_granted_after_the_limit_passed_cancels_that_it_passed(desks: Desks, problem: str) -> None:
    desks.act(problem, "ask_extension", "roads", reason="weather", note="雨", at=NOW + WORK_WEEK - MINUTE)
    wake(problem, NOW + 8 * DAY)
    assert Task.objects.get(case__number=problem, kind="handle").passed_at is not None
    desks.act(problem, "grant_extension", "dispatcher", at=NOW + 8 * DAY)
    task = Task.objects.get(case__number=problem, kind="handle")
    assert (task.passed_at, task.due_at, task.fired) == (None, NOW + 2 * WORK_WEEK, 0)


# 挂账


def test_a_suspended_case_uses_no_time_and_resumes_by_itself(desks: Desks, problem: str) -> None:
    desks.act(problem, "ask_hanging", "roads", reason="season", note="春季补种")
    desks.act(problem, "grant_hanging", "duty", until="2026-12-21")
    case = Case.objects.get(number=problem)
    assert (case.stage, case.case_due_at) == ("hung", None)
    assert waiting(problem) == {("hung", None)} and due(problem, "hung") == NOW + 31 * DAY
    page = case_page(desks.people["leader"], problem, NOW + 20 * DAY)
    assert (page.clock.paused_at, page.clock.due, page.clock.lamp) == (NOW, None, Lamp.GREEN)
    assert wake(problem, NOW + 31 * DAY) == []
    assert wake(problem, NOW + 31 * DAY + MINUTE) == ["LimitPassed", "HangingEnded"]
    assert waiting(problem) == {("handle", "roads")}
    assert due(problem, "handle") == NOW + 31 * DAY + MINUTE + WORK_WEEK  # a Monday: a whole limit was left
    with pytest.raises(NotPossible):  # once
        desks.act(problem, "ask_hanging", "roads", reason="owner", note="争议", at=NOW + 32 * DAY)


def test_a_suspension_is_refused_or_ended_early_and_never_lasts_more_than_a_year(desks: Desks, problem: str) -> None:
    request = {"reason": "conditions", "note": "暂无条件"}
    desks.act(problem, "ask_hanging", "roads", **request)
    desks.act(problem, "refuse_hanging", "duty", reason="具备条件")
    desks.act(problem, "ask_hanging", "roads", **request)
    with pytest.raises(Invalid):
        desks.act(problem, "grant_hanging", "duty", until="2027-11-22")
    desks.act(problem, "grant_hanging", "duty", until="2027-11-20")
    desks.act(problem, "resume", "dispatcher", at=NOW + 3 * DAY)
    assert due(problem, "handle") == NOW + 3 * DAY + 4 * DAY + 3 * DAY  # Monday; five working days on


# 返工, 告知性结案, 移交执法


def test_rework_keeps_the_due_moment_and_counts_against_the_same_unit(desks: Desks, problem: str) -> None:
    desks.act(problem, "report_back", "roads", at=NOW + DAY, result="已修")
    desks.act(problem, "rework", "collector", at=NOW + 3 * DAY, reason="仍有坑洼")
    assert waiting(problem) == {("handle", "roads")} and due(problem, "handle") == NOW + WORK_WEEK
    assert Case.objects.get(number=problem).done["rework"] == 1


def test_if_no_repair_is_possible_the_case_is_closed_with_an_explanation(desks: Desks, problem: str) -> None:
    proposal = {"reason": "lawful", "explanation": "系合法设置"}
    desks.act(problem, "propose_explanation", "roads", **proposal)
    desks.act(problem, "refuse_explanation", "duty", reason="请再核实")
    assert due(problem, "handle") == NOW + WORK_WEEK
    desks.act(problem, "propose_explanation", "roads", **proposal)
    case = desks.act(problem, "close_explained", "duty")
    assert (case.stage, case.is_open, case.counts) == ("explained", False, True)


# 分案, 督办, 申诉, 重开


def test_a_case_waits_for_the_cases_split_off_from_it(desks: Desks, reported: str) -> None:
    desks.act(reported, "accept", "operator", category="06013", district="671001")
    desks.act(reported, "file", "duty")
    desks.act(reported, "split", "dispatcher", what="旁边路灯不亮")
    relation, child, procedure, outcome = linked(reported)
    assert (relation, procedure, outcome) == ("child", "city-problem", None)
    assert linked(child)[:2] == ("parent", reported)
    part = Case.objects.get(number=child)
    assert (part.stage, part.district, part.category) == ("reported", "671001", "06013")
    assert case_page(desks.people["operator"], child, NOW).text == "旁边路灯不亮"
    for action, who, given in (
        ("dispatch", "dispatcher", {"unit": "roads"}),
        ("report_back", "roads", {"result": "已修"}),
        ("pass_check", "collector", {"finding": "平整"}),
    ):
        desks.act(reported, action, who, **given)
    with pytest.raises(NotPossible) as refused:
        desks.act(reported, "close", "duty")
    assert refused.value.words["zh"] == "分案尚未办结，不能结案"
    desks.act(child, "reject", "operator", reason="duplicate")
    notify_linked()
    assert linked(reported)[3] == "rejected"
    assert not desks.act(reported, "close", "duty").is_open


def test_a_leader_orders_supervision_of_a_case(desks: Desks, problem: str) -> None:
    with pytest.raises(NotAllowed):
        desks.act(problem, "supervise", "duty", unit="roads", order="限期办结", days="2")
    desks.act(problem, "supervise", "leader", unit="roads", order="限期办结", days="2")
    assert waiting(problem) == {("handle", "roads")}  # handling continues
    order = linked(problem)[1]
    assert due(order, "answer") == NOW + 4 * DAY
    assert case_page(desks.people["roads"], order, NOW).links[0].number == problem


def test_delay_is_reminded_noted_and_escalated_by_the_system(desks: Desks, problem: str) -> None:
    assert wake(problem, NOW + 6 * DAY) == []
    assert wake(problem, NOW + 6 * DAY + MINUTE) == ["HandlingReminded"]  # Thursday: 80 % of five working days
    assert wake(problem, NOW + WORK_WEEK + MINUTE) == ["LimitPassed"]
    assert wake(problem, NOW + 11 * DAY + MINUTE) == ["CaseOverdue"]
    half_more = NOW + 11 * DAY + timedelta(hours=6)  # 7.5 working days: Tuesday, 16:00
    assert wake(problem, half_more) == []
    assert wake(problem, half_more + MINUTE) == ["DelayEscalated"]
    order = linked(problem)[1]
    assert Case.objects.get(number=order).procedure == "supervision-order"
    assert waiting(order) == {("answer", "roads")}
    assert Event.objects.get(stream__startswith="case/", name="DelayEscalated").actor == "system"
    assert wake(problem, half_more + 30 * DAY) == []


def test_a_unit_appeals_once_after_the_closing(desks: Desks) -> None:
    problem = desks.late_problem()
    with pytest.raises(NotFound):  # a unit that never held it does not even see it
        desks.act(problem, "appeal", "lamps", grounds="从未承办")
    desks.act(problem, "appeal", "roads", grounds="因道路封闭延误")
    assert linked(problem)[2] == "score-appeal"
    assert Case.objects.get(number=problem).closed_at == NOW
    with pytest.raises(NotPossible):
        desks.act(problem, "appeal", "roads", grounds="再申诉")


def test_a_unit_that_was_not_late_cannot_appeal(desks: Desks) -> None:
    problem = desks.problem(closed=True)
    with pytest.raises(NotPossible) as refused:
        desks.act(problem, "appeal", "roads", at=NOW + 30 * DAY, grounds="因道路封闭延误")
    assert refused.value.words["zh"] == "本案未超时"
    offered = {offer.action: offer for offer in case_page(desks.people["roads"], problem, NOW).offers}
    assert offered["appeal"].refused and Case.objects.get(number=problem).links == []


def test_a_closed_case_is_reopened_with_a_new_clock(desks: Desks) -> None:
    problem = desks.problem(closed=True)
    case = desks.act(problem, "reopen", "duty", at=NOW + 3 * DAY, reason="问题反弹")
    assert (case.stage, case.is_open, case.closed_at) == ("filed", True, None)
    assert case.case_due_at == NOW + 3 * DAY + 9 * DAY  # seven working days from Monday
    desks.act(problem, "dispatch", "dispatcher", at=NOW + 3 * DAY, unit="parks")
    desks.act(problem, "report_back", "parks", at=NOW + 4 * DAY, result="已修")
    desks.act(problem, "pass_check", "collector", at=NOW + 4 * DAY, finding="好")
    case = desks.act(problem, "close", "duty", at=NOW + 4 * DAY)
    assert case.closed_at == NOW + 4 * DAY
    assert events(problem).count("CaseClosed") == 2


def test_a_permanent_assignment_does_not_bind_another_unit_after_the_case_was_reopened(
    desks: Desks, problem: str
) -> None:
    desks.act(problem, "return", "roads", reason="不属我单位")
    desks.act(problem, "reject_return", "duty", reason="属你单位")
    desks.act(problem, "return", "roads", reason="仍不属")
    desks.act(problem, "assign", "duty", reason="指定处置")
    for action, who, given in TO_THE_END:
        desks.act(problem, action, who, **given)
    desks.act(problem, "reopen", "duty", reason="问题反弹")
    desks.act(problem, "dispatch", "dispatcher", unit="parks")
    assert desks.act(problem, "return", "parks", reason="道路不属我单位").stage == "returning"


def test_units_that_handled_the_problem_do_not_vote_on_the_appeal(desks: Desks) -> None:
    problem = desks.late_problem()
    desks.act(problem, "appeal", "roads", grounds="因道路封闭延误")
    appeal = Case.objects.get(number=linked(problem)[1])
    assert appeal.facts["origin_units"] == "roads"


def test_the_dispatch_order_says_who_does_what_by_when(desks: Desks, problem: str) -> None:
    order = document(desks.people["leader"], problem, 4, "dispatch_order")
    text = "\n".join(order.lines)
    assert order.title == "案件派遣单"
    assert all(
        each in text for each in (problem, "道路破损", "长江路1号", "市政养护处", "2026-11-27 10:00", "5 工作日")
    )


def test_a_proposal_to_explain_ends_the_handling_and_the_help(desks: Desks, problem: str) -> None:
    desks.act(problem, "ask_help", "roads", helpers="lamps", what="断电")
    desks.act(problem, "propose_explanation", "roads", reason="outside", explanation="非本市职权")
    assert waiting(problem) == {("decide_explanation", None)}
    with pytest.raises(NotPossible):
        desks.act(problem, "help_given", "lamps", result="已断电")
