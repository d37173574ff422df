"""The query engine: Ibis on DuckDB, with a memory limit and room to spill, or the same expressions on Spark.

``engine`` in ``dataset.toml`` chooses, ANALYSIS_ENGINE before it. ANALYSIS_MEMORY (such as "2GB") limits what DuckDB
holds in memory; what goes beyond is written to a folder under the system's temporary folder that nobody else may enter. For
Spark ANALYSIS_SPARK says where it runs (a master's address; by default on this machine's processors).
"""

import atexit
import glob
import os
import shutil
import sys
import tempfile
import weakref
from functools import cache, lru_cache
from pathlib import Path

import ibis

from analysis.data.errors import InputError

SPARK = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_STORED: weakref.WeakValueDictionary = weakref.WeakValueDictionary()  # an expression's table, by the expression


def connection(name: str = "duckdb") -> ibis.BaseBackend:
    """Return the process's connection to an engine. Raises InputError where Spark is asked for and not installed."""
    return _connected(name)  # one default argument or none: the same connection


@cache
def _connected(name: str) -> ibis.BaseBackend:
    return _spark() if name == "spark" else scratch()


def scratch(folder: Path | None = None, memory: str | None = None) -> ibis.BaseBackend:
    """Return a DuckDB connection of its own that spills into ``folder`` beyond ``memory`` (default: ANALYSIS_MEMORY)."""
    spill = tempfile.mkdtemp(prefix="analysis-", dir=folder)
    atexit.register(shutil.rmtree, spill, ignore_errors=True)
    options = {"temp_directory": spill}
    if limit := memory or os.environ.get("ANALYSIS_MEMORY"):
        options["memory_limit"] = limit
    return ibis.duckdb.connect(**options)


def parquet(path: Path, name: str = "duckdb") -> ibis.Table:
    """Return a Parquet file, or a folder of them, as an Ibis table.

    Asked again for what has not changed it gives the same table, so that what two parts of a query have in common is one
    expression, computed once.
    """
    seen = path.stat()
    return _read(path, name, (seen.st_ino, seen.st_mtime_ns))


@lru_cache(maxsize=256)
def _read(path: Path, name: str, _state: tuple[int, int]) -> ibis.Table:
    return read(path, connection(name))


def read(path: Path, backend: ibis.BaseBackend) -> ibis.Table:
    """Return a Parquet file, or a folder of them, as a table of a connection."""
    if backend.name != "duckdb":
        return backend.read_parquet(on_disk(path, backend))
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return backend.read_parquet([glob.escape(str(file)) for file in files])  # a path is no pattern


def on_disk(path: Path, backend: ibis.BaseBackend) -> str:
    """Return how an engine calls a path of the file system: Spark would else take it for one of its cluster's own store."""
    return str(path) if backend.name == "duckdb" else f"file://{path.resolve()}"


def stored(table: ibis.Table) -> ibis.Table:
    """Return a table computed once into DuckDB, for as long as anything uses it; asked again, the same one.

    What several queries have in common is then also compiled once, which for a few thousand rows takes longer than the
    query. On Spark the table is returned as it is.
    """
    backend = ibis.get_backend(table)
    if backend.name != "duckdb":
        return table
    if (found := _STORED.get(table.op())) is None:
        # not cache(): with some versions of what it stands on, its DROP TABLE names no table
        name = ibis.util.gen_name("stored")
        found = _STORED[table.op()] = backend.create_table(name, table, temp=True).op()
        weakref.finalize(found, backend.raw_sql, f'DROP TABLE "{name}"').atexit = False
    return found.to_expr()


@lru_cache(maxsize=256)
def known(table: ibis.Table, column: str) -> bool:
    """Return whether any row of a table has a value in a column."""
    return bool(table[column].notnull().any().to_pandas())


def _spark() -> ibis.BaseBackend:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError(
            'engine = "spark" needs PySpark, which has an environment of its own: run `sh setup.sh cluster`, then '
            ".venv-cluster/bin/python -m analysis report."
        ) from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    where = os.environ.get("ANALYSIS_SPARK", "local[*]")
    builder = SparkSession.builder.appName("analysis").master(where)
    if where.startswith("local"):  # the default of 200 partitions is meant for a cluster
        builder = builder.config("spark.sql.shuffle.partitions", str(2 * (os.cpu_count() or 1)))
    for key, value in SPARK.items():
        builder = builder.config(key, value)
    if memory := os.environ.get("ANALYSIS_MEMORY"):
        builder = builder.config("spark.driver.memory", memory.lower().removesuffix("b"))
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return ibis.pyspark.connect(session)
