"""Kills, faults and mutated files, with a seed, and one line at the end: ``python tests/robustness/run.py``."""

import argparse
import secrets
import shutil
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run what is asked for; return 0 where nothing failed, else 1; what failed is kept in build/robustness."""
    from robustness.faults import disturb
    from robustness.fuzz import fuzz

    def say(line: str) -> None:
        print(f"robustness: {line}", flush=True)

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="builds that are killed and built again")
    parser.add_argument("--faults", type=int, default=3, help="on so many kinds of projects, of at most three")
    parser.add_argument("--cases", type=int, default=10_000, help="mutated files")
    parser.add_argument("--jobs", type=int, default=2, help="processes for the mutated files")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="by which kills and files are drawn")
    asked, folder, started = parser.parse_args(), ROOT / "build" / "robustness", time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    say(f"seed {asked.seed} (the same again: --seed {asked.seed}); what fails is kept in build/robustness")
    tried, failures = disturb(asked.kills, asked.faults, asked.seed, folder, say)
    failures += fuzz(asked.cases, asked.seed, folder / "cases", asked.jobs, say)
    for line in failures:
        say(f"FAILED: {line}")
    if not failures:
        shutil.rmtree(folder, ignore_errors=True)
    what = f"{asked.kills} kills, {tried} faults, {asked.cases:,} cases in {time.monotonic() - started:,.0f} s"
    say(f"{what}, failures: {len(failures)} (seed {asked.seed}, {date.today():%d %B %Y})")
    return int(bool(failures))


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
    sys.exit(main())
