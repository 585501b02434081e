"""One case from report to closed, and everything that must be refused in between."""

from datetime import timedelta

import pytest

from cityloop.casework import verification
from cityloop.casework.actions import act, erase_words, reveal_reporter, wake
from cityloop.casework.models import Case, PersonalWords, Task
from cityloop.casework.queries import CaseFilters, QueueFilters, case_page, cases, queue
from cityloop.core.errors import Conflict, Invalid, NotAllowed, NotFound, NotPossible
from cityloop.runtime.models import Event
from example import NOW


def test_a_case_goes_from_report_to_closed_and_its_rows_are_what_its_history_says(go) -> None:
    case = go("close")
    assert (case.stage, case.is_open, case.handlers) == ("closed", False, [case.handlers[0]])
    assert case.closed_at == NOW and case.case_limit == "1 work_day"
    assert [event.name for event in Event.objects.filter(stream=f"case/{case.pk}").order_by("seq")] == [
        "CaseReported",
        "CaseAccepted",
        "CaseFiled",
        "CaseDispatched",
        "CaseHandled",
        "CheckPassed",
        "CaseClosed",
    ]
    assert list(verification.findings()) == []


def test_the_handling_limit_is_the_categorys_in_working_hours(go) -> None:
    case = go("dispatch")
    task = case.tasks.get(kind="handle")
    assert (task.unit, task.limit) == ("roads", "4 work_hour")
    # 10:00 to 12:00, then 14:00 to 16:00
    assert task.due_at - NOW == timedelta(hours=6)


def test_who_handled_may_not_judge_even_with_another_post(go, do, people, number) -> None:
    from cityloop.registry.people import accounts

    accounts.appoint("roads", "collector", "collectors", None, "test", NOW)
    go("report_back")
    from cityloop.registry.models import Account
    from cityloop.registry.organisation.actors import actor_of

    both = actor_of(Account.objects.get(username="roads"))
    with pytest.raises(NotAllowed) as refused:
        act(number, "pass_check", 5, both, {"finding": "好"}, None, NOW)
    assert refused.value.code == "handled-it"


def test_nobody_of_the_unit_that_handled_may_judge(go, number) -> None:
    from cityloop.registry.models import Account
    from cityloop.registry.organisation.actors import actor_of
    from cityloop.registry.people import accounts

    accounts.appoint("roads2", "collector", "collectors", None, "test", NOW)
    go("report_back")
    with pytest.raises(NotAllowed) as refused:
        act(number, "pass_check", 5, actor_of(Account.objects.get(username="roads2")), {"finding": "好"}, None, NOW)
    assert refused.value.code == "handled-it"


@pytest.mark.parametrize(
    ("username", "refusal"),
    [
        ("duty", NotAllowed),
        ("dispatcher", NotAllowed),
        ("leader", NotAllowed),
        ("roads", NotFound),
        ("hotline", NotFound),
    ],
)
def test_only_the_role_that_holds_a_task_may_do_it(number, people, username, refusal) -> None:
    with pytest.raises(refusal):
        act(number, "accept", 1, people[username], {"category": "06010", "district": "671001"}, None, NOW)
    assert Event.objects.filter(stream__startswith="case/").count() == 1


def test_a_district_operator_acts_in_the_district_alone(number, do, people, city) -> None:
    act(number, "accept", 1, people["north_operator"], {"category": "06010", "district": city.south}, None, NOW)
    with pytest.raises(NotFound):
        case_page(people["north_operator"], number, NOW)


def test_missing_answers_are_named_and_nothing_is_changed(number, people) -> None:
    with pytest.raises(Invalid) as refused:
        act(number, "accept", 1, people["operator"], {"category": "99999"}, None, NOW)
    assert {fault.field for fault in refused.value.faults} == {"category"}
    with pytest.raises(Invalid) as refused:
        act(number, "accept", 1, people["operator"], {"category": " "}, None, NOW)
    assert {fault.field for fault in refused.value.faults} == {"category", "district"}
    assert Case.objects.get(number=number).length == 1


