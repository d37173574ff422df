"""Weighted logistic and linear regression, with what each row contributes to the coefficients."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

_ROUNDS, _CLOSE = 60, 1e-12
FAMILIES = ("logistic", "linear")


@dataclass(frozen=True, eq=False)
class Fit:
    """``fitted`` for every row of the matrix that was given, ``slope`` the derivative of the mean in the linear predictor.

    ``influence`` (rows, coefficients) sums to the coefficients' error when divided by the number of rows.
    """

    coefficients: np.ndarray
    fitted: np.ndarray
    slope: np.ndarray
    influence: np.ndarray


@dataclass(frozen=True, eq=False)
class Patterns:
    """The distinct rows of a matrix, and which of them each row is: a million people in a few hundred combinations."""

    rows: np.ndarray
    number: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Values of rows summed by pattern."""
        return np.bincount(self.number, weights=values, minlength=len(self.rows))


def patterns(matrix: np.ndarray) -> Patterns | None:
    """The patterns of a matrix; None where they are not much fewer than its rows."""
    number, size = np.zeros(len(matrix), dtype=np.int64), 1
    for column in matrix.T:
        code, values = pd.factorize(column)
        number, seen = pd.factorize(number * len(values) + code)
        size = len(seen)
        if size > len(matrix) / 4:
            return None
    first = np.empty(size, dtype=np.int64)
    first[number[::-1]] = np.arange(len(matrix))[::-1]
    return Patterns(matrix[first], number)


def fit(
    matrix: np.ndarray, outcome: np.ndarray, weight: np.ndarray, family: str, groups: Patterns | None = None
) -> Fit:
    """Fit on the rows of positive weight; predict for all. Columns that add nothing there get a coefficient of 0.

    ``groups`` are the matrix's patterns, where known: the likelihood is then summed over them, which gives the same fit.
    """
    if family not in FAMILIES:
        raise ValueError(f"family must be 'logistic' or 'linear', found {family!r}")
    if groups is None:
        rows, used = matrix, weight > 0
        x, y, w = rows[used], outcome[used], weight[used]
        columns = independent(x)
    else:
        rows, load = groups.rows, groups.sums(weight)
        used = load > 0
        x, y, w = rows[used], groups.sums(weight * outcome)[used] / load[used], load[used]
        # each pattern as often as it stands in the matrix: the same lengths, and the same columns kept
        columns = independent(x * np.sqrt(groups.sums((weight > 0).astype(float))[used])[:, None])
    x = x[:, columns]
    beta = _logistic(x, y, w) if family == "logistic" else np.linalg.lstsq(
        x * np.sqrt(w)[:, None], y * np.sqrt(w), rcond=None
    )[0]  # fmt: skip
    linear = rows[:, columns] @ beta
    fitted = expit(linear) if family == "logistic" else linear
    slope = fitted * (1 - fitted) if family == "logistic" else np.ones(len(linear))
    information = (x * (w * slope[used])[:, None]).T @ x / len(matrix)
    turned = np.zeros(rows.shape)
    turned[:, columns] = rows[:, columns] @ np.linalg.pinv(information, hermitian=True)
    if groups is not None:
        fitted, slope, turned = fitted[groups.number], slope[groups.number], turned[groups.number]
    influence = turned * (weight * (outcome - fitted))[:, None]
    coefficients = np.zeros(matrix.shape[1])
    coefficients[columns] = beta
    return Fit(coefficients, fitted, slope, influence)


def independent(matrix: np.ndarray) -> list[int]:
    """The first columns that span the same space, as R keeps them."""
    scale = np.sqrt((matrix**2).sum(axis=0))
    basis = np.zeros((len(matrix), 0))
    kept = []
    for j in range(matrix.shape[1]):
        column = matrix[:, j] / scale[j] if scale[j] > 0 else matrix[:, j]
        left = column - basis @ (basis.T @ column)
        left = left - basis @ (basis.T @ left)  # twice is enough
        size = np.linalg.norm(left)
        if size > 1e-7:
            kept.append(j)
            basis = np.column_stack([basis, left / size])
    return kept


def _logistic(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Newton's method with halved steps. Where the likelihood has no maximum, the last step is finite and its means are right."""
    beta = np.zeros(x.shape[1])
    best = _log_likelihood(x @ beta, y, w)
    for _ in range(_ROUNDS):
        mean = expit(x @ beta)
        information = (x * (w * np.maximum(mean * (1 - mean), 1e-10))[:, None]).T @ x
        step = np.linalg.lstsq(information, x.T @ (w * (y - mean)), rcond=None)[0]
        for _ in range(30):
            value = _log_likelihood(x @ (beta + step), y, w)
            if value >= best - _CLOSE * abs(best):  # at the top the likelihood stands still but for rounding
                break
            step = step / 2
        else:
            return beta
        beta = beta + step
        if np.abs(x @ step).max() < 1e-10 or np.abs(x @ beta).max() > 40:
            return beta
        best = max(best, value)
    return beta


def _log_likelihood(linear: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    return float(w @ (y * linear - np.logaddexp(0, linear)))
