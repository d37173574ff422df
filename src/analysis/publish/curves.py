"""The release rule for curves: steps that hold enough people, and what other curves of the same people already show.

Two curves of one group of people, re-arrest and transfer say, share their numbers at risk. If each were merged on its own, the
difference between two numbers at risk could be a small count. What a page has released is therefore remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.publish.rule import THRESHOLD, check_disclosure, require
from analysis.publish.steps import merge_steps

_YEARS = range(1, 31)
STANDARD = {
    "day": (30, 60, 90, 105, 180, *(int(365.25 * year) for year in _YEARS)),
    "week": (4, 13, 26, *(int(365.25 / 7 * year) for year in _YEARS)),
    "month": (1, 2, 3, 6, *(12 * year for year in _YEARS)),
    "year": tuple(_YEARS),
}  # windows and years that reports give figures for


@dataclass
class Seen:
    """The curves released so far: for each group of people the times at which steps end, and the events shown."""

    times: dict[bytes, list[float]] = field(default_factory=dict)
    events: dict[bytes, list[np.ndarray]] = field(default_factory=dict)


def release_curve(
    curve: pd.DataFrame,
    disclosure: str,
    by: Sequence[str] = (),
    time: str = "time",
    at_risk: str = "at_risk",
    events: str = "events",
    ends: Sequence[float] = (),
    stated: Sequence[float] = (),
    seen: Seen | None = None,
    unit: str = "day",
) -> pd.DataFrame:
    """Return the steps of one or several curves that may be shown (see `analysis.publish.steps`).

    A step ends at the usual windows and years of the time ``unit`` if it safely can, and at ``ends``. Every page about the
    same people aims at the usual ones, so that their curves have the same steps: with others of its own, a page shows steps
    that lie across another's, and may not stand beside it (`analysis.publish.between`). A step that ends at one of the
    times ``stated``, whose counts the page gives in words, goes before all others: a count less that of a step just before
    it is a count of its own. ``seen`` is what the page has released before; it is added to. Where one of several groups of
    people is too small for a curve and the groups without one hold fewer than ten people, or it alone has none, the
    smallest of the others goes too: the number of everyone is known, and would give the small one away.

    Raises `ReleaseError` for an unknown disclosure or an absent column.
    """
    check_disclosure(disclosure)
    for name in (*by, time, at_risk, events):
        require(curve, name)
    if disclosure == "public":
        return curve.reset_index(drop=True)
    seen = Seen() if seen is None else seen
    ends = [*STANDARD.get(unit, ()), *ends]
    groups = (
        [part.sort_values(time) for _, part in curve.groupby(list(by), observed=True, sort=False)] if by else [curve]
    )
    parts = [_released(part, (time, at_risk, events), ends, stated, seen) for part in groups]
    if len({_people(part, time, at_risk) for part in groups}) == len(groups):
        _hide_companion(groups, parts, at_risk)
    shown = pd.concat(parts, ignore_index=True) if parts else curve.iloc[:0].copy()
    shown.attrs = {**curve.attrs, "merged": True}
    return shown


def _people(part: pd.DataFrame, time: str, at_risk: str) -> bytes:
    """Return what tells one group of people from another: their number at risk at every time."""
    return part.sort_values(time)[[time, at_risk]].to_numpy(float).tobytes()


def _released(
    part: pd.DataFrame, names: tuple[str, str, str], ends: Sequence[float], stated: Sequence[float], seen: Seen
) -> pd.DataFrame:
    time, at_risk, events = names
    part = part.sort_values(time)
    key, mine = _people(part, time, at_risk), part[events].to_numpy(float)
    others = [shown for shown in seen.events.get(key, []) if not np.array_equal(shown, mine)]
    steps = merge_steps(part, THRESHOLD, time, at_risk, events, ends, seen.times.get(key), others, stated)
    if len(steps):
        seen.times.setdefault(key, steps[time].astype(float).tolist())
        if len(others) == len(seen.events.get(key, [])):
            seen.events.setdefault(key, []).append(mine)
    return steps


def _hide_companion(groups: list[pd.DataFrame], parts: list[pd.DataFrame], at_risk: str) -> None:
    """Hide one more group where those without a curve would be a small count, known from the number of everyone."""
    sizes = [float(part[at_risk].max()) for part in groups]
    hidden = [i for i, part in enumerate(parts) if part.empty]
    shown = sorted((i for i, part in enumerate(parts) if len(part)), key=lambda i: (sizes[i], i))
    small = any(sizes[i] < THRESHOLD for i in hidden)
    if small and shown and (len(hidden) < 2 or sum(sizes[i] for i in hidden) < THRESHOLD):
        parts[shown[0]] = parts[shown[0]].iloc[:0]
