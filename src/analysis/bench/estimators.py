"""The estimators beside R's survival (and scikit-survival, where it is installed): time, memory and digits.

Every measurement is a process of its own that reads the same columns, estimates once on two thousand people, so
that nothing is compiled or imported on the clock, and then several times on all of them; the median counts.
Memory is the most that the whole process held, interpreter, packages and data included; the same without an
estimate is given as its baseline. Both sides may use one thread for linear algebra.
"""

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SIZES = (100_000, 1_000_000)
MEMORY = 1 / 2  # of R's, at the largest size
THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
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
class Measured:
    """Seconds of each run, the most memory held in megabytes (0 where the system does not say), the numbers found."""

    seconds: list[float]
    megabytes: float
    numbers: list[float]

    @property
    def median(self) -> float:
        """The median of the runs."""
        return statistics.median(self.seconds)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("estimators")
    group.add_argument("--people", type=int, nargs="*", default=list(SIZES), help="how many people (default: both)")
    group.add_argument("--runs", type=int, default=7, help="runs of this project's estimators; R has 3")


def run(options: argparse.Namespace) -> tuple[dict, bool]:
    """Measure and print; what was found, and whether every target was met.

    Without R nothing is compared: the reason is printed and kept.
    """
    rscript = shutil.which("Rscript")
    reason = _why_not(rscript)
    if reason:
        print(f"estimators: skipped, {reason}")
        return {"estimators": {"skipped": reason}}, True
    rows, peers = [], []
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as temporary:
        for people in options.people:
            folder = Path(temporary) / str(people)
            folder.mkdir()
            _output([sys.executable, "-c", _WRITE, str(folder), str(people)])
            base = _ours(folder, "none", "categorical", 1).megabytes, _r(rscript, folder, "none", 1).megabytes
            theirs: dict[str, Measured] = {}
            own: dict[str, Measured] = {}
            for task in (task for task in TASKS if people in task.sizes or people not in SIZES):
                theirs[task.name] = theirs.get(task.name) or _r(rscript, folder, task.name, min(options.runs, 3))
                mine = _ours(folder, task.name, task.labels, options.runs)
                own.setdefault(task.name, mine)  # from categoricals, which come first
                rows.append(_row(task, people, mine, theirs[task.name], base))
                _say(rows[-1])
            if importlib.util.find_spec("sksurv"):
                peers += [_peer(folder, name, people, own[name]) for name, at in PEERS.items() if people in at]
    found = {"threads": 1, "r": _output([rscript, "-e", _VERSION]).strip(), "rows": rows, "scikit_survival": peers}
    return {"estimators": found}, all(row["met"] is not False and row["same_numbers"] for row in rows)


_WRITE = (
    "import sys, pathlib; from analysis.bench.people import write; write(pathlib.Path(sys.argv[1]), int(sys.argv[2]))"
)
_VERSION = "cat(R.version.string, 'with survival', as.character(packageVersion('survival')))"


def _why_not(rscript: str | None) -> str | None:
    if rscript is None:
        return "there is no Rscript on this machine: install R with its package survival (Debian: r-cran-survival)"
    found = subprocess.run([rscript, "-e", "library(survival)"], capture_output=True, check=False).returncode
    return "R lacks its package survival (Debian: r-cran-survival)" if found else None


def _row(task: Task, people: int, mine: Measured, theirs: Measured, base: tuple[float, float]) -> dict:
    ratio = theirs.median / mine.median
    memory = mine.megabytes / theirs.megabytes if theirs.megabytes else None
    judged = people == task.judged
    counts = memory is not None and task.labels == "categorical" and task.judged == SIZES[-1]
    small = not counts or memory < MEMORY
    gaps = [abs(x - y) / abs(y) for x, y in zip(mine.numbers, theirs.numbers, strict=True)]
    return {
        "estimator": task.name, "labels": task.labels, "people": people, "seconds": round(mine.median, 5),
        "r_seconds": round(theirs.median, 4), "times_faster": round(ratio, 1), "target": task.target,
        "megabytes": round(mine.megabytes), "r_megabytes": round(theirs.megabytes),
        "memory_ratio": None if memory is None else round(memory, 3), "memory_target": MEMORY,
        "baseline_megabytes": round(base[0]), "r_baseline_megabytes": round(base[1]),
        "met": (ratio >= task.target and small) if judged else None, "same_numbers": max(gaps) < AGREE,
    }  # fmt: skip


def _say(row: dict) -> None:
    verdict = {True: "target met", False: "TARGET MISSED", None: "not judged at this size"}[row["met"]]
    print(
        f"{row['estimator']}, {row['labels']} labels, {row['people']:,} people: {row['seconds']:.4f} s, R "
        f"{row['r_seconds']:.3f} s, {row['times_faster']:.1f} times faster (target {row['target']:g}); "
        f"{row['megabytes']:,} MB (without an estimate {row['baseline_megabytes']:,}), R {row['r_megabytes']:,} MB "
        f"({row['r_baseline_megabytes']:,}), ratio {row['memory_ratio'] or float('nan'):.2f} (target below {MEMORY:g} from "
        f"categoricals); numbers {'agree' if row['same_numbers'] else 'DIFFER'}; {verdict}",
        flush=True,
    )


def _ours(folder: Path, task: str, labels: str, runs: int) -> Measured:
    said, megabytes = _measure([sys.executable, "-m", "analysis.bench.ours", str(folder), task, str(runs), labels])
    return Measured(megabytes=megabytes, **json.loads(said))


def _r(rscript: str, folder: Path, task: str, runs: int) -> Measured:
    said, megabytes = _measure([rscript, "--vanilla", str(HERE / "survival.R"), str(folder), task, str(runs)])
    lines = {words[0]: [float(word) for word in words[1:]] for words in map(str.split, said.splitlines())}
    return Measured(lines["seconds"], megabytes, lines["numbers"])


def _peer(folder: Path, task: str, people: int, mine: Measured) -> dict:
    said, megabytes = _measure([sys.executable, "-m", "analysis.bench.peer", str(folder), task])
    seconds = json.loads(said)["seconds"]
    ratio = seconds / mine.median
    print(
        f"{task}, {people:,} people: scikit-survival {seconds:.3f} s and {megabytes:,.0f} MB, this project "
        f"{mine.median:.4f} s and {mine.megabytes:,.0f} MB, {ratio:.1f} times faster (no target)",
        flush=True,
    )
    return {
        "estimator": task, "people": people, "seconds": round(seconds, 4), "megabytes": round(megabytes),
        "times_faster": round(ratio, 1),
    }  # fmt: skip


def _measure(command: list[str]) -> tuple[str, float]:
    """What a command prints, and the most memory it held in megabytes; 0 where the system does not say."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **THREADS})
        if not hasattr(os, "wait4"):
            process.wait()
            most = 0.0
        else:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            most = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(command[1:])} failed: {(texts[1].strip().splitlines() or ['?'])[-1]}")
    return texts[0], most


def _output(command: list[str]) -> str:
    return _measure(command)[0]
