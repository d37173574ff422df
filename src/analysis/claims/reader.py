"""What a reader of the answers is told and can look up: the rows of the calculator, and sentences from a curve.

In: a dataset, or a curve. Out: frames and words.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.choices import choices, in_words, question
from analysis.claims.governed import GROUPS as RULES
from analysis.data.errors import InputError
from analysis.data.rounding import pooled
from analysis.data.tables import EVENTS
from analysis.recidivism.cohort import Cohort, cohort
from analysis.recidivism.durations import possible
from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence
from analysis.sanctuary.clustered import FEW
from analysis.sanctuary.policy import with_policy

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

GROUPS = ("sex", "criminality", "severity")
UNITS = {
    ("released", "first_release"): "people released, first release", ("released", "every_release"): "every release",
    ("prepared", "first_detainer"): "people with a detainer",
}  # fmt: skip


def rows(ds: "Dataset", windows: Sequence[float], level: float = 0.95) -> pd.DataFrame:
    """Return the figures of the calculator: one row a unit, group and window that the dataset allows.

    Columns unit (in words, with the event), by, group, time, numerator, denominator, estimate, lower, upper; the
    estimate is Aalen-Johansen's. Groups are those of ``GROUPS`` with two to six levels; a missing one is "unknown".
    """
    blocks = []
    for origin, event in possible(ds):
        for (start, unit), words in UNITS.items():
            if start != origin or (unit == "every_release" and "releases" not in ds.tables):
                continue
            try:
                followed = cohort(ds, origin, event, unit=unit)
            except InputError:
                continue
            said = f"{words}: {EVENTS[followed.event][0]}"
            blocks += [_block(followed, said, by, windows, level) for by in (None, *_groups(followed))]
    return pd.concat(blocks, ignore_index=True)


def misled(found: pd.DataFrame) -> str:
    """Return in words which rows of ``against_truth`` would have misled."""
    named = [
        f"{row.choice}: {row.option}" if row.option else "the primary one"
        for row in found[found["misled"].eq(True)].itertuples()
    ]
    return "what would have misled is " + "; ".join(named) if named else "no single choice would have misled"


def custody(ds: "Dataset", curve: pd.DataFrame) -> pd.DataFrame:
    """Return what share of the people that a difference is about ICE took first, by rule; no row where that is not known.

    Aalen-Johansen's shares by the horizon of ``curve`` as ``at`` reads them, the rule as index, not standardized over strata.
    """
    first = curve.attrs.get("first", {})
    if first.get("definition", "observed") == "observed":
        return pd.DataFrame()
    people = with_policy(cohort(ds, "prepared", question(curve.attrs["question"])["event"]), first["definition"])
    operators = choices()["choice"]["facilities"]["operators"][first["facilities"]]
    people = people.where(lambda rows: rows["policy"].isin(RULES) & rows["operator"].isin(operators))
    if not (people.frame["event"] == "ice_custody").any():
        return pd.DataFrame()
    curve_by_rule = cumulative_incidence(life_table(people, by=["policy"]), "ice_custody", level=curve.attrs["level"])
    return at(curve_by_rule, [curve.attrs["days"]]).set_index("policy")


def clusters(curve: pd.DataFrame) -> str:
    """Return how many clusters stand on each side of the primary specification, with a warning where they are few."""
    first = curve[curve["primary"]].iloc[0]
    one, none = int(first["clusters_1"]), int(first["clusters_0"])
    said = f"The primary specification has {one:,} clusters under rules that limit and {none:,} without a rule."
    fewest = min(curve["clusters_0"].min(), curve["clusters_1"].min())
    if fewest < FEW:
        said += f" Some specifications have fewer than {FEW} on a side: they say little about policy in general."
    return said


def left_out(curve: pd.DataFrame) -> str:
    """Return the definitions that a curve leaves out, each with its reason."""
    return "; ".join(f"{in_words('definition', name)}: {reason}" for name, reason in curve.attrs["offered"].items())


def _groups(followed: Cohort) -> list[str]:
    frame = followed.frame
    return [name for name in GROUPS if name in frame and 2 <= frame[name].nunique() <= 6]


def _block(followed: Cohort, unit: str, by: str | None, windows: Sequence[float], level: float) -> pd.DataFrame:
    frame = followed.frame
    if by is not None:
        frame = pooled(frame.assign(**{by: frame[by].astype("object").fillna("unknown").astype("category")}), by)
    life = life_table(replace(followed, rows=frame), by=[by] if by else [])
    read = at(cumulative_incidence(life, followed.event, level=level), sorted(windows))
    read = read.query("not beyond_follow_up")  # nothing is known past the last person at risk
    group = read[by].astype(str) if by else pd.Series("everyone", index=read.index)
    sizes = frame[by].astype(str).value_counts() if by else {"everyone": len(frame)}
    return pd.DataFrame(
        {
            "unit": unit, "by": (by or "").replace("_", " "), "group": group, "time": read["time"].astype("int64"),
            "numerator": read["events"].astype("int64"), "denominator": group.map(sizes).astype("int64"),
            "estimate": read["incidence"], "lower": read["lower"], "upper": read["upper"],
        }
    )  # fmt: skip
