"""Are the two groups alike? Means of covariates before and after weighting, and how much weighting costs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.recidivism.cohort import Cohort
from analysis.sanctuary.adjusted import propensity
from analysis.sanctuary.contrast import read_contrast
from analysis.sanctuary.designs import TRIM, data_of, nothing_to_compare, trimmed


def balance(
    cohort: Cohort,
    group: str = "policy",
    adjust: Sequence[str] = (),
    cluster: str | None = None,
    horizon: float = 365,
    contrast: tuple[str, str] | None = None,
    operators: Sequence[str] | None = ("local",),
    trim: float = TRIM,
) -> pd.DataFrame:
    """Standardized differences of the covariates between two groups, before and after weighting by the propensity.

    Parameters
    ----------
    cohort, group, adjust, cluster, horizon, contrast, operators, trim
        As for ``compare``. Each level of a category has a row, the first included.

    Returns
    -------
    pandas.DataFrame
        covariate, mean_0, mean_1 (a level's share), difference_before, difference_after: difference of means, group 1
        less group 0, divided by the pooled standard deviation before weighting; a tenth is a common mark. Missing after
        where nobody has a counterpart. ``attrs``: names, rows and effective (group 0, group 1: how many equally weighted
        rows would do as well), trimmed, strata (set aside), overlap (lowest and highest propensity).

    References
    ----------
    Austin (2009), Statistics in Medicine 28: 3083-3107; Kish (1965) for the effective sample size.
    """
    read = read_contrast(cohort, group, list(adjust), cluster, horizon, contrast, operators)
    kept, strata, overlap = trimmed(read, list(adjust), TRIM if trim is None else trim)
    rows = [int((read.group == code).sum()) for code in (0, 1)]
    before = _means(_indicators(read.frame, adjust, read), read.group, np.ones(len(read.group)))
    scale = np.sqrt((before["variance_0"] + before["variance_1"]) / 2)
    out = before[["covariate", "mean_0", "mean_1"]].assign(
        difference_before=_standardized(before, scale), difference_after=np.nan
    )
    effective = (np.nan, np.nan)
    if not _one_sided(kept.group):
        score = propensity(data_of(kept)).fitted
        weight = np.where(kept.group == 1, 1 / score, 1 / (1 - score))
        after = _means(_indicators(kept.frame, adjust, kept, list(before["covariate"])), kept.group, weight)
        out["difference_after"] = _standardized(after, scale)
        effective = tuple(
            float(weight[kept.group == c].sum() ** 2 / (weight[kept.group == c] ** 2).sum()) for c in (0, 1)
        )
    out.attrs = {
        "names": read.names, "rows": tuple(rows), "effective": effective, "trimmed": len(read.group) - len(kept.group),
        "strata": strata, "overlap": overlap, "because": read.unknown or nothing_to_compare(kept),
    }  # fmt: skip
    return out


def _one_sided(group: np.ndarray) -> bool:
    return not 0 < group.sum() < len(group)


def _indicators(frame: pd.DataFrame, adjust: Sequence[str], read, names: list[str] | None = None) -> pd.DataFrame:
    """Numbers as they are, a column of 0 and 1 for every level of a category, coded terms of a formula."""
    columns = {}
    for term in adjust:
        if term not in frame:
            place = [i for i, name in enumerate(read.columns) if name == term or term in name]
            columns |= {read.columns[i]: read.matrix[:, i] for i in place}
        elif pd.api.types.is_numeric_dtype(frame[term]):
            columns[term] = frame[term].to_numpy(float)
        else:
            text = frame[term].astype("str").fillna("(missing)")
            columns |= {f"{term}: {level}": (text == level).to_numpy(float) for level in sorted(text.unique())}
    found = pd.DataFrame(columns, index=frame.index)
    return found if names is None else found.reindex(columns=names, fill_value=0.0)


def _means(values: pd.DataFrame, group: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    out = {"covariate": list(values.columns)}
    matrix = values.to_numpy(float)
    for code in (0, 1):
        load = np.where(group == code, weight, 0.0)
        total = load.sum()
        mean = load @ matrix / total if total else np.full(matrix.shape[1], np.nan)
        variance = load @ (matrix - mean) ** 2 / total if total else np.nan
        if total and (k := rounding.step()) and (weight == 1).all():  # a level's share is that of rounded counts
            level = np.isin(matrix, (0, 1)).all(axis=0)
            mean = np.where(level, rounding.midpoint(np.round(load @ matrix), k) / rounding.midpoint(total, k), mean)
            variance = np.where(level, mean * (1 - mean), variance)
        out[f"mean_{code}"], out[f"variance_{code}"] = mean, variance
    return pd.DataFrame(out)


def _standardized(means: pd.DataFrame, scale: pd.Series) -> pd.Series:
    gap = means["mean_1"] - means["mean_0"]
    return (
        (gap / scale.where(scale > 0))
        .where(scale > 0, gap.where(gap != 0, 0.0) * np.nan)
        .mask((scale == 0) & (gap == 0), 0.0)
    )
