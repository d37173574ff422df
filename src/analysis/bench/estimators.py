"""The estimators beside R's survival (and scikit-survival, where it is installed): time, memory and digits.

Every measurement is a process of its own that reads the same columns, estimates once on two thousand people, so
that nothing is compiled or imported on the clock, and then several times on all of them; the median counts.
Memory is the most that the whole process held, interpreter, packages and data included. Both sides may use one thread
for linear algebra.
"""

import argparse
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from analysis.bench.measure import THREADS, Measured, measured
from analysis.bench.result import Compared, Limit, Taken, part, skipped

HERE = Path(__file__).parent
SIZES = (100_000, 1_000_000)
MEMORY = 1 / 2  # of R's, at the largest size
ABOUT = (
    "Estimators beside R's package survival and, where it is installed, scikit-survival, on the same columns: the median of several "
    "runs, each side with one thread for linear algebra. Memory is that of the whole process, interpreter and data included."
)
AGREE = 1e-6  # relative difference up to which numbers are the same


@dataclass(frozen=True)
class Task:
    """One estimator from one kind of labels; ``target`` is how many times faster than R, judged at one size."""

    name: str
    labels: str
    target: float
    judged: int
    sizes: tuple[int, ...] = SIZES


TASKS = (
    Task("Kaplan-Meier", "categorical", 20, SIZES[1]),
    Task("Aalen-Johansen", "categorical", 50, SIZES[1]),
    Task("Cox", "categorical", 50, SIZES[1]),
    Task("Kaplan-Meier", "text", 10, SIZES[1]),
    Task("Aalen-Johansen", "text", 10, SIZES[1]),
    Task("Cox", "text", 10, SIZES[1]),
    Task("Cox, continuous", "categorical", 1, SIZES[0], SIZES[:1]),
)
PEERS = {"Kaplan-Meier": SIZES, "Aalen-Johansen": SIZES, "Cox, continuous": SIZES[:1]}  # what scikit-survival has


@dataclass(frozen=True)
class Estimated:
    """What one side took (the median of its runs), and the numbers that it found."""

    taken: Taken
    numbers: list[float]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("estimators")
    group.add_argument("--people", type=int, nargs="*", default=list(SIZES), help="how many people (default: both)")
    group.add_argument("--runs", type=int, default=7, help="runs of this project's estimators; R has 3")


def run(options: argparse.Namespace) -> dict:
    """Measure and print; return what was found. Without R nothing is compared: the reason is printed and kept."""
    rscript = shutil.which("Rscript")
    if reason := _why_not(rscript):
        return skipped(ABOUT, reason)
    compared, limits = [], []
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as temporary:
        for people in options.people:
            folder = Path(temporary) / str(people)
            folder.mkdir()
            measured([sys.executable, "-c", _WRITE, str(folder), str(people)])
            theirs: dict[str, Estimated] = {}
            own: dict[str, Estimated] = {}
            for task in (task for task in TASKS if people in task.sizes or people not in SIZES):
                theirs[task.name] = theirs.get(task.name) or _r(rscript, folder, task.name, min(options.runs, 3))
                mine = _ours(folder, task.name, task.labels, options.runs)
                own.setdefault(task.name, mine)  # from categoricals, which come first
                line, more = _beside(task, people, mine, theirs[task.name])
                compared.append(line)
                limits += more
            if importlib.util.find_spec("sksurv"):
                compared += [_peer(folder, name, people, own[name]) for name, at in PEERS.items() if people in at]
    version = measured([rscript, "-e", _VERSION]).said.strip()
    return part(f"{ABOUT} R is {version}.", compared, limits)


_WRITE = (
    "import sys, pathlib; from analysis.bench.people import write; write(pathlib.Path(sys.argv[1]), int(sys.argv[2]))"
)
_VERSION = "cat(R.version.string, 'with survival', as.character(packageVersion('survival')))"


def _why_not(rscript: str | None) -> str | None:
    if rscript is None:
        return "there is no Rscript on this machine: install R with its package survival (Debian: r-cran-survival)"
    found = subprocess.run([rscript, "-e", "library(survival)"], capture_output=True, check=False).returncode
    return "R lacks its package survival (Debian: r-cran-survival)" if found else None


def _beside(task: Task, people: int, mine: Estimated, theirs: Estimated) -> tuple[Compared, list[Limit]]:
    """Return an estimator beside R's; targets are judged at their size, and the numbers found at every size."""
    judged = people == task.judged
    what, size = f"{task.name}, {task.labels} labels", f"{people:,} people"
    line = Compared(what, size, "R's survival", mine.taken, theirs.taken, 1 / task.target if judged else None)
    gaps = [abs(x - y) / abs(y) for x, y in zip(mine.numbers, theirs.numbers, strict=True)]
    limits = [Limit(f"{what}, {size}: largest relative difference from R's numbers", max(gaps), AGREE)]
    most = mine.taken.megabytes, theirs.taken.megabytes
    if judged and all(most) and task.labels == "categorical" and task.judged == SIZES[-1]:
        limits.append(Limit(f"{what}, {size}: memory as a share of R's", most[0] / most[1], MEMORY))
    return line, limits


def _ours(folder: Path, task: str, labels: str, runs: int) -> Estimated:
    found = measured([sys.executable, "-m", "analysis.bench.ours", str(folder), task, str(runs), labels], **THREADS)
    told = json.loads(found.said)
    return _estimated(told["seconds"], found, told["numbers"])


def _r(rscript: str, folder: Path, task: str, runs: int) -> Estimated:
    found = measured([rscript, "--vanilla", str(HERE / "survival.R"), str(folder), task, str(runs)], **THREADS)
    told = {words[0]: [float(word) for word in words[1:]] for words in map(str.split, found.said.splitlines())}
    return _estimated(told["seconds"], found, told["numbers"])


def _estimated(seconds: list[float], found: Measured, numbers: list[float]) -> Estimated:
    return Estimated(Taken(statistics.median(seconds), None, found.megabytes or None), numbers)


def _peer(folder: Path, task: str, people: int, mine: Estimated) -> Compared:
    found = measured([sys.executable, "-m", "analysis.bench.peer", str(folder), task], **THREADS)
    theirs = Taken(json.loads(found.said)["seconds"], None, found.megabytes or None)
    return Compared(f"{task}, categorical labels", f"{people:,} people", "scikit-survival", mine.taken, theirs)
