"""Every later event of the people in a cohort, not only the first: what recurrent-event estimators need."""

from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.errors import InputError
from analysis.recidivism.cohort import Cohort, checked, event_dates, spells_of

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset


def later_events(ds: "Dataset", cohort: Cohort, min_days: int = 1, severity: str = "any") -> pd.DataFrame:
    """Return one row a later event and one a person's end of follow-up.

    Parameters
    ----------
    ds
        The dataset that the cohort was made from; it must hold dates, not durations.
    cohort
        From ``analysis.cohort``, one row a person (``unit="first_release"`` or ``"first_detainer"``). What counts as
        a detainer, and whether arrests in custody count, is as it was made.
    min_days
        Events before this day after the origin are left out, as in ``cohort``.
    severity
        ``"any"``, ``"felony"`` or ``"violent"``.

    Returns
    -------
    DataFrame
        person_id, follow_up, days, event (missing in the row that ends a person's follow-up): what
        ``mean_cumulative`` and ``yearly_any`` take. Several events of one day are one (a day's charges are
        one arrest). Custody and removal do not end follow-up here: any later event counts.

    Raises
    ------
    InputError
        A source with durations only, or a cohort with several rows a person.
    """
    if "follow_up" in ds.tables:
        raise InputError(f"{ds.name} gives the time to one event only: how often it happened is not to be had from it.")
    people = checked(cohort, "later_events").frame
    if people["person_id"].duplicated().any():
        raise InputError(
            "later events are counted by person: make the cohort with unit = 'first_release' or 'first_detainer'."
        )
    origin, event = cohort.origin, cohort.event
    dates = event_dates(ds, event, severity, cohort.choice, spells_of(ds) if cohort.custody else None)
    dates = dates.filter(~dates.held).drop("held").to_pandas()
    pairs = people[["person_id", origin, "follow_up"]].merge(dates, on="person_id")
    pairs["days"] = (pd.to_datetime(pairs["on"]) - pairs[origin]).dt.days
    inside = pairs[(pairs["days"] >= max(min_days, 1)) & (pairs["days"] <= pairs["follow_up"])]
    inside = inside.drop_duplicates(["person_id", "days"])[["person_id", "follow_up", "days"]].assign(event=event)
    ends = people[["person_id", "follow_up"]].assign(days=people["follow_up"], event=None)
    out = pd.concat([inside, ends], ignore_index=True)
    order = pd.Series(range(len(people)), index=people["person_id"])
    out = out.assign(row=out["person_id"].map(order)).sort_values(["row", "days"], kind="stable").drop(columns="row")
    out["event"] = pd.Categorical(out["event"], categories=[event])
    out.attrs = {"time_unit": cohort.time_unit, "event": event}
    return out.reset_index(drop=True)
