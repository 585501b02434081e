"""`cityloop import units`, `people`, `duties`, `rosters` and `cityloop user end`, `reopen`, `link`, `end-post`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cityloop.entry.console.opening import opened
from cityloop.entry.console.options import (
    dry_run_option,
    file_argument,
    home_option,
    mapping_option,
    rejects_option,
    tell,
)


def table_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every table of an organisation."""
    mapping = mapping_option("FILE's columns", "import-organisation.md", "they are known by their titles.")
    options = (file_argument, mapping, dry_run_option, rejects_option)
    for option in reversed(options):
        command = option(command)
    return command


@click.command("units")
@home_option
@table_options
def units(home: Path | None, file: Path, mapping: Path | None, rejects: Path | None, *, dry_run: bool) -> None:
    """Enter the units of FILE, or change those that are known.

    A unit's parent is named by code, name or alias; rings of parents and credit codes that cannot be right are
    refused. The whole file is one change in the history and can be undone.
    """
    with opened(home, tell):
        from cityloop.entry.imports.organisation import import_units

        click.echo(import_units(file, mapping, rejects, tell, dry_run=dry_run))


@click.command("people")
@home_option
@table_options
@click.option(
    "--links",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file, for its owner alone, with a link for each new person to set a password by, once. Default: none "
    "is made; see `cityloop user link`.",
)
def people(
    home: Path | None, file: Path, mapping: Path | None, rejects: Path | None, *, dry_run: bool, links: Path | None
) -> None:
    """Enter the people of FILE with their posts; a person with several posts has several rows.

    No password is read from a file. Accounts and posts are not undone but ended: `cityloop user end`, `end-post`.
    """
    with opened(home, tell):
        from cityloop.entry.imports.organisation import import_people

        click.echo(import_people(file, mapping, rejects, tell, dry_run=dry_run, secrets=links))


@click.command("duties")
@home_option
@table_options
def duties(home: Path | None, file: Path, mapping: Path | None, rejects: Path | None, *, dry_run: bool) -> None:
    """Enter who sees to which class of problems in which area, and what stands on the list of powers and duties.

    A row that gives a community what a department has on its list there is refused. The whole file is one change in
    the history and can be undone.
    """
    with opened(home, tell):
        from cityloop.entry.imports.organisation import import_duties

        click.echo(import_duties(file, mapping, rejects, tell, dry_run=dry_run))


@click.command("rosters")
@home_option
@table_options
def rosters(home: Path | None, file: Path, mapping: Path | None, rejects: Path | None, *, dry_run: bool) -> None:
    """Enter who stands on duty when; a shift from 20:00 to 08:00 goes over midnight.

    People on two shifts at once are told. The whole file is one change in the history and can be undone.
    """
    with opened(home, tell):
        from cityloop.entry.imports.organisation import import_rosters

        click.echo(import_rosters(file, mapping, rejects, tell, dry_run=dry_run))


@click.command("end")
@home_option
@click.argument("name")
def end(home: Path | None, name: str) -> None:
    """Let nobody sign in or report as NAME any more; what NAME did stays on record."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people.accounts import end_account
        from cityloop.runtime import clock

        ended = end_account(name, BY, clock.now())
        click.echo(f"{name} {'is ended' if ended else 'was ended before'}.")


@click.command("reopen")
@home_option
@click.argument("name")
def reopen(home: Path | None, name: str) -> None:
    """Let NAME sign in again; tokens stay revoked."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people.accounts import reopen_account
        from cityloop.runtime import clock

        reopened = reopen_account(name, BY, clock.now())
        click.echo(f"{name} {'may sign in again' if reopened else 'was not ended'}.")


@click.command("link")
@home_option
@click.argument("name")
def link(home: Path | None, name: str) -> None:
    """Print a link by which NAME sets a password, once; put it behind the city's address."""
    with opened(home, tell):
        from cityloop.entry.imports.organisation import sign_in_link
        from cityloop.runtime import clock

        click.echo(sign_in_link(name, clock.now()))


@click.command("end-post")
@home_option
@click.argument("name")
@click.option("--role", required=True, help="The role of the post.")
@click.option("--unit", required=True, help="Code of its unit.")
@click.option("--area", help="Code of its area. Default: the whole city.")
def end_post(home: Path | None, name: str, **post: Any) -> None:
    """End a post that NAME holds."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people.accounts import end_appointment
        from cityloop.runtime import clock

        end_appointment(name, post["role"], post["unit"], post["area"], BY, clock.now())
        click.echo(f"{name} holds the post no more.")


TABLES = (units, people, duties, rosters)
OF_USERS = (end, reopen, link, end_post)
