"""Signing in: who gets in, and what the others see."""

import pytest
from django.test import Client

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


def test_signing_out_closes_the_door(signed_in: As) -> None:
    client = signed_in("operator")
    client.post("/sign-out/")
    assert client.get("/queue/").status_code == 302


def test_an_address_without_a_page_is_a_designed_page(signed_in: As) -> None:
    answer = signed_in("operator").get("/nowhere/")
    assert answer.status_code == 404
    assert "返回工作台" in Page(answer.content).text
