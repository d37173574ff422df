"""The release rule of restricted data: what is published about them is computed from rounded counts.

A count of 1 to 6 is shown as 3, of 7 to 12 as 9, and so on; none stays none. In a life table the cumulative counts are
rounded, so that it stays a life table (OpenSAFELY's way). Rounding is a property of the run: `open_dataset` and a page
set it, and once set it holds until the process ends, so that no frame can lose it.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import NormalDist

import numpy as np
import pandas as pd

from analysis.data.spec import STEP

LEAST_AT_RISK = 30  # a curve ends at the last day on which so many are at risk
LEAST_CURVE = 100  # people of a group that has a curve
LEAST_GROUP = 50  # people of a group that is named in a breakdown
LEAST_MODEL = 500  # people in every group of a result that needs people, not counts
OTHER = "other"
_run = {"step": 0}


class Exact:
    """The life table that a rounded one was made from: for standard errors over dependent people, and for nothing shown."""

    def __init__(self, life: pd.DataFrame) -> None:
        self.life = life

    def __deepcopy__(self, memo: dict) -> "Exact":
        return self


def restrict(step: int = STEP) -> None:
    """Round from now on, to ``step`` or what is set already, whichever is coarser."""
    _run["step"] = max(_run["step"], step)


def step() -> int:
    """Return the step of this run's rounding, 0 where nothing is rounded."""
    return _run["step"]


@contextmanager
def exactly() -> Iterator[None]:
    """Round nothing within: for what is shown to nobody."""
    before, _run["step"] = _run["step"], 0
    try:
        yield
    finally:
        _run["step"] = before


