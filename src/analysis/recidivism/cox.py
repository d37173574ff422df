"""The Cox model: how a hazard differs between people, with R coxph's estimates and standard errors.

Rows with equal covariates, entry, time and cluster are counted first, so that a million people in a few
hundred combinations cost no more than the combinations do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.recidivism import inputs
from analysis.recidivism.cox_design import Design, design, variables
from analysis.recidivism.cox_records import records_of
from analysis.recidivism.cox_solver import inverse, maximize, sandwich
from analysis.recidivism.intervals import quantile_of_level
from analysis.recidivism.life_table import OWN
from analysis.recidivism.risk_sets import Records, RiskSets

_RUNAWAY = 1e-3  # a step this large, in standard deviations, when the likelihood stands still: no maximum


@dataclass(frozen=True)
class CoxFit:
    """A fitted Cox model.

    ``table`` has a row a coefficient: ``term, coef, se, naive_se, lower, upper, p_value, hazard_ratio``;
    ``lower`` and ``upper`` are limits of the coefficient (the log hazard ratio). ``se`` is robust where
    ``robust`` is True, and ``naive_se`` always model-based. ``n`` counts rows (people) used, ``events``
    those with the event, ``dropped`` rows left out for a missing covariate. ``infinite`` names terms
    whose estimate runs off to infinity: their coefficient is infinite and has no standard error.
    """

    table: pd.DataFrame
    log_likelihood: float
    log_likelihood_null: float
    n: int
    events: int
    dropped: int
    robust: bool
    clusters: int | None
    infinite: tuple[str, ...]
    covariance: np.ndarray
    naive_covariance: np.ndarray
    ties: str
    level: float
    _state: dict = field(repr=False, default_factory=dict)

    @property
    def hazard_ratios(self) -> pd.DataFrame:
        """Hazard ratios with the limits carried over from the coefficients."""
        limits = {name: np.exp(self.table[name]) for name in ("lower", "upper")}
        return self.table[["term", "hazard_ratio"]].assign(**limits, p_value=self.table["p_value"])

    def zph(self, transform: str = "km", terms: bool = True) -> pd.DataFrame:
        """Test proportional hazards, as R's ``cox.zph``: see ``analysis.recidivism.cox_zph``."""
        from analysis.recidivism.cox_zph import zph

        return zph(**self._state, transform=transform, terms=terms)


def cox(
    frame,
    formula: str,
    time: str = "days",
    event: str = "event",
    cause: str | None = None,
    entry: str | None = OWN,
    count: str | None = None,
    weight: str | None = None,
    strata: str | Iterable[str] | None = None,
    ties: str = "efron",
    cluster: str | None = None,
    robust: bool | None = None,
    level: float = 0.95,
) -> CoxFit:
    """Fit a Cox model of the hazard of one cause, other causes taken as censoring.

    Parameters
    ----------
    frame : pandas.DataFrame or ibis Table
        One row a person, or a person's interval (time-dependent covariates: give ``entry`` and ``cluster``).
    formula : str
        Covariates in formulaic's language, such as ``"age + sex + priors:sex"``.
    time, event, cause, entry, count, weight
        As for ``life_table``. Rows with a missing covariate are left out and counted in ``dropped``.
    strata : column or columns
        Each stratum has a baseline hazard of its own.
    ties : ``"efron"`` or ``"breslow"``
    cluster : column
        Rows of one cluster are dependent; implies robust errors.
    robust : bool or None
        Sandwich errors; None means where weighted or clustered.
    level : float

    Returns
    -------
    CoxFit

    Raises
    ------
    KeyError, ValueError
        As for ``life_table``; a formula that cannot be read; no events; a covariate that is constant or
        a combination of others among those at risk.

    References
    ----------
    Cox (1972); Efron (1977); Lin and Wei (1989); Therneau and Grambsch (2000), Modeling Survival Data,
    chapters 3 and 7; ``coxph`` of R's survival 3.5.
    """
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties must be 'efron' or 'breslow', found {ties!r}")
    z = quantile_of_level(level)
    strata = inputs.names(strata)
    if entry == OWN:
        entry = "entry" if "entry" in frame.columns else None
    inputs.require(frame.columns, [time, event, *strata, *filter(None, (entry, count, weight, cluster))])
    used = variables(formula, pd.Index(frame.columns))
    keys = list(dict.fromkeys([*used, time, event, *strata, *filter(None, (entry, weight, cluster))]))
    if not isinstance(frame, pd.DataFrame):
        frame, count = _group_in_engine(frame, keys, count)
    missing = frame[used].isna().any(axis=1).to_numpy() if used else np.zeros(len(frame), dtype=bool)
    lost = int(missing.sum()) if count is None else int(frame.loc[missing, count].sum())
    if missing.any():
        frame = frame[~missing]
    columns = design(formula, frame[used]) if len(frame) else None
    if columns is None:
        raise ValueError("no rows are left to fit: every row lacks a covariate, or there are none")
    records, clock = records_of(frame, columns, time, event, cause, entry, count, weight, strata, cluster)
    robust = (weight is not None or cluster is not None) if robust is None else robust
    if cluster is not None and not robust:
        raise ValueError("cluster implies robust errors: leave robust out, or leave cluster out")
    return _fit(records, clock, columns, ties, robust, level, z, lost)


