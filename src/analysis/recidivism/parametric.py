"""Parametric models of a waiting time, with and without a share who never have the event.

All are location-scale models of the logarithm of time, fitted by maximum likelihood to a life table.
A split-population model lets only a share ever have the event (Schmidt and Witte 1988).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from analysis.recidivism.distributions import FAMILIES

SPLIT = "split "
DISTRIBUTIONS = ("exponential", "weibull", "log-normal", "log-logistic")
MODELS = (*DISTRIBUTIONS, *(SPLIT + name for name in DISTRIBUTIONS))
_SAME = 1e-6  # log-likelihoods closer than this are equal
_EXTREME = 30.0  # a location or log scale this far from the data is a maximum at infinity
_STARTING_SHARES = (0.25, 0.5, 0.75, 0.95)
_STARTING_SCALES = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Durations:
    """Follow-up of equal people counted once: entry (0 from the start), time above 0, event or not, weight."""

    entry: np.ndarray
    time: np.ndarray
    event: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Fit:
    """A fitted model: location and scale of log time, the share who ever have the event, and how the fit ended."""

    model: str
    location: float
    scale: float
    share: float
    log_likelihood: float
    parameters: int
    converged: bool
    at_boundary: bool

    @property
    def aic(self) -> float:
        """Akaike's criterion; a share at its boundary still counts as a parameter."""
        return 2 * self.parameters - 2 * self.log_likelihood

    def cumulative(self, time: float) -> float:
        """The share with the event by a time; NaN where the fit did not converge."""
        if not self.converged:
            return np.nan
        z = (np.log(time) - self.location) / self.scale
        return float(self.share * -np.expm1(FAMILIES[_family(self.model)].log_survival(z)))


def _family(model: str) -> str:
    name = model.removeprefix(SPLIT)
    return "weibull" if name == "exponential" else name


def fit(data: Durations, model: str) -> Fit:
    """Fit one model by maximum likelihood, a split one from several starting points.

    Where no share below 1 is more likely than everyone ever having the event, the maximum is at the
    boundary: the fit is that of the model without a share, and ``at_boundary`` is True. ``converged``
    is False where the likelihood has no maximum (no event, or one distinct event time).
    """
    if model not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, found {model!r}")
    name = model.removeprefix(SPLIT)
    split, free_scale = model.startswith(SPLIT), name != "exponential"
    parameters = 1 + free_scale + split
    events = data.event & (data.weight > 0)
    if not events.any():
        return Fit(model, np.nan, np.nan, np.nan, np.nan, parameters, False, False)
    whole = _best(_Problem(data, _family(model), free_scale, None))
    if not split:
        return Fit(model, *whole[:2], 1.0, whole[3], parameters, whole[4], False)
    location, scale, share, log_likelihood, converged = _best(_Problem(data, _family(model), free_scale, "free"))
    if log_likelihood <= whole[3] + _SAME:
        return Fit(model, *whole[:2], 1.0, whole[3], parameters, whole[4], True)
    return Fit(model, location, scale, share, log_likelihood, parameters, converged, False)


def fit_share(data: Durations, model: str, share: float) -> Fit:
    """Fit a model in which a given share ever has the event: a point of the share's profile likelihood."""
    name = model.removeprefix(SPLIT)
    problem = _Problem(data, _family(model), name != "exponential", share)
    location, scale, _, log_likelihood, converged = _best(problem)
    return Fit(SPLIT + name, location, scale, share, log_likelihood, 1 + (name != "exponential"), converged, False)


