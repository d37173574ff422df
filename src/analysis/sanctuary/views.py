"""Frames for the report: what becomes of detainers under each rule, places side by side, answers side by side.

In: detainers or a cohort with the policy in force. Out: small frames that figures and tables take as they are.
"""

from collections.abc import Sequence

import pandas as pd

from analysis.recidivism import inputs
from analysis.recidivism.proportion import proportion
from analysis.sanctuary.adoption import AdoptionEffect, adoption_effect
from analysis.sanctuary.compare import compare
from analysis.sanctuary.contrast import Contrast, read_contrast
from analysis.sanctuary.policy import with_policy

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
FIRST = {
    "rearrest": "re-arrested first",
    "ice_custody": "ICE custody first",
    "removed": "removed first",
    "died": "died first",
}


def flows(detainers: pd.DataFrame) -> pd.DataFrame:
    """What became of detainers under each rule: stage (the rule in words), part (the outcome), count.

    ``detainers`` has ``policy`` and ``outcome``.
    """
    inputs.require(detainers.columns, ["policy", "outcome"])
    frame = pd.DataFrame(
        {"stage": detainers["policy"].astype("str").map(SAYS), "part": detainers["outcome"].astype("str").map(OUTCOMES)}
    )
    order = pd.DataFrame([(s, p) for s in SAYS.values() for p in OUTCOMES.values()], columns=["stage", "part"])
    counted = frame.groupby(["stage", "part"]).size().rename("count").reset_index()
    return order.merge(counted, on=["stage", "part"]).reset_index(drop=True)


def fates(contrast: Contrast) -> pd.DataFrame:
    """What came first by the horizon among those followed so long: stage (group), part, count."""
    full = (
        contrast.frame[contrast.frame["follow_up"].to_numpy() >= contrast.horizon.length]
        if "follow_up" in contrast.frame
        else contrast.frame
    )
    time = full["days"].to_numpy() <= contrast.horizon.length
    part = full["event"].astype("str").map(FIRST).where(time).fillna("none of these")
    frame = pd.DataFrame(
        {"stage": full[_group_of(contrast)].astype("str").map(lambda name: SAYS.get(name, name)), "part": part}
    )
    counted = frame.groupby(["stage", "part"]).size().rename("count").reset_index()
    order = {name: i for i, name in enumerate([*FIRST.values(), "none of these"])}
    return counted.sort_values(
        ["stage", "part"], key=lambda column: column.map(order) if column.name == "part" else column
    ).reset_index(drop=True)


def by_place(contrast: Contrast, least: int, level: float = 0.95) -> pd.DataFrame:
    """The share with the event by the horizon in each place, among those followed so long: label, group, numerator, denominator, estimate, lower, upper.

    Places with fewer than ``least`` people are left out; ordered by estimate.
    """
    full = contrast.frame["follow_up"].to_numpy() >= contrast.horizon.length
    frame = pd.DataFrame({
        "place": contrast.frame["jurisdiction"].astype("str").to_numpy(), "group": contrast.frame[_group_of(contrast)].astype("str").to_numpy(),
        "hit": contrast.outcome,
    })[full]  # fmt: skip
    counted = frame.groupby(["place", "group"])["hit"].agg(["sum", "size"]).reset_index()
    counted = counted[counted["size"] >= least]
    found = [proportion(int(k), int(n), level=level) for k, n in zip(counted["sum"], counted["size"], strict=True)]
    out = pd.DataFrame({
        "label": [f"{place}, {group}" for place, group in zip(counted["place"], counted["group"], strict=True)], "group": counted["group"],
        "numerator": counted["sum"].astype("int64"), "denominator": counted["size"], "estimate": [f.estimate for f in found],
        "lower": [f.lower for f in found], "upper": [f.upper for f in found],
    })  # fmt: skip
    return out.sort_values(["estimate", "label"], ascending=[False, True]).reset_index(drop=True)


