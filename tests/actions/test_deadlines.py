"""A calendar that changes under running clocks: due moments move once, say why, and nothing else changes."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import pytest
from django.conf import settings
from procrastinate.contrib.django.models import ProcrastinateJob

from cityloop.casework import actions, verification
from cityloop.casework.deadlines import cases_due_since, move_deadlines, recompute_deadlines
from cityloop.casework.history import events as history
from cityloop.casework.models import Case, Task
from cityloop.casework.queries import case_page
from cityloop.core.clocks.recalculation import RecalculationReason
from cityloop.core.errors import NotFound
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.registry import verification as of_the_city
from cityloop.registry.calendar.actions import adopt_calendar, declare_days, withdraw_days
from cityloop.registry.city import current
from cityloop.registry.packs.reading import read_all
from cityloop.registry.packs.texts import calendar as calendars
from cityloop.registry.words.holidays import DayKinds, chinese_day_kinds
from cityloop.runtime.log import announcer
from cityloop.runtime.models import Event
from cityloop.runtime.verification import findings
from example import NOW, SmallCity

ZONE = settings.CITYLOOP.zone
MONDAY = date(2026, 11, 23)
FIVE_DAYS = "06011"  # 5 working days to handle it, 7 for the case
TO_THE_UNIT = (
    ("accept", "operator", {"category": FIVE_DAYS, "district": "671001"}),
    ("file", "duty", {}),
    ("dispatch", "dispatcher", {"unit": "roads", "note": "请尽快处置"}),
)


def local(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def adopted(city: SmallCity) -> None:
    """Adopt the calendar that the city begins with: number 1."""
    adopt_calendar(read_all(), "system", NOW)
    current.forget()


@pytest.fixture
def case(do: Callable[..., Case]) -> Case:
    """A case of the north that the roads unit has five working days to handle, from Friday at 10."""
    for action, username, inputs in TO_THE_UNIT:
        case = do(action, username, **inputs)
    return case


def declare(*days: date, is_workday: bool = False) -> None:
    declare_days(dict.fromkeys(days, (is_workday, "市运会")), "account/1", NOW)
    current.forget()


def withdraw(*days: date) -> None:
    withdraw_days(days, "account/1", NOW)
    current.forget()


def recalculate(number: int) -> None:
    """Do the jobs that follow the adoption of a calendar."""
    recompute_deadlines(number=number)
    for job in ProcrastinateJob.objects.filter(task_name="casework.move_deadlines").order_by("id"):
        move_deadlines(**job.args)
    ProcrastinateJob.objects.filter(task_name="casework.move_deadlines").delete()


def due_moments(case: Case) -> tuple[datetime | None, datetime | None]:
    """Return when the case's last task and the case itself are due."""
    row = Case.objects.get(pk=case.pk)
    return row.tasks.order_by("no").last().due_at, row.case_due_at  # type: ignore[union-attr]


def is_provisional(case: Case, people: dict) -> bool:
    clock = case_page(people["duty"], case.number, NOW).tasks[-1].clock
    return bool(clock and clock.due and clock.due.provisional)


def altered() -> list[object]:
    return list(chain(verification.findings(), of_the_city.findings()))


def moves() -> Iterator[Event]:
    return Event.objects.filter(name="DeadlinesMoved").order_by("id").iterator()


def test_a_holiday_declared_in_the_middle_moves_what_is_due_after_it(case: Case) -> None:
    assert due_moments(case) == (local(11, 27), local(12, 1))
    before = Task.objects.get(case=case, kind="handle")
    declare(MONDAY)
    recalculate(2)
    task = Task.objects.get(case=case, kind="handle")
    assert due_moments(case) == (local(11, 30), local(12, 2))
    assert before.yellow_at and task.yellow_at and task.yellow_at > before.yellow_at
    assert (task.opened_at, task.limit) == (before.opened_at, before.limit)
    assert altered() == []


def test_the_history_says_from_when_to_when_and_because_of_which_day(case: Case, people: dict) -> None:
    declare(MONDAY)
    recalculate(2)
    line = case_page(people["duty"], case.number, NOW).history[-1]
    assert line.event == "DeadlinesMoved" and line.actor_role is None
    text = " ".join(chain.from_iterable(line.says))
    assert "2026-11-27" in text and "2026-11-30" in text and "2026-11-23" in text
    (event,) = moves()
    assert event.actor == "system"


def test_a_task_opened_later_counts_with_the_new_calendar_from_the_start(case: Case, do: Callable[..., Case]) -> None:
    declare(MONDAY)
    do("ask_help", "roads", helpers="parks", what="移树", days="2")
    assert due_moments(case)[0] == local(11, 25)


def test_a_day_that_is_withdrawn_moves_everything_back(case: Case) -> None:
    before = due_moments(case)
    declare(MONDAY)
    recalculate(2)
    withdraw(MONDAY)
    recalculate(3)
    assert due_moments(case) == before
    assert len(list(moves())) == 2 and altered() == []
    names = Event.objects.filter(stream="registry").order_by("-seq").values_list("name", flat=True)[:4]
    assert list(names) == ["CalendarAdopted", "DaysWithdrawn", "CalendarAdopted", "DaysDeclared"]


def test_a_sunday_that_is_worked_brings_due_moments_forward(case: Case) -> None:
    declare(date(2026, 11, 22), is_workday=True)
    recalculate(2)
    assert due_moments(case) == (local(11, 26), local(11, 30))


