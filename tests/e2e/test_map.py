"""The map in a real browser: it makes no request to other servers, reacts to mouse and keyboard, and has its table."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from e2e.browser import City, Desks, complaints_of, desks, faults_seen_by_axe, served

pytestmark = pytest.mark.browser

FEATURES = "/ogc/collections/areas-community/items?f=html"
DRIVER = re.compile(r"GL Driver Message|GroupMarkerNotSet")  # messages of software rendering
FORM = """() => {
    const form = document.createElement('form');
    form.innerHTML = `<label>经度<input name="lon" value="112.8685"></label><label>纬度<input name="lat" value="31.433">
        </label><city-map label="选点" pick></city-map><table id="twin"><tr><td>
        <button type="button" data-map-feature="490102001001">柳荫</button></td></tr></table>`;
    document.querySelector('main').prepend(form);
}"""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with served(tmp_path_factory.mktemp("map") / "home", "demo") as city:
        yield city


@pytest.fixture(scope="module")
def at(city: City) -> Iterator[Desks]:
    with desks(city) as at:
        yield at


def drawn(page: Page, number: int = 0) -> None:
    """Wait until a map of the page has loaded everything that it shows."""
    expect(page.locator("city-map").nth(number)).to_have_attribute("loaded", "")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_map_sends_requests_to_the_city_only_and_causes_no_errors(at: Desks, city: City, theme: str) -> None:
    page = at.window(color_scheme=theme)
    complaints, hosts = complaints_of(page.context, page), set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(FEATURES)
    drawn(page)
    expect(page.locator(".cl-map-legend li")).to_have_text(["社区"])
    assert hosts - {""} == {urlsplit(city.address).netloc}
    assert [words for words in complaints if not DRIVER.search(words)] == []
    assert faults_seen_by_axe(page) == []


def test_a_click_and_the_enter_key_show_the_card_of_the_feature_there(at: Desks) -> None:
    page = at.window()
    page.goto(FEATURES)
    drawn(page)
    page.locator(".cl-map-canvas").click()
    first = page.locator(".cl-map-card h3").inner_text()
    assert first.endswith("社区")
    page.get_by_role("button", name="关闭").click()
    expect(page.locator(".cl-map-card")).to_have_count(0)
    page.locator(".maplibregl-canvas").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cl-map-card h3")).to_have_text(first)


def test_a_place_is_picked_by_mouse_by_keyboard_and_by_its_numbers(at: Desks) -> None:
    page = at.window()
    page.goto(FEATURES)
    page.evaluate(FORM)
    drawn(page)
    form = page.locator("form").first
    lon, lat, pin = form.get_by_label("经度"), form.get_by_label("纬度"), form.locator(".cl-map-pin")
    expect(pin).to_be_visible()
    form.locator(".cl-map-canvas").click(position={"x": 300, "y": 200})
    expect(lon).to_have_value(re.compile(r"^112\.\d{6}$"))
    west = float(lon.input_value())
    form.get_by_role("button", name="取地图中心").click()
    assert float(lon.input_value()) > west
    lon.fill("200")
    lon.blur()
    expect(pin).to_have_count(0)
    lon.fill("112.9")
    lat.fill("31.4")
    lat.blur()
    expect(pin).to_be_visible()


def test_a_feature_of_the_table_is_shown_on_the_map(at: Desks) -> None:
    page = at.window()
    page.goto(FEATURES)
    page.evaluate(FORM)
    drawn(page, 1)
    page.get_by_role("button", name="柳荫").click()
    expect(page.locator(".cl-map-card h3")).to_have_text("柳荫社区")


def test_if_maps_cannot_be_drawn_the_page_links_to_the_table(at: Desks) -> None:
    page = at.window()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(FEATURES)
    expect(page.get_by_text("此浏览器无法绘制地图")).to_be_visible()
    page.get_by_role("link", name="以表格查看").click()
    expect(page.get_by_role("rowheader").first).to_be_in_viewport()


def test_without_script_the_table_is_shown_alone(at: Desks) -> None:
    page = at.window(java_script_enabled=False)
    page.goto(FEATURES)
    expect(page.get_by_role("rowheader").first).to_be_visible()
