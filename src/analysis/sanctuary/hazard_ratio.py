"""The ratio of hazards between two groups by Cox regression, with errors clustered where policy is set."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import t as student

from analysis.recidivism.cox import cox
from analysis.sanctuary.clustered import ENOUGH
from analysis.sanctuary.contrast import Contrast
from analysis.sanctuary.regression import independent

UNADJUSTED, ADJUSTED = "Cox, unadjusted", "Cox, adjusted"
_ASSUMES = "the ratio of the hazards of the first event is the same at all times; other events end observation, so it is no ratio of risks"


def hazard_ratios(contrast: Contrast, adjust: Sequence[str], level: float) -> list[dict]:
    """Rows for the Cox model without and with the covariates; a row without an estimate says why."""
    return [hazard_ratio(contrast, each, level) for each in ([], adjust)[: 1 + bool(adjust)]]


def hazard_ratio(contrast: Contrast, adjust: Sequence[str], level: float) -> dict:
    """One row: with covariates ``"Cox, adjusted"``, without ``"Cox, unadjusted"``."""
    design = ADJUSTED if adjust else UNADJUSTED
    out = {
        "estimand": "hazard ratio",
        "design": design,
        "estimate": np.nan,
        "lower": np.nan,
        "upper": np.nan,
        "smallest_detectable": np.nan,
    }
    if adjust and contrast.unknown:
        return out | {"assumes": f"cannot be estimated: {contrast.unknown}"}
    counts = [int(contrast.outcome[contrast.group == code].sum()) for code in (0, 1)]
    if min(counts) == 0:
        name = contrast.names[counts.index(0)]
        return out | {"assumes": f"cannot be estimated: nobody in the group {name} had the event by the horizon"}
    frame, terms = _frame(contrast, bool(adjust))
    try:
        fit = cox(frame, " + ".join(terms), cluster="cluster_")
    except ValueError as error:
        return out | {"assumes": f"cannot be estimated: {error}"}
    row = fit.table.iloc[0]
    if "group_" in fit.infinite or not np.isfinite(row["coef"]):
        return out | {"assumes": "cannot be estimated: the covariates tell the groups apart completely"}
    out["estimate"] = float(row["hazard_ratio"])
    if min(contrast.sides) < 2:
        return out | {"assumes": f"{_ASSUMES}; no interval: one cluster on a side shows no variation between clusters"}
    clusters = len(np.unique(contrast.cluster))
    se = float(row["se"]) * np.sqrt(clusters / (clusters - 1))
    freedom = min(contrast.sides) - 1
    tail, power = student.isf((1 - level) / 2, freedom), student.isf(0.2, freedom)
    out |= {
        "lower": float(np.exp(row["coef"] - tail * se)), "upper": float(np.exp(row["coef"] + tail * se)),
        "smallest_detectable": float(np.exp((tail + power) * se)),
    }  # fmt: skip
    few = "" if clusters >= ENOUGH else ": too narrow with so few, and not bootstrapped"
    return out | {"assumes": f"{_ASSUMES}; sandwich over {clusters} clusters, t with {freedom} degrees of freedom{few}"}


def _frame(contrast: Contrast, adjusted: bool) -> tuple[pd.DataFrame, list[str]]:
    """Rows followed to the horizon at most, with the group first and the covariates that add anything beside it."""
    horizon = contrast.horizon.length
    frame = pd.DataFrame({
        "days": np.minimum(contrast.time, horizon), "event": contrast.outcome == 1, "group_": contrast.group.astype(float),
        "cluster_": contrast.cluster,
    })  # fmt: skip
    terms = ["group_"]
    if adjusted:
        matrix = np.column_stack([contrast.matrix[:, 0], contrast.group, contrast.matrix[:, 1:]])
        for column in independent(matrix):
            if column > 1:
                frame[f"x{column}_"] = matrix[:, column]
                terms.append(f"x{column}_")
    return frame, terms
