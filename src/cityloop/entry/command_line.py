"""The command `cityloop`. Each command opens the city, calls a lower layer to do the work, and prints the result.

Exit codes: 0 done, 1 refused (a clear sentence, nothing changed), 2 wrong usage.
"""

import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import click

from cityloop.core.errors import Invalid, Refusal
from cityloop.entry.appraisal.command import appraise
from cityloop.entry.bench.command import bench
from cityloop.entry.commands import organisation as organisation_commands
from cityloop.entry.commands import sign_in, upkeep
from cityloop.entry.commands.facts import export
from cityloop.entry.commands.packs import packs
from cityloop.entry.commands.where import where
from cityloop.entry.console.opening import opened
from cityloop.entry.console.options import (
    dry_run_option,
    file_argument,
    home_option,
    mapping_option,
    port_option,
    rejects_option,
    tell,
)
from cityloop.entry.imports.history import history
from cityloop.runtime.outages import outage
from cityloop.runtime.processes import on_ending

RULES = "at least 8 characters, not only digits, not a common one, and not like the user name or the name"


class Commands(click.Group):
    """Turns a refusal of any command into its sentence and exit code 1. Other errors are bugs and show a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        on_ending(_leave, signal.SIGTERM)
        try:
            return super().invoke(ctx)
        except Invalid as error:
            for fault in error.faults:
                tell(f"{fault.field}: {fault.reason}")
            tell("Nothing was changed.")
            sys.exit(1)
        except Refusal as error:
            tell(error.sentence)
            sys.exit(1)
        except Exception as error:
            line = outage(error)
            if not line:
                raise
            tell(line)
            sys.exit(1)


def _leave(number: int, frame: FrameType | None) -> None:
    """Exit through Python's cleanup, so that the last command to end stops the database."""
    sys.exit(128 + number)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cityloop")
def main() -> None:
    """Run a city's loop: from a report to a checked and ranked result. 城治闭环"""


@main.command()
@home_option
def init(home: Path | None) -> None:
    """Create a city's home and database, or upgrade them."""
    with opened(home, tell, runs=True) as configuration:
        click.echo(f"The city at {configuration.home_folder} is ready.")


@main.command()
@home_option
@port_option
def serve(home: Path | None, port: int | None) -> None:
    """Serve the city until Ctrl-C, SIGTERM or the end of the terminal (SIGHUP; `nohup` keeps it running).

    A process that dies is started again, and the embedded database too, after growing pauses for as long as it takes.
    Meanwhile every page and the API answer 503 with Retry-After.
    """
    from cityloop.entry.server import serving

    with opened(home, tell, runs=True) as configuration:
        serving.serve(configuration, port, tell, lambda address: click.echo(f"ready {address}"))


@main.command()
@home_option
@port_option
def demo(home: Path | None, port: int | None) -> None:
    """Build an invented city in an empty home and serve it until Ctrl-C.

    The home is kept: started again, the demo continues with the same city. Without --home and CITYLOOP_HOME it is in a
    folder of its own, cityloop-demo, in the platform's data folder.
    """
    from cityloop.entry.demo import command

    command.demo(home, port, tell)


@main.group()
def user() -> None:
    """Manage accounts, their posts and their tokens."""


