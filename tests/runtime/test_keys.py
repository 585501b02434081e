"""The city's keys: made once, together, and never replaced."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cityloop.core.errors import NotPossible
from cityloop.runtime.secrets import keys


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    keys.key.cache_clear()
    yield
    keys.key.cache_clear()


def test_all_keys_are_made_together_and_only_the_owner_can_read_them(tmp_path: Path) -> None:
    keys.key(tmp_path / "home", "sessions")
    made = sorted((tmp_path / "home" / "keys").iterdir())
    assert [path.name for path in made] == sorted(keys.NAMES)
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    assert made[0].parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["keys"]


def test_processes_that_start_together_get_the_same_keys(tmp_path: Path) -> None:
    starting, given = threading.Barrier(8), []

    def asking() -> None:
        starting.wait()
        given.append([keys.key.__wrapped__(tmp_path, name) for name in keys.NAMES])

    threads = [threading.Thread(target=asking) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 8 and all(keys == given[0] for keys in given)
    assert len(set(given[0])) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_a_lost_key_is_reported_and_not_made_again(tmp_path: Path) -> None:
    keys.key(tmp_path, "sessions")
    (tmp_path / "keys" / "personal").unlink()
    with pytest.raises(NotPossible, match="Restore it from the backup") as refused:
        keys.key(tmp_path, "personal")
    assert refused.value.code == "key-missing"
    assert not (tmp_path / "keys" / "personal").exists()


def test_a_folder_of_keys_lost_from_a_sealed_city_is_reported(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "log.jsonl").write_text("a seal\n")
    with pytest.raises(NotPossible) as refused:
        keys.key(tmp_path, "sessions")
    assert refused.value.code == "key-missing"


@pytest.mark.parametrize("words", ["", "ab", "no key at all"])
def test_an_altered_key_is_reported(tmp_path: Path, words: str) -> None:
    keys.key(tmp_path, "sessions")
    (tmp_path / "keys" / "personal").write_text(words)
    with pytest.raises(NotPossible) as refused:
        keys.key(tmp_path, "personal")
    assert refused.value.code == "key-damaged"