class _Problem:
    """The log-likelihood of one family and its gradient, in location, log scale and logit share."""

    def __init__(self, data: Durations, family: str, free_scale: bool, share: float | str | None) -> None:
        self.family, self.free_scale = FAMILIES[family], free_scale
        self.free_share = share == "free"
        self.fixed_share = 1.0 if share is None or self.free_share else float(share)
        # centred on the data, so that every problem has the same size
        self.centre = float(np.average(np.log(data.time), weights=data.weight))
        self.log_time = np.log(data.time) - self.centre
        self.event, self.weight = data.event, data.weight.astype(float)
        late = data.entry > 0
        self.late_weight, self.log_entry = self.weight[late], np.log(data.entry[late]) - self.centre
        # densities are in units of time, not of log time
        self.jacobian = float(self.weight[self.event] @ np.log(data.time[self.event]))

    def unpack(self, theta: np.ndarray) -> tuple[float, float, float]:
        """Location, scale and share at these parameters."""
        scale = float(np.exp(theta[1])) if self.free_scale else 1.0
        share = float(expit(theta[-1])) if self.free_share else self.fixed_share
        return float(theta[0]), scale, share

    def loss(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the log-likelihood, and its gradient."""
        location, scale, share = self.unpack(theta)
        z = (self.log_time - location) / scale
        w, f = self.weight, self.family
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            dead, d = w[self.event], z[self.event]
            value = dead @ (np.log(share) - np.log(scale) + f.log_density(d))
            slope, shift = f.density_slope(d), np.zeros(3)
            shift += (-(dead @ slope) / scale, -(dead @ (slope * d)) - dead.sum(), dead.sum() * (1 - share))
            parts = (
                (w[~self.event], z[~self.event], 1.0),
                (self.late_weight, (self.log_entry - location) / scale, -1.0),
            )
            for weight, at, sign in parts:
                log_free, push, away = self._free(at, share)
                value += sign * (weight @ log_free)
                shift += sign * np.array([weight @ push / scale, weight @ (push * at), -(weight @ away)])
        keep = [True, self.free_scale, self.free_share]
        if not np.isfinite(value) or not np.isfinite(shift).all():
            return 1e300, np.zeros(len(theta))
        return -(value - self.jacobian), -shift[keep]

    def _free(self, z: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log of the share still free of the event, and its slopes in minus z and in the logit of the share."""
        log_survival, hazard = self.family.log_survival(z), self.family.hazard(z)
        if share == 1:
            return log_survival, hazard, np.zeros(len(z))
        survival = np.exp(log_survival)
        free = 1 - share + share * survival
        push = np.where(survival > 0, share * survival * hazard / free, 0.0)
        return np.log(free), push, share * (1 - share) * (1 - survival) / free

    def starts(self) -> list[np.ndarray]:
        """Starting points: for each share and scale, the location that fits what was seen by the end."""
        seen = self.weight[self.event].sum() / self.weight.sum()
        end = self.log_time.max()
        out = []
        for share in _STARTING_SHARES if self.free_share else (self.fixed_share,):
            for scale in _STARTING_SCALES if self.free_scale else (1.0,):
                location = end - scale * float(self.family.quantile(np.clip(seen / share, 0.001, 0.97)))
                theta = [location, np.log(scale), float(logit(share)) if self.free_share else 0.0]
                out.append(np.array(theta)[[True, self.free_scale, self.free_share]])
        return out


def _best(problem: _Problem) -> tuple[float, float, float, float, bool]:
    """The highest of the maxima reached from all starts: location, scale, share, log-likelihood, converged."""
    found = [_climb(problem, start) for start in problem.starts()]
    theta, loss, converged = min(found, key=lambda each: (round(each[1], 9), not each[2]))
    location, scale, share = problem.unpack(theta)
    return location + problem.centre, scale, share, -loss, converged


def _climb(problem: _Problem, start: np.ndarray) -> tuple[np.ndarray, float, bool]:
    """A local maximum: a quasi-Newton search, then Newton steps to full precision."""
    total = problem.weight.sum()

    def scaled(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = problem.loss(theta)
        return value / total, gradient / total

    theta = minimize(scaled, start, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 400}).x
    loss, gradient = problem.loss(theta)
    decrement = np.inf
    for _ in range(20):
        curvature = _curvature(problem, theta)
        if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature).min() <= 0:
            break
        step = -np.linalg.solve(curvature, gradient)
        decrement = float(-gradient @ step)
        ahead, slope = problem.loss(theta + step)
        if decrement < 1e-12 or ahead > loss + 1e-9 * abs(loss):
            break
        theta, loss, gradient = theta + step, ahead, slope
    extreme = np.abs(theta[:1]).max() > _EXTREME * max(1.0, np.ptp(problem.log_time)) or np.abs(theta).max() > 1e3
    edge = problem.free_share and abs(theta[-1]) > _EXTREME
    narrow = problem.free_scale and abs(theta[1]) > _EXTREME / 2
    return theta, loss, bool(decrement < 1e-6 and not (extreme or edge or narrow))


def _curvature(problem: _Problem, theta: np.ndarray) -> np.ndarray:
    """Second derivatives by central differences of the gradient."""
    size, h = len(theta), 1e-5
    rows = [(problem.loss(theta + h * unit)[1] - problem.loss(theta - h * unit)[1]) / (2 * h) for unit in np.eye(size)]
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2
