"""What custody does to time at risk.

A person who is in jail or prison cannot be arrested in the community. In: the spells of ``spells.spells`` and
times of follow-up. Out: the intervals in which people were free.
"""

from datetime import date

import numpy as np
import pandas as pd

from analysis.data.day_numbers import OPEN, day_numbers, require


def time_at_risk(
    origin: pd.Series, until: pd.Series | date | str, spells: pd.DataFrame, events: pd.Series | None = None,
    event: str = "rearrest",
) -> pd.DataFrame:  # fmt: skip
    """Return the intervals in which people could be arrested: from the origin to the end of follow-up, custody taken out.

    Parameters
    ----------
    origin : Series
        Dates on which follow-up starts, indexed by person_id (a person may have several).
    until : Series or date
        Last day of follow-up, one for all or one an origin (in the same order).
    spells : DataFrame
        What ``spells`` returns.
    events : Series, optional
        Dates of events indexed by person_id.
        An interval ends on each such day. Several events on one day are one.
    event : str
        The label of those events.

    Returns
    -------
    DataFrame
        row (position in ``origin``), person_id, start, stop (days since the origin) and, with ``events``, event
        (missing where an interval ends without one): each interval is at risk in (start, stop], as ``life_table``
        and ``mean_cumulative`` take it with ``entry="start"`` and ``time="stop"``. The first day of a spell is still at
        risk (that arrest began it) and its last day is not. Intervals of one row are disjoint. ``attrs`` counts rows
        ``never_at_risk`` and ``events_not_at_risk`` (in custody, on or before the origin, or past the end).

    Raises
    ------
    ValueError
        For a missing origin, an end before the origin, or as many ends as there are not origins.
    """
    begin, end = day_numbers(origin), _ends(origin, until)
    if origin.isna().any() or (end < begin).any():
        bad = int(np.flatnonzero(origin.isna().to_numpy() | (end < begin))[0])
        raise ValueError(f"row {bad} (person {origin.index[bad]}): follow-up needs an origin, and an end not before it")
    starts = pd.DataFrame(
        {"row": np.arange(len(origin)), "person_id": origin.index, "origin": begin, "length": end - begin}
    )
    free = _free(starts, spells)
    out = free if events is None else _split(free, starts, events, event)
    out = out.sort_values(["row", "start"], ignore_index=True)
    columns = ["row", "person_id", "start", "stop", *(["event"] if events is not None else [])]
    attrs = {"never_at_risk": len(starts) - out["row"].nunique(), **out.attrs}
    out = out[columns]
    out.attrs = attrs
    return out


def _free(starts: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """Cut the custody of each row out of (0, length]."""
    require(spells.columns, "spells", "person_id", "start", "end")
    own = pd.DataFrame(
        {
            "person_id": spells["person_id"],
            "into": day_numbers(spells["start"]),
            "out": day_numbers(spells["end"], missing=OPEN),
        }
    )
    held = starts.merge(own, on="person_id", how="inner")
    held["into"], held["out"] = held["into"] - held["origin"], held["out"] - held["origin"]
    held = held[(held["out"] > 0) & (held["into"] < held["length"])].sort_values(["row", "into"])
    # each free interval runs from the end of one spell (or the origin) to the start of the next (or the end)
    from_ = pd.concat([starts.assign(start=0), held.assign(start=held["out"])])[["row", "person_id", "start"]]
    to = pd.concat([held.assign(stop=held["into"]), starts.assign(stop=starts["length"])])[["row", "stop"]]
    from_ = from_.sort_values(["row", "start"], kind="stable", ignore_index=True)
    to = to.sort_values(["row", "stop"], kind="stable", ignore_index=True)
    free = from_.assign(stop=to["stop"])
    return free[free["start"] < free["stop"]].reset_index(drop=True)


def _split(free: pd.DataFrame, starts: pd.DataFrame, events: pd.Series, event: str) -> pd.DataFrame:
    on = pd.DataFrame({"person_id": events.index, "day": day_numbers(events)}).merge(
        starts, on="person_id", how="inner"
    )
    on = pd.DataFrame({"row": on["row"], "day": on["day"] - on["origin"]}).drop_duplicates()
    hit = free.merge(on, on="row", how="inner")
    hit = hit[(hit["day"] > hit["start"]) & (hit["day"] <= hit["stop"])]
    cuts = pd.concat([free.assign(day=free["stop"], event=None), hit.assign(event=event)])
    cuts = cuts.sort_values(["row", "start", "day", "event"], na_position="last")
    cuts = cuts.drop_duplicates(["row", "start", "day"], ignore_index=True)  # an event on the last day ends it
    before = cuts.groupby(["row", "start"])["day"].shift()
    out = cuts.assign(start=before.fillna(cuts["start"]).astype("int64"), stop=cuts["day"])
    out["event"] = pd.Categorical(out["event"], categories=[event])
    out.attrs["events_not_at_risk"] = len(on) - len(hit)
    return out.drop(columns="day")


def _ends(origin: pd.Series, until: pd.Series | date | str) -> np.ndarray:
    if not isinstance(until, pd.Series):
        return np.full(len(origin), np.datetime64(str(until)[:10], "D").astype("int64"))
    if len(until) != len(origin) or until.isna().any():
        raise ValueError(f"until has {int(until.notna().sum())} dates for {len(origin)} origins: expected one each")
    return day_numbers(until)
