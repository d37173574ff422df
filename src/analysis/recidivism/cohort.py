"""Who is followed, from when to when, and what happened to them first.

In: a dataset. Out: one row a person (or release, or episode) with the days from the origin to the
first event, or to the end of follow-up. Who is eligible depends on the origin and the data end alone:
no outcome ever decides who is counted. The work is an Ibis expression that runs in the query engine.
"""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.data.tables import EVENTS, EXIT_KINDS
from analysis.recidivism.durations import check_kinds, follow_up_rows
from analysis.recidivism.follow import COVARIATES, data_end, event_dates, exit_dates, first_events, starts_of_follow_up

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

UNITS = {
    "released": ("first_release", "every_release"),
    "prepared": ("first_detainer", "every_episode"),
}
SEVERITIES = ("any", "felony", "violent")
_ROW = {"first_release": "person", "every_release": "release", "first_detainer": "person", "every_episode": "episode"}


def cohort(
    ds: "Dataset",
    origin: str = "released",
    event: str | None = None,
    competing: tuple[str, ...] = EXIT_KINDS,
    unit: str | None = None,
    min_days: int = 1,
    entry_days: float = 0,
    severity: str = "any",
    until: date | str | None = None,
) -> pd.DataFrame:
    """Return the cohort of a dataset: days from an origin to the first event.

    Parameters
    ----------
    ds
        A dataset from ``analysis.open_dataset``.
    origin
        ``"released"`` or ``"prepared"``: the day follow-up starts, one choice for the whole cohort.
    event
        ``"rearrest"`` (the default where arrests are linked), ``"repeat_detainer"``, or the event of a
        source that gives durations only (its own label is then the default).
    competing
        Kinds of exit that end the wait for a first event. ``()`` follows people through them: any later
        event, ignoring what came between.
    unit
        ``"first_release"`` or ``"every_release"`` after a release, ``"first_detainer"`` or
        ``"every_episode"`` after a detainer's preparation. The first of each pair is the default.
    min_days
        Events before this day after the origin are left out and counted: by default those of the same
        day, which cannot be told from the booking that ended. Sources with durations only keep day 0.
        Events after the end of follow-up are counted too: many of them mean that a data end is wrong.
    entry_days
        A minimum gap as delayed entry: only those still observed then enter, at that day.
    severity
        ``"any"``, ``"felony"`` or ``"violent"``: which re-arrests count as the event.
    until
        An end of follow-up before the data end (a date, or text such as ``"2026-01-17"``), so that cohorts
        which need different sources can be followed equally long.

    Returns
    -------
    DataFrame
        person_id, jurisdiction, prepared, released, covariates, follow_up (days from origin to data
        end), entry (missing = from the start), days, event (missing = censored). ``attrs`` says how it
        was made: dataset, time_unit, origin, event, competing, unit, row, data_end, follow_up (where it
        is the same for all), area, and left_out (what was left out, counted).

    Raises
    ------
    InputError
        For a table, date or label that the dataset does not have, or a unit that does not go with the origin.
    """
    competing = (competing,) if isinstance(competing, str) else tuple(competing)
    end = _check(origin, event, unit, min_days, entry_days, severity, until)
    if "follow_up" in ds.tables:
        if end is not None or severity != "any":
            raise InputError(f"{ds.name} gives durations and no dates: until and severity are not to be had from it.")
        frame, event, present, left_out = follow_up_rows(ds, origin, event, competing)
        unit = f"every {ds.one_row_per}"
        frame = _described(frame, ds, origin, event, present, unit, ds.one_row_per, None, left_out)
    else:
        unit = unit or UNITS[origin][0]
        frame = _from_dates(ds, origin, event or "rearrest", competing, unit, min_days, severity, end)
    return _enter_late(frame, entry_days)


