import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.life_table import life_table
from analysis.recidivism.projections import extrapolate


@pytest.fixture(scope="module")
def life(recid):
    return life_table(recid)


def test_split_population_models(life):
    # Schmidt and Witte's models on the North Carolina releases, intercept only
    found = extrapolate(life, until=81, horizon=81).set_index("model")
    expected = {
        "split exponential": (0.4218763, -3229.69209),
        "split weibull": (0.3969945, -3219.49942),
        "split log-logistic": (0.4469275, -3213.7545),
        "split log-normal": (0.4602656, -3213.10492),
    }
    for model, (share, log_likelihood) in expected.items():
        assert found.loc[model, "share_ever"] == pytest.approx(share, abs=2e-7)
        assert found.loc[model, "log_likelihood"] == pytest.approx(log_likelihood, abs=6e-6)
        assert found.loc[model, "converged"]
        assert not found.loc[model, "at_boundary"]
    assert found["aic"].tolist() == pytest.approx(
        (2 * np.array([1, 2, 2, 2, 2, 3, 3, 3]) - 2 * found["log_likelihood"]).tolist()
    )


@pytest.mark.parametrize(
    ("until", "exponential", "weibull", "log_normal", "split_log_normal", "split_weibull", "boundary"),
    [
        (6, 0.4999, 0.9875, 0.5862, 0.5862, 0.9875, (True, True)),
        (12, 0.5423, 0.8099, 0.5228, 0.5228, 0.2915, (True, False)),
        (24, 0.5384, 0.6114, 0.4869, 0.4616, 0.3364, (False, False)),
    ],
)
def test_what_a_short_window_says(
    life, until, exponential, weibull, log_normal, split_log_normal, split_weibull, boundary
):
    found = extrapolate(life, until=until, horizon=70).set_index("model")
    order = ["exponential", "weibull", "log-normal", "split log-normal", "split weibull"]
    expected = [exponential, weibull, log_normal, split_log_normal, split_weibull]
    np.testing.assert_allclose(found.loc[order, "projected"], expected, atol=5e-5)
    assert tuple(found.loc[["split log-normal", "split weibull"], "at_boundary"]) == boundary
    assert (found.loc[found["at_boundary"], "share_ever"] == 1).all()
    if until == 12:
        logs = found.loc[["exponential", "split weibull", "split log-normal"], "log_likelihood"]
        np.testing.assert_allclose(logs, [-1005.5629, -994.7251, -993.6306], atol=5e-5)
        assert found.loc["split weibull", "share_ever"] == pytest.approx(0.2915, abs=5e-5)
    if until == 24:
        shares = found.loc[["split log-normal", "split weibull"], "share_ever"]
        np.testing.assert_allclose(shares, [0.8021, 0.3378], atol=5e-5)


def profile(life, shares, **times):
    found = [extrapolate(life, models=["split weibull"], share_ever=share, **times) for share in shares]
    return pd.concat(found, ignore_index=True)


def test_six_months_hardly_tell_a_share_of_a_third_from_everyone(life):
    found = profile(life, [0.3, 1], until=6, horizon=70)
    assert found["share_ever"].tolist() == [0.3, 1]
    assert round(found["log_likelihood"].diff().iloc[1], 2) == 0.22
    np.testing.assert_allclose(found["projected"], [0.3, 0.9875], atol=5e-5)


def test_the_profile_peaks_at_the_estimate(life):
    share = extrapolate(life, until=81, horizon=81, models=["split weibull"])["share_ever"].iloc[0]
    found = profile(life, [share - 0.02, share, share + 0.02], until=81, horizon=81)
    assert found["log_likelihood"].to_numpy().argmax() == 1
    assert found["log_likelihood"].iloc[1] == pytest.approx(-3219.49942, abs=6e-6)


def test_exponential_is_events_over_exposure():
    frame = pd.DataFrame({"days": [3, 5, 9, 20], "event": [1, 0, 1, 0], "entry": [np.nan, 1, 2, np.nan]})
    found = extrapolate(life_table(frame), until=10, horizon=30, models=["exponential"]).iloc[0]
    rate = 2 / (3 + 4 + 7 + 10)
    assert found["projected"] == pytest.approx(1 - np.exp(-30 * rate))
    assert found["log_likelihood"] == pytest.approx(2 * np.log(rate) - 2)


def test_units_of_time_change_no_projection(life, recid):
    weeks = life_table(recid.assign(days=recid["days"] * 4.348))
    one, other = extrapolate(life, until=24, horizon=70), extrapolate(weeks, until=24 * 4.348, horizon=70 * 4.348)
    np.testing.assert_allclose(one["projected"], other["projected"], rtol=1e-6)


def test_nothing_to_fit_is_said():
    frame = pd.DataFrame({"days": [5, 9], "event": [0, 1]})
    found = extrapolate(life_table(frame), until=6, horizon=30)
    assert not found["converged"].any()
    assert found["projected"].isna().all()
    # one distinct event time and nobody left: the likelihood grows without end as the scale shrinks
    frame = pd.DataFrame({"days": [5, 5], "event": [1, 1]})
    assert not extrapolate(life_table(frame), until=6, horizon=30, models=["weibull"])["converged"].any()


def test_clear_errors(life):
    with pytest.raises(ValueError, match="until"):
        extrapolate(life, until=70, horizon=12)
    with pytest.raises(KeyError, match="did you mean 'weibull'"):
        extrapolate(life, until=12, horizon=70, models=["weibul"])
    with pytest.raises(ValueError, match="share_ever"):
        extrapolate(life, until=12, horizon=70, share_ever=0)