def post_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that describe a post."""
    options = (
        click.option("--role", required=True, help="What the person does: see docs/reference/glossary.md, roles."),
        click.option("--unit", required=True, help="Code of the unit the person works in."),
        click.option("--unit-name", help="Create the unit with this name if no unit has that code yet."),
        click.option("--area", help="Code of the area the post is for. Default: the whole city."),
    )
    for option in reversed(options):
        command = option(command)
    return command


new_password_option = click.password_option(
    prompt=f"Password ({RULES})", help=f"Prompted for when it is not given. Rules: {RULES}."
)


@user.command("add")
@home_option
@click.argument("name")
@click.option("--full-name", default="", help="The person's name as shown to colleagues.")
@post_options
@new_password_option
def user_add(home: Path | None, name: str, full_name: str, password: str, **post: Any) -> None:
    """Create an account with one post."""
    with opened(home, tell):
        from cityloop.entry.commands.accounts import NewPost, add_person

        add_person(name, full_name, password, NewPost(**post))
        click.echo(f"{name} can sign in.")


@user.command("post")
@home_option
@click.argument("name")
@post_options
def user_post(home: Path | None, name: str, **post: Any) -> None:
    """Give an account another post. Giving the same post again changes nothing."""
    with opened(home, tell):
        from cityloop.entry.commands.accounts import NewPost, appoint

        appoint(name, NewPost(**post))
        click.echo(f"{name} has the post.")


@user.command("token")
@home_option
@click.option("--channel", multiple=True, help="Restrict a new account to reports by this channel. Repeatable.")
@click.argument("name")
def user_token(home: Path | None, name: str, channel: tuple[str, ...]) -> None:
    """Print a new bearer token for NAME, alone on the line.

    If there is no account of that name, one is created for a connected system: it can hand in reports,
    and read areas and facilities at /ogc/, nothing else.
    """
    with opened(home, tell):
        from cityloop.entry.commands.accounts import token_for

        click.echo(token_for(name, channel, tell))


@user.command("revoke")
@home_option
@click.argument("name")
def user_revoke(home: Path | None, name: str) -> None:
    """Revoke every token of NAME."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people.accounts import revoke_tokens
        from cityloop.runtime import clock

        click.echo(f"{revoke_tokens(name, BY, clock.now())} tokens revoked.")


