"""Kills, faults, heavy files and mutated ones, with a seed, and one line at the end: ``python tests/robustness/run.py``."""

import argparse
import secrets
import shutil
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {  # name: default, what it says
    "kills": (50, "builds that are killed and built again"), "cases": (10_000, "mutated files"),
    "faults": (3, "full disks and so on: 0 none, 1 on many rows, 2 on reports too, 3 on people linked by name too"),
    "heavy": (1, "0 leaves out bombs, fields of 100 MB and other heavy files"), "jobs": (2, "processes for the mutated files"),
    "seed": (secrets.randbelow(10**6), "by which kills and files are drawn; a new one where it is not given"),
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Run what is asked for; return 0 where nothing failed, else 1; what failed is kept in build/robustness."""
    from robustness import faults, fuzz, kills

    parser = argparse.ArgumentParser(description=__doc__)
    for name, (default, words) in OPTIONS.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{words} ({default})")
    asked, folder, started, failures = parser.parse_args(argv), ROOT / "build" / "robustness", time.monotonic(), []
    shutil.rmtree(folder, ignore_errors=True)

    def say(line: str) -> None:
        print(f"robustness: {line}", flush=True)

    say(f"seed {asked.seed} (the same again: --seed {asked.seed}); what fails is kept in build/robustness")
    failures += kills.kills(asked.kills, asked.seed, folder / "kills", say) if asked.kills else []
    tried, found = faults.faults(folder / "faults", say, asked.faults)
    failures += found + (fuzz.heavy(folder / "heavy", say) if asked.heavy else [])
    failures += fuzz.fuzz(asked.cases, asked.seed, folder / "cases", asked.jobs, say)
    for line in failures:
        say(f"FAILED: {line}")
    if not failures:
        shutil.rmtree(folder, ignore_errors=True)
    what = (
        f"{asked.kills} kills, {tried} faults, {len(fuzz.HEAVY) * bool(asked.heavy)} heavy cases, {asked.cases:,} cases"
    )
    say(
        f"{what} in {time.monotonic() - started:,.0f} s, failures: {len(failures)} (seed {asked.seed}, {date.today():%d %B %Y})"
    )
    return int(bool(failures))


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
    sys.exit(main())
