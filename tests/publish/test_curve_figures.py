"""Curves: what is said, what stands beneath them, and what a restricted one keeps."""

import numpy as np
import pandas as pd
import pytest

from analysis.data import rounding
from analysis.data.rounding import midpoint
from analysis.publish import figures
from analysis.publish.figures import svg
from analysis.publish.released import ReleaseError
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


def test_a_restricted_curve_says_how_it_was_rounded():
    exact = life_table(pd.DataFrame({"days": np.arange(1000) % 40 + 1, "event": np.arange(1000) % 3 == 0}))
    drawing = figures.curve(kaplan_meier(rounding.life_table(exact, 6))).released("restricted")
    assert (midpoint(drawing.table["events"].cumsum()) == drawing.table["events"].cumsum()).all()
    assert "rounded counts" in drawing.alt
    assert "rounded counts" in drawing.data.note
    with pytest.raises(ReleaseError, match="life_table"):
        figures.curve(kaplan_meier(exact)).released("restricted")


def test_a_value_under_a_time_is_the_value_at_that_time():
    rng = np.random.default_rng(7)
    waits = np.ceil(np.stack([rng.exponential(700, 900), rng.exponential(500, 900), rng.uniform(200, 900, 900)]))
    cause = waits.argmin(axis=0)
    days = waits.min(axis=0)
    event = pd.Categorical.from_codes(np.where(cause == 2, -1, cause), ["rearrest", "ice_custody"])
    exact = cumulative_incidence(life_table(pd.DataFrame({"days": days, "event": event})), "rearrest")
    drawing = figures.curve(exact, value="incidence", horizon=730)
    table = drawing.brief.frame
    known = at(exact, table["days"])
    np.testing.assert_array_equal(table[["share", "lower", "upper"]], known[["incidence", "lower", "upper"]])
    assert table["at_risk"].tolist() == [(days >= t).sum() for t in table["days"]]
    assert drawing.brief.frame["days"].tolist() == [180, 360, 540, 720, days[days <= 730].max()]


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
