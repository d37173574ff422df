"""Observed practice: shares by hand, who counts, and that it is taken from before the outcomes."""

import pandas as pd
import pytest

from analysis.data.errors import InputError
from analysis.sanctuary.observed import observed_practice
from analysis.sanctuary.policy import policy_columns


def detainers(**counts: tuple[int, int, int]) -> pd.DataFrame:
    """Rows of counties c<FIPS>=(declined, taken into custody, unknown), all prepared in January 2020 by local facilities."""
    rows = [
        (place[1:], "2020-01-15", outcome, "local", "detainer")
        for place, numbers in counts.items()
        for outcome, n in zip(("declined", "ice_custody", "unknown"), numbers, strict=True)
        for _ in range(n)
    ]
    return pd.DataFrame(rows, columns=["jurisdiction", "prepared", "outcome", "operator", "request"])


FRAME = detainers(c01001=(56, 14, 30), c01003=(1, 59, 0), c01005=(20, 0, 500), c01007=(16, 14, 0))


def test_shares_intervals_and_readings():
    found = observed_practice(FRAME).set_index("jurisdiction")
    assert found["declined"].tolist() == [56, 1, 20, 16]
    assert found["detainers"].tolist() == [70, 60, 20, 30]
    assert found.loc["01001", "share"] == pytest.approx(0.8)
    # R: prop.test(56, 70, correct = FALSE)$conf.int
    assert found.loc["01001", ["lower", "upper"]].tolist() == pytest.approx([0.6918335550, 0.8769526075], abs=1e-9)
    # few detainers, and an interval on both sides of a half, are unknown
    assert found["policy"].astype("str").tolist() == ["limits", "none", "unknown", "unknown"]


def test_each_denominator():
    by = {
        name: observed_practice(FRAME, denominator=name).set_index("jurisdiction")["detainers"]
        for name in ("all", "with_outcome")
    }
    assert by["all"].tolist() == [100, 60, 520, 30]
    assert by["with_outcome"].tolist() == [70, 60, 20, 30]
    assert observed_practice(FRAME, at_least=20)["policy"].astype("str").tolist() == [
        "limits",
        "none",
        "limits",
        "unknown",
    ]


def test_only_local_facilities_detainers_and_the_period_count():
    others = pd.concat(
        [
            FRAME.assign(operator="federal"),
            FRAME.assign(request="notification"),
            FRAME.assign(prepared="2021-02-01"),
            FRAME.assign(jurisdiction="01"),
        ]
    )
    pd.testing.assert_frame_equal(observed_practice(pd.concat([FRAME, others])), observed_practice(FRAME))


def test_the_policy_of_rows_after_the_period():
    after = pd.DataFrame(
        {
            "jurisdiction": ["01001", "01003", "01009", "01001", None],
            "released": ["2020-06-01", "2020-06-01", "2020-06-01", "2020-03-31", "2020-06-01"],
        }
    )
    observed = observed_practice(FRAME, end="2020-03-31")
    found, account = policy_columns(after, "observed", on="released", observed=observed)
    assert found["policy"].astype("str").fillna("").tolist() == ["limits", "none", "unknown", "unknown", ""]
    assert found["policy_cluster"].astype("str").fillna("").tolist() == ["01001", "01003", "01009", "01001", ""]
    assert account["in_the_period"] == 1
    assert account["missing"] == 1


def test_outcomes_after_the_period_change_nothing():
    later = FRAME.assign(prepared="2021-06-01", outcome="declined")
    both, _ = policy_columns(pd.concat([FRAME, later], ignore_index=True), "observed")
    assert both["policy"].astype("str")[len(FRAME) :].groupby(later["jurisdiction"].to_numpy()).first().tolist() == [
        "limits", "none", "unknown", "unknown"
    ]  # fmt: skip
    assert (both["policy"][: len(FRAME)] == "unknown").all()


@pytest.mark.parametrize(
    ("last_day", "end"), [("2020-01-15", "2020-01-15"), ("2020-03-15", "2020-02-13"), ("2025-01-01", "2021-01-13")]
)
def test_the_period_is_the_first_year_or_half_of_a_shorter_file(last_day, end):
    frame = pd.concat([FRAME, FRAME.iloc[:1].assign(prepared=last_day)])
    assert observed_practice(frame).attrs["end"] == end


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"denominator": "known"}, "denominator = 'known'"),
        ({"cut": 1}, "between 0 and 1"),
        ({"start": "2020-02-01", "end": "2020-01-01"}, "before it starts"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        observed_practice(FRAME, **arguments)


def test_a_frame_without_detainers_asks_for_them():
    with pytest.raises(InputError, match="observed_practice"):
        policy_columns(pd.DataFrame({"jurisdiction": ["01001"], "released": ["2020-01-01"]}), "observed", on="released")
