import pandas as pd
import pytest

from analysis.publish import figures
from analysis.publish.figures import svg

FRAME = pd.DataFrame({"time": [1, -2, 0, -1], "estimate": [0.12, -0.01, 0.06, 0.0], "lower": [0.05, -0.05, 0.01, -0.04],
                      "upper": [0.19, 0.03, 0.11, 0.04]})  # fmt: skip


def made(**options):
    return figures.event_study(FRAME, "Effect on the share declined", points=True, **options)


def test_the_words_say_each_estimate_in_order_of_time():
    assert made().alt == (
        "Effect on the share declined by quarters before and after adoption, percentage points. 2 before: -1.0 (interval -5.0 to 3.0); "
        "1 before: +0.0 (interval -4.0 to 4.0); 0 after: +6.0 (interval 1.0 to 11.0); 1 after: +12.0 (interval 5.0 to 19.0)."
    )


def test_the_table_holds_the_estimates_and_restricted_data_show_them():
    for disclosure in ("public", "restricted"):
        table = made().released(disclosure).table
        assert table["time"].tolist() == [-2, -1, 0, 1]
        assert table["estimate"].tolist() == [-0.01, 0.0, 0.06, 0.12]


def test_the_scale_holds_nothing_and_every_limit():
    drawn = made(name="x").figure
    low, high = drawn.axes[0].get_ylim()
    assert low <= -5
    assert high >= 19
    texts = [text.get_text() for text in drawn.texts]
    assert "0" in texts
    assert "adoption" in texts
    assert "Quarters since adoption" in texts
    assert svg.inline(drawn, "x", "t", "d").count("<text") == len(texts)


def test_a_time_given_twice_and_a_missing_column_are_refused():
    with pytest.raises(ValueError, match="one row a time"):
        figures.event_study(pd.concat([FRAME, FRAME]), "Effect")
    with pytest.raises(ValueError, match="needs the columns upper"):
        figures.event_study(FRAME.drop(columns="upper"), "Effect")
