"""What a table that is imported can have wrong."""

TABLES = {
    # The file
    "damaged-file": "%(file)s is damaged after %(place)s: %(error)s. The rows before it were imported.",
    "no-rejects-file": (
        "The rows that were not imported cannot be written to %(path)s: %(error)s. Name another file with --rejects "
        "and repeat the command."
    ),
    "too-many-rejects": (
        "More than %(most)s lines do not fit on a sheet. Name a .csv file with --rejects and repeat the command."
    ),
    "table-empty": "The file is empty. Its first line must name the columns.",
    "table-too-wide": (
        "Line %(line)s has %(count)s columns; a table has at most %(most)s. Delete the columns that are not needed, or "
        "end the lines properly."
    ),
    "table-no-rows": "The table has no rows.",
    "table-no-heading": (
        "No line names the columns. If they are named in three lines, give these with heading: [1, 2, 3]."
    ),
    "table-no-heading-in-line": "There is no heading in line %(line)s.",
    "table-no-column": "There is no column %(name)s in the file. It has: %(columns)s. If its heading has three "
    "lines, name them with heading: [1, 2, 3].",
    "table-column-repeated": "There are %(times)s columns %(name)s in the file. It has: %(columns)s.",
    "table-no-id-column": "No column has the identifier (%(names)s). Name it in a mapping. The file has: %(columns)s.",
    "table-no-coordinate-system": ("The file names no coordinate system. Name it in a mapping, such as crs: cgcs2000."),
    "table-not-parquet": "This is not a Parquet file that can be read: %(error)s",
    "workbook-unreadable": (
        "This is not a workbook that can be read (%(error)s). Save the sheet as XLSX or CSV UTF-8 and import that."
    ),
    "workbook-password": "This is protected by a password. Save it without one.",
    "workbook-too-large": (
        "This is larger than %(most)s MiB unpacked, too large for a workbook of this kind. Save it as XLSX or "
        "CSV UTF-8."
    ),
    "workbook-far-cell": "A cell is far away from the table. Delete it, or save the sheet as XLSX.",
    "workbook-no-sheet": "There is no sheet %(name)s. The workbook has: %(names)s.",
    "workbook-sheet-empty": "The sheet %(name)s is empty.",
    "workbook-empty": "The workbook is empty: no sheet has a cell.",
    "column-no-key": (
        "%(column)s does not identify the rows: %(rows)s different rows have only %(ids)s values in it. A spreadsheet "
        "may have cut its digits. Name another column, or with columns several that together identify a row."
    ),
    # The mapping of its columns
    "mapping-one-source": "Give exactly one of column, columns and constant.",
    "mapping-no-catalogue": "There is no catalogue %(name)s. Known are: %(known)s.",
    "mapping-unknown-field": "%(name)s is not a field of this mapping. It has: %(fields)s.",
    "mapping-code-or-parts": "Give code, or major_code and minor_code.",
    "mapping-class-kind": "This must begin with component or matter.",
    "mapping-no-class": "%(catalogue)s has no %(kind)s %(code)s.",
    "mapping-no-geometry": "%(name)s is missing: a table has no geometry of its own.",
    "mapping-place-fields": "Give name, or street and number, or address, under fields.",
    "mapping-place-kind": "Say with kind what the names are: street, block, zone or poi.",
    # A row
    "row-open-quotation": "A quotation mark that opens here is never closed.",
    "row-cell-count": (
        "This row has %(cells)s cells where the heading has %(columns)s: a delimiter is missing, or one is too many."
    ),
    "row-nothing-above": "This says the same as above, but the row above cannot be read.",
    "row-merged-across": "A cell is merged across the columns %(columns)s. Split it, and fill each column.",
    "row-maybe-total": "This may be a total: it begins with a word for one. Delete it, or write another word.",
    "row-cells-beyond": "There are cells beyond the last column: %(cells)s.",
    "row-not-a-point": "This is a %(kind)s. A facility needs a point.",
    "words-against-point": "The report names %(named)s, the point lies in %(area)s.",
    "row-other-report": "A report with this id and other content has already been received.",
    # A cell
    "cell-not-in-format": "This is not written as %(formats)s.",
    "cell-not-yes-or-no": "%(value)s is neither yes nor no. Write 是 or 否.",
    "cell-not-a-choice": "%(value)s is not one of: %(choices)s.",
    "cell-day-repeated": "%(day)s is given twice.",
    "cell-no-shift-moment": "Fill this in, or the day and the hours.",
    "cell-not-a-district": "%(value)s is not a district of the city.",
    "cell-no-road": "This address names no road.",
    "cell-other-district": "This names another district than the one that the point is in.",
    "cell-not-a-house-number": "%(value)s is not a house number, such as 12, 12之3 or 12号.",
    "cell-name-length": "A name has 1 to %(most)s characters.",
    "cell-not-a-class-kind": "%(value)s is not 部件, 事件 or 事项.",
    "cell-digits": "%(value)s does not have %(digits)s digits.",
}
