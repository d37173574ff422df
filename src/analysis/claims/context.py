"""A claim beside the published figures of other populations: the nearest horizons, each with both horizons stated.

Figures with the same class of outcome stand together, other classes apart with the reason. They give scale; none is
a comparison group.
"""

import tomllib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from analysis.claims.audit import counts_events
from analysis.claims.readings import follow_up_days
from analysis.claims.rules import rules
from analysis.data.published import published

SAME_HORIZON = 2  # days: horizons this close count as the same
COLUMNS = [
    "benchmark_id",
    "population",
    "outcome",
    "days",
    "same_horizon",
    "share",
    "n",
    "same_class",
    "why",
    "source",
    "source_seen",
]


def context(claim: pd.Series, folder: Path | None = None) -> pd.DataFrame:
    """Return one row a published population: its cumulative figure at the horizon nearest to the claim's follow-up.

    Columns as in ``COLUMNS``; ``days`` is the population's horizon, ``same_horizon`` whether it is within two days of the
    claim's, ``same_class`` whether the outcome is of the claim's class, ``why`` the reason a comparison is or is not
    fair. The nearest horizons come first; a population of which two reports tell stands once. Figures without a horizon,
    annual ones and those of the claim's own people are left out; so is everything where the claim says of nobody how
    long they were followed, or counts events.
    """
    follow_up = follow_up_days(claim)
    rows = published("benchmarks", folder)
    own = rows["of_claim"] == claim["claim_id"]
    rows = rows[(rows["measure"] == "cumulative") & rows["horizon_days"].str.isdigit() & ~own]
    if follow_up is None or counts_events(claim) or rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    days = rows["horizon_days"].astype("int64")
    rows = rows.assign(days=days, distance=(days - follow_up).abs())
    nearest = rows.sort_values("distance", kind="stable").drop_duplicates("population")
    same = nearest["outcome_class"] == claim["outcome_class"]
    return pd.DataFrame(
        {
            "benchmark_id": nearest["benchmark_id"], "population": nearest["population"], "outcome": nearest["outcome"],
            "days": nearest["days"], "same_horizon": nearest["distance"] <= SAME_HORIZON,
            "share": nearest["percent"].astype("float64") / 100, "n": nearest["n"], "same_class": same,
            "why": [_why(row, is_same) for row, is_same in zip(nearest.to_dict("records"), same, strict=True)],
            "source": nearest["source"], "source_seen": nearest["source_seen"],
        }
    ).reset_index(drop=True)  # fmt: skip


def _why(row: dict[str, str], same: bool) -> str:
    fair = comparisons()["population"].get(row["benchmark_id"], comparisons()["other"])
    if same:
        return fair
    apart = rules()["apart"].get(row["outcome_class"], "It counts another outcome.")
    return f"{apart} {fair}"


@lru_cache(maxsize=1)
def comparisons() -> dict:
    """Return `comparisons.toml`: why a population's figure is or is not a fair comparison, and short names."""
    return tomllib.loads((files("analysis.claims") / "comparisons.toml").read_text(encoding="utf-8"))
