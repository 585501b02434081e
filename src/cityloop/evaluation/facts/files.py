"""Facts as files: tables with canonical rows and their digests, parts in Parquet, editions that list them. No database.

Rows come from cases.py and exporting.py. A part is named by the digest of its rows and never changed; an edition is a
dated list of parts, so whoever has the files can verify what was counted. docs/reference/facts.md defines how rows are
written for their digest.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cityloop.core import chain
from cityloop.core.errors import Fault, NotFound, NotPossible
from cityloop.evaluation.facts.relations import RELATIONS, FactRelation, Type
from cityloop.runtime.files.archive import sync_folder

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "cityloop-facts/1"
DIGEST = re.compile("[0-9a-f]{64}")
NAME = "%Y%m%dT%H%M%SZ"
BATCH = 8192  # rows written at a time


class Altered(NotPossible):
    """A file of facts is not as it was written."""


@dataclass(frozen=True, slots=True)
class FactPart:
    """Some rows of a relation: which part of it, how many rows, and the digest of the canonical rows."""

    relation: str
    number: int
    rows: int
    digest: str


@dataclass(frozen=True)
class Edition:
    """The facts at one moment. `position` and `context` say where the next export continues."""

    as_of: datetime
    zone: str
    parts: tuple[FactPart, ...]
    position: str = ""
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.as_of.astimezone(UTC).strftime(NAME)

    @property
    def rows(self) -> dict[str, int]:
        """Return how many rows each relation has."""
        found: dict[str, int] = {}
        for part in self.parts:
            found[part.relation] = found.get(part.relation, 0) + part.rows
        return found

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the moment, the zone and the list of parts, hexadecimal."""
        content = {"as_of": self.name, "zone": self.zone, "parts": [_listed(part) for part in self.parts]}
        return hashlib.sha256(chain.canonical(content)).hexdigest()


@dataclass(frozen=True)
class FactFolder:
    """A folder of facts: parts/RELATION/DIGEST.parquet and editions/NAME.json."""

    path: Path

    def write(self, relation: str, number: int, table: "pa.Table") -> FactPart:
        """Keep a table sorted by its key as a part, durably; the same rows again are the same file."""
        import pyarrow.parquet as pq

        part = FactPart(relation, number, table.num_rows, digest_of(table))
        with _written(self._path(part)) as draft:
            pq.write_table(table, draft, **_quickly_read(table.schema))
        return part

    def table(self, part: FactPart) -> "pa.Table":
        """Return the rows of a part, with the columns that were published then; NotFound where its file is missing."""
        import pyarrow.parquet as pq

        if not self.holds(part):
            values = {"relation": part.relation, "digest": part.digest, "folder": str(self.path)}
            raise NotFound("facts-missing", values)
        return pq.read_table(self._path(part), memory_map=False)

    def proved(self, part: FactPart) -> "pa.Table":
        """Return the rows of a part; Altered where its file is missing or does not match its digest."""
        if fault := self._fault(part):
            raise Altered("facts-altered", {"file": fault.field})
        return self.table(part)

    def holds(self, part: FactPart) -> bool:
        """Return whether the file of a part exists."""
        return self._path(part).is_file()

    def files(self, edition: Edition) -> dict[str, list[Path]]:
        """Return the files of an edition by relation; one without rows where a relation has nothing."""
        found: dict[str, list[Path]] = {name: [] for name in RELATIONS}
        for part in edition.parts:
            found[part.relation].append(self._path(part))
        for name, paths in found.items():
            if not paths:
                paths.append(self._path(self.write(name, 0, table_of(RELATIONS[name], []))))
        return found

    def save(self, edition: Edition) -> None:
        """Keep an edition durably; NotPossible where there are other facts of its moment."""
        path = self._editions / f"{edition.name}.json"
        if path.exists():
            if _read_edition(path).digest == edition.digest:
                return
            raise NotPossible("edition-exists", {"folder": str(self.path), "name": edition.name})
        content = {
            "format": FORMAT,
            "as_of": edition.name,
            "zone": edition.zone,
            "position": edition.position,
            "context": dict(edition.context),
            "parts": [_listed(part) for part in edition.parts],
        }
        with _written(path) as draft:
            draft.write_bytes(chain.canonical(content) + b"\n")

    def editions(self) -> tuple[Edition, ...]:
        """Return the editions, the newest last."""
        return tuple(_read_edition(path) for path in self._stems())

    def latest(self) -> Edition | None:
        """Return the newest edition."""
        paths = self._stems()
        return _read_edition(paths[-1]) if paths else None

    def edition(self, name_or_digest: str) -> Edition:
        """Return the edition of that name, or of that digest; NotFound where there is none."""
        for path in reversed(self._stems()):
            if path.stem == name_or_digest or _read_edition(path).digest == name_or_digest:
                return _read_edition(path)
        raise NotFound("no-such-edition", {"edition": name_or_digest})

    def faults(self, edition: Edition, proved: set[FactPart] | None = None) -> Iterator[Fault]:
        """Yield the faults of the files of an edition: missing, or not the rows that their digest stands for.

        Parts in `proved` are not read again; those without faults are added to it.
        """
        proved = set() if proved is None else proved
        for part in edition.parts:
            if part in proved:
                continue
            if fault := self._fault(part):
                yield fault
            else:
                proved.add(part)

    def prune(self, keep: Collection[datetime]) -> int:
        """Remove the editions of other moments, but the newest, and the parts that only those had; return how many."""
        with self.locked():
            removed = [path for path in self._stems()[:-1] if _read_edition(path).as_of not in keep]
            for path in removed:
                path.unlink()
            listed = {self._path(part) for edition in self.editions() for part in edition.parts}
            for path in (self.path / "parts").glob("*/*"):
                if path not in listed:  # drafts of killed writers too
                    path.unlink()
        return len(removed)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one process at a time write editions or remove them; others wait."""
        self._editions.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / ".lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @property
    def _editions(self) -> Path:
        return self.path / "editions"

    def _stems(self) -> list[Path]:
        return sorted(path for path in self._editions.glob("*.json") if not path.name.startswith("."))

    def _path(self, part: FactPart) -> Path:
        return self.path / "parts" / part.relation / f"{part.digest}.parquet"

    def _fault(self, part: FactPart) -> Fault | None:
        import pyarrow as pa

        field = f"parts/{part.relation}/{part.digest}.parquet"
        try:
            table = self.table(part)
        except NotFound:
            return Fault(field, "facts-file-missing")
        except (OSError, pa.ArrowException) as error:
            return Fault(field, "facts-file-unreadable", {"error": str(error)})
        if table.num_rows != part.rows or digest_of(table) != part.digest:
            return Fault(field, "facts-file-other-rows")
        column = _misleading_column(self._path(part), table)
        return Fault(field, "facts-file-misleading", {"column": column}) if column else None


def arrow_schema(relation: FactRelation) -> "pa.Schema":
    """Return the columns of a relation as Arrow has them."""
    import pyarrow as pa

    kinds = {
        Type.TEXT: pa.string(),
        Type.INTEGER: pa.int64(),
        Type.DECIMAL: pa.decimal128(10, 7),
        Type.MOMENT: pa.timestamp("us"),
        Type.DATE: pa.date32(),
        Type.BOOL: pa.bool_(),
    }
    return pa.schema([(column.name, kinds[column.type]) for column in relation.columns])


def table_of(relation: FactRelation, rows: Iterable[Mapping[str, Any]]) -> "pa.Table":
    """Return rows as a table sorted by the key; columns that a row does not have are empty."""
    return by_key(relation, unsorted_table(relation, rows))


def unsorted_table(relation: FactRelation, rows: Iterable[Mapping[str, Any]]) -> "pa.Table":
    """Return rows as a table in the order they come."""
    import pyarrow as pa

    rows, schema = list(rows), arrow_schema(relation)
    arrays = [pa.array([row.get(column.name) for row in rows], column.type) for column in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def by_key(relation: FactRelation, table: "pa.Table") -> "pa.Table":
    """Return a table sorted by the relation's key, texts by their bytes in UTF-8."""
    return table.sort_by([(name, "ascending") for name in relation.key])


