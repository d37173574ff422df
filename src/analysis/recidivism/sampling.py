"""One cohort read by releases and by people.

A cohort of releases over-represents those who come back often: someone released five times counts five
times. Whether "half return" describes releases or people is a choice, and both are shown.
"""

import numpy as np
import pandas as pd

from analysis.recidivism import inputs
from analysis.recidivism.curves import at
from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import kaplan_meier

COLUMNS = ["reading", "numerator", "denominator", "unit", "estimate", "lower", "upper", "assumes"]


def readings(
    cohort: pd.DataFrame, time: float, cause: str | None = None, id: str = "person_id", level: float = 0.95
) -> pd.DataFrame:
    """The share with the event by a time: each release once, each person once, first releases alone.

    Parameters
    ----------
    cohort : pandas.DataFrame
        One row a release (or episode), several a person: ``days``, ``event``, the person, and the date
        named by ``attrs["origin"]`` (or ``released``, ``prepared``) for first releases.
    time : float
        In the cohort's unit.
    cause : str
        The event; by default ``attrs["event"]``, or the only one.
    id : column
    level : float

    Returns
    -------
    pandas.DataFrame
        ``reading, numerator, denominator, unit, estimate, lower, upper, assumes``; one minus Kaplan-Meier,
        log-log intervals clustered by person. In "each person once" a release weighs 1 over the number
        of the person's releases in the cohort; its numerator and denominator are sums of these weights.

    Raises
    ------
    KeyError, ValueError
        A column that is not there, a missing person.

    References
    ----------
    Rhodes and others (2016), Crime & Delinquency 62: 1003-1025.
    """
    inputs.require(cohort.columns, ["days", "event", id])
    codes, causes = inputs.event_codes(cohort["event"])
    cause = inputs.one_cause(cause or cohort.attrs.get("event"), causes)
    person = inputs.label_codes(cohort[id], "person")[0]
    weight = 1 / np.bincount(person)[person]
    hit = (codes == causes.index(cause)) & (inputs.times(cohort["days"]) <= time)
    unit = {"release": "releases", "episode": "episodes", "detainer": "detainers"}.get(cohort.attrs.get("row"), "rows")
    frame = pd.DataFrame({"days": cohort["days"], "event": cohort["event"], "person": person, "weight": weight})
    if "entry" in cohort:
        frame["entry"] = cohort["entry"]
    rows = [
        (f"each of the {unit} once", hit.sum(), len(frame), unit, *_risk(frame, cause, time, level, None),
         f"the share of {unit} that end in the event: people who return often count often"),
        ("each person once", (hit * weight).sum(), weight.sum(), "people", *_risk(frame, cause, time, level, "weight"),
         f"a person's {unit} share a weight of 1: the mean over people of their own share"),
    ]  # fmt: skip
    first = _first(cohort, person)
    if first is not None:
        rows.append(
            (f"first of each person's {unit}", hit[first].sum(), first.sum(), "people",
             *_risk(frame[first], cause, time, level, None), "the first in the cohort's own years, not in a life")
        )  # fmt: skip
    out = pd.DataFrame(rows, columns=COLUMNS)
    out.attrs = {**cohort.attrs, "time": time, "level": level}
    return out


def _risk(frame: pd.DataFrame, cause: str, time: float, level: float, weight: str | None) -> tuple[float, float, float]:
    life = life_table(frame, weight=weight, cluster="person")
    point = at(kaplan_meier(life, cause, level=level), time).iloc[0]
    return 1 - point["survival"], 1 - point["upper"], 1 - point["lower"]


def _first(cohort: pd.DataFrame, person: np.ndarray) -> np.ndarray | None:
    """Which rows are the first of their person, by the date of origin; None where there is no date."""
    dates = [cohort.attrs.get("origin"), "released", "prepared"]
    name = next((name for name in dates if name in cohort and cohort[name].notna().all()), None)
    if name is None:
        return None
    order = np.lexsort((np.arange(len(cohort)), cohort[name].to_numpy(), person))
    first = np.zeros(len(cohort), dtype=bool)
    first[order[np.diff(person[order], prepend=-1) != 0]] = True
    return first
