"""Projections beyond what was seen: a set of models, never one number.

Follow-up is cut at a time, each model is fitted to what was seen by then, and projected to a horizon. Models that fit a
short window equally well can differ widely far beyond it: the long term is not identified by the data. All models are location-scale models of the logarithm
of time; in a split one only a share ever has the event.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import gumbel_l, logistic, norm

from analysis.recidivism.life_table import each_stratum, one_cause, require, strata_of

SPLIT = "split "
# of the logarithm of time, standardized, and the slope of the log density
_EXTREME_VALUE = (gumbel_l, lambda z: 1 - np.exp(z))
FAMILIES = {
    "exponential": _EXTREME_VALUE, "weibull": _EXTREME_VALUE, "log-normal": (norm, lambda z: -z),
    "log-logistic": (logistic, lambda z: 1 - 2 * expit(z)),
}  # fmt: skip
MODELS = (*FAMILIES, *(SPLIT + name for name in FAMILIES))
_SAME = 1e-6  # log-likelihoods closer than this are equal
_EXTREME = 30.0  # a location or logit share this far from the data is a maximum at infinity
_SHARES, _SCALES = (0.25, 0.5, 0.75, 0.95), (0.5, 1.0, 2.0)  # where searches may start
_CLIMBS = 3  # and from how many of these they do


def extrapolate(
    life: pd.DataFrame, cause: str | None = None, until: float = 365, horizon: float = 3650,
    models: Iterable[str] = MODELS, share_ever: float | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Fit models to follow-up cut at ``until`` and project them to ``horizon``.

    Sources: Schmidt and Witte (1988), Predicting Recidivism Using Survival Models; Maller and Zhou (1996).

    Parameters
    ----------
    life, cause
        As for ``kaplan_meier``; delayed entry is conditioned on, other causes are censoring, weights weigh.
    until, horizon : float
        In the table's unit, positive and in this order, else ValueError. People followed longer are censored at ``until``.
    models, share_ever : names, and float
        ``exponential`` (a constant hazard), ``weibull``, ``log-normal``, ``log-logistic``, and each with ``split`` before it,
        in which only a share ever has the event, which may be held at a value above 0 and up to 1. The log-likelihoods at
        several values are its profile: shares within 1.92 of the best are not excluded at 95 percent.

    Returns
    -------
    pandas.DataFrame
        ``*by, model, projected, share_ever, log_likelihood, aic, converged, at_boundary``. ``projected`` is
        the share with the event by the horizon. ``at_boundary`` is True where a split model fits best
        with a share of 1, and is then the model without one. Where ``converged`` is False the
        likelihood has no maximum (no event seen by ``until``, say). Densities are those of continuous
        time in the table's unit; an event recorded at time 0 is taken to lie halfway to the
        smallest positive time.

    Examples
    --------
    >>> from analysis import life_table
    >>> life = life_table(pd.DataFrame({"days": [10, 30, 90, 90], "event": ["rearrest", "rearrest", None, None]}))
    >>> extrapolate(life, until=90, horizon=365, models=["exponential"])[["projected", "share_ever"]].round(3)
       projected  share_ever
    0      0.964         1.0
    """
    if not 0 < until <= horizon < np.inf:
        raise ValueError(f"until and horizon must be positive, until not after horizon: found {until!r}, {horizon!r}")
    if share_ever is not None and not 0 < share_ever <= 1:
        raise ValueError(f"share_ever must lie above 0 and up to 1, found {share_ever!r}")
    cause, models = one_cause(cause, strata_of(life)[1]), list(models)
    require(MODELS, models, "model", "the models")

    def fitted(label: tuple, rows: slice) -> list[tuple]:
        data = _cut(life, cause, until, label, rows)
        fits = {model: _fit(data, model, share_ever) for model in models}
        return [(model, fit.cumulative(horizon, model), *astuple(fit)[2:]) for model, fit in fits.items()]

    columns = ["model", "projected", "share_ever", "log_likelihood", "aic", "converged", "at_boundary"]
    return each_stratum(life, columns, fitted, until=until, horizon=horizon, identified=False)


# Follow-up of equal people counted once, as arrays: entry (0 from the start), time above 0, event or not, weight.
_Durations = namedtuple("_Durations", "entry time event weight")


def _cut(life: pd.DataFrame, cause: str, until: float, label: tuple, rows: slice) -> _Durations:
    """A stratum's follow-up, cut at ``until``."""
    (by, causes), cells = strata_of(life), life.attrs.get("cells")
    if cells is None:
        time, kinds = life["time"].to_numpy(dtype=float)[rows], ["censored", *causes]
        time, entry = np.repeat(time, len(kinds)), np.full(len(time) * len(kinds), -np.inf)
        weight = life[kinds].to_numpy(dtype=float)[rows].ravel()
        event = np.resize(np.array(kinds) == cause, len(weight))
    else:
        here = cells.of(by, label)
        time, entry, weight = cells.time[here].astype(float), cells.entry[here], cells.weight[here].astype(float)
        event = cells.cause[here] == causes.index(cause)
    if (time > 0).any():
        time = np.where((time == 0) & event, time[time > 0].min() / 2, time)
    event, time = event & (time <= until), np.minimum(time, until)
    kept = (weight > 0) & (time > 0) & (entry < time)
    return _Durations(np.maximum(entry, 0)[kept], time[kept], event[kept], weight[kept])


