"""The store of evidence: no name without its bytes, altered files are not returned, and a kill loses nothing."""

import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from cityloop.core.errors import NotFound, NotPossible
from cityloop.runtime.files import evidence

NOBODYS = "0" * 64


@pytest.fixture
def store(tmp_path: Path, settings: object) -> Path:
    """The folder of evidence of an empty home."""
    settings.CITYLOOP = replace(django_settings.CITYLOOP, home=str(tmp_path))  # type: ignore[attr-defined]
    return tmp_path / "evidence"


def files(store: Path) -> list[Path]:
    return sorted(path for path in store.rglob("*") if path.is_file())


def test_a_stored_file_is_read_by_its_digest(store: Path) -> None:
    kept = evidence.keep(b"a photo", {"lon": "120.1"})
    assert kept.digest == "d4e24d749a4fe2f161af2de913c0402b04e3ae287dafd0f9dbfa4a5c56c69285"
    assert evidence.read(kept.digest) == b"a photo"
    assert evidence.holds(kept.digest) == kept
    assert evidence.fault(kept.digest) is None


def test_only_its_owner_can_read_the_store(store: Path) -> None:
    evidence.keep(b"a photo", {"lon": "120.1"})
    modes = {path.is_file(): stat.S_IMODE(path.stat().st_mode) for path in [store, *store.rglob("*")]}
    assert modes == {True: 0o600, False: 0o700}


def test_storing_a_file_twice_keeps_one_file_and_the_first_facts(store: Path) -> None:
    first = evidence.keep(b"a photo", {"lon": "120.1"})
    again = evidence.keep(b"a photo", {"lon": "999"})
    assert again.digest == first.digest
    assert [path.suffix for path in files(store)] == ["", ".json"]
    assert evidence.holds(first.digest) == first


def test_twenty_writers_of_the_same_photos_do_not_disturb_each_other(store: Path) -> None:
    contents = [bytes([number]) * 50_000 for number in range(4)] * 5
    with ThreadPoolExecutor(20) as writers:
        digests = {kept.digest for kept in writers.map(lambda content: evidence.keep(content, {"n": 1}), contents)}
    assert {evidence.fault(digest) for digest in digests} == {None}
    assert len(digests) == 4
    assert len(files(store)) == 8


KEEPING = """
import os, sys
from dataclasses import replace
import django
django.setup()
from django.conf import settings
settings.CITYLOOP = replace(settings.CITYLOOP, home=sys.argv[1])
from cityloop.runtime.files import evidence
while True:
    print(evidence.keep(os.urandom(300_000), {"moment": "2026-11-21"}).digest, flush=True)
"""


def test_a_kill_leaves_complete_files_and_drafts_that_are_removed(store: Path) -> None:
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", KEEPING, str(store.parent)], stdout=subprocess.PIPE)
        digests = [process.stdout.readline().decode().strip() for _ in range(25)]
        os.kill(process.pid, signal.SIGKILL)
        digests += process.communicate()[0].decode().split()
        assert {evidence.fault(digest) for digest in digests if len(digest) == 64} == {None}
    named = [path.name for path in files(store) if not path.name.startswith(".") and not path.suffix]
    assert {evidence.fault(digest) for digest in named} == {None}
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert sorted(evidence.kept_before(later)) == sorted(named)
    assert not [path for path in files(store) if path.name.startswith(".")]


def test_a_file_stored_again_counts_as_new(store: Path) -> None:
    digest = evidence.keep(b"a photo").digest
    path = store / digest[:2] / digest[2:4] / digest
    os.utime(path, (0, 0))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert list(evidence.kept_before(yesterday)) == [digest]
    evidence.keep(b"a photo")
    assert list(evidence.kept_before(yesterday)) == []


def test_an_altered_file_is_not_returned_and_is_repaired_by_storing_it_again(store: Path) -> None:
    digest = evidence.keep(b"a photo").digest
    path = store / digest[:2] / digest[2:4] / digest
    path.write_bytes(b"a hoax!")
    assert evidence.fault(digest) == "its file was altered"
    with pytest.raises(NotPossible) as caught:
        evidence.read(digest)
    assert caught.value.code == "photo-damaged"
    evidence.keep(b"a photo")
    assert evidence.read(digest) == b"a photo"


def test_a_file_is_removed_with_its_facts(store: Path) -> None:
    digest = evidence.keep(b"a photo", {"lon": "120.1"}).digest
    evidence.remove(digest)
    assert files(store) == []
    assert evidence.fault(digest) == "its file is missing"
    evidence.remove(digest)


@pytest.mark.parametrize("digest", [NOBODYS, "", "../../keys/personal", "A" * 64, "0" * 63, f"{NOBODYS}/"])
def test_a_file_that_is_not_stored_is_not_found(store: Path, digest: str) -> None:
    (store / "00" / "00").mkdir(parents=True)
    assert evidence.holds(digest) is None
    with pytest.raises(NotFound):
        evidence.read(digest)


def test_a_full_disk_is_refused_and_leaves_nothing(store: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    store.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", store]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this machine denies mounting")
    try:
        with pytest.raises(NotPossible) as caught:
            evidence.keep(b"x" * 100_000)
        assert caught.value.code == "disk-full"
        assert files(store) == []
    finally:
        subprocess.run(["umount", "--lazy", store], check=False)
