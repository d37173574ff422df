"""Canonical Parquet to life table at growing sizes, beside SQL by hand, plain pandas and just reading the file.

Every way runs in a process of its own and must find the same life table, else nothing is reported. Ratios are of the
fastest of its runs. Memory is the most that the process held.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

SIZES = (1_000_000, 5_000_000, 10_000_000)
FOLLOW_UPS = 100_000_000
STRATA = 20
_FOLLOW_UPS = """COPY (SELECT 'stratum ' || lpad((hash(i * 4) % {strata})::VARCHAR, 2, '0') AS stratum,
    (1 + hash(i * 4 + 1) % 1000)::BIGINT AS days,
    CASE WHEN hash(i * 4 + 2) % 10 < 3 THEN 'rearrest' WHEN hash(i * 4 + 2) % 10 < 4 THEN 'removed' END AS event
    FROM range({rows}) AS t(i)) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("scale")
    group.add_argument("--detainers", type=int, nargs="*", default=list(SIZES), help="how many detainers")
    group.add_argument("--follow-ups", type=int, default=FOLLOW_UPS, help="how many follow-up rows (0: none)")


def run(options: argparse.Namespace) -> tuple[dict, bool]:
    """Measure and print; what was found, and whether every target was met."""
    from analysis.bench.canonical import write_detainers

    rows, seconds = [], {}
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as temporary:
        for size in options.detainers:
            folder = write_detainers(Path(temporary) / str(size), size)
            _write_spans(folder)
            found = _ways(folder, {"ours": 3, "sql": 3, "read": 3, "pandas": 1}, size)
            rows += found
            seconds[size] = found[0]["seconds"]
            for name in ("detainers", "exits"):
                shutil.rmtree(folder / f"{name}.parquet")
        if options.follow_ups:
            folder = Path(temporary) / "follow-ups"
            folder.mkdir()
            _write_follow_ups(folder, options.follow_ups)
            rows += _ways(folder, {"grouped": 3, "group_by": 3}, options.follow_ups)
    growth = []
    if len(seconds) > 1:
        slope = float(np.polyfit(np.log(list(seconds)), np.log(list(seconds.values())), 1)[0])
        growth = [{"what": "detainers to life table", "of": "rows", "exponent": round(slope, 3)}]
    targets = _targets(rows, options, growth)
    for target in targets:
        print(f"{target['what']}: {target['found']} ({'met' if target['met'] else 'MISSED'})", flush=True)
    about = (
        "From canonical Parquet to the life table of repeat detainers by state and rule in force, beside SQL written by hand for "
        "this one question, plain pandas, and reading the columns alone; and follow-up rows in Parquet to the life table of "
        f"{STRATA} strata by day beside the bare GROUP BY. All ways found the same tables."
    )
    part = {"about": about, "processors": os.cpu_count(), "rows": rows, "growth": growth, "targets": targets}
    return {"scale": part}, all(target["met"] for target in targets)


def _ways(folder: Path, runs: dict[str, int], size: int) -> list[dict]:
    from analysis.bench.estimators import _measure

    rows, prints = [], {}
    for way, times in runs.items():
        said, megabytes = _measure([sys.executable, "-m", "analysis.bench.scale_steps", str(folder), way, str(times)])
        told = json.loads(said.splitlines()[-1])
        prints[way] = told["fingerprint"]
        rows.append(
            {"way": way, "rows": size, "seconds": round(min(told["seconds"]), 3),
             "processor_seconds": round(min(told["processor"]), 3), "megabytes": round(megabytes)}
        )  # fmt: skip
        print(f"{size:,} rows, {way}: {rows[-1]['seconds']} s, {rows[-1]['megabytes']:,} MB", flush=True)
    if len({mark for way, mark in prints.items() if way != "read"}) != 1:
        raise SystemExit(f"bench: {size:,} rows: {', '.join(prints)} do not find the same life table")
    for row in rows:
        row["ours_takes"] = round(rows[0]["seconds"] / row["seconds"], 3)
        row["ours_takes_processor"] = round(rows[0]["processor_seconds"] / row["processor_seconds"], 3)
    return rows


def _targets(rows: list[dict], options: argparse.Namespace, growth: list[dict]) -> list[dict]:
    """The targets at the largest size asked for."""
    by = {(row["way"], row["rows"]): row for row in rows}
    made = []
    if options.detainers:
        most = max(options.detainers)
        made += [
            ("times the hand-written SQL", by["sql", most]["ours_takes"], "at_most", 1.5),
            ("times faster than plain pandas", round(1 / by["pandas", most]["ours_takes"], 2), "at_least", 5),
            ("most memory, megabytes", by["ours", most]["megabytes"], "at_most", 3000),
        ]
        made = [(f"{most:,} detainers: {what}", *rest) for what, *rest in made]
    made += [(f"growth exponent, {one['what']}", one["exponent"], "at_most", 1.1) for one in growth]
    if options.follow_ups:
        n = options.follow_ups
        made.append((f"{n:,} follow-ups: times the bare GROUP BY", by["group_by", n]["ours_takes"], "at_most", 2.5))
        made.append((f"{n:,} follow-ups: most memory, megabytes", by["grouped", n]["megabytes"], "at_most", 600))
    return [
        {"what": what, "found": found, side: limit, "met": found <= limit if side == "at_most" else found >= limit}
        for what, found, side, limit in made
    ]


def _write_spans(folder: Path) -> None:
    """Write the stretches of days on which each place has one rule, for the ways that do not look rules up."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from analysis.data.state import home
    from analysis.sanctuary.policy_file import read_policies
    from analysis.sanctuary.timeline import timeline

    places = pd.read_parquet(folder / "detainers.parquet", columns=["jurisdiction"])["jurisdiction"].unique()
    spans = timeline(places, read_policies(home() / "data" / "raw" / "published" / "policies.csv"))
    table = pa.table(
        {"jurisdiction": pa.array(spans["jurisdiction"], pa.string()), "start": pa.array(spans["start"], pa.date32()),
         "end": pa.array(spans["end"], pa.date32()), "policy": pa.array(spans["policy"], pa.string())}
    )  # fmt: skip
    pq.write_table(table, folder / "spans.parquet")


def _write_follow_ups(folder: Path, rows: int) -> None:
    import duckdb

    with duckdb.connect(config={"memory_limit": "1GB"}) as engine:
        engine.execute("SET preserve_insertion_order = false")
        engine.execute(_FOLLOW_UPS.format(strata=STRATA, rows=rows, file=folder / "follow_up.parquet"))
