"""Projections beyond what was seen: a set of models, never one number.

Follow-up is cut at a time, each model is fitted to what was seen by then, and projected to a horizon.
Models that fit a short window equally well can differ widely far beyond it: the long term is not
identified by the data. The profile likelihood of the share who ever have the event says how little is.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.recidivism import inputs
from analysis.recidivism.parametric import MODELS, SPLIT, Durations, fit, fit_share
from analysis.recidivism.strata import label_columns, strata_of, strata_slices, stratum_number

PROFILED = ("weibull", "log-normal", "log-logistic", "exponential")


def extrapolate(
    life: pd.DataFrame,
    cause: str | None = None,
    until: float = 365,
    horizon: float = 3650,
    models: Iterable[str] = MODELS,
) -> pd.DataFrame:
    """Fit models to follow-up cut at ``until`` and project them to ``horizon``.

    Parameters
    ----------
    life : pandas.DataFrame
        A life table; delayed entry is conditioned on, other causes are censoring, weights weigh.
    cause : str
        A cause of the table; may be left out where there is only one.
    until, horizon : float
        In the table's unit. People followed longer are censored at ``until``.
    models : names
        ``exponential`` (a constant hazard), ``weibull``, ``log-normal``, ``log-logistic``, and each with
        ``split`` before it, in which only a share ever has the event.

    Returns
    -------
    pandas.DataFrame
        ``*by, model, projected, share_ever, log_likelihood, aic, converged, at_boundary``. ``projected`` is
        the share with the event by the horizon. ``at_boundary`` is True where a split model fits best
        with a share of 1, and is then the model without one. Where ``converged`` is False the
        likelihood has no maximum (no event seen by ``until``, say). Densities are those of continuous
        time in the table's unit; an event recorded at time 0 is taken to lie halfway to the
        smallest positive time.

    Raises
    ------
    KeyError, ValueError
        An unknown cause or model, a time that is not positive, a horizon before ``until``.

    References
    ----------
    Schmidt and Witte (1988), Predicting Recidivism Using Survival Models; Maller and Zhou (1996),
    Survival Analysis with Long-Term Survivors.
    """
    if not 0 < until <= horizon < np.inf:
        raise ValueError(f"until and horizon must be positive, until not after horizon: found {until!r}, {horizon!r}")
    models = list(models)
    inputs.require(MODELS, models, "model", "the models")
    rows = []
    by, strata = _durations(life, cause, until)
    for label, data in strata:
        for model in models:
            found = fit(data, model)
            rows.append(
                (*label, model, found.cumulative(horizon), found.share, found.log_likelihood, found.aic,
                 found.converged, found.at_boundary)
            )  # fmt: skip
    columns = [*by, "model", "projected", "share_ever", "log_likelihood", "aic", "converged", "at_boundary"]
    out = label_columns(pd.DataFrame(rows, columns=columns), by, life)
    out.attrs = {**life.attrs, "until": until, "horizon": horizon, "identified": False}
    return out


def profile_share(
    life: pd.DataFrame,
    cause: str | None = None,
    until: float = 365,
    horizon: float = 3650,
    model: str = "weibull",
    shares: Iterable[float] | None = None,
) -> pd.DataFrame:
    """The profile likelihood of the share who ever have the event.

    Parameters
    ----------
    life, cause, until, horizon
        As for ``extrapolate``.
    model : str
        The distribution of the waiting time of those who ever have the event.
    shares : numbers
        Shares to hold fixed, above 0 and up to 1; by default .05 to 1 in steps of .05.

    Returns
    -------
    pandas.DataFrame
        ``*by, model, share_ever, log_likelihood, below_best, projected, converged``; ``below_best`` is how far
        the log-likelihood lies under the highest of the shares given. Shares within 1.92 of the best are not
        excluded at 95 percent.
    """
    model = model.removeprefix(SPLIT)
    inputs.require(PROFILED, [model], "model", "the models")
    grid = np.linspace(0.05, 1, 20) if shares is None else np.asarray(list(shares), dtype=float)
    if not len(grid) or not ((grid > 0) & (grid <= 1)).all():
        raise ValueError("shares must lie above 0 and up to 1")
    rows = []
    by, strata = _durations(life, cause, until)
    for label, data in strata:
        if not data.event.any():
            rows += [(*label, model, share, np.nan, np.nan, np.nan, False) for share in grid]
            continue
        fits = [fit_share(data, model, share) for share in grid]
        best = max(each.log_likelihood for each in fits)
        rows += [
            (*label, model, each.share, each.log_likelihood, best - each.log_likelihood, each.cumulative(horizon),
             each.converged)
            for each in fits
        ]  # fmt: skip
    columns = [*by, "model", "share_ever", "log_likelihood", "below_best", "projected", "converged"]
    out = label_columns(pd.DataFrame(rows, columns=columns), by, life)
    out.attrs = {**life.attrs, "until": until, "horizon": horizon}
    return out


def _durations(life: pd.DataFrame, cause: str | None, until: float) -> tuple[list[str], list[tuple[tuple, Durations]]]:
    """Each stratum's follow-up, cut at ``until``."""
    by, causes = strata_of(life)
    cause = inputs.one_cause(cause, causes)
    cells = life.attrs.get("cells")
    out = []
    for label, rows in strata_slices(life, by):
        if cells is None:
            block = life.iloc[rows]
            time = block["time"].to_numpy(dtype=float)
            d = block[cause].to_numpy(dtype=float)
            others = block[["censored", *causes]].to_numpy(dtype=float).sum(axis=1) - d
            time, event = np.tile(time, 2), np.repeat([True, False], len(time))
            entry, weight = np.full(len(time), -np.inf), np.concatenate([d, others])
        else:
            here = cells.stratum == stratum_number(cells, by, label)
            time, entry, weight = cells.time[here].astype(float), cells.entry[here], cells.weight[here]
            event = cells.cause[here] == causes.index(cause)
        out.append((label, _cut(time, entry, event, weight, until)))
    return by, out


def _cut(time: np.ndarray, entry: np.ndarray, event: np.ndarray, weight: np.ndarray, until: float) -> Durations:
    positive = time[time > 0]
    if len(positive):
        time = np.where((time == 0) & event, positive.min() / 2, time)
    event, time = event & (time <= until), np.minimum(time, until)
    kept = (weight > 0) & (time > 0) & (entry < time)
    return Durations(np.maximum(entry, 0)[kept], time[kept], event[kept], weight[kept])
