"""What is counted of an interval over many simulations, and how the stored tables of it are made.

``data/raw/published/worlds.csv`` (intervals) and ``designs.csv`` hold one row an interval and scenario, with the number
of simulations, their seed and the hash of the code that they were computed with. They say what came of the first twenty
simulations as well: drawing these again takes a minute, and a test holds today's code to them.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binom

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "data" / "raw" / "published"
CODE = ("validation", "src/analysis/recidivism", "src/analysis/sanctuary")  # what the tables are computed with
LEVEL, SIMULATIONS, FIRST, CHUNK = 0.95, 2_000, 20, 50
APPROXIMATE, AT_LEAST, SHOWN = "approximate", "at least", "none"  # what coverage is held to


def band(simulations: int, claim: str, claims: int) -> tuple[int, int]:
    """The least and the largest number of simulations that an interval may cover by chance alone.

    The number that an interval with exactly its level covers is binomial; all ``claims`` together are held to an error
    of .05 by Bonferroni's correction. An interval that claims its level or more is held to the lower end.
    """
    error = 0.05 / claims / (1 if claim == AT_LEAST else 2)
    least, most = (int(binom.ppf(error, simulations, share)) for share in (LEVEL, 1 - LEVEL))
    return least, simulations - (0 if claim == AT_LEAST else most)


def counted(limits: np.ndarray, truth: float, claim: str, claims: int) -> dict:
    """The cells of a row that both tables have, from limits (simulations, 2): they cover, miss, or are none."""
    lower, upper = limits.T
    found = np.select([~(lower <= upper), lower > truth, upper < truth], ["undefined", "above", "below"], "covered")
    simulations, covered = len(found), int((found == "covered").sum())
    least, most = band(simulations, claim, claims)
    return {
        "claim": claim, "truth": truth, "worlds": simulations, "covered": covered, "coverage": covered / simulations,
        **{outcome: int((found == outcome).sum()) for outcome in ("above", "below", "undefined")},
        "band_lower": least / simulations, "band_upper": most / simulations,
        "verdict": "below" if covered < least else "above" if covered > most else "within",
        "covered_first": int((found[:FIRST] == "covered").sum()),
    }  # fmt: skip


def code_hash() -> str:
    """The hash of all source under ``CODE``."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def simulate(estimates: Callable, scenario: str, numbers: Iterable[int], run: Callable = map) -> dict[str, np.ndarray]:
    """What ``estimates(scenario, number)`` finds in the simulations of these numbers: an array an interval."""
    each = list(run(estimates, repeat(scenario), numbers))
    return {name: np.array([found[name] for found in each]) for name in each[0]}


def compute(
    name: str, key: str, scenarios: Iterable[str], estimates: Callable, row: Callable, jobs: int,
    simulations: int = SIMULATIONS, into: Path = PUBLISHED,
) -> pd.DataFrame:  # fmt: skip
    """Compute a table in several processes and store it, with six significant digits.

    ``row(scenario, interval, array)`` gives a row. Those of a scenario are kept as soon as they are there, and an
    interrupted run with the same code goes on after them.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    begun = into / f".{name}-{simulations}-{code_hash()}.csv"
    done = set(pd.read_csv(begun)[key]) if begun.is_file() else set()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        run = partial(pool.map, chunksize=CHUNK)
        for scenario in (each for each in scenarios if each not in done):
            found = simulate(estimates, scenario, range(simulations), run)
            frame = pd.DataFrame([row(scenario, *each) for each in found.items()]).assign(code_hash=code_hash())
            frame.to_csv(begun, mode="a", header=not begun.is_file(), index=False, float_format="%.6g")
            print(f"{name}: {scenario}", flush=True)
    return pd.read_csv(begun.replace(into / f"{name}.csv"))
