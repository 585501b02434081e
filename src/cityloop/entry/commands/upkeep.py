"""The maintenance commands: check, undo, verify, erase, backup, restore, work. The city may be running meanwhile."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cityloop.core.errors import NotPossible
from cityloop.entry.console.opening import connected, opened, prepare
from cityloop.entry.console.options import home_option, tell
from cityloop.runtime.configuration import Configuration

if TYPE_CHECKING:  # needs a database; see packs.py
    from cityloop.runtime.verification import Finding

SHOWN = 50  # findings listed one by one


@click.command()
@home_option
def check(home: Path | None) -> None:
    """Check the settings, the packs, the database and the readers of the log, and print how to repair what is wrong."""
    with opened(home, tell, acts=True) as configuration:
        from django.utils.timezone import localtime

        from cityloop.casework.queries import procedures_without_pack
        from cityloop.evaluation.indicators.books import books
        from cityloop.runtime.models import Subscription

        if missing := procedures_without_pack():
            raise NotPossible("procedures-without-pack", {"procedures": ", ".join(missing)})
        books()  # raises if an indicator cannot be counted
        for reader in Subscription.objects.exclude(failing_since=None):
            since = localtime(reader.failing_since).strftime("%Y-%m-%d %H:%M")
            raise NotPossible("reader-fails", {"reader": reader.name, "since": since, "failure": reader.failure})
        click.echo(f"{configuration.home_folder}: settings, packs and database are in order.")


@click.command()
@home_option
@click.argument("number", type=click.IntRange(min=1))
def undo(home: Path | None, number: int) -> None:
    """Undo a change of the city's data: every row becomes what it was before. Its NUMBER is in Settings, History."""
    with opened(home, tell, acts=True):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.history import changes
        from cityloop.runtime import clock

        outcome = changes.undo(number, BY, clock.now())
        click.echo(
            f"Change {number} is undone by change {outcome.number}: {outcome.created:,} rows created, "
            f"{outcome.changed:,} changed, {outcome.removed:,} removed."
        )


@click.command()
@home_option
@click.option("--rebuild", is_flag=True, help="Write again the rows of cases that disagree with their history.")
def verify(home: Path | None, rebuild: bool) -> None:
    """Verify that nothing in the history was altered, cut or removed, and that every case agrees with its history."""
    with opened(home, tell) as configuration:
        from cityloop.casework.verification import rebuild_all
        from cityloop.registry.verification import unproved
        from cityloop.runtime.log import checkpoints
        from cityloop.runtime.models import Event

        tell("Reading the history.")
        found = 0
        for finding in findings(configuration):
            found += 1
            if found <= SHOWN:
                click.echo(f"{finding.where}: {finding.what}")
        if found > SHOWN:
            click.echo(f"… and {found - SHOWN} more.")
        for what in unproved():
            click.echo(f"Not proved, because older events do not hold it: {what}.")
        if rebuild:
            click.echo(f"{rebuild_all()} cases were written again.")
        if found:
            raise NotPossible("altered", {"number": found})
        sealed = checkpoints.sealed(configuration.home_folder)
        events = Event.objects.count()
        click.echo(f"{events} events are as they were written; {events - sealed} of them are not sealed yet.")


def findings(configuration: Configuration) -> "Iterator[Finding]":
    """Yield everything in an open city that is not as it was written."""
    from cityloop.casework import verification as of_cases
    from cityloop.casework.history import evidence_proof as of_photos
    from cityloop.evaluation import verification as of_facts
    from cityloop.intake import verification as of_reports
    from cityloop.registry import verification as of_the_city
    from cityloop.runtime import verification

    proofs = (of_cases.findings, of_photos.findings, of_reports.findings, of_the_city.findings, of_facts.findings)
    return verification.findings(configuration.home_folder, *proofs)


@click.command()
@home_option
@click.argument("number")
@click.confirmation_option(prompt="The personal texts and the photos of this case will be erased for good. Continue?")
def erase(home: Path | None, number: str) -> None:
    """Erase the personal texts and photos of the case NUMBER, as the law may demand. Its history stays valid."""
    with opened(home, tell):
        from cityloop.casework.actions import erase_words
        from cityloop.entry.console.opening import BY
        from cityloop.runtime import clock

        click.echo(f"{erase_words(number, BY, clock.now())} personal texts and photos erased.")


@click.command()
@home_option
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
def backup(home: Path | None, archive: Path) -> None:
    """Write the whole city to ARCHIVE: database, keys, checkpoints, evidence, facts.

    Keep the archive safe: it contains the keys.
    """
    if archive.exists():
        raise NotPossible("archive-exists", {"path": archive})
    with opened(home, tell) as configuration:
        from cityloop.runtime import clock
        from cityloop.runtime.files import backup as archives
        from cityloop.runtime.log import checkpoints

        url, now = os.environ["CITYLOOP_DATABASE_URL"], clock.now()
        with checkpoints.resting(configuration.home_folder, now):
            manifest = archives.back_up(
                url, archive, home=configuration.home_folder, made_at=now, binaries=_binaries(), tell=tell
            )
        click.echo(f"{archive}: {len(manifest.members)} files.")


@click.command()
@home_option
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--replace", is_flag=True, help="Replace the city's present data. Its folders are moved aside, not deleted."
)
def restore(home: Path | None, archive: Path, replace: bool) -> None:
    """Restore a city from ARCHIVE, completely or not at all."""
    with connected(home, tell) as configuration:
        from cityloop.runtime import clock
        from cityloop.runtime.files import backup as archives
        from cityloop.runtime.log.restored import note_restore

        archives.restore(
            os.environ["CITYLOOP_DATABASE_URL"],
            archive,
            home=configuration.home_folder,
            replace=replace,
            binaries=_binaries(),
            after_restore=lambda connection, manifest: note_restore(connection, manifest.made_at, clock.now()),
            tell=tell,
        )
        prepare(tell)
        click.echo("Restored. Check it with `cityloop verify`.")


@click.command()
@home_option
def work(home: Path | None) -> None:
    """Run the jobs of a city, without serving pages, until Ctrl-C."""
    with opened(home, tell, runs=True):
        from cityloop.entry.server import backroom

        backroom.work()


def _binaries() -> Path | None:
    folder = os.environ.get("CITYLOOP_POSTGRES_BIN")
    return Path(folder) if folder else None


COMMANDS: tuple[click.Command, ...] = (check, undo, verify, erase, backup, restore, work)
