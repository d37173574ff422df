"""The table of designs by kind of world: bias, coverage, power and false alarms, stored with its seed and the code's hash.

The stored file says what each design was in the first twenty worlds as well, so that a part can be run again in seconds.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.data.published import published
from analysis.publish import outputs
from analysis.sanctuary.designs import RANDOMIZED
from analysis.worlds.bands import band, verdict
from analysis.worlds.design_truth import true_effects
from analysis.worlds.designs import COX, KINDS, LEVEL, SEED, Kind, limits
from analysis.worlds.imported import source_hash
from analysis.worlds.trial import APPROXIMATE, AT_LEAST, COVERED, SHOWN, UNDEFINED, outcomes

WORLDS, PREFIX, CHUNK = 2_000, 20, 50
FILE = "designs"


def claim(kind: Kind, design: str) -> str:
    """What a design's coverage in worlds of a kind is held to."""
    if design in kind.fools:
        return SHOWN
    return AT_LEAST if design == RANDOMIZED else APPROXIMATE


CLAIMS = sum(claim(kind, design) != SHOWN for kind in KINDS for design in kind.designs)


def rows(kind: Kind, truth: dict[str, float], found: dict[str, np.ndarray]) -> list[dict]:
    """One row a design, from its estimate and limits in each world: arrays (worlds, 3)."""
    out = []
    for design, each in found.items():
        seen = outcomes(each[:, 1:], truth[design])
        worlds, covered = len(seen), int((seen == COVERED).sum())
        held = claim(kind, design)
        allowed = band(worlds, LEVEL, held, CLAIMS)
        estimate = each[:, 0]
        known = estimate[~np.isnan(estimate)]
        excluded = int(((each[:, 1] > 0) | (each[:, 2] < 0)).sum())
        mean = float(known.mean()) if len(known) else np.nan
        out.append({
            "kind": kind.name, "says": kind.says, "places": kind.places, "adopters": kind.adopters, "design": design,
            "estimand": "log hazard ratio" if design == COX else "risk difference", "claim": held,
            "truth": _digits(truth[design]), "worlds": worlds, "mean": _digits(mean), "bias": _digits(mean - truth[design]),
            "spread": _digits(float(known.std())) if len(known) else np.nan, "covered": covered, "coverage": _digits(covered / worlds),
            "excluded_no_effect": excluded, "is": "false alarms" if truth[design] == 0 else "power",
            "undefined": int((seen == UNDEFINED).sum()), "band_lower": _digits(allowed[0] / worlds),
            "band_upper": _digits(allowed[1] / worlds), "verdict": verdict(covered, allowed),
            "covered_first": int((seen[:PREFIX] == COVERED).sum()), "mean_first": _digits(float(np.nanmean(estimate[:PREFIX]))),
            "seed": SEED,
        })  # fmt: skip
    return out


def run(worlds: int = WORLDS, workers: int = 2, kinds: Iterable[Kind] = KINDS, say=print) -> pd.DataFrame:
    """Put every design to its worlds, in several processes."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    out: list[dict] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for kind in kinds:
            spans = [(first, min(first + CHUNK, worlds)) for first in range(0, worlds, CHUNK)]
            truth = pool.submit(_truth, kind.name)
            parts = list(pool.map(_part, [kind.name] * len(spans), *zip(*spans, strict=True)))
            found = {design: np.concatenate([part[design] for part in parts]) for design in kind.designs}
            out += rows(kind, truth.result(), found)
            say(f"{kind.name}: {worlds} worlds")
    return pd.DataFrame(out)


def part(kind: Kind, first: int, last: int) -> dict[str, np.ndarray]:
    """Estimates and limits of each design in the worlds ``first`` to ``last - 1``."""
    each = [limits(kind, number) for number in range(first, last)]
    return {design: np.array([found[design] for found in each]) for design in kind.designs}


def store(table: pd.DataFrame, path: Path) -> None:
    """Write the table with the code's hash."""
    outputs.write(path, table.assign(code_hash=code_hash()).to_csv(index=False, lineterminator="\n"))


def stored(folder: Path | None = None) -> pd.DataFrame:
    """The stored table with its numbers as numbers; ``attrs["current"]``: whether the source is still the one it names."""
    table = published(FILE, folder)
    whole = ["places", "adopters", "worlds", "covered", "excluded_no_effect", "undefined", "covered_first", "seed"]
    real = ["truth", "mean", "bias", "spread", "coverage", "band_lower", "band_upper", "mean_first"]
    table = table.astype({**dict.fromkeys(whole, "int64"), **dict.fromkeys(real, "float64")})
    table.attrs["current"] = set(table["code_hash"]) == {code_hash()}
    return table


def code_hash() -> str:
    """The hash of the source that a stored table depends on: every module that the designs and their worlds import."""
    return source_hash("analysis.worlds.designs", "analysis.worlds.design_truth", "analysis.worlds.trial")


def main(workers: int = 2) -> int:
    """Compute ``data/raw/published/designs.csv``; 1 where a design falls outside the band that it claims."""
    from analysis.data.state import home

    table = run(workers=workers)
    path = home() / "data" / "raw" / "published" / f"{FILE}.csv"
    store(table, path)
    failed = table[(table["verdict"] != "within") & (table["claim"] != SHOWN)]
    print(
        f"wrote {path}: {len(table)} designs in worlds of {len(KINDS)} kinds, {len(failed)} outside the band that they claim"
    )
    return int(len(failed) > 0)


def _part(name: str, first: int, last: int) -> dict[str, np.ndarray]:
    return part(next(kind for kind in KINDS if kind.name == name), first, last)


def _truth(name: str) -> dict[str, float]:
    return true_effects(next(kind for kind in KINDS if kind.name == name))


def _digits(value: float) -> float:
    return float(f"{value:.6g}")