def answers(
    cohort: pd.DataFrame, definitions: Sequence[str], primary: str, on: str = "prepared", **options: object
) -> pd.DataFrame:
    """The comparison under every definition of policy: definition before the columns of ``compare``, and primary (True or False).

    ``options`` are those of ``compare``. A definition under which nothing can be compared has one row that says why.
    """
    tables = []
    for definition in definitions:
        try:
            table = compare(with_policy(cohort, definition, on), **options)
        except ValueError as error:
            table = pd.DataFrame(
                [
                    {
                        "estimand": "risk difference",
                        "design": "none",
                        "estimate": float("nan"),
                        "assumes": f"cannot be estimated: {error}",
                    }
                ]
            )
        tables.append(table.assign(definition=definition, primary=definition == primary))
    out = pd.concat(tables, ignore_index=True)
    return out[["definition", "primary", *[name for name in out.columns if name not in ("definition", "primary")]]]


def contrast_of(
    cohort: pd.DataFrame, adjust: Sequence[str] = (), horizon: float = 365, operators: Sequence[str] | None = ("local",)
) -> Contrast:
    """The contrast that ``compare`` makes of a cohort with a policy, to describe it."""
    return read_contrast(cohort, "policy", list(adjust), "policy_cluster", horizon, None, operators)


def _group_of(contrast: Contrast) -> str:
    return (
        "policy"
        if "policy" in contrast.frame
        else next(name for name in contrast.frame if set(contrast.names) <= set(contrast.frame[name].astype("str")))
    )


def three_shares(detainers: pd.DataFrame) -> pd.DataFrame:
    """The share declined over all detainers, over those with an outcome, and over declined plus custody, by rule."""
    outcome = detainers["outcome"].astype("str")
    frame = pd.DataFrame({
        "rule": detainers["policy"].astype("str").map(SAYS), "detainers": 1, "with an outcome": outcome != "unknown",
        "declined": outcome == "declined", "into custody": outcome == "ice_custody",
    })  # fmt: skip
    out = (
        frame.groupby("rule")
        .sum()
        .astype("int64")
        .reindex([name for name in SAYS.values() if (frame["rule"] == name).any()])
        .reset_index()
    )
    out["declined of all"] = out["declined"] / out["detainers"]
    out["of those with an outcome"] = (out["declined"] / out["with an outcome"]).where(out["with an outcome"] > 0)
    decided = out["declined"] + out["into custody"]
    out["of declined and custody"] = (out["declined"] / decided).where(decided > 0)
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
    """The first and the last count of each kind of place, in words; at most what the release rule lets a page show."""
    groups = lodged.groupby("places", sort=False)["detainers"]
    return "; ".join(
        f"{name} {rows.iloc[-1] / rows.iloc[0] - 1:+.0%}"
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


OUTCOME_WORDS = {"detainers": "Detainers lodged", "declined_share": "Share declined", "risk": "Risk of re-arrest"}


def adoption_effects(panel: pd.DataFrame, level: float = 0.95) -> tuple[dict[str, AdoptionEffect], dict[str, str]]:
    """The effect of adoption on each outcome of a panel, and why there is none for the others."""
    found, absent = {}, {}
    for outcome in OUTCOME_WORDS:
        if outcome not in panel:
            continue
        try:
            found[outcome] = adoption_effect(
                panel, outcome, "jurisdiction", "period", "adopted", "not_yet", repealed="repealed", level=level
            )
        except ValueError as error:
            absent[outcome] = str(error).rstrip(".")
    return found, absent


def adoption_table(effects: dict[str, AdoptionEffect]) -> pd.DataFrame:
    """One row an outcome: the overall effect, what it rests on, and the benchmark."""
    return pd.DataFrame([
        {"outcome": OUTCOME_WORDS[name], "estimate": e.overall.estimate, "lower": e.overall.lower, "upper": e.overall.upper, "places": e.units,
         "adopters": e.adopters, "never": e.controls, "pre-trend p": e.pre_trend["p_value"].iloc[-1], "two-way fixed effects (benchmark)": e.benchmark["estimate"]}
        for name, e in effects.items()
    ])  # fmt: skip
