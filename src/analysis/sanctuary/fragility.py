"""How fragile a comparison is: without each place in turn, with the worst for people lost, with re-arrests that no one could see."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.recidivism.cohort import Cohort
from analysis.recidivism.proportions import proportion
from analysis.recidivism.survival import quantile_of_level
from analysis.sanctuary.adjusted import unadjusted
from analysis.sanctuary.contrast import Contrast, read_contrast
from analysis.sanctuary.designs import DOUBLY_ROBUST, TRIM, UNADJUSTED, data_of, nothing_to_compare, results
from analysis.sanctuary.sensitivity import imbens_manski

TAKEN = ("ice_custody", "removed")


def leave_one_out(
    cohort: Cohort,
    place: str = "jurisdiction",
    group: str = "policy",
    adjust: Sequence[str] = (),
    cluster: str | None = "policy_cluster",
    horizon: float = 365,
    contrast: tuple[str, str] | None = None,
    operators: Sequence[str] | None = ("local",),
    level: float = 0.95,
    most: int | None = None,
) -> pd.DataFrame:
    """The comparison again without each place in turn.

    Parameters are those of ``compare``; ``place`` names the column whose values are left out one at a
    time, ``most`` how many of them, those with most rows.

    Returns
    -------
    pandas.DataFrame
        left_out (first row: "nobody"), rows (left), estimate, lower, upper, because (why there is none), ordered by
        estimate; doubly robust where there are covariates, else unadjusted.
    """
    read = read_contrast(cohort, group, list(adjust), cluster, horizon, contrast, operators)
    where = read.frame[place].astype("str").to_numpy()
    size = (
        pd.Series(where)
        .value_counts()
        .rename_axis("place")
        .reset_index()
        .sort_values(["count", "place"], ascending=[False, True])
    )
    chosen = sorted(size["place"].head(len(size) if most is None else most))
    found = []
    for name in ["nobody", *chosen]:
        kept = read if name == "nobody" else read.rows(where != name, "left out")
        design = results(kept, list(adjust), level, TRIM, only=[DOUBLY_ROBUST if adjust else UNADJUSTED])[0]
        spread = design.uncertainty
        limits = (np.nan, np.nan) if spread is None else (spread.lower, spread.upper)
        found.append((name, len(kept.group), design.difference, *limits, design.because))
    table = pd.DataFrame(found, columns=["left_out", "rows", "estimate", "lower", "upper", "because"])
    return pd.concat([table.iloc[:1], table.iloc[1:].sort_values(["estimate", "left_out"])], ignore_index=True)


def worst_case(
    cohort: Cohort,
    group: str = "policy",
    cluster: str | None = "policy_cluster",
    horizon: float = 365,
    contrast: tuple[str, str] | None = None,
    operators: Sequence[str] | None = ("local",),
    level: float = 0.95,
) -> pd.DataFrame:
    """Bounds of each group's risk and of their difference, if nobody or everybody lost to follow-up had the event.

    Parameters are those of ``compare``; no assumption is made on why people were lost.

    Returns
    -------
    pandas.DataFrame
        what (a group, "difference"), people, lost, lower, upper, ci_lower, ci_upper: Imbens-Manski limits with errors
        clustered as the comparison's, missing with one cluster on a side. The difference is least where everybody lost in
        group 0 and nobody in group 1 had the event.

    References
    ----------
    Manski (1990); Imbens and Manski (2004), Econometrica 72: 1845-1857.
    """
    read = read_contrast(cohort, group, [], cluster, horizon, contrast, operators)
    if because := nothing_to_compare(read):
        raise ValueError(f"no bounds: {because}")
    lost = (read.time < read.horizon.length) & ~read.event
    arms = {
        (code, all_had): _plain_mean(read.outcome + lost * all_had, read.group == code, level)
        for code in (0, 1)
        for all_had in (0, 1)
    }
    rows = [
        (
            read.names[code],
            int((read.group == code).sum()),
            int(lost[read.group == code].sum()),
            arms[code, 0],
            arms[code, 1],
            code,
        )
        for code in (0, 1)
    ]
    pairs = [(arms[1, a], arms[0, 1 - a]) for a in (0, 1)]
    gaps = [(one[0] - none[0], one[1] - none[1], np.hypot(one[2], none[2])) for one, none in pairs]
    rows.append(("difference", len(read.group), int(lost.sum()), *gaps, None))
    out = []
    for what, people, missing, low, high, code in rows:
        few = min(read.sides) if code is None else read.sides[code]
        clusters = len(read.cluster_labels) if code is None else few
        errors = [np.hypot(_clustered_error(each, read.cluster, clusters), unseen) for _, each, unseen in (low, high)]
        limits = imbens_manski(low[0], high[0], *errors, level) if few > 1 else (np.nan, np.nan)
        floor = -1.0 if code is None else 0.0
        out.append((what, people, missing, low[0], high[0], *np.clip(limits, floor, 1.0)))
    return pd.DataFrame(out, columns=["what", "people", "lost", "lower", "upper", "ci_lower", "ci_upper"])


def _plain_mean(outcome: np.ndarray, side: np.ndarray, level: float) -> tuple[float, np.ndarray, float]:
    """A group's mean, what each row contributes to its error, and the error where all are alike and rows show none.

    Nobody (or everybody) with the event does not make the risk certain: Clopper and Pearson's limit says how far off it may be.
    """
    k, n = round(outcome[side].sum()), int(side.sum())
    limits = proportion(k, n, "exact", level)
    unseen = (limits.upper - limits.lower) / quantile_of_level(level) if k in (0, n) else 0.0
    return k / n, np.where(side, (outcome - k / n) / n, 0.0), unseen


def _clustered_error(each: np.ndarray, cluster: np.ndarray, clusters: int) -> float:
    sums = np.bincount(cluster, weights=each)
    return float(np.sqrt(clusters / max(clusters - 1, 1) * (sums @ sums)))


def tipping_point(
    cohort: Cohort,
    group: str = "policy",
    cluster: str | None = "policy_cluster",
    horizon: float = 365,
    contrast: tuple[str, str] | None = None,
    operators: Sequence[str] | None = ("local",),
    taken: Sequence[str] = TAKEN,
    level: float = 0.95,
) -> pd.DataFrame:
    """How many of the people taken into custody or removed must have been arrested unseen for the difference to vanish.

    Someone who was removed is out of reach of the records: an arrest after return, or abroad, is not seen. Add to each
    group's risk a share of those taken first, and ask at which share the two risks meet.

    Parameters
    ----------
    cohort, group, cluster, horizon, contrast, operators
        As for ``compare``; unadjusted risks.
    taken : labels
        Events after which an arrest may go unseen.

    Returns
    -------
    pandas.DataFrame
        One row an assumption (in both groups alike; in one group only): assumption, taken_0, taken_1 (shares taken
        first, by the horizon), difference (of risks), share: the share of those taken that would have to have been
        arrested unseen. Missing where no share between 0 and 1 would do.
    """
    read = read_contrast(cohort, group, [], cluster, horizon, contrast, operators)
    if because := nothing_to_compare(read):
        raise ValueError(f"no tipping point: {because}")
    label = read.frame["event"].astype("str").isin(list(taken)).to_numpy() & (read.time <= read.horizon.length)
    risks, shares = (
        [unadjusted(data_of(read if y is None else _outcome(read, y)), code).mean for code in (0, 1)]
        for y in (None, label)
    )
    gap = risks[1] - risks[0]
    ways = {
        "in both groups alike": (gap, shares[0] - shares[1]),
        f"in the group {read.names[0]} only": (gap, shares[0]),
        f"in the group {read.names[1]} only": (-gap, shares[1]),
    }
    rows = []
    for said, (needed, reach) in ways.items():
        share = needed / reach if reach != 0 else np.nan
        rows.append((said, *shares, gap, share if 0 <= share <= 1 else np.nan))
    return pd.DataFrame(rows, columns=["assumption", "taken_0", "taken_1", "difference", "share"])


def _outcome(read: Contrast, outcome: np.ndarray) -> Contrast:
    return replace(read, outcome=outcome.astype(float))