def midpoint(n: object, k: int = STEP) -> np.ndarray:
    """Return counts as the middle of their ``k``: 0 is 0, 1 to 6 is 3, 7 to 12 is 9. What is no count stays as it is.

    >>> midpoint([0, 1, 6, 7, 431])
    array([  0.,   3.,   3.,   9., 429.])
    """
    values = np.asarray(n, dtype=float)
    return np.where(values > 0, np.ceil(values / k) * k - k // 2, values) if k else values


def rounded(n: float) -> int:
    """Return a count as this run may show it."""
    return int(midpoint(n, step()))


def bounds(shown: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest count that is shown so."""
    none = shown == 0
    return np.where(none, 0, shown - (k - 1 - k // 2)), np.where(none, 0, shown + k // 2)


def significant(values: object, digits: int = 2) -> np.ndarray:
    """Return numbers with so many significant digits.

    >>> significant([0.10346, -1234.5, 0])
    array([ 1.0e-01, -1.2e+03,  0.0e+00])
    """
    values = np.asarray(values, dtype=float)
    known = np.isfinite(values) & (values != 0)
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.abs(values), out=np.zeros(values.shape), where=known)))
    return np.where(known, np.round(values * scale) / scale, values)


def digits(value: float) -> float:
    """Return a number that rests on people as this run may show it: with two digits where counts are rounded."""
    return float(significant(value)) if step() else value


def limits(estimate: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return an estimate of two digits, and limits that say no more than it and a two-digit width do.

    Limits that lie evenly about their estimate on a scale of ratios are rebuilt on it; limits of a range have two digits each.
    """
    estimate, lower, upper = (np.asarray(values, dtype=float) for values in (estimate, lower, upper))
    shown = significant(estimate)
    with np.errstate(all="ignore"):
        even = np.abs(lower + upper - 2 * estimate)
        ratio = (lower > 0) & (upper > 0) & (np.abs(estimate - np.sqrt(lower * upper)) < even / 4)
        spread, factor = significant((upper - lower) / 2), np.exp(significant(np.log(upper / lower) / 2))
        apart = ~ratio & (even > (upper - lower) / 2)  # no limits of this estimate, but of a range that it ends
        least = np.where(ratio, shown / factor, np.where(apart, significant(lower), shown - spread))
        most = np.where(ratio, shown * factor, np.where(apart, significant(upper), shown + spread))
    return shown, least, most


def wilson(k: object, n: object, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's limits of the share k of n."""
    k, n, z = np.asarray(k, dtype=float), np.asarray(n, dtype=float), NormalDist().inv_cdf((1 + level) / 2)
    with np.errstate(all="ignore"):
        share = np.minimum(k / n, 1)
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)


def told(counts: np.ndarray, k: int, unseen: np.ndarray | float = 0.0) -> np.ndarray:
    """Return which counts of 1 to 5 keep fewer than three values beside their rounded total.

    ``counts`` are exact, parts along the first axis; ``unseen`` is what belongs to the total and is not shown.
    """
    low, high = bounds(midpoint(counts, k), k)
    least, most = bounds(midpoint(counts.sum(axis=0) + unseen, k), k)
    most_others = np.where(np.asarray(unseen) > 0, np.inf, high.sum(axis=0) - high)
    least_here = np.maximum(low, least - most_others)
    most_here = np.minimum(high, most - (low.sum(axis=0) - low))
    return (counts >= 1) & (counts < k) & (most_here - least_here + 1 < min(3, k))


def told_by_all(counts: np.ndarray, k: int) -> np.ndarray:
    """Return which counts of 1 to 5 of a table keep fewer than three values beside all its rounded lines and columns together.

    ``counts`` are exact, a line a group; every column has a total, and neighbouring columns may add up to another one.
    """
    every = np.vstack([counts, counts.sum(axis=0)])
    low, high = bounds(midpoint(every, k), k)
    width = every.shape[1]
    runs = [(w, list(range(a, b))) for w in range(width) for a in range(width) for b in range(a + 2, width + 1)
            if not a <= w < b and (every[:, a:b].sum(axis=1) == every[:, w]).all()]  # fmt: skip
    sums = [(np.s_[-1, :], np.s_[:-1, :], 0), *((np.s_[:, w], np.s_[:, parts], 1) for w, parts in runs)]
    before = np.inf
    while (now := (high - low).sum()) < before:
        before = now
        for whole, parts, axis in sums:
            low[whole] = np.maximum(low[whole], low[parts].sum(axis=axis))
            high[whole] = np.minimum(high[whole], high[parts].sum(axis=axis))
            rest_low, rest_high = (np.expand_dims(end[parts].sum(axis=axis), axis) - end[parts] for end in (low, high))
            least, most = (np.expand_dims(end[whole], axis) for end in (low, high))
            low[parts], high[parts] = np.maximum(low[parts], least - rest_high), np.minimum(high[parts], most - rest_low)
    return (counts >= 1) & (counts < k) & ((high - low)[:-1] + 1 < min(3, k))


def pooled(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return people or records with groups under 50 joined as "other", together at least two and 50; a missing group stays.

    Where nothing is rounded the frame comes back as it is.
    """
    sizes = frame[column].value_counts()
    sizes = sizes[sizes > 0].sort_values(kind="stable")
    number = int((sizes < LEAST_GROUP).sum())
    if not step() or not number:
        return frame
    number = max(number, 2, int((sizes.cumsum() < LEAST_GROUP).sum()) + 1)
    small, labels = sizes.index[:number], frame[column].astype("object")
    out = frame.assign(**{column: labels.where(~labels.isin(small), OTHER).astype("category")})
    out.attrs = frame.attrs
    return out


def life_table(table: pd.DataFrame, k: int, exact: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a life table of which every cumulative count is rounded: entries, events of each cause, people censored.

    At risk are those who entered less those gone. A stratum ends at the last time with 30 at risk, and has none under 100
    people; where a count of 1 to 5 of a stratum would still be known from that of all together, the smallest goes too.
    """
    columns = list(table.columns)
    by, kinds = columns[: columns.index("time")], columns[columns.index("censored") :]
    groups = [part for _, part in table.groupby(by, observed=True, sort=False)] if by else [table]
    found = [_rounded(part, kinds, k) for part in groups]
    shown = [i for i, part in enumerate(found) if len(part)]
    while len(groups) > 1 and shown and _too_narrow(groups, shown, kinds, k):
        shown.remove(min(shown, key=lambda i: groups[i]["at_risk"].max()))
    out = pd.concat([found[i] for i in shown], ignore_index=True) if shown else table.iloc[:0].copy()
    out.attrs = {name: value for name, value in table.attrs.items() if name != "cells"} | {"rounding": k}
    if exact is not None:
        out.attrs["exact"] = Exact(exact)
    return out


def _rounded(part: pd.DataFrame, kinds: list[str], k: int) -> pd.DataFrame:
    """Round one stratum."""
    gone = part[kinds].to_numpy(float).cumsum(axis=0)
    entered = part["at_risk"].to_numpy(float) + _before(gone.sum(axis=1))
    gone = midpoint(gone, k)
    out, half = gone.sum(axis=1), k // 2
    needed = np.ceil((out - half) / k) * k + half  # the least count, rounded, of which so many can be gone
    entered = np.maximum.accumulate(np.maximum(midpoint(entered, k), needed))
    at_risk = entered - _before(out)
    last = int(np.flatnonzero(at_risk >= LEAST_AT_RISK).max(initial=-1))
    if not len(part) or last < 0 or entered[last] < LEAST_CURVE:
        return part.iloc[:0]
    changed = (np.diff(np.column_stack([entered, gone]), axis=0, prepend=0) > 0).any(axis=1)
    changed[last] = True
    rows = np.flatnonzero(changed[: last + 1])
    events = np.diff(gone[rows], axis=0, prepend=0)
    events[-1, 0] = at_risk[last] - events[-1, 1:].sum()  # whoever is left is followed no further
    shown = part.iloc[rows].copy()
    shown["at_risk"], shown[kinds] = at_risk[rows].astype("int64"), events.astype("int64")
    return shown


def _before(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], values[:-1]])[: len(values)]


def _too_narrow(groups: list[pd.DataFrame], shown: list[int], kinds: list[str], k: int) -> bool:
    """Whether a cumulative count of 1 to 5 of a stratum that is shown keeps fewer than three values at some time."""
    times = np.unique(np.concatenate([part["time"].to_numpy() for part in groups]))
    totals = [np.vstack([np.zeros(len(kinds)), part[kinds].to_numpy(float).cumsum(axis=0)])[
        np.searchsorted(part["time"].to_numpy(), times, side="right")] for part in groups]  # fmt: skip
    unseen = np.sum([total for i, total in enumerate(totals) if i not in shown], axis=0)
    return bool(told(np.array([totals[i] for i in shown]), k, unseen).any())


def too_few(*sizes: float) -> str:
    """Return why a result that needs people cannot be shown for groups of these sizes; empty where it can."""
    if not step() or min(midpoint(sizes, step())) >= LEAST_MODEL:
        return ""
    return f"adjusted and clustered results of restricted data are shown for groups of {LEAST_MODEL} or more people, and a group here has fewer"


def moves(n: float, k: int) -> float:
    """Return by how much rounding can move a share of a rounded ``n``."""
    return math.ceil(k / 2) / n
