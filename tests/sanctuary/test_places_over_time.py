"""Counts by place and month, and the first days of listed rules, against a count by hand."""

import pandas as pd
import pytest

from analysis.sanctuary.places_over_time import around_starts, counted, places_over_time, rules_within

CSV = """jurisdiction,level,state,county_fips,start,end,direction,basis,scope,instrument,confidence,source_seen,note,practice_disagrees
Twin City,city,NY,36005;36047,2014-12-14,,limits,law,s,Local Law 1,high,yes,,
Old State,state,CA,,2000-01-01,,limits,law,s,Act,high,yes,,
Far State,state,TX,,2014-11-02,,requires,law,s,,high,yes,,
"""


@pytest.fixture
def rows(tmp_path):
    months = pd.date_range("2014-10-01", "2015-02-28", freq="D")
    lodged = {"36005": (3, 1), "36047": (1, 1), "36001": (1, 1), "06037": (2, 2)}  # a day before and from December on
    parts = [
        pd.DataFrame({"jurisdiction": code, "prepared": day, "operator": "local" if i else "federal"}, index=range(n[day >= pd.Timestamp("2014-12-01")]))
        for code, n in lodged.items() for i, day in enumerate(months)
    ]  # fmt: skip
    return counted(pd.concat(parts, ignore_index=True))


@pytest.fixture
def rules(rows, tmp_path):
    file = tmp_path / "policies.csv"
    file.write_text(CSV)
    return rules_within(rows, file)


def test_only_rules_that_begin_within_the_data_are_taken_with_the_codes_they_govern(rows, rules):
    assert rules["place"].tolist() == ["Twin City", "Far State"]
    assert rules["counties"].tolist() == [("36005", "36047"), ()]
    assert rules["rows"].tolist() == [4 * 61 + 2 * 90, 0]
    assert rules["label"][0] == "limits (law), Local Law 1"


def test_months_before_and_after_a_start_hold_every_row_of_its_places(rows, rules):
    found = around_starts(rows, rules, least=1).iloc[0]
    assert (found["before"], found["after"]) == (pd.Timestamp("2014-10-01"), pd.Timestamp("2015-01-01"))
    assert (found["all_before"], found["all_after"]) == (4 * 31, 2 * 31)
    assert found["local_before"] == 4 * 31 - 4  # the first day of each place is federal


def test_a_rule_without_whole_months_on_both_sides_is_left_out(rows, rules):
    assert around_starts(rows, rules.assign(rows=1000), least=1)["place"].tolist() == ["Twin City"]


def test_places_add_up_to_the_rows_they_stand_for_and_none_is_shown_twice(rows, rules):
    found = places_over_time(rows, rules[rules["rows"] > 0], lambda code: f"county {code}")
    assert found["place"].unique().tolist() == ["Twin City", "county 06037", "county 36001"]
    assert found["count"].sum() == rows["rows"].sum()
    assert len(found) == 3 * 5
    assert places_over_time(rows, rules.iloc[:0], str, most=1, every="Q")["count"].tolist() == [2 * 92, 2 * 59]
