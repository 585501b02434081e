"""The case page: one view for page and fragment, actions in place, refusals where they were made."""

from cityloop.casework.models import Case
from screens.conftest import HTMX, As, Page, Report
from town import Town

ACCEPT = {"task": "1", "action": "accept", "length": "1", "category": "06010", "district": "671001"}


def test_the_page_has_a_frame_and_its_fragment_has_none(signed_in: As, number: str) -> None:
    client = signed_in("operator")
    page, fragment = client.get(f"/cases/{number}/"), client.get(f"/cases/{number}/", **HTMX)
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    assert b'id="case"' in fragment.content
    assert "HX-Request" in page["Vary"]


def test_an_action_done_in_the_page_answers_with_the_case_as_it_now_stands(signed_in: As, number: str) -> None:
    answer = signed_in("operator").post(f"/cases/{number}/act/", ACCEPT, **HTMX)
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    assert Case.objects.get(number=number).stage == "accepted"
    assert "待立案" in Page(answer.content).text


def test_an_action_done_without_script_leads_back_to_the_case(signed_in: As, number: str) -> None:
    answer = signed_in("operator").post(f"/cases/{number}/act/", ACCEPT)
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{number}/")
    assert Case.objects.get(number=number).stage == "accepted"


def test_a_wrong_answer_is_refused_beside_its_field_with_the_words_kept(signed_in: As, number: str) -> None:
    for headers in ({}, HTMX):
        answer = signed_in("operator").post(
            f"/cases/{number}/act/", {**ACCEPT, "category": "", "note": "来电人已核实"}, **headers
        )
        shown = answer.content.decode()
        assert answer.status_code == 422
        assert "此项必填" in Page(answer.content).text
        assert 'aria-describedby="accept-category-fault"' in shown
        assert "来电人已核实" in shown
    assert Case.objects.get(number=number).stage == "reported"


def test_who_comes_second_is_told_and_sees_the_case_as_it_stands(signed_in: As, number: str) -> None:
    signed_in("operator").post(f"/cases/{number}/act/", ACCEPT)
    late = signed_in("north_operator").post(f"/cases/{number}/act/", ACCEPT, **HTMX)
    assert late.status_code == 409
    assert "已有他人办理" in Page(late.content).text
    assert "待立案" in Page(late.content).text


def test_a_reader_without_the_task_sees_no_action(signed_in: As, number: str) -> None:
    page = signed_in("leader").get(f"/cases/{number}/")
    assert f"/cases/{number}/act/" not in page.content.decode()
    assert "不由您的岗位承办" in Page(page.content).text


def test_an_action_forced_by_the_wrong_role_is_refused_under_its_own_status(signed_in: As, number: str) -> None:
    answer = signed_in("leader").post(f"/cases/{number}/act/", ACCEPT, **HTMX)
    assert answer.status_code == 403
    assert "您的岗位都不承办这项任务" in Page(answer.content).text
    assert Case.objects.get(number=number).stage == "reported"


def test_a_case_outside_a_persons_area_is_not_found(signed_in: As, report: Report, town: Town) -> None:
    south = report("S", town.inside_south)
    answer = signed_in("north_operator").get(f"/cases/{south}/")
    assert answer.status_code == 404
    assert "没有这个案件，或者您无权查看" in Page(answer.content).text
    assert "垃圾堆放" not in Page(answer.content).text


def test_whoever_moves_a_case_out_of_sight_is_led_to_the_queue(signed_in: As, number: str) -> None:
    answer = signed_in("north_operator").post(f"/cases/{number}/act/", {**ACCEPT, "district": "671002"})
    assert answer["Location"] == "/queue/"
    assert Case.objects.get(number=number).stage == "accepted"


def test_a_clock_explains_itself_as_the_stretches_that_add_up(signed_in: As, number: str) -> None:
    page = Page(signed_in("operator").get(f"/cases/{number}/").content)
    assert "怎么算的" in page.text
    assert "自 2026-11-20 10:00 起计，时限 15 分钟" in page.text
    assert "10:00–10:15" in page.text


def test_the_reporter_is_masked_until_the_desk_asks(signed_in: As, number: str) -> None:
    client = signed_in("operator")
    assert "13800001234" not in client.get(f"/cases/{number}/").content.decode()
    shown = client.post(f"/cases/{number}/reporter/", **HTMX)
    assert "13800001234" in Page(shown.content).text
    assert "查看上报人" in Page(shown.content).text  # the history says so
    assert 'name="length" value="2"' in shown.content.decode()


def test_others_do_not_learn_who_reported(signed_in: As, number: str) -> None:
    client = signed_in("dispatcher")
    assert f"/cases/{number}/reporter/" not in client.get(f"/cases/{number}/").content.decode()
    answer = client.post(f"/cases/{number}/reporter/")
    assert answer.status_code == 403
    assert "13800001234" not in answer.content.decode()


def test_a_form_with_numbers_that_are_none_is_refused(signed_in: As, number: str) -> None:
    answer = signed_in("operator").post(f"/cases/{number}/act/", {**ACCEPT, "task": "one"})
    assert answer.status_code == 422


def test_a_case_page_asks_the_database_at_most_twelve_times(
    signed_in: As, number: str, django_assert_max_num_queries: object
) -> None:
    client = signed_in("operator")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get(f"/cases/{number}/")
