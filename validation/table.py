"""What is counted of an interval over many simulations, and how the stored tables of it are made.

``data/raw/published/worlds.csv`` (intervals) and ``designs.csv`` hold one row an interval and scenario, with the number
of simulations, their seed and the hash of the code that they were computed with. They say what came of the first twenty
simulations as well: drawing these again takes a minute, and a test holds today's code to them.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
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
COVERED, ABOVE, BELOW, UNDEFINED = range(4)
FAMILY_ERROR = 0.05


def outcomes(limits: np.ndarray, truth: float) -> np.ndarray:
    """What became of an interval, from its limits (simulations, 2): it covers the truth, misses it, or has none."""
    lower, upper = limits.T
    return np.select([~(lower <= upper), lower > truth, upper < truth], [UNDEFINED, ABOVE, BELOW], COVERED)


def band(simulations: int, claim: str, claims: int) -> tuple[int, int]:
    """The least and the largest number of simulations that an interval may cover by chance alone.

    The number that an interval with exactly its level covers is binomial; all ``claims`` together are held to an error
    of .05 by Bonferroni's correction. An interval that claims its level or more is held to the lower end.
    """
    error = FAMILY_ERROR / claims / (1 if claim == AT_LEAST else 2)
    least, most = (int(binom.ppf(error, simulations, share)) for share in (LEVEL, 1 - LEVEL))
    return least, simulations - (0 if claim == AT_LEAST else most)


def counted(limits: np.ndarray, truth: float, claim: str, claims: int) -> dict:
    """The cells of a row that both tables have."""
    found = outcomes(limits, truth)
    simulations, covered = len(found), int((found == COVERED).sum())
    least, most = band(simulations, claim, claims)
    return {
        "claim": claim, "truth": digits(truth), "worlds": simulations, "covered": covered,
        "coverage": digits(covered / simulations), "above": int((found == ABOVE).sum()),
        "below": int((found == BELOW).sum()), "undefined": int((found == UNDEFINED).sum()),
        "band_lower": digits(least / simulations), "band_upper": digits(most / simulations),
        "verdict": "below" if covered < least else "above" if covered > most else "within",
        "covered_first": int((found[:FIRST] == COVERED).sum()),
    }  # fmt: skip


def digits(value: float) -> float:
    """Six significant digits."""
    return float(f"{value:.6g}")


def code_hash() -> str:
    """The hash of all source under ``CODE``."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def stored(name: str) -> pd.DataFrame:
    """A published table."""
    return pd.read_csv(PUBLISHED / f"{name}.csv")


def compute(
    name: str, key: str, scenarios: Iterable[str], simulate: Callable, rows: Callable, jobs: int,
    simulations: int = SIMULATIONS, into: Path = PUBLISHED,
) -> pd.DataFrame:  # fmt: skip
    """Compute a table in several processes and store it.

    ``simulate(scenario, first, last)`` gives arrays by interval, ``rows(scenario, arrays)`` their rows. The rows of a
    scenario are kept as soon as they are there, and an interrupted run with the same code goes on after them.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    begun = into / f".{name}-{simulations}-{code_hash()}.csv"
    done = set(pd.read_csv(begun)[key]) if begun.is_file() else set()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for scenario in (each for each in scenarios if each not in done):
            starts = range(0, simulations, CHUNK)
            ends = [min(start + CHUNK, simulations) for start in starts]
            parts = list(pool.map(simulate, [scenario] * len(starts), starts, ends))
            found = {each: np.concatenate([part[each] for part in parts]) for each in parts[0]}
            frame = pd.DataFrame(rows(scenario, found)).assign(code_hash=code_hash())
            frame.to_csv(begun, mode="a", header=not begun.is_file(), index=False, lineterminator="\n")
            print(f"{name}: {scenario}", flush=True)
    begun.replace(into / f"{name}.csv")
    return pd.read_csv(into / f"{name}.csv")
