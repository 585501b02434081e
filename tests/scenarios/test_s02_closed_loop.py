"""S02, the closed loop (工作闭环): one problem from a hotline's report to a closed case and a ranked figure."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.browser import City, Desks, desks, do, find, pictured, script, served

pytestmark = pytest.mark.browser

REPORT = {
    "channel": "12345",
    "external_id": "S02-2026-7781",
    "text": "渡口公交站旁三盏路灯不亮，夜里看不清台阶。",
    "lon": 112.8685,
    "lat": 31.433,
    "category": "01037",
    "address": "滨河区沿江路18号公交站旁",
    "reporter": {"name": "欧阳小姐", "phone": "12055550123"},
}
DISTRICT, UNIT = "滨河区", "市政设施养护处"
HISTORY = [  # every line of the history: the action, the person, the words
    ("上报", "12345热线", ""),
    ("受理", "王敏", "已电话核实，情况属实。"),
    ("立案", "李建国", "符合立案条件。"),
    ("派遣", "陈晓", "请按时限处置并上传结果。"),
    ("反馈处置结果", "赵志强", "更换光源两套。"),
    ("返工", "周洋", "第三盏仍不亮。"),
    ("反馈处置结果", "赵志强", "更换第三盏的镇流器。"),
    ("核查通过", "周洋", "三盏路灯均已亮起。"),
    ("结案", "李建国", "同意结案。"),
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with served(tmp_path_factory.mktemp("loop") / "home", "demo") as city:
        yield city


@pytest.fixture(scope="module")
def at(city: City) -> Iterator[Desks]:
    with desks(city) as at:
        yield at


@pytest.fixture(autouse=True)
def _pictures(request: pytest.FixtureRequest, at: Desks, tmp_path: Path) -> Iterator[None]:
    with pictured(request.session, at, tmp_path):
        yield


def test_one_problem_goes_through_the_whole_loop_and_is_counted(city: City, at: Desks) -> None:
    token = city.command("user", "token", "hotline").strip()
    closed_before = closed_in_district(at.of("leader"))
    desk = at.of("operator")
    number = city.hand_in(token, **REPORT)
    expect(desk.locator(f"tr[data-number='{number}']")).to_have_count(0)
    desk.reload()
    expect(desk.locator(f"tr[data-number='{number}']")).to_contain_text("路灯异常")
    find(desk, str(REPORT["external_id"]))
    expect(desk.locator(".cl-case-head")).to_contain_text(number)
    expect(desk.locator(".cl-said")).to_have_text(str(REPORT["text"]))
    expect(desk.locator(".cl-reporter")).to_contain_text("欧**")
    expect(desk.locator(".cl-reporter")).not_to_contain_text("5555")
    check_history(desk, 1)
    do(desk, "受理", "待立案", 受理意见=HISTORY[1][2])
    check_history(desk, 2)
    expect(desk.locator(".cl-actions")).to_contain_text("本案当前任务不由您的岗位承办")

    duty = opened(at, "duty", number)
    do(duty, "立案", "待派遣", 立案意见=HISTORY[2][2])
    check_history(duty, 3)
    check_clock(duty, "案件总时限", limit="3 工作日", together="24 小时")

    dispatcher = opened(at, "dispatcher", number)
    do(dispatcher, "派遣", "处置中", 处置单位=UNIT, 派遣意见=HISTORY[3][2])
    check_history(dispatcher, 4)
    check_clock(dispatcher, "处置", limit="2 工作日", together="16 小时")

    handler = opened(at, "roads", number)
    do(handler, "反馈处置结果", "待核查", 处置结果=HISTORY[4][2])
    check_history(handler, 5)
    refused_to_judge(handler, number)

    collector = opened(at, "collector", number)
    check_clock(collector, "核查", limit="30 分钟", together="30 分钟")
    do(collector, "返工", "处置中", 返工原因=HISTORY[5][2])
    check_history(collector, 6)

    handler = opened(at, "roads", number)
    do(handler, "反馈处置结果", "待核查", 处置结果=HISTORY[6][2])
    barred_with_a_second_post(city, handler)

    collector = opened(at, "collector", number)
    do(collector, "核查通过", "待结案", 核查情况=HISTORY[7][2])
    duty = opened(at, "duty", number)
    do(duty, "结案", "已结案", 结案意见=HISTORY[8][2])
    check_history(duty, 9)
    expect(duty.locator(".cl-actions summary")).to_have_text(["重开"])  # closed: nothing else is left to do
    expect(duty.locator(".cl-clockface")).to_contain_text("已停止")

    leader = at.of("leader")
    assert closed_in_district(leader) == closed_before + 1
    closed_cell(leader).click()
    expect(leader.get_by_role("link", name=number)).to_be_visible()
    expect(leader.locator("tbody tr").filter(has_text=number)).to_contain_text("按期")
    assert re.search(r"^\d+ events are as they were written", city.command("verify"))


def opened(at: Desks, username: str, number: str) -> Page:
    """Return the person's page with the case, found by its number."""
    page = at.of(username)
    find(page, number)
    expect(page.locator(".cl-case-head")).to_contain_text(number)
    return page


