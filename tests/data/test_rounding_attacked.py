"""What led to the release rule, simulated: tables of one and two ways with all their totals.

The attacker knows the rule and every total, and is asked how many values each count of 1 to 5 keeps (`attack`).
"""

import numpy as np
import pandas as pd
import pytest
from attack import Attack, Count

from analysis.data import rounding
from analysis.publish.released import release

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
    for _ in range(120):
        groups = int(rng.integers(3, 13))
        values = rng.poisson(rng.choice([1, 3, 8, 40], (groups, columns)))
        frame = pd.DataFrame(values, columns=[f"n{j}" for j in range(columns)])
        if columns > 1:
            frame["all"] = values.sum(axis=1)
        frame.insert(0, "group", [f"group {i}" for i in range(groups)])
        names = list(frame)[1:]
        tables.append(cells(release(frame, "restricted", counts=names).frame, frame))
    left = kept(tables)
    assert len(left) > 200
    assert (left > 1).all()
    assert (left == 2).sum() <= len(left) / 100