def _group_in_engine(table, keys: list[str], count: str | None) -> tuple[pd.DataFrame, str]:
    """Rows of an Ibis table that agree in everything the model uses, counted in its own engine."""
    number = table.count() if count is None else table[count].sum()
    return table.group_by(keys).aggregate(n_=number.cast("int64")).to_pandas(), "n_"


def _fit(
    records: Records,
    clock: np.ndarray,
    columns: Design,
    ties: str,
    robust: bool,
    level: float,
    z: float,
    lost: int,
) -> CoxFit:
    events = int(records.count[records.status > 0].sum())
    if not events:
        raise ValueError("no events: there is nothing to compare")
    # standardized, so that a coefficient's size says nothing about the units of its covariate
    load = np.bincount(records.pattern, weights=records.weight, minlength=len(columns.matrix))
    centre = load @ columns.matrix / load.sum()
    spread = np.sqrt(load @ (columns.matrix - centre) ** 2 / load.sum())
    scale = np.where(spread > 0, spread, 1.0)
    risk = RiskSets(records, (columns.matrix - centre) / scale, ties)
    beta, terms, information, null, step = maximize(risk, columns.names)
    runaway = np.abs(step) > _RUNAWAY
    naive = inverse(information, ~runaway)
    covariance, clusters = sandwich(risk, terms, naive) if robust else (naive, None)
    rescale = np.outer(1 / scale, 1 / scale)
    infinite = tuple(name for name, away in zip(columns.names, runaway, strict=True) if away)
    coef = np.where(runaway, np.copysign(np.inf, beta), beta / scale)
    se, naive_se = (np.sqrt(np.diagonal(matrix)) / scale for matrix in (covariance, naive))
    with np.errstate(invalid="ignore"):
        table = pd.DataFrame(
            {
                "term": columns.names, "coef": coef, "se": se, "naive_se": naive_se,
                "lower": coef - z * se, "upper": coef + z * se, "p_value": 2 * ndtr(-np.abs(coef / se)),
                "hazard_ratio": np.exp(coef),
            }
        )  # fmt: skip
    return CoxFit(
        table=table, log_likelihood=terms.log, log_likelihood_null=null, n=int(records.count.sum()), events=events,
        dropped=lost, robust=robust, clusters=clusters, infinite=infinite, covariance=covariance * rescale,
        naive_covariance=naive * rescale, ties=ties, level=level,
        _state={"risk": risk, "beta": beta, "design": columns, "clock": clock},
    )  # fmt: skip
