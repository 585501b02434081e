"""Units, duties, rosters, posts and accounts: what is refused, what is reported, and that everything is recorded."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import authenticate

from cityloop.core.errors import Fault, Invalid, NotFound, NotPossible
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.responsibility import DutyCount, FacilityRole, FacilityUnits, Skipped
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.history.changes import undo
from cityloop.registry.models import Account, Appointment, Facility, Unit
from cityloop.registry.names import area_names, class_names, role_names, unit_names
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.organisation.actors import actor_by_token, actor_of, facility_units, forget_bearers, on_duty
from cityloop.registry.people import accounts
from cityloop.runtime.models import Event
from example import NOW, SmallCity

NORTH = {"district": "671001", "community": "671001000001"}


def renewed() -> City:
    forget()
    return current_city()


def faults(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in refused.value.faults]


def events_of(username: str) -> list[str]:
    stream = accounts.stream(Account.objects.get(username=username))
    return list(Event.objects.filter(stream=stream).order_by("seq").values_list("name", flat=True))


def test_units_that_belong_to_each_other_in_a_ring_are_refused_by_name(city: SmallCity) -> None:
    rows = [{"code": "a", "name": "甲", "parent": "c"}, {"code": "b", "name": "乙", "parent": "a"}]
    rows.append({"code": "c", "name": "丙", "parent": "b"})
    with pytest.raises(Invalid) as refused:
        organisation.set_units(rows, "test", NOW)
    assert Fault("parent", "units-in-a-ring", {"units": "甲 → 丙 → 乙 → 甲"}) in refused.value.faults
    assert not Unit.objects.filter(code="a").exists()


def test_a_ring_through_a_unit_that_is_known_is_found(city: SmallCity) -> None:
    organisation.set_units([{"code": "crew", "name": "一队", "parent": "roads"}], "test", NOW)
    with pytest.raises(Invalid) as refused:
        organisation.set_units([{"code": "roads", "parent": "crew"}], "test", NOW)
    assert refused.value.faults[0].values == {"units": "市政养护处 → 一队 → 市政养护处"}


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"credit_code": "91350100M000100Y44"}, "credit_code", "not-a-credit-code"),
        ({"kind": "planet"}, "kind", "unknown-choice"),
        ({"parent": "nobody"}, "parent", "unknown-unit"),
        ({"name": ""}, "name", "required"),
        ({"name": "甲\x00"}, "name", "unreadable-character"),
        ({"name": "甲" * 201}, "name", "too-long"),
    ],
)
def test_a_unit_that_cannot_be_is_refused(city: SmallCity, values: dict[str, str], field: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        organisation.set_units([{"code": "new", "name": "新", **values}], "test", NOW)
    assert faults(refused) == [(field, code)]


def test_a_name_of_two_units_is_reported_and_means_neither(city: SmallCity) -> None:
    rows = [{"code": "roads-2", "name": "市政养护处", "aliases": ["二处"]}]
    assert organisation.doubled_names(rows) == ["市政养护处 is the name of 2 units: roads, roads-2"]
    organisation.set_units(rows, "test", NOW)
    assert unit_names().code("二处") == "roads-2"
    with pytest.raises(InvalidValue) as refused:
        unit_names().code("市政养护处")
    assert (refused.value.code, refused.value.values) == ("ambiguous", {"values": "roads, roads-2"})


def test_areas_roles_and_classes_are_found_by_what_they_are_called(city: SmallCity) -> None:
    here = renewed()
    assert area_names(here).code("北区第1社区") == "671001000001"
    assert (role_names(here).code("处置人员"), role_names(here).code("Handler")) == ("handler", "handler")
    classes = class_names(here)
    name = here.categories["06010"].name
    assert (classes.meant(""), classes.meant("06"), classes.meant("06010"), classes.meant(name)) == (
        "",
        "06",
        "06010",
        "06010",
    )
    assert classes.meant("01001", "component") == "component:01001"
    assert classes.meant(here.categories["06010"].major) == "06"
    for words, code in (("99999", "no-class-begins-with"), ("火星", "unknown-class")):
        with pytest.raises(InvalidValue) as refused:
            classes.meant(words)
        assert (refused.value.code, refused.value.values) == (code, {"value": words})


def test_a_facilitys_own_units_come_first_and_those_closed_are_passed_over(city: SmallCity) -> None:
    Facility.objects.create(
        code="F1",
        catalogue="c",
        category="01037",
        name="路灯",
        maintainer="lamps",
        owner="parks",
        authority="没有编码的局",
    )
    organisation.set_units([{"code": "lamps", "name": "路灯所"}], "test", NOW)
    units = facility_units("F1")
    assert units == FacilityUnits("lamps", "parks", "没有编码的局")
    assert facility_units("F2") == facility_units(None) == FacilityUnits()
    assert renewed().unit_on_duty("06010", NORTH, units) == "lamps"
    organisation.set_units([{"code": "lamps", "is_active": False}], "test", NOW)
    answer = renewed().responsible("06010", NORTH, units)
    assert (answer.unit, answer.first[0].role) == ("parks", FacilityRole.OWNER)
    assert [(ground.unit, why) for ground, why in answer.skipped] == [("lamps", Skipped.CLOSED)]


def test_where_two_units_have_the_same_duty_none_is_chosen(city: SmallCity) -> None:
    rows = [{"category": "06010", "area": city.north, "unit": unit} for unit in ("roads", "parks")]
    organisation.set_duties(rows, "test", NOW, city=renewed())
    here = renewed()
    assert here.responsible("06010", NORTH).standing is DutyCount.MANY
    assert here.unit_on_duty("06010", NORTH) is None
    assert here.unit_on_duty("06010", {"district": city.south}) == "roads"


def test_a_duty_of_a_department_is_not_entered_for_a_community(city: SmallCity) -> None:
    organisation.set_units([{"code": "north-1", "name": "一社区", "kind": "community"}], "test", NOW)
    own = {"category": "06", "area": "671001000001", "unit": "north-1"}
    listed = {"category": "06", "area": city.north, "unit": "roads", "is_listed": True, "basis": "某条例"}
    here = renewed()
    organisation.set_duties([own], "test", NOW, city=here)
    organisation.set_duties([listed], "test", NOW, city=here)
    with pytest.raises(Invalid) as refused:
        organisation.set_duties([{**own, "category": "06010"}], "test", NOW, city=here)
    assert refused.value.faults == (Fault("unit", "listed-for-department", {"unit": "市政养护处 (某条例)"}),)
    # Where it has nothing but a wider duty of its own, the list is nearer.
    answer = renewed().responsible("06010", NORTH)
    assert (answer.unit, [why for _, why in answer.skipped]) == ("roads", [Skipped.LISTED])
    organisation.set_duties([{**own, "category": "07001"}], "test", NOW, city=here)


def test_who_is_on_duty_now_is_who_the_roster_says(city: SmallCity) -> None:
    def row(username: str, first: datetime, hours: int) -> dict[str, object]:
        return organisation.shift("roads", "handler", username, first, first + timedelta(hours=hours), "夜班")

    night = NOW.replace(hour=12)
    rows = [row("roads", NOW - timedelta(hours=2), 4), row("roads2", night, 12), row("parks", night, 1)]
    number = organisation.set_shifts(rows, "test", NOW).number
    assert [person.username for person in on_duty("roads", "handler", NOW)] == ["roads"]
    assert [person.username for person in on_duty("roads", "handler", night + timedelta(hours=11))] == ["roads2"]
    assert on_duty("roads", "handler", NOW + timedelta(hours=2)) == ()
    assert on_duty("parks", "handler", NOW) == ()
    assert number
    undo(number, "test", NOW)
    assert on_duty("roads", "handler", NOW) == ()


def test_a_person_on_two_shifts_at_once_is_reported_and_a_shift_that_ends_first_refused(city: SmallCity) -> None:
    first = organisation.shift("roads", "handler", "roads", NOW, NOW + timedelta(hours=12), "")
    organisation.set_shifts([first], "test", NOW)
    later = organisation.shift("parks", "handler", "roads", NOW + timedelta(hours=11), NOW + timedelta(hours=13), "")
    after = organisation.shift("parks", "handler", "roads", NOW + timedelta(hours=13), NOW + timedelta(hours=14), "")
    notices = organisation.overlaps([later, after])
    assert notices == ["roads is on two shifts at once: roads until 2026-11-20 22:00, parks from 2026-11-20 21:00"]
    assert organisation.overlaps([after]) == []
    for ends_at, code in ((NOW, "ends-before-it-begins"), (NOW + timedelta(days=8), "shift-too-long")):
        with pytest.raises(Invalid) as refused:
            organisation.set_shifts([{**first, "ends_at": organisation.spelled(ends_at)}], "test", NOW)
        assert faults(refused) == [("ends_at", code)]


def test_a_post_that_is_ended_gives_no_right_any_more_and_is_recorded(city: SmallCity) -> None:
    accounts.end_appointment("roads", "handler", "roads", None, "test", NOW)
    assert actor_of(Account.objects.get(username="roads")).posts == ()
    assert events_of("roads")[-1] == "AppointmentEnded"
    with pytest.raises(NotFound) as refused:
        accounts.end_appointment("roads", "handler", "roads", None, "test", NOW)
    assert refused.value.code == "no-such-post"


def test_an_account_that_is_ended_neither_signs_in_nor_reports(city: SmallCity) -> None:
    from example import PASSWORD

    token = accounts.make_token("roads", "test", NOW)
    assert authenticate(username="roads", password=PASSWORD)
    assert accounts.end_account("roads", "test", NOW) is True
    assert accounts.end_account("roads", "test", NOW) is False
    forget_bearers()
    assert authenticate(username="roads", password=PASSWORD) is None
    assert actor_by_token(token) is None
    assert Appointment.objects.filter(account__username="roads").exists()
    accounts.reopen_account("roads", "test", NOW)
    forget_bearers()
    assert authenticate(username="roads", password=PASSWORD)
    assert actor_by_token(token) is None
    assert events_of("roads")[-3:] == ["TokensRevoked", "AccountEnded", "AccountReopened"]


def test_the_last_administrator_stays(city: SmallCity) -> None:
    for ending in (
        lambda: accounts.end_appointment("administrator", "administrator", "centre", None, "test", NOW),
        lambda: accounts.end_account("administrator", "test", NOW),
    ):
        with pytest.raises(NotPossible) as refused:
            ending()
        assert refused.value.code == "last-administrator"
    assert Account.objects.get(username="administrator").is_active
    accounts.appoint("leader", "administrator", "centre", None, "test", NOW)
    accounts.end_account("administrator", "test", NOW)


def test_a_telephone_is_kept_encrypted_and_showing_it_is_recorded(city: SmallCity) -> None:
    accounts.create_account("new", "新人", None, "test", NOW, phone="12012345678")
    kept = Account.objects.get(username="new").phone
    assert "12012345678" not in kept
    assert accounts.show_phone("new", "test", NOW) == "12012345678"
    assert accounts.change_account("new", "test", NOW, phone="12012345678") is False
    assert accounts.change_account("new", "test", NOW, phone="") is True
    assert accounts.show_phone("new", "test", NOW) == ""
    assert events_of("new") == ["AccountCreated", "TelephoneShown", "AccountChanged"]
    event = Event.objects.filter(name="AccountChanged").get()
    assert event.payload["fields"] == ["phone"]


def test_a_sign_in_secret_sets_a_password_once(city: SmallCity) -> None:
    accounts.create_account("new", "新人", None, "test", NOW)
    secret = accounts.make_sign_in_secret("new", "test", NOW)
    with pytest.raises(Invalid) as refused:
        accounts.use_secret(secret, "9481736", NOW)
    codes = ["password-too-short", "password-entirely-numeric"]
    assert faults(refused) == [("password", code) for code in codes]
    assert refused.value.faults[0].reason == "A password has at least 8 characters."
    accounts.use_secret(secret, "right-horse-9", NOW)
    assert authenticate(username="new", password="right-horse-9")
    with pytest.raises(NotFound):
        accounts.use_secret(secret, "left-horse-99", NOW)
    assert accounts.account_by_secret("1-x") is None
    assert accounts.account_by_secret("99999999999-x") is None


def test_a_sign_in_secret_of_an_ended_account_does_not_work(city: SmallCity) -> None:
    accounts.create_account("new", "新人", None, "test", NOW)
    secret = accounts.make_sign_in_secret("new", "test", NOW)
    accounts.end_account("new", "test", NOW)
    assert accounts.account_by_secret(secret) is None
    with pytest.raises(NotPossible) as refused:
        accounts.make_sign_in_secret("new", "test", NOW)
    assert refused.value.code == "cannot-sign-in"