def digest_of(table: "pa.Table") -> str:
    """Return the SHA-256 of the canonical rows of a sorted table, hexadecimal."""
    from pyarrow import csv

    sink = _Digesting()
    csv.write_csv(_without_exponents(table), sink, csv.WriteOptions(quoting_style="all_valid", batch_size=BATCH))
    return sink.digest.hexdigest()


def _without_exponents(table: "pa.Table") -> "pa.Table":
    """Return the table with decimals as text: Arrow itself would write very small ones as 1E-7."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type):
            texts = pc.cast(table[column.name], pa.string())
            if pc.any(pc.match_substring(texts, "E")).as_py():
                texts = pa.array([None if value is None else f"{value:f}" for value in table[column.name].to_pylist()])
            table = table.set_column(place, column.name, texts)
    return table


def _misleading_column(path: Path, table: "pa.Table") -> str | None:
    """Return a column whose statistics in the file do not match its rows: the engine skips rows by them."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    first, metadata = 0, pq.read_metadata(path)
    for group in (metadata.row_group(number) for number in range(metadata.num_row_groups)):
        rows = table.slice(first, group.num_rows)
        first += group.num_rows
        for column in (group.column(number) for number in range(group.num_columns)):
            statistics, values = column.statistics, rows[column.path_in_schema]
            if statistics is None:
                continue
            ends = pc.min_max(values).as_py()
            is_right = not statistics.has_min_max or (statistics.min, statistics.max) == (ends["min"], ends["max"])
            if not is_right or (statistics.has_null_count and statistics.null_count != values.null_count):
                return str(column.path_in_schema)
    return None


def _quickly_read(schema: "pa.Schema") -> dict[str, Any]:
    """Return options of Parquet that make counting fast: moments as differences, the rest by dictionary."""
    import pyarrow as pa

    moments = [column.name for column in schema if pa.types.is_timestamp(column.type)]
    return {
        "compression": "snappy",
        "use_dictionary": [name for name in schema.names if name not in moments],
        "column_encoding": dict.fromkeys(moments, "DELTA_BINARY_PACKED"),
    }


class _Digesting:
    """A file that keeps only the digest of what is written to it."""

    closed = False

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        return len(content)

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    def close(self) -> None:
        self.closed = True


def _listed(part: FactPart) -> list[Any]:
    return [part.relation, part.number, part.rows, part.digest]


def _read_edition(path: Path) -> Edition:
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(content["format"])
        as_of = datetime.strptime(content["as_of"], NAME).replace(tzinfo=UTC)
        parts = tuple(FactPart(*part) for part in content["parts"])
        # An edition may come from a stranger: no path of it may lead out of its folder.
        if not all(part.relation in RELATIONS and DIGEST.fullmatch(part.digest) for part in parts):
            raise ValueError("parts")
        return Edition(as_of, content["zone"], parts, content["position"], content["context"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotPossible("facts-unreadable", {"file": str(path)}) from error


@contextmanager
def _written(path: Path) -> Iterator[Path]:
    """Yield the path of a draft; it gets the real name, durably, when the block ends without an error."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
