"""Cases tried in processes with a limit of memory and time: each must end in rows that add up or in one clear line.

``python -m robustness.fuzz FOLDER SEED FIRST LAST`` writes a line of JSON as each case ends, and stops at one that fails, so that
whoever started it knows which case that was, and finds its files, even where it was killed.
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
        outcome = _built(made.rows) if "dataset.toml" in made.files else _read(*folder.iterdir())
    except InputError as error:
        said, outcome = str(error), "refused"
        if not (one_line(said) == said and len(said) < 1100 and said.startswith(("case", *made.files))):
            return f"no clear line that begins with the file: {said[:300]!r}"
    except Exception:
        return traceback.format_exc(limit=-3)[-1000:]
    tables = set() if outcome == "refused" else {"case"}
    left = {path.name for path in processed.glob("*") if path.suffix != ".lock"} - tables
    shutil.rmtree(processed / "case", ignore_errors=True)
    return f"left under data/processed: {left}" if left else outcome


def _built(expected: int | None) -> str:
    from analysis import open_dataset

    ds = open_dataset("case")
    rows = ds.quality.groupby("table")[["rows_in", "kept", "set_aside"]].sum()
    found = rows.loc[ds.spec.sources[0].maps[0].table, "rows_in"]
    if (rows["rows_in"] != rows["kept"] + rows["set_aside"]).any():
        return "rows in are not rows kept and rows set aside"
    if any(rows.loc[table, "kept"] != len(ds.frame(table)) for table in ds.tables):
        return "a table does not hold what is counted as kept"
    return "kept" if expected in (None, found) else f"{found} rows in, and the file holds {expected}"


def _read(path: Path) -> str:
    import pandas as pd

    from analysis.sanctuary.plan import read_plan
    from analysis.sanctuary.policy import with_policy
    from analysis.sanctuary.rules import honoured

    days = pd.to_datetime(["2014-06-01", None, "2019-01-01"]).astype("datetime64[s]")
    people = pd.DataFrame({"jurisdiction": ["36061", "17031", None], "prepared": days})
    people = people.assign(charge_group=["robbery", None, "x"], criminality=["convicted", "other", None])
    if path.name == "plan.toml":
        return "kept" if read_plan(path) else "no plan, and nothing said"
    read = honoured(path, people) if path.name == "rule.toml" else with_policy(people, policies=path)
    return "kept" if len(read) == len(people) else "a row was lost"


def fuzz(count: int, seed: int, folder: Path, jobs: int, say: Callable[[str], None]) -> list[str]:
    """Try so many cases; return a line for each that failed, whose files are kept."""
    ends, failures = Counter(), []
    path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])

    def chunk(first: int) -> None:
        home, last = folder / f"chunk-{first // CHUNK}", min(first + CHUNK, count)
        (raw := home / "data" / "raw" / "case").mkdir(parents=True)
        own = {"ANALYSIS_HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        while first < last:  # again after a case that failed
            command = [sys.executable, "-m", "robustness.fuzz", *map(str, (home, seed, first, last))]
            done = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, **own}, check=False)
            found = [json.loads(line) for line in done.stdout.splitlines()]
            if done.returncode and not set(found) - set(GOOD):
                found.append(f"its process ended with code {done.returncode}")
            first += len(found)
            ends.update(end if end in GOOD else "failed" for end in found)
            if found[-1] not in GOOD:
                failures.append(f"seed {seed}, case {first - 1}: {found[-1]}")
                shutil.copytree(raw, folder / "failed" / str(first - 1))
        say(f"cases up to {last:,}: {dict(sorted(ends.items()))}")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(chunk, range(0, count, CHUNK)))
    return failures


def main(folder: Path, seed: str, first: str, last: str) -> None:
    """Try cases within the limits, up to one that fails; one that takes too long ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20,) * 2)
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", DeprecationWarning)
    for number in range(int(first), int(last)):
        signal.alarm(SECONDS)
        outcome = judge(case(Random(f"{seed} {number}")), folder)
        print(json.dumps(outcome), flush=True)
        if outcome not in GOOD:
            sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
