import datetime as dt

import pytest

from analysis.publish.rule import ReleaseError
from analysis.publish.values import guard, plain, risk, share, span


class Interval:
    estimate, lower, upper = 0.0909091, 0.067471, 0.121428


def test_a_share_in_its_formats():
    p = share(40, 440, Interval())
    assert f"{p}" == "9.1\u00a0%"
    assert f"{p:.0%}" == "9\u00a0%"
    assert f"{p:interval}" == "6.7 to 12.1"
    assert f"{p:full}" == "9.1\u00a0% (95\u00a0% interval 6.7 to 12.1)"
    assert f"{p:counts}" == "40 of 440"
    assert f"{share(40, 440, (0.067471, 0.121428)):interval}" == "6.7 to 12.1"


def test_counts_that_an_estimate_is_not_the_quotient_of_are_not_said():
    for estimate in (
        risk(0.108, 0.099, 0.118, 431, 4166),
        share(431, 4166, type("Read", (Interval,), {"estimate": 0.108})),
    ):
        with pytest.raises(ValueError, match="is not the share of 431 in 4166"):
            f"{estimate:counts}"


@pytest.mark.parametrize(("k", "n"), [(-1, 10), (11, 10), (0, 0)])
def test_a_share_needs_counts_that_make_one(k, n):
    with pytest.raises(ValueError, match="0 <= k <= n"):
        share(k, n)


def shown(disclosure, **values):
    return {name: format(value, "") for name, value in guard(values, disclosure).items()}


def test_public_values_are_shown_as_they_are():
    said = shown("public", n=7, p=0.5, q=share(3, 7), d=dt.date(2026, 9, 30), s="text")
    assert said == {"n": "7", "p": "0.5", "q": "42.9\u00a0%", "d": "30 September 2026", "s": "text"}


def test_restricted_counts_under_ten_are_fewer_than_ten_whatever_the_format():
    assert shown("restricted", n=9, m=10, z=0) == {"n": "fewer than 10", "m": "10", "z": "fewer than 10"} | {"m": "10"}
    assert format(guard({"n": 3}, "restricted")["n"], ",") == "fewer than 10"


def test_a_number_that_counts_nobody_is_shown():
    assert shown("restricted", days=plain(7), ratio=plain(1.55)) == {"days": "7", "ratio": "1.55"}


@pytest.mark.parametrize(("k", "n"), [(3, 60), (57, 60), (5, 8), (60, 60)])
def test_a_share_with_a_small_count_behind_it_is_not_shown_nor_is_the_count(k, n):
    said = shown("restricted", p=share(k, n), k=k)
    assert said["p"] == "not shown"
    assert said["k"] in ("fewer than 10", "a number that is not shown")


def test_two_counts_of_one_sentence_do_not_give_away_their_difference():
    assert shown("restricted", released=440, followed=435) == {
        "released": "440",
        "followed": "a number that is not shown",
    }
    assert shown("restricted", released=440, followed=400) == {"released": "440", "followed": "400"}


def test_a_bare_share_is_refused_on_restricted_data():
    with pytest.raises(ReleaseError, match="'p' is a bare number"):
        guard({"p": 0.09}, "restricted")


def test_a_risk_is_shown_with_ten_events_and_ten_at_risk():
    assert shown("restricted", r=risk(0.3, 0.2, 0.4, events=10, at_risk=10))["r"] == "30.0\u00a0%"
    assert shown("restricted", r=risk(0.3, 0.2, 0.4, events=9, at_risk=100))["r"] == "not shown"
    assert shown("restricted", r=risk(0.3, 0.2, 0.4, events=100, at_risk=9))["r"] == "not shown"


def test_judging_twice_changes_nothing():
    once = guard({"n": 3, "p": share(3, 50), "q": share(30, 60), "d": plain(5)}, "restricted")
    again = guard(once, "public")
    assert {k: format(v, "") for k, v in once.items()} == {k: format(v, "") for k, v in again.items()}


def test_missing_values_say_so():
    assert f"{plain(float('nan')):.1f}" == "not available"
    assert f"{plain(None)}" == "not available"


def test_a_span_gives_the_ends_and_leaves_small_counts_out_where_restricted():
    shares = [share(40, 440), share(80, 440), share(3, 440)]
    assert f"{guard({'s': span(shares)}, 'public')['s']}" == "0.7\u00a0% to 18.2\u00a0%"
    assert f"{guard({'s': span(shares)}, 'restricted')['s']}" == "9.1\u00a0% to 18.2\u00a0%"
    assert f"{guard({'s': span(shares[2:])}, 'restricted')['s']}" == "not shown"
    assert f"{guard({'s': span(shares[:1])}, 'public')['s']}" == "9.1\u00a0%"
