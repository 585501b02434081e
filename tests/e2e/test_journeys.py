"""What people do in the workbench, in a real browser: with the keyboard alone, too late, twice, in either language."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from e2e.browser import (
    AXE,
    DEMO_PASSWORD,
    ROOT,
    City,
    Desks,
    complaints_of,
    desks,
    do,
    faults_seen_by_axe,
    find,
    pictured,
    served,
    sign_in,
)

pytestmark = pytest.mark.browser

PICTURES = ROOT / "docs" / "pictures"
BINHE = (112.8685, 31.433)  # inside the district that binhe_operator takes reports of
LAMP_DARK = {
    "channel": "12345",
    "text": "路灯不亮",
    "category": "01037",
    "lon": BINHE[0],
    "lat": BINHE[1],
    "address": "滨河区沿江路18号公交站旁",
}
QUEUE = re.compile(r"//[^/]+/queue/$")  # not the sign-in page, whose address may end in /queue/ too
COUNTING = 60_000  # milliseconds that a worker may take for figures that were not requested before
PAPER = 688  # CSS pixels between the margins of A4
SHEETS = {"open case": 2, "closed case": 2, "live ranking": 1, "ranking": 1}  # at most
LISTS = {name: f"/settings/{name}/" for name in ("areas", "facilities", "duties")}
VIEWS = [  # every width in every language, every width in light and dark; each day each of these once
    (1440, 900, "zh", "light"),
    (390, 844, "en", "dark"),
    pytest.param(1440, 900, "en", "dark", marks=pytest.mark.weekly),
    pytest.param(390, 844, "zh", "light", marks=pytest.mark.weekly),
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with served(tmp_path_factory.mktemp("journeys") / "home", "demo") as city:
        yield city


@pytest.fixture(scope="module")
def at(city: City) -> Iterator[Desks]:
    with desks(city) as at:
        yield at


@pytest.fixture(scope="module")
def token(city: City) -> str:
    return city.command("user", "token", "hotline").strip()


@pytest.fixture(autouse=True)
def _pictures(request: pytest.FixtureRequest, at: Desks, tmp_path: Path) -> Iterator[None]:
    with pictured(request.session, at, tmp_path):
        yield


def test_a_case_is_found_and_accepted_with_the_keyboard_alone(city: City, at: Desks, token: str) -> None:
    number = city.hand_in(token, **LAMP_DARK, external_id="keyboard-1")
    page = at.window()
    page.goto("/")
    keys = page.keyboard
    for words in ("operator", DEMO_PASSWORD):
        keys.type(words)
        keys.press("Tab" if words == "operator" else "Enter")
    page.wait_for_url(QUEUE)
    rows = page.locator("tbody tr")
    place = [row.get_attribute("data-number") for row in rows.all()].index(number)
    for key in "j" * (place + 1) + "kj":
        keys.press(key)
    expect(rows.nth(place)).to_be_focused()
    keys.press("Enter")
    page.wait_for_url(f"**/cases/{number}/")
    tab_to(page, page.get_by_label("受理意见"))
    keys.type("已电话核实。")
    tab_to(page, page.get_by_role("button", name="受理", exact=True))
    keys.press("Enter")
    expect(page.locator(".cl-stage")).to_have_text("待立案")
    expect(page.locator(".cl-case h1")).to_be_focused()
    keys.press("Shift+Tab")
    expect(page.locator(".cl-crumbs a")).to_be_focused()
    keys.press("Enter")
    page.wait_for_url(QUEUE)
    expect(rows.first).to_be_visible()
    expect(page.locator(f"tr[data-number='{number}']")).to_have_count(0)


def test_a_refused_action_says_why_under_its_button_and_keeps_what_was_typed(city: City, at: Desks, token: str) -> None:
    page = at.of("operator")
    find(page, city.hand_in(token, **LAMP_DARK, external_id="refused-1"))
    page.locator("summary").filter(has_text="不予受理").click()
    page.get_by_label("说明").fill("与昨日来件为同一盏灯。")
    button = page.get_by_role("button", name="不予受理")
    button.click()
    why = page.locator("[data-offer]").filter(has=button).get_by_role("alert")
    expect(why).to_contain_text("有内容缺失或有误")
    assert why.bounding_box()["y"] > button.bounding_box()["y"]  # type: ignore[index]
    expect(page.locator("#reject-reason-fault")).to_have_text("此项必填。")
    expect(page.get_by_label("不予受理原因")).to_be_focused()
    expect(page.get_by_label("说明")).to_have_value("与昨日来件为同一盏灯。")
    expect(page.locator(".cl-stage")).to_have_text("待受理")
    do(page, "不予受理", "不予受理", 不予受理原因="重复")
    expect(page.locator(".cl-story > li").last).to_contain_text("与昨日来件为同一盏灯。")


def test_a_draft_outlives_a_dropped_net_and_nobody_else_sees_it(at: Desks) -> None:
    page = at.window()
    sign_in(page, "operator")
    words, restored = page.get_by_label("问题描述"), page.get_by_text("已恢复草稿")

    def begin(text: str) -> None:
        page.goto("/reports/new/")
        words.fill(text)

    begin("灯杆倾斜，断网前写下")
    page.context.set_offline(True)
    page.get_by_role("button", name="提交上报").click()
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    page.goto("/reports/new/")
    expect(words).to_have_value("灯杆倾斜，断网前写下")
    expect(restored).to_be_visible()
    page.get_by_role("button", name="清除", exact=True).click()
    expect(words).to_have_value("")
    expect(restored).to_be_hidden()

    begin("放弃的内容")
    page.get_by_role("link", name="放弃并返回").click()
    page.wait_for_url(QUEUE)
    page.goto("/reports/new/")
    expect(words).to_have_value("")

    begin("会话到期前写下")
    page.context.clear_cookies()
    sign_in(page, "binhe_operator")
    page.goto("/reports/new/")
    expect(words).to_have_value("")
    expect(restored).to_be_hidden()
    words.fill("退出前写下")
    page.locator(".cl-person > summary").click()
    page.get_by_role("button", name="退出登录").click()
    assert page.evaluate("Object.keys(sessionStorage).filter(name => name.includes('draft'))") == []

    sign_in(page, "operator")
    begin("路灯不亮，草稿已提交")
    page.get_by_role("button", name="提交上报").click()
    expect(page.locator(".cl-stage")).to_have_text("待受理")
    page.goto("/reports/new/")
    expect(words).to_have_value("")
    expect(restored).to_be_hidden()


def test_the_slower_of_two_people_is_told_so_and_keeps_the_typed_text(city: City, at: Desks, token: str) -> None:
    number = city.hand_in(token, **LAMP_DARK, external_id="two-at-once")
    quick, slow = at.of("operator"), at.of("binhe_operator")
    for page in (quick, slow):
        find(page, number)
    slow.get_by_label("受理意见").fill("来电人补充：第三根灯杆漏电，请先断电。")
    do(quick, "受理", "待立案", 受理意见="已电话核实。")
    slow.get_by_role("button", name="受理", exact=True).click()
    alert = slow.get_by_role("alert")
    expect(alert).to_contain_text("已有他人办理")
    expect(alert).to_contain_text("第三根灯杆漏电")
    expect(slow.locator(".cl-stage")).to_have_text("待立案")
    expect(slow.locator(".cl-story > li")).to_have_count(2)
    expect(slow.locator(".cl-story > li").last).to_contain_text("已电话核实。")


def test_a_report_sent_with_two_presses_is_one_case(at: Desks) -> None:
    page = at.of("operator")
    before = reported_this_month(at)
    page.goto("/reports/new/")
    key = page.locator("[name=external_id]").get_attribute("value")
    page.get_by_label("问题描述").fill("河边护栏缺了两米。")
    page.get_by_label("地址").fill("滨河区沿江路77号")
    page.get_by_role("button", name="提交上报").dblclick()
    expect(page.locator(".cl-said")).to_have_text("河边护栏缺了两米。")
    expect(page.locator(".cl-case-facts")).to_contain_text(str(key))
    expect(page.get_by_role("status")).to_contain_text("查询码")
    assert reported_this_month(at) == before + 1


def test_the_faults_of_a_report_are_shown_on_top_and_at_each_field_and_nothing_typed_is_lost(at: Desks) -> None:
    page = at.of("operator")
    page.goto("/reports/new/")
    typed = {"地址": "滨河区沿江路5号", "经度": "东经", "姓名": "李四", "电话": "12000001111"}
    for label, text in typed.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="提交上报").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_text(["问题描述: 此项必填。", "经度: 请填写度数，例如 114.0579。"])
    expect(page.locator(".cl-field", has_text="问题描述").locator(".cl-fault")).to_have_text("此项必填。")
    expect(page.locator(".cl-field", has_text="经度").locator(".cl-fault")).to_have_text("请填写度数，例如 114.0579。")
    for label, text in typed.items():
        expect(page.get_by_label(label)).to_have_value(text)
    summary.get_by_role("link").first.click()
    expect(page.get_by_label("问题描述")).to_be_focused()


def test_photos_add_up_survive_a_refusal_and_are_in_the_history(
    city: City, at: Desks, token: str, tmp_path: Path
) -> None:
    page = at.of("collector")
    find(page, city.hand_in(token, **LAMP_DARK, external_id="photos-1"))
    page.locator("summary").filter(has_text="自行处置").click()
    done = page.get_by_role("button", name="自行处置", exact=True)
    form = page.locator("[data-offer]").filter(has=done)
    form.get_by_label("处置结果").fill("已更换灯泡，恢复照明。")
    form.get_by_label("所属区县").select_option(label="滨河区")
    field = form.locator("input[type=file]")
    pictures = {name: a_picture(tmp_path, name) for name in ("black", "yellow", "red")}
    field.set_input_files(pictures["black"])
    done.click()
    expect(form.locator(".cl-fault")).to_have_count(1)
    expect(form.get_by_role("checkbox")).to_be_checked()
    for name in ("yellow", "yellow", "red"):  # the same photo twice is one photo
        field.set_input_files(pictures[name])
    expect(form.locator("canvas")).to_have_count(2)
    form.get_by_role("button", name="移除这张照片").last.click()
    expect(form.locator("canvas")).to_have_count(1)
    done.click()
    expect(page.locator(".cl-stage")).to_have_text("自行处置待审")
    expect(page.locator(".cl-story-photos img")).to_have_count(2)
    page.locator(".cl-story-photos a").last.click()
    assert page.locator("img").evaluate("image => [image.naturalWidth, image.naturalHeight]") == [800, 600]


@pytest.mark.parametrize(("width", "height", "language", "scheme"), VIEWS, ids=str)
@pytest.mark.skipif(not AXE.exists(), reason="the front-end libraries are not installed: `make test` installs them")
def test_every_page_is_accessible_and_without_errors(
    at: Desks, width: int, height: int, language: str, scheme: str
) -> None:
    page = at.window(viewport={"width": width, "height": height}, color_scheme=scheme)
    complaints = complaints_of(page.context, page)
    page.goto("/sign-in/")
    page.get_by_role("button", name={"zh": "中文", "en": "English"}[language]).click()
    found = faults_of(page, "sign-in")
    sign_in_in(page, language)
    for name, address in pages(page).items():
        page.goto(address)
        found += faults_of(page, name)
    page.context.close()
    assert found + complaints == []


def test_a_figure_of_the_ranking_leads_to_the_cases_that_it_counts(at: Desks) -> None:
    page = at.of("leader")
    page.goto("/queue/")
    page.get_by_role("link", name="考核").click()
    first = page.locator("tbody tr").first
    expect(first).to_be_visible(timeout=COUNTING)
    made_of = first.get_by_text(re.compile(r"^\d+/\d+$")).inner_text()
    first.get_by_role("link").first.click()
    expect(page.get_by_text(made_of.replace("/", " ÷ "))).to_be_visible(timeout=COUNTING)
    page.locator("main a[href*='/cases/?']").first.click()
    expect(page.locator(".cl-row-link").first).to_be_visible(timeout=COUNTING)
    assert page.locator(".cl-row-link").count() == int(made_of.split("/")[0])
    page.locator(".cl-row-link").first.click()
    expect(page.locator(".cl-stage")).to_be_visible()


def test_paper_shows_every_column_and_neither_a_map_nor_a_button(at: Desks) -> None:
    page = at.window()
    sign_in(page, "leader")
    addresses = {**pages(page), **LISTS}
    page.set_viewport_size({"width": PAPER, "height": 980})
    page.emulate_media(media="print")
    lost: list[str] = []
    for name in ("queue", "cases", "open case", "closed case", "live ranking", "ranking", "figure", *LISTS):
        page.goto(addresses[name])
        expect(page.locator("h1")).to_be_visible()
        lost += [f"{name}: {what}" for what in page.evaluate(LOST_ON_PAPER, PAPER)]
        if name in SHEETS and (sheets := sheets_of(page)) > SHEETS[name]:
            lost.append(f"{name}: {sheets} sheets")
    page.context.close()
    assert lost == []


@pytest.mark.skipif("CITYLOOP_PICTURES" not in os.environ, reason="pictures are made on request: CITYLOOP_PICTURES=1")
def test_the_pictures_of_the_documentation_are_made_again(at: Desks) -> None:
    page = at.window(color_scheme="light")
    sign_in(page, "duty")
    page.screenshot(path=PICTURES / "queue.png")
    page.context.close()


def tab_to(page: Page, goal: Locator) -> None:
    """Press Tab until the goal has the focus; every element on the way must show that it has the focus."""
    for _ in range(80):
        if goal.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
        assert page.evaluate(SHOWS_FOCUS), page.evaluate("document.activeElement.outerHTML")
    raise AssertionError("Tab does not lead there")


SHOWS_FOCUS = """() => {
  const look = getComputedStyle(document.activeElement);
  return document.activeElement === document.body || look.outlineStyle !== "none" || look.boxShadow !== "none";
}"""


LOST_ON_PAPER = """width => [...document.querySelectorAll("th, td, canvas, button")].filter(each => {
  const {height, right} = each.getBoundingClientRect();
  if (!height || each.closest(".visually-hidden, .cl-bar")) return false;
  return each.matches("canvas, button") || right > width + 1 || each.scrollWidth > each.clientWidth + 1;
}).map(each => each.outerHTML.slice(0, 120))"""


def sheets_of(page: Page) -> int:
    """Return how many sheets of A4 the page is printed on."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


