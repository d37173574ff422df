"""Places by period: counts add up, windows are complete or left blank, adoption is dated by the list of rules."""

import pandas as pd
import pytest

from analysis.data.errors import InputError
from analysis.recidivism.cohort import as_cohort
from analysis.sanctuary.changes import around_changes
from analysis.sanctuary.negative_controls import placebo_dates
from analysis.sanctuary.panel import period_start, place_panel, supplied

RULES = """jurisdiction,level,state,county_fips,start,end,direction,basis,scope,instrument,confidence,source_seen,note,practice_disagrees
A,county,06,06001,2020-05-10,,limits,law,x,x,high,yes,,
B,county,06,06003,2019-01-01,2020-08-31,limits,law,x,x,high,yes,,
"""


@pytest.fixture
def rules(tmp_path):
    file = tmp_path / "policies.csv"
    file.write_text(RULES, encoding="utf-8")
    return file


@pytest.fixture
def detainers() -> pd.DataFrame:
    days = pd.date_range("2020-01-01", "2020-12-20", freq="D")
    frame = pd.DataFrame({"prepared": days.repeat(3), "jurisdiction": ["06001", "06003", "06005"] * len(days)})
    frame["outcome"] = [
        "declined" if i % 4 == 0 else "ice_custody" if i % 4 == 1 else "unknown" for i in range(len(frame))
    ]
    frame["operator"] = "local"
    return frame


def test_counts_add_up_to_whole_periods(detainers: pd.DataFrame, rules) -> None:
    panel = place_panel(detainers, every="month", policies=rules)
    assert panel["period"].nunique() == 11  # December is not over
    assert panel["detainers"].sum() + panel.attrs["left_out"]["in a period that the data do not cover wholly"] == len(
        detainers
    )
    assert (panel["declined"] <= panel["decided"]).all()
    assert (panel["decided"] <= panel["detainers"]).all()
    march = panel[(panel["jurisdiction"] == "06001") & (panel["period"] == "2020-03-01")].iloc[0]
    assert march["detainers"] == 31


def test_a_place_without_detainers_in_a_month_counts_zero(detainers: pd.DataFrame, rules) -> None:
    fewer = detainers[(detainers["jurisdiction"] != "06005") | (detainers["prepared"] < "2020-02-01")]
    panel = place_panel(fewer, every="month", policies=rules).set_index(["jurisdiction", "period"])
    assert panel.loc[("06005", pd.Timestamp("2020-06-01")), "detainers"] == 0
    assert pd.isna(panel.loc[("06005", pd.Timestamp("2020-06-01")), "declined_share"])


def test_adoption_and_repeal_are_the_first_days_of_their_periods(detainers: pd.DataFrame, rules) -> None:
    panel = (
        place_panel(detainers, every="quarter", policies=rules)
        .drop_duplicates("jurisdiction")
        .set_index("jurisdiction")
    )
    assert panel.loc["06001", "adopted"] == pd.Timestamp("2020-04-01")
    assert pd.isna(panel.loc["06001", "repealed"])
    assert panel.loc["06003", "adopted"] == pd.Timestamp("2019-01-01")
    assert panel.loc["06003", "repealed"] == pd.Timestamp("2020-07-01")
    assert pd.isna(panel.loc["06005", "adopted"])


def test_a_risk_needs_a_whole_window_for_everyone(detainers: pd.DataFrame, rules) -> None:
    cohort = detainers.assign(
        follow_up=(pd.Timestamp("2020-12-31") - detainers["prepared"]).dt.days, days=50, event="rearrest"
    )
    cohort = as_cohort(cohort, event="rearrest", origin="prepared")
    panel = place_panel(detainers, cohort, every="month", days=105, policies=rules)
    complete = panel[panel["risk"].notna()]
    assert complete["period"].max() == pd.Timestamp("2020-08-01")  # of September's people some have less than 105 days
    assert (complete["risk"] == 1).all()


def test_detainers_per_person(detainers: pd.DataFrame, rules) -> None:
    per = pd.DataFrame({"jurisdiction": ["06001", "06003", "06005"], "count": [1_000, 2_000, 500]})
    panel = place_panel(detainers, every="month", policies=rules, per=per).set_index(["jurisdiction", "period"])
    assert panel.loc[("06003", pd.Timestamp("2020-01-01")), "per_1000"] == pytest.approx(15.5)


def test_periods_by_hand() -> None:
    day = pd.Series(pd.to_datetime(["2020-05-31", "2020-12-01"]))
    assert period_start(day, "quarter").tolist() == [pd.Timestamp("2020-04-01"), pd.Timestamp("2020-10-01")]
    assert period_start(day, "half").tolist() == [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-07-01")]
    assert period_start(day, "year").tolist() == [pd.Timestamp("2020-01-01")] * 2


def test_before_and_after_a_change(detainers: pd.DataFrame, rules) -> None:
    table = around_changes(detainers, months=3, policies=rules)
    assert table["place"].tolist() == ["A"]
    row = table.iloc[0]
    assert row["days"] == 91
    assert (row["detainers_before"], row["detainers_after"]) == (91, 91)
    assert row["counties"] == ("06001",)


def test_a_placebo_uses_what_came_before(detainers: pd.DataFrame, rules) -> None:
    panel = place_panel(detainers, every="month", policies=rules)
    found = placebo_dates(
        panel, "detainers", "jurisdiction", "period", "adopted", 2, control="not_yet", repealed="repealed"
    )
    assert found.group_time["cohort"].unique().tolist() == [pd.Timestamp("2020-03-01")]
    assert found.group_time["time"].max() < pd.Timestamp("2020-05-01")
    assert found.overall.estimate == pytest.approx(0.0)


@pytest.mark.parametrize(("change", "says"), [({"every": "week"}, "month"), ({"end": "2020-01-20"}, "no whole")])
def test_what_cannot_be_a_panel_is_said(detainers: pd.DataFrame, rules, change: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        place_panel(detainers, policies=rules, **({"every": "month"} | change))


def test_supplied_counts_are_read_and_related(detainers: pd.DataFrame, rules, tmp_path) -> None:
    assert supplied(tmp_path) is None
    (tmp_path / "per.csv").write_text("jurisdiction,count\n06001,620\n06003,310\n", encoding="utf-8")
    panel = place_panel(detainers, every="month", policies=rules, per=supplied(tmp_path)).set_index(
        ["jurisdiction", "period"]
    )
    assert panel.loc[("06001", pd.Timestamp("2020-03-01")), "per_1000"] == pytest.approx(50.0)  # 31 detainers
    assert pd.isna(panel.loc[("06005", pd.Timestamp("2020-03-01")), "per_1000"])
    (tmp_path / "per.csv").write_text("jurisdiction,count\n06001,620\n06003,none\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 3 has the count 'none'"):
        supplied(tmp_path)
