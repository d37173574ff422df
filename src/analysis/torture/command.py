"""``python -m analysis torture``: kills, faults, heavy files and mutated ones, with a seed, and one line at the end."""

import argparse
import json
import secrets
import shutil
import sys
import time
from datetime import date
from pathlib import Path

from analysis.data.state import home


def main(argv: list[str]) -> int:
    """Run what is asked for; return 0 where nothing failed, else 1. See ``--help``."""
    options = _options(argv)
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    root = home()
    folder = root / "build" / "torture"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(f"torture: seed {seed} (the same again: --seed {seed}); what fails is kept in build/torture", flush=True)
    started, failures, counts = time.monotonic(), [], {}
    for name, number, run in _parts(options, seed, root, folder):
        if number:
            counts[name], found = run(number)
            failures += [f"{name}: {line}" for line in found]
    for line in failures:
        print(f"torture: {line}", file=sys.stderr)
    tried = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    seconds = round(time.monotonic() - started)
    print(f"torture: {tried} in {seconds:,} s, failures: {len(failures)} (seed {seed}, {date.today():%d %B %Y})")
    for part in folder.iterdir():
        if part.name != "failed" and not failures:
            shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink()
    (folder / "result.json").write_text(
        json.dumps({"tried": counts, "seconds": seconds, "failures": failures, "seed": seed}), encoding="utf-8"
    )
    return int(bool(failures))


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m analysis torture", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="builds that are killed and built again (default 50)")
    parser.add_argument("--cases", type=int, default=10_000, help="mutated files (default 10000)")
    parser.add_argument(
        "--faults", type=int, default=3, choices=(0, 1, 2, 3),
        help="full disk, no permission and so on: 0 leaves these out, 1 tries them on tables, 2 on reports too, 3 (default) on linking too",
    )  # fmt: skip
    parser.add_argument(
        "--heavy", type=int, default=1, help="0 leaves out bombs, fields of 100 MB and other heavy files"
    )
    parser.add_argument("--seed", type=int, help="by which kills and files are drawn (default: a new one)")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes for the mutated files (default 2)")
    return parser.parse_args(argv)


def _parts(options: argparse.Namespace, seed: int, root: Path, folder: Path) -> list[tuple]:
    from analysis.torture import faults, fuzz, heavy, kills

    def say(line: str) -> None:
        print(f"torture: {line}", flush=True)

    def killed(count: int) -> tuple[int, list[str]]:
        return count, [line for line in kills.kills(count, seed, root, folder / "kills", say) if line]

    def faulty(places: int) -> tuple[int, list[str]]:
        return faults.faults(root, folder / "faults", say, places)

    def weighed(_: int) -> tuple[int, list[str]]:
        return heavy.heavy(folder / "heavy", say)

    def fuzzed(count: int) -> tuple[int, list[str]]:
        found = fuzz.fuzz(count, seed, folder, workers=options.jobs, progress=say)
        return found.cases, found.failures

    return [("kills", options.kills, killed), ("faults", options.faults, faulty), ("heavy cases", options.heavy, weighed),
            ("cases", options.cases, fuzzed)]  # fmt: skip
