"""`cityloop bench`: runs a bench and tells its figures beside what they must reach; being slow is no failure."""

import os
from pathlib import Path

import click

from cityloop.core.errors import NotPossible
from cityloop.entry.bench.city import engine, machine, temporary_city
from cityloop.entry.console.options import tell
from cityloop.runtime.configuration import variable

folder_option = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the temporary home is made; a folder on the disk to be measured. Default: the system's.",
)


@click.group()
def bench() -> None:
    """Measure this machine against what CityLoop must hold. A city of its own is made and deleted."""


@bench.command()
@folder_option
@click.option(
    "--seconds", type=click.FloatRange(min=0.5), default=20.0, show_default=True, help="Of load of each kind."
)
@click.option("--connections", type=click.IntRange(1, 200), default=16, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), help="Web workers. Default: as `serve` has.")
def intake(folder: Path | None, seconds: float, connections: int, workers: int | None) -> None:
    """Reports a second through the API, beside an endpoint of one insert."""
    from cityloop.entry.bench import intake as measured

    if workers:
        os.environ[variable("web_workers")] = str(workers)
    with temporary_city(folder, tell) as city:
        found = measured.measure(city, seconds, connections, tell)
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


@bench.command()
@folder_option
@click.option("--cases", type=click.IntRange(min=2), default=5_000_000, show_default=True, help="In the large city.")
@click.option("--small", type=click.IntRange(min=1), default=10_000, show_default=True, help="In the small city.")
@click.option("--turns", type=click.IntRange(1), default=8, show_default=True, help="Of each city for each page.")
def queue(folder: Path | None, cases: int, small: int, turns: int) -> None:
    """The pages of a city with many years of cases, beside those of a small one. Five million take 10 GB of disk."""
    from cityloop.entry.bench import queue as measured

    if small >= cases:
        raise click.UsageError("--small must be smaller than --cases.")
    with temporary_city(folder, tell):
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


@bench.command()
@folder_option
@click.option("--history", type=click.IntRange(min=1), default=5_000_000, show_default=True, help="Events there are.")
@click.option("--seconds", type=click.FloatRange(min=0.5), default=30.0, show_default=True, help="Of each kind.")
def actions(folder: Path | None, history: int, seconds: float) -> None:
    """Actions a second by two workers beside a long history. Five million events take 10 GB of disk."""
    from cityloop.entry.bench import actions as measured

    with temporary_city(folder, tell):
        found = measured.measure(history, seconds, tell)
        click.echo(machine())
    click.echo(
        f"actions: {found.large:,.0f}/s beside {history:,} events, {found.small:,.0f}/s in an empty city; "
        f"p50 {found.latency(0.5) * 1000:.1f} ms, p95 {found.latency(0.95) * 1000:.1f} ms"
    )
    click.echo(f"ratio to bare rows: {found.ratio:.2f}; to an empty city: {found.large / found.small:.2f}")


@bench.command()
@folder_option
@click.option("--reports", type=click.IntRange(min=1), default=50_000, show_default=True)
def bulk(folder: Path | None, reports: int) -> None:
    """Reports a second a thousand at a time, as imports take them, beside a bare COPY of the same rows."""
    from cityloop.entry.bench import bulk as measured

    with temporary_city(folder, tell):
        found = measured.measure(reports, tell)
        click.echo(machine())
    click.echo(f"reports: {found.rate:,.0f}/s; their rows by COPY: {found.reports / found.copy_seconds:,.0f}/s")
    click.echo(
        f"ratio to a bare COPY: {found.ratio:.2f} (aim 0.20), to one into tables with our indexes: "
        f"{found.indexed_ratio:.2f}"
    )


@bench.command()
def deadlines() -> None:
    """Due moments and counted times a second, one by one and many at once; no city is needed."""
    from cityloop.entry.bench import deadlines as measured

    figures = list(measured.measure())
    for figure in figures:
        click.echo(f"{figure.name:44} {figure.rate:14,.0f}/s  {figure.ratio:.4f} of a bare addition")
    slowest = min(figure.rate for figure in figures if figure.name.startswith("due") and "many" in figure.name)
    click.echo(f"due moments: {slowest:,.0f}/s vectorised (at least {measured.AIM:,})")


@bench.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="CITYLOOP_DATA",
    required=True,
    help="The folder with the hotline's reports. Default: CITYLOOP_DATA.",
)
def gazetteer(data: Path) -> None:
    """Addresses of a real hotline found by what others of them taught, beside a plain baseline; no city is needed."""
    from cityloop.entry.bench import gazetteer as measured

    for one in measured.measure(data):
        radius = "" if one.inside != one.inside else f", within the radius told {one.inside:.1%}"
        click.echo(f"{one.name} ({one.reports:,})")
        click.echo(
            f"    found {one.found:.1%}, within 100 m {one.near:.1%}, within 500 m {one.far:.1%}, "
            f"median {one.median_metres:,.0f} m{radius}"
        )


@bench.command()
@click.option("--polygons", type=click.IntRange(min=100), default=20_000, show_default=True)
@click.option("--points", type=click.IntRange(min=100), default=500_000, show_default=True, help="Asked at once.")
@click.option("--single", type=click.IntRange(min=10), default=5_000, show_default=True, help="Asked one by one.")
@click.option("--postgis/--no-postgis", default=True, help="Compare with PostGIS where Debian's is installed.")
def place(polygons: int, points: int, single: int, *, postgis: bool) -> None:
    """Points placed in areas on one core, beside bare rectangles and beside PostGIS; no city is needed."""
    from cityloop.entry.bench import place as measured

    figures = list(measured.measure(polygons, points, single))
    for figure in figures:
        click.echo(f"{figure.name:44} {figure.rate:14,.0f}/s  {figure.ratio:.2f} of bare rectangles")
    if not postgis or (why := measured.why_not_postgis()):
        click.echo(why if postgis else "PostGIS is not measured.")
    else:
        for figure in measured.measure_postgis(polygons, points, single):
            click.echo(f"{figure.name:44} {figure.rate:14,.0f}/s  {figure.ratio:.3f} of ours")
    click.echo(f"points: {figures[0].rate:,.0f}/s against {polygons:,} polygons (at least {measured.AIM:,})")


@bench.command()
@folder_option
@click.option("--cases", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="10 million: 6 GB.")
def appraise(folder: Path | None, cases: int) -> None:
    """Every indicator of GB/T 30428.4 for 12 months by unit and by street, beside a plain count; no city is needed."""
    from cityloop.entry.bench import appraise as measured

    found = measured.measure(folder, cases, tell)
    click.echo(f"{engine()}; " + ", ".join(f"{rows:,} {name}" for name, rows in found.rows.items()))
    for one in found.figures:
        click.echo(
            f"by {one.by}: {one.indicators} indicators, 12 months: {one.counting.passed:.2f} s "
            f"({one.counting.worked:.2f} s of processors), {cases / one.counting.passed:,.0f} cases/s, "
            f"{one.ratio:.2f} of a plain GROUP BY; {one.figures:,} figures divided and rounded in {one.reckoning:.2f} s"
        )
    click.echo(f"peak memory: {found.peak / 2**20:,.0f} MiB, of which {measured.MEMORY_MB} MB may be the engine's")
    seconds = found.figures[0].counting.passed
    click.echo(f"all units: {seconds:.2f} s for {cases:,} cases (at most {measured.AIM:.0f} for {measured.AIMED_AT:,})")
