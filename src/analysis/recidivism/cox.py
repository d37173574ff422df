"""The Cox model: how a hazard differs between people, with R coxph's estimates and standard errors.

Rows with equal covariates, entry, time and cluster are counted first, so that a million people in a few hundred
combinations cost no more than the combinations do. Sums over risk sets are one sparse matrix (event times by patterns of
covariates) times the patterns' hazards, added up backwards in time; no loop runs over people.
"""

import ast
import keyword
from collections import namedtuple
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import chdtrc, ndtr

from analysis.recidivism.cohort import Cohort
from analysis.recidivism.life_table import (
    OWN,
    Cells,
    count_cells,
    follow_up,
    label_codes,
    names,
    number_groups,
    number_strata,
    number_times,
    one_cause,
    read_rows,
    require,
)
from analysis.recidivism.survival import quantile_of_level

_RUNAWAY = 1e-3  # a step this large, in standard deviations, when the likelihood stands still: no maximum
_ITERATIONS = 50
_DECREMENT = 1e-9  # the last step then moves a coefficient by less than 1e-9 of its standard error
_LONGEST = 3.0  # no step goes further than this, in standard deviations: beyond, the likelihood may be flat
_FLAT = 1e-6  # so little left to gain, and steps that do not shrink: the maximum is at infinity
_SINGULAR = 1e-9  # information below this share of what a standardized covariate can carry is rounding


def cox(
    cohort, formula: str, time: str = "days", event: str = "event", cause: str | None = None, entry: str | None = OWN,
    count: str | None = None, weight: str | None = None, strata: str | Iterable[str] | None = None,
    ties: str = "efron", cluster: str | None = None, robust: bool | None = None, level: float = 0.95,
) -> "CoxFit":  # fmt: skip
    """Fit a Cox model of the hazard of one cause, other causes taken as censoring, as ``coxph`` of R's survival 3.5.

    Sources: Cox (1972); Efron (1977); Lin and Wei (1989); Therneau and Grambsch (2000), Modeling Survival Data.

    Parameters
    ----------
    cohort : Cohort, pandas.DataFrame or Ibis table
        One row a person, or a person's interval (time-dependent covariates: give ``entry`` and ``cluster``).
    formula : str
        Covariates in formulaic's language, such as ``"age + sex + priors:sex"``.
    time, event, cause, entry, count, weight
        As for ``life_table``. Rows with a missing covariate are left out and counted in ``dropped``.
    strata : column or columns
        Each stratum has a baseline hazard of its own.
    ties : ``"efron"`` or ``"breslow"``
    cluster, robust : column, and bool or None
        Rows of one cluster are dependent; sandwich errors, by default where weighted or clustered.

    Returns
    -------
    CoxFit
        ``.table``, ``.log_likelihood``, ``.zph()`` and more.

    Raises
    ------
    KeyError, ValueError
        As for ``life_table``; a formula that cannot be read; no events; a covariate that is constant or
        a combination of others among those at risk.

    Examples
    --------
    >>> people = pd.DataFrame({"days": [1, 2, 3, 4], "event": [1, 1, 1, 0], "young": [1, 0, 1, 0]})
    >>> cox(people, "young").table[["term", "coef", "se"]].round(3)
        term   coef    se
    0  young  0.941  1.24
    """
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties must be 'efron' or 'breslow', found {ties!r}")
    z, strata, used = quantile_of_level(level), names(strata), variables(formula, pd.Index(cohort.columns))
    others = [time, event, *strata, *filter(None, (weight, cluster))]
    frame, entry, count = read_rows(cohort, [*used, *others], entry, count)
    missing = frame[used].isna().any(axis=1).to_numpy()
    dropped = int(missing.sum()) if count is None else int(frame.loc[missing, count].sum())
    frame = frame[~missing] if missing.any() else frame
    if not len(frame):
        raise ValueError("no rows are left to fit: every row lacks a covariate, or there are none")
    robust = (weight is not None or cluster is not None) if robust is None else robust
    if cluster is not None and not robust:
        raise ValueError("cluster implies robust errors: leave robust out, or leave cluster out")
    columns = design(formula, frame[used])
    stop, start, codes, causes = follow_up(frame, time, event, entry)
    cause = one_cause(cause or (cohort.event if isinstance(cohort, Cohort) else None), causes)
    followed = stop, start, np.where(codes == causes.index(cause), 0, -1), [cause]
    pattern = columns.pattern, range(len(columns.matrix))
    cells = count_cells(frame, followed, number_strata(frame, strata, "stratum"), count, weight, cluster, pattern)
    events = int(cells.number[cells.cause == 0].sum())
    if not events:
        raise ValueError("no events: there is nothing to compare")
    # standardized, so that a coefficient's size says nothing about the units of its covariate
    load = np.bincount(cells.pattern, weights=cells.weight, minlength=len(columns.matrix))
    centre = load @ columns.matrix / load.sum()
    spread = np.sqrt(load @ (columns.matrix - centre) ** 2 / load.sum())
    scale = np.where(spread > 0, spread, 1.0)
    risk = _RiskSets(cells, (columns.matrix - centre) / scale, ties == "efron")
    beta, terms, information, null, step = _maximize(risk, columns.names)
    runaway = np.abs(step) > _RUNAWAY
    naive = np.full_like(information, np.nan)
    finite = np.ix_(~runaway, ~runaway)
    naive[finite] = np.linalg.inv(information[finite])
    covariance = naive.copy()
    if robust:
        covariance[finite] = naive[finite] @ risk.meat(terms)[finite] @ naive[finite]
    coef = np.where(runaway, np.copysign(np.inf, beta), beta / scale)
    se, naive_se = (np.sqrt(np.diagonal(matrix)) / scale for matrix in (covariance, naive))
    with np.errstate(invalid="ignore"):
        table = pd.DataFrame({
            "term": columns.names, "coef": coef, "se": se, "naive_se": naive_se, "lower": coef - z * se,
            "upper": coef + z * se, "p_value": 2 * ndtr(-np.abs(coef / se)), "hazard_ratio": np.exp(coef),
        })  # fmt: skip
    return CoxFit(
        table=table, log_likelihood=terms.log, log_likelihood_null=null, n=int(cells.number.sum()), events=events,
        dropped=dropped, covariance=covariance / np.outer(scale, scale),
        infinite=tuple(name for name, away in zip(columns.names, runaway, strict=True) if away),
        _risk=risk, _beta=beta, _design=columns,
    )  # fmt: skip


