"""Maximize a Cox model's partial likelihood, and the covariance of its coefficients."""

import numpy as np

from analysis.recidivism.risk_sets import RiskSets, Terms

_ITERATIONS = 50
_DECREMENT = 1e-9  # the last step then moves a coefficient by less than 1e-9 of its standard error
_LONGEST = 3.0  # no step goes further than this, in standard deviations: beyond, the likelihood may be flat
_FLAT = 1e-6  # so little left to gain, and steps that do not shrink: the maximum is at infinity
_SINGULAR = 1e-9  # information below this share of what a standardized covariate can carry is rounding


def maximize(risk: RiskSets, names: list[str]) -> tuple[np.ndarray, Terms, np.ndarray, float, np.ndarray]:
    """Newton's method with step halving; the last step says whether a coefficient is still running away."""
    beta = np.zeros(risk.matrix.shape[1])
    terms = risk.terms(beta)
    null, step, information = terms.log, beta, risk.information(terms)
    _refuse_singular(information, names, float(risk.load.sum()))
    for _ in range(_ITERATIONS):
        score, before = risk.score(terms), np.abs(step).max()
        step = np.linalg.solve(information, score)
        decrement = float(score @ step)
        step = step / max(1.0, np.abs(step).max() / _LONGEST)
        ahead = risk.terms(beta + step)
        while not ahead.log >= terms.log - 1e-9 * abs(terms.log) and np.abs(step).max() > 1e-12:
            step = step / 2
            ahead = risk.terms(beta + step)
        beta, terms = beta + step, ahead
        information = risk.information(terms)
        if decrement < _DECREMENT or (decrement < _FLAT and np.abs(step).max() > before / 2):
            break
    return beta, terms, information, null, step


def inverse(information: np.ndarray, finite: np.ndarray) -> np.ndarray:
    """The model-based covariance of the finite coefficients; NaN for those that run away."""
    out = np.full_like(information, np.nan)
    block = np.ix_(finite, finite)
    out[block] = np.linalg.inv(information[block])
    return out


def _refuse_singular(information: np.ndarray, names: list[str], events: float) -> None:
    """Raise ValueError naming the first covariate that adds nothing to those before it."""
    left = information.copy()
    for i, name in enumerate(names):
        if left[i, i] <= _SINGULAR * max(information[i, i], events):
            raise ValueError(
                f"the term {name!r} is constant, or a combination of the terms before it, among those at risk when "
                "events happen: leave it out"
            )
        left = left - np.outer(left[:, i], left[i]) / left[i, i]


def sandwich(risk: RiskSets, terms: Terms, naive: np.ndarray) -> tuple[np.ndarray, int]:
    """Lin and Wei's variance: score residuals summed within clusters (or rows), squared between the bread."""
    records, residuals = risk.records, risk.score_residuals(terms)
    if records.unit is None:
        meat = residuals.T @ (records.square[:, None] * residuals)
        clusters = int(records.count.sum())
    else:
        size = int(records.unit.max()) + 1
        summed = np.column_stack(
            [np.bincount(records.unit, weights=records.weight * column, minlength=size) for column in residuals.T]
        )
        meat, clusters = summed.T @ summed, len(np.unique(records.unit))
    out = np.full_like(naive, np.nan)
    finite = np.isfinite(np.diagonal(naive))
    block = np.ix_(finite, finite)
    out[block] = naive[block] @ meat[block] @ naive[block]
    return out, clusters