@user.command("password")
@home_option
@click.argument("name")
@new_password_option
def user_password(home: Path | None, name: str, password: str) -> None:
    """Set a new password for NAME."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people.accounts import set_password
        from cityloop.runtime import clock

        set_password(name, password, BY, clock.now())
        click.echo(f"{name} has a new password.")


@main.group("import")
def import_group() -> None:
    """Import reports, areas, facilities, days off and other tables from files."""


@import_group.command("reports")
@home_option
@file_argument
@mapping_option("FILE's columns", "import-reports.md")
@dry_run_option
@click.option("--strict", is_flag=True, help="Reject rows whose words name another district than their point lies in.")
@rejects_option
@click.option("--batch", type=click.IntRange(1, 10_000), default=500, show_default=True, help="Rows per transaction.")
def reports_command(
    home: Path | None, file: Path, mapping: Path, *, dry_run: bool, strict: bool, rejects: Path | None, batch: int
) -> None:
    """Hand in every row of FILE, a CSV or Parquet table, as a report.

    Running it again is harmless: rows that were handed in before are recognised. Rows that cannot be imported are
    written to a file with the reason; the others are kept.
    """
    with opened(home, tell, acts=True) as configuration:
        from cityloop.channels.imports.reports import check_agreement
        from cityloop.entry.imports import reports

        checks = (check_agreement,) if strict else ()
        run = reports.try_reports if dry_run else reports.import_reports
        click.echo(run(file, mapping, rejects, batch, configuration.zone, tell, *checks))


@import_group.command("areas")
@home_option
@file_argument
@mapping_option("FILE's properties", "import-areas.md")
@dry_run_option
@click.option("--strict", is_flag=True, help="Refuse the file if areas overlap, leave gaps or look shifted.")
@click.option(
    "--from",
    "starts",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day for which the file is valid: new areas begin on it, those it replaces end. Default: areas end "
    "today, and new areas have no first day.",
)
def areas_command(
    home: Path | None, file: Path, mapping: Path, *, dry_run: bool, strict: bool, starts: datetime | None
) -> None:
    """Import the areas of FILE: districts, streets, communities, unit grids and other grids. Existing areas get the
    new names and polygons.

    FILE is a GeoJSON (also .gz), a Shapefile (.shp, or zipped), a GeoPackage or a KML.
    """
    with opened(home, tell):
        from cityloop.entry.imports import areas

        run = areas.try_areas if dry_run else areas.import_areas
        click.echo(run(file, mapping, tell, strict=strict, starts=starts.date() if starts else None))


@import_group.command("standards")
@home_option
@file_argument
@mapping_option("FILE's columns", "import-standards.md")
@dry_run_option
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another table of the same kind to compare with FILE. The report lists the differences; nothing of this table "
    "is imported.",
)
@click.option(
    "--against-mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML that says what the columns of the other table mean. Default: the mapping of FILE.",
)
@rejects_option
def standards_command(
    home: Path | None,
    file: Path,
    mapping: Path,
    *,
    dry_run: bool,
    against: Path | None,
    against_mapping: Path | None,
    rejects: Path | None,
) -> None:
    """Import the filing conditions of FILE, a city's own table of classes with their limits, and print a report.

    The report lists which classes were recognised and how, the meaning of every spelling of a limit, and
    contradictions.
    """
    with opened(home, tell):
        from cityloop.entry.imports.standards import Against, import_standards

        other = Against(against, against_mapping or mapping) if against else None
        click.echo(import_standards(file, mapping, tell, against=other, rejects=rejects, dry_run=dry_run))


@import_group.command("facilities")
@home_option
@file_argument
@mapping_option(
    "FILE's columns or properties",
    "import-facilities.md",
    "the names of GB/T 47678.5-2026.",
)
@dry_run_option
@rejects_option
@click.option("--batch", type=click.IntRange(1, 10_000), default=2_000, show_default=True, help="Rows per transaction.")
def facilities_command(
    home: Path | None, file: Path, mapping: Path | None, *, dry_run: bool, rejects: Path | None, batch: int
) -> None:
    """Import the facilities of FILE, a census: new ones are created, existing ones changed.

    FILE is a table (CSV, Parquet, XLSX, XLS, ODS), or points in a GeoJSON, a Shapefile, a GeoPackage or a KML. The
    whole import is one change in the history and can be undone as one. Running it again changes nothing.
    """
    with opened(home, tell):
        from cityloop.entry.imports.facilities import import_facilities

        click.echo(import_facilities(file, mapping, rejects, batch, tell, dry_run=dry_run))


@import_group.command("places")
@home_option
@file_argument
@mapping_option("FILE's columns or properties", "import-places.md")
@dry_run_option
@rejects_option
def places_command(home: Path | None, file: Path, mapping: Path, *, dry_run: bool, rejects: Path | None) -> None:
    """Import the places of FILE into the gazetteer: streets, door plates, estates, points of interest.

    FILE is a table, or lines, polygons or points in a GeoJSON, a Shapefile, a GeoPackage or a KML. From a table of
    addresses with points, the gazetteer learns every place that they name. docs/how-to/import-places.md has the
    mapping.
    """
    with opened(home, tell):
        from cityloop.entry.imports.places import import_places

        click.echo(import_places(file, mapping, rejects, tell, dry_run=dry_run))


@import_group.command("days")
@home_option
@file_argument
@dry_run_option
def days_command(home: Path | None, file: Path, *, dry_run: bool) -> None:
    """Declare the city's own days off and working days from FILE, a CSV with the columns date, kind (off, on, withdraw)
    and name.

    The columns may also be called 日期, 类型 (休, 班, 撤销), 名称. The due moments of open cases are calculated again.
    """
    with opened(home, tell):
        from cityloop.entry.imports import reports

        run = reports.try_days if dry_run else reports.import_days
        click.echo(run(file))


import_group.add_command(history)
main.add_command(appraise)
main.add_command(bench)
main.add_command(export)
main.add_command(where)
main.add_command(packs)
for command in upkeep.COMMANDS:
    main.add_command(command)
for command in organisation_commands.TABLES:
    import_group.add_command(command)
for command in (*organisation_commands.OF_USERS, *sign_in.COMMANDS):
    user.add_command(command)


if __name__ == "__main__":
    main()
