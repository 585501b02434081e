"""The command `cityloop appraise` and its options. What it does is in appraisals.py, loaded only when it runs."""

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
        raise click.BadParameter(f"{path.name}: a name that ends in {', '.join(ENDINGS)} says what is written")
    return path


def _asking(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say what is counted."""
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
            help="Tell figures apart by a column of the facts: district, street, community, unit, department, post, "
            "person, source … Repeatable. Default: the whole city.",
        ),
        click.option(
            "--only",
            multiple=True,
            metavar="COLUMN=VALUE",
            help="Count only what has this value; `COLUMN=` what has none. Repeatable: one of the values given.",
        ),
        click.option(
            "--indicator",
            "indicators",
            multiple=True,
            metavar="CODE[:VARIANT]",
            help="Repeatable. Default: every indicator that speaks of what figures are told apart by.",
        ),
        click.option(
            "--book",
            default=DEFAULT_BOOK,
            show_default=True,
            metavar="PACK",
            help="The pack whose indicators are counted, or a folder that holds an indicators.yaml.",
        ),
        click.option(
            "--month-begins-on",
            type=click.IntRange(1, 28),
            default=1,
            show_default=True,
            help="Day on which months begin; 19: a month goes from the 19th of the one before to the 18th.",
        ),
        click.option(
            "--day-begins-at",
            default="00:00",
            show_default=True,
            metavar="HH:MM",
            help="When days begin; 12:00: a day goes from noon of the one before to noon.",
        ),
        click.option("--edition", metavar="NAME|DIGEST", help="Past facts. Default: the newest."),
        click.option(
            "--facts", type=FOLDER, help="Facts that are not the city's own; neither city nor database is used."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@home_option
@_asking
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_ending,
    help="A file for the figures: .xlsx (with a sheet that explains them), .csv or .json. Default: they are printed.",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Also keep figures, indicators and facts in a new FOLDER, so that anybody can count them again.",
)
@click.option(
    "--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Of titles and names."
)
@click.option("--list", "is_list", is_flag=True, help="List the indicators of the book instead of counting.")
@click.option("--formula", metavar="CODE[:VARIANT]", help="Print how an indicator is reckoned, with its SQL.")
@click.option("--recompute", type=FOLDER, help="Check a saved run and count it again; 1: something differs.")
def appraise(home: Path | None, *, is_list: bool, formula: str | None, recompute: Path | None, **given: Any) -> None:
    """Count the indicators of a pack for periods: of the whole city, or told apart by areas, units, posts, persons.

    What is counted are the facts as `cityloop export facts` took them last. A ratio is shown with what stands above and
    below its line; — means that there was nothing to count, which is not zero.
    """
    from cityloop.entry.appraisal import appraisals

    wanted = appraisals.AppraisalOptions(**given)
    if recompute:
        appraisals.recompute(recompute)
    elif is_list or formula:
        appraisals.tell_indicators(wanted, formula)
    else:
        appraisals.appraise(home, wanted)
