"""Sign-in is locked after failures: who is locked, for how long, what they read, and who is not."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client

from cityloop.core.errors import Locked
from cityloop.registry.models import Account, FailedSignIns
from cityloop.registry.people import accounts, lockouts
from cityloop.runtime.models import Event
from example import NOW, PASSWORD, SmallCity
from screens.conftest import As, Page

SHOWN = "登录失败次数过多"
Try = Callable[..., HttpResponse]


def tried(username: str = "operator", password: str = "wrong", **headers: str) -> HttpResponse:
    return Client().post("/sign-in/", {"username": username, "password": password}, **headers)


def failed(times: int, username: str, address: str, at: datetime = NOW) -> None:
    for _ in range(times):
        try:
            lockouts.guarded(username, address, at, lambda: None)
        except Locked:
            continue


def test_five_wrong_passwords_lock_a_person_at_an_address_and_the_right_one_does_not_help(city: SmallCity) -> None:
    assert [tried().status_code for _ in range(4)] == [200] * 4
    fifth, right = tried(), tried(password=PASSWORD)
    assert [answer.status_code for answer in (fifth, right)] == [429, 429]
    assert 590 < int(fifth["Retry-After"]) <= 600
    assert SHOWN in Page(right.content).text
    assert 'value="operator"' in right.content.decode()
    assert tried("dispatcher", PASSWORD).status_code == 302  # a colleague at the same address gets in


def test_a_lock_is_one_event_which_has_neither_the_password_nor_the_address(city: SmallCity) -> None:
    for _ in range(8):
        tried(password="summer-2026")
    (event,) = Event.objects.filter(name="SignInLocked")
    account = Account.objects.get(username="operator")
    assert (event.stream, event.payload) == (accounts.stream(account), {"everywhere": False})


def test_names_that_nobody_has_are_answered_in_the_same_way_and_are_no_event(city: SmallCity) -> None:
    known, unknown = ([tried(name) for _ in range(6)] for name in ("operator", "nobody-of-us"))
    assert [answer.status_code for answer in known] == [answer.status_code for answer in unknown]
    texts = [Page(answers[-1].content).text for answers in (known, unknown)]
    assert texts[0] == texts[1]
    assert Event.objects.filter(name="SignInLocked").count() == 1


def test_the_right_password_ends_the_counting(city: SmallCity) -> None:
    for _ in range(3):
        for _ in range(4):
            tried()
        assert tried(password=PASSWORD).status_code == 302


def test_a_right_password_that_is_still_looked_at_is_no_failure(city: SmallCity) -> None:
    """Two clicks after four typos: the second says that it has to wait, and locks nobody."""
    failed(4, "operator", "192.0.2.1")

    def clicked_again() -> bool:
        with pytest.raises(Locked):
            lockouts.guarded("operator", "192.0.2.1", NOW, lambda: True)
        return True

    assert lockouts.guarded("operator", "192.0.2.1", NOW, clicked_again)
    assert lockouts.locked_until("operator", NOW) is None
    assert not Event.objects.filter(name="SignInLocked").exists()


def test_what_strangers_guess_does_not_keep_somebody_signed_in_from_the_own_account(city: SmallCity) -> None:
    client = Client()
    client.post("/sign-in/", {"username": "operator", "password": PASSWORD})
    for number in range(101):
        tried(f"guess-{number}")
        tried("operator")
    assert tried("dispatcher", PASSWORD).status_code == 429
    form = {"former": PASSWORD, "password": "three-lamps-9", "again": "three-lamps-9"}
    assert client.post("/account/password/", form).status_code == 200
    assert Account.objects.get(username="operator").check_password("three-lamps-9")
    refused = [client.post("/account/password/", {**form, "former": "wrong"}).status_code for _ in range(6)]
    assert refused[-1] == 429


def test_the_lock_of_an_address_can_be_lifted(city: SmallCity) -> None:
    for number in range(101):
        failed(1, f"guess-{number}", "192.0.2.1")
    with pytest.raises(Locked):
        lockouts.guarded("operator", "192.0.2.1", NOW, lambda: True)
    assert lockouts.lift_address("192.0.2.1", "test", NOW)
    assert lockouts.guarded("operator", "192.0.2.1", NOW, lambda: True)
    assert not lockouts.lift_address("192.0.2.1", "test", NOW)
    assert Event.objects.filter(stream="sign-in").last().name == "AddressUnlocked"  # type: ignore[union-attr]


def test_a_lock_ends_after_ten_minutes_and_failures_count_for_a_quarter_of_an_hour(city: SmallCity) -> None:
    failed(5, "operator", "192.0.2.1")
    with pytest.raises(Locked):
        lockouts.guarded("operator", "192.0.2.1", NOW + timedelta(minutes=9, seconds=59), lambda: True)
    assert lockouts.guarded("operator", "192.0.2.1", NOW + timedelta(minutes=10), lambda: True)
    failed(4, "operator", "192.0.2.2")
    failed(4, "operator", "192.0.2.2", NOW + timedelta(minutes=15))
    assert lockouts.guarded("operator", "192.0.2.2", NOW + timedelta(minutes=15), lambda: True)


def test_one_person_is_locked_everywhere_after_thirty_failures_and_an_address_after_a_hundred(city: SmallCity) -> None:
    for number in range(10):
        failed(4, "operator", f"192.0.2.{number}")
    with pytest.raises(Locked):
        lockouts.guarded("operator", "198.51.100.7", NOW, lambda: True)
    assert Event.objects.get(name="SignInLocked").payload == {"everywhere": True}
    for number in range(100):
        failed(1, f"guess{number}", "203.0.113.5")
    with pytest.raises(Locked):
        lockouts.guarded("dispatcher", "203.0.113.5", NOW, lambda: True)
    assert Event.objects.get(name="AddressLocked").payload == {"address": "203.0.113.5"}
    assert lockouts.guarded("dispatcher", "203.0.113.6", NOW, lambda: True)


def test_guesses_during_a_lock_neither_make_it_longer_nor_lock_the_person_elsewhere(city: SmallCity) -> None:
    failed(200, "operator", "192.0.2.1")
    assert lockouts.guarded("operator", "192.0.2.2", NOW, lambda: True)
    assert lockouts.locked_until("operator", NOW) == NOW + timedelta(minutes=10)


def test_addresses_of_one_ipv6_network_are_one(city: SmallCity) -> None:
    for number in range(5):
        failed(1, "operator", f"2001:db8:1:2::{number}")
    with pytest.raises(Locked):
        lockouts.guarded("operator", "2001:db8:1:2:ffff::9", NOW, lambda: True)
    assert lockouts.guarded("operator", "2001:db8:1:3::9", NOW, lambda: True)


def test_an_address_that_a_browser_invents_does_not_help_without_a_proxy_nor_before_one(
    city: SmallCity, settings: object
) -> None:
    for count, real in ((0, ""), (1, ", 203.0.113.9")):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = count  # type: ignore[attr-defined]
        answers = [tried(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}{real}") for number in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert tried(HTTP_X_FORWARDED_FOR="203.0.113.10", password=PASSWORD).status_code == 302


def test_only_a_city_behind_a_proxy_believes_its_header(settings: object) -> None:
    assert settings.CITYLOOP.origin == ""  # type: ignore[attr-defined]
    assert settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0  # type: ignore[attr-defined]


def test_wrong_passwords_on_ones_own_page_are_counted_as_well(signed_in: As) -> None:
    client = signed_in("operator")
    form = {"former": "wrong", "password": "another-horse-9", "again": "another-horse-9"}
    assert [client.post("/account/password/", form).status_code for _ in range(5)] == [422] * 4 + [429]
    assert client.post("/account/password/", {**form, "former": PASSWORD}).status_code == 429
    assert tried(password=PASSWORD).status_code == 302


def test_an_administrator_lifts_a_lock(signed_in: As) -> None:
    failed(5, "roads", "127.0.0.1", at=lockouts_now())
    client = signed_in("administrator")
    assert "锁定至" in Page(client.get("/settings/people/of/roads/").content).text
    client.post("/settings/people/of/roads/unlock/")
    assert tried("roads", PASSWORD).status_code == 302
    assert Event.objects.filter(name="SignInUnlocked").count() == 1


def test_nothing_of_a_name_that_was_typed_is_kept(city: SmallCity) -> None:
    tried("my-password-in-the-wrong-box")
    assert not any("my-password" in row.person for row in FailedSignIns.objects.all())


def lockouts_now() -> datetime:
    from cityloop.runtime.clock import now

    return now()
