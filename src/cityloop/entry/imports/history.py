"""`cityloop import history`: turns another system's table into a folder of facts and prints what is in it.

No city is opened: the facts belong to none.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from cityloop.core.errors import Fault, Invalid
from cityloop.entry.console.options import file_argument, mapping_option, rejects_option, tell
from cityloop.entry.imports.hot_spots import hot_spots


@click.command("history")
@file_argument
@mapping_option("FILE's columns", "figures-from-another-systems-history.md")
@click.option(
    "--to",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the facts; created if it does not exist. Never the facts of a city.",
)
@click.option(
    "--as-of",
    help="The moment of the facts, such as 2016-07-01T00:00, in the mapping's time zone. Nothing in FILE may have "
    "happened later. Default: just after the last event in FILE.",
)
@rejects_option
def history(file: Path, mapping: Path, to: Path, as_of: str | None, rejects: Path | None) -> None:
    """Turn FILE, the history of another system, into a folder of facts. Count its figures with `cityloop appraise
    --facts`.

    FILE is a table (CSV, Parquet, XLSX, XLS, ODS) of cases, or of updates with several rows per case. Nothing of it
    goes into a city. Prints how many rows were imported, and the points that many addresses share because they could
    not be located.
    """
    click.echo(import_file(file, mapping, to, as_of, rejects))


def import_file(file: Path, mapping_path: Path, to: Path, as_of: str | None, rejects: Path | None) -> str:
    """Write the facts of a file to a folder; return a summary."""
    from cityloop.channels.tables.columns import wanted
    from cityloop.channels.tables.rejects.files import Rejects
    from cityloop.channels.tables.sheets import open_sheet
    from cityloop.entry.console.showing import progress
    from cityloop.entry.imports.rows import rejects_path, summary
    from cityloop.evaluation.facts.files import FactFolder
    from cityloop.evaluation.foreign.history import HISTORY, import_history
    from cityloop.evaluation.foreign.texts import HistoryText, read_history_mapping
    from cityloop.runtime import clock

    sheet = open_sheet(file, wanted(mapping_path, HistoryText))
    mapping = read_history_mapping(mapping_path, sheet)
    moment = _moment(as_of, mapping.text.zone) if as_of else None
    context = {HISTORY: file.name, "file": _digest(file), "mapping": _digest(mapping_path)}
    with Rejects(rejects_path(file, rejects, sheet), sheet) as refused, progress(sheet.length, tell) as show:
        folder = FactFolder(to)
        edition, outcome = import_history(
            sheet, mapping, folder, refused, context, as_of=moment, now=clock.now(), show=show
        )
    lines = [
        f"{outcome.rows:,} rows: cases {outcome.cases:,}, rejected {outcome.rejected:,}.",
        *([f"Rows that are the same as one above, left out: {outcome.doubles:,}."] if outcome.doubles else []),
        *_days(outcome.days),
        *_differing(outcome.differing),
        *hot_spots(outcome.piles),
        f"Facts as of {edition.as_of.astimezone(mapping.text.zone):%Y-%m-%d %H:%M:%S %Z}: {to}, "
        f"edition {edition.name}, digest {edition.digest}",
    ]
    return summary("\n".join(lines), refused, sheet)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid([Fault("--as-of", "not-a-moment")]) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).replace(microsecond=0).astimezone(UTC)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _days(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for the limits, and one for the closings, of which the table has only the day."""
    if limits := max((counts[name] for name in ("due_at", "filing_due_at") if name in counts), default=0):
        yield f"{limits:,} limits are days: each is over at 24:00 of its day."
    if closings := counts.get("closed_at"):
        yield (
            f"{closings:,} closings are days: how long a case took that was closed on the day it began is not known "
            "and not counted."
        )


def _differing(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each number that the updates of cases show otherwise than the table states it."""
    for name, cases in sorted(counts.items()):
        yield (
            f"In {cases:,} of the cases the updates show another number of {name} than the table states; the number in "
            "the table is used."
        )