@dataclass(frozen=True)
class _Fit:
    """A fitted model: location and scale of log time, the share who ever have the event, and how the fit ended."""

    location: float
    scale: float
    share: float
    log_likelihood: float
    aic: float
    converged: bool
    at_boundary: bool = False

    def cumulative(self, time: float, model: str) -> float:
        """The share with the event by a time; NaN where the fit did not converge."""
        z = (np.log(time) - self.location) / self.scale
        return float(self.share * FAMILIES[model.removeprefix(SPLIT)][0].cdf(z)) if self.converged else np.nan


def _fit(data: _Durations, model: str, share: float | None) -> _Fit:
    """Fit a model by maximum likelihood, a split one with its share or a given one.

    Where no share below 1 is more likely than everyone ever having the event, the maximum is at the
    boundary: the fit is that of the model without a share.
    """
    name, split = model.removeprefix(SPLIT), model.startswith(SPLIT)
    parameters = 1 + (name != "exponential") + split
    if not data.event.any():
        return _Fit(*[np.nan] * 5, converged=False)
    whole = _search(data, name, share if split and share else 1.0, parameters)
    if not split or share:
        return whole
    found = _search(data, name, None, parameters)
    return found if found.log_likelihood > whole.log_likelihood + _SAME else replace(whole, at_boundary=True)


def _search(data: _Durations, name: str, share: float | None, parameters: int) -> _Fit:
    """The highest maximum of the likelihood that is reached from several starts; ``share`` None is free too."""
    (family, slope), free = FAMILIES[name], np.array([True, name != "exponential", share is None])
    weight, event, late = data.weight, data.event, data.entry > 0
    total, dead = weight.sum(), weight[event]
    centre = float(np.average(np.log(data.time), weights=weight))  # so that every problem has the same size
    log_time, log_entry = np.log(data.time) - centre, np.log(data.entry[late]) - centre

    def unpacked(theta: np.ndarray) -> tuple[float, float, float]:
        every = np.array([0.0, 0.0, np.inf if share is None else logit(share)])
        every[free] = theta
        return every[0], np.exp(every[1]), expit(every[2])

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the log-likelihood of log time, per person, and its slopes in location, log scale and logit share."""
        location, scale, ever = unpacked(theta)
        z = (log_time[event] - location) / scale
        value = dead @ (np.log(ever) - np.log(scale) + family.logpdf(z))
        push = dead * slope(z)
        slopes = np.array([-push.sum() / scale, -push @ z - dead.sum(), dead.sum() * (1 - ever)])
        for load, x in ((weight[~event], log_time[~event]), (-weight[late], log_entry)):
            z = (x - location) / scale
            log_free = family.logsf(z)
            if ever < 1:
                log_free = np.log(1 - ever + ever * np.exp(log_free))
            push = load * ever * np.exp(family.logpdf(z) - log_free)
            value += load @ log_free
            slopes += push.sum() / scale, push @ z, (ever - 1) * (load @ np.expm1(-log_free))
        if not np.isfinite(value) or not np.isfinite(slopes).all():
            return 1e300, np.zeros(free.sum())
        return -value / total, -slopes[free] / total

    seen, starts = dead.sum() / total, []
    for ever in _SHARES if share is None else (share,):
        for scale in _SCALES if free[1] else (1.0,):
            location = log_time.max() - scale * family.ppf(np.clip(seen / ever, 0.001, 0.97))
            starts.append(np.array([location, np.log(scale), logit(ever)])[free])
    with np.errstate(all="ignore"):
        starts = sorted(starts, key=lambda theta: loss(theta)[0])[:_CLIMBS]
        found = [minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-7}) for start in starts]
        theta, decrement = _polished(loss, min(found, key=lambda each: each.fun).x)
    extreme = abs(theta[0]) > _EXTREME * max(1.0, np.ptp(log_time)) or np.abs(theta).max() > 1e3
    edge = (share is None and abs(theta[-1]) > _EXTREME) or (free[1] and abs(theta[1]) > _EXTREME / 2)
    location, scale, ever = (float(value) for value in unpacked(theta))
    # a density of time, not of its logarithm
    log_likelihood = float(-loss(theta)[0] * total - dead @ np.log(data.time[event]))
    converged = bool(decrement * total < 1e-6 and not extreme and not edge)
    return _Fit(location + centre, scale, ever, log_likelihood, 2 * parameters - 2 * log_likelihood, converged)


def _polished(loss: Callable, theta: np.ndarray) -> tuple[np.ndarray, float]:
    """Newton steps to full precision, curvature from differences of the slopes, and what the last promised to gain."""
    decrement, h = np.inf, 1e-5
    for _ in range(20):
        value, slopes = loss(theta)
        curvature = np.array([loss(theta + h * unit)[1] - loss(theta - h * unit)[1] for unit in np.eye(len(theta))])
        curvature = (curvature + curvature.T) / (4 * h)
        if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature).min() <= 0:
            break
        step = np.linalg.solve(curvature, slopes)
        decrement = float(slopes @ step)
        if decrement < 1e-15 or loss(theta - step)[0] > value + 1e-9 * abs(value):
            break
        theta = theta - step
    return theta, decrement
