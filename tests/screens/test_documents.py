"""Documents on paper: what they contain, who may read them, and what was erased by law."""

import re

from django.test import Client

from cityloop.casework.actions import act, erase_words
from cityloop.casework.models import Case
from example import NOW
from screens.bringing import Bringing
from screens.conftest import As, Page


def lines(client: Client, address: str) -> list[str]:
    """Return the lines of a document as its page shows them."""
    article = re.search(r"<article.*?</article>", client.get(address).content.decode(), re.DOTALL)
    assert article
    return Page(article[0].encode()).words


def dispatched(bringing: Bringing) -> str:
    """Dispatch a case to the unit roads; return the address of its dispatch order."""
    waiting = bringing.to("city-problem.dispatch")
    given = {"unit": "roads", "note": "请尽快修补"}
    act(waiting.number, "dispatch", waiting.step.task, bringing.people["dispatcher"], given, None, NOW)
    return f"/cases/{waiting.number}/documents/4/dispatch_order/"


def test_a_dispatch_order_tells_what_is_wrong_where_and_by_when(bringing: Bringing, signed_in: As) -> None:
    address = dispatched(bringing)
    assert lines(signed_in("roads"), address) == [
        "案件派遣单",
        f"案件编号：{Case.objects.get().number}　问题类别：暴露垃圾",
        "发生地点：北区长江路1号",
        "问题描述：垃圾堆放",
        "处置单位：市政养护处　处置时限：4 工作时，至 2026-11-20 16:00 止",
        "派遣意见：请尽快修补",
        "派遣人：dispatcher先生　2026-11-20 10:00",
        "2026-11-20 10:00",
    ]


def test_the_case_leads_to_its_documents_and_they_lead_back(bringing: Bringing, signed_in: As) -> None:
    address = dispatched(bringing)
    client = signed_in("roads")
    page = Page(client.get(f"/cases/{Case.objects.get().number}/").content)
    assert address in page.links and "案件派遣单" in page.words
    assert f"/cases/{Case.objects.get().number}/" in Page(client.get(address).content).links


def test_a_document_tells_what_was_so_then_and_not_what_came_later(bringing: Bringing, signed_in: As) -> None:
    waiting = bringing.to("city-problem.grant_extension")
    order = f"/cases/{waiting.number}/documents/4/dispatch_order/"
    before = lines(signed_in("dispatcher"), order)
    act(waiting.number, "grant_extension", waiting.step.task, bringing.people["dispatcher"], {}, None, NOW)
    assert lines(signed_in("dispatcher"), order) == before
    slip = lines(signed_in("dispatcher"), f"/cases/{waiting.number}/documents/6/extension_slip/")
    assert (
        "处置单位：市政养护处　批准延期后的处置时限至 2026-11-23 10:00 止" in slip
    )  # eight working hours, over a weekend


def test_who_may_not_see_the_case_does_not_read_its_documents(bringing: Bringing, signed_in: As) -> None:
    address = dispatched(bringing)
    for username, status in (("roads", 200), ("duty", 200), ("parks", 404), ("hotline", 404)):
        answer = signed_in(username).get(address)
        assert answer.status_code == status
        assert ("垃圾堆放" in Page(answer.content).text) == (status == 200)


def test_a_document_that_no_action_produced_is_refused_in_words(bringing: Bringing, signed_in: As) -> None:
    address = dispatched(bringing)
    for other in (
        address.replace("/4/", "/3/"),
        address.replace("/4/", "/99/"),
        address.replace("dispatch", "hanging"),
    ):
        answer = signed_in("duty").get(other)
        assert answer.status_code == 404
        assert "没有该文书" in Page(answer.content).text


def test_text_that_was_erased_is_shown_as_erased(bringing: Bringing, signed_in: As) -> None:
    address = dispatched(bringing)
    erase_words(Case.objects.get().number, "account/1", NOW)
    shown = lines(signed_in("duty"), address)
    assert "问题描述：（已依法删除）" in shown and "派遣意见：（已依法删除）" in shown
    assert "发生地点：北区（已依法删除）" in shown
    assert "处置单位：市政养护处　处置时限：4 工作时，至 2026-11-20 16:00 止" in shown
    assert not {"垃圾堆放", "长江路1号", "请尽快修补"} & set(re.findall(r"\w+", " ".join(shown)))
