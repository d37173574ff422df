"""Weights for people whose follow-up ends before the horizon: those seen stand for those who were not.

Within a group, someone seen to an event at t counts 1 / G(t-), someone followed to the horizon h without one
1 / G(h-), and someone lost before counts 0; G is the Kaplan-Meier curve of being lost. The weighted share with the
event is then exactly the Aalen-Johansen estimate at h. It assumes that within a group, being lost says nothing about
risk.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class CensoringWeights:
    """``weight`` a row, 0 where lost before the horizon; ``lost`` counts those rows."""

    weight: np.ndarray
    lost: int
    _groups: tuple

    def correction(self, linear: np.ndarray) -> np.ndarray:
        """What each row adds to an estimate through G.

        ``linear`` is the part of each row's influence that is proportional to its own weight.
        """
        out = np.zeros(len(linear))
        for rows, time, event, last, times, per_person, hazard in self._groups:
            if not len(times):
                continue
            beyond = np.cumsum(_sums(last, linear[rows], times)[::-1])[::-1]
            after = beyond[1:]  # the linear part of those followed beyond each time: their weight involves it
            own = after * per_person
            running = np.concatenate([[0.0], np.cumsum(own * hazard)])
            # at risk of being lost at u: time > u, or time = u without an event
            until = np.searchsorted(times, time, side="left") + ((_at(times, time) >= 0) & ~event)
            place = _at(times, time)
            here = (place >= 0) & ~event
            out[rows] = np.where(here, own[np.maximum(place, 0)], 0.0) - running[until]
        return out


def censoring_weights(time: np.ndarray, event: np.ndarray, group: np.ndarray, horizon: float) -> CensoringWeights:
    """Return the weights at a horizon.

    Parameters
    ----------
    time : array
        Follow-up.
    event : array of bool
        Whether it ended with an event of any kind.
    group : array of int
        G is estimated in each group alone.
    horizon : float
    """
    known = (time >= horizon) | event
    weight, parts = np.zeros(len(time)), []
    for code in np.unique(group):
        rows = np.flatnonzero(group == code)
        t, d = time[rows], event[rows]
        lost = ~d & (t < horizon)
        times = np.unique(t[lost])
        leave = np.searchsorted(np.sort(t), times, side="left")
        at_risk = len(t) - leave - _counts(t[d], times)
        gone = _counts(t[lost], times)
        curve = np.concatenate([[1.0], np.cumprod(1 - gone / at_risk)])
        last = np.minimum(t, horizon)
        kept = known[rows]
        value = curve[np.searchsorted(times, last, side="left")]
        weight[rows] = np.where(kept, 1 / np.where(kept, value, 1.0), 0.0)
        left = at_risk - gone
        per_person = np.divide(1.0, left, out=np.zeros(len(left)), where=left > 0)
        parts.append((rows, t, d, last, times, per_person, gone / at_risk))
    return CensoringWeights(weight, int((~known).sum()), tuple(parts))


def _at(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The position of each value among the times, -1 where it is none of them."""
    place = np.searchsorted(times, values)
    inside = place < len(times)
    return np.where(inside & (times[np.minimum(place, len(times) - 1)] == values), place, -1)


def _counts(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    place = _at(times, values) if len(times) else np.zeros(0, dtype=int)
    return np.bincount(place[place >= 0], minlength=len(times)).astype(float)


def _sums(last: np.ndarray, values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The sum of values by the number of times before ``last``: element k holds those with exactly k."""
    return np.bincount(np.searchsorted(times, last, side="left"), weights=values, minlength=len(times) + 1)
