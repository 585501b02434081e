"""The pages of areas: the tree, one area, its change with history and undo, the checks, and where a place lies."""

import json
from datetime import date

import pytest
from django.test import Client
from shapely.geometry import box, shape

from cityloop.registry.areas import actions as area_actions
from cityloop.registry.areas.actions import last_change
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.history.changes import undo
from cityloop.registry.models import Area, ChangeSet
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.packs import actions as pack_actions
from cityloop.registry.people.accounts import account_names
from cityloop.runtime.models import Event
from example import NOW, SmallCity
from screens.conftest import As, Page

WEST = "671001000001"


@pytest.fixture
def administrator(signed_in: As) -> Client:
    return signed_in("administrator")


def page(client: Client, address: str, status: int = 200) -> Page:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:500]
    return Page(answer.content)


def enter(*areas: area_actions.NewArea) -> None:
    area_actions.set_areas(areas, "test", NOW)
    forget()


def test_the_tree_shows_what_lies_in_what_and_leads_to_each_area(city: SmallCity, administrator: Client) -> None:
    found = page(administrator, "/settings/areas/")
    assert f"/settings/areas/of/{city.north}/" in found.links and f"/settings/areas/of/{WEST}/" in found.links
    assert (
        "社区 2" in found.text and "区县 2" in found.text and found.text.index("北区") < found.text.index("北区第1社区")
    )


def test_one_level_is_a_list_by_code_with_what_has_ended(city: SmallCity, administrator: Client) -> None:
    area_actions.set_area_rows([{"code": WEST, "valid_until": date(2026, 1, 1)}], "test", NOW)
    forget()
    found = page(administrator, "/settings/areas/?level=community")
    assert f"/settings/areas/of/{WEST}/" in found.links and "至 2026-01-01" in found.text
    assert f"/settings/areas/of/{WEST}/" not in page(administrator, "/settings/areas/").links


def test_a_long_level_is_read_page_by_page(city: SmallCity, administrator: Client) -> None:
    enter(
        *(
            area_actions.NewArea(f"{WEST}{no:03d}", f"{no}号网格", "unit_grid", WEST, box(120, 23, 120.1, 23.1).wkb)
            for no in range(1, 131)
        )
    )
    first = page(administrator, "/settings/areas/?level=unit_grid")
    rest = page(administrator, f"/settings/areas/?level=unit_grid&after={WEST}100")
    assert f"?level=unit_grid&after={WEST}100" in first.links
    assert sum("/settings/areas/of/" in link for link in first.links) == 100
    assert sum("/settings/areas/of/" in link for link in rest.links) == 30


def test_an_area_tells_its_facts_its_children_and_its_history(city: SmallCity, administrator: Client) -> None:
    found = page(administrator, f"/settings/areas/of/{city.north}/")
    assert "北区第1社区" in found.text and "226,992,8" in found.text
    inside = page(administrator, f"/settings/areas/of/{WEST}/")
    assert f"/settings/areas/of/{city.north}/" in inside.links and WEST in inside.text


def test_an_unknown_area_is_not_found(city: SmallCity, administrator: Client) -> None:
    page(administrator, "/settings/areas/of/nowhere/", 404)
    page(administrator, "/settings/areas/checks/?level=nowhere", 404)


def changed(**more: str) -> dict[str, str]:
    return {
        "name": "北城区",
        "grade": "A",
        "valid_from": "",
        "valid_until": "",
        "reason": "更名",
        "seen": "999999999",
        **more,
    }


def test_an_administrator_changes_an_area_and_it_can_be_undone(city: SmallCity, administrator: Client) -> None:
    address = f"/settings/areas/of/{city.north}/"
    assert administrator.post(f"{address}edit/", changed()).status_code == 302
    forget()
    row = Area.objects.get(code=city.north)
    assert (row.name, row.grade) == ("北城区", "A")
    event = Event.objects.filter(name="AreaChanged").latest("id")
    assert event.payload["area"] == city.north and "管理员" not in json.dumps(event.payload)
    assert ChangeSet.objects.latest("number").source == "更名"
    found = page(administrator, address)
    assert "北城区" in found.text and any(name in found.text for name in account_names({event.actor}).values())
    undo(ChangeSet.objects.latest("number").number, "test", NOW)
    assert Area.objects.get(code=city.north).name == "北区"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": ""}, "此项必填"),
        ({"reason": ""}, "此项必填"),
        ({"grade": "Z"}, "不在可选范围"),
        ({"valid_until": "2026-13-01"}, "2026-11-22"),
        ({"valid_from": "2026-02-01", "valid_until": "2026-01-01"}, "终止日期早于启用日期"),
        ({"name": "很" * 101}, "100"),
        ({"seen": "0"}, ""),
    ],
)
def test_a_fault_is_shown_at_its_field_and_nothing_is_changed(
    city: SmallCity, administrator: Client, given: dict[str, str], expected: str
) -> None:
    answer = administrator.post(f"/settings/areas/of/{city.north}/edit/", changed(**given))
    assert answer.status_code in (409, 422)
    content = answer.content.decode()
    assert expected in content and ("cl-fault" in content or answer.status_code == 409)
    assert Area.objects.get(code=city.north).name == "北区"


