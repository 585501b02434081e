"""Reads tables as people make them: CSV, workbooks, Parquet, with their headings and habits."""
