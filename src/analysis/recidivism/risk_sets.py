"""The partial likelihood of a Cox model over risk sets, from cells and a matrix of covariate patterns.

Sums over risk sets are one sparse matrix (event times by patterns) times the patterns' hazards,
added up backwards in time. No loop runs over people, and second derivatives need one weighted
cross-product of the pattern matrix.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.recidivism.cells import number_groups


@dataclass(frozen=True)
class Records:
    """Cells of a Cox model: rows with equal stratum, pattern, entry, time, status and cluster.

    ``time`` and ``entry`` are codes on one scale of sorted times, ``entry`` -1 where at risk from the
    start. ``count`` is a number of rows, ``weight`` their summed weights, ``square`` their summed squares.
    """

    stratum: np.ndarray
    pattern: np.ndarray
    entry: np.ndarray
    time: np.ndarray
    status: np.ndarray
    count: np.ndarray
    weight: np.ndarray
    square: np.ndarray
    unit: np.ndarray | None


@dataclass(frozen=True)
class Terms:
    """Sums over the tied events of each event time, and the risk-set sums they are made of.

    ``r`` holds the patterns' hazards relative to the largest, so that none overflows. S0, S1 are the sums
    of weighted hazards, and of hazards times covariates, of those at risk; D0, D1 of those with the event.
    With c = k/d for k = 0 .. d-1 (0 under Breslow) and v = S0 - c D0, a0 and a1 are the sums over k of 1/v
    and c/v, and b0, b1, b2 those of 1/v^2, c/v^2, c^2/v^2; all times the mean weight of the events.
    """

    r: np.ndarray
    s1: np.ndarray
    d1: np.ndarray
    a0: np.ndarray
    a1: np.ndarray
    b0: np.ndarray
    b1: np.ndarray
    b2: np.ndarray
    log: float


class RiskSets:
    """Event times by stratum, who is at risk at each, and the partial likelihood at any coefficients."""

    def __init__(self, records: Records, matrix: np.ndarray, ties: str) -> None:
        self.records, self.matrix, self.efron = records, matrix, ties == "efron"
        event = records.status > 0
        scale = int(records.time.max()) + 1
        key = records.stratum * scale + records.time
        row, (self.grid,) = number_groups([key[event]], [int(key.max()) + 1])
        size, patterns = len(self.grid), len(matrix)
        self.stratum, self.time = self.grid // scale, self.grid % scale
        starts = np.flatnonzero(np.diff(self.stratum, prepend=-1))
        self.spans = list(zip(starts.tolist(), [*starts[1:].tolist(), size], strict=True))
        # a record is at risk in rows enter .. leave - 1 of the grid
        self.leave = _rows_upto(self.grid, key)
        start = np.searchsorted(self.grid, np.arange(int(records.stratum.max()) + 1) * scale)[records.stratum]
        delayed = (records.entry >= 0).any()
        self.enter = _rows_upto(self.grid, records.stratum * scale + records.entry) if delayed else start
        self.row = row
        inside = self.leave > self.enter
        late = inside & (self.enter > start)
        rows = np.concatenate([self.leave[inside] - 1, self.enter[late] - 1])
        columns = np.concatenate([records.pattern[inside], records.pattern[late]])
        values = np.concatenate([records.weight[inside], -records.weight[late]]).astype(float)
        self.leaving = sparse.csr_array((values, (rows, columns)), shape=(size, patterns))
        weight = records.weight[event].astype(float)
        self.dying = sparse.csr_array((weight, (row, records.pattern[event])), shape=(size, patterns))
        self.deaths = np.bincount(row, weights=records.count[event], minlength=size).astype(np.int64)
        self.load = np.bincount(row, weights=weight, minlength=size)
        self.dead = np.bincount(records.pattern[event], weights=weight, minlength=patterns)
        self.first = np.cumsum(self.deaths) - self.deaths
        self.share = (np.arange(self.deaths.sum()) - np.repeat(self.first, self.deaths)) / np.repeat(
            self.deaths, self.deaths
        )

    def backwards(self, values: np.ndarray) -> np.ndarray:
        """Sums over the rows from each one to the end of its stratum."""
        return self._within(values, lambda block: block[::-1].cumsum(axis=0)[::-1])

    def forwards(self, values: np.ndarray) -> np.ndarray:
        """Sums over the rows from the start of the stratum to each one."""
        return self._within(values, lambda block: block.cumsum(axis=0))

    def _within(self, values: np.ndarray, add) -> np.ndarray:
        out = np.empty_like(values, dtype=float)
        for start, end in self.spans:
            out[start:end] = add(values[start:end])
        return out

    def terms(self, beta: np.ndarray) -> Terms:
        """Everything that the likelihood and its derivatives need at these coefficients."""
        eta = self.matrix @ beta
        eta -= eta.max()
        r = np.exp(eta)
        z = np.column_stack([r, r[:, None] * self.matrix])
        s, d = self.backwards(self.leaving @ z), self.dying @ z
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
        a0, a1, b0, b1, b2 = (mean * values for values in sums)
        log = float(self.dead @ eta - (mean * logs).sum())
        return Terms(r, s[:, 1:], d[:, 1:], a0, a1, b0, b1, b2, log)

    def expected(self, terms: Terms) -> np.ndarray:
        """For each event time, the summed covariates expected of its events."""
        return terms.a0[:, None] * terms.s1 - terms.a1[:, None] * terms.d1

    def score(self, terms: Terms) -> np.ndarray:
        """The first derivative of the log partial likelihood."""
        return self.dead @ self.matrix - terms.a0 @ terms.s1 + terms.a1 @ terms.d1

    def information(self, terms: Terms, by_row: np.ndarray | None = None) -> np.ndarray:
        """Minus the second derivative; with ``by_row``, each event time's share of it is multiplied first."""
        w = np.ones(len(self.grid)) if by_row is None else by_row
        held = self.leaving.T @ self.forwards(w * terms.a0) - self.dying.T @ (w * terms.a1)
        inner = self.matrix.T @ ((terms.r * held)[:, None] * self.matrix)
        s1, d1 = terms.s1, terms.d1
        cross = s1.T @ ((w * terms.b1)[:, None] * d1)
        outer = s1.T @ ((w * terms.b0)[:, None] * s1) - cross - cross.T + d1.T @ ((w * terms.b2)[:, None] * d1)
        return inner - outer

    def score_residuals(self, terms: Terms) -> np.ndarray:
        """Each record's contribution to the score, for one row of weight 1 (R's ``residuals(type = "score")``)."""
        records = self.records
        x, hazard = self.matrix[records.pattern], terms.r[records.pattern]
        m = terms.b0[:, None] * terms.s1 - terms.b1[:, None] * terms.d1
        total, mean = self.forwards(terms.a0), self.forwards(m)
        exposure = self._between(total[:, None])[:, 0]
        out = -hazard[:, None] * (x * exposure[:, None] - self._between(mean))
        event, row = records.status > 0, self.row
        centre = self.expected(terms)[row] / self.load[row, None]
        # people with the event are at risk for only part of their own tied time
        spared = terms.b1[:, None] * terms.s1 - terms.b2[:, None] * terms.d1
        part = x[event] * terms.a1[row, None] - spared[row]
        out[event] += x[event] - centre + hazard[event, None] * part
        return out

    def _between(self, cumulated: np.ndarray) -> np.ndarray:
        """Sums over the rows at which each record is at risk, from sums cumulated within strata."""
        padded = np.vstack([cumulated, np.zeros(cumulated.shape[1])])
        start = np.searchsorted(self.stratum, self.records.stratum, side="left")
        upto = np.where((self.leave > start)[:, None], padded[self.leave - 1], 0.0)
        before = np.where((self.enter > start)[:, None], padded[self.enter - 1], 0.0)
        return upto - before


def _rows_upto(grid: np.ndarray, key: np.ndarray) -> np.ndarray:
    """How many of the grid's sorted keys are not after each key (-1 and above)."""
    size = int(key.max()) + 2
    if size > 2 * len(key):
        return np.searchsorted(grid, key, side="right")
    # a table looked up is many times faster than a search where keys repeat
    return np.searchsorted(grid, np.arange(-1, size - 1), side="right")[key + 1]
