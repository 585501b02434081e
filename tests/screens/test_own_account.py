"""One's own account: password, second factor, sessions; and what an administrator does about them."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from cityloop.presentation.account.own_account import browser_words
from cityloop.registry.models import Account
from cityloop.registry.people import accounts, proof, second_factor
from cityloop.runtime import clock
from cityloop.runtime.models import Event
from example import PASSWORD, SmallCity, code_at
from screens.conftest import As, Page

NEW = "another-horse-9"


@pytest.fixture
def hour(monkeypatch: pytest.MonkeyPatch) -> "Hour":
    return Hour(monkeypatch)


class Hour:
    """The machine's clock, moved from code to code: none is accepted twice."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = clock.now()
        for module in ("signing_in", "factor_views"):
            monkeypatch.setattr(f"cityloop.presentation.account.{module}.now", lambda: self.at)

    def code(self, secret: str) -> str:
        self.at += timedelta(seconds=60)
        return code_at(secret, self.at)


def entered(username: str = "operator", password: str = PASSWORD, agent: str = "") -> Client:
    client = Client(HTTP_USER_AGENT=agent)
    client.post("/sign-in/", {"username": username, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/queue/").status_code == 200


def confirmed(client: Client, address: str) -> str:
    """Give the password again and return the page that asked for it."""
    asked = client.get(address)
    assert asked["Location"].startswith("/account/confirm/?next=")
    assert f'name="next" value="{address}"' in client.get(asked["Location"]).content.decode()
    answer = client.post(asked["Location"], {"password": PASSWORD, "next": address}, follow=True)
    return answer.content.decode()


def give_again(client: Client) -> None:
    """Give the password again before something that needs it."""
    answer = client.post("/account/confirm/", {"password": PASSWORD, "next": "/settings/people/"})
    assert answer["Location"] == "/settings/people/"


def with_factor(client: Client, hour: Hour) -> tuple[str, list[str]]:
    """Set up a second factor as a person does; return its secret and the recovery codes."""
    page = confirmed(client, "/account/second-factor/")
    found = re.search(r'<code class="cl-breakable">([A-Z2-7 ]+)</code>', page)
    assert found
    secret = found[1].replace(" ", "")
    codes = client.post("/account/second-factor/", {"code": hour.code(secret)}).content.decode()
    return secret, re.findall(r"<li><code>(\d+)</code></li>", codes)


def names_of(username: str) -> list[str]:
    stream = accounts.stream(Account.objects.get(username=username))
    return list(Event.objects.filter(stream=stream).order_by("seq").values_list("name", flat=True))


def test_a_changed_password_is_an_event_ends_the_other_sessions_and_keeps_this_one(city: SmallCity) -> None:
    here, elsewhere = entered(), entered()
    answer = here.post("/account/password/", {"former": PASSWORD, "password": NEW, "again": NEW})
    assert "密码已修改" in Page(answer.content).text
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert names_of("operator")[-2:] == ["PasswordSet", "SessionsEnded"]
    assert len(re.findall("<tr>", here.get("/account/").content.decode())) == 2  # the head and this session
    assert is_in(entered(password=NEW))
    assert list(proof.findings()) == []


@pytest.mark.parametrize(
    "form",
    [
        {"former": "wrong", "password": NEW, "again": NEW},
        {"former": PASSWORD, "password": NEW, "again": "x"},
        {"former": PASSWORD, "password": "operator-2026", "again": "operator-2026"},
        {"former": PASSWORD, "password": "20261120", "again": "20261120"},
    ],
)
def test_a_password_that_is_not_allowed_changes_nothing(city: SmallCity, form: dict[str, str]) -> None:
    client = entered()
    assert client.post("/account/password/", form).status_code == 422
    assert is_in(entered())


def test_sessions_are_listed_with_their_browser_and_ended_one_by_one_or_all(city: SmallCity) -> None:
    here = entered(agent="Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537")
    phone, third = entered(agent="Mozilla/5.0 (iPhone) MicroMessenger/8"), entered()
    page = here.get("/account/").content.decode()
    assert "Chrome · Windows" in page
    assert "微信 WeChat · iPhone" in page
    number = re.search(r'value="(\d+)" aria-label="[^"]*WeChat', page)
    assert number
    here.post("/account/sessions/end/", {"number": number[1]})
    assert (is_in(here), is_in(phone), is_in(third)) == (True, False, True)
    here.post("/account/sessions/end/")
    assert (is_in(here), is_in(third)) == (True, False)


def test_nobody_ends_the_session_of_somebody_else(city: SmallCity) -> None:
    other = entered("dispatcher")
    page = entered("dispatcher").get("/account/").content.decode()
    number = re.search(r'name="number" value="(\d+)"', page)
    assert number
    entered().post("/account/sessions/end/", {"number": number[1]})
    assert is_in(other)


def test_signing_out_takes_the_session_off_the_list(city: SmallCity) -> None:
    here, other = entered(), entered()
    other.post("/sign-out/")
    assert 'name="number"' not in here.get("/account/").content.decode()


def test_a_second_factor_is_asked_for_at_each_sign_in_and_each_code_works_once(city: SmallCity, hour: Hour) -> None:
    secret, codes = with_factor(entered(), hour)
    assert len(codes) == 10
    assert secret not in Authenticator.objects.get(type="totp").data["secret"]
    client = entered()
    assert not is_in(client)
    code = hour.code(secret)
    assert "验证码" in Page(client.post("/sign-in/code/", {"code": "000000"}).content).text
    assert client.post("/sign-in/code/", {"code": f"{code[:3]} {code[3:]}"})["Location"] == "/queue/"
    assert is_in(client)
    again = entered()
    again.post("/sign-in/code/", {"code": code})
    assert not is_in(again)
    assert list(proof.findings()) == []


def test_a_sign_in_that_waits_for_its_code_ends_when_the_password_is_changed(city: SmallCity, hour: Hour) -> None:
    secret, _ = with_factor(entered(), hour)
    waiting = entered()
    accounts.set_password("operator", NEW, "test", clock.now())
    assert waiting.post("/sign-in/code/", {"code": hour.code(secret)})["Location"] == "/sign-in/"
    assert not is_in(waiting)


def test_a_recovery_code_lets_in_once_and_is_an_event(city: SmallCity, hour: Hour) -> None:
    _, codes = with_factor(entered(), hour)
    for expected in (True, False):
        client = entered()
        client.post("/sign-in/code/", {"code": codes[0]})
        assert is_in(client) is expected
    assert names_of("operator").count("RecoveryCodeUsed") == 1
    assert list(proof.findings()) == []


def test_five_wrong_codes_lock_even_who_knows_the_password(city: SmallCity, hour: Hour) -> None:
    secret, _ = with_factor(entered(), hour)
    client = entered()
    met = [client.post("/sign-in/code/", {"code": f"00000{number}"}).status_code for number in range(5)]
    assert met == [200] * 4 + [429]
    assert client.post("/sign-in/code/", {"code": hour.code(secret)}).status_code == 429
    assert not is_in(client)


def test_the_password_in_between_does_not_forget_wrong_codes(city: SmallCity, hour: Hour) -> None:
    with_factor(entered(), hour)
    met = []
    for number in range(5):
        client = entered()
        met.append(client.post("/sign-in/code/", {"code": f"00000{number}"}).status_code)
    assert met == [200] * 4 + [429]


def test_the_second_factor_is_changed_only_by_who_gives_the_password_again(city: SmallCity, hour: Hour) -> None:
    with_factor(entered(), hour)
    account = Account.objects.get(username="operator")
    client = Client()
    client.force_login(account)
    asked = client.post("/account/second-factor/remove/")
    assert asked["Location"].startswith("/account/confirm/")
    assert second_factor.is_set(account)
    assert "再点一次" in client.get(asked["Location"]).content.decode()
    client.post(asked["Location"], {"password": "wrong", "next": "/account/"})
    client.post("/account/second-factor/remove/")
    assert second_factor.is_set(account)
    assert client.post(asked["Location"], {"password": PASSWORD, "next": "/account/"})["Location"] == "/account/"
    client.post("/account/second-factor/remove/")
    assert not second_factor.is_set(account)
    assert names_of("operator")[-1] == "SecondFactorRemoved"
    assert list(proof.findings()) == []


def test_new_recovery_codes_replace_the_former_ones(city: SmallCity, hour: Hour) -> None:
    client = entered()
    _, former = with_factor(client, hour)
    page = client.post("/account/second-factor/codes/").content.decode()
    assert not set(former) & set(re.findall(r"<li><code>(\d+)</code></li>", page))
    assert not second_factor.use_code("operator", former[0], hour.at)
    assert list(proof.findings()) == []


def test_an_administrator_sees_and_removes_a_second_factor_and_ends_sessions(city: SmallCity, hour: Hour) -> None:
    person, administrator = entered(), entered("administrator")
    with_factor(person, hour)
    page = Page(administrator.get("/settings/people/of/operator/").content).text
    assert "启用于" in page
    give_again(administrator)
    administrator.post("/settings/people/of/operator/remove-second-factor/")
    administrator.post("/settings/people/of/operator/end-sessions/")
    assert not is_in(person)
    assert is_in(entered())
    assert {"SecondFactorRemoved", "SessionsEnded"} <= set(names_of("operator"))


@pytest.mark.parametrize("action", ["link", "remove-second-factor"])
def test_a_browser_left_open_does_not_let_an_administrator_be_robbed_of_an_account(
    city: SmallCity, hour: Hour, action: str
) -> None:
    with_factor(entered(), hour)
    client = Client()
    client.force_login(Account.objects.get(username="administrator"))  # the password was not given just now
    asked = client.post(f"/settings/people/of/operator/{action}/")
    assert asked["Location"].startswith("/account/confirm/?next=%2Fsettings%2Fpeople%2Fof%2Foperator%2F")
    assert second_factor.is_set(Account.objects.get(username="operator"))
    assert "SignInSecretMade" not in names_of("operator")
    give_again(client)
    client.post(f"/settings/people/of/operator/{action}/")
    assert names_of("operator")[-1] in ("SecondFactorRemoved", "SignInSecretMade")


def test_a_session_ends_twelve_hours_after_the_sign_in_whatever_is_written_to_it(city: SmallCity) -> None:
    client = entered()
    ends = client.session.get_expiry_date()
    confirmed(client, "/account/second-factor/")  # which keeps the password's moment and the new secret in the session
    assert client.session.get_expiry_date() == ends


def test_an_unreadable_secret_lets_nobody_in_and_can_be_removed(city: SmallCity, hour: Hour) -> None:
    secret, _ = with_factor(entered(), hour)
    for row in Authenticator.objects.all():
        row.data = {key: "altered" if isinstance(value, str) else value for key, value in row.data.items()}
        row.save()
    client = entered()
    assert "不正确" in client.post("/sign-in/code/", {"code": hour.code(secret)}).content.decode()
    administrator = entered("administrator")
    assert administrator.get("/settings/people/of/operator/").status_code == 200
    give_again(administrator)
    administrator.post("/settings/people/of/operator/remove-second-factor/")
    assert is_in(entered())


def test_a_link_that_was_made_before_an_account_ended_is_for_nothing(city: SmallCity) -> None:
    secret = accounts.make_sign_in_secret("operator", "test", clock.now())
    accounts.end_account("operator", "test", clock.now())
    accounts.reopen_account("operator", "test", clock.now())
    assert accounts.account_by_secret(secret) is None


def test_a_username_in_full_width_letters_can_sign_in(city: SmallCity) -> None:
    accounts.create_account("ｗａｎｇ", "王", PASSWORD, "test", clock.now())
    accounts.appoint("wang", "operator", "centre", None, "test", clock.now())
    assert is_in(entered("ｗａｎｇ"))
    assert is_in(entered("wang"))


def test_whoever_enters_a_person_with_a_full_width_username_is_shown_the_link(signed_in: As) -> None:
    person = {"username": "ｗａｎｇ", "name": "王", "role": "handler", "unit": "roads"}
    page = signed_in("administrator").post("/settings/people/new/", person).content.decode()
    assert "/sign-in/first/" in page and "/settings/people/of/wang/" in page


def test_a_number_that_is_none_ends_no_session(city: SmallCity) -> None:
    client, other = entered(), entered()
    client.post("/account/sessions/end/", {"number": "abc"})
    assert is_in(other)


def test_a_page_that_only_takes_forms_leads_back_to_the_account(city: SmallCity) -> None:
    client = entered()
    for address in ("password", "sessions/end", "second-factor/codes", "second-factor/remove"):
        assert client.get(f"/account/{address}/")["Location"] == "/account/", address


def test_ending_an_account_or_setting_its_password_ends_its_sessions_for_good(city: SmallCity) -> None:
    client = entered()
    accounts.end_account("operator", "test", clock.now())
    assert not is_in(client)
    accounts.reopen_account("operator", "test", clock.now())
    assert not is_in(client)
    client = entered()
    accounts.set_password("operator", NEW, "test", clock.now())
    assert not is_in(client)


def test_a_sign_in_link_does_not_go_around_the_second_factor(city: SmallCity, hour: Hour) -> None:
    with_factor(entered(), hour)
    secret = accounts.make_sign_in_secret("operator", "test", clock.now())
    client = Client()
    answer = client.post(f"/sign-in/first/{secret}/", {"password": NEW, "again": NEW})
    assert answer["Location"] == "/sign-in/code/"
    assert not is_in(client)


def test_a_link_leads_back_to_the_page_asked_for_after_the_code(city: SmallCity, hour: Hour) -> None:
    secret, _ = with_factor(entered(), hour)
    client = Client()
    client.post("/sign-in/?next=/cases/", {"username": "operator", "password": PASSWORD, "next": "/cases/"})
    assert client.post("/sign-in/code/", {"code": hour.code(secret)})["Location"] == "/cases/"


def test_a_request_of_somebody_signed_in_writes_nothing_about_the_session(
    city: SmallCity, django_assert_max_num_queries: object
) -> None:
    client = entered()
    is_in(client)
    before = Account.objects.get(username="operator").last_login
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        is_in(client)
    assert Account.objects.get(username="operator").last_login == before


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge · Linux"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Version/17 Safari/605", "Safari · macOS"),
        ("curl/8.5", "未知浏览器"),
    ],
)
def test_browsers_are_named_in_a_few_words(agent: str, words: str) -> None:
    from django.utils.translation import override

    with override("zh-hans"):
        assert browser_words(agent) == words
