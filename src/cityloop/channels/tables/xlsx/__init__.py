"""Parts of XLSX files, read as a stream, and the calendar of binary workbooks."""
