"""The commands that keep a city safe: check, verify, erase, backup, restore, work. Each works beside a running city."""

import os
from pathlib import Path

import click

from cityloop.core.errors import NotPossible
from cityloop.entry.console.opening import connected, opened, prepare
from cityloop.entry.console.options import home_option, tell

TOLD = 50  # findings shown one by one


@click.command()
@home_option
def check(home: Path | None) -> None:
    """Say what is wrong with the settings, the packs, the database or the readers of the log, and how to mend it."""
    with opened(home, tell, acts=True) as configuration:
        from django.utils.timezone import localtime

        from cityloop.casework.queries import procedures_without_pack
        from cityloop.evaluation.indicators.books import books
        from cityloop.runtime.models import Subscription

        if missing := procedures_without_pack():
            raise NotPossible("procedures-without-pack", {"procedures": ", ".join(missing)})
        books()  # refuses indicators that cannot be counted
        for reader in Subscription.objects.exclude(failing_since=None):
            since = localtime(reader.failing_since).strftime("%Y-%m-%d %H:%M")
            raise NotPossible("reader-fails", {"reader": reader.name, "since": since, "failure": reader.failure})
        click.echo(f"{configuration.home_folder}: settings, packs and database are in order.")


@click.command()
@home_option
@click.argument("number", type=click.IntRange(min=1))
def undo(home: Path | None, number: int) -> None:
    """Put every row of a change of the city's data back as it was before; its NUMBER is in Settings, History."""
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
@click.option("--rebuild", is_flag=True, help="Write anew the rows of the cases that are not what their history says.")
def verify(home: Path | None, rebuild: bool) -> None:
    """Prove that nothing in the history was altered, cut or removed, and that every case is what its history says."""
    with opened(home, tell) as configuration:
        from cityloop.casework import verification as of_cases
        from cityloop.casework.history import evidence_proof as of_photos
        from cityloop.evaluation import verification as of_facts
        from cityloop.intake import verification as of_reports
        from cityloop.registry import verification as of_the_city
        from cityloop.runtime import verification
        from cityloop.runtime.log import checkpoints
        from cityloop.runtime.models import Event

        tell("Reading the history.")
        found = 0
        proofs = (of_cases.findings, of_photos.findings, of_reports.findings, of_the_city.findings, of_facts.findings)
        for finding in verification.findings(configuration.home_folder, *proofs):
            found += 1
            if found <= TOLD:
                click.echo(f"{finding.where}: {finding.what}")
        if found > TOLD:
            click.echo(f"… and {found - TOLD} more.")
        if rebuild:
            click.echo(f"{of_cases.rebuild_all()} cases were written anew.")
        if found:
            raise NotPossible("altered", {"number": found})
        sealed = checkpoints.sealed(configuration.home_folder)
        events = Event.objects.count()
        click.echo(f"{events} events are as they were written; {events - sealed} of them are not sealed yet.")


@click.command()
@home_option
@click.argument("number")
@click.confirmation_option(prompt="What people said in this case, and its photos, are erased for good. Go on?")
def erase(home: Path | None, number: str) -> None:
    """Erase the personal words and photos of the case NUMBER, as the law may demand; its history stays valid."""
    with opened(home, tell):
        from cityloop.casework.actions import erase_words
        from cityloop.entry.console.opening import BY
        from cityloop.runtime import clock

        click.echo(f"{erase_words(number, BY, clock.now())} pieces of personal words and photos erased.")


@click.command()
@home_option
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
def backup(home: Path | None, archive: Path) -> None:
    """Write the whole city into ARCHIVE: database, keys, checkpoints, evidence, facts.

    Keep it safe: it holds the keys.
    """
    if archive.exists():
        raise NotPossible("archive-exists", {"path": archive})
    with opened(home, tell) as configuration:
        from cityloop.runtime import clock
        from cityloop.runtime.files import backup as keeping
        from cityloop.runtime.log import checkpoints

        url, now = os.environ["CITYLOOP_DATABASE_URL"], clock.now()
        with checkpoints.resting(configuration.home_folder, now):
            manifest = keeping.back_up(
                url, archive, home=configuration.home_folder, made_at=now, binaries=_binaries(), tell=tell
            )
        click.echo(f"{archive}: {len(manifest.members)} files.")


@click.command()
@home_option
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--replace", is_flag=True, help="Replace what the city holds now; its folders are set aside, not deleted."
)
def restore(home: Path | None, archive: Path, replace: bool) -> None:
    """Put back a city from ARCHIVE, wholly or not at all."""
    with connected(home, tell) as configuration:
        from cityloop.runtime import clock
        from cityloop.runtime.files import backup as keeping
        from cityloop.runtime.log.restored import note_restore

        keeping.restore(
            os.environ["CITYLOOP_DATABASE_URL"],
            archive,
            home=configuration.home_folder,
            replace=replace,
            binaries=_binaries(),
            after_restore=lambda connection, manifest: note_restore(connection, manifest.made_at, clock.now()),
            tell=tell,
        )
        prepare(tell)
        click.echo("Restored. `cityloop verify` proves it.")


@click.command()
@home_option
def work(home: Path | None) -> None:
    """Do the jobs of a city without serving pages, until Ctrl-C."""
    with opened(home, tell, runs=True):
        from cityloop.entry.server import backroom

        backroom.work()


def _binaries() -> Path | None:
    given = os.environ.get("CITYLOOP_POSTGRES_BIN")
    return Path(given) if given else None


COMMANDS: tuple[click.Command, ...] = (check, undo, verify, erase, backup, restore, work)
