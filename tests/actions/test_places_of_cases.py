"""The place of a case: street, unit grid and other grids besides district and community; posts for any of them."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from shapely.geometry import box

from cityloop.casework.actions import act, begin_case
from cityloop.casework.models import Case
from cityloop.casework.queries import CaseFilters, QueueFilters, case_page, cases, queue
from cityloop.core.actors import Actor
from cityloop.core.errors import NotAllowed, NotFound
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.registry import revision
from cityloop.registry.areas import actions as area_actions
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.models import Account
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.organisation.actors import actor_by_token, actor_of
from cityloop.registry.people import accounts
from cityloop.runtime import clock
from example import NOW, SmallCity

STREET, WEST, EAST = "671001001", "671001000001", "671001000002"
GRID, PATROL = "671001000001001", "P1"


@pytest.fixture
def streets(city: SmallCity) -> SmallCity:
    """The north has a street with its first community, which has a unit grid; a patrol grid overlaps both."""
    street, grid = box(120.0, 23.0, 120.1, 23.1), box(120.0, 23.0, 120.1, 23.05)
    known = current_city().shapes
    area_actions.set_areas(
        [
            area_actions.NewArea(STREET, "北街", "street", city.north, street.wkb),
            area_actions.NewArea(WEST, "北区第1社区", "community", STREET, known[WEST]),
            area_actions.NewArea(GRID, "第1网格", "unit_grid", WEST, grid.wkb),
            area_actions.NewArea(PATROL, "巡查1", "patrol_grid", city.north, box(120.05, 23.0, 120.15, 23.1).wkb),
        ],
        "test",
        NOW,
    )
    forget()
    return city


def reported(people: dict[str, Actor], name: str, lon: float, lat: float) -> str:
    content = {"channel": "12345", "external_id": name, "text": "垃圾", "lon": lon, "lat": lat}
    return receive(read(content, current_city().calendar.time_zone, NOW), people["hotline"], NOW).number


def facts(number: str) -> dict[str, str]:
    return Case.objects.get(number=number).facts


def officer(area: str) -> Actor:
    """An operator whose post is for an area."""
    accounts.create_account(f"o-{area}", "坐席", None, "test", NOW)
    accounts.appoint(f"o-{area}", "operator", "centre", area, "test", NOW)
    return actor_of(Account.objects.get(username=f"o-{area}"))


def test_a_case_keeps_every_area_that_contains_it(streets: SmallCity, people: dict[str, Actor]) -> None:
    within = facts(reported(people, "a", 120.07, 23.02))
    assert {name: within.get(name) for name in ("district", "street", "community", "unit_grid", "grids")} == {
        "district": streets.north, "street": STREET, "community": WEST, "unit_grid": GRID, "grids": "patrol_grid:P1"
    }  # fmt: skip
    outside_street = facts(reported(people, "b", 120.17, 23.02))
    assert outside_street["community"] == EAST and not {"street", "unit_grid", "grids"} & outside_street.keys()


def test_areas_that_have_ended_get_no_new_cases_and_keep_those_they_had(
    streets: SmallCity, people: dict[str, Actor]
) -> None:
    before = reported(people, "a", 120.07, 23.02)
    area_actions.set_area_rows([{"code": GRID, "valid_until": date(2026, 11, 20)}], "test", NOW)
    forget()
    after = reported(people, "b", 120.07, 23.02)
    assert facts(before)["unit_grid"] == GRID and "unit_grid" not in facts(after)
    assert facts(after)["community"] == WEST


@pytest.mark.parametrize(
    ("area", "seen"),
    [
        (STREET, {"grid", "west"}),
        (WEST, {"grid", "west"}),
        (GRID, {"grid"}),
        (PATROL, {"grid", "across"}),
        ("671001", {"grid", "west", "across", "east"}),
        ("671002", {"south"}),
    ],
)
def test_a_post_for_an_area_sees_and_handles_the_cases_in_it_and_no_others(
    streets: SmallCity, people: dict[str, Actor], area: str, seen: set[str]
) -> None:
    places = {"grid": (120.07, 23.02), "west": (120.02, 23.07), "across": (120.12, 23.02), "east": (120.17, 23.02)}
    places["south"] = streets.inside_south
    numbers = {name: reported(people, name, *place) for name, place in places.items()}
    names = {number: name for name, number in numbers.items()}
    who = officer(area)
    assert {names[row.number] for row in cases(who, CaseFilters(), None).rows} == seen
    assert {names[row.number] for row in queue(who, QueueFilters(), None, NOW).rows} == seen
    for name, number in numbers.items():
        if name in seen:
            assert case_page(who, number, NOW).offers
        else:
            with pytest.raises(NotFound):
                case_page(who, number, NOW)


def test_a_street_sees_the_cases_that_were_there_before_it(city: SmallCity, people: dict[str, Actor]) -> None:
    old = reported(people, "old", 120.05, 23.02)
    rows = [
        {"code": STREET, "name": "北街", "level": "street", "parent": city.north, "shape": current_city().shapes[WEST]}
    ]
    area_actions.set_area_rows([*rows, {"code": WEST, "parent": STREET}], "test", NOW)
    forget()
    who = officer(STREET)
    assert "street" not in facts(old)
    assert [row.number for row in cases(who, CaseFilters(), None).rows] == [old]
    act(old, "accept", 1, who, {"category": "06010", "district": city.north}, None, NOW)
    assert Case.objects.get(number=old).stage != "reported"


def test_a_token_of_a_post_for_a_street_covers_the_same(streets: SmallCity) -> None:
    who = officer(STREET)
    token = accounts.make_token(f"o-{STREET}", "test", NOW)
    bearer = actor_by_token(token)
    assert bearer is not None and bearer.posts[0].below == who.posts[0].below == frozenset({WEST})


def test_the_queue_of_a_street_needs_no_more_queries_than_that_of_a_district(
    streets: SmallCity, people: dict[str, Actor]
) -> None:
    for number in range(3):
        reported(people, f"{number}", 120.07, 23.02)
    counts = []
    for who in (officer(STREET), officer("671001")):
        with CaptureQueriesContext(connection) as captured:
            queue(who, QueueFilters(), None, NOW)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_smaller_areas_are_dropped_when_another_district_is_chosen(
    streets: SmallCity, people: dict[str, Actor]
) -> None:
    number = reported(people, "a", 120.07, 23.02)
    act(number, "accept", 1, people["operator"], {"category": "06010", "district": streets.south}, None, NOW)
    found = facts(number)
    assert found["district"] == streets.south
    assert [found[name] for name in ("street", "community", "unit_grid", "grids")] == ["", "", "", ""]
    assert not cases(officer(STREET), CaseFilters(), None).rows


def test_smaller_areas_stay_when_the_same_district_is_chosen(streets: SmallCity, people: dict[str, Actor]) -> None:
    number = reported(people, "a", 120.07, 23.02)
    act(number, "accept", 1, people["operator"], {"category": "06010", "district": streets.north}, None, NOW)
    assert facts(number)["unit_grid"] == GRID and facts(number)["grids"] == "patrol_grid:P1"


def test_a_post_for_a_street_begins_cases_there_and_nowhere_else(streets: SmallCity) -> None:
    accounts.create_account("s", "街道", None, "test", NOW)
    accounts.appoint("s", "street_officer", "street", STREET, "test", NOW)
    who = actor_of(Account.objects.get(username="s"))
    inputs = {"text": "背街小巷积水", "district": streets.north, "units": "roads parks"}
    assert facts(begin_case("whistle", who, inputs, "r1", clock.now()))["street"] == STREET
    with pytest.raises(NotAllowed, match="another area"):
        begin_case("whistle", who, {**inputs, "district": streets.south}, "r2", clock.now())


def test_the_indexes_are_kept_while_no_area_changes(streets: SmallCity) -> None:
    places = current_city().places
    organisation.enter_units({"lamps": "路灯所"}, "test", NOW)
    revision.ask_again()
    assert "lamps" in current_city().units and current_city().places is places
    area_actions.set_area_rows([{"code": PATROL, "name": "巡查一"}], "test", NOW)
    revision.ask_again()
    assert current_city().areas[PATROL].name == "巡查一" and current_city().places is not places
