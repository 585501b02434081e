"""`cityloop export`: the facts of a city written as files, and the proof that they are what they were."""

from pathlib import Path

import click

from cityloop.core.errors import NotPossible
from cityloop.entry.console.opening import configured, opened
from cityloop.entry.console.options import home_option, tell

folder_option = click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of facts. Default: HOME/facts, from which figures are counted.",
)


@click.group()
def export() -> None:
    """Write what others may count over, and prove it."""


@export.command("facts")
@home_option
@folder_option
def export_facts(home: Path | None, folder: Path | None) -> None:
    """Write an edition of the facts as they stand: docs/how-to/export-facts.md.

    What nothing happened to since the last edition in the folder is not written again. Works beside a running city.
    """
    with opened(home, tell):
        from cityloop.evaluation import actions, exporting
        from cityloop.evaluation.facts.files import FactFolder
        from cityloop.runtime import clock

        target = FactFolder(folder or actions.facts_folder())
        if folder:
            edition = exporting.export(target, clock.now(), tell)
        else:
            edition = target.edition(actions.export_facts(clock.now(), tell).digest)
        click.echo(f"{edition.name} {edition.digest}")
        for relation, number in edition.rows.items():
            click.echo(f"{relation}: {number:,} rows")


@export.command("check")
@home_option
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of facts. Default: HOME/facts.",
)
@click.argument("edition", required=False)
def check(home: Path | None, folder: Path | None, edition: str | None) -> None:
    """Prove that the files of EDITION, by name or digest, hold the rows that it lists. Default: every edition.

    The database is not asked, so a folder of facts can be proved on any machine.
    """
    from cityloop.evaluation.facts.files import FactFolder, FactPart

    facts = FactFolder(folder or configured(home).home_folder / "facts")
    editions = [facts.edition(edition)] if edition else list(facts.editions())
    found, proved = 0, set[FactPart]()
    for one in editions:
        wrong = list(facts.faults(one, proved))
        found += len(wrong)
        for fault in wrong:
            click.echo(f"{one.name}: {fault.field}: {fault.reason}")
        if not wrong:
            click.echo(f"{one.name} {one.digest}: {len(one.parts):,} parts are what they were.")
    if found:
        raise NotPossible("facts-altered", f"{found:,} parts are not what they were.")
    if not editions:
        click.echo("There are no facts yet: `cityloop export facts`.")
