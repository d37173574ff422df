"""Curves: what is said, what stands beneath them, and what a restricted one keeps."""

import numpy as np
import pandas as pd

from analysis.publish import figures
from analysis.publish.curves import release_curve
from analysis.publish.figures import svg
from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier


def curve_frame(people=1000, steps=40):
    """The Kaplan-Meier curve of 15 events at each time, everyone else followed to the last."""
    events = np.repeat(np.arange(1, steps + 1), 15)
    time = np.append(events, np.full(people - len(events), steps))
    return kaplan_meier(life_table(pd.DataFrame({"days": time, "event": np.arange(people) < len(events)})))


def test_a_curve_says_what_it_shows_in_numbers():
    alt = figures.curve(curve_frame(), unit="month", event="returned to prison").alt
    assert "share returned to prison by months since release" in alt
    assert "1,000 at risk at the start" in alt
    frame = curve_frame().set_index("time")
    assert f"{100 * (1 - frame.at[40, 'survival']):.1f}\u00a0%" in alt


def test_survival_is_shown_as_its_complement_with_limits_exchanged():
    table = figures.curve(curve_frame()).table
    raw = curve_frame()
    np.testing.assert_allclose(table["share"], 1 - raw["survival"])
    np.testing.assert_allclose(table["lower"], 1 - raw["upper"])
    kept = figures.curve(curve_frame(), complement=False).table
    np.testing.assert_allclose(kept["share"], raw["survival"])


def test_the_number_at_risk_is_that_of_the_first_time_at_or_after():
    from analysis.publish.figures.curve_plot import at_risk

    part = pd.DataFrame({"time": [2.0, 5.0], "at_risk": [10, 7]})
    assert [at_risk(part, t) for t in (0, 2, 3, 5, 6)] == [10, 10, 7, 7, None]
    assert [at_risk(part, t, merged=True) for t in (0, 2, 3, 5)] == [10, 7, None, None]  # left when a step ended


def test_a_restricted_curve_shows_merged_steps_in_picture_table_and_words():
    frame = curve_frame().assign(events=5, at_risk=1000 - 5 * np.arange(40))
    drawing = figures.curve(frame).released("restricted")
    assert len(drawing.table) == 20
    assert (drawing.table["events"] >= 10).all()
    assert "at least ten events" in drawing.alt
    assert "at least ten events" in drawing.data.note


def test_a_value_under_a_time_is_the_value_at_that_time():
    rng = np.random.default_rng(7)
    waits = np.ceil(np.stack([rng.exponential(700, 900), rng.exponential(500, 900), rng.uniform(200, 900, 900)]))
    cause = waits.argmin(axis=0)
    days = waits.min(axis=0)
    event = pd.Categorical.from_codes(np.where(cause == 2, -1, cause), ["rearrest", "ice_custody"])
    exact = cumulative_incidence(life_table(pd.DataFrame({"days": days, "event": event})), "rearrest")
    drawing = figures.curve(exact, value="incidence", horizon=730)
    for disclosure, left in (("public", lambda t: (days >= t).sum()), ("restricted", lambda t: (days > t).sum())):
        table = drawing.released(disclosure).brief.frame
        known = at(exact, table["days"])
        np.testing.assert_array_equal(table[["share", "lower", "upper"]], known[["incidence", "lower", "upper"]])
        counted = table["at_risk"].dropna()
        assert counted.tolist() == [left(t) for t in table["days"][counted.index]]
        assert len(counted) >= len(table) - 1 >= 3
    assert drawing.brief.frame["days"].tolist() == [180, 360, 540, 720, days[days <= 730].max()]
    assert {days[days <= end].max() for end in (365, 730)} <= set(table["days"])  # the years, at which steps end


def test_numbers_drawn_in_the_table_and_read_off_a_merged_curve_are_those_left_at_the_day():
    days = np.arange(4000) % 400 + 1
    event = (np.arange(4000) * 7 % 11) < 5
    curve = kaplan_meier(life_table(pd.DataFrame({"days": days, "event": event})))
    released = release_curve(curve, "restricted")
    drawing = figures.curve(curve, horizon=380).released("restricted")
    drawn = [t.get_text() for t in drawing.figure.texts]
    ticks = drawing.brief.frame.dropna(subset=["at_risk"])["days"]
    assert len(ticks) >= 3
    for day in ticks:
        left = int((days > day).sum())
        assert at(released, day)["at_risk"].tolist() == [left]
        assert drawing.brief.frame.set_index("days")["at_risk"][day] == left
        assert f"{day:g}" not in drawn or f"{left:,}" in drawn
    inside = next(t for t in range(1, 300) if t not in set(released["time"]))
    assert at(released, inside)["at_risk"].isna().all()


def test_a_group_too_small_for_a_curve_is_named_without_its_numbers():
    frame = pd.concat([curve_frame().assign(sex="female"), curve_frame(40, 2).assign(sex="male", events=2)])
    drawing = figures.curve(frame, by="sex").released("restricted")
    assert set(drawing.table["sex"]) == {"female"}
    assert "Too few for a curve: male." in drawing.alt


def test_many_steps_are_thinned_in_the_picture_but_not_in_the_data():
    n = 5000
    frame = pd.DataFrame({"time": np.arange(1, n + 1), "at_risk": 2 * n - np.arange(n), "events": 1})
    frame["survival"] = np.cumprod(1 - 1 / frame["at_risk"])
    frame["lower"] = frame["upper"] = frame["survival"]
    drawing = figures.curve(frame)
    assert len(drawing.table) == n
    assert len(svg.inline(drawing.figure, "f", "t", "a")) < 25_000
    assert len(drawing.brief.frame) < 15


def test_causes_over_the_same_people_have_one_row_of_numbers_at_risk():
    times = {"time": [10.0, 20.0, 30.0], "at_risk": [100, 70, 40], "lower": 0.1, "upper": 0.3}
    causes = pd.concat(
        [
            pd.DataFrame({**times, "events": e, "incidence": [0.1, 0.2, 0.25], "kind": k})
            for k, e in (("a", 20), ("b", 10))
        ]
    )
    drawn = [t.get_text() for t in figures.curve(causes, "incidence", by="kind").figure.texts]
    assert drawn.count("At risk") == 1
    assert not [text for text in drawn if text.startswith("At risk,")]
    apart = causes.assign(at_risk=[100, 70, 40, 90, 60, 30])
    drawn = [t.get_text() for t in figures.curve(apart, "incidence", by="kind").figure.texts]
    assert [text for text in drawn if text.startswith("At risk")] == ["At risk, a", "At risk, b"]
