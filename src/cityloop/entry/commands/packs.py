"""`cityloop packs`: checks packs, lists those of a city, shows what taking a pack up would change."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cityloop.core.errors import Fault, Invalid, NotPossible
from cityloop.entry.console.opening import opened
from cityloop.entry.console.options import home_option, tell
from cityloop.registry.packs import contents as pack_contents
from cityloop.registry.packs.reading import Pack, pack_folders, read_all, read_together

if TYPE_CHECKING:  # modules that need a database are only imported by the commands that have one
    from cityloop.core.procedures.procedure import Procedure
    from cityloop.registry.history.changes import RowDifference
    from cityloop.registry.packs.queries import PackLine, ProcedureChange

ROWS = 10  # of a table, listed one by one
NOUNS = {  # singular and plural of the kinds whose name does not simply lose its s
    "classes": ("class", "classes"),
    "names": ("other name", "other names"),
    "crosswalk": ("line of a crosswalk", "lines of a crosswalk"),
    "grid_kinds": ("kind of grid", "kinds of grid"),
}
MARKS = {"created": "+", "changed": "~", "removed": "-"}


@click.group()
def packs() -> None:
    """Check and compare the packs that declare procedures, catalogues, roles and limits."""


@packs.command("check")
@click.argument("folders", type=click.Path(exists=True, file_okay=False, path_type=Path), nargs=-1, metavar="[FOLDER]…")
@click.option(
    "--home",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Also check against this city: whether a version of a procedure that cases follow was changed.",
)
def check(folders: tuple[Path, ...], home: Path | None) -> None:
    """Check the packs in FOLDER…, or all packs, together with those that CityLoop ships and those of CITYLOOP_PACKS.

    Prints every error with file, line and field, or what the packs contain. FOLDER contains a pack.yaml, or folders
    that do. A database is only needed with --home.
    """
    further = os.environ.get("CITYLOOP_PACKS", "")
    requested = _pack_folders_in(folders) if folders else pack_folders(further)
    every = list({folder.resolve(): folder for folder in (*pack_folders(further), *requested)}.values())
    wanted = {folder.resolve() for folder in requested}
    together = read_together(every)
    packs = [pack for pack in together if pack.folder.resolve() in wanted]
    figures = _figures(packs, [procedure for pack in together for procedure in pack.procedures])
    if home:
        _check_against_city(home, packs)
    for pack in packs:
        click.echo(_heading(pack))
        for line in (*_contents(pack), *figures[pack.name]):
            click.echo(f"  {line}")
    click.echo(f"{len(packs)} {'pack is' if len(packs) == 1 else 'packs are'} in order.")


@packs.command("list")
@home_option
def list_packs(home: Path | None) -> None:
    """List the packs of the city: version, contents, folder, when each was taken up and with which change."""
    with opened(home, tell) as configuration:
        from cityloop.registry.packs.queries import pack_lines

        for line in pack_lines(read_all(configuration.packs)):
            heading = f"{line.name} {line.taken_version}  (its folder no longer exists)"
            click.echo(_heading(line.pack) if line.pack else heading)
            if line.pack:
                click.echo(f"  {_counts(line.pack)}")
                click.echo(f"  {line.pack.folder}")
            click.echo(f"  {_state(line)}")


@packs.command("diff")
@home_option
@click.argument("name")
def diff(home: Path | None, name: str) -> None:
    """Show what taking up the pack NAME would change, by table. Nothing is changed; a city takes packs up when it
    starts.

    A line begins with + for a row that would be created, ~ for one that would be changed, - for one that would be
    removed.
    """
    with opened(home, tell) as configuration:
        from cityloop.registry.packs.queries import differences, pack_line, procedure_changes

        every = read_all(configuration.packs)
        pack = pack_line(every, name).pack
        if pack is None:
            raise NotPossible("pack-folder-missing", {"pack": name})
        rows, procedures = differences(pack, every), procedure_changes(pack)
        for line in (*_procedures(procedures), *_tables(rows)):
            click.echo(line)
        if not rows and not procedures:
            click.echo(f"Taking up {name} would change no table and no procedure.")


def _pack_folders_in(folders: Sequence[Path]) -> list[Path]:
    """Return the folders of packs: those given, or directly within those given."""
    found: list[Path] = []
    for folder in folders:
        within = sorted(path.parent for path in folder.glob("*/pack.yaml"))
        if not (within or (folder / "pack.yaml").exists()):
            raise Invalid([Fault(str(folder), "no-pack-in-folder")], code="pack")
        found += [folder] if (folder / "pack.yaml").exists() else within
    return found


def _figures(packs: Iterable[Pack], procedures: Sequence[Procedure]) -> dict[str, list[str]]:
    """Return lines about the facts and indicators of packs, by pack; Invalid with the faults of all of them."""
    from cityloop.evaluation.facts import texts as fact_texts
    from cityloop.evaluation.indicators import texts as indicator_texts

    lines: dict[str, list[str]] = {}
    faults: list[Fault] = []
    for pack in packs:
        lines[pack.name] = []
        try:
            if (pack.folder / fact_texts.FILE).exists():
                names = dict.fromkeys(name for name, _ in fact_texts.read_book(pack.folder, procedures).meanings)
                lines[pack.name].append(f"facts of {_number_of('procedures', len(names))}: {', '.join(names)}")
            if (pack.folder / indicator_texts.FILE).exists():
                book = indicator_texts.read_book(pack.folder)
                lines[pack.name].append(f"{_number_of('indicators', len(book.indicators))}: {book.standard}")
        except Invalid as error:
            faults += [replace(fault, field=f"{pack.folder.name}/{fault.field}") for fault in error.faults]
    if faults:
        raise Invalid(faults, code="pack")
    return lines


def _check_against_city(home: Path, packs: Iterable[Pack]) -> None:
    with opened(home, tell):
        from cityloop.casework.queries import is_followed
        from cityloop.registry.packs.versions import refuse_changed

        refuse_changed(packs, is_followed)


def _heading(pack: Pack) -> str:
    return f"{pack.name} {pack.version}  {pack.title['zh']} · {pack.title['en']}"


def _contents(pack: Pack) -> Iterator[str]:
    names = pack_contents.named(pack)
    for kind, count in pack_contents.counts(pack).items():
        named = f": {', '.join(names[kind])}" if names.get(kind) else ""
        yield f"{_number_of(kind, count)}{named}"


def _counts(pack: Pack) -> str:
    return ", ".join(_number_of(kind, count) for kind, count in pack_contents.counts(pack).items()) or "nothing"


def _number_of(kind: str, count: int) -> str:
    singular, plural = NOUNS.get(kind, (kind.removesuffix("s"), kind))
    return f"{count} {singular if count == 1 else plural}"


def _state(line: PackLine) -> str:
    """Return when a pack was taken up, with which change, and whether it has changed since."""
    from django.utils.timezone import localtime

    if line.taken_at is None:
        return "not taken up yet: `cityloop serve` or `cityloop init` does that"
    when = localtime(line.taken_at).strftime("%Y-%m-%d %H:%M")
    state = f"taken up {when} in version {line.taken_version}"
    state += f", change {line.change}" if line.change else ", it brought no rows"
    return f"{state}; changed since: `cityloop packs diff {line.name}`" if line.is_changed else state


def _procedures(changes: Iterable[ProcedureChange]) -> Iterator[str]:
    lines = [f"  {MARKS[change.kind]} {change.name} {change.version}" for change in changes]
    yield from ["procedures:", *lines] if lines else []


def _tables(rows: Sequence[RowDifference]) -> Iterator[str]:
    for table in dict.fromkeys(row.table.name for row in rows):
        rows_of_table = [row for row in rows if row.table.name == table]
        kinds = Counter(_kind(row) for row in rows_of_table)
        yield f"{table}: {', '.join(f'{kinds[kind]} {kind}' for kind in MARKS if kinds[kind])}"
        yield from (f"  {MARKS[_kind(row)]} {_key(row)}  {_fields(row)}" for row in rows_of_table[:ROWS])
        if len(rows_of_table) > ROWS:
            yield f"  … and {len(rows_of_table) - ROWS} more"


def _kind(row: RowDifference) -> str:
    return "created" if row.before is None else "removed" if row.after is None else "changed"


def _key(row: RowDifference) -> str:
    values = row.after or row.before or {}
    return " ".join(str(values[name]) for name in row.table.key)


def _fields(row: RowDifference) -> str:
    """Return the name of a created or removed row, or the differences of a changed one."""
    before, after = row.before, row.after
    if before is None or after is None:
        values = after or before or {}
        return str(values.get("name") or values.get("filing") or values.get("note") or "")
    return "; ".join(
        f"{name}: {_shown(before[name])} → {_shown(after[name])}" for name in after if before[name] != after[name]
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each}" if name else str(each) for name, each in value.items())
    return str(value) if value not in ("", None) else "nothing"