def test_a_task_is_done_once(do, number, people) -> None:
    do("accept", "operator", category="06010", district="671001")
    with pytest.raises(NotPossible):
        act(number, "accept", 1, people["operator"], {"category": "06010", "district": "671001"}, None, NOW)


def test_acting_on_a_case_that_has_changed_meanwhile_is_refused(do, number, people) -> None:
    do("accept", "operator", category="06010", district="671001")
    with pytest.raises(Conflict):
        act(number, "file", 2, people["duty"], {}, 1, NOW)


def test_events_that_only_note_something_do_not_prevent_an_action(number, people) -> None:
    wake(Case.objects.get(number=number).pk, NOW + timedelta(minutes=16))
    reveal_reporter(number, people["duty"], NOW + timedelta(minutes=17))
    answers = {"category": "06010", "district": "671001"}
    act(number, "accept", 1, people["operator"], answers, 1, NOW + timedelta(minutes=18))
    assert Case.objects.get(number=number).stage == "accepted"


@pytest.mark.parametrize(("action", "answers"), [("dispatch", {"unit": "centre"}), ("dispatch", {"unit": "nobody"})])
def test_a_unit_that_does_not_handle_cases_is_not_a_choice(go, do, action, answers) -> None:
    go("file")
    with pytest.raises(Invalid):
        do(action, "dispatcher", **answers)


def test_a_community_is_not_a_district(do) -> None:
    with pytest.raises(Invalid):
        do("accept", "operator", category="06010", district="671001000001")


def test_rework_goes_back_to_the_same_unit_with_its_due_moment_and_the_case_clock_runs_on(go, do) -> None:
    before = go("report_back")
    case = do("rework", "collector", at=NOW + timedelta(hours=1), reason="仍有垃圾")
    assert (case.stage, case.tasks.get(no=6).unit) == ("handling", "roads")
    assert case.tasks.get(no=6).due_at == case.tasks.get(no=4).due_at
    assert case.case_due_at == before.case_due_at


def test_a_return_that_is_upheld_goes_back_to_the_dispatcher(go, do) -> None:
    go("dispatch")
    case = do("return", "roads", reason="不属我单位", better_unit="parks")
    assert (case.stage, case.tasks.get(no=5).kind) == ("returning", "confirm_return")
    case = do("uphold_return", "duty")
    assert (case.stage, case.tasks.get(no=6).kind) == ("filed", "dispatch")


def test_a_rejected_case_has_no_open_task(do) -> None:
    case = do("reject", "operator", reason="duplicate")
    assert not case.is_open and not case.tasks.filter(done_at=None).exists()


def test_a_clock_that_was_set_back_does_not_reorder_the_history(do, number) -> None:
    do("accept", "operator", at=NOW - timedelta(hours=3), category="06010", district="671001")
    assert Task.objects.get(case__number=number, no=1).done_at == NOW


def test_a_limit_that_has_passed_is_noted_once(number) -> None:
    case = Case.objects.get(number=number)
    assert not wake(case.pk, NOW + timedelta(minutes=15))
    assert wake(case.pk, NOW + timedelta(minutes=16))
    assert not wake(case.pk, NOW + timedelta(minutes=17))
    assert Event.objects.filter(stream=f"case/{case.pk}", name="LimitPassed").count() == 1
    assert list(verification.findings()) == []


def test_the_reporter_is_masked_and_showing_it_is_recorded(number, people) -> None:
    page = case_page(people["operator"], number, NOW)
    assert (page.reporter_name, page.reporter_phone, page.may_unmask) == ("张**", "138****1234", True)
    assert reveal_reporter(number, people["operator"], NOW) == ("张三丰", "13800001234")
    assert Event.objects.filter(name="ReporterRevealed").count() == 1
    with pytest.raises(NotAllowed):
        reveal_reporter(number, people["dispatcher"], NOW)


