"""Every defensible answer to one question: the short-window risk under every combination of choices.

In: a dataset and a question. Out: one row a specification, with its estimate and interval. Specifications share life
tables, so that thousands cost about as much as a few.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.claims.choices import every_specification, options, primary, question
from analysis.claims.held import spells_of
from analysis.claims.histories import Histories, histories
from analysis.claims.menu import menu
from analysis.claims.tallies import tally
from analysis.data.errors import InputError
from analysis.data.rounding import life_table, step
from analysis.recidivism.survival import cumulative_incidence, kaplan_meier

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

OWN_DAYS = ("lag", "tie", "custody", "same_day", "episode_gap", "duplicates")  # choices that change a person's own days


def specification_curve(
    ds: "Dataset", asked: str = "prepared", days: int = 105, level: float = 0.95, plan: Path | None = None
) -> pd.DataFrame:
    """Answer one question under every combination of its choices, those that ask something else among them (`asked`).

    Parameters
    ----------
    ds
        A dataset with dates of arrests (or of detainers, for repeat detainers) linked to people.
    asked : str
        A question of ``choices.toml``: ``released``, ``prepared`` or ``repeat``.
    days : int
        The window, in whole days.
    level : float
    plan
        The folder of ``plan.toml``, which fixes the primary specification; by default the dataset's own.

    Returns
    -------
    DataFrame
        One row a specification, sorted by estimate: one column a choice (its option), ``numerator`` (events by the end of the
        window), ``denominator`` (those at risk when follow-up begins, after a minimum gap those who enter then), ``estimate,
        lower, upper`` (Aalen-Johansen with log intervals or one minus Kaplan-Meier with log-log intervals, as ``cohort``,
        ``life_table`` and the curves give them) and ``primary``. Where nobody is at risk at the end of the window the
        estimate is missing. Choices with one option for this dataset are left out and stand in ``attrs["fixed"]``.

    Raises
    ------
    InputError
        An unknown question, a dataset that cannot answer it, a window that is no whole number of days.
    """
    posed = question(asked)
    if not (days == int(days) and days > 0):
        raise InputError(f"days = {days!r}: a specification curve needs a window of whole days.")
    days = int(days)
    booked = spells_of(ds) is not None
    held = {
        option: histories(ds, posed["origin"], posed["event"], custody=option == "counted")
        for option in ("counted", *(("ignored",) if booked and "custody" in posed["choices"] else ()))
    }
    first = primary(asked, plan or ds.folder)
    varied, fixed = menu(options(asked), held["counted"], booked, first)
    specs = [{**fixed, **each} for each in every_specification(varied)]
    tables = _tables(held, specs, days)
    found = pd.DataFrame(specs).join(_estimates(tables, specs, days, level))
    found["primary"] = np.logical_and.reduce([found[choice] == first[choice] for choice in first])
    found = found.sort_values(["estimate", *varied], kind="stable", ignore_index=True).drop(columns=list(fixed))
    found.attrs = {
        "question": asked,
        "days": days,
        "level": level,
        "choices": list(varied),
        "fixed": fixed,
        "tables": len(tables),
    }
    return found


def _tables(held: dict[str, Histories], specs: list[dict[str, str]], days: int) -> dict[tuple, pd.DataFrame]:
    """Return each distinct life table; the tallies behind them are counted once for each set of own days."""
    tallies: dict[tuple, object] = {}
    tables: dict[tuple, pd.DataFrame] = {}
    for spec in specs:
        own, key = _own_days(spec), _key(spec)
        if key in tables:
            continue
        if own not in tallies:
            tallies[own] = tally(held[spec.get("custody", "counted")], spec, days)
        table = tallies[own].table(spec, days)
        tables[key] = life_table(table, step()) if step() else table
    return tables


def _own_days(spec: dict[str, str]) -> tuple:
    return (spec["competing"] == "any_later", *(spec.get(choice) for choice in OWN_DAYS))


def _key(spec: dict[str, str]) -> tuple:
    return (spec["competing"] == "any_later", *(option for choice, option in spec.items() if choice != "competing"))


def _estimates(tables: dict[tuple, pd.DataFrame], specs: list[dict[str, str]], days: int, level: float) -> pd.DataFrame:
    """Return numerator, denominator, estimate, lower, upper of each specification, read off curves over all tables at once."""
    place = {key: i for i, key in enumerate(tables)}
    life = (
        pd.concat(tables.values(), keys=range(len(tables)), names=["table", None])
        .reset_index("table")
        .reset_index(drop=True)
    )
    size = life.groupby("table")["at_risk"].first()
    curves = {
        "first_event": _at_end(cumulative_incidence(life, "event", level=level), days, "incidence"),
        "censored": _at_end(kaplan_meier(life, "event", level=level), days, "survival"),
    }
    curves["any_later"] = curves["censored"]
    rows = []
    for spec in specs:
        number = place[_key(spec)]
        found = curves[spec["competing"]]
        row = found.loc[number] if number in found.index else None
        rows.append(
            (0 if row is None else int(row["events"]), int(size.get(number, 0)),
             *((np.nan,) * 3 if row is None else (row["estimate"], row["lower"], row["upper"])))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["numerator", "denominator", "estimate", "lower", "upper"])


def _at_end(curve: pd.DataFrame, days: int, value: str) -> pd.DataFrame:
    """Return each table's last step within the window; missing past the last person at risk."""
    events = curve.groupby("table")["events"].cumsum()
    reached = curve.groupby("table")["time"].transform("max") >= days
    last = (
        curve.assign(events=events)[(curve["time"] <= days) & reached]
        .drop_duplicates("table", keep="last")
        .set_index("table")
    )
    if value == "survival":
        last = last.assign(estimate=1 - last["survival"], lower=1 - last["upper"], upper=1 - last["lower"])
    else:
        last = last.assign(estimate=last["incidence"])
    return last[["events", "estimate", "lower", "upper"]]
