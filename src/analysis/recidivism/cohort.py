"""Who is followed, from when to when, and what happened to them first.

In: a dataset. Out: one row a person (or release, or episode) with the days from the origin to the
first event, or to the end of follow-up. Who is eligible depends on the origin and the data end alone:
no outcome ever decides who is counted. The work is an Ibis expression that runs in the query engine.
"""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.data.errors import InputError
from analysis.data.tables import EXIT_KINDS
from analysis.recidivism.arguments import UNITS, check_arguments
from analysis.recidivism.durations import check_kinds, follow_up_rows
from analysis.recidivism.follow import data_end, event_dates, exit_dates, first_events
from analysis.recidivism.held import spells_of
from analysis.recidivism.origins import COVARIATES, starts_of_follow_up
from analysis.recidivism.remembered import is_small, remembered
from analysis.recidivism.requests import EPISODE_GAP, Choice

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

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
    requests: tuple[str, ...] = ("detainer", "unknown"),
    duplicates: str = "keep",
    episode_gap: int = EPISODE_GAP,
    custody: bool = True,
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
    requests
        Kinds of request that count as detainers, as origins and as repeat detainers. Requests for notification or
        for a voluntary transfer ask for no custody and are left out and counted; rows whose kind is not known count.
    duplicates
        ``"keep"`` or ``"drop"`` the detainers that are likely one entered twice (same person, at most a day apart).
    episode_gap
        Detainers of one person at most this many days apart are one episode.
    custody
        Where booking days are known, time in custody counts: a release within a longer stay (a transfer, a hold) is no
        release, and an arrest of someone who is held no re-arrest; both are counted. False takes every release
        and arrest as it is written. Time in custody after the origin stays in the follow-up of a first event;
        ``data.custody.time_at_risk`` takes it out.

    Returns
    -------
    DataFrame
        person_id, jurisdiction, prepared, released, covariates, follow_up (days from origin to data
        end), entry (missing = from the start), days, event (missing = censored). ``attrs`` says how it
        was made: dataset, time_unit, origin, event, competing, unit, row, data_end, follow_up (where it
        is the same for all), area, detainers (requests, duplicates, episode_gap), custody (whether it was taken into
        account), and left_out (what was left out, counted).

    Raises
    ------
    InputError
        For a table, date or label that the dataset does not have, or a unit that does not go with the origin.
    """
    competing = (competing,) if isinstance(competing, str) else tuple(competing)
    end = check_arguments(origin, event, unit, min_days, entry_days, severity, until)
    choice = Choice((requests,) if isinstance(requests, str) else tuple(requests), duplicates, episode_gap)
    if "follow_up" in ds.tables:
        if end is not None or severity != "any":
            raise InputError(f"{ds.name} gives durations and no dates: until and severity are not to be had from it.")
        frame, event, present, left_out = follow_up_rows(ds, origin, event, competing)
        unit = f"every {ds.one_row_per}"
        frame = _described(frame, ds, origin, event, present, unit, ds.one_row_per, None, left_out)
    else:
        unit = unit or UNITS[origin][0]
        frame = _from_dates(ds, origin, event or "rearrest", competing, unit, min_days, severity, end, choice, custody)
    frame.attrs["detainers"] = choice.described()
    return enter_late(frame, entry_days)


def _from_dates(
    ds: "Dataset",
    origin: str,
    event: str,
    competing: tuple[str, ...],
    unit: str,
    min_days: int,
    severity: str,
    until: date | None,
    choice: Choice,
    custody: bool,
) -> pd.DataFrame:
    check_kinds(competing, EXIT_KINDS)
    end = data_end(ds, event, competing) if until is None else min(data_end(ds, event, competing), until)
    present = [kind for kind in competing if kind != event] if "exits" in ds.tables else []
    place = getattr(ds, "jurisdiction", "")

    def make() -> tuple[pd.DataFrame, pd.DataFrame]:
        return _rows(ds, origin, event, present, unit, min_days, severity, end, choice, custody, place)

    if is_small(ds):
        said = (origin, event, tuple(present), unit, min_days, severity, end, choice, custody, len(place))
        rows, counts = remembered(ds, said, make)
    else:
        rows, counts = make()
    frame = rows[rows["place"] == place].drop(columns="place").reset_index(drop=True)
    held = bool(rows.attrs["custody"])
    left_out = counts.reindex([place], fill_value=0).fillna(0).astype("int64").iloc[0].to_dict()
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
    columns = [*last, "follow_up", "entry", "days", "event"]
    out = _described(frame[columns], ds, origin, event, present, unit, _ROW[unit], end, left_out)
    out.attrs["custody"] = held
    return out


def _rows(
    ds: "Dataset",
    origin: str,
    event: str,
    present: list[str],
    unit: str,
    min_days: int,
    severity: str,
    end: date,
    choice: Choice,
    custody: bool,
    place: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the follow-ups of every place with a code as long as ``place`` (in that column), and the counts left out."""
    spells = spells_of(ds) if custody else None
    events = event_dates(ds, event, severity, choice, spells)
    starts, left_out = starts_of_follow_up(ds, origin, unit, end, choice, spells, len(place))
    if not is_small(ds):
        starts = starts.filter(starts.place == place)
    rows, counts = first_events(starts, events, exit_dates(ds, present), origin, event, end, min_days)
    frame = rows.order_by(["row"]).to_pandas().drop(columns="row")
    frame.attrs["custody"] = spells is not None
    return frame, left_out.join(counts, how="outer")


def enter_late(frame: pd.DataFrame, entry_days: float) -> pd.DataFrame:
    """Return a cohort with a minimum gap: those still observed after ``entry_days`` enter then; the others are counted.

    The same as asking ``cohort`` for it, without reading the tables again. The cohort must not have a gap already.
    """
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
        "area": ds.area, "custody": False, "left_out": {name: n for name, n in left_out.items() if n},
    }  # fmt: skip
    return frame