@dataclass(frozen=True)
class CoxFit:
    """A fitted Cox model.

    ``table`` has a row a coefficient: ``term, coef, se, naive_se, lower, upper, p_value, hazard_ratio``;
    ``lower`` and ``upper`` are limits of the coefficient (the log hazard ratio). ``se`` is robust where
    asked for, weighted or clustered, and ``naive_se`` always model-based. ``n`` counts rows (people) used, ``events``
    those with the event, ``dropped`` rows left out for a missing covariate. ``infinite`` names terms
    whose estimate runs off to infinity: their coefficient is infinite and has no standard error.
    """

    table: pd.DataFrame
    log_likelihood: float
    log_likelihood_null: float
    n: int
    events: int
    dropped: int
    covariance: np.ndarray
    infinite: tuple[str, ...]
    _risk: "_RiskSets" = field(repr=False)
    _beta: np.ndarray = field(repr=False)
    _design: "Design" = field(repr=False)

    def zph(self) -> pd.DataFrame:
        """Score tests of coefficient + theta x g(time) for theta = 0, as ``cox.zph`` of R (Grambsch and Therneau 1994).

        g is one minus the Kaplan-Meier curve of all rows just before each time.

        Returns
        -------
        pandas.DataFrame
            ``term, chi_square, df, p_value``: a row a term of the formula, the last row (``GLOBAL``) for all of them.

        Examples
        --------
        >>> people = pd.DataFrame({"days": [1, 2, 3, 4], "event": [1, 1, 1, 0], "young": [1, 0, 1, 0]})
        >>> cox(people, "young").zph()["df"].tolist()
        [1, 1]
        """
        risk, p = self._risk, len(self._beta)
        g = risk.one_minus_kaplan_meier()
        g = g - np.average(g, weights=risk.deaths)
        sums = risk.terms(self._beta)
        moved = g @ (risk.dying @ risk.matrix - risk.expected(sums))
        plain, once, twice = (risk.information(sums, power) for power in (np.ones(len(g)), g, g * g))
        information, rows = np.block([[plain, once], [once, twice]]), []
        for name, columns in {**self._design.terms, "GLOBAL": list(range(p))}.items():
            keep = [*range(p), *(p + i for i in columns)]
            score = np.concatenate([np.zeros(p), moved[columns]])
            statistic = float(score @ np.linalg.solve(information[np.ix_(keep, keep)], score))
            rows.append((name, statistic, len(columns), float(chdtrc(len(columns), statistic))))
        return pd.DataFrame(rows, columns=["term", "chi_square", "df", "p_value"])


