"""What the commands have in common: the home they work on, and how they say what is going on."""

from pathlib import Path

import click

home_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the city's data. Default: CITYLOOP_HOME, else the platform's data folder.",
)


def tell(words: str) -> None:
    """Say something about the progress, beside the answer."""
    click.echo(words, err=True)
