"""`cityloop export`: writes the facts of a city as files, and checks files that were written."""

from pathlib import Path

import click

from cityloop.core.errors import NotPossible
from cityloop.entry.console.opening import configured, opened
from cityloop.entry.console.options import home_option, tell

folder_option = click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of facts. Default: HOME/facts, which figures are counted from.",
)


@click.group()
def export() -> None:
    """Write the facts that figures are counted from, and check them."""


@export.command("facts")
@home_option
@folder_option
def export_facts(home: Path | None, folder: Path | None) -> None:
    """Write an edition of the facts as they are now: docs/how-to/export-facts.md.

    Only cases that changed since the last edition in the folder are written again. The city may be running.
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
@click.argument("name", metavar="[EDITION]", required=False)
def check(home: Path | None, folder: Path | None, name: str | None) -> None:
    """Check that the files of EDITION, by name or digest, contain the rows that it lists. Default: every edition.

    No database is needed, so a folder of facts can be checked on any machine.
    """
    from cityloop.evaluation.facts.files import FactFolder, FactPart

    facts = FactFolder(folder or configured(home).home_folder / "facts")
    editions = [facts.edition(name)] if name else list(facts.editions())
    altered, checked = 0, set[FactPart]()
    for edition in editions:
        faults = list(facts.faults(edition, checked))
        altered += len(faults)
        for fault in faults:
            click.echo(f"{edition.name}: {fault.field}: {fault.reason}")
        if not faults:
            click.echo(f"{edition.name} {edition.digest}: {len(edition.parts):,} parts are as they were written.")
    if altered:
        raise NotPossible("fact-parts-altered", {"number": f"{altered:,}"})
    if not editions:
        click.echo("There are no facts yet. Write them with `cityloop export facts`.")
