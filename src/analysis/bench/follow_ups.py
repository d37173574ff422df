"""Follow-up rows already in Parquet to the life table of twenty strata by day, beside the engine's bare GROUP BY."""

import argparse
import tempfile
from pathlib import Path

from analysis.bench.result import Compared, Limit, part
from analysis.bench.scale import alternated

ROWS, STRATA = 100_000_000, 20
SLOWER, MEGABYTES = 2.5, 600  # the targets
_WRITE = """COPY (SELECT 'stratum ' || lpad((hash(i * 4) % {strata})::VARCHAR, 2, '0') AS stratum,
    (1 + hash(i * 4 + 1) % 1000)::BIGINT AS days,
    CASE WHEN hash(i * 4 + 2) % 10 < 3 THEN 'rearrest' WHEN hash(i * 4 + 2) % 10 < 4 THEN 'removed' END AS event
    FROM range({rows}) AS t(i)) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("follow_ups")
    group.add_argument("--follow-ups", type=int, default=ROWS, help="how many follow-up rows")


def run(options: argparse.Namespace) -> dict:
    """Measure and print; return what was found."""
    rows = options.follow_ups
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as temporary:
        _write(Path(temporary), rows)
        ways = alternated(Path(temporary), {"grouped": 2, "group_by": 2})
    what = f"follow-ups in Parquet to the life table of {STRATA} strata by day"
    compared = [Compared(what, f"{rows:,} rows", "the bare GROUP BY", ways["grouped"], ways["group_by"], SLOWER)]
    limits = [Limit(f"{what}, {rows:,} rows, most megabytes", ways["grouped"].megabytes or 0, MEGABYTES)]
    about = (
        "Follow-up rows in Parquet to a life table, beside DuckDB's GROUP BY of the same columns, which says how many rows there are "
        "and not how many were at risk. Both found the same counts."
    )
    return part(about, compared, limits)


def _write(folder: Path, rows: int) -> None:
    import duckdb

    with duckdb.connect(config={"memory_limit": "1GB"}) as engine:
        engine.execute("SET preserve_insertion_order = false")
        engine.execute("SET enable_progress_bar = false")
        engine.execute(_WRITE.format(strata=STRATA, rows=rows, file=folder / "follow_up.parquet"))
