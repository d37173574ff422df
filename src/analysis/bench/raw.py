"""The raw file to the life table at growing sizes, beside the same steps in plain pandas and reading the file alone.

Whole processes, from start to end, on look-alike rows of ICE's detainers: tables, cohort, policies, life table of
repeat detainers by state and rule. Both ways must find the same life table, and at the smallest size the same tables,
else nothing is reported. Plain pandas holds everything in memory and is left out above a size.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from analysis.bench.measure import Measured, measured
from analysis.bench.projects import NAME, write_project
from analysis.bench.result import Compared, Limit, exponent, part
from analysis.bench.spans import write_spans

SIZES = (1_000_000, 5_000_000, 10_000_000)
PLAIN = 5_000_000
MEMORY = "1GB"  # of the query engine, in the build and for the life table; beyond it spills to disk
FASTER = 3  # at least so many times faster than plain pandas
MOST_MEGABYTES = 2_200  # at any number of rows: the engine with its limit, and three processes of 400
_READ = "import sys, pandas; pandas.read_parquet(sys.argv[1])"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this part."""
    group = parser.add_argument_group("raw", "the raw file to the life table")
    group.add_argument("--raw-rows", type=int, nargs="*", default=list(SIZES), help="rows of the raw file")
    group.add_argument("--raw-plain", type=int, default=PLAIN, help="most rows that plain pandas is given")


def run(options: argparse.Namespace) -> dict:
    """Measure each size in a folder of its own and print; return what was found."""
    compared, own = [], {}
    for size in options.raw_rows:
        with tempfile.TemporaryDirectory(prefix="analysis-bench-") as root:
            lines, own[size] = _at(options, Path(root), size, check=size == min(options.raw_rows))
            compared += lines
    limits = exponent("raw file to life table, seconds over rows", {n: m.seconds for n, m in own.items()}, 1.1)
    memory = {n: m.megabytes for n, m in own.items() if m.megabytes}
    what = "raw file to life table, {:,} rows, most megabytes"
    limits += [Limit(what.format(n), most, MOST_MEGABYTES) for n, most in memory.items()]
    about = (
        "From a Parquet file of 64 columns in the layout of the Deportation Data Project to canonical tables and the life table of "
        "repeat detainers by state and rule in force: whole processes, two of them cleaning. Plain pandas writes the same tables by "
        "the same rules, each row looked up by itself, and finds the same life table; it counts no rows set aside, keeps no raw values, makes "
        f"no hashes for the leak scan, and is given at most {options.raw_plain:,} rows, since all of them must fit into memory. Reading "
        f"the file alone is pandas.read_parquet of all columns. Memory is that of all processes together; the query engine has {MEMORY}."
    )
    return part(about, compared, limits)


def _at(options: argparse.Namespace, root: Path, size: int, *, check: bool) -> tuple[list[Compared], Measured]:
    folder = write_project(root, size)
    published = Path("data") / "raw" / "published"
    shutil.copytree(options.root / published, root / published)
    given = {"ANALYSIS_HOME": str(root), "ANALYSIS_MEMORY": MEMORY}
    steps = [sys.executable, "-m", "analysis.bench.raw_steps"]
    ours = measured([*steps, "ours", NAME], **given)
    whole = measured([sys.executable, "-c", _READ, str(folder / "detainers.parquet")], **given)
    rows = f"{size:,} rows"
    what = "raw file to life table"
    lines = [Compared(what, rows, "reading the file alone", ours.taken, whole.taken)]
    if size <= options.raw_plain:
        processed = root / "data" / "processed" / NAME
        write_spans(processed / "detainers.parquet", root / published / "policies.csv", root / "spans.parquet")
        plain = measured([*steps, "plain", str(root), *(["check"] if check else [])], **given)
        if json.loads(ours.said)["fingerprint"] != json.loads(plain.said)["fingerprint"]:
            raise SystemExit(f"bench: {size:,} raw rows: plain pandas finds another life table")
        lines.append(Compared(what, rows, "plain pandas", ours.taken, plain.taken, 1 / FASTER))
    print(f"  {rows}: {ours.seconds:.1f} s, {ours.megabytes:,.0f} MB", flush=True)
    return lines, ours
