"""The commands of packs: check what is being written, list what a city has, tell what taking a pack up would change."""

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

if TYPE_CHECKING:  # what asks a database is only imported where there is one
    from cityloop.core.procedures.procedure import Procedure
    from cityloop.registry.history.changes import RowDifference
    from cityloop.registry.packs.queries import PackLine, ProcedureChange

ROWS = 10  # of a table, told one by one
CALLED = {  # one of a kind, and several, where an s does not do
    "classes": ("class", "classes"),
    "names": ("other name", "other names"),
    "crosswalk": ("line of a crosswalk", "lines of a crosswalk"),
    "grid_kinds": ("kind of grid", "kinds of grid"),
}
SIGNS = {"created": "+", "changed": "~", "removed": "-"}


@click.group()
def packs() -> None:
    """The packs that declare procedures, catalogues, roles and limits."""


@packs.command("check")
@click.argument("folders", type=click.Path(exists=True, file_okay=False, path_type=Path), nargs=-1, metavar="[FOLDER]…")
@click.option(
    "--home",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Check beside a city, too: whether a procedure was changed under a version that cases follow.",
)
def check(folders: tuple[Path, ...], home: Path | None) -> None:
    """Check the packs in FOLDER…, or every pack, together with those that CityLoop ships and those of CITYLOOP_PACKS.

    Everything that is wrong is told with file, line and field; else what the packs bring. FOLDER holds a pack.yaml, or
    folders that do. No database is needed, but with --home.
    """
    further = os.environ.get("CITYLOOP_PACKS", "")
    asked = _within(folders) if folders else pack_folders(further)
    every = list({folder.resolve(): folder for folder in (*pack_folders(further), *asked)}.values())
    wanted = {folder.resolve() for folder in asked}
    together = read_together(every)
    found = [pack for pack in together if pack.folder.resolve() in wanted]
    figures = _figures(found, [way for pack in together for way in pack.procedures])
    if home:
        _check_beside(home, found)
    for pack in found:
        click.echo(_head(pack))
        for words in _contents(pack):
            click.echo(f"  {words}")
        for words in figures[pack.name]:
            click.echo(f"  {words}")
    click.echo(f"{len(found)} {'pack is' if len(found) == 1 else 'packs are'} in order.")


@packs.command("list")
@home_option
def list_packs(home: Path | None) -> None:
    """List the packs of the city: version, what each brings, where it is, when it was taken up, what it changed."""
    with opened(home, tell) as configuration:
        from cityloop.registry.packs.queries import pack_lines

        for line in pack_lines(read_all(configuration.packs)):
            click.echo(_head(line.pack) if line.pack else f"{line.name} {line.taken_version}  (its folder is gone)")
            if line.pack:
                click.echo(f"  {_counted(line.pack)}")
                click.echo(f"  {line.pack.folder}")
            click.echo(f"  {_taken(line)}")


@packs.command("diff")
@home_option
@click.argument("name")
def diff(home: Path | None, name: str) -> None:
    """Tell what taking the pack NAME up would change, by table. Nothing is changed; a city takes packs up at its start.

    A line begins with + for what would be created, ~ for what would be changed, - for what would be removed.
    """
    with opened(home, tell) as configuration:
        from cityloop.registry.packs.queries import differences, pack_line, procedure_changes

        every = read_all(configuration.packs)
        pack = pack_line(every, name).pack
        if pack is None:
            raise NotPossible("pack-folder-missing", {"pack": name})
        rows, ways = differences(pack, every), procedure_changes(pack)
        for words in (*_ways(ways), *_tables(rows)):
            click.echo(words)
        if not rows and not ways:
            click.echo(f"Taking {name} up would change no table and no procedure.")


def _within(folders: Sequence[Path]) -> list[Path]:
    """Return the folders of packs: those given, or within those given."""
    found: list[Path] = []
    for folder in folders:
        within = sorted(path.parent for path in folder.glob("*/pack.yaml"))
        if not (within or (folder / "pack.yaml").exists()):
            raise Invalid([Fault(str(folder), "no-pack-in-folder")], code="pack")
        found += [folder] if (folder / "pack.yaml").exists() else within
    return found


