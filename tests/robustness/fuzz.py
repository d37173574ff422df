"""Cases tried in processes with a limit of memory and time: each must end in rows that add up or in one clear line.

``python -m robustness.fuzz FOLDER SEED FIRST LAST`` and ``... FOLDER NAME`` (a heavy case) write a line of JSON before and
after each case, so that whoever started it knows which one it was on when it was killed.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from robustness.cases import Case, case
from robustness.heavy import HEAVY

MEGABYTES, SECONDS, CHUNK = (
    6144,
    600,
    250,
)  # of address space; for a case, on a machine that does other work; cases a process


def judge(made: Case, root: Path) -> str:
    """Return "kept" or "refused" for a case that ends as it must under this ANALYSIS_HOME, else what is wrong."""
    from analysis.data.errors import InputError, one_line

    folder, processed = root / "data" / "raw" / "case", root / "data" / "processed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in made.files.items():
        (folder / name).write_bytes(content)
    try:
        wrong = (_built if "dataset.toml" in made.files else _read)(made, folder)
        outcome = "kept"
    except InputError as error:
        said, outcome = str(error), "refused"
        clear = one_line(said) == said and len(said) < 1100 and said.startswith(("case", *made.files))
        wrong = "" if clear else f"no clear line that begins with the file: {said[:300]!r}"
    except Exception as error:
        at = [frame for frame in traceback.extract_tb(error.__traceback__) if "analysis" in frame.filename][-1:]
        return (
            f"{type(error).__name__}: {str(error)[:200]} {[(Path(frame.filename).name, frame.lineno) for frame in at]}"
        )
    names = {path.name for path in processed.glob("*") if path.suffix != ".lock"} - (
        {"case"} if outcome == "kept" else set()
    )
    shutil.rmtree(processed / "case", ignore_errors=True)
    return wrong or (f"left under data/processed: {names}" if names else outcome)


def _built(made: Case, folder: Path) -> str:
    from analysis import open_dataset

    ds = open_dataset("case")
    quality, main = ds.quality, ds.spec.sources[0].maps[0].table
    rows = int(quality.loc[quality["table"] == main, "rows_in"].sum())
    if not (quality["rows_in"] == quality["kept"] + quality["set_aside"]).all():
        return "rows in are not rows kept and rows set aside"
    kept = quality.groupby("table")["kept"].sum()
    wrong = [table for table in ds.tables if kept[table] != len(ds.frame(table))]
    return f"{wrong} do not hold what is counted as kept" if wrong else (
        f"{rows} rows in, and the file holds {made.rows}" if made.rows not in (None, rows) else "")  # fmt: skip


def _read(made: Case, folder: Path) -> str:
    import pandas as pd

    from analysis.sanctuary.plan import read_plan
    from analysis.sanctuary.policy import with_policy
    from analysis.sanctuary.rules import honoured

    [path] = folder.iterdir()
    days = pd.to_datetime(["2014-06-01", None, "2019-01-01"]).astype("datetime64[s]")
    people = pd.DataFrame(
        {"jurisdiction": ["36061", "17031", None], "prepared": days, "charge_group": ["robbery", None, "dui"]}
    )
    people["criminality"] = ["convicted", "other", None]
    if made.kind == "plan":
        read_plan(path)
        return ""
    found = with_policy(people, policies=path) if made.kind == "policies" else honoured(path, people)
    return "" if len(found) == len(people) else "a row was lost"


def fuzz(
    count: int, seed: int, folder: Path, jobs: int, say: Callable[[str], None]
) -> tuple[dict[str, int], list[str]]:
    """Try so many cases; return how many ended how, and a line for each that failed, whose files are kept."""
    ends, failures = {"kept": 0, "refused": 0, "failed": 0}, []

    def chunk(first: int) -> None:
        last = min(first + CHUNK, count)
        while first < last:
            for name, outcome in _tried(folder / f"chunk-{first // CHUNK}", str(seed), str(first), str(last)):
                ends[outcome if outcome in ends else "failed"] += 1
                failures.extend([f"seed {seed}, case {name}: {outcome}"] if outcome not in ends else [])
                first = int(name.split()[0]) + 1
        say(f"cases up to {last:,}: {ends}")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(chunk, range(0, count, CHUNK)))
    return ends, failures


def heavy(folder: Path, say: Callable[[str], None]) -> list[str]:
    """Try the heavy cases, each in a process of its own; return a line for each that did not end as it must."""
    failures = []
    for name, (expected, _) in HEAVY.items():
        [(_, outcome)] = _tried(folder / name.replace(" ", "-"), name)
        failures += [f"{name}: {outcome}, expected {expected}"] if outcome not in expected else []
        say(f"heavy case: {name}: {outcome}")
    return failures


def _tried(folder: Path, *words: str) -> list[tuple[str, str]]:
    """Run a process on cases; return name and end of each, the last of them being how the process died if it did."""
    folder.mkdir(parents=True, exist_ok=True)
    own = {"ANALYSIS_HOME": str(folder), "TMPDIR": str(folder), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "robustness.fuzz", str(folder), *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, **own, "PYTHONPATH": path}, check=False)
    ends: list[tuple[str, str]] = []
    for line in map(json.loads, done.stdout.splitlines()):
        ends = (
            [*ends, (line, f"its process ended with code {done.returncode}")]
            if isinstance(line, str)
            else [*ends[:-1], tuple(line)]
        )
    return ends or [
        (words[1] if len(words) > 1 else words[0], f"its process ended with code {done.returncode} before a case")
    ]


def main(folder: Path, words: list[str]) -> None:
    """Try cases within the limits; a case that takes too long ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", DeprecationWarning)
    cases = [(words[0], lambda: HEAVY[words[0]][1](1.0))]
    if len(words) > 1:
        seed, first, last = words
        cases = [(i, lambda i=i: case(Random(f"{seed} {i}"))) for i in range(int(first), int(last))]
    for name, make in cases:
        signal.alarm(SECONDS)
        made = make()
        told = f"{name} ({made.kind})"
        print(json.dumps(told), flush=True)
        outcome = judge(made, folder)
        print(json.dumps([told, outcome]), flush=True)
        if outcome not in ("kept", "refused"):
            shutil.copytree(folder / "data" / "raw" / "case", folder.parent / "failed" / told, dirs_exist_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
