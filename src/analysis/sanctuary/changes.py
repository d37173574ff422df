"""Before and after each listed change of rule that falls within the data, with equal time on both sides.

For data with few changes: the rates as they are, and no effect. One place before and after is no comparison.
"""

from datetime import date
from pathlib import Path

import pandas as pd

from analysis.recidivism.life_table import require
from analysis.sanctuary.policy_file import FIRST, rules_of

COLUMNS = [
    "place", "day", "counties", "days", "detainers_before", "detainers_after", "decided_before", "decided_after", "declined_before",
    "declined_after", "released_before", "released_after",
]  # fmt: skip


def around_changes(
    detainers: pd.DataFrame, months: int = 6, least: int = 100, policies: str | Path | pd.DataFrame | None = None
) -> pd.DataFrame:
    """Detainers lodged and declined before and after each rule that begins within the data.

    Parameters
    ----------
    detainers
        A frame with jurisdiction, prepared and outcome.
    months
        How long on each side; shortened, alike on both sides, where the data do not reach so far.
    least
        Rules with fewer detainers than this on both sides together are left out, as are rules with less than two months on a side.
    policies
        As for ``with_policy``.

    Returns
    -------
    DataFrame
        place, day (the rule's first), counties (codes it governs), days (on each side), and for both sides detainers, decided
        (declined or into custody), declined, released; one row a rule, in order of the day.
    """
    require(detainers.columns, ["jurisdiction", "prepared", "outcome"])
    rules = rules_of(policies, detainers.attrs.get("dataset", ""))
    day, place = pd.to_datetime(detainers["prepared"]), detainers["jurisdiction"].astype("str")
    first, last = day.min(), day.max()
    rows = []
    for rule in rules.itertuples(index=False):
        if rule.start == FIRST or not _within(rule.start, first, last):
            continue
        here = place.str[:2].eq(rule.state) if rule.level == "state" else place.isin(rule.counties)
        start = pd.Timestamp(rule.start)
        length = min(int((start - first).days), int((last - start).days) + 1, int(months * 30.4375))
        if length < 60:
            continue
        sides = {"before": here & day.between(start - pd.Timedelta(days=length), start - pd.Timedelta(days=1)),
                 "after": here & day.between(start, start + pd.Timedelta(days=length - 1))}  # fmt: skip
        if sum(int(side.sum()) for side in sides.values()) < least:
            continue
        row = {
            "place": rule.jurisdiction,
            "day": start,
            "counties": tuple(sorted(place[here].unique())),
            "days": length,
        }
        for name, side in sides.items():
            outcome = detainers.loc[side, "outcome"].astype("str")
            row |= {f"detainers_{name}": int(side.sum()), f"decided_{name}": int(outcome.isin(["declined", "ice_custody"]).sum()),
                    f"declined_{name}": int((outcome == "declined").sum()), f"released_{name}": int((outcome == "released").sum())}  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("day", ignore_index=True)


def side_by_side(changes: pd.DataFrame) -> pd.DataFrame:
    """Two rows a change, before and after: place, day, side, detainers, decided, declined."""
    rows = [
        {"place": row["place"], "day": row["day"], "side": f"{row['days']} days {side}",
         **{name: row[f"{name}_{side}"] for name in ("detainers", "decided", "declined")}}
        for row in changes.to_dict("records")
        for side in ("before", "after")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _within(day: date, first: pd.Timestamp, last: pd.Timestamp) -> bool:
    return first.date() < day <= last.date()
