import datetime as dt

import pytest

from analysis.data.rounding import midpoint, wilson
from analysis.publish.released import ReleaseError
from analysis.publish.values import plain, risk, share, span
from analysis.publish.values import shown as values_shown


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
    return {name: format(value, "") for name, value in values_shown(values, disclosure).items()}


def test_public_values_are_shown_as_they_are():
    said = shown("public", n=7, p=0.5, q=share(3, 7), d=dt.date(2026, 9, 30), s="text")
    assert said == {"n": "7", "p": "0.5", "q": "42.9\u00a0%", "d": "30 September 2026", "s": "text"}


def test_restricted_counts_are_rounded_whatever_the_format():
    assert shown("restricted", n=9, m=10, z=0, a=4166) == {"n": "9", "m": "9", "z": "0", "a": "4,167"}
    assert format(values_shown({"n": 4166}, "restricted")["n"], ".0f") == "4167"


def test_a_number_that_counts_nobody_is_shown():
    assert shown("restricted", days=plain(7), ratio=plain(1.55)) == {"days": "7", "ratio": "1.55"}


@pytest.mark.parametrize(("k", "n"), [(3, 60), (57, 60), (60, 60), (0, 8), (431, 4166)])
def test_a_share_is_the_quotient_of_its_rounded_counts_with_their_interval(k, n):
    known = share(k, n, (0.0, 1.0))
    found = values_shown({"p": known}, "restricted")["p"]
    assert (found.k, found.n) == (int(midpoint(k)), int(midpoint(n)))
    assert found.estimate == found.k / found.n
    assert [found.lower, found.upper] == pytest.approx([float(x) for x in wilson(found.k, found.n)])
    f"{found:counts}"  # each other's quotient


def test_a_bare_share_is_refused_on_restricted_data():
    with pytest.raises(ReleaseError, match="'p' is a bare number"):
        values_shown({"p": 0.09}, "restricted")


def test_a_risk_read_off_a_rounded_curve_stays_and_its_counts_are_rounded():
    found = values_shown({"r": risk(0.3, 0.2, 0.4, events=10, at_risk=100)}, "restricted")["r"]
    assert (found.estimate, found.lower, found.upper, found.k, found.n) == (0.3, 0.2, 0.4, 9, 99)
    assert values_shown({"r": risk(0.3, 0.2, 0.4, events=10, at_risk=None)}, "restricted")["r"].n is None


def test_internal_values_are_exact():
    assert shown("internal", n=7, q=share(3, 7)) == shown("public", n=7, q=share(3, 7))


def test_rounding_twice_changes_nothing():
    once = values_shown({"n": 3, "p": share(3, 50), "q": share(30, 60), "d": plain(5)}, "restricted")
    again = values_shown(once, "restricted")
    assert {k: format(v, "") for k, v in once.items()} == {k: format(v, "") for k, v in again.items()}


def test_missing_values_say_so():
    assert f"{plain(float('nan')):.1f}" == "not available"
    assert f"{plain(None)}" == "not available"


def test_a_span_gives_the_ends():
    shares = [share(40, 440), share(80, 440), share(3, 440)]
    assert f"{values_shown({'s': span(shares)}, 'public')['s']}" == "0.7\u00a0% to 18.2\u00a0%"
    assert f"{values_shown({'s': span(shares)}, 'restricted')['s']}" == "0.7\u00a0% to 18.4\u00a0%"  # 3 and 81 of 441
    assert f"{values_shown({'s': span(shares[:1])}, 'public')['s']}" == "9.1\u00a0%"
