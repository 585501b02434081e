"""`cityloop verify`: whatever is altered in the rows of a case is found and named."""

import threading
from collections.abc import Iterator
from itertools import chain

import pytest
from django.conf import settings
from django.db import connection, transaction

from cityloop.casework import verification
from cityloop.casework.actions import act, erase_words
from cityloop.casework.models import Case
from cityloop.intake import verification as of_reports
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.runtime.verification import Finding
from example import NOW
from runtime.embedded import until
from runtime.log import tamper

pytestmark = pytest.mark.server


def findings() -> Iterator[Finding]:
    """Return the findings in cases and reports."""
    return chain(verification.findings(), of_reports.findings())


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE casework_case SET stage = 'filed'", "not what its history says"),
        ("UPDATE casework_case SET closed_at = closed_at - interval '1 day'", "not what its history says"),
        ("UPDATE casework_case SET district = '671002'", "not what its history says"),
        ("UPDATE casework_case SET handlers = '{}'", "not what its history says"),
        ("UPDATE casework_case SET address = '别处'", "the address shown"),
        ("UPDATE casework_task SET unit = 'parks' WHERE kind = 'handle'", "not what its history says"),
        ("UPDATE casework_task SET due_at = due_at + interval '1 day' WHERE no = 4", "not what its history says"),
        ("DELETE FROM casework_task WHERE no = 6", "not what its history says"),
        ("UPDATE casework_personalwords SET body = '没有清理' WHERE name = 'result'", "the words were altered"),
        (
            "UPDATE casework_personalwords SET body = body || 'x' WHERE name = 'reporter_phone'",
            "the words were altered",
        ),
        ("DELETE FROM casework_personalwords WHERE name = 'finding'", "the words are missing"),
        (
            "UPDATE casework_personalwords SET erased_at = now(), body = '没有清理'",
            "are not erased as the history says",
        ),
        ("UPDATE casework_personalwords SET erased_at = now(), body = NULL, salt = NULL", "are not erased"),
        ("UPDATE casework_case SET number = '20990101000001'", "not what its history says"),
        ("UPDATE casework_case SET reported_at = reported_at - interval '1 day'", "not what its history says"),
        ("UPDATE casework_case SET opened_at = opened_at - interval '1 day'", "not what its history says"),
        ("UPDATE casework_case SET procedure = 'another'", "not what its history says"),
        ("UPDATE casework_case SET version = version + 1", "not what its history says"),
        ("UPDATE casework_case SET head = ''", "not what its history says"),
        ("UPDATE casework_case SET facts = 'null'", "not what its history says"),
        ("UPDATE casework_case SET case_limit = 'long'", "not what its history says"),
        ("UPDATE casework_task SET district = '671002' WHERE no = 2", "not what its history says"),
        ("UPDATE casework_task SET community = NULL WHERE no = 3", "not what its history says"),
        ("UPDATE casework_task SET part = 'nobody' WHERE no = 3", "not what its history says"),
        ("UPDATE intake_report SET external_id = 'A2'", "its report is not the one"),
        ("UPDATE intake_report SET channel = 'another'", "its report is not the one"),
        ("UPDATE intake_report SET digest = 'another'", "its report is not the one"),
        ("UPDATE intake_report SET tracking_code = 'another'", "its report is not the one"),
        ("UPDATE intake_report SET number = 'another'", "its report is not the one"),
        ("UPDATE intake_report SET received_at = received_at - interval '1 day'", "its report is not the one"),
        ("DELETE FROM intake_report", "its report is missing"),
    ],
)
def test_what_was_altered_is_found(go, statement: str, what: str) -> None:
    case = go("close")
    assert list(findings()) == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    found = list(findings())
    assert [finding for finding in found if what in finding.what and finding.where.startswith(f"case/{case.pk}")]


