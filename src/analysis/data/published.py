"""Published facts as frames: benchmarks, claims, policies and cases, each row with its source."""

from pathlib import Path

import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.data.state import home

CLASSES = {"rearrest": "arrest", "repeat_detainer": "", "return_to_prison": "return_to_prison"}


def published(name: str, folder: Path | None = None) -> pd.DataFrame:
    """Return ``data/raw/published/<name>.csv`` as text, blanks as "". Raises InputError for a name that is not there."""
    folder = folder or home() / "data" / "raw" / "published"
    file = folder / f"{name}.csv"
    if not file.is_file():
        raise InputError(
            f"there is no {name}.csv under data/raw/published.{nearest(name, [p.stem for p in folder.glob('*.csv')])}"
        )
    return pd.read_csv(file, dtype="str", keep_default_na=False)


def benchmarks(event: str, dataset: str) -> pd.DataFrame:
    """Return cumulative figures of other populations with the same class of outcome, for context and never as a comparison group.

    Columns benchmark_id, population, outcome, days, share, n, source, source_seen. Other classes of
    outcome, annual figures, figures without a horizon, and the dataset's own rows are left out.
    """
    rows = published("benchmarks")
    same = (
        (rows["outcome_class"] == CLASSES.get(event, event))
        & (rows["measure"] == "cumulative")
        & (rows["horizon_days"] != "")
    )
    own = rows["benchmark_id"].str.startswith(dataset)
    chosen = rows[same & ~own]
    return pd.DataFrame(
        {
            "benchmark_id": chosen["benchmark_id"], "population": chosen["population"], "outcome": chosen["outcome"],
            "days": chosen["horizon_days"].astype("int64"), "share": chosen["percent"].astype("float64") / 100,
            "n": chosen["n"], "source": chosen["source"], "source_seen": chosen["source_seen"],
        }
    ).reset_index(drop=True)  # fmt: skip
