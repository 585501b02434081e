"""Signing in: who gets in, and what the others see."""

import pytest
import pytest_django
from django.test import Client

from cityloop.registry.models import Account
from cityloop.registry.people import proof
from cityloop.runtime.models import Event
from example import PASSWORD, SmallCity
from screens.conftest import HTMX, As, Page

PAGES = ("/queue/", "/cases/", "/cases/202611200000000001/", "/reports/new/", "/figures/districts/")
WRITES = ("/cases/202611200000000001/act/", "/cases/202611200000000001/reporter/", "/reports/new/")


@pytest.mark.parametrize("address", PAGES)
def test_nobody_sees_a_page_before_signing_in(city: SmallCity, address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in/?next={address}"


@pytest.mark.parametrize("address", WRITES)
def test_nobody_writes_before_signing_in(city: SmallCity, address: str) -> None:
    assert Client().post(address, {}).status_code == 302


def test_a_fragment_asked_for_after_the_session_ended_moves_the_whole_browser_to_the_door(city: SmallCity) -> None:
    answer = Client().post(WRITES[0], {}, **HTMX)
    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith("/sign-in/")
    assert answer.content == b""


def test_the_right_password_opens_the_workbench(city: SmallCity) -> None:
    client = Client()
    answer = client.post("/sign-in/", {"username": "operator", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1] == ("/queue/", 302)
    assert "工作台" in Page(answer.content).text


def test_a_wrong_password_is_refused_and_the_name_is_kept(city: SmallCity) -> None:
    answer = Client().post("/sign-in/", {"username": "operator", "password": "wrong"})
    assert "用户名或密码不正确" in Page(answer.content).text
    assert 'value="operator"' in answer.content.decode()


def test_a_password_hashed_by_a_weaker_method_is_hashed_again_by_an_event_and_the_session_holds(
    city: SmallCity, settings: pytest_django.Settings
) -> None:
    strong = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    settings.PASSWORD_HASHERS = [strong, "django.contrib.auth.hashers.MD5PasswordHasher"]
    for times in (1, 1):  # the second sign-in has nothing to do
        client = Client()
        client.post("/sign-in/", {"username": "operator", "password": PASSWORD})
        assert client.get("/queue/").status_code == 200
        assert Event.objects.filter(name="PasswordRehashed").count() == times
    assert Account.objects.get(username="operator").password.startswith("pbkdf2_")
    assert list(proof.findings()) == []


def test_signing_out_closes_the_door(signed_in: As) -> None:
    client = signed_in("operator")
    client.post("/sign-out/")
    assert client.get("/queue/").status_code == 302


def test_an_address_without_a_page_is_a_designed_page(signed_in: As) -> None:
    answer = signed_in("operator").get("/nowhere/")
    assert answer.status_code == 404
    assert "返回工作台" in Page(answer.content).text