def _figures(found: Iterable[Pack], ways: Sequence[Procedure]) -> dict[str, list[str]]:
    """Return what packs bring for figures, by pack; Invalid with everything wrong in all of them."""
    from cityloop.evaluation.facts import texts as fact_texts
    from cityloop.evaluation.indicators import texts as indicator_texts

    told: dict[str, list[str]] = {}
    faults: list[Fault] = []
    for pack in found:
        told[pack.name] = []
        try:
            if (pack.folder / fact_texts.FILE).exists():
                names = dict.fromkeys(name for name, _ in fact_texts.read_book(pack.folder, ways).meanings)
                told[pack.name].append(f"facts of {_many('procedures', len(names))}: {', '.join(names)}")
            if (pack.folder / indicator_texts.FILE).exists():
                book = indicator_texts.read_book(pack.folder)
                told[pack.name].append(f"{_many('indicators', len(book.indicators))}: {book.standard}")
        except Invalid as error:
            faults += [replace(fault, field=f"{pack.folder.name}/{fault.field}") for fault in error.faults]
    if faults:
        raise Invalid(faults, code="pack")
    return told


def _check_beside(home: Path, found: Iterable[Pack]) -> None:
    with opened(home, tell):
        from cityloop.casework.queries import is_followed
        from cityloop.registry.packs.versions import refuse_changed

        refuse_changed(found, is_followed)


def _head(pack: Pack) -> str:
    return f"{pack.name} {pack.version}  {pack.title['zh']} · {pack.title['en']}"


def _contents(pack: Pack) -> Iterator[str]:
    names = pack_contents.named(pack)
    for kind, many in pack_contents.counts(pack).items():
        told = f": {', '.join(names[kind])}" if names.get(kind) else ""
        yield f"{_many(kind, many)}{told}"


def _counted(pack: Pack) -> str:
    return ", ".join(_many(kind, many) for kind, many in pack_contents.counts(pack).items()) or "nothing"


def _many(kind: str, many: int) -> str:
    one, several = CALLED.get(kind, (kind.removesuffix("s"), kind))
    return f"{many} {one if many == 1 else several}"


def _taken(line: PackLine) -> str:
    from django.utils.timezone import localtime

    if line.taken_at is None:
        return "not taken up yet: `cityloop serve` or `cityloop init` does"
    when = localtime(line.taken_at).strftime("%Y-%m-%d %H:%M")
    told = f"taken up {when} in version {line.taken_version}"
    told += f", change {line.change}" if line.change else ", it brought no rows"
    return f"{told}; changed since: `cityloop packs diff {line.name}`" if line.is_changed else told


def _ways(ways: Iterable[ProcedureChange]) -> Iterator[str]:
    found = [f"  {SIGNS[way.kind]} {way.name} {way.version}" for way in ways]
    yield from ["procedures:", *found] if found else []


def _tables(rows: Sequence[RowDifference]) -> Iterator[str]:
    for table in dict.fromkeys(row.table.name for row in rows):
        own = [row for row in rows if row.table.name == table]
        kinds = Counter(_kind(row) for row in own)
        yield f"{table}: {', '.join(f'{kinds[kind]} {kind}' for kind in SIGNS if kinds[kind])}"
        yield from (f"  {SIGNS[_kind(row)]} {_named(row)}  {_fields(row)}" for row in own[:ROWS])
        if len(own) > ROWS:
            yield f"  … and {len(own) - ROWS} more"


def _kind(row: RowDifference) -> str:
    return "created" if row.before is None else "removed" if row.after is None else "changed"


def _named(row: RowDifference) -> str:
    either = row.after or row.before or {}
    return " ".join(str(either[name]) for name in row.table.key)


def _fields(row: RowDifference) -> str:
    """Return what a row is called, and of a changed one what differs."""
    before, after = row.before, row.after
    if before is None or after is None:
        either = after or before or {}
        return str(either.get("name") or either.get("filing") or either.get("note") or "")
    return "; ".join(
        f"{name}: {_told(before[name])} → {_told(after[name])}" for name in after if before[name] != after[name]
    )


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each}" if name else str(each) for name, each in value.items())
    return str(value) if value not in ("", None) else "nothing"