def test_doing_the_jobs_again_changes_nothing(case: Case) -> None:
    declare(MONDAY)
    recalculate(2)
    written = Event.objects.count()
    recalculate(2)
    assert Event.objects.count() == written


def test_whichever_of_two_calendars_is_applied_first_the_last_one_counts(case: Case) -> None:
    declare(MONDAY)
    declare(date(2026, 11, 24))
    recalculate(3)
    recalculate(2)
    assert due_moments(case) == (local(12, 1), local(12, 3))
    assert altered() == []


def test_a_case_opened_between_two_calendars_follows_the_second(do: Callable[..., Case]) -> None:
    declare(MONDAY)
    for action, username, inputs in TO_THE_UNIT:
        case = do(action, username, **inputs)
    assert due_moments(case)[0] == local(11, 30)
    withdraw(MONDAY)
    recalculate(3)
    recalculate(2)
    assert due_moments(case)[0] == local(11, 27)


def test_only_open_cases_that_are_due_after_the_changed_day_are_read(case: Case, do: Callable[..., Case]) -> None:
    assert cases_due_since(local(12, 1, 0)) == [case.pk]  # the case; its task is due earlier
    assert cases_due_since(local(12, 2, 0)) == []
    assert cases_due_since(None) == [case.pk]
    do("report_back", "roads", result="已清理")
    do("pass_check", "collector", finding="现场已清理干净")
    do("close", "duty")
    assert cases_due_since(None) == []


def test_what_is_done_keeps_its_due_moment(case: Case, do: Callable[..., Case]) -> None:
    do("report_back", "roads", result="已清理")
    declare(MONDAY)
    recalculate(2)
    assert Task.objects.get(case=case, kind="handle").due_at == local(11, 27)
    assert Case.objects.get(pk=case.pk).case_due_at == local(12, 2)


def test_a_paused_clock_resumes_with_the_new_calendar(case: Case, do: Callable[..., Case]) -> None:
    do("ask_hanging", "roads", reason="season", note="补种须待春季")
    do("grant_hanging", "duty", until="2026-12-10")
    assert Case.objects.get(pk=case.pk).case_due_at is None
    declare(date(2026, 11, 24))
    recalculate(2)
    do("resume", "dispatcher", at=local(11, 23))
    # 7 and 5 working days, none of them used over the weekend: from Monday at 10, Tuesday skipped
    assert due_moments(case) == (local(12, 1), local(12, 3))
    assert altered() == []


def test_a_case_that_fails_does_not_stop_the_others(
    case: Case, do: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(MONDAY)
    with pytest.raises(ExceptionGroup, match="1 cases"):
        monkeypatch.setattr(actions, "move_deadlines", _failing_for(0, actions.move_deadlines))
        move_deadlines(number=2, cases=[0, case.pk])
    assert due_moments(case)[0] == local(11, 30)


def _failing_for(failing: int, move: Callable[..., bool]) -> Callable[..., bool]:
    def moved(case_id: int, *calendars: object) -> bool:
        if case_id == failing:
            raise NotFound("no-such-case")
        return move(case_id, *calendars)

    return moved


def test_a_year_that_is_announced_makes_its_due_moments_final(
    city: SmallCity, people: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known_in_2025(first: date, last: date) -> DayKinds:
        """Return what an earlier release knew: of 2026 only the holidays with a fixed date."""
        known = chinese_day_kinds(first, date(2025, 12, 31))
        fixed = dict.fromkeys((date(2026, *day) for day in ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))), False)
        return DayKinds({**known.day_kinds, **fixed}, known.announced_until)

    monkeypatch.setattr(calendars, "chinese_day_kinds", known_in_2025)
    adopt_calendar(read_all(), "system", NOW)
    current.forget()
    start = local(9, 28)  # the Monday before the National Day
    report = read({"channel": "12345", "external_id": "B1", "text": "垃圾堆放"}, ZONE, start)
    case = Case.objects.get(number=receive(report, people["hotline"], start).number)
    for no, (action, username, inputs) in enumerate(TO_THE_UNIT, start=1):
        actions.act(case.number, action, no, people[username], inputs, None, start)
    assert due_moments(case)[0] == local(10, 7) and is_provisional(case, people)
    monkeypatch.undo()
    adopt_calendar(read_all(), "system", NOW)
    current.forget()
    recalculate(3)
    assert due_moments(case)[0] == local(10, 10)  # a Saturday worked for the holiday
    assert not is_provisional(case, people)
    (event,) = moves()
    assert {moved.why for moved in history.move(event.name, event.payload).moved} == {RecalculationReason.ANNOUNCED}
    assert altered() == []


@pytest.mark.django_db(transaction=True)
def test_every_calendar_but_the_first_has_one_job_that_waits_until_all_processes_know_it(city: SmallCity) -> None:
    declare(MONDAY)
    withdraw(MONDAY)
    while announcer.announce("deadlines"):
        pass
    jobs = ProcrastinateJob.objects.filter(task_name="casework.recompute_deadlines").order_by("id")
    assert [job.args for job in jobs] == [{"number": 2}, {"number": 3}]
    assert all(job.scheduled_at and job.scheduled_at > datetime.now(UTC) + timedelta(seconds=10) for job in jobs)
    assert list(findings(settings.CITYLOOP.home_folder, of_the_city.findings)) == []
