"""Releases that ended custody and arrests of people who were free, on frames in memory, as ``cohort`` takes them."""

from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.day_numbers import day_numbers
from analysis.data.spells import ends_custody, inside, spells
from analysis.recidivism.cohort import HANDED_OVER

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset


def spells_of(ds: "Dataset") -> pd.DataFrame | None:
    """Return the spells in custody of a dataset, or None where no booking day is known."""
    if "releases" not in ds.tables:
        return None
    bookings = ds.frame("releases")
    if "booked" not in bookings or bookings["booked"].isna().all():
        return None
    return spells(bookings[["person_id", "booked", "released"]], gap_days=0)


def free_releases(releases: pd.DataFrame, held: pd.DataFrame | None) -> pd.DataFrame:
    """Return the releases after which the person was free."""
    return releases if held is None else releases[ends_custody(releases, held)]


def let_go(releases: pd.DataFrame, exits: pd.DataFrame) -> pd.DataFrame:
    """Return the releases to the street: no exit into ICE custody, and no removal, on that day or the day before."""
    taken = exits.loc[exits["kind"].isin(HANDED_OVER), ["person_id", "date"]].dropna()
    known = releases[["person_id", "released"]].reset_index().merge(taken, on="person_id")
    gap = (known["released"] - known["date"]).dt.days
    return releases.drop(index=known.loc[gap.isin([0, 1]), "index"].unique())


def free_arrests(arrests: pd.DataFrame, held: pd.DataFrame | None) -> pd.DataFrame:
    """Return the arrests of people who were not held; the day on which a spell begins is free."""
    if held is None:
        return arrests
    return arrests[~inside(arrests["person_id"], day_numbers(arrests["arrested"]), held, first=False, last=True)]
