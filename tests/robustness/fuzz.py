"""Cases tried in processes with a limit of memory and time: each must end in rows that add up or in one clear line.

``python -m robustness.fuzz FOLDER SEED FIRST LAST``, or ``... FOLDER NAME`` of a heavy case, writes a line of JSON before and
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
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from robustness.cases import Case, case
from robustness.heavy import HEAVY

MEGABYTES, SECONDS, CHUNK = 6144, 600, 250  # of address space; for a case on a busy machine; cases a process
GOOD = ("kept", "refused")


def judge(made: Case, root: Path) -> str:
    """Return "kept" or "refused" for a case that ends as it must under this ANALYSIS_HOME, else what is wrong."""
    from analysis.data.errors import InputError, one_line

    folder, processed = root / "data" / "raw" / "case", root / "data" / "processed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in made.files.items():
        (folder / name).write_bytes(content)
    try:
        outcome = (_built if "dataset.toml" in made.files else _read)(made, folder)
    except InputError as error:
        said, outcome = str(error), "refused"
        if not (one_line(said) == said and len(said) < 1100 and said.startswith(("case", *made.files))):
            return f"no clear line that begins with the file: {said[:300]!r}"
    except Exception as error:
        at = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)][-3:]
        return f"{error!r:.200} {at}"
    made_here = {path.name for path in processed.glob("*") if path.suffix != ".lock"}
    left = made_here - ({"case"} if outcome == "kept" else set())
    shutil.rmtree(processed / "case", ignore_errors=True)
    return f"left under data/processed: {left}" if left else outcome


def _built(made: Case, folder: Path) -> str:
    from analysis import open_dataset

    ds = open_dataset("case")
    rows = ds.quality.groupby("table")[["rows_in", "kept", "set_aside"]].sum()
    found = rows.loc[ds.spec.sources[0].maps[0].table, "rows_in"]
    if (rows["rows_in"] != rows["kept"] + rows["set_aside"]).any():
        return "rows in are not rows kept and rows set aside"
    if any(rows.loc[table, "kept"] != len(ds.frame(table)) for table in ds.tables):
        return "a table does not hold what is counted as kept"
    return "kept" if made.rows in (None, found) else f"{found} rows in, and the file holds {made.rows}"


def _read(made: Case, folder: Path) -> str:
    import pandas as pd

    from analysis.sanctuary.plan import read_plan
    from analysis.sanctuary.policy import policy_columns
    from analysis.sanctuary.rules import honoured

    days = pd.to_datetime(["2014-06-01", None, "2019-01-01"]).astype("datetime64[s]")
    people = pd.DataFrame(
        {"jurisdiction": ["36061", "17031", None], "prepared": days, "charge_group": ["robbery", None, "x"]}
    )
    people["criminality"] = ["convicted", "other", None]
    read = {"plan": lambda path: read_plan(path) and people, "policies": lambda path: policy_columns(people, policies=path)[0],
            "rule": lambda path: honoured(path, people)}  # fmt: skip
    return "kept" if len(read[made.kind](next(folder.iterdir()))) == len(people) else "a row was lost"


def fuzz(count: int, seed: int, folder: Path, jobs: int, say: Callable[[str], None]) -> list[str]:
    """Try so many cases; return a line for each that failed, whose files are kept."""
    ends, failures = Counter(), []

    def chunk(first: int) -> None:
        last = min(first + CHUNK, count)
        while first < last:  # again after a case that ended its process
            for name, outcome in _tried(folder / f"chunk-{first // CHUNK}", seed, first, last):
                ends[outcome if outcome in GOOD else "failed"] += 1
                failures.extend([f"seed {seed}, case {name}: {outcome}"] if outcome not in GOOD else [])
                first = int(name.split()[0]) + 1
        say(f"cases up to {last:,}: {dict(sorted(ends.items()))}")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(chunk, range(0, count, CHUNK)))
    return failures


def heavy(folder: Path, say: Callable[[str], None]) -> list[str]:
    """Try the heavy cases, each in a process of its own; return a line for each that did not end as it must."""
    failures = []
    for name, (expected, _) in HEAVY.items():
        [(_, outcome)] = _tried(folder / name.replace(" ", "-"), name)
        failures += [f"heavy case: {name}: {outcome}, expected {expected}"] * (outcome != expected)
        say(f"heavy case: {name}: {outcome}")
    return failures


def _tried(folder: Path, *words: object) -> list[tuple[str, str]]:
    """Run a process on cases; return name and end of each, that of the last being how the process died if it did."""
    folder.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"ANALYSIS_HOME": str(folder), "TMPDIR": str(folder), "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "robustness.fuzz", *map(str, (folder, *words))]
    done = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, **own}, check=False)
    ends = {str(words[-2] if len(words) > 1 else words[0]): "started"} if not done.stdout else {}
    for line in done.stdout.splitlines():
        ends.update([json.loads(line)])
    return [(name, f"code {done.returncode}" if end == "started" else end) for name, end in ends.items()]


def main(folder: Path, seed: str, first: str = "0", last: str = "1") -> None:
    """Try cases within the limits; one that takes too long ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20,) * 2)
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", DeprecationWarning)
    for number in range(int(first), int(last)):
        signal.alarm(SECONDS)
        made = HEAVY[seed][1](1.0) if seed in HEAVY else case(Random(f"{seed} {number}"))
        name = f"{number} ({made.kind})"
        print(json.dumps([name, "started"]), flush=True)
        outcome = judge(made, folder)
        print(json.dumps([name, outcome]), flush=True)
        if outcome not in GOOD:
            shutil.copytree(folder / "data" / "raw" / "case", folder.parent / "failed" / name, dirs_exist_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
