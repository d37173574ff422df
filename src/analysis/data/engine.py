"""The query engine: DuckDB, with a memory limit and room to spill, or the same queries on Spark; Ibis speaks to both.

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
import pandas as pd

from analysis.data.errors import InputError

SPARK = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_STORED: weakref.WeakValueDictionary = weakref.WeakValueDictionary()  # tables of steps, by their queries


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


class _Stored:
    """The rows of a query in a table of their own."""

    def __init__(self, backend: ibis.BaseBackend, text: str) -> None:
        self.name = ibis.util.gen_name("stored")
        backend.raw_sql(f"CREATE TEMP TABLE {self.name} AS {text}")
        weakref.finalize(self, backend.raw_sql, f"DROP TABLE {self.name}").atexit = False


class Steps(dict[str, str]):
    """A query: each step a name and a SELECT, in DuckDB's SQL, that reads tables and the steps before it.

    About a few thousand people, building and compiling Ibis expressions takes ten times as long as the query; text takes no
    time. For Spark it is translated.
    """

    def __init__(self, table: ibis.Table) -> None:
        """``table`` is any of those that are read: its engine answers."""
        self.backend, self._stored = ibis.get_backend(table), []

    def store(self, name: str) -> None:
        """Compute a step once into DuckDB, for as long as a query is kept that reads it; the same step again is the same table."""
        if self.backend.name != "duckdb":
            return
        if (found := _STORED.get(text := self._text(f"SELECT * FROM {name}"))) is None:
            found = _STORED[text] = _Stored(self.backend, text)
        self._stored.append(found)
        self[name] = f"SELECT * FROM {found.name}"

    def table(self, select: str) -> ibis.Table:
        """Return the rows of a SELECT as an Ibis table, which stays in the engine."""
        if self.backend.name != "duckdb":
            return self.backend.sql(self._text(select), dialect="duckdb")
        name = ibis.util.gen_name("steps")  # sql() fails with some versions of what Ibis stands on
        self.backend.raw_sql(f"CREATE TEMP VIEW {name} AS {self._text(select)}")
        return self.backend.table(name)

    def frame(self, select: str) -> pd.DataFrame:
        """Return the rows of a SELECT."""
        if self.backend.name != "duckdb":
            return self.table(select).to_pandas()
        return self.backend.raw_sql(self._text(select)).df()

    def _text(self, select: str) -> str:
        steps = ", ".join(f"{name} AS ({step})" for name, step in self.items())
        return f"WITH {steps} {select}" if steps else select


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
