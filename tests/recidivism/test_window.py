import pytest

from analysis.recidivism.window import units_per_year, window


@pytest.mark.parametrize(
    ("days", "unit", "whole", "length"),
    [
        (105, "day", True, 105),
        (105, "week", True, 15),
        (105, "month", True, 3),  # 3.45 months: the last whole month within the window
        (105, "month", False, 105 / 30.4375),
        (90, "month", True, 3),
        (365, "month", True, 12),
        (1095, "year", True, 3),
        (180, "month", True, 5),
    ],
)
def test_conversion(days, unit, whole, length):
    found = window(days, unit, whole)
    assert found.length == pytest.approx(length)
    assert f"{days:g} days" in found.rule


def test_refusals():
    with pytest.raises(ValueError, match="no window shorter than one month"):
        window(20, "month", True)
    with pytest.raises(ValueError, match="time_unit must be one of"):
        window(20, "fortnight", True)
    with pytest.raises(ValueError, match="positive"):
        window(0, "day", True)
    assert units_per_year("month") == 12
