"""Which steps of a curve may be shown when the people behind it are few: times are merged until they hold enough.

A step function with numbers at risk is a table of counts in disguise: the height of each step gives the events,
the fall of the number at risk gives those who left. Released steps therefore hold at least ten events and start
and end with ten or more at risk, and whoever left otherwise in between are none or at least ten.
"""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd


def merge_steps(
    curve: pd.DataFrame,
    threshold: int,
    time: str,
    at_risk: str,
    events: str,
    ends: Sequence[float] = (),
    within: Collection[float] | None = None,
    seen: Sequence[np.ndarray] = (),
    stated: Sequence[float] = (),
) -> pd.DataFrame:
    """Return the rows of one curve that may be released, in order of ``time``.

    ``curve`` has one row per distinct time: number ``at_risk`` just before it and ``events`` at it. Adjacent times
    are merged until a step is safe; the released row carries the last time and the estimates at that time, the
    number at risk at the step's start and the events within it. What remains incomplete at the end is dropped.
    ``ends`` are times at which a step should end, a window or a year, so that figures for them can be read: steps
    before such a time are merged further where that makes one safe that ends there, those that end at one of ``ends`` before it
    only for a time ``stated``. Where other curves of the same
    people are released already, steps end ``within`` their times alone, and the events ``seen`` there (an array for
    each, a value a row) are subtracted from those who left in other ways, as a reader would.
    """
    curve = curve.sort_values(time)
    times = curve[time].to_numpy(float)
    n, d = curve[at_risk].to_numpy(float), curve[events].to_numpy(float)
    after = np.append(n[1:], 0.0)
    total, known = (np.append(0.0, np.cumsum(x)) for x in (d, sum(seen, np.zeros(len(curve)))))
    allowed = np.ones(len(curve), bool) if within is None else np.isin(times, list(within))

    def safe(start: int, end: int) -> bool:
        other = known[end + 1] - known[start]
        return bool(allowed[end]) and _safe(n[start], total[end + 1] - total[start], after[end], other, threshold)

    firm, usual = (set(np.searchsorted(times, list(given), side="right") - 1) for given in (stated, ends))
    steps: list[tuple[int, int]] = []  # first and last row of each
    start, fixed, held = (
        0,
        0,
        0,
    )  # the first row of the step being filled; the steps up to the last wanted, the last stated time
    for i in range(len(curve)):
        if safe(start, i):
            steps.append((start, i))
            start = i + 1
        elif i in firm | usual:
            kept = held if i in firm else fixed
            first = next((k for k in range(len(steps) - 1, kept - 1, -1) if safe(steps[k][0], i)), None)
            if first is not None:
                steps[first:] = [(steps[first][0], i)]
                start = i + 1
        if i in firm | usual:
            fixed = len(steps)
        if i in firm:
            held = len(steps)
    released = curve.iloc[[last for _, last in steps]].copy()
    released[at_risk] = np.array([n[first] for first, _ in steps], dtype="int64")
    released[events] = np.array([total[last + 1] - total[first] for first, last in steps], dtype="int64")
    return released


def _safe(n: float, d: float, after: float, other: float, threshold: int) -> bool:
    """Say whether a step from ``n`` at risk with ``d`` events, and ``other`` known ones, that leaves ``after`` reveals no small count."""
    left = abs(n - d - after)
    rest = abs(n - d - other - after) if other else left
    if n < threshold or d < threshold or 0 < left < threshold or 0 < rest < threshold:
        return False
    return after >= threshold or (after == 0 and left >= threshold)
