"""Group-time effects against published results and independent software, and what must hold of any panel."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sanctuary.adoption import adoption_effect

PUBLISHED = Path(__file__).parent / "published"
# diff-diff 3.13.0: CallawaySantAnna(control_group="not_yet_treated").fit(mpdta, ...).group_time_effects: effect, se
GROUP_TIMES = {
    (2004, 2004): (-0.019372363676, 0.022310112884), (2004, 2005): (-0.078319099062, 0.030390228543),
    (2004, 2006): (-0.136274346329, 0.035403384969), (2004, 2007): (-0.100811363085, 0.034359225835),
    (2006, 2004): (-0.002562550943, 0.022530235145), (2006, 2005): (-0.001939246096, 0.019042158606),
    (2006, 2006): (0.00466087632, 0.016335584247), (2006, 2007): (-0.041224471546, 0.020229180704),
    (2007, 2004): (0.029759364761, 0.014533541639), (2007, 2005): (-0.0024106128, 0.016031296376),
    (2007, 2006): (-0.03108711939, 0.017877511313), (2007, 2007): (-0.026054410719, 0.016655435349),
}  # fmt: skip


def employment() -> pd.DataFrame:
    wide = pd.read_csv(PUBLISHED / "mpdta.csv")
    return wide.melt(["countyreal", "first_treated"], var_name="year", value_name="lemp").astype({"year": "int64"})


def effect(frame: pd.DataFrame, control: str = "never", **options: object):
    return adoption_effect(frame, "lemp", "countyreal", "year", "first_treated", control, **options)


@pytest.fixture(scope="module")
def medicaid() -> pd.DataFrame:
    return pd.read_csv(PUBLISHED / "medicaid.csv")


def insured(frame: pd.DataFrame, control: str = "not_yet", **options: object):
    return adoption_effect(frame, "dins", "stfips", "year", "expanded", control, **options)


def test_never_treated_controls_give_the_digits_of_other_software() -> None:
    # diff-diff 3.13.0: CallawaySantAnna(control_group="never_treated").fit(mpdta, ..., aggregate="all")
    found = effect(employment())
    assert found.overall.estimate == pytest.approx(-0.039951275155, abs=1e-11)
    assert found.overall.se == pytest.approx(0.012034012770, abs=1e-11)
    by_event = found.by_event_time.set_index("event_time")
    assert by_event.index.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert by_event["estimate"].to_numpy() == pytest.approx(
        [
            0.030506655583,
            -0.000563084626,
            -0.024458744971,
            -0.019931816789,
            -0.050957367065,
            -0.137258738889,
            -0.100811363085,
        ],
        abs=1e-10,
    )
    assert by_event["se"].to_numpy() == pytest.approx(
        [
            0.015033560280,
            0.013291644737,
            0.014236402211,
            0.011826364058,
            0.016893476269,
            0.036435664288,
            0.034359225835,
        ],
        abs=1e-10,
    )
    assert found.by_cohort["estimate"].to_numpy() == pytest.approx(
        [-0.079749126575, -0.022909539249, -0.026054410719], abs=1e-10
    )
    assert found.by_cohort["se"].to_numpy() == pytest.approx(
        [0.026367799435, 0.016703330255, 0.016655435349], abs=1e-10
    )


def test_not_yet_treated_controls_give_the_digits_of_other_software() -> None:
    # the same with control_group="not_yet_treated"
    found = effect(employment(), "not_yet")
    assert found.overall.estimate == pytest.approx(-0.039763625623, abs=1e-11)
    assert found.overall.se == pytest.approx(0.012052424787, abs=1e-11)
    each = found.group_time.set_index(["cohort", "time"])[["estimate", "se"]]
    for key, digits in GROUP_TIMES.items():
        assert each.loc[key].tolist() == pytest.approx(digits, abs=1e-11)
    assert len(each) == len(GROUP_TIMES)
    assert found.by_cohort["estimate"].to_numpy() == pytest.approx(
        [-0.083694293038, -0.018281797613, -0.026054410719], abs=1e-11
    )
    assert found.by_cohort["se"].to_numpy() == pytest.approx(
        [0.025701599768, 0.015922235825, 0.016655435349], abs=1e-10
    )
    by_event = found.by_event_time.set_index("event_time")
    estimates = [0.029759364761, -0.002446153886, -0.024268903415, -0.018922199083, -0.053589347385, -0.136274346329, -0.100811363085]  # fmt: skip
    errors = [0.014533541639, 0.013120350434, 0.014463681676, 0.012044568689, 0.016946385539, 0.035403384969, 0.034359225835]  # fmt: skip
    assert by_event["estimate"].to_numpy() == pytest.approx(estimates, abs=1e-11)
    assert by_event["se"].to_numpy() == pytest.approx(errors, abs=1e-11)


def test_bootstrapped_bands_are_as_wide_as_those_of_other_software() -> None:
    # diff-diff 3.13.0: CallawaySantAnna(..., n_bootstrap=9999, seed=1), cband_crit_value
    for control, width in (("never", 2.592872), ("not_yet", 2.589490)):
        times = effect(employment(), control, bootstrap=9_999).by_event_time
        found = (times["band_upper"] - times["estimate"]) / times["se"]
        assert found.to_numpy() == pytest.approx(
            [width] * len(times), abs=0.08
        )  # both are drawn, with an error of .016


def test_bootstrapped_bands_hold_for_the_whole_line_at_once() -> None:
    rng = np.random.default_rng(20_241_124)
    frame = pd.DataFrame({"unit": np.repeat(np.arange(120), 4), "time": np.tile([1, 2, 3, 4], 120)})
    frame["start"] = np.repeat([2.0] * 30 + [3.0] * 30 + [np.nan] * 60, 4)
    covered = 0
    for _ in range(80):
        drawn = frame.assign(y=rng.normal(size=480))
        times = adoption_effect(drawn, "y", "unit", "time", "start", bootstrap=200).by_event_time
        covered += bool(((times["band_lower"] <= 0) & (times["band_upper"] >= 0)).all())
    assert covered >= 68  # a band that holds in 95 of 100 reaches it with a chance above .999


def test_pre_trend_is_that_of_the_published_example() -> None:
    # R did, vignette "Introduction to DiD with Multiple Time Periods": P-value for pre-test of parallel trends 0.16812
    test = effect(employment()).pre_trend.iloc[0]
    assert test["p_value"] == pytest.approx(0.16812, abs=5e-6)
    assert test["df"] == 5


def test_medicaid_expansion_as_published(medicaid: pd.DataFrame) -> None:
    # Mixtape Sessions, Advanced DID, exercise 1, R did with control_group = "notyettreated"; fixest for the benchmark
    found = insured(medicaid)
    each = found.group_time.set_index(["cohort", "time"])
    assert each.loc[(2014, 2014), "estimate"] == pytest.approx(0.04670243, abs=5e-9)
    assert each.loc[(2015, 2009), "estimate"] == pytest.approx(0.0071, abs=5e-5)
    assert each.loc[(2019, 2019), "estimate"] == pytest.approx(0.0365, abs=5e-5)
    assert found.overall.estimate == pytest.approx(0.068, abs=5e-4)
    assert found.benchmark["estimate"] == pytest.approx(0.070321, abs=5e-7)
    assert found.benchmark["se"] == pytest.approx(0.007401, abs=5e-7)
    without_never = insured(medicaid.dropna())
    assert without_never.overall.estimate == pytest.approx(0.0728, abs=5e-5)


def test_two_periods_are_the_difference_in_differences_by_hand() -> None:
    frame = pd.DataFrame({
        "place": list("aabbccdd"), "month": [1, 2] * 4, "y": [1.0, 4.0, 2.0, 6.0, 5.0, 6.0, 7.0, 9.0], "start": [2, 2, 2, 2] + [None] * 4,
    })  # fmt: skip
    found = adoption_effect(frame, "y", "place", "month", "start")
    assert found.overall.estimate == pytest.approx((3 + 4) / 2 - (1 + 2) / 2)
    # population variances by hand: .25 / 2 on each side
    assert found.overall.se == pytest.approx((0.25 / 2 + 0.25 / 2) ** 0.5)
    assert found.benchmark["estimate"] == pytest.approx(found.overall.estimate)


def test_dates_and_numbers_give_the_same(medicaid: pd.DataFrame) -> None:
    dated = medicaid.assign(
        year=pd.to_datetime(medicaid["year"].astype("str") + "-01-01"),
        expanded=pd.to_datetime(medicaid["expanded"].astype("Int64").astype("str") + "-01-01", errors="coerce"),
    )
    a, b = insured(medicaid), insured(dated)
    assert a.overall == b.overall
    assert b.by_cohort["cohort"].iloc[0] == pd.Timestamp("2014-01-01")


def test_clusters_larger_than_units_and_units_as_clusters() -> None:
    frame = employment()
    alone = effect(frame.assign(c=frame["countyreal"].astype("str")), cluster="c")
    assert alone.overall == effect(frame).overall
    twice = pd.concat([frame, frame.assign(countyreal=frame["countyreal"] + 100_000)])
    twice["c"] = twice["countyreal"] % 100_000
    # every county twice says no more than once, where its two copies are one cluster
    joined = effect(twice, cluster="c").overall.se
    assert joined == pytest.approx(effect(frame).overall.se * (500 / 499) ** 0.5, abs=1e-12)
    assert effect(twice).overall.se == pytest.approx(effect(frame).overall.se / 2**0.5, abs=1e-12)


def test_weights_are_repeated_units_in_the_estimate() -> None:
    frame = employment()
    heavy = frame.assign(w=np.where(frame["countyreal"] % 2 == 0, 2.0, 1.0))
    even = frame[frame["countyreal"] % 2 == 0]
    repeated = pd.concat([frame, even.assign(countyreal=even["countyreal"] + 100_000)])
    assert effect(heavy, weight="w").overall.estimate == pytest.approx(effect(repeated).overall.estimate, abs=1e-12)


def test_bands_are_wider_than_intervals_and_the_bootstrap_is_close() -> None:
    found = effect(employment())
    times = found.by_event_time
    assert (times["band_lower"] < times["lower"]).all()
    assert (times["band_upper"] > times["upper"]).all()
    drawn = effect(employment(), bootstrap=4_000)
    assert drawn.overall.se == pytest.approx(found.overall.se, rel=0.05)
    assert drawn.overall == effect(employment(), bootstrap=4_000).overall  # seeded


def test_units_that_cannot_be_compared_are_named(medicaid: pd.DataFrame) -> None:
    early = medicaid.assign(expanded=medicaid["expanded"].mask(medicaid["stfips"] == 4, 2008))
    found = insured(early)
    assert found.named == {"adopted by the first period: never seen before adoption": [4]}
    ended = medicaid.assign(ended=np.where(medicaid["stfips"] == 4, 2016.0, np.nan))
    out = insured(ended, repealed="ended")
    assert out.named == {"repealed within the data": [4]}
    until = insured(ended, repealed="ended", repeals="until")
    assert until.named == {"used until repealed": [4]}
    assert until.units == out.units + 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.assign(first_treated=np.nan), "no unit adopts within the data"),
        (lambda f: f.assign(first_treated=1990.0), "no unit is left"),
        (lambda f: f.dropna(), "none is left to compare with"),
        (lambda f: f[f["year"] == 2004], "needs at least one before and one after"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "more than one row"),
        (lambda f: f.assign(first_treated=f["first_treated"].replace(2004, 0)), "say never in one way"),
        (lambda f: f.assign(first_treated=pd.to_datetime("2004-01-01")), "both must be alike"),
        (lambda f: f.assign(lemp=f["lemp"].where(f.index > 0, np.inf)), "'lemp' is not finite in row 0"),
        (lambda f: f.assign(first_treated="soon"), "must hold numbers, dates or periods, found 'soon'"),
        (lambda f: f.assign(first_treated=f["year"]), "differs between rows of one unit"),
    ],
)
def test_what_cannot_be_estimated_is_said(change, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        effect(change(employment()))


def test_a_misspelt_column_or_control_is_answered() -> None:
    with pytest.raises(KeyError, match="lemp"):
        adoption_effect(employment(), "lmep", "countyreal", "year", "first_treated")
    with pytest.raises(ValueError, match="not_yet"):
        effect(employment(), "not_yett")


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(-50, 50), st.floats(0.1, 20))
def test_levels_of_units_and_periods_do_not_matter(seed: int, shift: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"unit": np.repeat(np.arange(12), 5), "time": np.tile(np.arange(1, 6), 12), "y": rng.normal(size=60)}
    )
    frame["start"] = frame["unit"].map(dict(zip(range(12), [3, 3, 3, 4, 4, 5] + [np.nan] * 6, strict=True)))
    moved = frame.assign(y=scale * frame["y"] + shift * frame["unit"] + frame["time"] ** 2)
    a, b = (adoption_effect(f, "y", "unit", "time", "start", "not_yet") for f in (frame, moved))
    assert b.overall.estimate == pytest.approx(scale * a.overall.estimate, abs=1e-8 * (1 + abs(shift)))
    assert b.overall.se == pytest.approx(scale * a.overall.se, abs=1e-8 * (1 + abs(shift)))
    constant = frame.assign(y=frame["y"] * 0 + frame["unit"] + 7.0 * (frame["time"] >= frame["start"]))
    assert adoption_effect(constant, "y", "unit", "time", "start").overall.estimate == pytest.approx(7.0)