# Covariates by pattern: matrix (patterns, columns), pattern of each row, names of the columns, and columns by term.
Design = namedtuple("Design", "matrix pattern names terms")


def variables(formula: str, columns: pd.Index) -> list[str]:
    """The columns that a formula uses. Raises KeyError for a name that is not a column, ValueError for a bad formula."""
    if (plain := _plain(formula)) and set(plain) <= set(columns):
        return sorted(plain)
    parsed = _parsed(formula)
    found = set(parsed.required_variables)
    for factor in (factor for term in parsed for factor in term.factors if factor.eval_method.value == "python"):
        # what a call such as scale(age) mentions, formulaic does not list
        found |= {node.id for node in ast.walk(ast.parse(factor.expr)) if isinstance(node, ast.Name)} & set(columns)
    require(columns, sorted(found), "formula term")
    return sorted(found)


def design(formula: str, frame: pd.DataFrame) -> Design:
    """Code a formula with formulaic: treatment contrasts with an intercept that is then dropped.

    ``frame`` holds the formula's variables alone, without missing values. Rows with equal values share
    a pattern, unless a term depends on the whole column (``scale``, ``poly``) or almost every row
    differs. Raises ValueError where a formula has no covariates or a value is not finite.
    """
    plain = _plain(formula)
    numeric = [pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) for kind in frame.dtypes]
    parsed = None if plain and all(numeric) else _parsed(formula)
    if not frame.shape[1]:
        raise ValueError(f"the formula {formula!r} has no covariates")
    factors = [factor for term in parsed or () for factor in term.factors]
    by_value = all(each.eval_method.value in ("lookup", "literal") or each.expr.startswith("C(") for each in factors)
    pattern = np.arange(len(frame))
    if by_value:
        codes, levels = zip(*(label_codes(column, "covariate") for _, column in frame.items()), strict=True)
        if max(map(len, levels)) < len(frame) / 2:  # else almost every row is a pattern of its own
            pattern, (first, *_) = number_groups(codes, [len(each) for each in levels])
            example = np.empty(len(first), dtype=np.int64)
            example[pattern] = np.arange(len(frame))
            frame = frame.iloc[example]
    if parsed is None:
        matrix, named, terms = frame[plain].to_numpy(dtype=float), plain, {name: [i] for i, name in enumerate(plain)}
    else:
        for name, column in frame.items():  # a level without rows would be a column of zeros
            if isinstance(column.dtype, pd.CategoricalDtype):
                frame = frame.assign(**{name: column.cat.remove_unused_categories()})
        coded = parsed.get_model_matrix(frame, context={}, na_action="raise")
        keep = [i for i, name in enumerate(coded.columns) if name != "Intercept"]
        matrix, named, terms = coded.to_numpy(dtype=float)[:, keep], [str(coded.columns[i]) for i in keep], {}
        for term, span in coded.model_spec.term_slices.items():
            if span.start == span.stop:
                raise ValueError(f"the term '{term}' is constant: with one level there is nothing to compare")
            if columns := [keep.index(i) for i in range(span.start, span.stop) if i in keep]:
                terms[str(term)] = columns
    if len(bad := np.flatnonzero(~np.isfinite(matrix).all(axis=0))):
        raise ValueError(f"the term {named[bad[0]]!r} is not finite for some rows")
    return Design(matrix, pattern, named, terms)


def _plain(formula: str) -> list[str]:
    """The names of a formula that only adds names up, in order; empty for any other."""
    parts = [part.strip() for part in formula.split("+")]
    plain = all(part.isidentifier() and not keyword.iskeyword(part) for part in parts)
    return parts if plain and len(set(parts)) == len(parts) else []


def _parsed(formula: str):
    import formulaic  # half a second to import, and only models need it

    try:
        parsed = formulaic.Formula(formula)
    except Exception as error:
        raise ValueError(f"the formula {formula!r} cannot be read: {error}") from None
    if not isinstance(parsed, formulaic.SimpleFormula):
        raise ValueError(f"the formula {formula!r} has a left-hand side: name covariates only, such as 'age + sex'")
    return parsed


