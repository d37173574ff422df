"""How a risk builds up over time: step curves with interval bands, direct labels and numbers at risk beneath.

Takes a frame as the estimators return it (one row per group and distinct time) and shows the share who have had the
event. The drawing itself is in `curve_plot`.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from analysis.data.rounding import STEP, midpoint, step
from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.figures.curve_plot import Plan, at_risk, by_risk, draw, groups, last_time
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, ReleaseError

_NOTE = "From rounded counts: each step holds a multiple of the rounding, and a curve ends on the last day with 30 or more at risk."


def curve(
    frame: pd.DataFrame,
    value: str = "survival",
    by: str | None = None,
    unit: str = "day",
    event: str = "re-arrested",
    since: str = "release",
    horizon: float | None = None,
    complement: bool | None = None,
    lines: Mapping[str, float] | None = None,
    points: pd.DataFrame | None = None,
    level: float = 0.95,
    name: str = "",
) -> Drawing:
    """Return the figure of one curve, or of one for each level of the column ``by``.

    ``frame`` has columns time, at_risk, events, ``value``, lower and upper; ``value`` is a share between 0 and 1.
    ``complement`` turns a survival curve into the share who have had the event (by default where ``value`` is
    ``"survival"``). ``unit`` is the time unit, ``event`` completes "share ...", ``since`` completes "days since ...",
    ``horizon`` is where the time axis ends. ``lines`` maps a label to a share drawn level, to compare with;
    ``points`` has columns time, estimate and label. ``level`` is that of the intervals.

    Raises ``ValueError`` naming a missing column, or where no row has an estimate.
    """
    needed = ["time", "at_risk", "events", value, "lower", "upper", *([by] if by else [])]
    if missing := [c for c in needed if c not in frame.columns]:
        raise ValueError(f"curve needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    flipped = (value == "survival") if complement is None else complement
    start = 1.0 if value == "survival" and not flipped else 0.0
    plan = Plan(by, unit, event, since, horizon, start, lines or {}, points)
    tidy = _tidy(frame[needed], plan, value, flipped)
    if tidy.empty:
        raise ValueError("curve was given no row with an estimate")
    return Drawing(
        source=Released(tidy),
        draw=partial(draw, plan=plan),
        describe=partial(_describe, plan=plan),
        tabulate=partial(_table, plan=plan),
        summarise=partial(_summary, plan=plan),
        release=partial(_release, tidy),
        percent=("share", "lower", "upper"),
        level=level,
        name=name,
        units=f"Share {event}, percent, with {100 * level:g} % intervals, by {unit}s since {since}",
    )


def _tidy(frame: pd.DataFrame, plan: Plan, value: str, flipped: bool) -> pd.DataFrame:
    """Columns group, time, at_risk, events, share, lower, upper, in order of group and time."""
    out = pd.DataFrame({"group": frame[plan.by].astype(str) if plan.by else "", "time": frame["time"].astype(float)})
    out["at_risk"], out["events"] = frame["at_risk"], frame["events"]
    shares = frame[[value, "lower", "upper"]].to_numpy(float)
    out[["share", "lower", "upper"]] = 1 - shares[:, [0, 2, 1]] if flipped else shares
    kept = out["share"].notna() & ((out["time"] <= plan.horizon) if plan.horizon else True)
    return out[kept].reset_index(drop=True)


def _release(tidy: pd.DataFrame, disclosure: str) -> Released:
    """Return a curve as it may be shown: on restricted data one of a rounded life table, which `life_table` makes."""
    if disclosure != "restricted":
        return Released(tidy)
    total = tidy.groupby("group", sort=False)["events"].cumsum()
    if not np.array_equal(midpoint(total, step() or STEP), total):
        raise ReleaseError("these data are restricted and the events of this curve are not rounded: make it from analysis.life_table")
    return Released(tidy, _NOTE, tuple(tidy.groupby("group", sort=False)["at_risk"].max()))


def _at_ticks(source: Released, plan: Plan) -> pd.DataFrame:
    """Return the estimates at the ticks of the time axis, and at the last time observed in each group."""
    frame = source.frame
    ticks = canvas.time_steps(last_time(frame, plan), plan.unit)[1:]
    rows, risk = [], by_risk(groups(frame))
    for label, part in groups(frame).items():
        ends, counted = part["time"].to_numpy(), risk.get("", part)
        for time in [*(t for t in ticks if t < ends[-1]), float(ends[-1])]:
            i = int(np.searchsorted(ends, time, side="right")) - 1
            if i >= 0:
                here = part.iloc[i]
                rows.append((label, time, at_risk(counted, time), here["share"], here["lower"], here["upper"]))
    return pd.DataFrame(rows, columns=["group", "time", "at_risk", "share", "lower", "upper"])


def _describe(source: Released, plan: Plan) -> str:
    table = _at_ticks(source, plan)
    if table.empty:
        return f"Share {plan.event}: no step of the curve holds enough people to be shown."
    words = [f"Step curve of the share {plan.event} by {plan.unit}s since {plan.since}."]
    for label, part in groups(source.frame).items():
        rows = table[table["group"] == label]
        start = f"{numbers.thousands(part['at_risk'].iloc[0])} at risk at the start"
        seen = [_sentence(row, plan.unit) for row in _few(rows).itertuples()]
        words.append(f"{label + ': ' if label else ''}{start}; {'; '.join(seen)}.")
    words += [f"Line to compare with, {label}: {numbers.percent(value)}." for label, value in plan.lines.items()]
    if plan.points is not None:
        words += [f"Point, {p.label}: {numbers.percent(p.estimate)} at {numbers.span(p.time, plan.unit)}."
                  for p in plan.points.itertuples()]  # fmt: skip
    return " ".join(words)


def _few(rows: pd.DataFrame) -> pd.DataFrame:
    return rows if len(rows) <= 3 else rows.iloc[[0, len(rows) // 2, len(rows) - 1]]


def _sentence(row: object, unit: str) -> str:
    limits = numbers.interval(row.lower, row.upper)
    return f"{numbers.percent(row.share)} (interval {limits}) by {numbers.span(row.time, unit)}"


def _table(source: Released, plan: Plan) -> Released:
    frame = source.frame.rename(columns={"group": plan.by}) if plan.by else source.frame.drop(columns="group")
    return Released(frame, source.note)


def _summary(source: Released, plan: Plan) -> Released:
    frame = _at_ticks(source, plan).rename(columns={"time": f"{plan.unit}s"})
    frame["at_risk"] = frame["at_risk"].astype("Int64")
    frame = frame.rename(columns={"group": plan.by}) if plan.by else frame.drop(columns="group")
    return Released(frame, source.note)
