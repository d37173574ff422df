"""People linked by name at growing sizes, beside splink alone on a frame held in memory, with how often each is right.

Both ways use one model, the same fields and the same threshold, and must find as many people. The records are of people
made up from a seed, typed with errors; who each row really is is known here and to neither way.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from analysis.bench.measure import measured
from analysis.bench.result import Compared, Limit, Taken, part, skipped

SIZES = (200_000, 1_000_000, 5_000_000)
MEMORY = "1GB"  # of the query engine, as in a build
SLOWER, MEGABYTES = 3, 2_200  # the targets: time beside splink alone, memory at any size
WRONG, MISSED = 0.01, 0.05  # of pairs linked, those of two people; of pairs of one person, those not linked
ABOUT = (
    "Records with names and dates of birth to people, beside splink alone with the same model on a whole frame in memory, one threshold, "
    "and no report. The records are of made-up people, 3 in 100 fields typed with an error, one record in ten with another date of birth "
    "than the person's other records. Here the query engine has {} of memory and spills what goes beyond; splink alone has what there is."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("linking")
    group.add_argument("--records", type=int, nargs="*", default=list(SIZES), help="how many records with names")


def run(options: argparse.Namespace) -> dict:
    """Measure and print; return what was found."""
    about = ABOUT.format(MEMORY)
    try:
        import splink  # noqa: F401
    except ImportError:
        return skipped(about, "splink is not installed (sh setup.sh lab)")
    lines, limits = [], []
    for size in options.records:
        with tempfile.TemporaryDirectory(prefix="analysis-bench-") as folder:
            line, own = _at(Path(folder), size)
        lines.append(line)
        limits += own
    return part(about, lines, limits)


def _at(folder: Path, size: int) -> tuple[Compared, list[Limit]]:
    from analysis.bench.linking_steps import write_records

    file = folder / "records.parquet"
    write_records(file, size)
    runs, told = {}, {}
    for way in ("ours", "splink"):
        run = measured([sys.executable, "-m", "analysis.bench.linking_steps", way, str(file)], ANALYSIS_MEMORY=MEMORY)
        told[way] = json.loads(run.said.splitlines()[-1])
        runs[way] = Taken(told[way]["seconds"], run.processor or None, run.megabytes or None)
        print(f"  {size:,} records, {way}: {runs[way].seconds:.1f} s, {runs[way].megabytes or 0:,.0f} MB", flush=True)
    if told["ours"]["people"] != told["splink"]["people"]:
        raise SystemExit(f"bench: {told['ours']['people']:,} people here, {told['splink']['people']:,} by splink alone")
    line = Compared(
        "records to people", f"{size:,} records", "splink alone, in memory", runs["ours"], runs["splink"], SLOWER
    )
    limits = [
        Limit(f"{size:,} records, share of linked pairs that are of two people", told["ours"]["wrong"], WRONG),
        Limit(f"{size:,} records, share of pairs of one person that are not linked", told["ours"]["missed"], MISSED),
    ]
    if runs["ours"].megabytes:
        limits.append(Limit(f"{size:,} records, most megabytes", runs["ours"].megabytes, MEGABYTES))
    return line, limits
