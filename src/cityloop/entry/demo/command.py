"""`cityloop demo`: builds the demo city if its home is empty, serves it and prints how to sign in."""

import os
from pathlib import Path

import click
import platformdirs
from rich.console import Console
from rich.table import Table

from cityloop.entry.console.opening import Tell, opened
from cityloop.entry.server import serving


def demo(home: Path | None, port: int | None, tell: Tell) -> None:
    """Serve the demo city until Ctrl-C."""
    with opened(_home(home), tell, runs=True) as configuration:
        from cityloop.entry.demo.building import build
        from cityloop.runtime import clock

        if build(clock.now(), tell):
            from cityloop.evaluation.actions import export_facts  # loads the analytical libraries

            export_facts(clock.now(), tell)
        else:
            tell("the demo city exists already")
        serving.serve(configuration, port, tell, _welcome)


def _home(home: Path | None) -> Path | None:
    """Return the home of the demo city: by default never that of a real city."""
    if home or os.environ.get("CITYLOOP_HOME", "").strip():
        return home
    return Path(platformdirs.user_data_dir("cityloop-demo"))


def _welcome(address: str) -> None:
    from cityloop.entry.demo.script import script

    table = Table(
        show_header=False,
        box=None,
        padding=(0, 3, 0, 0),
        title=f"Sign in with the password {script().password} as",
        title_justify="left",
    )
    for person in script().people:
        if person.tries:
            table.add_row(person.username, person.name, person.role, person.tries)
    Console().print(table)
    click.echo(
        f"\nscreens   {address}/\nAPI       {address}/api/v1/openapi.json\nPress Ctrl-C to stop.\n\nready {address}"
    )
