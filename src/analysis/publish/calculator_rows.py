"""The release rule for figures by window and group, all of which a reader may set against each other.

Events by one window are part of those by a later one and of everyone counted, and groups add up to everyone: a count is
withheld where any of these sums or differences would give a small one away.
"""

import numpy as np
import pandas as pd

from analysis.publish.privacy import Released, release
from analysis.publish.rule import FOOTNOTE, WITHHELD

_ALL = np.inf  # the row of everyone counted, after the events by every window
_COUNTS = ("numerator", "denominator")
_SHARES = ["estimate", "lower", "upper"]


def released_rows(frame: pd.DataFrame, disclosure: str) -> Released:
    """Return rows by unit, by (what groups them, "" for everyone), group and time as they may be shown.

    ``numerator`` counts events by ``time`` and ``denominator`` everyone in the group. The rows of each grouping must add up
    to those of everyone: groups that leave someone out are to be completed first, by "unknown" for example.
    """
    hidden = pd.DataFrame(False, index=frame.index, columns=frame.columns)
    if disclosure == "public":
        return Released(frame, hidden, "", "")
    for _, unit in frame.groupby("unit", sort=False):
        everyone = unit[unit["by"] == ""]
        for name in [n for n in unit["by"].unique() if n] or [""]:
            rows = unit if name == "" else pd.concat([unit[unit["by"] == name], everyone])
            _hide(hidden, rows, _withheld(rows, disclosure))
    either = hidden["numerator"] | hidden["denominator"]
    for name in _SHARES:
        hidden[name] = either
    shown = frame.copy()
    for name in _COUNTS:
        shown[name] = shown[name].astype("Int64").mask(hidden[name])
    for name in _SHARES:
        shown[name] = shown[name].mask(either)
    return Released(shown, hidden, WITHHELD, FOOTNOTE if hidden.to_numpy().any() else "", _COUNTS)


def _withheld(rows: pd.DataFrame, disclosure: str) -> pd.DataFrame:
    """Return which cells of one grouping are withheld: a row a time and one for everyone counted, a column a group."""
    key = rows["by"] + "\n" + rows["group"].astype(str)
    wide = rows.assign(key=key).pivot(index="time", columns="key", values="numerator")
    wide.loc[_ALL] = rows.assign(key=key).groupby("key")["denominator"].first()
    wide = wide.sort_index().astype("float64")
    total = [column for column in wide if column.startswith("\n")]
    parts = [column for column in wide if column not in total]
    sums = {total[0]: parts} if len(total) == 1 and parts else {}
    found = release(
        wide.reset_index(drop=True), disclosure, counts=list(wide), of={}, sums=sums, nested=list(wide), whole=False
    )
    return found.withheld.set_index(wide.index) | wide.isna()


def _hide(hidden: pd.DataFrame, rows: pd.DataFrame, withheld: pd.DataFrame) -> None:
    for index, row in rows.iterrows():
        column = f"{row['by']}\n{row['group']}"
        hidden.loc[index, "numerator"] |= bool(withheld.loc[row["time"], column])
        hidden.loc[index, "denominator"] |= bool(withheld.loc[_ALL, column])
