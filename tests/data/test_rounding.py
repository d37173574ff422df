"""Rounding: counts by hand, a life table that stays one, two digits, and limits that say no more than they must."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analysis
from analysis.data import rounding

K = rounding.STEP


@pytest.fixture
def restricted():
    rounding.restrict()


def people(seed: int, n: int, groups: str = "") -> pd.DataFrame:
    """Made-up people with two causes, some censored."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"days": rng.integers(0, 400, n), "event": rng.choice(["a", "b", None], n, p=[0.3, 0.2, 0.5])})
    return frame.assign(group=rng.choice(list(groups), n)) if groups else frame


def test_counts_by_hand():
    assert rounding.midpoint([0, 1, 3, 6, 7, 12, 13, 431, np.nan])[:-1].tolist() == [0, 3, 3, 3, 9, 9, 15, 429]
    assert rounding.midpoint([1, 10, 11], 10).tolist() == [5, 5, 15]
    low, high = rounding.bounds(rounding.midpoint([0, 1, 12]), K)
    assert (low.tolist(), high.tolist()) == ([0, 1, 7], [0, 6, 12])


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.sampled_from([6, 7, 10, 12]))
def test_a_rounded_count_is_near_in_order_and_rounded_already(a, b, k):
    x, y = rounding.midpoint([a, b], k)
    assert abs(x - a) <= k / 2
    assert (x <= y) == (x == y or a < b)
    assert rounding.midpoint(x, k) == x
    assert (x == 0) == (a == 0)
    low, high = rounding.bounds(np.array(x), k)
    assert low <= a <= high


@given(st.integers(0, 10**6), st.integers(100, 900), st.booleans())
@settings(max_examples=60)
def test_a_rounded_life_table_is_one_and_near_the_exact_one(seed, n, late):
    frame = people(seed, n)
    if late:
        frame = frame[frame["days"] > 30].assign(entry=30)
    exact = analysis.life_table(frame)
    table = rounding.life_table(exact, K)
    if table.empty:
        assert rounding.midpoint(len(frame)) < rounding.LEAST_CURVE
        return
    pd.testing.assert_frame_equal(rounding.life_table(table, K), table)
    kinds = ["censored", "a", "b"]
    left = table["at_risk"] - table[kinds].sum(axis=1)
    assert (table[["at_risk", *kinds]] >= 0).all(axis=None)
    assert left.tolist() == [*table["at_risk"].iloc[1:], 0]
    assert table["at_risk"].iloc[-1] >= rounding.LEAST_AT_RISK
    true = exact.assign(**exact[kinds].cumsum()).set_index("time").loc[table["time"], kinds]
    shown = table[kinds].cumsum().set_axis(true.index)
    assert (np.abs(shown - true)[["a", "b"]] <= K / 2).all(axis=None)
    assert (np.abs(shown - true)["censored"].iloc[:-1] <= K / 2).all()
    assert np.array_equal(rounding.midpoint(shown[["a", "b"]]), shown[["a", "b"]])


def test_a_run_rounds_what_it_counts_and_says_it_exactly_when_asked(restricted):
    frame = people(1, 431)
    assert analysis.life_table(frame)["at_risk"].iloc[0] == 429
    assert analysis.life_table(frame, exact=True)["at_risk"].iloc[0] == 431
    with rounding.exactly():
        assert analysis.life_table(frame)["at_risk"].iloc[0] == 431
    curve = analysis.cumulative_incidence(analysis.life_table(frame), "a")
    assert (
        curve["time"].max() < analysis.cumulative_incidence(analysis.life_table(frame, exact=True), "a")["time"].max()
    )
    assert analysis.life_table(people(1, 96)).empty  # a rounded 93


def test_a_run_is_never_rounded_less():
    rounding.restrict(10)
    rounding.restrict(6)
    rounding.restrict(0)
    assert rounding.step() == 10


def test_standard_errors_over_dependent_people_have_two_digits_and_need_500(restricted):
    frame = people(3, 1200).assign(where=lambda f: f.index % 40, group=np.where(np.arange(1200) < 900, "x", "y"))
    curve = analysis.kaplan_meier(analysis.life_table(frame, by="group", cluster="where"), "a")
    large, small = (analysis.at(curve[curve["group"] == name], 200).iloc[0] for name in "xy")
    exact = analysis.kaplan_meier(analysis.life_table(frame[frame["group"] == "x"], cluster="where", exact=True), "a")
    assert large["se"] == rounding.significant(analysis.at(exact, 200)["se"].iloc[0])
    assert np.isnan([small["se"], small["lower"], small["upper"]]).all()


def test_small_groups_have_no_curve_and_are_joined_under_another_name(restricted):
    frame = people(5, 800).assign(
        group=["large"] * 500 + ["middle"] * 190 + ["few"] * 45 + ["fewer"] * 40 + ["less"] * 25
    )
    assert set(analysis.life_table(frame, by="group")["group"]) == {"large", "middle"}
    joined = rounding.pooled(frame, "group")["group"].value_counts()
    assert joined.to_dict() == {"large": 500, "middle": 190, "other": 110}
    assert set(analysis.life_table(rounding.pooled(frame, "group"), by="group")["group"]) == {
        "large",
        "middle",
        "other",
    }
    only = rounding.pooled(frame[frame["group"] != "few"][lambda f: f["group"] != "fewer"], "group")[
        "group"
    ].value_counts()
    assert only.to_dict() == {"large": 500, "other": 215}  # one small group alone would be known from the whole


