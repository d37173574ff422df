"""The mean outcome had everyone been in one group: unadjusted, standardized, weighted, doubly robust.

Each function returns the mean and what each row contributes to it, estimation of the models and of the censoring
weights included, so that errors can be clustered wherever policy is set. Hernan and Robins (2020), Causal Inference:
What If, chapters 12 and 13; Robins, Rotnitzky and Zhao (1994); Lunceford and Davidian (2004).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.sanctuary.censoring import CensoringWeights
from analysis.sanctuary.regression import Fit, Patterns, fit, patterns


@dataclass(frozen=True, eq=False)
class Arm:
    """The mean had everyone been in this group.

    ``influence``: a row's contribution (mean about 0; the variance is the sum of squares over clusters by n squared).
    ``load``: the weight with which a row's own outcome enters (mean 1), which a test of a given effect shifts.
    """

    mean: float
    influence: np.ndarray
    load: np.ndarray


@dataclass(frozen=True, eq=False)
class Data:
    """Outcome, group (0, 1), covariates with an intercept, and the weights for unequal follow-up (``censoring.weight``)."""

    outcome: np.ndarray
    group: np.ndarray
    covariates: np.ndarray
    censoring: CensoringWeights
    family: str = "logistic"

    @cached_property
    def patterns(self) -> Patterns | None:
        """The combinations of covariates that there are, so that a model is fitted to these."""
        return patterns(self.covariates)

    def side(self, code: int) -> np.ndarray:
        """The weight of rows in one group, 0 in the other."""
        return np.where(self.group == code, self.censoring.weight, 0.0)


def propensity(data: Data) -> Fit:
    """Fit the chance of being in group 1 given the covariates."""
    return fit(data.covariates, data.group.astype(float), np.ones(len(data.group)), "logistic", data.patterns)


def outcome_model(data: Data, code: int) -> Fit:
    """Fit the outcome given the covariates within one group, and predict it for everyone."""
    return fit(data.covariates, data.outcome, data.side(code), data.family, data.patterns)


def unadjusted(data: Data, code: int) -> Arm:
    """The weighted mean of a group: for a risk, Aalen-Johansen at the horizon."""
    return _weighted_mean(data, data.side(code), None)


def weighted(data: Data, score: Fit, code: int) -> Arm:
    """Inverse probability weighting, weights normalized to 1 (Hajek)."""
    return _weighted_mean(data, _ratio(data, score, code), (score, code))


def standardized(data: Data, model: Fit, code: int) -> Arm:
    """The outcome model's predictions averaged over everyone (the parametric g-formula)."""
    mean = float(model.fitted.mean())
    through = (data.covariates * model.slope[:, None]).mean(axis=0)
    linear = model.influence @ through
    residual = data.outcome - model.fitted
    side = data.side(code)
    load = np.where(side > 0, np.divide(linear, residual, out=side.copy(), where=residual != 0), 0.0)
    return Arm(mean, model.fitted - mean + linear + data.censoring.correction(linear), load / load.mean())


def doubly_robust(data: Data, model: Fit, score: Fit, code: int) -> Arm:
    """Augmented inverse probability weighting: right if either of the two models is."""
    ratio = _ratio(data, score, code)
    residual = data.outcome - model.fitted
    mean = float((model.fitted + ratio * residual).mean())
    through = (data.covariates * (model.slope * (1 - ratio))[:, None]).mean(axis=0)
    linear = ratio * residual + model.influence @ through
    influence = model.fitted - mean + linear + data.censoring.correction(linear)
    return Arm(mean, influence + _through_score(data, ratio * residual, score, code), ratio / ratio.mean())


def _ratio(data: Data, score: Fit, code: int) -> np.ndarray:
    return data.side(code) / (score.fitted if code else 1 - score.fitted)


def _through_score(data: Data, values: np.ndarray, score: Fit, code: int) -> np.ndarray:
    """What each row adds through the propensity model to the mean of values that hold 1 / propensity as a factor."""
    # the derivative of log(1 / e) is -(1 - e) x, that of log(1 / (1 - e)) is e x
    turn = score.fitted - 1 if code else score.fitted
    return score.influence @ (data.covariates * (values * turn)[:, None]).mean(axis=0)


def _weighted_mean(data: Data, ratio: np.ndarray, through: tuple[Fit, int] | None) -> Arm:
    total = ratio.mean()
    mean = float((ratio * data.outcome).mean() / total)
    linear = ratio * (data.outcome - mean) / total
    influence = linear + data.censoring.correction(linear)
    if through is not None:
        influence = influence + _through_score(data, linear, *through)
    return Arm(mean, influence, ratio / total)
