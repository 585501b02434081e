"""The command `cityloop appraise` and its options. Its code is in appraisals.py, which is only loaded when it runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cityloop.entry.console.options import home_option

DEFAULT_BOOK = "gbt30428-4"
ENDINGS = (".xlsx", ".csv", ".json")
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def _ending(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() not in ENDINGS:
        raise click.BadParameter(f"{path.name}: the name must end in one of {', '.join(ENDINGS)}.")
    return path


def _count_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what is counted."""
    options = (
        click.option(
            "--period",
            "periods",
            multiple=True,
            help="2026, 2026-H1, 2026-Q2, 2026-06, 2026-W25, 2026-06-19, or 2026-06-19..2026-07-18. Repeatable. "
            "Default: the month in which the facts were taken.",
        ),
        click.option(
            "--by",
            multiple=True,
            metavar="COLUMN",
            help="Break figures down by a column of the facts: district, street, community, unit, department, post, "
            "person, source … Repeatable. Default: the whole city.",
        ),
        click.option(
            "--only",
            multiple=True,
            metavar="COLUMN=VALUE",
            help="Count only rows with this value; `COLUMN=` for rows without one. Repeatable: rows with any of the "
            "values.",
        ),
        click.option(
            "--indicator",
            "indicators",
            multiple=True,
            metavar="CODE[:VARIANT]",
            help="Repeatable. Default: every indicator that can be broken down by the columns of --by.",
        ),
        click.option(
            "--book",
            default=DEFAULT_BOOK,
            show_default=True,
            metavar="PACK",
            help="The pack whose indicators are counted, or a folder that contains an indicators.yaml.",
        ),
        click.option(
            "--month-begins-on",
            type=click.IntRange(1, 28),
            default=1,
            show_default=True,
            help="Day on which months begin; 19: a month is from the 19th of the month before to the 18th.",
        ),
        click.option(
            "--day-begins-at",
            default="00:00",
            show_default=True,
            metavar="HH:MM",
            help="When days begin; 12:00: a day is from noon of the day before to noon.",
        ),
        click.option("--edition", metavar="NAME|DIGEST", help="An older edition of the facts. Default: the newest."),
        click.option(
            "--facts", type=FOLDER, help="Count from this folder of facts; no city and no database is needed."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@home_option
@_count_options
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_ending,
    help="File for the figures: .xlsx (with a sheet that explains them), .csv or .json. Default: print them.",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Also save figures, indicators and facts in a new FOLDER, so that anybody can count them again.",
)
@click.option(
    "--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of titles and names."
)
@click.option("--list", "is_list", is_flag=True, help="List the indicators of the book instead of counting.")
@click.option("--formula", metavar="CODE[:VARIANT]", help="Print the formula of an indicator, with its SQL.")
@click.option("--recompute", type=FOLDER, help="Check a saved run and count it again; exit code 1 if it differs.")
def appraise(home: Path | None, *, is_list: bool, formula: str | None, recompute: Path | None, **values: Any) -> None:
    """Count the indicators of a pack for periods: for the whole city, or by area, unit, post or person.

    Figures are counted from the facts that `cityloop export facts` wrote last. A ratio is shown with its numerator and
    denominator; — means that there was nothing to count, which is not zero.
    """
    from cityloop.entry.appraisal import appraisals

    options = appraisals.AppraisalOptions(**values)
    if recompute:
        appraisals.recompute(recompute)
    elif is_list or formula:
        appraisals.print_indicators(options, formula)
    else:
        appraisals.appraise(home, options)
