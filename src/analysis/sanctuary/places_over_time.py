"""How many detainers were lodged where, month by month, with the first days of the rules that are listed for each place.

Counts as they are, for a reader who knows the places. Nothing is compared: one place before and after is no control
for anything.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from analysis.recidivism.life_table import require
from analysis.sanctuary.policy_file import FIRST, rules_of


def counted(detainers: pd.DataFrame) -> pd.DataFrame:
    """Count detainers by place, month and kind of facility: jurisdiction, month, local, rows. The other functions take this.

    Raises KeyError where jurisdiction, prepared or operator is absent.
    """
    require(detainers.columns, ["jurisdiction", "prepared", "operator"])
    day = pd.to_datetime(detainers["prepared"])
    keys = {
        "jurisdiction": detainers["jurisdiction"],
        "month": day.dt.year * 12 + day.dt.month - 1,
        "local": detainers["operator"] == "local",
    }
    found = pd.DataFrame(keys).groupby(list(keys), observed=True).size().rename("rows").reset_index()
    found["jurisdiction"] = found["jurisdiction"].astype("str")
    found["month"] = pd.PeriodIndex.from_fields(year=found["month"] // 12, month=found["month"] % 12 + 1, freq="M")
    found.attrs = {**detainers.attrs, "first": day.min(), "last": day.max()}
    return found


def rules_within(rows: pd.DataFrame, policies: str | Path | pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the listed rules that begin within the data: place, date, label (direction, basis, instrument), counties, rows.

    ``rows`` is what ``counted`` returned, ``policies`` as for ``with_policy``. ``counties`` are the codes of the data that the
    rule governs, a state's own code among them. Most rows first.
    """
    held = rows.groupby("jurisdiction")["rows"].sum()
    first, last = rows.attrs["first"].date(), rows.attrs["last"].date()
    found = []
    for rule in rules_of(policies, rows.attrs.get("dataset", "")).itertuples(index=False):
        if rule.start == FIRST or not first < rule.start <= last:
            continue
        codes = tuple(
            code for code in held.index if (code[:2] == rule.state if rule.level == "state" else code in rule.counties)
        )
        label = f"{rule.direction.replace('_', ' ')} ({rule.basis})" + (
            f", {rule.instrument}" if rule.instrument else ""
        )
        found.append((rule.jurisdiction, pd.Timestamp(rule.start), label, codes, int(held[list(codes)].sum())))
    out = pd.DataFrame(found, columns=["place", "date", "label", "counties", "rows"])
    return out.sort_values(["rows", "date"], ascending=[False, True], kind="stable", ignore_index=True)


def places_over_time(
    rows: pd.DataFrame, rules: pd.DataFrame, name: Callable[[str], str], most: int = 16, every: str = "M"
) -> pd.DataFrame:
    """Count detainers by place and month: the places of ``rules`` first, then the largest counties not among them.

    ``rows`` is what ``counted`` returned. ``every`` is "M" or "Q". Returns place, month (or quarter), count, with 0 where a
    place had none; at most ``most`` places, of which at most two thirds for their rules. ``name`` words a code.
    """
    column = {"M": "month", "Q": "quarter"}[every]
    when = pd.PeriodIndex(rows["month"]).asfreq(every)
    chosen = rules.drop_duplicates("place").head(2 * most // 3)
    codes = {row.place: row.counties for row in chosen.itertuples()}
    taken = {code for group in codes.values() for code in group}
    held = rows.groupby("jurisdiction")["rows"].sum()
    sizes = held[held.index.str.len() == 5].sort_values(ascending=False, kind="stable")
    for code in sizes.index:
        if len(codes) < most and code not in taken:
            codes[name(code)] = (code,)
    whole = pd.period_range(rows.attrs["first"], rows.attrs["last"], freq=every)
    parts = []
    for label, group in codes.items():
        here = rows["jurisdiction"].isin(group).to_numpy()
        sums = rows["rows"][here].groupby(when[here]).sum().reindex(whole, fill_value=0)
        parts.append(pd.DataFrame({"place": label, column: whole.to_timestamp(), "count": sums.to_numpy("int64")}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"place": [], column: [], "count": []})


def around_starts(rows: pd.DataFrame, rules: pd.DataFrame, least: int = 100) -> pd.DataFrame:
    """Count detainers in the second month before each rule's first, and in the month after it, where the data hold both whole.

    ``rows`` is what ``counted`` returned. Returns place, date, label, before and after (the months' first days), all_before,
    all_after (every facility), local_before, local_after (local facilities), in the order of ``rules``. Rules of places with
    fewer than ``least`` rows are left out.
    """
    found = []
    for rule in rules[rules["rows"] >= least].itertuples():
        start = rule.date.to_period("M")
        sides = {"before": start - 2, "after": start + 1}
        if sides["before"].start_time < rows.attrs["first"] or sides["after"].end_time.normalize() > rows.attrs["last"]:
            continue
        here = rows[rows["jurisdiction"].isin(rule.counties)]
        counts = {
            f"{kind}_{side}": int(here.loc[keep & (here["month"] == period), "rows"].sum())
            for kind, keep in (("all", True), ("local", here["local"]))
            for side, period in sides.items()
        }
        dates = {side: period.start_time for side, period in sides.items()}
        found.append({"place": rule.place, "date": rule.date, "label": rule.label, **dates, **counts})
    columns = ["place", "date", "label", "before", "after", "all_before", "all_after", "local_before", "local_after"]
    return pd.DataFrame(found, columns=columns)
