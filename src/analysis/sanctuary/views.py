"""Frames for the report: what becomes of detainers under each rule, and how many there are.

In: detainers with the policy in force. Out: small frames that figures and tables take as they are.
"""

from collections.abc import Sequence

import pandas as pd

from analysis.data.rounding import midpoint, step
from analysis.recidivism.life_table import require

SAYS = {
    "limits": "rules that limit detainers",
    "none": "no rule listed",
    "requires": "rules that require honouring",
    "bans_limits": "rules that ban limits",
}
OUTCOMES = {
    "ice_custody": "into ICE custody", "declined": "declined", "released": "released", "lifted": "lifted", "cancelled": "cancelled",
    "died": "died", "unknown": "no outcome recorded",
}  # fmt: skip


def flows(detainers: pd.DataFrame) -> pd.DataFrame:
    """What became of detainers under each rule: stage (the rule in words), part (the outcome), count.

    ``detainers`` has ``policy`` and ``outcome``.
    """
    require(detainers.columns, ["policy", "outcome"])
    frame = pd.DataFrame(
        {"stage": detainers["policy"].astype("str").map(SAYS), "part": detainers["outcome"].astype("str").map(OUTCOMES)}
    )
    order = pd.DataFrame([(s, p) for s in SAYS.values() for p in OUTCOMES.values()], columns=["stage", "part"])
    counted = frame.groupby(["stage", "part"]).size().rename("count").reset_index()
    return order.merge(counted, on=["stage", "part"]).reset_index(drop=True)


def three_shares(detainers: pd.DataFrame) -> pd.DataFrame:
    """The share declined over all detainers, over those with an outcome, and over declined plus custody, by rule."""
    outcome = detainers["outcome"].astype("str")
    frame = pd.DataFrame({
        "rule": detainers["policy"].astype("str").map(SAYS), "detainers": 1, "with outcome": outcome != "unknown",
        "declined": outcome == "declined", "custody": outcome == "ice_custody",
    })  # fmt: skip
    out = (
        frame.groupby("rule")
        .sum()
        .astype("int64")
        .reindex([name for name in SAYS.values() if (frame["rule"] == name).any()])
        .reset_index()
    )
    out["of all"] = out["declined"] / out["detainers"]
    out["of outcomes"] = (out["declined"] / out["with outcome"]).where(out["with outcome"] > 0)
    decided = out["declined"] + out["custody"]
    out["of decisions"] = (out["declined"] / decided).where(decided > 0)
    return out


def by_quarter(panel: pd.DataFrame) -> pd.DataFrame:
    """Detainers lodged by period in places that ever adopt and in places that never do: quarter, places, detainers."""
    kind = panel["adopted"].notna().map({True: "places that ever limit", False: "places that never do"})
    return (
        panel.assign(places=kind)
        .groupby(["places", "period"])["detainers"]
        .sum()
        .reset_index()
        .rename(columns={"period": "quarter"})
    )


def ends(lodged: pd.DataFrame) -> str:
    """The first and the last count of each kind of place, in words."""
    shown = lodged.assign(detainers=midpoint(lodged["detainers"], step()))
    groups = shown.groupby("places", sort=False)["detainers"]
    return "; ".join(
        f"{name} {100 * (rows.iloc[-1] / rows.iloc[0] - 1):+.0f} %"
        for name, rows in groups
        if rows.iloc[0] >= 10 and rows.iloc[-1] >= 10
    )


def monthly(detainers: pd.DataFrame, counties: Sequence[str]) -> pd.DataFrame:
    """Detainers lodged and declined by whole month in some counties: what, month, detainers."""
    day = pd.to_datetime(detainers["prepared"])
    here = detainers["jurisdiction"].astype("str").isin(list(counties))
    month = day.dt.to_period("M").dt.to_timestamp()
    last = day.max().to_period("M")
    whole = month <= (last if day.max() == last.end_time.normalize() else last - 1).to_timestamp()
    frame = pd.DataFrame({"month": month, "declined": detainers["outcome"].astype("str") == "declined"})[here & whole]
    months = pd.date_range(month.min(), month[whole].max(), freq="MS")
    counted = frame.groupby("month")["declined"].agg(["size", "sum"]).reindex(months, fill_value=0)
    parts = [
        pd.DataFrame({"what": what, "month": months, "detainers": counted[name].astype("int64").to_numpy()})
        for what, name in (("lodged", "size"), ("declined", "sum"))
    ]
    return pd.concat(parts, ignore_index=True)
