"""What custody does to re-arrests and to time at risk.

A person who is in jail or prison cannot be arrested in the community. In: arrests, releases and the
spells of ``spells.spells``. Out: arrests told apart by when they happened, counted with their reasons,
and the intervals in which people were free.
"""

from datetime import date

import numpy as np
import pandas as pd

from analysis.data.day_numbers import OPEN, day_numbers, require
from analysis.data.spells import inside

TIMING = ("after", "same_day", "in_custody", "before", "still_in_custody")


def re_arrests(arrests: pd.DataFrame, releases: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """Tell arrests apart by when they happened, seen from each release of the same person.

    Parameters
    ----------
    arrests : DataFrame
        person_id, arrested.
    releases : DataFrame
        person_id, released.
    spells : DataFrame
        What ``spells`` returns.

    Returns
    -------
    DataFrame
        person_id, release and arrest (index labels of the two frames), released, arrested, days (from release to
        arrest) and timing, one row a pair of a release and an arrest of one person:

        - ``after``: a re-arrest;
        - ``same_day``: on the day of release, which can't be told from the booking that ended;
        - ``in_custody``: after the first day of a later spell and up to its last;
        - ``before``: dated before the release;
        - ``still_in_custody``: the release ended no spell (a transfer, a hold): it is no release.

        ``attrs["counts"]`` holds the pairs of each timing and the arrests of people without a release.

    Raises
    ------
    KeyError, ValueError
        For an absent column or a missing date.
    """
    require(arrests.columns, "arrests", "person_id", "arrested")
    require(releases.columns, "releases", "person_id", "released")
    require(spells.columns, "spells", "person_id", "start", "end")
    a, r = _keyed(arrests, "arrested", "arrest"), _keyed(releases, "released", "release")
    pairs = r.merge(a, on="person_id", how="inner", sort=False).dropna(subset="person_id")
    pairs = pairs.sort_values(["release_row", "arrested", "arrest_row"], ignore_index=True)
    released, arrested = day_numbers(pairs["released"]), day_numbers(pairs["arrested"])
    held = inside(pairs["person_id"], released, spells, first=True, last=False)
    later = inside(pairs["person_id"], arrested, spells, first=False, last=True)
    code = np.select([held, arrested < released, arrested == released, later], [4, 3, 1, 2], default=0)
    out = pairs[["person_id", "release", "arrest", "released", "arrested"]].assign(
        days=arrested - released, timing=pd.Categorical.from_codes(code, list(TIMING))
    )
    counts = {label: int(n) for label, n in out["timing"].value_counts(sort=False).items()}
    out.attrs["counts"] = {**counts, "no_release": int((~arrests["person_id"].isin(r["person_id"])).sum())}
    return out


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
        Dates of events indexed by person_id, such as the arrests that ``re_arrests`` calls ``after``.
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


def _keyed(frame: pd.DataFrame, day: str, name: str) -> pd.DataFrame:
    if frame[day].isna().any():
        raise ValueError(
            f"{int(frame[day].isna().sum())} rows of {name}s have no date '{day}': leave them out, counted"
        )
    return pd.DataFrame(
        {
            "person_id": frame["person_id"].to_numpy(),
            day: frame[day].to_numpy(),
            name: frame.index,
            f"{name}_row": range(len(frame)),
        }
    )
