"""A case begun by hand: only by those who may, one press or two is one case, and what was typed is never lost."""

import re

import pytest
from django.http import HttpResponse

from cityloop.casework.models import Case
from example import NOW, PEOPLE, SmallCity
from screens.bringing import Bringing
from screens.conftest import As, Page

ORDER = "/cases/new/supervision-order/"
WHISTLE = "/cases/new/whistle/"
POSTED = {"unit": "roads", "order": "限期整改路面塌陷", "days": "3", "district": "671001"}
CALLED = {"text": "背街小巷积水", "district": "671001", "units": ["roads", "parks"]}


def key(answer: HttpResponse) -> str:
    found = re.search(r'name="request" value="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


def field(answer: HttpResponse, name: str) -> str:
    """Return the field of that name as it is drawn."""
    drawn = re.split(r'<div class="cl-field', answer.content.decode())
    return next(form for form in drawn if f'id="new-{name}"' in form)


def test_the_form_asks_for_what_the_procedure_asks_for(signed_in: As, city: SmallCity) -> None:
    answer = signed_in("leader").get(ORDER)
    assert answer.status_code == 200
    assert {"下达督办", "承办单位", "督办要求", "反馈时限（工作日）", "所属区县"} <= set(Page(answer.content).words)
    assert 'aria-required="true"' in field(answer, "unit") and 'value="roads"' in field(answer, "unit")
    assert 'aria-required="true"' not in field(answer, "days") and "最多 30" in field(answer, "days")


def test_an_order_is_begun_and_its_page_is_shown(bringing: Bringing, signed_in: As) -> None:
    bringing.at(NOW)
    client = signed_in("leader")
    answer = client.post(ORDER, {**POSTED, "request": key(client.get(ORDER))}, follow=True)
    order = Case.objects.get()
    assert answer.redirect_chain == [(f"/cases/{order.number}/", 302)]
    assert (order.procedure, order.stage, order.district) == ("supervision-order", "answering", "671001")
    page = Page(answer.content)
    assert {"待反馈", "督办单", "限期整改路面塌陷", "市政养护处"} <= set(page.words)
    assert f"/cases/{order.number}/documents/1/supervision_notice/" in page.links
    assert "3 工作日" in page.text and "2026-11-25 10:00" in page.text


def test_a_second_press_of_the_button_begins_no_second_case(signed_in: As, city: SmallCity) -> None:
    client = signed_in("leader")
    request = key(client.get(ORDER))
    first, second = (client.post(ORDER, {**POSTED, "request": request}) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1
    client.post(ORDER, {**POSTED, "request": key(client.get(ORDER))})
    assert Case.objects.count() == 2


def test_faults_are_shown_above_the_form_and_at_their_fields_and_what_was_typed_stays(
    signed_in: As, city: SmallCity
) -> None:
    incomplete = {**POSTED, "unit": "", "days": "99", "order": "限期整改", "request": "k"}
    answer = signed_in("leader").post(ORDER, incomplete)
    assert answer.status_code == 422
    assert Case.objects.count() == 0
    for name, fault in (("unit", "此项必填"), ("days", "须为 1 至 30 的整数")):
        assert f'href="#new-{name}"' in answer.content.decode()
        assert f'aria-describedby="new-{name}-fault"' in field(answer, name)
        assert fault in Page(field(answer, name).encode()).text
    assert "cl-fault" not in field(answer, "order") + field(answer, "district")
    assert "限期整改" in field(answer, "order") and 'value="99"' in field(answer, "days")
    assert '<option value="671001" selected>' in field(answer, "district")
    assert key(answer) == "k"


@pytest.mark.parametrize("unit", ["centre", "nowhere"])
def test_a_unit_that_does_not_handle_is_no_choice(signed_in: As, city: SmallCity, unit: str) -> None:
    answer = signed_in("leader").post(ORDER, {**POSTED, "unit": unit, "request": "k"})
    assert answer.status_code == 422
    assert "不在可选范围之内" in field(answer, "unit")
    assert Case.objects.count() == 0


def test_several_units_are_called_at_once_and_stay_chosen_over_a_fault(signed_in: As, city: SmallCity) -> None:
    client = signed_in("street")
    refused = client.post(WHISTLE, {**CALLED, "text": "", "request": "k"})
    chosen = re.findall(r'name="units" value="(\w+)" checked', refused.content.decode())
    assert refused.status_code == 422 and set(chosen) == {"roads", "parks"}
    assert client.post(WHISTLE, {**CALLED, "request": "k"}).status_code == 302
    assert set(Case.objects.get().tasks.values_list("unit", flat=True)) == {"roads", "parks"}


def test_where_no_unit_is_called_the_fault_is_shown_at_the_field(signed_in: As, city: SmallCity) -> None:
    answer = signed_in("street").post(WHISTLE, {**CALLED, "units": [], "request": "k"})
    assert answer.status_code == 422
    assert "此项必填" in field(answer, "units")
    assert 'aria-describedby="new-units-fault"' in field(answer, "units")


def test_a_street_begins_nothing_in_another_district(signed_in: As, city: SmallCity) -> None:
    answer = signed_in("street").post(WHISTLE, {**CALLED, "district": city.south, "request": "k"})
    assert answer.status_code == 403
    assert "您的岗位负责其他区域" in Page(answer.content).text
    assert "背街小巷积水" in field(answer, "text")
    assert Case.objects.count() == 0


@pytest.mark.parametrize("username", PEOPLE)
def test_a_button_is_shown_to_whom_the_procedure_lets_begin(signed_in: As, username: str) -> None:
    client = signed_in(username)
    links = Page(client.get("/queue/").content).links
    for address, given, role in ((ORDER, POSTED, "leader"), (WHISTLE, CALLED, "street_officer")):
        may = PEOPLE[username][0] == role
        assert (address in links) == may
        assert client.get(address).status_code == (200 if may else 403)
        answer = client.post(address, {**given, "request": f"{username} {address}"})
        assert answer.status_code == (302 if may else 403)
        assert may or "不能发起此类案件" in Page(answer.content).text
    assert Case.objects.count() == (username in ("leader", "street"))


def test_what_is_begun_by_another_case_alone_is_not_begun_by_hand(signed_in: As, city: SmallCity) -> None:
    for procedure in ("score-appeal", "enforcement-referral", "city-problem", "nothing"):
        assert signed_in("leader").get(f"/cases/new/{procedure}/").status_code in (403, 404)
