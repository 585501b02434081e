"""Which passwords are refused."""

import pytest

from cityloop.core.errors import Invalid
from cityloop.entry.demo.script import script
from cityloop.registry.people import accounts
from example import NOW, SmallCity


@pytest.mark.parametrize(
    ("username", "name", "password", "code"),
    [
        ("lamps", "路灯所", "lampslam", "password-too-similar"),
        ("lamps", "路灯所", "Lamps-Of-The-North-2026", "password-too-similar"),
        ("zhangsan", "张三", "我是张三2026年", "password-too-similar"),
        ("lamps", "路灯所", "ｌａｍｐｓ-9x7q", "password-too-similar"),
        ("lamps", "路灯所", "l a m p s 9x7q", "password-too-similar"),
        ("op", "路灯所", "op-Op-op-op-2", "password-too-similar"),
        ("lamps", "路灯所", "ｐａｓｓｗｏｒｄ１２３", "password-too-common"),
        ("lamps", "路灯所", "password123\u200b", "password-too-common"),
        ("lamps", "路灯所", " " * 8, "password-too-short"),
        ("lamps", "路灯所", "short-7", "password-too-short"),
        ("lamps", "路灯所", "password123", "password-too-common"),
        ("lamps", "路灯所", "7391648205", "password-entirely-numeric"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(
    city: SmallCity, username: str, name: str, password: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.create_account(username, name, password, "test", NOW)
    assert [fault.code for fault in refused.value.faults] == [code]


def test_a_name_of_two_letters_does_not_forbid_every_word_with_them(city: SmallCity) -> None:
    accounts.create_account("li", "li", "believe-in-9-lamps", "test", NOW)


def test_the_people_of_the_demo_keep_their_password(db: None) -> None:
    for person in script().people:
        accounts.create_account(person.username, person.name, script().password, "test", NOW)
