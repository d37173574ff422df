"""Without each place, with arrests that no one could see, and before and after weighting."""

import numpy as np
import pandas as pd
import pytest

from analysis.sanctuary.balance import balance
from analysis.sanctuary.compare import compare
from analysis.sanctuary.fragility import leave_one_out, tipping_point
from analysis.sanctuary.negative_controls import elsewhere


def test_leaving_a_place_out_is_the_comparison_without_it(make_people) -> None:
    frame = make_people(places=12, size=60)
    table = leave_one_out(frame, adjust=["age"])
    assert table["left_out"].iloc[0] == "nobody"
    assert len(table) == 13
    assert table["estimate"].iloc[1:].is_monotonic_increasing
    some = table.iloc[5]
    less = frame[frame["jurisdiction"] != some["left_out"]]
    less.attrs = frame.attrs
    found = compare(less, adjust=["age"])
    assert some["estimate"] == pytest.approx(found.loc[found["design"].str.startswith("doubly"), "estimate"].iloc[0])
    assert some["rows"] == len(less)


def test_at_the_tipping_point_the_difference_vanishes(cohort: pd.DataFrame) -> None:
    everyone = cohort.assign(
        days=cohort["days"].where(cohort["event"].notna(), 2_000)
    )  # nobody is lost: shares by hand
    everyone.attrs = cohort.attrs
    table = tipping_point(everyone, horizon=365).set_index("assumption")
    inside = everyone["days"] <= 365
    shares = [
        (everyone["event"].eq(event) & inside).groupby(everyone["policy"]).mean()
        for event in ("rearrest", "ice_custody")
    ]
    one_side = table.loc[next(name for name in table.index if np.isfinite(table.loc[name, "share"]) and "only" in name)]
    gap = shares[0]["limits"] - shares[0]["none"]
    assert one_side["difference"] == pytest.approx(gap)
    lower = "none" if gap > 0 else "limits"
    assert one_side["share"] * shares[1][lower] == pytest.approx(abs(gap))


def test_weighting_balances_what_it_is_told_of(cohort: pd.DataFrame) -> None:
    table = balance(cohort, adjust=["age", "sex"]).set_index("covariate")
    assert table.index.tolist() == ["age", "sex: female", "sex: male"]
    assert table.loc["age", "difference_before"] == pytest.approx(3 / 8, abs=0.12)
    assert table["difference_after"].abs().max() < 0.02
    n0, n1 = table.attrs["rows"]
    assert n0 + n1 == len(cohort)
    assert table.attrs["effective"][0] < n0
    a = cohort.groupby("policy")["age"]
    by_hand = (a.mean()["limits"] - a.mean()["none"]) / np.sqrt((a.var(ddof=0)["limits"] + a.var(ddof=0)["none"]) / 2)
    assert table.loc["age", "difference_before"] == pytest.approx(by_hand)


def test_federal_facilities_are_a_control_of_their_own(cohort: pd.DataFrame) -> None:
    frame = cohort.assign(operator=np.where(np.arange(len(cohort)) % 2, "federal", "local"))
    frame.attrs = cohort.attrs
    table = elsewhere(frame, horizon=365)
    assert table.attrs["left_out"]["not at a facility run by: federal"] == (frame["operator"] == "local").sum()
    with pytest.raises(ValueError, match="nobody in this cohort"):
        elsewhere(cohort)
