"""Photos of a case: recorded with their action, shown to whoever may see the case, erased by law, verified."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from PIL import Image

from actions.conftest import Do
from cityloop.casework import jobs, verification
from cityloop.casework.actions import act, erase_words
from cityloop.casework.history import evidence, evidence_proof
from cityloop.casework.models import Case, Evidence
from cityloop.core.errors import Invalid, NotFound
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.runtime.files import evidence as store
from cityloop.runtime.models import Event
from example import NOW

NOBODYS = "0" * 64


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: object) -> Path:
    """Return a home folder whose evidence no other test uses; the keys are those of the test run."""
    (tmp_path / "keys").symlink_to(django_settings.CITYLOOP.home_folder / "keys")
    settings.CITYLOOP = replace(django_settings.CITYLOOP, home=str(tmp_path))  # type: ignore[attr-defined]
    return tmp_path


def picture(colour: str) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (23.0, 3.0, 0.0), 3: "E", 4: (120.0, 3.0, 0.0)})
    content = BytesIO()
    Image.new("RGB", (40, 30), colour).save(content, "JPEG", exif=exif)
    return content.getvalue()


def taken_in(*colours: str) -> list[str]:
    return [evidence.take_in(picture(colour), "photos") for colour in colours]


@pytest.fixture
def dispatched(go: Callable[[str], Case]) -> Case:
    return go("dispatch")


@pytest.fixture
def answered(dispatched: Case, do: Do) -> tuple[Case, list[str]]:
    """A case that was reported back with two photos, and their digests."""
    digests = taken_in("red", "blue")
    return do("report_back", "roads", result="已清理", photos=" ".join(digests)), digests


def found() -> list[str]:
    return [f"{finding.where}: {finding.what}" for finding in (*evidence_proof.findings(), *verification.findings())]


def test_photos_are_recorded_with_the_event_and_what_the_camera_recorded(answered: tuple[Case, list[str]]) -> None:
    case, digests = answered
    event = Event.objects.get(stream=f"case/{case.pk}", seq=case.length)
    assert event.payload["answers"]["photos"] == " ".join(digests)
    rows = list(case.evidence.order_by("pk"))
    assert [(row.seq, row.name, row.digest) for row in rows] == [(case.length, "photos", digest) for digest in digests]
    assert {(row.media_type, row.size == len(store.read(row.digest))) for row in rows} == {("image/jpeg", True)}
    assert rows[0].taken == {"lon": "120.050000", "lat": "23.050000"}
    assert "120.05" not in str(event.payload["answers"])
    assert evidence.photos_of(case) == {case.length: [("photos", digest) for digest in digests]}
    assert found() == []


def test_a_photo_that_was_never_received_is_refused_and_nothing_changes(dispatched: Case, do: Do) -> None:
    with pytest.raises(Invalid) as refused:
        do("report_back", "roads", result="已清理", photos=f"{taken_in('red')[0]} {NOBODYS}")
    assert [fault.field for fault in refused.value.faults] == ["photos"]
    assert Case.objects.get(pk=dispatched.pk).length == dispatched.length
    assert not Evidence.objects.exists()
    assert found() == []


def test_a_file_that_is_not_an_image_is_refused_under_its_field(city: object) -> None:
    with pytest.raises(Invalid) as refused:
        evidence.take_in(b"not a picture", "before")
    assert [fault.field for fault in refused.value.faults] == ["before"]


def test_a_photo_is_shown_to_whoever_may_see_its_case_and_to_nobody_else(
    answered: tuple[Case, list[str]], people: dict
):
    case, digests = answered
    for username in ("operator", "roads", "collector", "leader"):
        assert evidence.photo(people[username], case.number, digests[0]) == store.read(digests[0])
    for username, number, digest in (
        ("parks", case.number, digests[0]),
        ("operator", "1", digests[0]),
        ("operator", case.number, NOBODYS),
        ("operator", case.number, taken_in("green")[0]),  # kept, but of no case
    ):
        with pytest.raises(NotFound):
            evidence.photo(people[username], number, digest)


def test_erasing_a_case_removes_its_photos_and_leaves_a_valid_history(
    answered: tuple[Case, list[str]], people: dict, django_capture_on_commit_callbacks: Callable
) -> None:
    case, digests = answered
    with django_capture_on_commit_callbacks(execute=True):
        erase_words(case.number, "test", NOW)
    assert [store.holds(digest) for digest in digests] == [None, None]
    assert set(case.evidence.values_list("taken", "erased_at")) == {(None, NOW)}
    assert evidence.photos_of(case) == {case.length: [("photos", None), ("photos", None)]}
    with pytest.raises(NotFound):
        evidence.photo(people["operator"], case.number, digests[0])
    last = Event.objects.filter(stream=f"case/{case.pk}").latest("seq")
    assert last.payload["answers"][f"{case.length}.photos"] == "erased"
    assert found() == []


def test_a_photo_of_two_cases_stays_until_it_is_erased_from_both(
    answered: tuple[Case, list[str]], people: dict, django_capture_on_commit_callbacks: Callable
) -> None:
    case, (shared, _) = answered
    report = read({"channel": "12345", "external_id": "A2", "text": "另一处"}, django_settings.CITYLOOP.zone, NOW)
    other = Case.objects.get(number=receive(report, people["hotline"], NOW).number)
    evidence.record(other.pk, 1, {"photos": [shared]})
    with django_capture_on_commit_callbacks(execute=True):
        evidence.erase(case.pk, NOW)
    assert store.fault(shared) is None
    with django_capture_on_commit_callbacks(execute=True):
        evidence.erase(other.pk, NOW)
    assert store.holds(shared) is None


def test_photos_that_no_case_uses_are_removed_after_a_day(answered: tuple[Case, list[str]], home: Path) -> None:
    _, used = answered
    (abandoned,) = taken_in("green")
    assert evidence.remove_abandoned(datetime.now(UTC) + timedelta(hours=23)) == 0
    for path in (home / "evidence").glob("*/*/*"):
        os.utime(path, (0, 0))
    (fresh,) = taken_in("yellow")
    jobs.remove_abandoned_photos(0)
    assert store.holds(abandoned) is None
    assert [store.fault(digest) for digest in (*used, fresh)] == [None] * 3


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DELETE FROM casework_evidence", "is missing"),
        ("UPDATE casework_evidence SET seq = 2", "is missing"),
        ("UPDATE casework_evidence SET name = 'before'", "no event has the photo"),
        (
            f"UPDATE casework_evidence SET digest = '{NOBODYS}' WHERE id = (SELECT min(id) FROM casework_evidence)",
            "no event has",
        ),
        ("UPDATE casework_evidence SET erased_at = now(), taken = NULL", "are not erased as the history says"),
        ('UPDATE casework_evidence SET taken = \'{"lon": "121.5"}\'', "what the camera recorded about it was altered"),
        ("UPDATE casework_evidence SET taken = NULL", "what the camera recorded about it was altered"),
        ("UPDATE casework_evidence SET size = size + 1", "what the camera recorded about it was altered"),
    ],
)
def test_whatever_is_altered_in_the_rows_of_photos_is_found(
    answered: tuple[Case, list[str]], statement: str, what: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    case, _ = answered
    findings = found()
    assert any(what in line for line in findings)
    assert all(line.startswith(f"case/{case.pk}#") for line in findings)


def test_a_photo_altered_swapped_or_removed_on_the_disk_is_found(answered: tuple[Case, list[str]], home: Path) -> None:
    case, (first, second) = answered
    first_file, second_file = (home / "evidence" / digest[:2] / digest[2:4] / digest for digest in (first, second))
    content = second_file.read_bytes()
    second_file.write_bytes(first_file.read_bytes())
    assert found() == [f"case/{case.pk}#{case.length} photos: the photo {second[:12]}: its file was altered"]
    second_file.unlink()
    assert found() == [f"case/{case.pk}#{case.length} photos: the photo {second[:12]}: its file is missing"]
    second_file.write_bytes(content)
    assert found() == []


def test_erased_photos_that_were_restored_are_found(answered: tuple[Case, list[str]]) -> None:
    case, _ = answered
    erase_words(case.number, "test", NOW)
    case.evidence.update(erased_at=None)
    assert f"case/{case.pk}#{case.length} photos: the photos are not erased as the history says" in found()


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_is_being_given_to_another_case_survives_an_erasure(number: str, people: dict) -> None:
    (shared,) = taken_in("red")
    steps = [("accept", "operator", {"category": "06010", "district": "671001"}), ("file", "duty", {})]
    steps += [
        ("dispatch", "dispatcher", {"unit": "roads"}),
        ("report_back", "roads", {"result": "好", "photos": shared}),
    ]
    for action, username, inputs in steps:
        task = Case.objects.get(number=number).tasks.count()
        act(number, action, task, people[username], inputs, None, NOW)
    report = read({"channel": "12345", "external_id": "A2", "text": "另一处"}, django_settings.CITYLOOP.zone, NOW)
    other = Case.objects.get(number=receive(report, people["hotline"], NOW).number)
    ended = threading.Event()

    def erase() -> None:
        try:
            erase_words(number, "test", NOW)
        finally:
            ended.set()
            connection.close()

    with transaction.atomic():
        evidence.record(other.pk, 1, {"photos": [shared]})
        eraser = threading.Thread(target=erase)
        eraser.start()
        assert not ended.wait(1), "the erasure did not wait for the transaction that records"
    eraser.join(10)
    assert ended.is_set()
    assert store.fault(shared) is None
