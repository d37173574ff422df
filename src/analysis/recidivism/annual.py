"""The share of people arrested in a given year of follow-up, whether or not for the first time."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.recidivism import inputs
from analysis.recidivism.cells import number_strata
from analysis.recidivism.proportion import proportion


def yearly_any(
    frame: pd.DataFrame,
    id: str,
    time: str,
    event: str,
    follow_up: str | float,
    by: str | Iterable[str] = (),
    cause: str | None = None,
    year: float = 365.25,
    level: float = 0.95,
) -> pd.DataFrame:
    """The share of people with at least one event in each year of follow-up, first or not.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row an event, and at least one row a person (with a missing event where there was none).
    id, time, event, by, cause
        As for ``mean_cumulative``; strata and follow-up are the same in all rows of a person.
    follow_up : column or number
        How long each person was to be followed, by origin and data end alone. A person counts in a
        year that this covers to its end, whatever happened to them.
    year, level
        As for ``yearly`` and ``proportion``.

    Returns
    -------
    pandas.DataFrame
        ``*by, year, people, with_event, share, lower, upper, complete``; Wilson intervals; ``complete``
        is True where the year is covered for everyone.

    References
    ----------
    Antenangeli and Durose (2021), annual arrest percentages.
    """
    by = inputs.names(by)
    planned = frame[follow_up] if isinstance(follow_up, str) else pd.Series(float(follow_up), index=frame.index)
    inputs.require(frame.columns, [*by, id, time, event])
    codes, causes = inputs.event_codes(frame[event])
    code = causes.index(inputs.one_cause(cause, causes))
    stop, (stratum, strata) = inputs.times(frame[time]), number_strata(frame, by)
    person = inputs.label_codes(frame[id], "person")[0]
    rows = pd.DataFrame({"stratum": stratum, "person": person, "planned": planned.to_numpy(float), "time": stop})
    people = rows.groupby("person")[["stratum", "planned"]].agg(["min", "max"])
    if people["planned"].isna().any(axis=None) or any(
        (people[c]["min"] != people[c]["max"]).any() for c in people.columns.levels[0]
    ):
        raise ValueError("follow_up or a stratum is missing or differs between rows of one person")
    whole = bool((stop == np.floor(stop)).all())
    ends = np.arange(1 + int(np.floor(people["planned"]["max"].max() / year + 1e-9))) * year
    ends = np.floor(ends + 1e-9) if whole else ends
    seen = rows[codes == code]
    # an event on the last day of a year belongs to it; one at time 0 belongs to the first
    number = np.maximum(np.searchsorted(ends, seen["time"].to_numpy(), side="left"), 1)
    hit = pd.DataFrame({"person": seen["person"].to_numpy(), "year": number}).drop_duplicates()
    out = []
    for s, group in people.groupby(people["stratum"]["min"]):
        for n in range(1, len(ends)):
            able = group.index[group["planned"]["max"] >= ends[n]]
            if len(able):
                k = int(hit.loc[hit["year"] == n, "person"].isin(able).sum())
                out.append((s, n, len(able), k, *_share(k, len(able), level), len(able) == len(group)))
    columns = ["stratum", "year", "people", "with_event", "share", "lower", "upper", "complete"]
    table = pd.DataFrame(out, columns=columns)
    labels = strata.take(table.pop("stratum").to_numpy(dtype=np.int64)).reset_index(drop=True)
    table = pd.concat([labels, table], axis=1)
    table.attrs = {**frame.attrs, "cause": causes[code]}
    return table


def _share(events: int, n: int, level: float) -> tuple[float, float, float]:
    found = proportion(events, n, level=level)
    return found.estimate, found.lower, found.upper
