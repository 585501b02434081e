"""The event log: nothing is lost, delivered twice or altered unnoticed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cityloop.registry.organisation import actions as organisation
from cityloop.registry.packs import actions as pack_actions
from cityloop.runtime.log import announcer, events
from cityloop.runtime.models import Event, Subscription
from example import NOW
from runtime.embedded import until
from runtime.log import happen

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("empty_log")]


@pytest.fixture
def empty_log(transactional_db: None) -> None:
    """A database in which nothing happened yet."""
    call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The only subscriber, which remembers what it received."""
    seen: list[int] = []
    monkeypatch.setattr(announcer, "_subscribers", {})
    announcer.subscribe("reader")(lambda batch: seen.extend(event.pk for event in batch))
    yield seen


@pytest.mark.django_db(transaction=True)
def test_every_event_is_announced_once_and_in_order(reader: list[int]) -> None:
    happen("thing/1", 3)
    happen("thing/2", 2)
    while announcer.announce_all():
        pass
    assert reader == list(Event.objects.order_by("ordinal", "id").values_list("id", flat=True))
    with CaptureQueriesContext(connection) as looked:
        assert announcer.announce_all() == 0
    assert len(looked) == 1  # a quiet log is looked at five times a second


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_not_skipped(reader: list[int]) -> None:
    """The later event commits first: it must wait, or the earlier one would be skipped forever."""
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            events.record("slow/1", "ThingHappened", "test", NOW, {})
            begun.set()
            go_on.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(20)
    happen("fast/1")
    assert announcer.announce_all() == 0
    go_on.set()
    thread.join()
    while announcer.announce_all():
        pass
    streams = dict(Event.objects.values_list("id", "stream"))
    assert [streams[seen] for seen in reader] == ["slow/1", "fast/1"]


@pytest.mark.django_db(transaction=True)
def test_a_subscriber_that_fails_keeps_its_position_and_does_not_hold_up_the_others(reader: list[int]) -> None:
    def failing(batch: object) -> None:
        raise RuntimeError("out of paper")

    announcer.subscribe("failing")(failing)
    happen("thing/1")
    announcer.announce_all()
    assert len(reader) == 1
    assert "out of paper" in Subscription.objects.get(name="failing").failure
    again: list[int] = []
    announcer.subscribe("failing")(lambda batch: again.extend(event.pk for event in batch))
    announcer.announce_all()
    assert len(again) == 1


KILLED = """
import os, signal, sys
import django
django.setup()
from django.db import connection
from cityloop.runtime.log import announcer
stop_before = int(sys.argv[1])
done = 0
def killing(execute, sql, params, many, context):
    global done
    done += 1
    if done == stop_before:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)
announcer._subscribers.clear()
@announcer.subscribe("writer")
def write(events):
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO seen_by_writer VALUES (%s)", [(event.pk,) for event in events])
        cursor.execute("SELECT 1")
with connection.execute_wrapper(killing):
    while announcer.announce_all():
        pass
print("done", done)
"""


@pytest.mark.django_db(transaction=True)
def test_killed_between_any_two_statements_the_announcer_loses_and_repeats_nothing(tmp_path: Path) -> None:
    script = tmp_path / "announcing.py"
    script.write_text(KILLED)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS seen_by_writer (event bigint)")
    environ = {**os.environ, "CITYLOOP_DATABASE_URL": _own_url()}
    statement, finished = 0, False
    while not finished:
        statement += 1
        happen(f"thing/{statement}", 2)
        process = subprocess.run(
            [sys.executable, script, str(statement)], env=environ, capture_output=True, check=False
        )
        finished = process.returncode == 0
        assert finished or process.returncode == -signal.SIGKILL, process.stderr.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT event FROM seen_by_writer ORDER BY 1")
        seen = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE seen_by_writer")
    assert statement > 5  # it was killed at several places
    assert seen == sorted(Event.objects.values_list("id", flat=True))


def _own_url() -> str:
    """Return the address of this worker's test database."""
    whole = os.environ["CITYLOOP_DATABASE_URL"]
    before, _, query = whole.partition("?")
    return f"{before.rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}?{query}"


@pytest.mark.django_db(transaction=True)
def test_the_log_refuses_to_be_changed() -> None:
    happen("thing/1")
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Event.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_two_writers_to_one_stream_both_succeed(reader: list[int]) -> None:
    failures: list[Exception] = []

    def writing() -> None:
        try:
            happen("thing/1", 5)
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=writing) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(Event.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 21))


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_waits_for_a_stream_follows_the_one_it_waited_for() -> None:
    """Before anything is written: a transaction has its place in the log from its first write on."""
    with transaction.atomic():
        events.locked(pack_actions.STREAM)
        waiting = threading.Thread(target=_set_a_unit)
        waiting.start()
        until(_somebody_waits)
        events.record(pack_actions.STREAM, "ThingHappened", "test", NOW, {})
    waiting.join()
    in_order = list(Event.objects.order_by("ordinal", "id").values_list("seq", "name"))
    assert in_order == [(1, "ThingHappened"), (2, "UnitsSet")]


def _set_a_unit() -> None:
    organisation.enter_units({"roads": "市政养护处"}, "test", NOW)
    connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])
