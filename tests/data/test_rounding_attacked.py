"""What led to the release rule, simulated: tables with all their totals, life tables, rates, rare levels, limits.

The attacker knows the rule and every total, and is asked how many values each count of 1 to 5 keeps (`attack`).
"""

import numpy as np
import pandas as pd
import pytest
from attack import Attack, Count

import analysis
from analysis.data import rounding
from analysis.publish.released import release
from analysis.sanctuary.balance import balance

K = rounding.STEP


def kept(tables: list[list[Count]]) -> np.ndarray:
    """How many values the counts of 1 to 5 keep, over many tables, each attacked by itself."""
    found = []
    for table in tables:
        system = Attack(table)
        found.append(system.left()[system.at])
    left = np.concatenate(found)
    return left[left > 0]


def cells(frame: pd.DataFrame, exact: pd.DataFrame) -> list[Count]:
    """The counts of a table as it is shown, with what they are; rows joined as "other" are the sum of theirs."""
    true = exact.set_index("group")
    found = []
    for row in frame.to_dict("records"):
        label = row.pop("group")
        rest = true.loc[[name for name in true.index if name not in set(frame["group"])]].sum()
        values = true.loc[label] if label in true.index else rest
        found += [Count("table", (("group", label),), name, float(row[name]), float(values[name])) for name in row]
    return found


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_tables_of_one_and_two_ways_with_all_their_totals(columns):
    rng = np.random.default_rng(columns)
    tables = []
    for _ in range(60):
        groups = int(rng.integers(3, 13))
        values = rng.poisson(rng.choice([1, 3, 8, 40], (groups, columns)))
        frame = pd.DataFrame(values, columns=[f"n{j}" for j in range(columns)])
        if columns > 1:
            frame["all"] = values.sum(axis=1)
        frame.insert(0, "group", [f"group {i}" for i in range(groups)])
        names = list(frame)[1:]
        tables.append(cells(release(frame, "restricted", counts=names).frame, frame))
    left = kept(tables)
    assert len(left) > 150
    assert (left > 1).all()
    assert (left == 2).sum() <= len(left) / 100


@pytest.mark.parametrize("groups", [2, 6, 12])
def test_life_tables_by_group_beside_that_of_everyone_on_every_day(groups):
    rng = np.random.default_rng(groups)
    tables = []
    for _ in range(2):
        n = 150 * groups
        frame = pd.DataFrame({"days": rng.integers(1, 400, n), "event": rng.choice(["a", None], n, p=[0.1, 0.9]),
                              "group": [f"group {i % groups}" for i in range(n)]})  # fmt: skip
        everyone, parts = analysis.life_table(frame), analysis.life_table(frame, by="group")
        pairs = {"": (everyone, rounding.life_table(everyone, K))}
        shown = rounding.life_table(parts, K)
        pairs |= {name: (parts[parts["group"] == name], part) for name, part in shown.groupby("group", observed=True)}
        days = sorted({day for _, part in pairs.values() for day in part["time"]})
        table = []
        for name, (exact, part) in pairs.items():
            for day in [day for day in days if day <= part["time"].max()]:
                up_to = [float(life.loc[life["time"] <= day, "a"].sum()) for life in (part, exact)]
                table.append(
                    Count(
                        "by group" if name else "everyone",
                        (*[("group", name)] * bool(name), ("time", day)),
                        "events",
                        *up_to,
                    )
                )
        tables.append(table)
    left = kept(tables)
    assert len(left) > 10
    assert (left > 1).all()
    assert (left == 2).sum() <= len(left) / 100


@pytest.fixture
def restricted():
    rounding.restrict()


def test_limits_beside_their_estimates_are_those_of_every_count_of_the_six():
    def shown(k: int, n: int) -> pd.DataFrame:
        found = [analysis.proportion(*counts) for counts in ((k, n), (97, 300))]
        rows = [(one.numerator, one.denominator, one.estimate, one.lower, one.upper) for one in found]
        frame = pd.DataFrame(rows, columns=["numerator", "denominator", "estimate", "lower", "upper"])
        return release(frame.assign(group=["a", "b"]), "restricted", counts=["numerator", "denominator"]).frame

    for k in range(1, K + 1):
        for n in range(403, 409):
            pd.testing.assert_frame_equal(shown(k, n), shown(3, 405))


def test_a_rate_of_thirty_days_is_that_of_every_count_of_the_six(restricted):
    def rate(events: int) -> pd.Series:  # beside 294 others, so that no other count leaves its six
        frame = pd.DataFrame({"days": [10] * events + [400] * 294, "event": ["a"] * events + [None] * 294})
        return (
            analysis.short_window(analysis.as_cohort(frame, event="a"), days=30)
            .set_index("estimand")
            .loc["rate per person-year"]
        )

    for events in range(1, K + 1):
        pd.testing.assert_series_equal(rate(events), rate(3))


def test_the_balance_of_a_rare_level_is_that_of_every_count_of_the_six(restricted):
    def shown(few: int) -> pd.DataFrame:  # a level that 8 of 2,593 have, all under one rule
        n = 2_593
        frame = pd.DataFrame({"days": 400, "event": None, "policy": np.where(np.arange(n) % 2, "limits", "none"),
                              "kind": np.where((np.arange(n) % 2 == 0) & (np.arange(n) < 2 * few), "rare", "usual")})  # fmt: skip
        found = balance(analysis.as_cohort(frame, event="a", origin="prepared"), adjust=["kind"], operators=None)
        return found[["covariate", "mean_0", "mean_1", "difference_before"]]

    for few in range(7, 2 * K + 1):
        pd.testing.assert_frame_equal(shown(few), shown(8))
