"""A kept connection is checked before it is used again, without a question to a server that still has it."""

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.casework.models import Case

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]


def next_request() -> None:
    connection.health_check_enabled, connection.health_check_done = True, False


def test_a_connection_that_the_server_has_is_not_asked_about() -> None:
    connection.ensure_connection()
    next_request()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert connection.is_usable()
    assert len(asked) == 0


def test_a_connection_that_the_server_closed_is_opened_again() -> None:
    connection.ensure_connection()
    assert connection.connection is not None
    old = connection.connection.info.backend_pid
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [old])
    next_request()
    assert Case.objects.count() == 0
    assert connection.connection.info.backend_pid != old


def test_what_the_server_sends_unasked_does_not_end_a_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN told")
    old = connection.connection.info.backend_pid
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("NOTIFY told")
    next_request()
    assert Case.objects.count() == 0
    assert connection.connection.info.backend_pid == old
