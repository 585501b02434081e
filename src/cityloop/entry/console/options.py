"""What the commands have in common: the home they work on, and how they say what is going on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

home_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the city's data. Default: CITYLOOP_HOME, else the platform's data folder.",
)

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
dry_run_option = click.option("--dry-run", is_flag=True, help="Read and check everything, change nothing.")
rejects_option = click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where rows that are not taken are written. Default: FILE's name with .rejects.csv (.rejects.xlsx for a "
    "workbook), in the current folder.",
)


def mapping_option(what: str, how_to: str, otherwise: str = "") -> Callable[[Command], Command]:
    """The mapping of a file; it must be given unless something is known otherwise."""
    return click.option(
        "--mapping",
        required=not otherwise,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=f"YAML that says what {what} mean: docs/how-to/{how_to}.{f' Default: {otherwise}' if otherwise else ''}",
    )


def tell(words: str) -> None:
    """Say something about the progress, beside the answer."""
    click.echo(words, err=True)
