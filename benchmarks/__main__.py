"""Speed and memory beside named alternatives in the same run: ``python -m benchmarks --part estimators --size 100000``.

Each is measured in a process of its own on data from a seed; 1 is returned where a target of ``targets.toml`` is missed.
"""

import argparse
import contextlib
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import namedtuple
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psutil

HERE, PY = Path(__file__).resolve().parent, (sys.executable, "-m")
ROOT = HERE.parent
TARGETS = tomllib.loads((HERE / "targets.toml").read_text(encoding="utf-8"))
THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
TASKS = ("Kaplan-Meier", "Aalen-Johansen", "log-rank", "Cox", "Cox, continuous", "mean cumulative")
PLAIN = 5_000_000  # raw rows that plain pandas is given at most: all of them must fit into memory
SHELL = "papermill, then nbconvert"  # two at a time; measured on eight reports where this project makes more
Taken = namedtuple("Taken", "seconds processor megabytes said")  # by the clock, of the processors, at most, printed


def measured(command: list[object], home: Path = ROOT, **environment: str) -> Taken:
    """Run a command to its end; memory is that of all its processes, what n of them share counting 1/n for each."""
    path = os.pathsep.join(filter(None, (str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    given = {**os.environ, "PYTHONPATH": path, "ANALYSIS_HOME": str(home), "PYTHON": sys.executable, **environment}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started, most, looks = time.perf_counter(), 0.0, 0
        process = subprocess.Popen([*map(str, command)], stdout=out, stderr=err, cwd=home, env=given)
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            if (looks := looks + 1) % 20 == 1:  # each look costs some milliseconds
                with contextlib.suppress(psutil.Error):  # one of them has just ended
                    family = (top := psutil.Process(process.pid), *top.children(recursive=True))
                    held = [one.memory_full_info() for one in family]
                    most = max(most, sum(getattr(memory, "pss", memory.uss) for memory in held) / 2**20)
            time.sleep(0.01)
        seconds, process.returncode = time.perf_counter() - started, os.waitstatus_to_exitcode(ended[1])
        said, wrong = (file.seek(0) or file.read().strip() for file in (out, err))
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command[1:5]))} failed: {(wrong.splitlines() or ['?'])[-1]}")
    return Taken(seconds, ended[2].ru_utime + ended[2].ru_stime, most, said)


