"""The raw file to canonical tables, beside the same steps in plain pandas and beside reading the file alone.

Whole processes, from start to end, in one run on look-alike rows of ICE's detainers. The tables of both ways are held
equal before anything is timed. From tables to life tables is another part of the bench.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FASTER = 3.0  # at least so many times faster than plain pandas
NAME = "lookalike"
_READ = "import sys, pandas; pandas.read_parquet(sys.argv[1])"
_MAKE = (
    "import sys, pathlib; from analysis.synthetic.lookalike import write_lookalike; "
    "write_lookalike(pathlib.Path(sys.argv[1]), int(sys.argv[2]))"
)
_BUILD = "import sys, analysis; analysis.open_dataset(sys.argv[1])"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this part."""
    group = parser.add_argument_group("rows", "the raw file to canonical tables")
    group.add_argument("--raw-rows", type=int, default=600_000, help="rows of the raw file (default 600,000)")


def run(options: argparse.Namespace) -> tuple[dict, bool]:
    """Measure in a folder of its own; return what was found, and whether the target was met."""
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as root:
        folder = Path(root, "data", "raw", NAME)
        folder.mkdir(parents=True)
        file = _written(folder, options.raw_rows)
        environment = {**os.environ, "ANALYSIS_HOME": root}
        measured = {"this project": _measure([sys.executable, "-c", _BUILD, NAME], environment)}
        key = Path(root, "data", "private", NAME, "key")
        plain = [sys.executable, "-m", "analysis.bench.plain_rows", str(folder), file.name, str(key)]
        measured["plain pandas"] = _measure(plain, environment)
        _check_equal(Path(root, "data", "processed", NAME), folder)
        measured["reading the file alone"] = _measure([sys.executable, "-c", _READ, str(file)], environment)
    return _told(measured, options.raw_rows)


def _told(measured: dict[str, tuple[float, float]], rows: int) -> tuple[dict, bool]:
    ours = measured["this project"][0]
    lines = [
        {"way": way, "rows": rows, "seconds": round(seconds, 1), "times_this_project": round(seconds / ours, 2),
         "largest_process_megabytes": round(megabytes)}
        for way, (seconds, megabytes) in measured.items()
    ]  # fmt: skip
    for line in lines:
        print("  ".join(f"{value}" for value in line.values()))
    ratio = measured["plain pandas"][0] / ours
    target = {
        "what": "times faster than plain pandas, raw file to tables",
        "found": round(ratio, 2),
        "at_least": FASTER,
    }
    about = (
        f"{rows:,} look-alike detainers, from a Parquet file of 64 columns to canonical tables, whole processes, on "
        f"{os.cpu_count()} processors. Plain pandas writes the same tables by the same rules, held equal here, but counts no rows "
        "set aside, keeps no raw values and does not look for a row's own identifier in its texts."
    )
    met = ratio >= FASTER
    return {"rows": {"about": about, "rows": lines, "targets": [target], "met": met}}, met


def _written(folder: Path, rows: int) -> Path:
    (folder / "dataset.toml").write_text(
        'title = "Look-alike"\nkind = "synthetic"\nsource = "made for the bench"\n[[files]]\ntable = "detainers"\n'
        'path = "detainers.parquet"\nformat = "deportation-data-project"\n'
    )
    file = folder / "detainers.parquet"
    # by another process: one that is started begins with the memory of the one that starts it
    subprocess.run([sys.executable, "-c", _MAKE, str(file), str(rows)], check=True)
    return file


def _measure(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Return the seconds of a process and the megabytes of the largest among it and those that it started."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[:3]} ended with code {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _check_equal(processed: Path, plain: Path) -> None:
    """Raise AssertionError where the two ways differ in any column that both make."""
    import pandas as pd

    from analysis.data.write import read_table

    for table in ("detainers", "exits"):
        ours = read_table(processed / f"{table}.parquet", table)
        theirs = pd.read_parquet(plain / f"plain-{table}.parquet")
        for name in theirs.columns:
            one, two = (_comparable(frame[name]) for frame in (ours, theirs))
            pd.testing.assert_series_equal(one, two, check_names=False, obj=f"{table}.{name}")


def _comparable(values):
    text = values.astype("float64").astype("str") if values.dtype.kind in "if" else values.astype("str")
    return text.where(values.notna(), "").astype("str").reset_index(drop=True)
