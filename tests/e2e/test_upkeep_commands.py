"""The maintenance commands: a city is backed up, lost, restored and verified."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from homes import CITYLOOP, cityloop, empty_home, environment


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city with an account and a few events."""
    home = empty_home(tmp_path_factory.mktemp("cities") / "first")
    assert cityloop(home, "user", "token", "hotline").stdout.startswith("cl_")
    return home


def test_a_token_is_printed_alone(home: Path) -> None:
    result = cityloop(home, "user", "token", "hotline")
    assert result.returncode == 0 and len(result.stdout.split()) == 1


def test_a_city_is_backed_up_restored_and_verified(home: Path, tmp_path: Path) -> None:
    archive, other = tmp_path / "city.tar", tmp_path / "second"
    assert cityloop(home, "backup", str(archive)).returncode == 0
    assert archive.stat().st_mode & 0o077 == 0
    restored = cityloop(other, "restore", str(archive))
    assert restored.returncode == 0, restored.stderr
    verified = cityloop(other, "verify")
    assert verified.returncode == 0 and "as they were written" in verified.stdout
    assert cityloop(other, "user", "token", "hotline").returncode == 0
    assert cityloop(other, "verify").returncode == 0


def test_a_city_with_data_is_only_overwritten_on_request(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "city.tar"
    assert cityloop(home, "backup", str(archive)).returncode == 0
    refused = cityloop(home, "restore", str(archive))
    assert refused.returncode == 1 and "not empty" in refused.stderr
    assert cityloop(home, "restore", "--replace", str(archive)).returncode == 0


def test_a_cut_archive_is_refused_and_changes_nothing(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "city.tar"
    assert cityloop(home, "backup", str(archive)).returncode == 0
    archive.write_bytes(archive.read_bytes()[:-30_000])  # more than the padding behind the last file
    refused = cityloop(tmp_path / "third", "restore", str(archive))
    assert refused.returncode == 1 and refused.stderr.strip()
    assert cityloop(home, "check").returncode == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CITYLOOP_TIME_ZONE", "Mars/Olympus"),
        ("CITYLOOP_LANGUAGE", "fr"),
        ("CITYLOOP_DATABASE_URL", "mysql://x"),
        ("CITYLOOP_WEB_WORKERS", "many"),
    ],
)
def test_an_invalid_setting_is_named(home: Path, name: str, value: str) -> None:
    command = [*CITYLOOP, "check", "--home", str(home)]
    result = subprocess.run(command, env={**environment(), name: value}, capture_output=True, text=True, check=False)
    assert result.returncode == 1 and name in result.stderr and "Traceback" not in result.stderr


def test_help_lists_every_command_an_operator_needs() -> None:
    result = subprocess.run([*CITYLOOP, "--help"], env=environment(), capture_output=True, text=True, check=False)
    for command in (
        "demo",
        "serve",
        "work",
        "init",
        "check",
        "packs",
        "import",
        "verify",
        "backup",
        "restore",
        "user",
        "bench",
    ):
        assert command in result.stdout
    unknown = subprocess.run(
        [sys.executable, "-m", "cityloop.entry.command_line", "dance"],
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert unknown.returncode == 2


def test_a_home_whose_keys_are_not_the_citys_is_refused(home: Path, tmp_path: Path) -> None:
    from cityloop.runtime.postgres import Cluster

    command = [*CITYLOOP, "check", "--home", str(tmp_path / "stranger")]
    with Cluster(home).used() as cluster:
        environ = {**environment(), "CITYLOOP_DATABASE_URL": cluster.url}
        result = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "not those of the city" in result.stderr


def test_cases_can_be_dispatched_to_a_unit_once_it_has_a_handler(home: Path) -> None:
    from cityloop.runtime.postgres import Cluster

    for name, role in (("wang", "duty_officer"), ("li", "handler")):
        post = ("--role", role, "--unit", "U1", "--unit-name", "市政处", "--password", "right-horse-9")
        assert cityloop(home, "user", "add", name, *post).returncode == 0
    with Cluster(home).used() as cluster, psycopg.connect(cluster.url) as connection:
        assert connection.execute("SELECT handles FROM registry_unit WHERE code = 'U1'").fetchone() == (True,)


def test_commands_show_a_persons_sign_in_and_ask_before_the_second_factor_goes(home: Path) -> None:
    post = ("--role", "handler", "--unit", "U2", "--unit-name", "路灯所", "--password")
    assert "resemble" in cityloop(home, "user", "add", "lamps", *post, "lampslam").stderr
    assert cityloop(home, "user", "add", "lamps", *post, "right-horse-9").returncode == 0
    assert "second factor since: no\n" in cityloop(home, "user", "sign-in", "lamps").stdout
    assert cityloop(home, "user", "remove-second-factor", "lamps").returncode == 1  # nobody answered
    assert "had no second factor" in cityloop(home, "user", "remove-second-factor", "--yes", "lamps").stdout
    assert "was not locked" in cityloop(home, "user", "unlock", "lamps").stdout
    assert "0 sessions" in cityloop(home, "user", "end-sessions", "lamps").stdout


def test_the_channels_of_an_existing_account_cannot_be_changed(home: Path) -> None:
    assert cityloop(home, "user", "token", "line", "--channel", "12345").returncode == 0
    assert cityloop(home, "user", "token", "line", "--channel", "12345").returncode == 0
    assert cityloop(home, "user", "token", "line", "--channel", "12319").returncode == 1
    assert cityloop(home, "user", "token", "other", "--channel", "desk").returncode == 1


def test_a_backup_never_replaces_another(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "city.tar"
    assert cityloop(home, "backup", str(archive)).returncode == 0
    assert cityloop(home, "backup", str(archive)).returncode == 1