def test_a_case_that_was_removed_is_found_and_rebuilt_except_words_and_report(go) -> None:
    case = go("close")
    before = Case.objects.filter(pk=case.pk).values().get(), list(case.tasks.values().order_by("no"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in ("casework_personalwords", "casework_task", "intake_report", "casework_case"):
            cursor.execute(f"DELETE FROM {table}")
    assert f"case/{case.pk}" in {finding.where for finding in findings()}
    assert verification.rebuild_all() == 1
    rebuilt = Case.objects.get(pk=case.pk)
    tasks = [
        {**task, "id": old["id"]} for task, old in zip(rebuilt.tasks.values().order_by("no"), before[1], strict=True)
    ]
    assert {**Case.objects.filter(pk=case.pk).values().get(), "address": before[0]["address"]} == before[0]
    assert tasks == before[1]
    assert {finding.what for finding in findings()} == {
        "the words are missing",
        "its report is missing; that cannot be repaired",
    }


def test_a_report_whose_case_is_missing_is_found(go) -> None:
    go("close")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE intake_report SET case_id = 999999")
        found = list(findings())
        cursor.execute("UPDATE intake_report SET case_id = (SELECT id FROM casework_case)")
    assert {finding.what for finding in found} == {"has no case", "its report is missing; that cannot be repaired"}


@pytest.mark.parametrize(
    "payload",
    [
        "'{}'",
        "'[]'",
        "'null'",
        "payload || '{\"opened\": [{}]}'",
        "payload || '{\"opened\": 7}'",
        'payload || \'{"case_due_at": "soon"}\'',
        "payload || '{\"by\": [1, 2, 3, 4]}'",
        "payload || '{\"words\": []}'",
        'payload || \'{"case_limit": "long"}\'',
    ],
)
def test_an_event_with_an_unknown_payload_is_found_and_its_case_left_unchanged(go, payload: str) -> None:
    case = go("file")
    tamper(f"UPDATE runtime_event SET payload = {payload} WHERE stream = 'case/{case.pk}' AND seq = 2")
    assert Finding(f"case/{case.pk}#2", "cannot be read") in list(findings())
    assert verification.rebuild_all() == 0


def test_words_are_erased_only_as_the_history_says(go, number: str) -> None:
    case = go("close")
    kept = list(case.words.order_by("seq", "name").values_list("seq", "name", "salt", "body"))
    assert erase_words(number, "account/1", NOW) == len(kept)
    assert list(findings()) == []
    seq, name, salt, body = kept[0]
    case.words.filter(seq=seq, name=name).update(body="别的")
    assert {finding.what for finding in findings()} >= {"are not erased as the history says"}
    case.words.filter(seq=seq, name=name).update(body=body, salt=salt, erased_at=None)
    assert "are not erased as the history says" in {finding.what for finding in findings()}


def test_a_case_without_a_history_is_found(go) -> None:
    case = go("close")
    copy = Case.objects.get(pk=case.pk)
    copy.pk, copy.number = 999_999, "20990101999999"
    copy.save(force_insert=True)
    assert "case/999999" in {finding.where for finding in findings()}


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("case", "stage = 'filed', handlers = '{}', address = '别处', head = '', facts = '{}'"),
        ("case", "number = 'another', procedure = 'x', version = 7, reported_at = now(), opened_at = now()"),
        ("task", "district = '671002', community = NULL, part = 'nobody', done_at = NULL, due_at = NULL"),
    ],
)
def test_what_was_altered_can_be_rebuilt(go, table: str, change: str) -> None:
    go("close")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE casework_{table} SET {change}")
    assert verification.rebuild_all() == 1
    assert list(findings()) == []
    assert verification.rebuild_all() == 0


def test_numbers_that_were_swapped_are_restored(go, people: dict) -> None:
    first = go("close")
    content = {"channel": "12345", "external_id": "A2", "text": "井盖缺失"}
    number = receive(read(content, settings.CITYLOOP.zone, NOW), people["hotline"], NOW).number
    Case.objects.filter(pk=first.pk).update(number="?")
    Case.objects.filter(number=number).update(number=first.number)
    Case.objects.filter(pk=first.pk).update(number=number)
    assert verification.rebuild_all() == 2
    assert list(findings()) == []
    assert Case.objects.get(pk=first.pk).number == first.number


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_acts_on_is_rebuilt_from_the_history_after_it(number: str, people: dict) -> None:
    case = Case.objects.get(number=number)

    def rebuilding() -> None:
        verification.rebuild(case.pk)
        connection.close()

    with transaction.atomic():
        act(number, "accept", 1, people["operator"], {"category": "06010", "district": "671001"}, None, NOW)
        other = threading.Thread(target=rebuilding)
        other.start()
        until(_somebody_waits)
    other.join()
    assert Case.objects.get(pk=case.pk).length == 2
    assert list(findings()) == []


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
