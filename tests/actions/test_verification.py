"""`cityloop verify`: whatever is altered in the rows of a case is found and named."""

import pytest
from django.db import connection

from cityloop.casework import verification
from cityloop.casework.models import Case


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
    ],
)
def test_what_was_altered_is_found(go, statement: str, what: str) -> None:
    case = go("close")
    with connection.cursor() as cursor:
        cursor.execute(statement)
    found = list(verification.findings())
    assert [finding for finding in found if what in finding.what and finding.where.startswith(f"case/{case.pk}")]


def test_a_case_that_was_removed_is_found(go) -> None:
    case = go("close")
    with connection.cursor() as cursor:
        for table in ("casework_personalwords", "casework_task"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("DELETE FROM intake_report")
        cursor.execute("DELETE FROM casework_case")
    assert f"case/{case.pk}" in {finding.where for finding in verification.findings()}


def test_a_case_without_a_history_is_found(go) -> None:
    case = go("close")
    copy = Case.objects.get(pk=case.pk)
    copy.pk, copy.number = 999_999, "20990101999999"
    copy.save(force_insert=True)
    assert "case/999999" in {finding.where for finding in verification.findings()}


def test_what_was_altered_can_be_written_anew(go) -> None:
    go("close")
    Case.objects.update(stage="filed", handlers=[])
    assert verification.rebuild_all() == 1
    assert list(verification.findings()) == []
    assert verification.rebuild_all() == 0
