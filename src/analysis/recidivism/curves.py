"""Read a curve: its value at given times, and the times at which it reaches given shares."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.recidivism.strata import label_columns, strata_slices, stratum_number

ESTIMATES = {"survival": 1.0, "incidence": 0.0, "mean": 0.0}  # a curve's value before its first event
_EQUAL = 1.5e-8


def estimate_of(curve: pd.DataFrame) -> str:
    """The name of a curve's estimate: survival, incidence or mean."""
    found = [name for name in ESTIMATES if name in curve.columns]
    if len(found) != 1 or "time" not in curve.columns:
        raise ValueError("expected a curve of kaplan_meier, cumulative_incidence or mean_cumulative")
    return found[0]


def at(curve: pd.DataFrame, times: float | Iterable[float]) -> pd.DataFrame:
    """A curve at given times: the value of its last step at or before each.

    Parameters
    ----------
    curve : pandas.DataFrame
        From ``kaplan_meier``, ``cumulative_incidence`` or ``mean_cumulative``.
    times : number or numbers
        0 or more, in the curve's unit; kept in the order given.

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, events``, the estimate, ``se, lower, upper, beyond_follow_up``; one row a
        stratum and time. ``at_risk`` is the number with ``entry < t <= time``, ``events`` the number up
        to and including t. Past the last person at risk the estimates are NaN and
        ``beyond_follow_up`` is True: nothing is carried forward.

    Raises
    ------
    ValueError
        A time that is negative or no number, a frame that is no curve.
    """
    name = estimate_of(curve)
    wanted = np.atleast_1d(np.asarray(times, dtype=float))
    if wanted.ndim != 1 or not np.isfinite(wanted).all() or (wanted < 0).any():
        raise ValueError(f"times must be finite and 0 or more, found {times!r}")
    by = list(curve.columns[: curve.columns.get_loc("time")])
    blocks = [_read(curve.iloc[rows], by, label, wanted, name, curve) for label, rows in strata_slices(curve, by)]
    if not blocks:
        return curve.iloc[:0].assign(beyond_follow_up=np.zeros(0, dtype=bool))
    out = label_columns(pd.concat(blocks, ignore_index=True), by, curve)
    out.attrs = dict(curve.attrs)
    return out


def _read(
    block: pd.DataFrame, by: list[str], label: tuple, wanted: np.ndarray, name: str, curve: pd.DataFrame
) -> pd.DataFrame:
    time = block["time"].to_numpy()
    last = np.searchsorted(time, wanted, side="right") - 1
    following = np.searchsorted(time, wanted, side="left")
    beyond = wanted > time[-1]
    out: dict[str, object] = {column: [value] * len(wanted) for column, value in zip(by, label, strict=True)}
    out["time"] = wanted
    out["at_risk"] = _at_risk(block, by, label, wanted, following, beyond, curve)
    events = np.concatenate([[0], block["events"].to_numpy().cumsum()])[last + 1]
    out["events"] = np.where(beyond, np.nan, events) if beyond.any() else events
    start = {name: ESTIMATES[name], "se": 0.0, **_limits_at_start(name, curve.attrs.get("ci"))}
    for column in (name, "se", "lower", "upper"):
        values = np.concatenate([[start[column]], block[column].to_numpy()])[last + 1]
        out[column] = np.where(beyond, np.nan, values)
    out["beyond_follow_up"] = beyond
    return pd.DataFrame(out)


def _limits_at_start(name: str, ci: str | None) -> dict[str, float]:
    """The interval before the first event, where the transformation defines one."""
    defined = ci == "plain" or (ci == "log" and name == "survival")
    value = ESTIMATES[name] if defined else np.nan
    return {"lower": value, "upper": value}


def _at_risk(
    block: pd.DataFrame,
    by: list[str],
    label: tuple,
    wanted: np.ndarray,
    following: np.ndarray,
    beyond: np.ndarray,
    curve: pd.DataFrame,
) -> np.ndarray:
    n = block["at_risk"].to_numpy()
    out = np.where(beyond, 0, n[np.minimum(following, len(n) - 1)])
    cells = curve.attrs.get("cells")
    if cells is None or not cells.delayed:
        return out
    # between two steps people may enter: count those who came later than t out of the next step's number
    exact = cells.at_risk(stratum_number(cells, by, label), wanted)
    return np.where(beyond, 0, exact).astype(out.dtype)


def quantile(curve: pd.DataFrame, q: float | Iterable[float] = 0.5) -> pd.DataFrame:
    """The time by which a share q has had the event, with the interval read off the curve's own limits.

    Parameters
    ----------
    curve : pandas.DataFrame
        From ``kaplan_meier`` or ``cumulative_incidence``.
    q : number or numbers
        Shares between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        ``*by, q, time, lower, upper``. Where the curve is flat at exactly q the midpoint of the flat
        stretch, or of what follow-up shows of it, is given, as in R. NaN where the share is not reached within follow-up.

    References
    ----------
    Brookmeyer and Crowley (1982); ``quantile`` of R's ``survfit``.
    """
    name = estimate_of(curve)
    if name == "mean":
        raise ValueError("quantiles are defined for kaplan_meier and cumulative_incidence curves")
    wanted = np.atleast_1d(np.asarray(q, dtype=float))
    if not ((wanted >= 0) & (wanted <= 1)).all():
        raise ValueError(f"q must lie between 0 and 1, found {q!r}")
    by = list(curve.columns[: curve.columns.get_loc("time")])
    sides = ("lower", "upper") if name == "survival" else ("upper", "lower")
    rows = []
    for label, here in strata_slices(curve, by):
        block = curve.iloc[here]
        time = block["time"].to_numpy(dtype=float)
        reached = [_share(block[column], name) for column in (name, *sides)]
        rows += [(*label, share, *(_first(values, time, share) for values in reached)) for share in wanted]
    out = label_columns(pd.DataFrame(rows, columns=[*by, "q", "time", "lower", "upper"]), by, curve)
    out.attrs = dict(curve.attrs)
    return out


def _share(values: pd.Series, name: str) -> np.ndarray:
    values = values.to_numpy(dtype=float)
    return 1 - values if name == "survival" else values


def _first(share: np.ndarray, time: np.ndarray, q: float) -> float:
    """The first time at which the share is q or more; where it stays at exactly q, the middle of that stretch."""
    known = ~np.isnan(share)
    share, time = np.concatenate([[0.0], share[known]]), np.concatenate([[0.0], time[known]])
    reached = np.flatnonzero(share > q - _EQUAL)
    if not len(reached):
        return np.nan
    first = reached[0]
    beyond = np.flatnonzero(share > q + _EQUAL)
    if q == 0 or abs(share[first] - q) >= _EQUAL:
        return time[first]
    return (time[first] + time[beyond[0] if len(beyond) else -1]) / 2  # to the end of follow-up where it never rises
