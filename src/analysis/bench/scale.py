"""Canonical Parquet to life table at growing sizes, beside SQL by hand, plain pandas and just reading the file.

Every way runs in processes of its own, in turn and then in the reverse order, and must find the same life table, else
nothing is reported. Ratios are of the fastest run of each; memory is the most that the process held.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from analysis.bench.measure import measured
from analysis.bench.result import Compared, Limit, Taken, exponent, part
from analysis.bench.spans import write_spans

SIZES = (1_000_000, 5_000_000, 10_000_000)
PLACES = (30, 300, 3_000)
PLACE_ROWS = 1_000_000
MEMORY = "2.5GB"  # of the query engine, for this project and for the SQL by hand
SLOWER, FASTER, MEGABYTES, EXPONENT = 1.5, 5, 3_000, 1.1  # the targets
ROUNDS = {"ours": 2, "sql": 2, "read": 2, "pandas": 1}  # processes
WHAT = "canonical Parquet to life table"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("scale")
    group.add_argument("--detainers", type=int, nargs="*", default=list(SIZES), help="how many detainers")
    group.add_argument("--jurisdictions", type=int, nargs="*", default=list(PLACES), help="in how many counties")
    group.add_argument("--jurisdiction-rows", type=int, default=PLACE_ROWS, help="detainers of all the counties")


def run(options: argparse.Namespace) -> dict:
    """Measure and print; return what was found."""
    compared, own = [], {}
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as temporary:
        for size in options.detainers:
            lines, own[size] = _at(Path(temporary) / "rows", options.root, size, size == max(options.detainers))
            compared += lines
        seconds = {n: _by_place(Path(temporary) / "places", n, options) for n in options.jurisdictions}
    limits = [Limit(f"{WHAT}, {n:,} detainers, most megabytes", taken.megabytes, MEGABYTES) for n, taken in own.items()]
    limits += exponent(f"{WHAT}, over rows", {n: taken.seconds for n, taken in own.items()}, EXPONENT)
    limits += exponent(f"life table by jurisdiction and rule, {options.jurisdiction_rows:,} detainers, over jurisdictions",
                       seconds, EXPONENT)  # fmt: skip
    about = (
        "From canonical Parquet to the life table of repeat detainers by state and rule in force, beside SQL written by hand for "
        "this one question (with the stretches of rules given to it), plain pandas with the same gift, and reading the columns "
        f"alone. The query engine has {MEMORY} of memory, here and for the SQL by hand; plain pandas has what there is. All ways "
        "found the same tables."
    )
    return part(about, compared, limits)


def alternated(folder: Path, rounds: Mapping[str, int], runs: int = 2) -> dict[str, Taken]:
    """Measure each way in so many processes of some runs each, in turn and in reverse, and hold what they find equal."""
    found: dict[str, list[Taken]] = {}
    prints: dict[str, str] = {}
    for number in range(max(rounds.values())):
        for way in list(rounds)[:: -1 if number % 2 else 1]:
            if number < rounds[way]:
                command = [sys.executable, "-m", "analysis.bench.scale_steps", str(folder), way]
                command.append(str(runs if way != "pandas" else 1))
                run = measured(command, ANALYSIS_MEMORY=MEMORY)
                told = json.loads(run.said.splitlines()[-1])
                prints[way] = told["fingerprint"]
                taken = Taken(min(told["seconds"]), min(told["processor"]), run.megabytes or None)
                found.setdefault(way, []).append(taken)
                print(f"  {folder.name}, {way}: {taken.seconds:.2f} s, {taken.megabytes or 0:,.0f} MB", flush=True)
    if len({mark for mark in prints.values() if mark}) > 1:
        raise SystemExit(f"bench: {folder.name}: {', '.join(prints)} do not find the same life table")
    return {way: _best(runs) for way, runs in found.items()}


def _best(runs: list[Taken]) -> Taken:
    most = [taken.megabytes for taken in runs if taken.megabytes]
    return Taken(min(taken.seconds for taken in runs), min(taken.processor for taken in runs), max(most, default=None))


def _at(folder: Path, root: Path, size: int, judged: bool) -> tuple[list[Compared], Taken]:
    from analysis.bench.canonical import write_detainers

    write_detainers(folder, size)
    write_spans(
        folder / "detainers.parquet", root / "data" / "raw" / "published" / "policies.csv", folder / "spans.parquet"
    )
    ways = alternated(folder, ROUNDS)
    shutil.rmtree(folder)
    against = {"sql": ("SQL by hand", SLOWER), "pandas": ("plain pandas", 1 / FASTER), "read": ("reading alone", None)}
    lines = [
        Compared(WHAT, f"{size:,} detainers", name, ways["ours"], ways[way], limit if judged else None)
        for way, (name, limit) in against.items()
    ]
    return lines, ways["ours"]


def _by_place(folder: Path, counties: int, options: argparse.Namespace) -> float:
    from analysis.bench.canonical import write_detainers

    write_detainers(folder, options.jurisdiction_rows, counties=counties)
    seconds = alternated(folder, {"places": 2})["places"].seconds
    shutil.rmtree(folder)
    return seconds