def check_history(page: Page, lines: int) -> None:
    """Check that the history has exactly the first lines of HISTORY."""
    expect(page.locator(".cl-story > li")).to_have_count(lines)
    for (title, actor, words), line in zip(HISTORY, page.locator(".cl-story > li").all(), strict=False):
        expect(line.locator("b").first).to_have_text(title)
        expect(line.locator(".cl-story-who")).to_contain_text(actor)
        expect(line).to_contain_text(words)


def check_clock(page: Page, title: str, *, limit: str, together: str) -> None:
    """Check that the windows of a clock add up to its limit, and that the last one ends at the due moment."""
    clock = page.locator(".cl-clockface").filter(has=page.get_by_text(title, exact=True))
    expect(clock).to_contain_text(limit)
    clock.get_by_text("怎么算的").click()
    counts = clock.locator("tbody tr td:last-child").all_inner_texts()
    assert clock.locator("tfoot td").inner_text() == together
    assert sum(map(minutes, counts)) == minutes(together), counts
    last_day, last_end = clock.locator("tbody tr").last.locator("td").all_inner_texts()[:2]
    due = f"{last_day.split()[0]} {last_end.split('–')[1]}" if "-" not in last_end else last_end.split("–")[1]
    expect(clock.locator("summary")).to_contain_text(due)


def minutes(words: str) -> int:
    """Return the minutes of a text such as 1 小时 30 分钟."""
    hours, rest = re.search(r"(\d+) 小时", words), re.search(r"(\d+) 分", words)
    return 60 * int(hours[1] if hours else 0) + int(rest[1] if rest else 0)


def refused_to_judge(handler: Page, number: str) -> None:
    """Check that the handler's page offers no judging, and that a hand-made request for it is refused with a reason."""
    expect(handler.get_by_role("button", name="核查通过")).to_have_count(0)
    token = handler.locator("[name=csrfmiddlewaretoken]").first.input_value()
    tried = {"csrfmiddlewaretoken": token, "task": "5", "action": "pass_check", "finding": "看过了"}
    answer = handler.request.post(f"/cases/{number}/act/", form=tried)
    assert answer.status == 403
    assert "您的岗位都不承办这项任务" in answer.text()


def barred_with_a_second_post(city: City, handler: Page) -> None:
    """Check that a handler may not judge even with the post of a collector, and sees the reason under the button."""
    appoint = """
from cityloop.registry.people.accounts import appoint
from cityloop.runtime.clock import now
appoint("roads", "collector", "collectors", None, "test", now())
"""
    script(city.home, appoint)
    handler.reload()
    offer = handler.locator(".cl-offer").filter(has=handler.get_by_role("button", name="核查通过"))
    expect(offer.get_by_role("button")).to_be_disabled()
    expect(offer).to_contain_text("您或您所在单位处置过本案，须由他人核查或结案")


def closed_in_district(page: Page) -> int:
    """Return the number of closed cases of the district in this month's ranking."""
    page.goto("/figures/districts/")
    return int(closed_cell(page).inner_text())


def closed_cell(page: Page) -> Locator:
    """Return the link of that number."""
    return page.locator("tbody tr").filter(has_text=DISTRICT).get_by_role("link").nth(2)
