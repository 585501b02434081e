"""`cityloop where`: prints which areas contain a place, and what is doubtful about it."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cityloop.entry.console.opening import opened
from cityloop.entry.console.options import home_option, tell


@click.command(context_settings={"ignore_unknown_options": True})
@home_option
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option(
    "--crs", default="wgs84", show_default=True, help="wgs84, cgcs2000, gcj02 (AMap, Tencent) or bd09 (Baidu)."
)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Use the areas valid on this day. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def where(home: Path | None, lon: float, lat: float, crs: str, on: datetime | None, *, as_json: bool) -> None:
    """Print which areas contain the place at LON LAT. For a place outside all areas, print the nearest one, and whether
    another coordinate system is likely.
    """
    with opened(home, tell):
        from django.utils.translation import override

        from cityloop.core.errors import Fault, Invalid
        from cityloop.core.place.geo import parse_crs
        from cityloop.core.place.where import where as find
        from cityloop.registry.areas.answers import lines, sentences
        from cityloop.registry.city.current import current_city

        try:
            system = parse_crs(crs)
        except ValueError as error:
            raise Invalid([Fault("--crs", "unknown-coordinate-system", {"value": crs})]) from error
        city = current_city()
        found = find(city.layout(on.date() if on else None), lon, lat, system)
        with override("en"):
            texts, areas = sentences(found, city), lines(found, city)
        if as_json:
            content: dict[str, Any] = {**asdict(found), "sentences": texts, "is_inside": found.is_inside}
            click.echo(json.dumps(content, ensure_ascii=False, default=dict))
            return
        for line in areas:
            click.echo(f"{line.kind}: {line.code} {line.name}")
        for sentence in texts:
            click.echo(sentence)
