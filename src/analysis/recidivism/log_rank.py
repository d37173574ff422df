"""The log-rank test: do the curves of two or more groups differ at all?"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from analysis.recidivism import inputs
from analysis.recidivism.strata import strata_of, strata_slices, stratum_number


@dataclass(frozen=True)
class LogRank:
    """The test's statistic, degrees of freedom and p-value, with observed and expected events by group."""

    statistic: float
    df: int
    p_value: float
    table: pd.DataFrame


def log_rank(life: pd.DataFrame, cause: str | None = None, strata: str | Iterable[str] | None = None) -> LogRank:
    """Log-rank test between the levels of a life table's by columns.

    Parameters
    ----------
    life : pandas.DataFrame
        A life table of counts, with delayed entry or without.
    cause : str
        The event; other causes are taken as censoring, so that hazards of this cause are compared.
    strata : column or columns
        By columns within which the others are compared; their levels themselves are not.

    Returns
    -------
    LogRank
        ``.statistic .df .p_value`` and ``.table`` (groups, n, observed, expected).

    Raises
    ------
    ValueError
        Fewer than two groups; a weighted or clustered table, for which the test does not hold (use
        ``cox`` with ``weight`` or ``cluster``).

    References
    ----------
    Peto and Peto (1972); Kalbfleisch and Prentice (2002), section 1.5; ``survdiff`` of R's survival.
    """
    by, causes = strata_of(life)
    cause = inputs.one_cause(cause, causes)
    strata = inputs.names(strata)
    inputs.require(by, strata, "stratum", "the by columns")
    groups = [name for name in by if name not in strata]
    cells = life.attrs.get("cells")
    if cells is not None and cells.robust:
        raise ValueError("the log-rank test holds for counts: for weights or clusters use cox(..., weight=, cluster=)")
    grouped = life.groupby(groups, observed=True, sort=True) if groups else None
    if grouped is None or grouped.ngroups < 2:
        raise ValueError("the log-rank test needs two or more groups: count the life table by what is compared")
    code, size = grouped.ngroup().to_numpy(), grouped.ngroups
    observed, expected, variance = np.zeros(size), np.zeros(size), np.zeros((size, size))
    for layer in _layers(life, by, strata, code):
        found = _compare(layer, life, by, cause, size)
        observed, expected, variance = observed + found[0], expected + found[1], variance + found[2]
    used = expected > 0
    gap, inverse = (observed - expected)[used][:-1], np.linalg.pinv(variance[np.ix_(used, used)][:-1, :-1])
    df = int(used.sum()) - 1
    statistic = float(gap @ inverse @ gap) if df > 0 else 0.0
    leaving = life[["censored", *causes]].to_numpy().sum(axis=1)  # everyone leaves exactly once
    n = np.bincount(code, weights=leaving, minlength=size).astype(np.int64)
    table = grouped[[cause]].sum().reset_index()[groups].assign(n=n, observed=observed, expected=expected)
    return LogRank(statistic, df, float(chdtrc(df, statistic)) if df > 0 else np.nan, table)


def _layers(life: pd.DataFrame, by: list[str], strata: list[str], code: np.ndarray) -> list[list[tuple]]:
    """The groups of each stratum of the test, as (group, labels, rows)."""
    layers: dict[tuple, list[tuple]] = {}
    for label, rows in strata_slices(life, by):
        key = tuple(value for name, value in zip(by, label, strict=True) if name in strata)
        layers.setdefault(key, []).append((code[rows.start], label, rows))
    return list(layers.values())


def _compare(
    layer: list[tuple], life: pd.DataFrame, by: list[str], cause: str, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observed and expected events by group and their hypergeometric covariance, within one stratum."""
    time, d = life["time"].to_numpy(dtype=float), life[cause].to_numpy(dtype=float)
    events = np.unique(np.concatenate([time[rows][d[rows] > 0] for _, _, rows in layer]))
    n, deaths = np.zeros((len(events), size)), np.zeros((len(events), size))
    for group, label, rows in layer:
        n[:, group] = _at_risk(life, by, label, rows, events)
        seen = d[rows] > 0
        deaths[np.searchsorted(events, time[rows][seen]), group] = d[rows][seen]
    total, dead = n.sum(axis=1), deaths.sum(axis=1)
    share = n / total[:, None]
    spread = np.divide(dead * (total - dead), total - 1, out=np.zeros(len(total)), where=total > 1)
    variance = np.diag((spread[:, None] * share).sum(axis=0)) - (share * spread[:, None]).T @ share
    return deaths.sum(axis=0), (share * dead[:, None]).sum(axis=0), variance


def _at_risk(life: pd.DataFrame, by: list[str], label: tuple, rows: slice, events: np.ndarray) -> np.ndarray:
    """At risk in one group at each event time of any group."""
    if (cells := life.attrs.get("cells")) is not None:
        return cells.at_risk(stratum_number(cells, by, label), events)
    following = np.searchsorted(life["time"].to_numpy()[rows], events, side="left")
    return np.concatenate([life["at_risk"].to_numpy()[rows], [0]])[following]
