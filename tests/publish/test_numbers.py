import datetime as dt
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.publish import numbers


def test_real_numbers_keep_six_significant_digits_and_counts_stay_whole():
    assert numbers.publish({"p": 40 / 440, "n": np.int64(1234567), "deep": [1e-9 / 3, True]}) == {
        "p": 0.0909091,
        "n": 1234567,
        "deep": [3.33333e-10, True],
    }


def test_an_optimizers_results_keep_four():
    assert numbers.publish(-3813.078535, numbers.OPTIMIZER_DIGITS) == -3813.0


def test_missing_is_null_and_dates_are_iso():
    value = [float("nan"), pd.NA, pd.NaT, None, dt.date(2018, 4, 15), pd.Timestamp("2018-04-15")]
    assert numbers.publish(value) == [None, None, None, None, "2018-04-15", "2018-04-15"]


def test_a_frame_becomes_records_that_json_takes():
    frame = pd.DataFrame({"a": pd.Series([1, None], dtype="Int64"), "b": [0.1234567, np.nan], "c": ["x", None]})
    written = numbers.publish(frame)
    assert written == [{"a": 1, "b": 0.123457, "c": "x"}, {"a": None, "b": None, "c": None}]
    json.dumps(written, allow_nan=False)


def test_infinity_cannot_be_published():
    with pytest.raises(ValueError, match="infinite"):
        numbers.publish(math.inf)


@example(-0.0)
@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_rounding_twice_is_rounding_once_and_never_negative_zero(x):
    once = numbers.significant(x)
    assert numbers.significant(once) == once
    assert math.copysign(1, once) == 1 or once < 0
    assert math.isclose(once, x, rel_tol=5.1e-6, abs_tol=0) or once == x


@given(st.floats(0.001, 1e6), st.sampled_from([-1e-13, 1e-13]))
def test_noise_in_late_digits_is_gone_unless_it_falls_on_a_half(x, noise):
    a, b = numbers.significant(x), numbers.significant(x * (1 + noise))
    assert a == b or math.isclose(a, b, rel_tol=1.1e-5)


def test_words_for_prose():
    assert numbers.thousands(1445) == "1,445"
    assert numbers.percent(40 / 440) == "9.1\u00a0%"
    assert numbers.percent(-0.00001) == "0.0\u00a0%"
    assert numbers.interval(0.067471, 0.121428) == "6.7 to 12.1"
    assert numbers.interval(float("nan"), 0.1) == "not defined"
    assert numbers.day(dt.date(2026, 9, 30)) == "30 September 2026"
    assert [numbers.plainly(v) for v in (1445, True, None, 0.5, "x", dt.date(2026, 1, 2))] == [
        "1,445", "yes", "", "0.5", "x", "2 January 2026",
    ]  # fmt: skip
