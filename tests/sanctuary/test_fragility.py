"""Without each place, with arrests that no one could see, and before and after weighting."""

import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.cohort import Cohort, as_cohort
from analysis.sanctuary.balance import balance
from analysis.sanctuary.compare import compare
from analysis.sanctuary.fragility import leave_one_out, tipping_point, worst_case
from analysis.sanctuary.negative_controls import elsewhere, offences_before


def made(frame: pd.DataFrame, **meaning: object) -> Cohort:
    return as_cohort(frame, event="rearrest", **{"origin": "prepared", **meaning})


def test_leaving_a_place_out_is_the_comparison_without_it(make_people) -> None:
    frame = make_people(places=12, size=60)
    table = leave_one_out(made(frame), adjust=["age"])
    assert table["left_out"].iloc[0] == "nobody"
    assert len(table) == 13
    assert table["estimate"].iloc[1:].is_monotonic_increasing
    some = table.iloc[5]
    less = frame[frame["jurisdiction"] != some["left_out"]]
    found = compare(made(less), adjust=["age"])
    assert some["estimate"] == pytest.approx(found.loc[found["design"].str.startswith("doubly"), "estimate"].iloc[0])
    assert some["rows"] == len(less)


def test_at_the_tipping_point_the_difference_vanishes(cohort: pd.DataFrame) -> None:
    everyone = cohort.assign(
        days=cohort["days"].where(cohort["event"].notna(), 2_000)
    )  # nobody is lost: shares by hand
    table = tipping_point(made(everyone), horizon=365).set_index("assumption")
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
    table = balance(made(cohort), adjust=["age", "sex"]).set_index("covariate")
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
    table = elsewhere(made(frame), horizon=365)
    assert table.attrs["left_out"]["not at a facility run by: federal"] == (frame["operator"] == "local").sum()
    with pytest.raises(ValueError, match="nobody in this cohort"):
        elsewhere(made(cohort))


def test_the_worst_case_by_hand(cohort: pd.DataFrame) -> None:
    table = worst_case(made(cohort), horizon=365).set_index("what")
    hit = cohort["event"].eq("rearrest") & (cohort["days"] <= 365)
    lost = cohort["event"].isna() & (cohort["days"] < 365)
    side = cohort["policy"].eq("limits")
    low, high = ([share[~side].mean(), share[side].mean()] for share in (hit, hit | lost))
    assert table.loc[["none", "limits"], "lower"].tolist() == pytest.approx(low)
    assert table.loc[["none", "limits"], "upper"].tolist() == pytest.approx(high)
    assert table.loc["difference", ["lower", "upper"]].tolist() == pytest.approx([low[1] - high[0], high[1] - low[0]])
    assert table.loc["limits", "lost"] == lost[side].sum()
    # wide bounds take the one-sided quantile; places are the clusters
    means = (hit[side] - hit[side].mean()).groupby(cohort["jurisdiction"][side]).sum()
    se = np.sqrt(30 / 29 * (means**2).sum()) / side.sum()
    assert table.loc["limits", "ci_lower"] == pytest.approx(low[1] - 1.6448536 * se, abs=1e-6)


def test_nobody_lost_leaves_an_ordinary_interval(cohort: pd.DataFrame) -> None:
    whole = cohort.assign(days=cohort["days"].where(cohort["event"].notna(), 2_000))
    row = worst_case(made(whole), horizon=365).iloc[2]
    assert row["lower"] == row["upper"]
    found = compare(made(whole), horizon=365).iloc[0]
    assert row["lower"] == pytest.approx(found["estimate"])
    assert row["ci_upper"] - row["lower"] == pytest.approx(
        (found["upper"] - found["estimate"]) * 1.9599640 / 2.0452296, rel=1e-6
    )


def test_a_group_without_an_event_leaves_room_for_one(cohort: pd.DataFrame) -> None:
    nobody = cohort.assign(
        event=cohort["event"].mask(cohort["policy"].eq("limits") & cohort["event"].eq("rearrest"), "ice_custody"),
        days=cohort["days"].where(cohort["event"].notna(), 2_000),
    )
    table = worst_case(made(nobody), horizon=365).set_index("what")
    n = table.loc["limits", "people"]
    assert table.loc["limits", ["lower", "upper", "ci_lower"]].tolist() == [0, 0, 0]
    assert table.loc["limits", "ci_upper"] == pytest.approx(1 - 0.025 ** (1 / n))  # Clopper and Pearson's, by hand
    widths = table["ci_upper"] - table["ci_lower"]
    assert widths["difference"] > widths["none"]


def test_offences_before_the_detainer_are_counted_in_their_window() -> None:
    cohort = pd.DataFrame(
        {
            "person_id": [1, 2, 3, 4],
            "prepared": pd.to_datetime(["2020-06-01"] * 3 + ["2018-01-10"]),
            "policy": ["limits", "none"] * 2,
            "days": 0,
            "event": None,
        }
    )
    arrests = pd.DataFrame({
        "person_id": [1, 2, 3, 3, 4, 9], "arrested": pd.to_datetime(["2020-05-02", "2020-05-01", "2019-05-02", "2020-07-01", "2018-01-01", "2017-12-01"]),
    })  # fmt: skip
    found = offences_before(made(cohort), arrests, days=365, gap=30)
    # 2 May 2020 is the 30th day before, which does not count; 1 May 2020 does, and 2 May 2019 is the first that does not any more
    assert found.frame["event"].notna().tolist() == [False, True, False]
    assert found.left_out == {"window before the detainer not covered by the records of arrests": 1}
    assert found.event == "earlier_arrest"
    with pytest.raises(ValueError, match="is covered by the records"):
        offences_before(made(cohort.iloc[3:]), arrests, days=365)


def test_a_rule_finds_nothing_in_offences_before_it(cohort: pd.DataFrame) -> None:
    rng = np.random.default_rng(8)
    frame = cohort.assign(person_id=np.arange(len(cohort)), prepared=pd.Timestamp("2020-01-01"))
    many = rng.integers(0, len(frame), 600)
    arrests = pd.DataFrame(
        {
            "person_id": many,
            "arrested": pd.Timestamp("2020-01-01") - pd.to_timedelta(rng.integers(1, 900, 600), unit="D"),
        }
    )
    table = compare(offences_before(made(frame), arrests), adjust=["age"], horizon=365)
    assert set(table.loc[table["estimand"].str.startswith("risk diff"), "estimand"]) == {"risk difference by 365 days"}
    by_hand = offences_before(made(frame), arrests).frame["event"].notna().groupby(frame["policy"]).mean()
    assert table["estimate"].iloc[0] == pytest.approx(by_hand["limits"] - by_hand["none"])
