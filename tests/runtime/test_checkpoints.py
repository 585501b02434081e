"""`cityloop verify` and the checkpoints: what was altered, cut or removed is found, and nothing else."""

import json
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from cityloop.core.errors import NotPossible
from cityloop.runtime import verification
from cityloop.runtime.log import checkpoints, events
from cityloop.runtime.models import Event
from example import NOW
from runtime.log import happen, tamper

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]


def places(home: Path) -> set[str]:
    """Return where something is found."""
    return {finding.where for finding in verification.findings(home)}


def lines(home: Path) -> list[str]:
    return log(home).read_text().splitlines(keepends=True)


def log(home: Path) -> Path:
    return home / "checkpoints" / "log.jsonl"


def sealed_thrice(home: Path) -> list[str]:
    for number in range(3):
        happen(f"thing/{number}")
        checkpoints.seal(home, NOW)
    return lines(home)


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE runtime_event SET payload = '{\"words\": \"子\"}' WHERE stream = 'thing/1' AND seq = 2", "thing/1#2"),
        ("UPDATE runtime_event SET at = at + interval '1 second' WHERE stream = 'thing/1' AND seq = 3", "thing/1#3"),
        ("UPDATE runtime_event SET actor = 'somebody' WHERE stream = 'thing/2' AND seq = 1", "thing/2#1"),
        ("DELETE FROM runtime_event WHERE stream = 'thing/1' AND seq = 2", "thing/1#3"),
        ("DELETE FROM runtime_event WHERE stream = 'thing/1' AND seq = 3", "thing/1#3"),
        ("DELETE FROM runtime_event WHERE stream = 'thing/2'", "thing/2#2"),
    ],
    ids=["altered words", "altered time", "altered actor", "removed in the middle", "cut tail", "missing stream"],
)
def test_what_was_tampered_with_is_found(tmp_path: Path, statement: str, where: str) -> None:
    happen("thing/1", 3)
    happen("thing/2", 2)
    checkpoints.seal(tmp_path, NOW)
    assert list(verification.findings(tmp_path)) == []
    tamper(statement)
    assert where in {finding.where for finding in verification.findings(tmp_path)}


def test_a_stream_rewritten_with_correct_hashes_differs_from_its_checkpoint(tmp_path: Path) -> None:
    happen("thing/1", 2)
    checkpoints.seal(tmp_path, NOW)
    tamper("DELETE FROM runtime_event WHERE stream = 'thing/1'")
    with transaction.atomic():
        events.record("thing/1", "OtherThing", "test", NOW, {})
        events.record("thing/1", "OtherThing", "test", NOW, {})
    assert {finding.where for finding in verification.findings(tmp_path)} >= {"thing/1#2"}


def test_an_altered_or_missing_checkpoint_is_found(tmp_path: Path) -> None:
    for number in range(3):
        happen(f"thing/{number}")
        checkpoints.seal(tmp_path, NOW)
    path = tmp_path / "checkpoints" / "log.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0].replace("thing/0", "thing/9"), *lines[1:]]))
    assert "checkpoint 1" in {finding.where for finding in verification.findings(tmp_path)}
    path.write_text("".join([lines[0], lines[2]]))
    assert "checkpoint 3" in {finding.where for finding in verification.findings(tmp_path)}


def test_a_line_that_a_power_failure_cut_is_written_again(tmp_path: Path) -> None:
    sealed_thrice(tmp_path)
    happen("thing/9")
    with log(tmp_path).open("a") as file:
        file.write(lines(tmp_path)[-1][:40])
    assert checkpoints.seal(tmp_path, NOW) == 2  # with the event of the seal before
    assert len(lines(tmp_path)) == 4 and places(tmp_path) == set()


def test_a_city_where_nothing_happens_is_not_sealed_again_and_again(tmp_path: Path) -> None:
    sealed_thrice(tmp_path)
    assert checkpoints.seal(tmp_path, NOW) == 0
    assert len(lines(tmp_path)) == 3
    assert Event.objects.filter(name="LogSealed").count() == 3


@pytest.mark.parametrize("left", [None, 0, 1, 2], ids=["no file", "an empty one", "one line", "two lines"])
def test_missing_checkpoints_are_found_even_when_sealing_continued(tmp_path: Path, left: int | None) -> None:
    written = sealed_thrice(tmp_path)
    log(tmp_path).unlink() if left is None else log(tmp_path).write_text("".join(written[:left]))
    assert places(tmp_path) == {"checkpoints"}
    happen("thing/9")
    checkpoints.seal(tmp_path, NOW)
    assert places(tmp_path) == {"checkpoint 4"}


