"""What is seen among the released under each policy: risks and restricted means, described and not compared as causes."""

import numpy as np
import pandas as pd

from analysis.recidivism.life_table import life_table, strata_slices
from analysis.recidivism.survival import area_under, quantile_of_level
from analysis.sanctuary.adjusted import unadjusted
from analysis.sanctuary.clustered import uncertainty
from analysis.sanctuary.contrast import Contrast
from analysis.sanctuary.designs import data_of, nothing_to_compare

DESIGN = "descriptive"
WHY = "no causal reading: who is released is decided by the policy itself, so the two groups of released people are not alike"


def rows(contrast: Contrast, level: float) -> list[dict]:
    """The risk in each group by the horizon, their difference, and the difference in mean days without the event."""

    nothing = {"design": DESIGN, "estimate": np.nan, "lower": np.nan, "upper": np.nan, "smallest_detectable": np.nan}
    by = f"by {contrast.horizon.rule}"
    if because := nothing_to_compare(contrast):
        return [{**nothing, "estimand": f"risk difference {by}", "assumes": f"cannot be had: {because}"}]
    data = data_of(contrast)
    arms = [unadjusted(data, code) for code in (0, 1)]
    out = [
        {**nothing, "estimand": f"risk {by}, {name}", "estimate": arm.mean, "assumes": WHY}
        | _limits(contrast, code, arm, level)
        for code, (name, arm) in enumerate(zip(contrast.names, arms, strict=True))
    ]
    spread = uncertainty(arms[1], arms[0], float(contrast.group.mean()), contrast.cluster, contrast.sides, level)
    out.append({
        **nothing, "estimand": f"risk difference {by}", "estimate": arms[1].mean - arms[0].mean, "lower": spread.lower,
        "upper": spread.upper, "smallest_detectable": spread.smallest, "assumes": f"{WHY}; {spread.method}",
    })  # fmt: skip
    return [*out, {**nothing, **_mean_days(contrast, level)}]


def _limits(contrast: Contrast, code: int, arm, level: float) -> dict:
    """The interval of one group's risk, clustered, on the log scale."""
    from scipy.stats import t as student

    clusters = contrast.sides[code]
    if clusters < 2 or not arm.mean > 0:
        return {}
    sums = np.bincount(contrast.cluster, weights=arm.influence)
    se = np.sqrt(clusters / (clusters - 1) * (sums @ sums)) / len(contrast.cluster)
    half = student.isf((1 - level) / 2, clusters - 1) * se / arm.mean
    return {"lower": float(arm.mean * np.exp(-half)), "upper": float(min(arm.mean * np.exp(half), 1.0))}


def _mean_days(contrast: Contrast, level: float) -> dict:
    """Restricted mean time without the event, other events taken as censoring, group 1 less group 0."""
    estimand = f"difference in mean {contrast.frame.attrs.get('time_unit', 'day')}s without the event within {contrast.horizon.rule}"
    event = pd.Series(np.where(contrast.outcome == 1, contrast.cause, None), dtype="object")
    data = pd.DataFrame({"days": contrast.time, "event": event, "group_": contrast.group, "cluster_": contrast.cluster})
    end = contrast.horizon.length
    try:
        life = life_table(data, by="group_", entry=None, cluster="cluster_")
        means = [area_under(life, contrast.cause, end, *each) for each in strata_slices(life, ["group_"])]
    except ValueError as error:
        return {"estimand": estimand, "assumes": f"cannot be had: {error}"}
    known = dict.fromkeys(("estimate", "lower", "upper"), np.nan)
    if len(means) == 2:
        (first, se_1, influence_1), (second, se_2, influence_2) = means
        apart = influence_1 is None or influence_2 is None  # else clusters in both groups are taken together
        se = np.hypot(se_1, se_2) if apart else np.linalg.norm(influence_2 - influence_1)
        half = quantile_of_level(level) * float(se) if min(contrast.sides) > 1 else np.nan
        known = {"estimate": second - first, "lower": second - first - half, "upper": second - first + half}
    return {"estimand": estimand, **known, "assumes": f"{WHY}; other events end observation"}
