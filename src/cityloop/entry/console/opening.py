"""Opens a city for a command: its home, its migrated database, Django set up. Serving is in entry/server."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cityloop.core.errors import NotPossible
from cityloop.runtime.configuration import Configuration, read
from cityloop.runtime.postgres import running

Tell = Callable[[str], None]
BY = "command-line"  # the actor of the events that commands write
PARTNERS = "connected-systems"  # the unit of accounts of connected systems
MIGRATING = 7_226_001  # advisory lock: two commands may find an old schema at once


@contextmanager
def opened(home: Path | None, tell: Tell, *, runs: bool = False, acts: bool = False) -> Iterator[Configuration]:
    """Open the city: start or join its database, and migrate it.

    A command that runs the city takes up the packs of its environment and their calendar; other commands keep those
    that the city has, unless it has none yet. A command that runs the city or acts on cases is refused if a pack has
    changed a version of a procedure that cases follow.
    """
    with connected(home, tell) as configuration:
        prepare(tell, runs=runs, acts=acts)
        yield configuration


@contextmanager
def connected(home: Path | None, tell: Tell) -> Iterator[Configuration]:
    """Start or join the city's database, whatever it contains, and put its address into the environment."""
    configuration = configured(home)
    if configuration.database_url:
        yield configuration
        return
    with running(configuration.home_folder, tell=tell) as cluster:
        os.environ["CITYLOOP_DATABASE_URL"] = cluster.url
        yield configuration


def configured(home: Path | None) -> Configuration:
    """Return the configuration; the home given on the command line overrides that of the environment."""
    if home is not None:
        os.environ["CITYLOOP_HOME"] = str(home.resolve())
    configuration = read(os.environ)
    os.environ["CITYLOOP_HOME"] = str(configuration.home_folder)
    configuration.home_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return configuration


def prepare(tell: Tell, *, runs: bool = False, acts: bool = False) -> None:
    """Set up Django and migrate the database; take up packs and calendar where `opened` says so."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.runtime.settings")
    import django

    django.setup()
    _migrate(tell)
    if runs or not _has_packs():
        _take_up_packs()
    elif acts:
        _refuse_changed_procedures()


def _has_packs() -> bool:
    from cityloop.registry.models import Revision

    return Revision.objects.exists()


def _migrate(tell: Tell) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import DatabaseError, connection, transaction
    from django.db.migrations.executor import MigrationExecutor

    from cityloop.runtime import clock
    from cityloop.runtime.belonging import check_keys

    try:
        _await_database(tell)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
            plan = MigrationExecutor(connection)
            if plan.migration_plan(plan.loader.graph.leaf_nodes()):
                tell("preparing the database")
                call_command("migrate", interactive=False, verbosity=0)
            with transaction.atomic():
                check_keys(settings.CITYLOOP.home_folder, clock.now())
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATING])
    except DatabaseError as error:
        raise NotPossible("no-database", {"error": str(error).strip()}) from error


def _await_database(tell: Tell) -> None:
    """Wait for a server that is recovering from a crash of one of its processes, however long that takes."""
    from django.db import OperationalError, connection

    is_reported = False
    while True:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            if "the database system is" not in str(error):
                raise
            if not is_reported:
                tell("The database is recovering; waiting for it.")
            is_reported = True
            time.sleep(0.3)
        else:
            return


def _take_up_packs() -> None:
    from django.conf import settings

    from cityloop.casework.queries import is_followed
    from cityloop.evaluation.indicators.books import read_books
    from cityloop.registry.calendar.actions import adopt_calendar
    from cityloop.registry.packs.actions import take_up
    from cityloop.registry.packs.reading import read_all
    from cityloop.runtime import clock
    from cityloop.runtime.log import events

    packs, now = read_all(settings.CITYLOOP.packs), clock.now()
    read_books(packs)  # refused before anything is taken up; a rule may be younger than a pack that did not change
    take_up(packs, events.SYSTEM, now, is_followed)
    adopt_calendar(packs, events.SYSTEM, now)


def _refuse_changed_procedures() -> None:
    from django.conf import settings

    from cityloop.casework.queries import is_followed
    from cityloop.registry.packs.in_force import packs_to_take_up
    from cityloop.registry.packs.versions import refuse_changed

    refuse_changed(packs_to_take_up(settings.CITYLOOP.packs), is_followed)
