"""What a sweep over a hundred places costs, beside the recipe that everyone knows: papermill, then nbconvert, a report.

The dataset is made from a seed: releases and arrests in as many counties as reports are wanted. Both ways run the same
notebook, two reports at a time, start-up included; the recipe is measured on a few reports and given per report.
"""

import argparse
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.bench.reports import RECIPE, _run, growing
from analysis.bench.result import Compared, Taken, exponent, part

TARGET, AIM = 1 / 6, 1 / 10
NOTEBOOK = "02_short_window"
SEED = 20180219
_TOML = """title = "Releases in many counties, from a seed"
kind = "synthetic"
disclosure = "public"
source = "made for a measurement"
area = "these counties"
data_end = { arrests = 2020-12-31 }
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("sweeps")
    group.add_argument("--places", type=int, default=100, help="places, and reports of the sweep")
    group.add_argument("--place-rows", type=int, default=200, help="releases in each place")
    group.add_argument("--sweep-recipe", type=int, default=8, help="how many reports the shell recipe makes")


def run(options: argparse.Namespace) -> dict:
    """Measure and print; return what was found."""
    seconds = {}
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as folder:
        for places in growing(options.places):
            root = Path(folder) / str(places)
            codes = _project(options.root, root, places, options.place_rows)
            _run([sys.executable, "-c", "import analysis; analysis.open_dataset('many')"], root)
            seconds[places] = _seconds_of_ours(root, options.workers)
        recipe = _seconds_of_recipe(root, codes[: options.sweep_recipe], options.workers)
    about = (
        f"{options.places} reports of {NOTEBOOK}, one for each county of a synthetic dataset with {options.place_rows} releases "
        f"in each, by {options.workers} workers, index and comparison included: seconds a report. Beside it papermill, then nbconvert, "
        f"from the shell, as many at a time, measured on {min(options.sweep_recipe, options.places)} reports. At least {1 / TARGET:.0f} times "
        f"faster is asked, {1 / AIM:.0f} times aimed at."
    )
    ours = Taken(seconds[options.places] / options.places)
    line = Compared(
        f"a report of a sweep of {NOTEBOOK}", f"{options.places} counties", RECIPE, ours, Taken(recipe), TARGET
    )
    return part(about, [line], exponent("a sweep, over its jurisdictions", seconds, 1.1))


def _project(source: Path, root: Path, places: int, rows: int) -> list[str]:
    """Write a project with one dataset and one sweep; return the codes of its places."""
    root.mkdir(parents=True)
    shutil.copytree(source / "notebooks", root / "notebooks")
    shutil.copyfile(source / "requirements.lock", root / "requirements.lock")
    shutil.copytree(source / "data" / "raw" / "published", root / "data" / "raw" / "published")
    folder = root / "data" / "raw" / "many"
    folder.mkdir()
    codes = [f"80{2 * i + 1:03d}" for i in range(places)]
    chance = np.random.default_rng(SEED)
    n = places * rows
    released = pd.Timestamp("2019-01-01") + pd.to_timedelta(chance.integers(0, 540, n), "D")
    people = pd.DataFrame({"person": [f"p{i}" for i in range(n)], "day": released, "place": np.repeat(codes, rows)})
    wait = chance.exponential(700, n)
    arrests = people.assign(day=released + pd.to_timedelta(np.ceil(wait), "D"))
    toml = _TOML
    for table, day, frame in (("releases", "released", people), ("arrests", "arrested", arrests)):
        frame.to_csv(folder / f"{table}.csv", index=False)
        toml += f'[[files]]\ntable = "{table}"\npath = "{table}.csv"\n[files.columns]\nperson_id = "person"\n'
        toml += f'{day} = "day"\njurisdiction = "place"\n'
    (folder / "dataset.toml").write_text(toml, encoding="utf-8")
    sweep = f'title = "Many counties"\nnotebook = "{NOTEBOOK}"\ndataset = "many"\n'
    sweep += f"[vary]\njurisdiction = {codes}\n".replace("'", '"')
    (root / "many.toml").write_text(sweep, encoding="utf-8")
    return codes


def _seconds_of_ours(root: Path, workers: int) -> float:
    started = time.perf_counter()
    _run([sys.executable, "-m", "analysis", "sweep", "--file", "many.toml", "--jobs", str(workers)], root)
    return time.perf_counter() - started


def _seconds_of_recipe(root: Path, codes: list[str], workers: int) -> float:
    def one(code: str) -> None:
        notebook, executed = root / "notebooks" / f"{NOTEBOOK}.ipynb", root / f"recipe-{code}.ipynb"
        given = ["-r", "dataset", "many", "-r", "jurisdiction", code]
        _run([sys.executable, "-m", "papermill", str(notebook), str(executed), *given], root)
        _run([sys.executable, "-m", "nbconvert", "--to", "html", str(executed)], root)

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, codes))
    return (time.perf_counter() - started) / len(codes)
