"""Curves over the same people, and groups of people, do not give away between them what each alone withholds."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.publish.curves import Seen, release_curve

PEOPLE = st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["a", "b", "stays"])), min_size=30, max_size=300)


def life(people, cause):
    """The life table of people given as (last day, what happened), with the events of one cause."""
    days, kinds = np.array([d for d, _ in people]), np.array([k for _, k in people])
    distinct = np.unique(days)
    return pd.DataFrame(
        {
            "time": distinct,
            "at_risk": [(days >= t).sum() for t in distinct],
            "events": [((days == t) & (kinds == cause)).sum() for t in distinct],
        }
    )


def starts(released, last):
    """What a reader knows: number at risk after each time that ends a step."""
    return dict(zip([0, *released["time"]], [*released["at_risk"], last], strict=True))


@settings(max_examples=100, deadline=None)
@given(PEOPLE)
def test_two_causes_over_the_same_people_show_no_small_difference(people):
    seen = Seen()
    first, second = (release_curve(life(people, cause), "restricted", seen=seen) for cause in "ab")
    assert set(second["time"]) <= set(first["time"]) or first.empty
    whole = life(people, "a").set_index("time")["at_risk"]
    after = {float(t): int(whole[whole.index > t].max()) if (whole.index > t).any() else 0 for t in whole.index} | {
        0.0: len(people)
    }
    a_by = {float(t): 0 for t in [0, *first["time"]]} | dict(
        zip(first["time"].astype(float), first["events"].cumsum(), strict=True)
    )
    before, was = 0.0, len(people)
    for t, n, d in second[["time", "at_risk", "events"]].itertuples(index=False):
        assert n == was
        others = n - d - (a_by[float(t)] - a_by[before]) - after[float(t)] if not first.empty else 0
        assert others == 0 or others >= 10
        before, was = float(t), after[float(t)]


def test_by_hand_a_second_cause_ends_its_steps_where_the_first_does():
    # 20 leave each day: 12 by cause a, 5 by cause b, 3 otherwise. Alone, b would be shown every second day, on which a
    # reader who knows a's 24 of 40 would count the 6 others; after four days they are 12.
    days = np.arange(1, 11)
    table = pd.DataFrame({"time": days, "at_risk": 400 - 20 * (days - 1)})
    a, b, seen = table.assign(events=12), table.assign(events=5), Seen()
    assert release_curve(b, "restricted")["time"].tolist() == [2, 4, 6, 8, 10]
    for _ in range(2):  # the same curve again is the same curve
        assert release_curve(a, "restricted", seen=seen)["time"].tolist() == [2, 4, 6, 8, 10]
    assert release_curve(b, "restricted", seen=seen)["time"].tolist() == [4, 8, 10]
    both = pd.concat([a.assign(kind="a"), b.assign(kind="b")])
    assert release_curve(both, "restricted", by=["kind"])["time"].tolist() == [2, 4, 6, 8, 10, 4, 8, 10]


def test_a_group_too_small_for_a_curve_takes_the_next_smallest_with_it():
    def group(n, name):
        return pd.DataFrame({"time": [1, 2], "at_risk": [n, n // 2], "events": [n // 4, n // 8], "sex": name})

    both = pd.concat([group(800, "male"), group(200, "female"), group(8, "unknown")])
    assert set(release_curve(both, "restricted", by=["sex"])["sex"]) == {"male"}
    assert set(release_curve(both[both["sex"] != "unknown"], "restricted", by=["sex"])["sex"]) == {"male", "female"}
