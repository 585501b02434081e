"""The case page: one view for page and fragment, actions in place, refusals where they were made."""

import re
from datetime import timedelta

import pytest

from cityloop.casework.actions import act
from cityloop.casework.models import Case
from example import NOW, SmallCity
from screens.bringing import Bringing
from screens.conftest import HTMX, As, Page, Report

ACCEPT = {"task": "1", "action": "accept", "length": "1", "category": "06010", "district": "671001"}


def test_the_page_has_a_frame_and_its_fragment_has_none(signed_in: As, number: str) -> None:
    client = signed_in("operator")
    page, fragment = client.get(f"/cases/{number}/"), client.get(f"/cases/{number}/", **HTMX)
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    assert b'id="case"' in fragment.content
    assert "HX-Request" in page["Vary"]


def test_words_that_contradict_the_point_are_shown_in_red_until_somebody_accepts(signed_in: As, report: Report) -> None:
    number = report(address="南区长江路1号")
    client, words = signed_in("operator"), "上报写的是南区，坐标却落在北区，请核对位置。"
    shown = client.get(f"/cases/{number}/").content.decode()
    assert re.search(rf'class="cl-refused" role="note">.*?<p>{words}</p>', shown, re.DOTALL)
    client.post(f"/cases/{number}/act/", ACCEPT)
    assert words not in client.get(f"/cases/{number}/").content.decode()


def test_an_action_done_in_the_page_answers_with_the_case_as_it_now_is(signed_in: As, number: str) -> None:
    answer = signed_in("operator").post(f"/cases/{number}/act/", ACCEPT, **HTMX)
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    assert Case.objects.get(number=number).stage == "accepted"
    assert "待立案" in Page(answer.content).text


def test_an_action_done_without_script_leads_back_to_the_case(signed_in: As, number: str) -> None:
    answer = signed_in("operator").post(f"/cases/{number}/act/", ACCEPT)
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{number}/")
    assert Case.objects.get(number=number).stage == "accepted"


def test_a_wrong_answer_is_refused_beside_its_field_with_the_words_kept(signed_in: As, number: str) -> None:
    for headers in ({}, HTMX):
        answer = signed_in("operator").post(
            f"/cases/{number}/act/", {**ACCEPT, "category": "", "note": "来电人已核实"}, **headers
        )
        shown = answer.content.decode()
        assert answer.status_code == 422
        assert "此项必填" in Page(answer.content).text
        assert 'aria-describedby="accept-category-fault"' in shown
        assert "来电人已核实" in shown
    assert Case.objects.get(number=number).stage == "reported"


def test_whoever_acts_second_is_refused_and_sees_the_case_as_it_is(signed_in: As, number: str) -> None:
    signed_in("operator").post(f"/cases/{number}/act/", ACCEPT)
    late = signed_in("north_operator").post(f"/cases/{number}/act/", ACCEPT, **HTMX)
    assert late.status_code == 409
    assert "已有他人办理" in Page(late.content).text
    assert "待立案" in Page(late.content).text


def test_a_reader_without_the_task_sees_no_action(signed_in: As, number: str) -> None:
    page = signed_in("leader").get(f"/cases/{number}/")
    assert f"/cases/{number}/act/" not in page.content.decode()
    assert "不由您的岗位承办" in Page(page.content).text


def test_an_action_forced_by_the_wrong_role_is_refused_under_its_own_status(signed_in: As, number: str) -> None:
    answer = signed_in("leader").post(f"/cases/{number}/act/", ACCEPT, **HTMX)
    assert answer.status_code == 403
    assert "您的岗位都不承办这项任务" in Page(answer.content).text
    assert Case.objects.get(number=number).stage == "reported"


def test_a_case_outside_a_persons_area_is_not_found(signed_in: As, report: Report, city: SmallCity) -> None:
    south = report("S", city.inside_south)
    answer = signed_in("north_operator").get(f"/cases/{south}/")
    assert answer.status_code == 404
    assert "没有这个案件，或者您无权查看" in Page(answer.content).text
    assert "垃圾堆放" not in Page(answer.content).text


def test_whoever_moves_a_case_out_of_sight_is_led_to_the_queue(signed_in: As, number: str) -> None:
    answer = signed_in("north_operator").post(f"/cases/{number}/act/", {**ACCEPT, "district": "671002"})
    assert answer["Location"] == "/queue/"
    assert Case.objects.get(number=number).stage == "accepted"


def test_a_clock_explains_itself_as_the_stretches_that_add_up(signed_in: As, number: str) -> None:
    page = Page(signed_in("operator").get(f"/cases/{number}/").content)
    assert "怎么算的" in page.text
    assert "自 2026-11-20 10:00 起计，时限 15 分钟" in page.text
    assert "10:00–10:15" in page.text


