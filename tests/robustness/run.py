"""Kills, faults, heavy files and mutated ones, with a seed, and one line at the end: ``python tests/robustness/run.py``."""

import argparse
import secrets
import shutil
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    """Run what is asked for; return 0 where nothing failed, else 1; what failed is kept in build/robustness."""
    from robustness import faults, fuzz, kills

    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--kills", type=int, default=50, help="builds that are killed and built again (default 50)")
    add("--cases", type=int, default=10_000, help="mutated files (default 10000)")
    add(
        "--faults",
        type=int,
        default=3,
        choices=range(4),
        help="0: none; 1: on many rows, 2: on reports too, 3 (default): on linking too",
    )
    add("--heavy", type=int, default=1, help="0 leaves out bombs, fields of 100 MB and other heavy files")
    add(
        "--seed",
        type=int,
        default=secrets.randbelow(10**6),
        help="by which kills and files are drawn (default: a new one)",
    )
    add("--jobs", type=int, default=2, help="processes for the mutated files (default 2)")
    options = parser.parse_args(argv)
    folder, started, tried, failures = ROOT / "build" / "robustness", time.monotonic(), [], []
    shutil.rmtree(folder, ignore_errors=True)

    def say(line: str) -> None:
        print(f"robustness: {line}", flush=True)

    say(f"seed {options.seed} (the same again: --seed {options.seed}); what fails is kept in build/robustness")
    if options.kills:
        failures += filter(None, kills.kills(options.kills, options.seed, folder / "kills", say))
        tried.append(f"{options.kills} kills")
    if options.faults:
        count, found = faults.faults(folder / "faults", say, options.faults)
        tried, failures = [*tried, f"{count} faults"], failures + found
    if options.heavy:
        failures += fuzz.heavy(folder / "heavy", say)
        tried.append(f"{len(fuzz.HEAVY)} heavy cases")
    if options.cases:
        ends, found = fuzz.fuzz(options.cases, options.seed, folder / "cases", options.jobs, say)
        tried, failures = [*tried, f"{sum(ends.values()):,} cases {ends}"], failures + found
    for line in failures:
        say(f"FAILED: {line}")
    if not failures:
        shutil.rmtree(folder, ignore_errors=True)
    say(
        f"{', '.join(tried)} in {time.monotonic() - started:,.0f} s, failures: {len(failures)} (seed {options.seed}, {date.today():%d %B %Y})"
    )
    return int(bool(failures))


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
    sys.exit(main())
