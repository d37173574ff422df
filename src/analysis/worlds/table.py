"""The table of coverage: every interval of the package over many worlds, stored with its seed and the code's hash.

The stored file says what each interval was in the first twenty worlds as well: how many it covered, and its
mean limits. Drawing these again takes seconds, and shows whether today's code still gives the stored rows. The
hash says with which source they were computed; it alone does not make them wrong, since most changes of a
source change no limit.
"""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.data.published import published
from analysis.publish import outputs
from analysis.worlds import bands, comparisons, counts, curves, draws, long_term, models, samples, trial
from analysis.worlds.bands import band, verdict
from analysis.worlds.draws import SEED
from analysis.worlds.imported import source_hash
from analysis.worlds.trial import ABOVE, BELOW, COVERED, LEVEL, SHOWN, UNDEFINED, Setting, limits, outcomes

WORLDS, PREFIX, CHUNK = 2_000, 20, 250
PARTS = (counts, curves, comparisons, long_term, samples, models)
SETTINGS = tuple(setting for part in PARTS for setting in part.SETTINGS)
CLAIMS = sum(interval.claim != SHOWN for setting in SETTINGS for interval in setting.intervals)


def coverage(found: dict[str, np.ndarray], settings: Iterable[Setting] = SETTINGS) -> pd.DataFrame:
    """One row an interval, from what became of it in each world.

    Parameters
    ----------
    found : dict
        From the name of a setting to its ``limits``.
    settings : settings

    Returns
    -------
    pandas.DataFrame
        estimator, setting, people (0 where counts are drawn), censoring, ties, claim, truth, level, worlds,
        covered, above and below (worlds in which the interval lies above or below the truth), undefined (a
        limit is missing: counted as not covered), coverage, band_lower and band_upper (see
        ``analysis.worlds.bands``), verdict, seed; covered_first, lower_first and upper_first are the number covered
        and the mean limits among the first twenty worlds.
    """
    rows = []
    for setting in settings:
        for interval, each in zip(setting.intervals, found[setting.name], strict=True):
            seen = outcomes(each, interval.truth)
            worlds, covered = len(seen), int((seen == COVERED).sum())
            allowed = band(worlds, LEVEL, interval.claim, CLAIMS)
            lower, upper = each[:PREFIX].mean(axis=0)
            rows.append(
                {
                    "estimator": interval.estimator, "setting": setting.name, "people": setting.people,
                    "censoring": setting.censoring, "ties": setting.ties, "claim": interval.claim,
                    "truth": _digits(interval.truth), "level": LEVEL, "worlds": worlds, "covered": covered,
                    "above": int((seen == ABOVE).sum()), "below": int((seen == BELOW).sum()),
                    "undefined": int((seen == UNDEFINED).sum()), "coverage": _digits(covered / worlds),
                    "band_lower": _digits(allowed[0] / worlds), "band_upper": _digits(allowed[1] / worlds),
                    "verdict": verdict(covered, allowed),
                    "covered_first": int((seen[:PREFIX] == COVERED).sum()), "lower_first": _digits(lower),
                    "upper_first": _digits(upper), "seed": SEED,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _digits(value: float) -> float:
    return float(f"{value:.6g}")


def run(worlds: int = WORLDS, workers: int = 2, settings: Iterable[Setting] = SETTINGS, say=print) -> pd.DataFrame:
    """Put every interval to its worlds, in several processes, and give the table of coverage."""
    settings = list(settings)
    spans = [(first, min(first + CHUNK, worlds)) for first in range(0, worlds, CHUNK)]
    if workers == 1:
        return coverage({each.name: limits(each, 0, worlds) for each in settings}, settings)
    found = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        parts = {each.name: [pool.submit(_part, each.name, *span) for span in spans] for each in settings}
        for done, (name, futures) in enumerate(parts.items(), start=1):
            found[name] = np.concatenate([future.result() for future in futures], axis=1)
            say(f"{done} of {len(parts)}: {name}")
    return coverage(found, settings)


def _part(name: str, first: int, last: int) -> np.ndarray:
    """A stretch of worlds of the setting of this name; settings hold functions and are not sent to a process."""
    return limits(next(each for each in SETTINGS if each.name == name), first, last)


def code_hash() -> str:
    """The hash of the source that a stored table depends on: every module that the worlds and their estimators import."""
    return source_hash(*(module.__name__ for module in (*PARTS, bands, draws, trial)))


def store(table: pd.DataFrame, path: Path) -> None:
    """Write the table as ``worlds.csv``, with the code's hash."""
    outputs.write(path, table.assign(code_hash=code_hash()).to_csv(index=False, lineterminator="\n"))


def stored(folder: Path | None = None) -> pd.DataFrame:
    """The stored table with its numbers as numbers; ``attrs["current"]``: whether the source is still the one it names."""
    table = published("worlds", folder)
    whole = ["people", "worlds", "covered", "covered_first", "above", "below", "undefined", "seed"]
    real = ["truth", "level", "coverage", "band_lower", "band_upper", "lower_first", "upper_first"]
    table = table.astype({**dict.fromkeys(whole, "int64"), **dict.fromkeys(real, "float64")})
    table.attrs["current"] = set(table["code_hash"]) == {code_hash()}
    return table
