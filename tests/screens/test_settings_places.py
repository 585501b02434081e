"""The page of the gazetteer: an address is tried, its place shown with grade and reason, entries are looked through."""

from cityloop.core.gazetteer.places import PlaceEntry, PlaceKind
from cityloop.registry.gazetteer.actions import set_places, values
from cityloop.registry.gazetteer.finding import key_of
from cityloop.registry.history.tables import PLACES
from cityloop.registry.models import Place
from example import NOW, SmallCity
from screens.conftest import As, Page

ADDRESS = "/settings/places/"


def entered(city: SmallCity) -> PlaceEntry:
    north, south = city.inside_north, city.inside_south
    plate = PlaceEntry(PlaceKind.PLATE, key_of("福华路"), "福华路12号", *north, number=12, district=city.north)
    other = PlaceEntry(PlaceKind.PLATE, key_of("中山路"), "中山路8号", *north, number=8, district=city.north)
    third = PlaceEntry(PlaceKind.PLATE, key_of("中山路"), "中山路8号", *south, number=8, district=city.south)
    set_places([plate, other, third], "test", NOW, source="doors.csv")
    return plate


def test_an_address_is_shown_with_its_place_grade_radius_and_reason(city: SmallCity, signed_in: As) -> None:
    entered(city)
    page = Page(signed_in("operator").get(ADDRESS, {"address": "福華路１２號"}).content)
    for words in ("福华路12号", "门牌", "北区", "120.050000, 23.050000", "已知福华路12号"):
        assert words in page.text


def test_several_places_of_one_name_are_all_shown_and_none_is_chosen(city: SmallCity, signed_in: As) -> None:
    entered(city)
    page = Page(signed_in("operator").get(ADDRESS, {"address": "中山路8号"}).content)
    assert "有多个地方叫这个名字" in page.text
    assert page.text.count("中山路8号") >= 4  # twice as an answer, twice in the list


def test_what_is_not_known_says_why(city: SmallCity, signed_in: As) -> None:
    page = Page(signed_in("operator").get(ADDRESS, {"address": "没有路3号"}).content)
    assert "没有路尚未收入地名地址库" in page.text


def test_an_empty_gazetteer_says_what_would_fill_it(city: SmallCity, signed_in: As) -> None:
    assert "cityloop import places" in Page(signed_in("operator").get(ADDRESS).content).text


def test_entries_are_found_by_the_beginning_of_their_name_and_by_kind(city: SmallCity, signed_in: As) -> None:
    entered(city)
    found = Page(signed_in("operator").get(ADDRESS, {"words": "福華", "kind": "plate"}).content).text
    assert "福华路12号" in found and "中山路8号" not in found
    assert "没有以此开头的条目" in Page(signed_in("operator").get(ADDRESS, {"words": "滨海"}).content).text


def test_an_administrator_removes_a_wrong_entry_and_nobody_else_sees_the_button(city: SmallCity, signed_in: As) -> None:
    plate = entered(city)
    assert "删除" not in Page(signed_in("operator").get(ADDRESS).content).text
    admin = signed_in("administrator")
    assert "删除" in Page(admin.get(ADDRESS).content).text
    admin.post(f"{ADDRESS}remove/", {"row_key": PLACES.named(values(plate))})
    assert not Place.objects.filter(key=plate.key).exists()


def test_the_page_is_english_where_english_is_asked_for(city: SmallCity, signed_in: As) -> None:
    entered(city)
    client = signed_in("operator")
    client.post("/language/", {"language": "en", "next": "/queue/"})
    page = Page(client.get(ADDRESS, {"address": "福华路14号"}).content)
    assert "The nearest known number of 福华路 is 12." in page.text
