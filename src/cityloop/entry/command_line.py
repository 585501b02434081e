"""The command `cityloop`. Each command opens the city, asks a floor below to do it, and says what came of it.

Exit codes: 0 done, 1 refused (a clear sentence, nothing changed), 2 wrong usage.
"""

import sys
from pathlib import Path
from typing import Any

import click

from cityloop.core.errors import Invalid, Refusal
from cityloop.entry.opening import opened

home_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the city's data. Default: CITYLOOP_HOME, else the platform's data folder.",
)


def tell(words: str) -> None:
    """Say something about the progress, beside the answer."""
    click.echo(words, err=True)


class Commands(click.Group):
    """Turns a refusal of any command into its sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Invalid as refused:
            for fault in refused.faults:
                tell(f"{fault.field}: {fault.reason}")
            tell("Nothing was changed.")
            sys.exit(1)
        except Refusal as refused:
            tell(refused.sentence)
            sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cityloop")
def main() -> None:
    """Run a city's loop: from a report to a checked and ranked result. 城治闭环"""


@main.command()
@home_option
def init(home: Path | None) -> None:
    """Make a city's home and database, or bring them up to date."""
    with opened(home, tell) as configuration:
        click.echo(f"The city at {configuration.home_folder} is ready.")


@main.command()
@home_option
@click.option(
    "--port", type=int, help="Port on 127.0.0.1; 0 takes any free one. Default: the first free one from 8000."
)
def serve(home: Path | None, port: int | None) -> None:
    """Serve the city until Ctrl-C."""
    from cityloop.entry import serving

    with opened(home, tell) as configuration:
        serving.serve(configuration, port, tell, lambda address: click.echo(f"ready {address}"))


@main.group()
def user() -> None:
    """Accounts, their posts and their tokens."""


@user.command("add")
@home_option
@click.argument("name")
@click.option("--full-name", default="", help="The person's name as colleagues read it.")
@click.option(
    "--role", required=True, help="operator, duty_officer, dispatcher, handler, collector, leader or partner."
)
@click.option("--unit", required=True, help="Code of the unit the person works in.")
@click.option("--area", help="Code of the area the post is for. Default: the whole city.")
@click.password_option(help="Asked for when it is not given.")
def user_add(
    home: Path | None, name: str, full_name: str, role: str, unit: str, area: str | None, password: str
) -> None:
    """Create an account with one post."""
    with opened(home, tell):
        from cityloop.entry.accounts import add_person

        add_person(name, full_name, password, role, unit, area)
        click.echo(f"{name} may sign in.")


@user.command("token")
@home_option
@click.argument("name")
def user_token(home: Path | None, name: str) -> None:
    """Print a new bearer token for NAME, alone on the line.

    Where there is no account of that name, one is made for a connected system: it may hand in reports, nothing else.
    """
    with opened(home, tell):
        from cityloop.entry.accounts import token_for

        click.echo(token_for(name, tell))


if __name__ == "__main__":
    main()