def test_the_reporter_is_masked_until_the_desk_asks(signed_in: As, number: str) -> None:
    client = signed_in("operator")
    assert "13800001234" not in client.get(f"/cases/{number}/").content.decode()
    shown = client.post(f"/cases/{number}/reporter/", **HTMX)
    assert "13800001234" in Page(shown.content).text
    assert "查看反映人" in Page(shown.content).text  # the history says so
    assert 'name="length" value="2"' in shown.content.decode()


def test_others_do_not_learn_who_reported(signed_in: As, number: str) -> None:
    client = signed_in("dispatcher")
    assert f"/cases/{number}/reporter/" not in client.get(f"/cases/{number}/").content.decode()
    answer = client.post(f"/cases/{number}/reporter/")
    assert answer.status_code == 403
    assert "13800001234" not in answer.content.decode()


PERSONAL = {
    "text": "张三丰说灯不亮，电话13800001234，车牌川A12345，身份证110101199003074578",
    "address": "长江路1号张三丰家，0816-5566778",
    "reporter": {"name": "张三丰", "phone": "13800001234"},
}
SECRETS = ("13800001234", "张三丰", "川A12345", "110101199003074578", "5566778")


def secrets_on(page: bytes) -> list[str]:
    """Return the personal data that a page shows."""
    return [secret for secret in SECRETS if secret in page.decode()]


def test_personal_words_in_a_text_are_masked_on_every_page_of_those_who_do_not_see_the_reporter(
    report: Report, signed_in: As
) -> None:
    number = report(**PERSONAL)
    operator, leader, dispatcher = map(signed_in, ("operator", "leader", "dispatcher"))
    accepted = {**ACCEPT, "note": "已回电13800001234张三丰"}
    assert secrets_on(operator.get("/queue/").content) == ["张三丰", "5566778"]
    operator.post(f"/cases/{number}/act/", accepted)
    shown = operator.get(f"/cases/{number}/").content
    assert secrets_on(shown) == list(SECRETS)
    north = signed_in("north_operator")
    assert secrets_on(north.get("/cases/").content) == ["张三丰", "5566778"]
    for address in (f"/cases/{number}/", "/cases/", "/cases/?words=A1"):
        assert secrets_on(leader.get(address, follow=True).content) == [], address
    assert "张**说灯不亮，电话138****1234，车牌川A*****" in leader.get(f"/cases/{number}/").content.decode()
    assert secrets_on(dispatcher.get("/queue/").content) == []


def test_personal_words_are_masked_in_documents(report: Report, signed_in: As, people: dict) -> None:
    number = report(**PERSONAL)
    for username, action, given in (
        ("operator", "accept", {"category": ACCEPT["category"], "district": ACCEPT["district"]}),
        ("duty", "file", {}),
        ("dispatcher", "dispatch", {"unit": "roads"}),
    ):
        task = Case.objects.get(number=number).tasks.get(done_at=None).no
        act(number, action, task, people[username], given, None, NOW)
    links = Page(signed_in("roads").get(f"/cases/{number}/").content).links
    slips = [link for link in links if "/documents/" in link]
    assert slips
    for slip in slips:
        assert secrets_on(signed_in("roads").get(slip).content) == []
    assert secrets_on(signed_in("duty").get(slips[0]).content)


def test_a_form_with_numbers_that_are_none_is_refused(signed_in: As, number: str) -> None:
    answer = signed_in("operator").post(f"/cases/{number}/act/", {**ACCEPT, "task": "one"})
    assert answer.status_code == 422


def part(page: bytes, heading: str) -> str:
    """Return the card of the page under a heading."""
    cards = re.findall(r"<section.*?</section>", page.decode(), re.DOTALL)
    return next(card for card in cards if re.search(rf"<h2[^>]*>{heading}", card))


def test_a_suspended_case_has_a_paused_clock(bringing: Bringing, signed_in: As) -> None:
    waiting = bringing.to("city-problem.resume")
    clocks = part(signed_in("duty").get(f"/cases/{waiting.number}/").content, "时限")
    assert "挂账中" in Page(signed_in("duty").get(f"/cases/{waiting.number}/").content).words
    shown = Page(clocks.encode())
    assert "2026-11-20 10:00 起暂停" in shown.words and "暂停期间不计期限" in shown.text
    assert "暂停计时" in shown.text


def test_a_case_that_goes_on_tells_that_its_clock_was_paused(bringing: Bringing, signed_in: As) -> None:
    waiting = bringing.to("city-problem.resume")
    later = NOW + timedelta(days=3)
    act(waiting.number, "resume", waiting.step.task, bringing.people["dispatcher"], {}, None, later)
    bringing.at(later)
    shown = Page(part(signed_in("duty").get(f"/cases/{waiting.number}/").content, "时限").encode())
    assert "起暂停" not in shown.text
    pauses = re.findall(r"(2026-11-2\d \d\d:\d\d) (暂停计时|恢复计时)", shown.text)
    assert pauses == [("2026-11-20 10:00", "暂停计时"), ("2026-11-23 10:00", "恢复计时")]


