"""The options that commands share, and `tell`, which prints progress."""

import contextlib
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

port_option = click.option(
    "--port", type=int, help="Port on 127.0.0.1; 0 takes any free port. Default: the first free port from 8000."
)

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
dry_run_option = click.option("--dry-run", is_flag=True, help="Read and check everything, change nothing.")
rejects_option = click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where rejected rows are written. Default: FILE's name with .rejects.csv (.rejects.xlsx for a workbook), in "
    "the current folder.",
)


def mapping_option(what: str, how_to: str, otherwise: str = "") -> Callable[[Command], Command]:
    """Return the option that names a mapping; it is required unless `otherwise` says what applies without one."""
    return click.option(
        "--mapping",
        required=not otherwise,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=f"YAML that maps {what}: docs/how-to/{how_to}.{f' Default: {otherwise}' if otherwise else ''}",
    )


def tell(message: str) -> None:
    """Print a message about the progress on standard error; standard output has the result alone.

    A terminal that was closed, or a full disk, must not prevent the work that the message is about.
    """
    with contextlib.suppress(OSError):
        click.echo(message, err=True)
