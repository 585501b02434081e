"""`cityloop bench`: runs a benchmark and prints its figures with their aims. Missing an aim is not a failure; losing
something is.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path

import click

from cityloop.core.errors import NotPossible
from cityloop.entry.bench.city import cores, engine, machine, temporary_city, temporary_home
from cityloop.entry.bench.ratios import Ratio
from cityloop.entry.bench.weekly import every
from cityloop.entry.console.options import tell
from cityloop.runtime.configuration import variable

folder_option = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder for the temporary home, on the disk to be measured. Default: the system's temporary folder.",
)

home_option = click.option(
    "--copy-of",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Home of a stopped city without cases, to be copied instead of creating a city.",
)


def stretches_option(number: int) -> Callable[[Callable[..., list[Ratio]]], Callable[..., list[Ratio]]]:
    """Return the option for the number of alternating stretches of each kind, with its default."""
    return click.option(
        "--stretches",
        type=click.IntRange(1),
        default=number,
        show_default=True,
        help="Stretches of each kind, alternating, into which the seconds are divided.",
    )


@click.group()
@click.option(
    "--ratios", type=click.Path(dir_okay=False, path_type=Path), help="File for the ratios of the benchmark, as JSON."
)
def bench(ratios: Path | None) -> None:
    """Measure CityLoop on this machine against its performance aims. A temporary city is created and deleted."""


@bench.result_callback()
def write_ratios(found: Sequence[Ratio] | None, ratios: Path | None) -> None:
    """Write the ratios that a benchmark returned."""
    if ratios:
        ratios.write_text(json.dumps([asdict(ratio) for ratio in found or ()]), "utf-8")


bench.add_command(every)


@bench.command()
@folder_option
@home_option
@stretches_option(4)
@click.option(
    "--seconds", type=click.FloatRange(min=0.5), default=20.0, show_default=True, help="Seconds of load of each kind."
)
@click.option("--connections", type=click.IntRange(1, 200), default=16, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), help="Web workers. Default: those of `serve`.")
def intake(
    folder: Path | None, source: Path | None, stretches: int, seconds: float, connections: int, workers: int | None
) -> list[Ratio]:
    """Measure reports per second through the API, against an endpoint that inserts one row."""
    from cityloop.entry.bench import intake as measured

    if workers:
        os.environ[variable("web_workers")] = str(workers)
    with temporary_city(folder, tell, source) as city:
        found = measured.measure(city, seconds, stretches, connections, tell)
        click.echo(machine())
    click.echo(
        f"reports: {found.rate:,.0f}/s (aim 400), p50 {found.latency(0.5) * 1000:.1f} ms, "
        f"p95 {found.latency(0.95) * 1000:.1f} ms, p99 {found.latency(0.99) * 1000:.1f} ms; "
        f"{found.statements} statements each (at most 10)"
    )
    click.echo(
        f"{found.acknowledged:,} acknowledged, {found.not_kept_once} of them not kept once; {found.refused} refused"
    )
    click.echo(f"ratio to one insert: {found.ratio:.2f} (aim 0.33)")
    if found.not_kept_once:
        raise NotPossible("lost", {"number": found.not_kept_once})
    return [Ratio("intake: to single inserts", found.ratio, 0.33)]


@bench.command()
@folder_option
@home_option
@click.option(
    "--cases", type=click.IntRange(min=2), default=5_000_000, show_default=True, help="Cases of the large city."
)
@click.option("--small", type=click.IntRange(min=1), default=10_000, show_default=True, help="Cases of the small city.")
@click.option("--turns", type=click.IntRange(1), default=8, show_default=True, help="Turns per city and page.")
def queue(folder: Path | None, source: Path | None, cases: int, small: int, turns: int) -> list[Ratio]:
    """Measure the pages of a city with many years of cases, against those of a small city. Five million cases take
    10 GB of disk.
    """
    from cityloop.entry.bench import queue as measured

    if small >= cases:
        raise click.UsageError("--small must be smaller than --cases.")
    with temporary_city(folder, tell, source):
        found = measured.measure(small, cases, turns, tell)
        click.echo(machine())
    click.echo(f"{'page':36} {f'{small:,}':>12} {f'{cases:,}':>12}  ratio  queries")
    for page in found:
        click.echo(f"{page.name:36} {page.small_ms:9.1f} ms {page.large_ms:9.1f} ms {page.ratio:6.2f} {page.queries:8}")
    aimed = [page for page in found if page.name.startswith(measured.AIMED_AT)]
    click.echo(
        f"queue pages: ratio {max(page.ratio for page in aimed):.2f} (at most 1.5), "
        f"{max(page.queries for page in aimed)} queries (at most 12), "
        f"{max(page.large_ms for page in aimed):.1f} ms (at most 30)"
    )
    slowest = min(1 / page.ratio for page in aimed)
    return [Ratio("queue: slowest page, to that of a small city", slowest, 0.67)]


@bench.command()
@folder_option
@home_option
@stretches_option(3)
@click.option(
    "--history", type=click.IntRange(min=1), default=5_000_000, show_default=True, help="Events in the history."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0.5), default=30.0, show_default=True, help="Seconds of each kind."
)
def actions(folder: Path | None, source: Path | None, stretches: int, history: int, seconds: float) -> list[Ratio]:
    """Measure actions per second of two workers in a city with a long history. Five million events take 10 GB."""
    from cityloop.entry.bench import actions as measured

    with temporary_city(folder, tell, source):
        found = measured.measure(history, seconds, stretches, tell)
        click.echo(machine())
    click.echo(
        f"actions: {found.large:,.0f}/s with {history:,} events, {found.small:,.0f}/s in an empty city; "
        f"p50 {found.latency(0.5) * 1000:.1f} ms, p95 {found.latency(0.95) * 1000:.1f} ms"
    )
    click.echo(f"ratio to bare rows: {found.ratio:.2f}; to an empty city: {found.large / found.small:.2f}")
    return [
        Ratio("actions: to bare rows", found.ratio),
        Ratio("actions: with a history, to an empty city", min(found.large / found.small, 1.0)),
    ]


@bench.command()
@folder_option
@home_option
@click.option("--reports", type=click.IntRange(min=1), default=50_000, show_default=True)
def bulk(folder: Path | None, source: Path | None, reports: int) -> list[Ratio]:
    """Measure reports per second in batches of a thousand, as imports use, against a bare COPY of the same rows."""
    from cityloop.entry.bench import bulk as measured

    with temporary_city(folder, tell, source):
        found = measured.measure(reports, tell)
        click.echo(machine())
    click.echo(f"reports: {found.rate:,.0f}/s; their rows by COPY: {found.reports / found.copy_seconds:,.0f}/s")
    click.echo(
        f"ratio to a bare COPY: {found.ratio:.2f} (aim 0.20), to one into tables with our indexes: "
        f"{found.indexed_ratio:.2f}"
    )
    return [
        Ratio("bulk: to a bare COPY", found.ratio, 0.20),
        Ratio("bulk: to a COPY into tables with indexes", found.indexed_ratio),
    ]


@bench.command()
@folder_option
@home_option
@click.option("--rounds", type=click.IntRange(1), default=200, show_default=True, help="Kills, of each kind in turn.")
@click.option("--connections", type=click.IntRange(1, 200), default=4, show_default=True, help="Senders of reports.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the order of the kills and their moments.")
def survive(folder: Path | None, source: Path | None, rounds: int, connections: int, seed: int) -> None:
    """Kill every process of a city in turn while reports come in, and count what is lost or doubled. Exits with 1 when
    anything is, or when the city does not come back by itself.
    """
    from cityloop.entry.bench.survival import rounds as measured
    from cityloop.entry.bench.survival.watching import LIMIT

    with temporary_home(folder, source) as home:
        found = measured.measure(home, rounds, seed, connections, tell, is_new=source is None)
    click.echo(f"{cores()}; seed {seed}, {connections} senders, {LIMIT:.0f} s to come back")
    click.echo(
        "seconds until a report is acknowledged, and until every process works again: median, 95th percentile, longest"
    )
    for kind, recoveries in sorted(found.recoveries.items()):
        answered = measured.spread([recovery.answered for recovery in recoveries])
        complete = measured.spread([recovery.complete for recovery in recoveries])
        click.echo(
            f"{kind:20} {len(recoveries):6} " + " ".join(f"{seconds:8.1f}" for seconds in (*answered, *complete))
        )
    click.echo(
        f"{found.acknowledged:,} reports acknowledged, {found.stored_before} of them stored by an attempt without an "
        f"answer; {found.actions:,} actions; {found.broken:,} attempts without success"
    )
    click.echo(
        f"{found.lost} lost, {found.doubled} doubled, {found.not_back.total()} times not back by itself, "
        f"{found.altered} findings of verify"
    )
    if faults := found.faults():
        named = ", ".join(f"{number} {name}" for name, number in faults.items())
        raise NotPossible("not-survived", {"faults": named})


@bench.command()
@folder_option
@home_option
@click.option("--cases", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="Cases in the city.")
@click.option(
    "--rate",
    "rates",
    type=click.FloatRange(min=1),
    multiple=True,
    default=(35.0, 35.0, 35.0),
    show_default=True,
    help="Cases a second in a spike. Repeatable: one spike for each.",
)
@click.option("--seconds", type=click.IntRange(min=1), default=30, show_default=True, help="Of a spike and its valley.")
@click.option("--pages", is_flag=True, help="Ask for the case's page after each action, as a browser does.")
def spikes(
    folder: Path | None, source: Path | None, cases: int, rates: Sequence[float], seconds: int, *, pages: bool
) -> list[Ratio]:
    """Measure whole cases, from report to closed, through the served city: in bursts, and beside many other cases. A
    million cases take 2 GB of disk.
    """
    from cityloop.entry.bench import spikes as measured

    with temporary_city(folder, tell, source) as city:
        found = measured.measure(city, measured.Plan(cases, rates, seconds, pages), tell)
        click.echo(machine())
    click.echo("\n".join(measured.lines(found, cases)))
    return [  # more than 1 is other work on the machine
        Ratio("spikes: whole cases beside many others, to an empty city", min(found.ratio, 1.0), 0.8),
        Ratio("spikes: the same by processor time", min(found.cost_ratio, 1.0), 0.8),
    ]


@bench.command()
def deadlines() -> list[Ratio]:
    """Measure due moments and counted times per second, singly and in bulk; no city is needed."""
    from cityloop.entry.bench.calculations import deadlines as measured

    figures = list(measured.measure())
    for figure in figures:
        click.echo(f"{figure.name:44} {figure.rate:14,.0f}/s  {figure.ratio:.4f} of a bare addition")
    slowest = min(figure.rate for figure in figures if figure.name.startswith("due") and "many" in figure.name)
    click.echo(f"due moments: {slowest:,.0f}/s vectorised (at least {measured.AIM:,})")
    return [Ratio(f"deadlines: {figure.name}, to a bare addition", figure.ratio) for figure in figures]


@bench.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="CITYLOOP_DATA",
    required=True,
    help="Folder with the hotline's reports. Default: CITYLOOP_DATA.",
)
def gazetteer(data: Path) -> list[Ratio]:
    """Measure how well addresses of a real hotline are located after learning from others, against a plain baseline; no
    city is needed.
    """
    from cityloop.entry.bench.calculations import gazetteer as measured

    scores = measured.measure(data)
    for score in scores:
        radius = "" if isnan(score.inside) else f", within the stated radius {score.inside:.1%}"
        click.echo(f"{score.name} ({score.reports:,})")
        click.echo(
            f"    found {score.found:.1%}, within 100 m {score.near:.1%}, within 500 m {score.far:.1%}, "
            f"median {score.median_metres:,.0f} m{radius}"
        )
    later, _, unknown, _, limit = scores
    return [
        Ratio("gazetteer: later reports within 100 m, to repeated ones", later.near / limit.near),
        Ratio("gazetteer: unknown addresses within 100 m, to repeated ones", unknown.near / limit.near),
    ]


@bench.command()
@click.option("--polygons", type=click.IntRange(min=100), default=20_000, show_default=True)
@click.option(
    "--points", type=click.IntRange(min=100), default=500_000, show_default=True, help="Points located at once."
)
@click.option("--single", type=click.IntRange(min=10), default=5_000, show_default=True, help="Points located singly.")
@click.option("--postgis/--no-postgis", default=True, help="Compare with PostGIS if Debian's is installed.")
def place(polygons: int, points: int, single: int, *, postgis: bool) -> list[Ratio]:
    """Measure points located per second on one core, against bare rectangles and PostGIS; no city is needed."""
    from cityloop.entry.bench.calculations import place as measured

    figures = list(measured.measure(polygons, points, single))
    for figure in figures:
        click.echo(f"{figure.name:44} {figure.rate:14,.0f}/s  {figure.ratio:.2f} of bare rectangles")
    if not postgis or (why := measured.why_not_postgis()):
        click.echo(why if postgis else "PostGIS is not measured.")
    else:
        for figure in measured.measure_postgis(polygons, points, single):
            click.echo(f"{figure.name:44} {figure.rate:14,.0f}/s  {figure.ratio:.3f} of ours")
    click.echo(f"points: {figures[0].rate:,.0f}/s against {polygons:,} polygons (at least {measured.AIM:,})")
    return [Ratio(f"place: {figure.name}, to bare rectangles", figure.ratio) for figure in figures]


@bench.command()
@folder_option
@click.option("--cases", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="10 million take 6 GB.")
def appraise(folder: Path | None, cases: int) -> list[Ratio]:
    """Measure every indicator of GB/T 30428.4 for 12 months by unit and by street, against a plain count; no city is
    needed.
    """
    from cityloop.entry.bench.calculations import appraise as measured

    found = measured.measure(folder, cases, tell)
    click.echo(f"{engine()}; " + ", ".join(f"{rows:,} {name}" for name, rows in found.rows.items()))
    for figure in found.figures:
        click.echo(
            f"by {figure.by}: {figure.indicators} indicators, 12 months: {figure.counting.passed:.2f} s "
            f"({figure.counting.worked:.2f} s of processors), {cases / figure.counting.passed:,.0f} cases/s, "
            f"{figure.ratio:.2f} of a plain GROUP BY; "
            f"{figure.figures:,} figures divided and rounded in {figure.dividing:.2f} s"
        )
    click.echo(f"peak memory: {found.peak / 2**20:,.0f} MiB, of which {measured.MEMORY_MB} MB may be the engine's")
    seconds = found.figures[0].counting.passed
    click.echo(f"all units: {seconds:.2f} s for {cases:,} cases (at most {measured.AIM:.0f} for {measured.AIMED_AT:,})")
    return [Ratio(f"appraise: by {figure.by}, to a plain GROUP BY", figure.ratio) for figure in found.figures]