def test_nothing_is_joined_where_nothing_is_rounded():
    frame = people(5, 60, "xyz")
    assert rounding.pooled(frame, "group") is frame


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ([1, 1, 1, 1, 1], [True] * 5),  # five in all, shown as 3: each is 1 or 2
        ([1, 1, 1, 1], [False] * 4),
        (
            [1, 7, 7, 7, 2],
            [True, False, False, False, True],
        ),  # 24 in all, at most 24: the small ones are at most 3 together
        ([2, 0, 0], [False] * 3),
        ([300, 4], [False] * 2),
    ],
)
def test_what_a_total_tells_of_its_parts(counts, found):
    assert rounding.told(np.array(counts, dtype=float), K).tolist() == found


def test_what_a_total_tells_is_all_that_the_rounding_leaves():
    """By enumeration: every set of counts that would be shown so, with their total."""
    rng = np.random.default_rng(2)
    every = np.stack(np.meshgrid(*[np.arange(19)] * 3, indexing="ij")).reshape(3, -1)
    shown, total = rounding.midpoint(every), rounding.midpoint(every.sum(axis=0))
    for counts in rng.integers(0, 19, (60, 3)):
        same = (shown == rounding.midpoint(counts)[:, None]).all(axis=0) & (total == rounding.midpoint(counts.sum()))
        for part, flag in zip(range(3), rounding.told(counts.astype(float), K), strict=True):
            left = len(np.unique(every[part, same]))
            assert flag == (1 <= counts[part] < K and left < 3)


def test_two_digits_and_limits_that_follow_from_them():
    assert rounding.significant([0.10346, 0.0996, -1234.5, 0, 0.57]).tolist() == [0.10, 0.1, -1200, 0, 0.57]
    estimate, lower, upper = rounding.limits([0.03456], [0.01234], [0.05678])
    assert (estimate[0], lower[0], upper[0]) == pytest.approx((0.035, 0.013, 0.057))
    ratio, lower, upper = rounding.limits([1.5], [1.5 / 1.284], [1.5 * 1.284])
    assert (ratio[0], lower[0], upper[0]) == pytest.approx((1.5, 1.5 / np.exp(0.25), 1.5 * np.exp(0.25)))
    ends = rounding.limits([0.4123], [0.1567], [0.4321])  # the interval of a range that ends at .41
    assert [float(x[0]) for x in ends] == pytest.approx([0.41, 0.16, 0.43])
    assert np.isnan(rounding.limits([0.1], [np.nan], [np.nan])[1:]).all()


@given(st.floats(1e-9, 1e6), st.integers(1, 4))
def test_digits_stay(value, digits):
    once = rounding.significant(value, digits)
    assert rounding.significant(once, digits) == pytest.approx(once, rel=1e-12)
    assert once == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) + 1e-9)


@given(st.integers(0, 400), st.integers(1, 400), st.sampled_from([0.9, 0.95, 0.99]))
def test_wilsons_limits_are_those_of_the_proportion(k, n, level):
    k = min(k, n)
    known = analysis.proportion(k, n, level=level)
    assert [float(x) for x in rounding.wilson(k, n, level)] == pytest.approx([known.lower, known.upper], abs=1e-9)


def test_a_mean_of_events_is_rounded_too(restricted):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"id": rng.integers(0, 300, 900), "days": rng.integers(1, 400, 900), "event": "a"})
    last = pd.DataFrame({"id": range(300), "days": 400, "event": None})
    curve = analysis.mean_cumulative(pd.concat([frame, last], ignore_index=True), "id", "days", "event")
    total = curve["events"].cumsum()
    assert np.array_equal(rounding.midpoint(total), total)
    assert np.array_equal(rounding.midpoint(curve["at_risk"]), curve["at_risk"])
    assert curve["lower"].isna().all()  # over 300 people


def test_the_readings_of_a_window_are_of_rounded_counts(restricted):
    frame = people(7, 431)
    frame["event"] = frame["event"].astype("category")
    cohort = analysis.as_cohort(frame, event="a", follow_up=400)
    assert repr(cohort).startswith("<cohort of a frame: 429 rows,")
    found = analysis.short_window(cohort, days=105).set_index("estimand")
    crude = found.loc["events over people"]
    assert crude["denominator"] == 429
    assert crude["numerator"] % K == K / 2
    assert crude["estimate"] == crude["numerator"] / crude["denominator"]
    rate = found.loc["rate per person-year"]
    assert rate["estimate"] == pytest.approx(rate["numerator"] / rate["person_years"])
    moved = found.loc["moved by unequal follow-up", "estimate"]
    assert moved == pytest.approx(found.loc["Aalen-Johansen", "estimate"] - crude["estimate"])


def test_groups_that_are_too_small_have_their_reason(restricted):
    assert rounding.too_few(600, 505) == ""
    assert "500 or more" in rounding.too_few(600, 40)
    with rounding.exactly():
        assert rounding.too_few(3, 4) == ""