def _maximize(risk: "_RiskSets", named: list[str]) -> tuple[np.ndarray, "_Terms", np.ndarray, float, np.ndarray]:
    """Newton's method with step halving; the last step says whether a coefficient is still running away."""
    beta = np.zeros(risk.matrix.shape[1])
    terms = risk.terms(beta)
    null, step, information = terms.log, beta, risk.information(terms)
    left = information.copy()
    for i, name in enumerate(named):
        if left[i, i] <= _SINGULAR * max(information[i, i], float(risk.load.sum())):
            why = "constant, or a combination of the terms before it, among those at risk when events happen"
            raise ValueError(f"the term {name!r} is {why}: leave it out")
        left = left - np.outer(left[:, i], left[i]) / left[i, i]
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


# Sums over the tied events of each event time. r holds the patterns' hazards relative to the largest, so that none overflows.
# S0, S1 are the sums of weighted hazards, and of hazards times covariates, of those at risk; D0, D1 of those with the event.
# With c = k/d for k = 0 .. d-1 (0 under Breslow) and v = S0 - c D0, a0 and a1 are the sums over k of 1/v and c/v, and b0, b1,
# b2 those of 1/v^2, c/v^2, c^2/v^2; all times the mean weight of the events.
_Terms = namedtuple("_Terms", "r s1 d1 a0 a1 b0 b1 b2 log")


