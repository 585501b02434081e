"""Parts of XLSX files, read as a stream."""
