import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, kaplan_meier
from analysis.recidivism.yearly import yearly


def bjs():
    """A thousand people with BJS's cumulative percentages, everyone followed for five years."""
    cumulative = np.array([434, 595, 678, 730, 766])
    events = pd.DataFrame(
        {"days": 365 * np.arange(1, 6) - 30, "event": "rearrest", "n": np.diff(cumulative, prepend=0)}
    )
    rest = pd.DataFrame({"days": [1826], "event": [None], "n": [234]})
    return pd.concat([events, rest], ignore_index=True)


def test_cumulative_annual_and_conditional_of_bjs():
    table = yearly(life_table(bjs(), count="n"), "rearrest")
    assert table["year"].tolist() == [1, 2, 3, 4, 5]
    assert table["cumulative"].tolist() == pytest.approx([0.434, 0.595, 0.678, 0.730, 0.766])
    assert table["annual_first"].tolist() == pytest.approx([0.434, 0.161, 0.083, 0.052, 0.036])
    # published: 20.5 % in year 3 and 13.3 % in year 5
    assert table["conditional"].round(3).tolist()[2::2] == [0.205, 0.133]
    assert table["at_risk"].tolist() == [1000, 566, 405, 322, 270]
    assert table["complete"].all()


def test_north_carolina(recid):
    life = life_table(recid)
    table = yearly(life, "return_to_prison", year=12)
    expected = [0.126644, 0.233910, 0.295502, 0.332180, 0.362630]
    np.testing.assert_allclose(table["cumulative"][:5], expected, atol=5e-7)
    # the shortest follow-up of someone who did not return is 70 months
    assert table["complete"].tolist() == [True] * 5 + [False] * 2
    assert table.loc[5:, ["cumulative", "annual_first", "conditional"]].isna().all(axis=None)
    filled = yearly(life, "return_to_prison", year=12, incomplete="estimate")
    assert filled["cumulative"].isna().tolist() == [False] * 6 + [True]
    assert filled["complete"].tolist() == table["complete"].tolist()


def test_a_year_of_whole_days_ends_within_it():
    # 3 x 365.25 = 1,095.75: people followed for 1,095 whole days were followed for three years
    frame = pd.DataFrame({"days": [100, 800, 1095, 1095], "event": ["return", "return", "return", None]})
    table = yearly(life_table(frame))
    assert table["year"].tolist() == [1, 2, 3]
    assert table["cumulative"].tolist() == [0.25, 0.25, 0.75]
    assert table["complete"].all()


def test_release_cohorts_crossed_with_years():
    frame = pd.DataFrame(
        {
            "cohort": [2015, 2015, 2015, 2016, 2016, 2016],
            "days": [200, 1000, 1000, 300, 600, 700],
            "event": ["rearrest", None, None, "rearrest", None, None],
        }
    )
    table = yearly(life_table(frame, by="cohort"))
    assert table[["cohort", "year"]].to_numpy().tolist() == [[2015, 1], [2015, 2], [2015, 3], [2016, 1], [2016, 2]]
    assert table["complete"].tolist() == [True, True, False, True, False]
    assert table["cumulative"].notna().tolist() == table["complete"].tolist()


def test_competing_events(r_data):
    life = life_table(r_data("mgus2"), time="time")
    first = yearly(life, "pcm", year=12, incomplete="estimate")
    censored = 1 - at(kaplan_meier(life, "pcm"), first["year"] * 12)["survival"]
    assert (censored >= first["cumulative"])[:30].all()
    # cumulative is the running sum of annual first events
    np.testing.assert_allclose(first["annual_first"].cumsum()[:30], first["cumulative"][:30])


def test_everything_on_the_first_day():
    table = yearly(life_table(pd.DataFrame({"days": [0, 0], "event": [1, 1]})))
    assert table[["year", "at_risk", "cumulative", "complete"]].to_numpy().tolist() == [[1, 2, 1.0, True]]
    assert len(yearly(life_table(pd.DataFrame({"days": [1], "event": [1]}).iloc[:0]), "event")) == 0


def test_clear_errors():
    life = life_table(bjs(), count="n")
    for options, words in (({"incomplete": "fill"}, "incomplete"), ({"year": 0}, "year")):
        with pytest.raises(ValueError, match=words):
            yearly(life, **options)
