"""The query engine: Ibis on DuckDB, with a memory limit and room to spill."""

import os
from functools import cache
from pathlib import Path

import ibis


@cache
def connection() -> ibis.BaseBackend:
    """Return the process's DuckDB connection. ANALYSIS_MEMORY (such as "2GB") limits what it holds in memory."""
    limit = os.environ.get("ANALYSIS_MEMORY")
    options = {"memory_limit": limit} if limit else {}
    return ibis.duckdb.connect(**options)


def parquet(path: Path) -> ibis.Table:
    """Return a Parquet file, or a folder of them, as an Ibis table."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return connection().read_parquet([str(file) for file in files])