def test_a_post_for_another_area_does_not_show_the_reporter(number, people) -> None:
    from cityloop.core.actors import Actor, Post

    both = Actor("account/99", "", (Post("leader", "centre"), Post("operator", "centre", "671002")))
    assert not case_page(both, number, NOW).may_unmask
    with pytest.raises(NotAllowed):
        reveal_reporter(number, both, NOW)


def test_where_no_reporter_is_known_none_is_shown(number, people) -> None:
    erase_words(number, "account/1", NOW)
    assert not case_page(people["operator"], number, NOW).may_unmask
    with pytest.raises(NotPossible):
        reveal_reporter(number, people["operator"], NOW)


def test_words_that_cannot_be_read_do_not_break_the_page(number, people) -> None:
    PersonalWords.objects.filter(name="reporter_phone").update(body="x")
    assert case_page(people["operator"], number, NOW).reporter_name == "张**"


def test_notes_do_not_reorder_the_history(number, people) -> None:
    reveal_reporter(number, people["operator"], NOW - timedelta(hours=5))
    moments = list(Event.objects.filter(stream__startswith="case/").order_by("seq").values_list("at", flat=True))
    assert moments == sorted(moments)


def test_erasing_words_leaves_the_history_valid(go, number) -> None:
    go("close")
    assert erase_words(number, "account/1", NOW) > 0
    assert not PersonalWords.objects.exclude(body=None).exists()
    assert list(verification.findings()) == []


def test_the_queue_has_the_tasks_a_person_may_do(go, number, people) -> None:
    def numbers(username: str) -> list[str]:
        return [row.number for row in queue(people[username], QueueFilters(), None, NOW).rows]

    assert numbers("operator") == [number] and numbers("north_operator") == [number]
    go("dispatch")
    assert numbers("operator") == [] and numbers("roads") == [number] and numbers("parks") == []
    page = case_page(people["roads"], number, NOW)
    assert [offer.action for offer in page.offers][:2] == ["report_back", "return"]
    clock = next(task.clock for task in page.tasks if task.clock and task.done_at is None)
    assert sum(window.seconds for window in clock.due.windows) == clock.limit_seconds == 4 * 3600


def test_the_rows_can_be_rebuilt_from_the_history(go) -> None:
    case = go("close")
    Case.objects.filter(pk=case.pk).update(stage="filed", is_open=True, closed_at=None)
    Task.objects.filter(case=case, no=2).update(done_at=None)
    assert any("not what its history says" in finding.what for finding in verification.findings())
    verification.rebuild(case.pk)
    assert list(verification.findings()) == []


def test_if_only_the_most_urgent_tasks_are_counted_every_district_is_still_offered(number, people, monkeypatch) -> None:
    monkeypatch.setattr("cityloop.casework.pages.queue.COUNTED", 1)
    page = queue(people["operator"], QueueFilters(), None, NOW)
    assert [(chip.value, chip.count, chip.capped) for chip in page.districts] == [
        ("671001", 1, True),
        ("671002", None, True),
        ("", None, True),
    ]
    assert {chip.value for chip in page.lamps} == {"red", "yellow", "green"}


def test_a_case_whose_procedure_no_pack_has_any_more_is_listed_and_refused_with_a_reason(number, people) -> None:
    Case.objects.update(version=9)
    assert [row.number for row in queue(people["operator"], QueueFilters(), None, NOW).rows] == [number]
    assert [row.number for row in cases(people["leader"], CaseFilters(), None).rows] == [number]
    with pytest.raises(NotPossible) as refused:
        case_page(people["operator"], number, NOW)
    assert refused.value.code == "procedure-missing"
    with pytest.raises(NotPossible):
        act(number, "reject", 1, people["operator"], {"reason": "duplicate"}, None, NOW)
    assert wake(Case.objects.get(number=number).pk, NOW + timedelta(days=1)) == 0