class Results:
    """The rows of the page of results, and how many targets were missed."""

    def __init__(self) -> None:
        self.rows, self.missed = [["what", "size", "measure", "here", "there", "ratio", "at most", ""]], 0

    def add(
        self, what: str, size: int, measure: str, here: float, beside: str = "", there: float | None = None
    ) -> None:
        """Add and print one measurement, held against its target where there is one."""
        measure, ratio = (f"{measure} beside {beside}", here / there) if beside else (measure, here)
        asked = [most for least, most in TARGETS.get(what, {}).get(measure, {}).items() if size >= int(least)][-1:]
        good = all(ratio <= most for most in asked)
        self.missed += not good
        row = [what, f"{size:,}", measure, *(f"{x:.3g}" if x is not None else "" for x in (here, there))]
        row += [
            f"{ratio:.3g}" if beside else "",
            *map(str, asked or [""]),
            ("met" if good else "MISSED") if asked else "",
        ]
        self.rows.append(row)
        print("; ".join(filter(None, row)), flush=True)

    def beside(self, what: str, size: int, name: str, here: Taken, there: Taken) -> None:
        """Add seconds, processor seconds and memory beside another way."""
        for measure, one, two in zip(("seconds", "processor seconds", "MB"), here, there, strict=False):
            self.add(what, size, measure, one, name, two)

    def alone(self, what: str, taken: dict[int, Taken]) -> None:
        """Add seconds and memory by size, and b of seconds = a x size^b where there are several sizes."""
        for size, one in taken.items():
            self.add(what, size, "seconds", one.seconds)
            self.add(what, size, "MB", one.megabytes)
        if len(taken) > 1:
            logs = [math.log(size) for size in taken], [math.log(one.seconds) for one in taken.values()]
            self.add(what, max(taken), "exponent of seconds over size", statistics.linear_regression(*logs).slope)

    def page(self) -> str:
        """Return all as Markdown, with the day and the machine."""
        parts = [f"{os.cpu_count()} processors", f"{psutil.virtual_memory().total >> 30} GB", platform.platform()]
        parts += [f"{name} {version(name)}" for name in ("duckdb", "numpy", "pandas")]
        rows = [self.rows[0], ["---"] * len(self.rows[0]), *self.rows[1:]]
        head = f"# Benchmarks, {date.today():%d %B %Y}\n\n{', '.join(parts)}. Targets missed: {self.missed}.\n\n"
        return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def estimators(results: Results, sizes: list[int], folder: Path) -> None:
    """Estimators on one processor beside R's survival and the Python packages that are here, and R's digits."""
    rscript = shutil.which("Rscript")
    if not rscript or subprocess.run([rscript, "-e", "library(survival)"], capture_output=True, check=False).returncode:
        print("beside R: skipped, there is no Rscript with the package survival (Debian: r-cran-survival)")
        rscript = None
    for size in sizes:
        measured([*PY, "benchmarks.estimators", "write", folder, size])
        for task in TASKS:
            here = measured([*PY, "benchmarks.estimators", "timed", task, folder, 5, "analysis"], **THREADS)
            mine, numbers = json.loads(here.said).values()
            if rscript:
                r = measured([rscript, "--vanilla", HERE / "survival.R", task, folder, 3], **THREADS)
                theirs, same = json.loads(r.said).values()
                results.add(task, size, "seconds", min(mine), "R survival", min(theirs))
                results.add(task, size, "MB", here.megabytes, "R survival", r.megabytes)
                gap = max(abs(x - y) / abs(y) for x, y in zip(numbers, same, strict=True))
                results.add(task, size, "largest relative difference from R", gap)
            for package in ("lifelines", "sksurv", "statsmodels"):
                peer = measured([*PY, "benchmarks.estimators", "timed", task, folder, 2, package], **THREADS)
                if theirs := json.loads(peer.said)["seconds"]:
                    results.add(task, size, "seconds", min(mine), package, min(theirs))


def tables(results: Results, sizes: list[int], folder: Path) -> None:
    """Raw file to life table beside plain pandas; canonical Parquet to life table beside SQL by hand."""
    raw, canonical = {}, {}
    for size in sizes:
        home, found = folder / str(size), set()
        measured([*PY, "benchmarks.lookalike", home, size])
        raw[size] = _way("ours", home, found, whole=True)
        measured([*PY, "benchmarks.tables", "write_spans", home], home)
        if size <= PLAIN:
            plain = _way("plain_pandas", home, found, whole=True)
            results.beside("raw file to life table", size, "plain pandas", raw[size], plain)
        canonical[size], by_hand = _way("ours", home, found), _way("sql", home, found)
        results.beside("canonical Parquet to life table", size, "SQL by hand", canonical[size], by_hand)
        shutil.rmtree(home)
    results.alone("raw file to life table", raw)
    results.alone("canonical Parquet to life table", canonical)


def follow_ups(results: Results, sizes: list[int], folder: Path) -> None:
    """Follow-up rows in Parquet to a life table of 20 strata by day, beside DuckDB alone."""
    taken, what = {}, "follow-ups in Parquet to life table"
    for size in sizes:
        home, found = folder / str(size), set()
        home.mkdir()
        taken[size], bare = (_way(way, home, found) for way in ("follow_ups", "group_by"))
        results.beside(what, size, "DuckDB's bare GROUP BY", taken[size], bare)
    results.alone(what, taken)


def _way(way: str, home: Path, found: set[str], *, whole: bool = False) -> Taken:
    """Measure one way of ``tables.py``: a whole process, or the fastest of three runs in it; all must find the same."""
    words = [*PY, "benchmarks.tables", "timed", way, home, 1 if whole else 3]
    taken = measured(words, home, ANALYSIS_MEMORY="1GB" if whole else "2.5GB")
    told = json.loads(taken.said)
    if len(found | {told["found"]}) > 1:
        raise SystemExit(f"{way} does not find what the other ways find")
    found.add(told["found"])
    return taken if whole else taken._replace(seconds=told["seconds"], processor=told["processor"])


