"""Places by month: detainers lodged, the share declined, and the risk of re-arrest among those who could be followed.

In: detainers, and a cohort that starts at a detainer's preparation. Out: one row a place and period, months without a
detainer included as 0, with the period in which the place first limited detainers. A risk is given for periods whose
window is complete for everyone, so that no late month looks safe for want of time.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.recidivism.cohort import Cohort, checked
from analysis.recidivism.life_table import require
from analysis.sanctuary.policy_file import rules_of
from analysis.sanctuary.timeline import timeline


def place_panel(
    detainers: pd.DataFrame,
    cohort: Cohort | None = None,
    every: str = "quarter",
    days: int = 105,
    definition: str = "direction",
    direction: str = "limits",
    policies: str | Path | pd.DataFrame | None = None,
    operators: tuple[str, ...] | None = ("local",),
    end: str | pd.Timestamp | None = None,
    per: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return a panel of counties by period.

    Parameters
    ----------
    detainers
        A frame with ``jurisdiction``, ``prepared`` and ``outcome``, ``operator`` and ``request`` where there are.
    cohort
        From ``cohort(ds, origin="prepared")``: gives the risk by ``days``. Without it there is no risk.
    every
        ``month``, ``quarter``, ``half`` or ``year``: calendar periods. Only whole ones between the first and the last day
        of the data are kept.
    days
        The window of the risk.
    definition, policies
        As for ``with_policy`` (``direction``, ``law`` or ``practice``). ``direction`` names the policy whose adoption is dated.
    end
        The last day of the detainers. By default the last preparation in the frame.
    per
        Counts to relate detainers to, such as arrests or population: jurisdiction, count, and period where it varies.

    Returns
    -------
    DataFrame
        jurisdiction, period (its first day), detainers, declined, decided (declined or into ICE custody), declined_share,
        per_1000 (where ``per`` is given), followed, rearrested, risk (missing where the window is not complete), adopted
        and repealed (first days of the periods in which the policy began and ended, missing where it did not), cluster.
        ``attrs``: every, days, left_out, places.

    Raises
    ------
    InputError
        For an absent column, an unknown period, or no whole period.
    """
    for name in ("jurisdiction", "prepared", "outcome"):
        if name not in detainers:
            raise InputError(f"place_panel: the frame has no column '{name}'.{nearest(name, detainers.columns)}")
    if every not in PERIODS:
        raise InputError(f"every = {every!r}.{nearest(every, PERIODS)}")
    rows, left_out = _usable(detainers, operators)
    if rows.empty:
        raise InputError("place_panel: no row has a county, a date and a local facility.")
    last = pd.Timestamp(end) if end is not None else rows["prepared"].max()
    periods = whole_periods(rows["prepared"].min(), last, every)
    if not len(periods):
        raise InputError(f"place_panel: no whole {every} lies between the first and the last day of the data.")
    rows = rows.assign(period=period_start(rows["prepared"], every))
    left_out["in a period that the data do not cover wholly"] = int((~rows["period"].isin(periods)).sum())
    places = sorted(rows["jurisdiction"].unique())
    grid = pd.MultiIndex.from_product([places, periods], names=["jurisdiction", "period"])
    out = _counts(rows, grid)
    if per is not None:
        out["per_1000"] = 1000 * out["detainers"] / _related(out, per)
    if cohort is not None:
        out = out.join(_risks(cohort, grid, every, days, operators))
    dataset = detainers.attrs.get("dataset", "" if cohort is None else cohort.dataset)
    adopted = adoption_dates(places, every, definition, direction, policies, dataset)
    out = out.reset_index().merge(adopted, on="jurisdiction", how="left")
    out.attrs = {"every": every, "days": days, "left_out": left_out, "places": len(places), "definition": definition}
    return out


def _usable(detainers: pd.DataFrame, operators: tuple[str, ...] | None) -> tuple[pd.DataFrame, dict[str, int]]:
    place = detainers["jurisdiction"].astype("str")
    keep = {
        "no county": (place.str.len() == 5).fillna(False).astype(bool),
        "no date": detainers["prepared"].notna(),
    }
    if operators is not None and "operator" in detainers:
        keep["not at a local facility"] = detainers["operator"].isin(operators)
    if "request" in detainers:
        keep["a request for notification"] = detainers["request"].isin(["detainer", "unknown"])
    left_out, kept = {}, pd.Series(True, index=detainers.index)
    for reason, mask in keep.items():
        left_out[reason] = int((kept & ~mask).sum())
        kept &= mask
    names = [name for name in ("prepared", "outcome") if name in detainers]
    return detainers.loc[kept, names].assign(jurisdiction=place[kept]), left_out


def _counts(rows: pd.DataFrame, grid: pd.MultiIndex) -> pd.DataFrame:
    outcome = rows["outcome"].astype("str")
    counted = pd.DataFrame({
        "jurisdiction": rows["jurisdiction"], "period": rows["period"], "detainers": 1, "declined": outcome == "declined",
        "decided": outcome.isin(["declined", "ice_custody"]),
    })  # fmt: skip
    out = counted.groupby(["jurisdiction", "period"]).sum().reindex(grid, fill_value=0).astype("int64")
    out["declined_share"] = (out["declined"] / out["decided"]).where(out["decided"] > 0)
    return out


