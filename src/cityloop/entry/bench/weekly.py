"""`cityloop bench all`: runs every benchmark at a size for once a week, and prints its ratios beside those kept."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

import cityloop
from cityloop.entry.bench import ratios
from cityloop.entry.bench.ratios import ComparedRatio, Ratio, compared
from cityloop.entry.console.options import tell

WEEKLY = {  # each benchmark with its size; together they take about half an hour on two cores
    "deadlines": (),
    "gazetteer": (),
    "place": ("--no-postgis",),
    "appraise": ("--cases", "300000"),
    "intake": ("--seconds", "20"),
    "bulk": ("--reports", "20000"),
    "queue": ("--cases", "200000", "--turns", "4"),
    "actions": ("--history", "200000", "--seconds", "20"),
    "spikes": ("--cases", "200000", "--rate", "3", "--seconds", "20"),
}
PAGE = Path(cityloop.__file__).parents[2] / "docs" / "reference" / "performance.md"  # of a clone


@click.command("all")
@click.option("--only", type=click.Choice(list(WEEKLY)), multiple=True, help="Run only this benchmark. Repeatable.")
@click.option(
    "--page",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=PAGE,
    show_default="docs/reference/performance.md of the clone",
    help="Page with the table of kept ratios.",
)
@click.option("--slip", type=click.FloatRange(0, 1), default=0.15, show_default=True, help="Share that is tolerated.")
@click.option("--keep", is_flag=True, help="Keep the ratios of this run in the page.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever was measured.")
def every(only: Sequence[str], page: Path, slip: float, *, keep: bool, exit_zero: bool) -> None:
    """Run every benchmark at a modest size and print each ratio beside the last one kept, with its aim.

    The exit code is 1 if a ratio fell by more than a share, or is below its aim, or a benchmark failed. Other work on
    the machine disturbs: repeat the benchmark that slipped (--only) before believing it.
    """
    kept = ratios.parse(page.read_text("utf-8"))
    if not only and "CITYLOOP_DATA" not in os.environ:
        tell("bench gazetteer is left out: CITYLOOP_DATA names no folder of real data")
        only = [name for name in WEEKLY if name != "gazetteer"]
    found = {name: run(name) for name in only or WEEKLY}
    lines = compared((ratio for own in found.values() for ratio in own), kept, slip)
    click.echo("\n".join(table(lines, [name for name, own in found.items() if not own])))
    if keep:
        ratios.keep(page, [line.now for line in lines])
    if not exit_zero and (not all(found.values()) or any(line.is_slip or line.misses_aim for line in lines)):
        sys.exit(1)


def run(name: str) -> list[Ratio]:
    """Run a benchmark in a process of its own, because each has its own city; return its ratios, none if it failed."""
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-") as folder:
        file = Path(folder) / "ratios.json"
        command = [sys.executable, "-m", "cityloop.entry.command_line", "bench", "--ratios", str(file), name]
        tell(f"bench {name} {' '.join(WEEKLY[name])}".rstrip())
        subprocess.run([*command, *WEEKLY[name]], check=False)
        return [Ratio(**row) for row in json.loads(file.read_text("utf-8"))] if file.exists() else []


def table(lines: Iterable[ComparedRatio], failed: Iterable[str]) -> list[str]:
    """Return the lines to print: every ratio, and the benchmarks that have none."""
    head = f"{'ratio':60} {'now':>8} {'kept':>8} {'aim':>8}"
    return [head, *(line.line for line in lines), *(f"{name}: not measured; see above" for name in failed)]
