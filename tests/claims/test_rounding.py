"""What words and rounding allow, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.claims.rounding import allowed_counts, allowed_shares, reproduces


@pytest.mark.parametrize(
    ("value", "words", "limits"),
    [
        (40, "nearly 40 individuals", (35, 40)),
        (440, "more than 440 detainers prepared", (440, 450)),
        (26000, "more than 26000", (26000, 27000)),
        (159000, "more than 159,000", (159000, 160000)),
        (750, "about 750", (745, 755)),
        (1867, "nearly 1900", (1867, 1867)),  # the word belongs to another number
        (323, "323 people", (323, 323)),
        (60, "nearly 40 individuals", (60, 60)),
        (0, "", (0, 0)),
    ],
)
def test_words_before_a_count(value, words, limits):
    assert allowed_counts(value, words) == limits


@pytest.mark.parametrize(
    ("words", "percent", "limits"),
    [
        ("about 9 percent", 9.0, (0.085, 0.095)),
        ("", 16.7, (0.1665, 0.1675)),
        ("about one in six", 16.7, (1 / 6.5, 1 / 5.5)),
        ("17 percent", float("nan"), (0.165, 0.175)),
        ("about fifty percent", 50.0, (0.495, 0.505)),
        ("60 percent remained at large", 40.0, (0.395, 0.405)),
    ],
)
def test_a_stated_percentage_is_read_to_its_last_digit(words, percent, limits):
    [found] = allowed_shares(words, percent).values()
    assert found == pytest.approx(limits)


def test_26_000_of_159_000_is_one_in_six_and_17_percent_within_rounding():
    counts = (allowed_counts(26000, "more than 26000"), allowed_counts(159000, "more than 159000"))
    forms = allowed_shares("about one in six; 17 percent", 16.7)
    assert len(forms) == 2
    assert all(reproduces(counts, share) for share in forms.values())
    exact = ((26000, 26000), (159000, 159000))  # 16.35 percent: without the words it would round to 16
    assert not reproduces(exact, forms["17 percent"])


@given(k=st.integers(0, 500), n=st.integers(1, 500), decimals=st.integers(0, 3))
def test_a_percentage_rounded_from_its_own_counts_is_always_reproduced(k, n, decimals):
    [share] = allowed_shares(f"{100 * k / n:.{decimals}f} percent", float("nan")).values()
    assert reproduces(((k, k), (n, n)), share)