def _check(
    origin: str, event: str | None, unit: str | None, min_days: int, entry_days: float, severity: str,
    until: date | str | None,
) -> date | None:  # fmt: skip
    """Refuse arguments that no cohort can have; return ``until`` as a date."""
    if origin not in UNITS:
        raise InputError(
            f"origin = {origin!r}: follow-up starts at a release or at a detainer's preparation.{nearest(origin, UNITS)}"
        )
    if unit is not None and unit not in UNITS[origin]:
        raise InputError(f"unit = {unit!r} does not go with origin = '{origin}'.{nearest(unit, UNITS[origin])}")
    if event is not None and not event:
        raise InputError(f"event = {event!r}, expected a label.{nearest('', EVENTS)}")
    if severity not in SEVERITIES:
        raise InputError(f"severity = {severity!r}.{nearest(severity, SEVERITIES)}")
    if severity != "any" and event not in (None, "rearrest"):
        raise InputError(f"severity = '{severity}' chooses among re-arrests, and event = '{event}'. Leave it out.")
    if not (min_days >= 0 and 0 <= entry_days < float("inf")) or int(min_days) != min_days:
        raise InputError(f"min_days = {min_days}, entry_days = {entry_days}: expected whole days of 0 or more.")
    try:
        return None if until is None else date.fromisoformat(str(until)[:10])
    except ValueError:
        raise InputError(f"until = {until!r}, expected a date such as 2026-01-17.") from None


def _from_dates(
    ds: "Dataset",
    origin: str,
    event: str,
    competing: tuple[str, ...],
    unit: str,
    min_days: int,
    severity: str,
    until: date | None,
) -> pd.DataFrame:
    check_kinds(competing, EXIT_KINDS)
    events = event_dates(ds, event, severity)
    end = data_end(ds, event, competing)
    end = end if until is None else min(end, until)
    starts, left_out = starts_of_follow_up(ds, origin, unit, end)
    present = [kind for kind in competing if kind != event] if "exits" in ds.tables else []
    rows, counts = first_events(starts, events, exit_dates(ds, present), origin, event, end, min_days)
    left_out |= counts
    frame = rows.order_by(["row"]).to_pandas().drop(columns="row")
    frame["event"] = pd.Categorical(frame["event"], categories=[event, *present])
    for name in ("jurisdiction", *COVARIATES):
        if name in frame:
            frame[name] = pd.Categorical(frame[name], categories=sorted(frame[name].dropna().unique()))
    for name in ("prepared", "released"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
    frame["days"] = frame["days"].astype("int64")
    frame["follow_up"] = frame["follow_up"].astype("int64")
    frame["entry"] = np.nan
    last = [name for name in frame.columns if name not in ("follow_up", "entry", "days", "event")]
    return _described(
        frame[[*last, "follow_up", "entry", "days", "event"]],
        ds,
        origin,
        event,
        present,
        unit,
        _ROW[unit],
        end,
        left_out,
    )


def _enter_late(frame: pd.DataFrame, entry_days: float) -> pd.DataFrame:
    """A minimum gap: those still observed after ``entry_days`` enter then; the others are counted."""
    if not entry_days:
        return frame
    still = frame["days"] > entry_days
    attrs = dict(frame.attrs)
    attrs["left_out"] = {
        **attrs["left_out"],
        f"not observed beyond the first {entry_days:g} {attrs['time_unit']}s": int((~still).sum()),
    }
    attrs["entry_days"] = entry_days
    late = frame[still].reset_index(drop=True).assign(entry=float(entry_days))
    late.attrs = attrs
    return late


def _described(
    frame: pd.DataFrame, ds: "Dataset", origin: str, event: str, competing: list[str], unit: str, row: str,
    end: date | None, left_out: dict[str, int],
) -> pd.DataFrame:  # fmt: skip
    frame.attrs = {
        "dataset": ds.name, "time_unit": ds.time_unit, "origin": origin, "event": event, "competing": competing,
        "unit": unit, "row": row, "data_end": None if end is None else end.isoformat(), "follow_up": ds.follow_up,
        "area": ds.area, "left_out": {name: n for name, n in left_out.items() if n},
    }  # fmt: skip
    return frame
