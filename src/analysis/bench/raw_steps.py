"""One way from the raw file to the life table, in a process of its own that is measured from outside: ours or plain pandas."""

import json
import sys
from pathlib import Path

import pandas as pd

from analysis.bench.projects import NAME
from analysis.bench.scale_steps import fingerprint, plain_life

BY = ["state", "policy"]


def ours(name: str) -> pd.DataFrame:
    """Build the tables, then the life table, no table of people held in memory."""
    import analysis

    ds = analysis.open_dataset(name)
    cohort = analysis.cohort(
        ds, origin="prepared", event="repeat_detainer", competing=("removed", "died"), lazy=True
    )  # fmt: skip
    return analysis.life_table(analysis.with_policy(cohort), by=BY, unknown="unknown")


def plain(root: str, *check: str) -> pd.DataFrame:
    """Do the same in plain pandas; the stretches of rules and the key for identifiers are given to it."""
    from analysis.bench.plain_rows import tables

    home = Path(root)
    key = (home / "data" / "private" / NAME / "key").read_bytes()
    detainers, exits = tables(home / "data" / "raw" / NAME / "detainers.parquet", key)
    life = plain_life(detainers, exits, pd.read_parquet(home / "spans.parquet"))
    if check:
        check_equal(home / "data" / "processed" / NAME, {"detainers": detainers, "exits": exits})
    return life


def check_equal(processed: Path, plain: dict[str, pd.DataFrame]) -> None:
    """Raise AssertionError where the tables of both ways differ in any column that both make."""
    from analysis.data.write import read_table

    for table, theirs in plain.items():
        ours = read_table(processed / f"{table}.parquet", table)
        for name in theirs.columns:
            one, two = (_comparable(frame[name]) for frame in (ours, theirs))
            pd.testing.assert_series_equal(one, two, check_names=False, obj=f"{table}.{name}")


def _comparable(values: pd.Series) -> pd.Series:
    text = values.astype("float64").astype("str") if values.dtype.kind in "if" else values.astype("str")
    return text.where(values.notna(), "").astype("str").reset_index(drop=True)


if __name__ == "__main__":
    found = {"ours": ours, "plain": plain}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"fingerprint": fingerprint(sys.argv[1], found)}))