def _risks(
    cohort: Cohort, grid: pd.MultiIndex, every: str, days: int, operators: tuple[str, ...] | None
) -> pd.DataFrame:
    require(cohort.columns, ["jurisdiction", "prepared", "days", "event", "follow_up"], where="the cohort")
    frame = checked(cohort, "place_panel").frame
    if operators is not None and "operator" in frame:
        frame = frame[frame["operator"].isin(operators)]
    hit = (frame["event"].astype("str") == cohort.event) & (frame["days"] <= days)
    counted = pd.DataFrame({
        "jurisdiction": frame["jurisdiction"].astype("str"), "period": period_start(frame["prepared"], every),
        "followed": 1, "rearrested": hit, "short": frame["follow_up"] < days,
    })  # fmt: skip
    # a period is complete for all places or for none: its last day decides, and no outcome does
    short = counted.groupby("period")["short"].any()
    out = (
        counted.groupby(["jurisdiction", "period"])[["followed", "rearrested"]]
        .sum()
        .reindex(grid, fill_value=0)
        .astype("int64")
    )
    complete = ~out.index.get_level_values("period").map(short).fillna(True).astype(bool)
    out["risk"] = (out["rearrested"] / out["followed"]).where((out["followed"] > 0) & complete)
    return out


def _related(out: pd.DataFrame, per: pd.DataFrame) -> pd.Series:
    keys = [name for name in ("jurisdiction", "period") if name in per]
    require(per.columns, ["jurisdiction", "count"], where="per")
    known = per.assign(jurisdiction=per["jurisdiction"].astype("str")).set_index(keys)["count"].astype(float)
    where = out.index if len(keys) == 2 else out.index.get_level_values("jurisdiction")
    return pd.Series(known.reindex(where).to_numpy(), index=out.index)


def supplied(folder: Path) -> pd.DataFrame | None:
    """The counts in ``per.csv`` beside a ``dataset.toml`` (jurisdiction, count, and period where they vary), or None.

    Raises InputError where the file lacks a column or a count is no number above 0.
    """
    path = folder / "per.csv"
    if not path.is_file():
        return None
    found = pd.read_csv(path, dtype={"jurisdiction": "str"})
    for name in ("jurisdiction", "count"):
        if name not in found:
            raise InputError(f"per.csv: no column '{name}'; expected jurisdiction, count and, where they vary, period.")
    bad = ~(pd.to_numeric(found["count"], errors="coerce") > 0)
    if bad.any():
        raise InputError(
            f"per.csv: row {int(bad.to_numpy().argmax()) + 2} has the count {found['count'][bad].iloc[0]!r}, expected a number above 0."
        )
    return found.assign(period=pd.to_datetime(found["period"])) if "period" in found else found


# ---- calendar periods, and the periods in which places first came under a kind of rule and first left it


PERIODS = {"month": 1, "quarter": 3, "half": 6, "year": 12}  # months


def period_start(day: pd.Series, every: str) -> pd.Series:
    """The first day of the period that each day lies in."""
    when = pd.to_datetime(day)
    first = (when.dt.month - 1) // PERIODS[every] * PERIODS[every] + 1
    found = pd.to_datetime(pd.DataFrame({"year": when.dt.year, "month": first, "day": first * 0 + 1}))
    return found.astype("datetime64[s]")


def whole_periods(first: pd.Timestamp, last: pd.Timestamp, every: str) -> pd.DatetimeIndex:
    """The first days of the calendar periods that lie wholly between two days."""
    months = PERIODS[every]
    start = period_start(pd.Series([first]), every).iloc[0]
    if start < first.normalize():
        start = start + pd.DateOffset(months=months)
    starts = pd.date_range(start, last, freq=pd.DateOffset(months=months))
    ends = starts + pd.DateOffset(months=months) - timedelta(days=1)
    return pd.DatetimeIndex(starts[ends <= last]).astype("datetime64[s]")


def adoption_dates(
    places: list[str],
    every: str,
    definition: str,
    direction: str,
    policies: str | Path | pd.DataFrame | None,
    dataset: str,
) -> pd.DataFrame:
    """The periods in which each place first came under the direction and first left it, and where its rule was set."""
    spans = timeline(places, rules_of(policies, dataset), definition)
    rows = []
    for place, stretches in spans.groupby("jurisdiction", sort=True):
        under = stretches[stretches["policy"] == direction]
        start = under["start"].min() if len(under) else None
        after = (
            []
            if start is None
            else stretches[(stretches["start"] > start) & (stretches["policy"] != direction)]["start"].tolist()
        )
        rows.append(
            (
                place,
                _first_day(start, every),
                _first_day(min(after, default=None), every),
                (under if len(under) else stretches)["policy_cluster"].iloc[0],
            )
        )
    out = pd.DataFrame(rows, columns=["jurisdiction", "adopted", "repealed", "cluster"])
    return out.astype({"adopted": "datetime64[s]", "repealed": "datetime64[s]"})


def _first_day(day: date | None, every: str) -> pd.Timestamp:
    if day is None:
        return pd.NaT
    known = max(np.datetime64(day, "s"), np.datetime64("1900-01-01", "s"))  # "always" is a date that pandas can hold
    return period_start(pd.Series([known]), every).iloc[0]