def test_an_area_that_has_ended_is_not_opened_again(city: SmallCity, administrator: Client) -> None:
    area_actions.set_area_rows([{"code": WEST, "valid_until": date(2026, 1, 1)}], "test", NOW)
    forget()
    answer = administrator.post(f"/settings/areas/of/{WEST}/edit/", changed(seen=str(last_change(WEST))))
    assert answer.status_code == 422 and "已终止的区域不再启用" in answer.content.decode()
    assert Area.objects.get(code=WEST).valid_until == date(2026, 1, 1)


def test_who_may_not_change_sees_no_form(city: SmallCity, signed_in: As) -> None:
    answer = signed_in("operator").get(f"/settings/areas/of/{city.north}/")
    assert answer.status_code == 200 and b"cl-edit-form" not in answer.content


def test_areas_that_fit_together_are_reported_as_such(city: SmallCity, administrator: Client) -> None:
    assert "没有重叠，也没有缝隙" in page(administrator, "/settings/areas/checks/?level=community").text


@pytest.fixture
def misdrawn(city: SmallCity) -> SmallCity:
    """A grid that leaves its community and another that it overlaps."""
    enter(
        area_actions.NewArea(f"{WEST}001", "第1网格", "unit_grid", WEST, box(120.0, 23.0, 120.12, 23.1).wkb),
        area_actions.NewArea(f"{WEST}002", "第2网格", "unit_grid", WEST, box(120.0, 23.0, 120.05, 23.02).wkb),
    )
    return city


def test_overlaps_and_pieces_outside_are_listed_with_their_areas_the_smallest_level_first(
    misdrawn: SmallCity, administrator: Client
) -> None:
    found = page(administrator, "/settings/areas/checks/")
    assert "第1网格 (671001000001001)与第2网格 (671001000001002)重叠" in found.text
    assert "第1网格 (671001000001001)有一部分在北区第1社区 (671001000001)之外" in found.text
    assert "11,352,934" in found.text and "22,699,28" in found.text


def test_the_map_of_doubts_has_the_same_pieces(misdrawn: SmallCity, administrator: Client) -> None:
    answer = administrator.get("/settings/areas/doubts.geojson?level=unit_grid")
    assert answer["Content-Type"] == "application/geo+json"
    features = json.loads(answer.content)["features"]
    assert [feature["properties"]["kind"] for feature in features] == ["outside", "overlap"]
    assert shape(features[0]["geometry"]).equals(box(120.1, 23.0, 120.12, 23.1))
    listed = administrator.get("/settings/areas/checks/").content.decode()
    assert all(f'data-map-feature="{feature["id"]}"' in listed for feature in features)


def test_the_checks_follow_what_is_changed(misdrawn: SmallCity, administrator: Client) -> None:
    assert "重叠" in page(administrator, "/settings/areas/checks/?level=unit_grid").text
    enter(area_actions.NewArea(f"{WEST}001", "第1网格", "unit_grid", WEST, box(120.0, 23.02, 120.1, 23.1).wkb))
    enter(area_actions.NewArea(f"{WEST}002", "第2网格", "unit_grid", WEST, box(120.0, 23.0, 120.1, 23.02).wkb))
    assert "没有重叠" in page(administrator, "/settings/areas/checks/?level=unit_grid").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("lon=120.05&lat=23.05", "该点位于北区第1社区 (671001000001)。"),
        ("lon=120.1&lat=23.05", "该点在边界上"),
        ("lon=120.41&lat=23.05", "最近的是西侧 1,02"),
        ("lon=0&lat=0", "设备未定位"),
        ("lon=23.05&lat=120.05", "经纬度互换后位于北区第1社区 (671001000001)。"),
        ("lon=120.0001&lat=23.05&crs=bd09", "若按 WGS-84 读取，则位于北区第1社区 (671001000001)"),
        ("lon=120.05&lat=23.05&on=2026-01-01", "该点位于"),
    ],
)
def test_where_a_place_lies_is_shown_in_words(
    city: SmallCity, administrator: Client, query: str, expected: str
) -> None:
    assert expected in page(administrator, f"/settings/areas/where/?{query}").text


@pytest.mark.parametrize("query", ["lon=x&lat=23", "lon=120", "lon=120&lat=23&crs=mars", "lon=120&lat=23&on=never"])
def test_a_query_that_cannot_be_read_is_refused_at_its_field(
    city: SmallCity, administrator: Client, query: str
) -> None:
    answer = administrator.get(f"/settings/areas/where/?{query}")
    assert answer.status_code == 422 and "cl-fault" in answer.content.decode()


def test_a_city_without_areas_says_what_would_bring_them(db: None, client: Client) -> None:
    from cityloop.registry.models import Account
    from cityloop.registry.packs.reading import read_all
    from cityloop.registry.people import accounts

    forget()
    pack_actions.take_up(read_all(), "test", NOW)
    organisation.enter_units({"centre": "中心"}, "test", NOW)
    accounts.create_account("a", "甲", None, "test", NOW)
    accounts.appoint("a", "leader", "centre", None, "test", NOW)
    client.force_login(Account.objects.get(username="a"))
    forget()
    assert not current_city().areas
    for address in ("/settings/areas/", "/settings/areas/checks/"):
        assert "还没有区域" in page(client, address).text
    assert "不在本市任何区域内" in page(client, "/settings/areas/where/?lon=120&lat=23").text
    assert json.loads(client.get("/settings/areas/doubts.geojson").content)["features"] == []
