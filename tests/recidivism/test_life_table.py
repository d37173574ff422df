import copy

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import kaplan_meier


def small():
    return pd.DataFrame(
        {
            "days": [2, 2, 3, 5, 5, 8],
            "event": ["rearrest", None, "died", "rearrest", "rearrest", None],
            "entry": [np.nan, np.nan, 2, 1, np.nan, 3],
            "sex": pd.Categorical(["m", "f", "m", "f", "m", "m"], categories=["m", "f", "x"]),
        }
    )


def test_by_hand():
    life = life_table(small())
    # at risk at t: entry < t <= days; the person who enters at 2 is not at risk at 2, the one who enters at 3 not at 3
    columns = ["time", "at_risk", "censored", "died", "rearrest"]
    expected = pd.DataFrame([[2, 4, 1, 0, 1], [3, 3, 0, 1, 0], [5, 3, 0, 0, 2], [8, 1, 1, 0, 0]], columns=columns)
    pd.testing.assert_frame_equal(life, expected)
    assert life_table(small(), entry=None)["at_risk"].tolist() == [6, 4, 3, 1]


def test_strata_keep_their_order_and_only_those_that_occur():
    life = life_table(small(), by="sex")
    assert list(life["sex"].unique()) == ["m", "f"]
    assert life["sex"].dtype == small()["sex"].dtype
    assert list(life.columns) == ["sex", "time", "at_risk", "censored", "died", "rearrest"]


def test_counts_and_types():
    frame = small().assign(n=[1, 0, 3, 2, 1, 1])
    life = life_table(frame, count="n")
    pd.testing.assert_frame_equal(life, life_table(frame.loc[frame.index.repeat(frame["n"])]))
    assert set(life.dtypes.astype(str)) == {"int64"}


def test_attributes_travel():
    frame = small()
    frame.attrs = {"time_unit": "month", "dataset": "demo"}
    life = life_table(frame)
    assert life.attrs["time_unit"] == "month"
    assert kaplan_meier(life, "rearrest").attrs["dataset"] == "demo"
    # variances of delayed entry need the cells, which copies share
    assert copy.deepcopy(life).attrs["cells"] is life.attrs["cells"]
    assert "cells" not in life_table(frame, entry=None).attrs


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"entry": None},
        {"count": "n"},
        {"weight": "w"},
        {"cluster": "who"},
        {"weight": "w", "cluster": "who", "count": "n"},
    ],
)
def test_an_engine_gives_the_same_table(options):
    rng = np.random.default_rng(7)
    size = 3000
    frame = pd.DataFrame(
        {
            "days": rng.integers(1, 60, size),
            "event": rng.choice(["rearrest", "died", None], size),
            "sex": rng.choice(["m", "f"], size),
            "n": rng.integers(0, 4, size),
            "w": rng.gamma(2, 1, size),
            "who": rng.integers(0, 200, size),
        }
    )
    frame["entry"] = np.where(rng.random(size) < 0.3, frame["days"] - 1.0, np.nan)
    here, engine = life_table(frame, by="sex", **options), life_table(ibis.memtable(frame), by="sex", **options)
    pd.testing.assert_frame_equal(here, engine)
    pd.testing.assert_frame_equal(kaplan_meier(here, "rearrest"), kaplan_meier(engine, "rearrest"))


def test_whole_floats_text_and_status_are_the_same_events():
    frame = small()[["days"]].assign(hit=[True, False, False, True, True, False])
    whole = life_table(frame, event="hit")
    assert list(whole.columns)[-1] == "event"
    for other in (frame["hit"].astype(int), frame["hit"].astype(float), frame["hit"].map({True: "event", False: None})):
        pd.testing.assert_frame_equal(life_table(frame.assign(hit=other), event="hit"), whole)


def test_no_rows_and_one_row():
    empty = life_table(small().iloc[:0], by="sex")
    assert len(empty) == 0
    assert list(empty.columns[:4]) == ["sex", "time", "at_risk", "censored"]
    assert life_table(small().iloc[:1])["at_risk"].tolist() == [1]


def test_times_that_differ_by_rounding_are_tied():
    frame = pd.DataFrame({"days": [0.1 + 0.2, 0.3, 1.5], "event": [1, 1, 0]})
    assert life_table(frame)["at_risk"].tolist() == [3, 1]


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ({"days": [2, 2, np.nan, 5, 5, 8]}, {}, ValueError, "time 'days' is missing.*row 2"),
        ({"days": [2, 2, -3, 5, 5, 8]}, {"entry": None}, ValueError, "negative in row 2"),
        ({"days": pd.Timestamp("2020-01-01")}, {}, ValueError, "must hold numbers.*subtract dates"),
        ({"entry": [2, 0, 0, 5, 0, 0]}, {}, ValueError, "no length.*rows 0, 3"),
        ({"sex": ["m", None, "m", "f", "m", "m"]}, {"by": "sex"}, ValueError, "'sex' is missing in row 1"),
        ({"event": [1, 2, 0, 0, 1, 1]}, {}, ValueError, "number other than 0 and 1.*row 1"),
        ({"event": [1, None, 0, 0, 1, 1]}, {}, ValueError, "or missing, in row 1"),
        ({"event": ["at_risk", None, None, None, None, None]}, {}, ValueError, "output column"),
        ({"time": 1}, {"by": "time"}, ValueError, "output column"),
        ({"n": [1, 2, 0.5, 1, 1, 1]}, {"count": "n"}, ValueError, "whole number.*row 2"),
        ({"w": [1, -2, 0.5, 1, 1, 1]}, {"weight": "w"}, ValueError, "negative.*row 1"),
        ({}, {"by": "sexx"}, KeyError, "did you mean 'sex'"),
        ({"rearrest": 1}, {"by": "rearrest"}, ValueError, "both a by column and a cause"),
    ],
)
def test_clear_errors(change, options, error, words):
    with pytest.raises(error, match=words):
        life_table(small().assign(**change), **options)