def a_picture(folder: Path, colour: str) -> Path:
    """Write a picture of one colour."""
    path = folder / f"{colour}.png"
    Image.new("RGB", (800, 600), colour).save(path)
    return path


def reported_this_month(at: Desks) -> int:
    """Add up the reported cases of every district of this month's ranking."""
    page = at.of("leader")
    page.goto("/figures/districts/")
    return sum(int(row.get_by_role("link").first.inner_text()) for row in page.locator("tbody tr").all())


def sign_in_in(page: Page, language: str) -> None:
    """Sign in as an intake operator on the page of that language."""
    page.locator("#id_username").fill("operator")
    page.locator("#id_password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name={"zh": "登录", "en": "Sign in"}[language], exact=True).click()
    page.wait_for_url(QUEUE)


def pages(page: Page) -> dict[str, str]:
    """Return every kind of page that an operator uses; an open and a closed case are read from the screen."""
    page.goto("/queue/")
    opened = page.locator(".cl-row-link").first.get_attribute("href")
    page.goto("/figures/districts/")
    page.locator("tbody tr").first.get_by_role("link").nth(2).click()
    closed = page.locator(".cl-row-link").first.get_attribute("href")
    return {
        "queue": "/queue/",
        "empty queue": "/queue/?district=none",
        "cases": "/cases/",
        "figure's cases": page.url,
        "open case": str(opened),
        "closed case": str(closed),
        "report form": "/reports/new/",
        "live ranking": "/figures/districts/",
        **counted_pages(page),
        "procedures": "/settings/procedures/",
        "a procedure": "/settings/procedures/city-problem/4/",
        "refusal": "/cases/?month=soon",
        "404": "/nothing-here/",
    }


def counted_pages(page: Page) -> dict[str, str]:
    """Return the pages of figures, once a worker has counted them: the ranking, a figure, its cases."""
    page.goto("/figures/")
    expect(page.locator("tbody tr").first).to_be_visible(timeout=COUNTING)
    found = {"ranking": page.url}
    page.locator("tbody tr").first.get_by_role("link").first.click()
    expect(page.locator("table tbody tr").last).to_be_visible(timeout=COUNTING)
    found["figure"] = page.url
    page.locator("main a[href*='/cases/?']").first.click()
    expect(page.locator(".cl-row-link").first).to_be_visible(timeout=COUNTING)
    return found | {"cases of a figure": page.url}


def faults_of(page: Page, name: str) -> list[str]:
    """Return what axe finds on the page with all details open, and how far the page is wider than the window."""
    page.evaluate("for (const folded of document.querySelectorAll('main details')) folded.open = true")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    too_wide = [f"{wide} px too wide"] if wide > 0 else []
    return [f"{name}: {fault}" for fault in [*too_wide, *faults_seen_by_axe(page)]]
