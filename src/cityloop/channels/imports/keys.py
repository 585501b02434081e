"""Whether the column that is to identify the rows of a table does, found before any of them is stored."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cityloop.channels.tables.columns import ColumnMapping
from cityloop.channels.tables.rows import TableRow
from cityloop.core.errors import Invalid, NotPossible

LEAST, SHARE = 3, 10  # rows that repeat an id with other content: from 3 on, and above a tenth, it is none


@dataclass(frozen=True, slots=True)
class KeySurvey:
    """How often the ids of a table repeat; `repeated` are the hashes of those in more than one row."""

    column: str
    rows: int
    ids: int
    contents: int  # different rows
    repeated: frozenset[int]

    @property
    def doubles(self) -> int:
        """Return how many rows are the same as one above."""
        return self.rows - self.contents

    def check(self) -> None:
        """Raise NotPossible where the column does not identify the rows."""
        check_key(self.column, self.contents, self.ids)


def check_key(column: str, rows: int, ids: int) -> None:
    """Raise NotPossible where so few ids for so many different rows identify none."""
    if rows - ids >= LEAST and (rows - ids) * SHARE > rows:
        raise NotPossible("column-no-key", {"column": column, "rows": f"{rows:,}", "ids": f"{ids:,}"})


def survey_keys(rows: Iterable[TableRow], mapping: ColumnMapping[Any], field: str) -> KeySurvey:
    """Return how the ids of a table repeat; 16 bytes a row are kept. Rows that cannot be read are left out."""
    ids, contents = array("q"), array("q")
    try:
        for row in rows:
            try:
                content = mapping.content(row)
            except Invalid:
                continue
            if content[field]:
                ids.append(hash(content[field]))
                contents.append(hash(str(content)))
    except NotPossible:
        pass  # damaged: the import says so when it comes there, and keeps the rows before
    found, counts = np.unique(np.array(ids), return_counts=True)
    different = len(np.unique(np.array(contents)))  # a content has the id in it
    return KeySurvey(mapping.name(field), len(ids), len(found), different, frozenset(found[counts > 1].tolist()))