def test_a_page_is_shown_where_the_clock_of_another_process_is_ahead(bringing: Bringing, signed_in: As) -> None:
    waiting = bringing.to("city-problem.resume")
    act(
        waiting.number, "resume", waiting.step.task, bringing.people["dispatcher"], {}, None, NOW + timedelta(seconds=2)
    )
    assert signed_in("roads").get(f"/cases/{waiting.number}/").status_code == 200


def test_a_granted_extension_is_listed_among_what_happened_to_the_clock(bringing: Bringing, signed_in: As) -> None:
    waiting = bringing.to("city-problem.grant_extension")
    before = part(signed_in("roads").get(f"/cases/{waiting.number}/").content, "时限")
    assert "延长" not in before and "2026-11-20 16:00" in before
    act(waiting.number, "grant_extension", waiting.step.task, bringing.people["dispatcher"], {}, None, NOW)
    shown = Page(part(signed_in("roads").get(f"/cases/{waiting.number}/").content, "时限").encode())
    assert "2026-11-20 10:00 延长 4 工作时" in shown.text
    assert "4 工作时" in before and "含延期" not in before
    assert shown.text.count("8 工作时（含延期 4）") == 2  # the label, and how it was calculated
    assert "2026-11-23 10:00" in shown.text


def test_a_task_under_another_is_shown_under_it(bringing: Bringing, signed_in: As) -> None:
    waiting = bringing.to("city-problem.help_given")
    tasks = part(signed_in("roads").get(f"/cases/{waiting.number}/").content, "任务")
    drawn = re.findall(r'<li class="([^"]*)">\s*<b>\d+ · ([^<]+)</b>', tasks)
    assert [title for _, title in drawn] == ["受理", "立案", "派遣", "处置", "协办"]
    assert [title for classes, title in drawn if "is-under" in classes] == ["协办"]


@pytest.mark.parametrize(
    ("language", "why"),
    [("zh-hans", "协办单位尚未反馈，请等待或先撤回协办"), ("en", "A unit that helps has not answered yet")],
)
def test_what_cannot_be_done_yet_is_shown_and_says_why(
    bringing: Bringing, signed_in: As, language: str, why: str
) -> None:
    waiting = bringing.to("city-problem.help_given")
    client = signed_in("roads")
    client.post("/language/", {"language": language, "next": "/queue/"})
    page = client.get(f"/cases/{waiting.number}/").content.decode()
    button = re.search(r'<button[^>]* disabled aria-describedby="(why-4-report_back)">[^<]+</button>', page)
    assert button
    assert f'<p class="cl-why" id="{button[1]}">{why}</p>' in page
    assert 'value="report_back"' not in page


def test_what_was_forced_all_the_same_is_refused_in_the_same_words(bringing: Bringing, signed_in: As) -> None:
    waiting = bringing.to("city-problem.help_given")
    form = {"task": "4", "action": "report_back", "result": "已修补"}
    answer = signed_in("roads").post(f"/cases/{waiting.number}/act/", form, **HTMX)
    assert answer.status_code == 409
    assert "协办单位尚未反馈" in Page(answer.content).text
    assert Case.objects.get(number=waiting.number).stage == "handling"


def test_cases_that_are_linked_lead_to_each_other(bringing: Bringing, signed_in: As) -> None:
    appeal = bringing.to("score-appeal.support_first").number
    problem = Case.objects.get(procedure="city-problem").number
    client = signed_in("roads")
    links = part(client.get(f"/cases/{problem}/").content, "关联案件")
    assert Page(links.encode()).links == [f"/cases/{appeal}/"]
    assert {"超时申诉", "办理中"} <= set(Page(links.encode()).words)
    assert Page(part(client.get(f"/cases/{appeal}/").content, "关联案件").encode()).links == [f"/cases/{problem}/"]


def test_actions_on_the_case_itself_stand_under_a_heading_of_their_own(bringing: Bringing, signed_in: As) -> None:
    waiting = bringing.to("city-problem.close")
    page = signed_in("duty").get(f"/cases/{waiting.number}/").content.decode()
    assert re.findall(r'<h3 class="cl-offer-group">([^<]+)</h3>', page) == ["结案", "案件操作"]


def test_an_order_has_its_words_at_its_head(bringing: Bringing, signed_in: As) -> None:
    waiting = bringing.to("supervision-order.answer_order")
    page = signed_in("roads").get(f"/cases/{waiting.number}/").content.decode()
    assert re.search(r'<p class="cl-said">已到现场看过</p>', page)
    assert page.count("已到现场看过") == 1