def test_a_checkpoint_missing_from_the_log_is_recorded_at_the_next_seal(tmp_path: Path) -> None:
    sealed_thrice(tmp_path)
    tamper("DELETE FROM runtime_event WHERE stream = 'log' AND seq = 3")  # as if killed before it was written
    assert checkpoints.seal(tmp_path, NOW) == 0
    assert Event.objects.filter(name="LogSealed").count() == 3
    assert places(tmp_path) == set()


@pytest.mark.parametrize(
    "line",
    [b"not JSON\n", b"[]\n", b'{"number": 2}\n', b"\xff\xfe\n", b"\n"],
    ids=["words", "a list", "less", "bytes", ""],
)
def test_a_checkpoint_that_cannot_be_read_is_found(tmp_path: Path, line: bytes) -> None:
    written = sealed_thrice(tmp_path)
    log(tmp_path).write_bytes(written[0].encode() + line + written[2].encode())
    assert places(tmp_path) == {"checkpoint 2", "checkpoint 3"}
    log(tmp_path).write_bytes(written[0].encode() + line)
    assert "checkpoint 2" in places(tmp_path)


def test_sealing_refuses_to_continue_from_a_damaged_end(tmp_path: Path) -> None:
    written = sealed_thrice(tmp_path)
    log(tmp_path).write_text("".join(written[:2]) + "{}\n")
    happen("thing/9")
    with pytest.raises(NotPossible, match="Restore the file") as refused:
        checkpoints.seal(tmp_path, NOW)
    assert refused.value.code == "checkpoints-damaged"
    assert len(lines(tmp_path)) == 3


def test_the_content_of_an_altered_checkpoint_is_not_used(tmp_path: Path) -> None:
    written = sealed_thrice(tmp_path)
    forged = {**json.loads(written[0]), "heads": {"thing/0": [2**40, "no hash"]}, "event_id": 2**80}
    log(tmp_path).write_text(json.dumps(forged) + "\n" + "".join(written[1:]))
    assert places(tmp_path) == {"checkpoint 1"}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("payload = '{\"words\": 1.5}'", "thing/1#2"),
        ("payload = '[1]'", "thing/1#2"),
        ("payload = 'null'", "thing/1#2"),
        ("hash = ''", "thing/1#2"),
        ("at = 'infinity'", "database"),
        ("at = '20000-01-01'", "database"),
        ("payload = ('[' || repeat('9', 5000) || ']')::jsonb", "database"),
    ],
)
def test_an_event_with_a_payload_of_an_unknown_shape_is_found(tmp_path: Path, change: str, where: str) -> None:
    happen("thing/1", 3)
    checkpoints.seal(tmp_path, NOW)
    tamper(f"UPDATE runtime_event SET {change} WHERE stream = 'thing/1' AND seq = 2")
    assert where in places(tmp_path)


def test_a_city_that_runs_meanwhile_gives_no_false_alarm(tmp_path: Path) -> None:
    over = threading.Event()

    def running() -> None:
        while not over.is_set():
            happen("thing/1")
            checkpoints.seal(tmp_path, NOW)
        connection.close()

    service = threading.Thread(target=running)
    service.start()
    try:
        found = [list(verification.findings(tmp_path)) for _ in range(30)]
    finally:
        over.set()
        service.join()
    assert found == [[]] * 30
    assert Event.objects.count() > 3


def test_all_proofs_read_one_snapshot_of_the_database(tmp_path: Path) -> None:
    counted: list[int] = []

    def counting() -> list[verification.Finding]:
        counted.append(Event.objects.count())
        other = threading.Thread(target=lambda: (happen("thing/2"), connection.close()))
        other.start()
        other.join()
        return []

    happen("thing/1")
    before = Event.objects.count()
    assert list(verification.findings(tmp_path, counting, counting)) == []
    assert counted == [before, before] and Event.objects.count() == before + 2


def test_no_checkpoint_is_written_during_a_backup(tmp_path: Path) -> None:
    happen("thing/1")
    with checkpoints.resting(tmp_path, NOW):
        assert len(lines(tmp_path)) == 1
        happen("thing/1")
        assert checkpoints.seal(tmp_path, NOW) == 0
        assert len(lines(tmp_path)) == 1
    assert checkpoints.seal(tmp_path, NOW) == 2