def specifications(results: Results, sizes: list[int], folder: Path) -> None:
    """A curve of specifications that share their counts, beside specifications one by one."""
    for size in sizes:
        measured([*PY, "benchmarks.lookalike", folder / str(size), size])
        told = json.loads(measured([*PY, "benchmarks.tables", "specifications", 4], folder / str(size)).said)
        results.add("specifications", size, "seconds", told["shared"], "one by one", told["each"] * told["count"])
        results.add("specifications", size, "seconds for a thousand", 1000 * told["shared"] / told["count"])
        results.add("specifications", size, "largest difference from one by one", told["gap"])


def _project(home: Path, *datasets: str) -> None:
    """Copy what reports need; their tables are made, and code is compiled, before any clock starts."""
    for name in ("notebooks", *(f"data/raw/{dataset}" for dataset in datasets), "requirements.lock"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile)(ROOT / name, home / name)
    for spec in home.glob("data/raw/*/dataset.toml"):
        measured([sys.executable, "-c", f"import analysis; analysis.open_dataset({spec.parent.name!r})"], home)


def _recipe(home: Path, lines: list[str]) -> Taken:
    (home / "recipe").write_text("".join(f"made-{i} notebooks/{line}\n" for i, line in enumerate(lines)))
    return measured(["sh", HERE / "recipe.sh"], home)


def reports(results: Results, sizes: list[int], folder: Path) -> None:
    """So many reports of one notebook with one parameter varied, start-up included, beside the shell recipe."""
    _project(folder, "published", "demo")
    taken = {}
    for size in sizes:
        days = list(range(30, 30 + size))
        sweep = f'title = "Windows"\nnotebook = "02_short_window"\ndataset = "demo"\n[vary]\ndays = {days}\n'
        (folder / f"windows-{size}.toml").write_text(sweep, encoding="utf-8")
        taken[size] = measured([*PY, "analysis", "sweep", "--file", f"windows-{size}.toml"], folder)
        eight = _recipe(folder, [f"02_short_window.ipynb -p dataset demo -p days {day}" for day in days[:8]])
        shell = [amount * max(size / 8, 1) for amount in eight[:2]]
        results.beside("reports of 02_short_window", size, SHELL, taken[size], shell)
    results.alone("reports of 02_short_window", taken)


def site(results: Results, sizes: list[int], folder: Path) -> None:
    """The pages of the default site (size 1), beside the shell recipe; those about so many look-alike detainers."""
    taken = {}
    for size in sizes:
        home = folder / str(size)
        if size == 1:
            _project(home, "published", "north-carolina", "demo")
            first, again = (measured([*PY, "analysis", "report"], home) for _ in range(2))
            made = [(page.parent.name, page.stem) for page in home.glob("reports/**/*.html")]
            books = {(at, book.name) for at, stem in made for book in home.glob(f"notebooks/??_{stem}.ipynb")}
            lines = sorted(name + f" -p dataset {at}" * (at != "reports") for at, name in books)
            results.beside("pages of the default site", size, SHELL, first, _recipe(home, lines))
            results.add("the default site once more", size, "seconds", again.seconds)
        else:
            measured([*PY, "benchmarks.lookalike", home, size])
            _project(home)
            taken[size] = measured([*PY, "analysis", "report", "--datasets", "lookalike"], home)
    results.alone("pages about look-alike detainers", taken)


PARTS = {  # what is measured, and at which sizes
    "estimators": (estimators, (100_000, 1_000_000)), "tables": (tables, (1_000_000, 5_000_000, 10_000_000)),
    "follow-ups": (follow_ups, (100_000_000,)), "specifications": (specifications, (600_000,)), "reports": (reports, (1, 100)),
    "site": (site, (1, 600_000, 2_500_000, 10_000_000)),
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Measure the parts asked for; 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="*", choices=PARTS, default=list(PARTS), help="what to measure (default: all)")
    parser.add_argument("--size", nargs="*", type=int, help="people, rows, reports (default: those of PARTS)")
    parser.add_argument("--out", type=Path, help="a file for the page of results")
    options, results = parser.parse_args(argv), Results()
    for part, sizes in map(PARTS.get, options.part):
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            part(results, options.size or sizes, Path(folder))
    print(results.page(), end="")
    (options.out or Path(os.devnull)).write_text(results.page(), encoding="utf-8")
    return int(results.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
