"""What a report costs here, beside the recipe that everyone knows: papermill, then nbconvert, from the shell.

Both make reports from one notebook with one parameter varied, start-up included, so many at a time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from analysis.bench.result import Compared, Taken, exponent, part

TARGET, AIM = 1 / 6, 1 / 10
RECIPE = "papermill, then nbconvert"


def run(options: argparse.Namespace) -> dict:
    """Measure and print; return what was found."""
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as folder:
        _seconds_of_ours(options, Path(folder) / "before", 1)  # compiles modules and reads files for both
        seconds = {n: _seconds_of_ours(options, Path(folder) / str(n), n) for n in growing(options.reports)}
        recipe = _seconds_of_recipe(options, Path(folder)) / options.recipe
    ours = Taken(seconds[options.reports] / options.reports)
    about = (
        f"One report after the other from {options.notebook.name} with one parameter varied, {options.workers} at a time, start-up "
        "included: seconds a report. Beside it papermill, then nbconvert, from the shell, as many at a time, measured on "
        f"{options.recipe} reports. At least {1 / TARGET:.0f} times faster is asked, {1 / AIM:.0f} times aimed at."
    )
    line = Compared(
        f"a report of {options.notebook.name}", f"{options.reports} reports", RECIPE, ours, Taken(recipe), TARGET
    )
    return part(about, [line], exponent("reports, over their number", seconds, 1.1))


def growing(most: int) -> list[int]:
    """Return a tenth, a third and all of a number, to see how cost grows with it."""
    return sorted({max(round(most / 10), 1), max(round(most / 3), 1), most})


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("reports")
    group.add_argument("--notebook", type=Path, help="default: notebooks/02_short_window.ipynb")
    group.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of all reports")
    group.add_argument("--vary", default="days=30", metavar="NAME=FIRST", help="a whole number, one higher each report")
    group.add_argument("--reports", type=int, default=100, help="how many this project makes")
    group.add_argument("--recipe", type=int, default=8, help="how many the shell recipe makes")
    group.add_argument("--workers", type=int, default=2, help="how many at a time, for both")


def _parameters(options: argparse.Namespace, place: int) -> dict[str, str]:
    name, first = options.vary.split("=", 1)
    return {**dict(pair.split("=", 1) for pair in options.set), name: str(int(first) + place)}


def _build(options: argparse.Namespace, folder: Path) -> int:
    from analysis.publish import parameters
    from analysis.publish.run import Job, build

    declared = parameters.declared(json.loads(options.notebook.read_text(encoding="utf-8")), options.notebook.name)
    jobs = []
    for place in range(options.reports):
        values = parameters.from_text(declared, _parameters(options, place), options.notebook.name)
        report = f"report-{place:03}"
        jobs.append(Job(report, "bench", options.notebook, values, {}, folder / "reports" / "bench" / report))
    outcomes = build(jobs, root=folder, workers=options.workers, figures=None, png=False)
    return sum(outcome.status != "built" for outcome in outcomes)


def _seconds_of_ours(options: argparse.Namespace, folder: Path, reports: int) -> float:
    command = [sys.executable, "-m", "analysis.bench.reports", "--only-build", str(folder), "--root", str(options.root)]
    command += ["--notebook", str(options.notebook), "--vary", options.vary, "--workers", str(options.workers)]
    command += ["--reports", str(reports), *(word for pair in options.set for word in ("--set", pair))]
    started = time.perf_counter()
    _run(command, options.root)
    return time.perf_counter() - started


def _seconds_of_recipe(options: argparse.Namespace, folder: Path) -> float:
    def one(place: int) -> None:
        executed = folder / f"recipe-{place}.ipynb"
        given = [word for name, value in _parameters(options, place).items() for word in ("-p", name, value)]
        _run([sys.executable, "-m", "papermill", str(options.notebook), str(executed), *given], options.root)
        _run([sys.executable, "-m", "nbconvert", "--to", "html", str(executed)], options.root)

    started = time.perf_counter()
    with ThreadPoolExecutor(options.workers) as pool:
        list(pool.map(one, range(options.recipe)))
    return time.perf_counter() - started


def _run(command: list[str], root: Path) -> None:
    done = subprocess.run(command, cwd=root, env={**os.environ, "ANALYSIS_HOME": str(root)}, capture_output=True,
                          text=True, check=False)  # fmt: skip
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(command[1:4])} failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")


def _main(argv: list[str] | None = None) -> int:
    """Only build: the process whose time is measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only-build", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    add_options(parser)
    options = parser.parse_args(argv)
    return _build(options, options.only_build)


if __name__ == "__main__":
    sys.exit(_main())
