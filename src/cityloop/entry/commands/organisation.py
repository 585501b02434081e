"""`cityloop import units`, `people`, `duties`, `rosters` and `cityloop user end`, `reopen`, `link`, `end-post`.

The imports themselves are in entry/imports/organisation.py.
"""

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
    """Add the options that all tables of an organisation have."""
    mapping = mapping_option("FILE's columns", "import-organisation.md", "the columns' titles.")
    options = (file_argument, mapping, dry_run_option, rejects_option)
    for option in reversed(options):
        command = option(command)
    return command


@click.command("units")
@home_option
@table_options
def units(home: Path | None, file: Path, mapping: Path | None, rejects: Path | None, *, dry_run: bool) -> None:
    """Import the units of FILE: new ones are created, existing ones changed.

    A unit's parent is given by code, name or alias. Rings of parents and invalid credit codes are refused. The whole
    file is one change in the history and can be undone.
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
    help="A new file, readable by its owner only, with a link for each new person to set a password, once. Default: no "
    "links are made; see `cityloop user link`.",
)
def people(
    home: Path | None, file: Path, mapping: Path | None, rejects: Path | None, *, dry_run: bool, links: Path | None
) -> None:
    """Import the people of FILE with their posts; a person with several posts has several rows.

    Passwords are not read from files. Accounts and posts cannot be undone, only ended: `cityloop user end`,
    `end-post`.
    """
    with opened(home, tell):
        from cityloop.entry.imports.organisation import import_people

        click.echo(import_people(file, mapping, rejects, tell, dry_run=dry_run, secrets=links))


@click.command("duties")
@home_option
@table_options
def duties(home: Path | None, file: Path, mapping: Path | None, rejects: Path | None, *, dry_run: bool) -> None:
    """Import which unit is responsible for which class of problems in which area, and the list of powers and duties.

    A row that gives a community a duty that a department has on its list there is refused. The whole file is one
    change in the history and can be undone.
    """
    with opened(home, tell):
        from cityloop.entry.imports.organisation import import_duties

        click.echo(import_duties(file, mapping, rejects, tell, dry_run=dry_run))


@click.command("rosters")
@home_option
@table_options
def rosters(home: Path | None, file: Path, mapping: Path | None, rejects: Path | None, *, dry_run: bool) -> None:
    """Import who is on duty when; a shift from 20:00 to 08:00 ends on the next day.

    People with two shifts at once are listed. The whole file is one change in the history and can be undone.
    """
    with opened(home, tell):
        from cityloop.entry.imports.organisation import import_rosters

        click.echo(import_rosters(file, mapping, rejects, tell, dry_run=dry_run))


@click.command("end")
@home_option
@click.argument("name")
def end(home: Path | None, name: str) -> None:
    """End the account NAME: nobody can sign in or report with it any more. What NAME did stays on record."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people.accounts import end_account
        from cityloop.runtime import clock

        ended = end_account(name, BY, clock.now())
        click.echo(f"{name} {'is ended' if ended else 'was already ended'}.")


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
        click.echo(f"{name} {'can sign in again' if reopened else 'was not ended'}.")


@click.command("link")
@home_option
@click.argument("name")
def link(home: Path | None, name: str) -> None:
    """Print a link with which NAME can set a password, once. Append it to the city's address."""
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
    """End a post of NAME."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people.accounts import end_appointment
        from cityloop.runtime import clock

        end_appointment(name, post["role"], post["unit"], post["area"], BY, clock.now())
        click.echo(f"{name} no longer has the post.")


TABLES = (units, people, duties, rosters)
OF_USERS = (end, reopen, link, end_post)
