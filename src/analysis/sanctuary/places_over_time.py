"""How many detainers were lodged where, month by month, with the first days of the rules that are listed for each place.

Counts as they are, for a reader who knows the places. Nothing is compared: one place before and after is no control
for anything.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from analysis.recidivism import inputs
from analysis.sanctuary.policy import _rules
from analysis.sanctuary.policy_file import FIRST


def rules_within(detainers: pd.DataFrame, policies: str | Path | pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the listed rules that begin within the data: place, date, label (direction and instrument), counties or state, rows.

    ``detainers`` has jurisdiction and prepared; ``policies`` is as for ``with_policy``. Most rows first.
    """
    inputs.require(detainers.columns, ["jurisdiction", "prepared"])
    place, day = detainers["jurisdiction"].astype("str"), pd.to_datetime(detainers["prepared"])
    held = place.value_counts()
    rows = []
    for rule in _rules(policies, detainers.attrs).itertuples(index=False):
        if rule.start == FIRST or not day.min().date() < rule.start <= day.max().date():
            continue
        codes = tuple(
            code for code in held.index if (code[:2] == rule.state if rule.level == "state" else code in rule.counties)
        )
        label = f"{rule.direction.replace('_', ' ')} ({rule.basis})" + (f", {rule.instrument}" if rule.instrument else "")
        rows.append((rule.jurisdiction, pd.Timestamp(rule.start), label, codes, int(held.reindex(list(codes)).sum())))
    found = pd.DataFrame(rows, columns=["place", "date", "label", "counties", "rows"])
    return found.sort_values(["rows", "date"], ascending=[False, True], kind="stable", ignore_index=True)


def places_over_time(
    detainers: pd.DataFrame, rules: pd.DataFrame, name: Callable[[str], str], most: int = 16, every: str = "M"
) -> pd.DataFrame:
    """Count detainers by place and month: the places of ``rules`` first, then the largest counties not among them.

    ``every`` is "M" or "Q". Returns place, month (or quarter), count, with 0 where a place had none; at most ``most``
    places, of which at most two thirds for their rules. ``name`` words a jurisdiction's code.
    """
    column = {"M": "month", "Q": "quarter"}[every]
    place, when = detainers["jurisdiction"].astype("str"), pd.to_datetime(detainers["prepared"]).dt.to_period(every)
    chosen = rules.drop_duplicates("place").head(2 * most // 3)
    codes = {row.place: row.counties for row in chosen.itertuples()}
    taken = {code for group in codes.values() for code in group}
    sizes = place[place.str.len() == 5].value_counts()
    codes |= {name(code): (code,) for code in sizes.index if code not in taken and len(codes) < most}
    whole = pd.period_range(when.min(), when.max(), freq=every)
    parts = []
    for label, group in codes.items():
        counted = when[place.isin(group)].value_counts().reindex(whole, fill_value=0)
        parts.append(pd.DataFrame({"place": label, column: whole.to_timestamp(), "count": counted.to_numpy("int64")}))
    if not parts:
        return pd.DataFrame({"place": [], column: [], "count": []})
    return pd.concat(parts, ignore_index=True)


def around_starts(detainers: pd.DataFrame, rules: pd.DataFrame, least: int = 100) -> pd.DataFrame:
    """Count detainers in the second month before each rule's first, and in the month after it, where the data hold both whole.

    Returns place, date, label, before and after (the months' first days), all_before, all_after (every facility), local_before, local_after
    (local facilities); the largest fall first. Rules of places with fewer than ``least`` rows are left out.
    """
    place, day = detainers["jurisdiction"].astype("str"), pd.to_datetime(detainers["prepared"])
    month = day.dt.to_period("M")
    local = detainers["operator"].astype("str") == "local"
    rows = []
    for rule in rules[rules["rows"] >= least].itertuples():
        start = rule.date.to_period("M")
        sides = {"before": start - 2, "after": start + 1}
        if sides["before"].start_time < day.min() or sides["after"].end_time.normalize() > day.max():
            continue
        here = place.isin(rule.counties)
        counts = {
            f"{kind}_{side}": int((here & keep & (month == period)).sum())
            for kind, keep in (("all", True), ("local", local))
            for side, period in sides.items()
        }
        dates = {side: period.start_time for side, period in sides.items()}
        rows.append({"place": rule.place, "date": rule.date, "label": rule.label, **dates, **counts})
    columns = ["place", "date", "label", "before", "after", "all_before", "all_after", "local_before", "local_after"]
    found = pd.DataFrame(rows, columns=columns)
    order = (found["all_after"] / found["all_before"].where(found["all_before"] > 0)).sort_values(kind="stable").index
    return found.loc[order].reset_index(drop=True)
