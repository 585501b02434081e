"""Opens tables in files of any kind, which is recognised by the first bytes.

Each kind is read in a module of its own, loaded when it is needed. tables/columns.py knows what the cells mean.
"""

from pathlib import Path

from cityloop.channels.tables.rows import Sheet, WantedTable

PARQUET = b"PAR1"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # XLSX and ODS are archives, XLS is not


def open_sheet(path: Path, wanted: WantedTable | None = None) -> Sheet:
    """Return the table in a CSV, a Parquet file or a workbook; raise Invalid where the file has none."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == PARQUET:
        from cityloop.channels.tables.parquet_files import open_parquet

        return open_parquet(path)
    if start in WORKBOOKS:
        from cityloop.channels.tables.workbooks import open_workbook

        return open_workbook(path, wanted or WantedTable())
    from cityloop.channels.tables.csv_files import open_csv

    return open_csv(path, wanted or WantedTable())
