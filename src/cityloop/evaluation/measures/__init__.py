"""The restricted SQL of indicators, compiled for DuckDB and Spark."""