class _RiskSets:
    """Event times by stratum, who is at risk at each, and the partial likelihood at any coefficients."""

    def __init__(self, cells: Cells, matrix: np.ndarray, efron: bool) -> None:
        self.cells, self.matrix, self.efron, self.event = cells, matrix, efron, cells.cause == 0
        late = np.isfinite(cells.entry)
        codes, clock = number_times(np.concatenate([cells.time, cells.entry[late]]))
        self.time, self.entry = codes[: len(late)], np.full(len(late), -1)
        self.entry[late] = codes[len(late) :]
        # strata one after the other on one scale of times
        origin = cells.stratum * len(clock)
        self.row, (self.grid,) = number_groups([(origin + self.time)[self.event]], [int(origin[-1]) + len(clock)])
        size, patterns = len(self.grid), len(matrix)
        stratum, self.when = np.divmod(self.grid, len(clock))  # of each row of the grid
        starts = np.flatnonzero(np.diff(stratum, prepend=-1)).tolist()
        self.spans = list(zip(starts, [*starts[1:], size], strict=True))
        # a cell is at risk in rows enter .. leave - 1 of the grid
        self.leave = np.searchsorted(self.grid, origin + self.time, side="right")
        self.start = np.searchsorted(self.grid, origin)
        self.enter = np.where(late, np.searchsorted(self.grid, origin + self.entry, side="right"), self.start)
        inside = self.leave > self.enter
        late = inside & (self.enter > self.start)
        rows = np.concatenate([self.leave[inside] - 1, self.enter[late] - 1])
        columns = np.concatenate([cells.pattern[inside], cells.pattern[late]])
        values = np.concatenate([cells.weight[inside], -cells.weight[late]]).astype(float)
        self.leaving = sparse.csr_array((values, (rows, columns)), shape=(size, patterns))
        weight, pattern = cells.weight[self.event].astype(float), cells.pattern[self.event]
        self.dying = sparse.csr_array((weight, (self.row, pattern)), shape=(size, patterns))
        self.deaths = np.bincount(self.row, weights=cells.number[self.event], minlength=size).astype(np.int64)
        self.load = np.bincount(self.row, weights=weight, minlength=size)
        self.dead = np.bincount(pattern, weights=weight, minlength=patterns)
        self.first = np.cumsum(self.deaths) - self.deaths
        tied = np.repeat(self.deaths, self.deaths)
        self.share = (np.arange(len(tied)) - np.repeat(self.first, self.deaths)) / tied

    def _within(self, values: np.ndarray, backwards: bool = False) -> np.ndarray:
        """Running sums over the rows of each stratum, from its start or from its end."""
        out = np.empty_like(values, dtype=float)
        for start, end in self.spans:
            block = values[start:end]
            out[start:end] = block[::-1].cumsum(axis=0)[::-1] if backwards else block.cumsum(axis=0)
        return out

    def terms(self, beta: np.ndarray) -> _Terms:
        """Everything that the likelihood and its derivatives need at these coefficients."""
        eta = self.matrix @ beta
        eta -= eta.max()
        r = np.exp(eta)
        z = np.column_stack([r, r[:, None] * self.matrix])
        s, d = self._within(self.leaving @ z, backwards=True), self.dying @ z
        s0, d0 = s[:, 0], d[:, 0]
        mean = self.load / self.deaths
        if not self.efron:
            zero = np.zeros(len(s0))
            logs = self.deaths * np.log(s0)
            sums = (self.deaths / s0, zero, self.deaths / s0**2, zero, zero)
        else:
            v = np.repeat(s0, self.deaths) - self.share * np.repeat(d0, self.deaths)
            logs = np.add.reduceat(np.log(v), self.first)
            inverse = 1 / v
            sum_0, square_0 = (np.add.reduceat(values, self.first) for values in (inverse, inverse * inverse))
            # c = (S0 - v) / D0 turns the sums with c into sums without it
            sum_1 = (s0 * sum_0 - self.deaths) / d0
            square_1 = (s0 * square_0 - sum_0) / d0
            sums = (sum_0, sum_1, square_0, square_1, (s0 * square_1 - sum_1) / d0)
        log = float(self.dead @ eta - (mean * logs).sum())
        return _Terms(r, s[:, 1:], d[:, 1:], *(mean * values for values in sums), log)

    def expected(self, terms: _Terms) -> np.ndarray:
        """For each event time, the summed covariates expected of its events."""
        return terms.a0[:, None] * terms.s1 - terms.a1[:, None] * terms.d1

    def score(self, terms: _Terms) -> np.ndarray:
        """The first derivative of the log partial likelihood."""
        return self.dead @ self.matrix - terms.a0 @ terms.s1 + terms.a1 @ terms.d1

    def information(self, terms: _Terms, by_row: np.ndarray | None = None) -> np.ndarray:
        """Minus the second derivative; with ``by_row``, each event time's share of it is multiplied first."""
        w = np.ones(len(self.grid)) if by_row is None else by_row
        at_risk = self.leaving.T @ self._within(w * terms.a0) - self.dying.T @ (w * terms.a1)
        inner = self.matrix.T @ ((terms.r * at_risk)[:, None] * self.matrix)
        s1, d1 = terms.s1, terms.d1
        cross = s1.T @ ((w * terms.b1)[:, None] * d1)
        outer = s1.T @ ((w * terms.b0)[:, None] * s1) - cross - cross.T + d1.T @ ((w * terms.b2)[:, None] * d1)
        return inner - outer

    def meat(self, terms: _Terms) -> np.ndarray:
        """Lin and Wei's: score residuals summed within clusters (or rows) and squared."""
        cells, residuals = self.cells, self._score_residuals(terms)
        if cells.unit is None:
            return residuals.T @ (cells.square[:, None] * residuals)
        summed = np.array([np.bincount(cells.unit, weights=cells.weight * column) for column in residuals.T])
        return summed @ summed.T

    def _score_residuals(self, terms: _Terms) -> np.ndarray:
        """Each cell's contribution to the score, for one row of weight 1 (R's ``residuals(type = "score")``)."""
        x, hazard = self.matrix[self.cells.pattern], terms.r[self.cells.pattern]
        m = terms.b0[:, None] * terms.s1 - terms.b1[:, None] * terms.d1
        exposure = self._between(self._within(terms.a0)[:, None])
        out = -hazard[:, None] * (x * exposure - self._between(self._within(m)))
        event, row = self.event, self.row
        centre = self.expected(terms)[row] / self.load[row, None]
        # people with the event are at risk for only part of their own tied time
        spared = terms.b1[:, None] * terms.s1 - terms.b2[:, None] * terms.d1
        part = x[event] * terms.a1[row, None] - spared[row]
        out[event] += x[event] - centre + hazard[event, None] * part
        return out

    def _between(self, cumulated: np.ndarray) -> np.ndarray:
        """Sums over the rows at which each cell is at risk, from sums cumulated within strata."""
        upto, before = (
            np.where((end > self.start)[:, None], cumulated[end - 1], 0.0) for end in (self.leave, self.enter)
        )
        return upto - before

    def one_minus_kaplan_meier(self) -> np.ndarray:
        """One minus Kaplan-Meier just before each event time, from all rows together, whatever their stratum or weight."""
        number, late, size = self.cells.number, self.entry >= 0, int(max(self.time.max(), self.entry.max())) + 1
        total, d = (np.bincount(self.time[own], number[own], minlength=size) for own in (..., self.event))
        entered = np.bincount(self.entry[late], number[late], minlength=size)
        n = (total - entered)[::-1].cumsum()[::-1]
        steps = 1 - np.divide(d, n, out=np.zeros(size), where=n > 0)
        return 1 - np.concatenate([[1.0], np.cumprod(steps)[:-1]])[self.when]
