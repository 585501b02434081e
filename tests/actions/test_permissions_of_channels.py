"""The channels by which an account may hand in reports."""

import pytest
from django.conf import settings

from cityloop.core.errors import NotAllowed
from cityloop.intake.actions import receive
from cityloop.intake.models import Report as Row
from cityloop.intake.reports import Report, read
from cityloop.registry.organisation.actors import actor_by_token, forget_bearers
from cityloop.registry.people import accounts
from example import NOW, SmallCity


def a_report(channel: str) -> Report:
    return read({"channel": channel, "external_id": "A1", "text": "井盖缺失"}, settings.CITYLOOP.zone, NOW)


def test_a_connected_system_keeps_to_its_own_channel(city: SmallCity) -> None:
    accounts.create_account("line", "热线", None, "test", NOW, is_machine=True, channels=["12345"])
    accounts.appoint("line", accounts.PARTNER, "hotlines", None, "test", NOW)
    actor = actor_by_token(accounts.make_token("line", "test", NOW))
    assert actor is not None
    assert receive(a_report("12345"), actor, NOW).created
    with pytest.raises(NotAllowed):
        receive(a_report("12319"), actor, NOW)
    assert Row.objects.count() == 1


@pytest.mark.parametrize("channel", ["desk", "patrol"])
def test_no_connected_system_may_use_a_built_in_channel(city: SmallCity, people: dict, channel: str) -> None:
    with pytest.raises(NotAllowed):
        receive(a_report(channel), people["hotline"], NOW)
    assert receive(a_report(channel), people["operator"], NOW).created


@pytest.mark.parametrize("channel", ["linked", "begun", "system"])
def test_nobody_hands_in_a_report_as_if_the_city_had_opened_the_case(
    city: SmallCity, people: dict, channel: str
) -> None:
    for name in ("hotline", "operator"):
        with pytest.raises(NotAllowed):
            receive(a_report(channel), people[name], NOW)


def test_a_revoked_token_is_refused(city: SmallCity) -> None:
    token = accounts.make_token("hotline", "test", NOW)
    assert actor_by_token(token) is not None
    assert accounts.revoke_tokens("hotline", "test", NOW) == 1
    forget_bearers()  # another process notices it within two seconds
    assert actor_by_token(token) is None


@pytest.mark.parametrize("password", ["1", "12345678901", "password"])
def test_a_password_that_is_easily_guessed_is_refused(city: SmallCity, password: str) -> None:
    from cityloop.core.errors import Invalid

    with pytest.raises(Invalid):
        accounts.set_password("operator", password, "test", NOW)
