"""Frames for the report: people under each rule, side by side.

In: a cohort with the policy in force. Out: small frames that figures and tables take as they are.
"""

from collections.abc import Callable, Sequence

import pandas as pd

from analysis.recidivism.cohort import Cohort
from analysis.recidivism.life_table import life_table, require
from analysis.recidivism.proportions import proportion
from analysis.recidivism.survival import at, cumulative_incidence
from analysis.recidivism.windows import estimands, per_year, window_of
from analysis.sanctuary.contrast import Contrast, read_contrast
from analysis.sanctuary.views import SAYS

RULE = {"limits": "limits", "none": "no rule listed", "requires": "requires", "bans_limits": "bans limits"}
FIRST = {
    "rearrest": "re-arrested first",
    "repeat_detainer": "repeat detainer first",
    "ice_custody": "ICE custody first",
    "removed": "removed first",
    "died": "died first",
}

RATE = ["numerator", "denominator", "estimate", "lower", "upper"]


def contrast_of(
    cohort: Cohort, adjust: Sequence[str] = (), horizon: float = 365, operators: Sequence[str] | None = ("local",)
) -> Contrast:
    """The contrast that ``compare`` makes of a cohort with a policy, to describe it."""
    return read_contrast(cohort, "policy", list(adjust), "policy_cluster", horizon, None, operators)


def _group_of(contrast: Contrast) -> str:
    return (
        "policy"
        if "policy" in contrast.frame
        else next(name for name in contrast.frame if set(contrast.names) <= set(contrast.frame[name].astype("str")))
    )


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


def estimands_by_rule(cohort: Cohort, later: Cohort, horizon: float, level: float = 0.95) -> pd.DataFrame:
    """The three estimands under each policy by the horizon, and the share to whom each other event came first.

    ``cohort`` has policy and policy_cluster, ``later`` is the same people followed through custody and removal. Returns
    estimand (those of ``estimands``, then each competing event that was seen), policy, people, at_risk, events, estimate,
    lower, upper.
    """
    length = window_of(cohort, horizon).length
    asked = [estimands(cohort, length, later, "policy", level=level, cluster="policy_cluster")]
    life = life_table(cohort, by="policy", cluster="policy_cluster")
    rows = cohort.frame
    for cause in cohort.competing:
        if (rows["event"] == cause).any():
            read = at(cumulative_incidence(life, cause, "log-log", level), length)
            asked.append(read.rename(columns={"incidence": "estimate"}).assign(estimand=cause))
    found = pd.concat(asked, ignore_index=True)
    found["people"] = found["policy"].map(rows["policy"].value_counts())
    return found[["estimand", "policy", "people", "at_risk", "events", "estimate", "lower", "upper"]]


def rates_by_rule(cohort: Cohort, horizon: float, level: float = 0.95) -> pd.DataFrame:
    """The event a person-year of follow-up to any first event, by the horizon, under each policy.

    Returns policy, people, numerator (events), denominator (person-years), estimate, lower, upper. The interval is exact
    Poisson and takes people as independent.
    """
    rules = cohort.frame["policy"]
    groups = {name: cohort.where(rules == name) for name in sorted(rules.unique())}
    rates = {name: per_year(part, horizon, level) for name, part in groups.items()}
    return pd.DataFrame(
        [
            {"policy": name, "people": len(groups[name]), **{column: getattr(found, column) for column in RATE}}
            for name, found in rates.items() if found
        ]
    )  # fmt: skip


def by_place(
    contrast: Contrast, least: int, level: float = 0.95, most: int | None = None, name: Callable[[str], str] = str
) -> pd.DataFrame:
    """The share with the event by the horizon in each place, among those followed so long: label, group, numerator, denominator, estimate, lower, upper.

    Places with fewer than ``least`` people are left out, and all but the ``most`` with most people; ordered by label. ``name``
    words a place's code.
    """
    full = contrast.frame["follow_up"].to_numpy() >= contrast.horizon.length
    frame = pd.DataFrame({
        "place": contrast.frame["jurisdiction"].astype("str").to_numpy(), "group": contrast.frame[_group_of(contrast)].astype("str").to_numpy(),
        "hit": contrast.outcome,
    })[full]  # fmt: skip
    return _forest(frame, least, level, most, name)


def declined_by_place(
    detainers: pd.DataFrame, least: int, level: float = 0.95, most: int | None = None, name: Callable[[str], str] = str
) -> pd.DataFrame:
    """The share declined of detainers declined or taken into custody, by place and rule: columns and options of ``by_place``."""
    require(detainers.columns, ["jurisdiction", "policy", "outcome"])
    outcome = detainers["outcome"].astype("str")
    decided = detainers[outcome.isin(["declined", "ice_custody"])]
    frame = pd.DataFrame({
        "place": decided["jurisdiction"].astype("str"), "group": decided["policy"].astype("str"), "hit": decided["outcome"].astype("str") == "declined",
    })  # fmt: skip
    return _forest(frame[frame["place"].str.len() == 5], least, level, most, name)


def _forest(
    frame: pd.DataFrame, least: int, level: float, most: int | None, name: Callable[[str], str]
) -> pd.DataFrame:
    counted = frame.groupby(["place", "group"])["hit"].agg(["sum", "size"]).reset_index()
    counted = counted[counted["size"] >= least].sort_values(["size", "place", "group"], ascending=[False, True, True])
    counted = counted.head(len(counted) if most is None else most)
    found = [proportion(int(k), int(n), level=level) for k, n in zip(counted["sum"], counted["size"], strict=True)]
    out = pd.DataFrame({
        "label": [f"{name(place)}: {RULE.get(group, group)}" for place, group in zip(counted["place"], counted["group"], strict=True)], "group": counted["group"],
        "numerator": counted["sum"].astype("int64"), "denominator": counted["size"], "estimate": [f.estimate for f in found],
        "lower": [f.lower for f in found], "upper": [f.upper for f in found],
    })  # fmt: skip
    return out.sort_values("label", ignore_index=True)  # by no number: that of exact counts would tell of them


def side_by_side(described: pd.DataFrame) -> pd.DataFrame:
    """One row an event: its risk without a rule and under one that limits, their difference with its interval.

    ``described`` holds the rows of ``compare`` of people released, none against limits, with the column event. Events that
    cannot be compared have no row: ``attrs["absent"]`` says why.
    """
    rows, absent = [], {}
    for event, part in described.groupby("event", sort=False):
        risk = part.set_index(part["estimand"].str.replace(r" by .*?(?=,|$)", "", regex=True))
        apart = risk.loc["risk difference"]
        if pd.isna(apart["estimate"]):
            absent[event] = apart["assumes"].removeprefix("cannot be had: ")
            continue
        rows.append({
            "event": event, "no rule listed": risk.loc["risk, none", "estimate"], "limits": risk.loc["risk, limits", "estimate"],
            "difference": apart["estimate"], "lower": apart["lower"], "upper": apart["upper"],
        })  # fmt: skip
    out = pd.DataFrame(rows, columns=["event", "no rule listed", "limits", "difference", "lower", "upper"])
    out.attrs["absent"] = absent
    return out
