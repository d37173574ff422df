"""Projections through one figure: by hand, and their identities."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.claims.projections import constant_hazard, projections, published_shapes, scaled_shape, split_population

SHAPE = pd.DataFrame({"time": [100.0, 400.0], "share": [0.2, 0.5]})


def test_the_plug_in_projection_on_north_carolina():
    shares = [0.0581314879, 0.1266435986, 0.2339100346]  # 1 minus Kaplan-Meier at 6, 12 and 24 months
    found = [float(constant_hazard(p, w, [70])[0]) for p, w in zip(shares, (6, 12, 24), strict=True)]
    assert found == pytest.approx([0.5028, 0.5461, 0.5403], abs=5e-5)


def test_a_shape_scaled_to_itself_is_itself():
    assert scaled_shape(0.2, 100, SHAPE, [100, 400]) == pytest.approx([0.2, 0.5])


def test_a_shape_scaled_by_hand():
    # twice the hazard: 1 - .8^2 = .36 at 100, and 1 - .5^2 = .75 at 400
    assert scaled_shape(0.36, 100, SHAPE, [400]) == pytest.approx([0.75])
    # half way in the hazard between 0 and 100
    assert scaled_shape(1 - 0.8**0.5, 50, SHAPE, [100]) == pytest.approx([0.2])


def test_nothing_is_projected_past_a_cohorts_last_figure():
    assert np.isnan(scaled_shape(0.2, 100, SHAPE, [403])).all()


@given(p=st.floats(0.001, 0.9), window=st.floats(1, 300), ever=st.floats(0.02, 1))
def test_every_kind_passes_through_the_one_figure(p, window, ever):
    assert constant_hazard(p, window, [window]) == pytest.approx([p])
    assert scaled_shape(p, window, SHAPE, [window]) == pytest.approx([p])
    found = split_population(p, window, [window, 1e9], ever)
    if ever > p:
        assert found == pytest.approx([p, ever], rel=1e-6)
    else:
        assert np.isnan(found).all()


@given(p=st.floats(0.01, 0.5))
def test_the_short_window_leaves_everything_from_the_share_who_ever_have_it_to_all(p):
    years = [365.25, 9 * 365.25]
    few, all_ = split_population(p, 105, years, p * 1.0001), split_population(p, 105, years, 1.0)
    assert few[-1] == pytest.approx(p, rel=1e-3)
    assert all_ == pytest.approx(constant_hazard(p, 105, years))


def test_published_shapes_rise_and_keep_the_figure_with_more_digits():
    shapes = published_shapes()
    for shape in shapes.values():
        assert shape["time"].is_monotonic_increasing
        assert shape["share"].is_monotonic_increasing
    states = shapes["30 states, 2005"].set_index("time")["share"]
    assert states[1096.0] == pytest.approx(0.678)  # and not the 68 percent of the later report
    assert states.index.tolist() == [183, 365, 1096, 1826, 2191, 3287]


def test_projections_of_the_figure_of_2018():
    found = projections(40 / 440, 105, {"s": SHAPE}).set_index(["projection", "years"])["projected"]
    assert found["Constant hazard", 1] == pytest.approx(1 - (400 / 440) ** (365.25 / 105))
    assert found["Only 25 in 100 ever have the event", 9] == pytest.approx(0.25, abs=1e-4)
    assert np.isnan(found["s", 3])


@pytest.mark.parametrize(("share", "window"), [(0, 105), (1, 105), (0.1, 0)])
def test_a_share_that_is_none_is_refused(share, window):
    with pytest.raises(ValueError, match="between 0 and 1"):
        constant_hazard(share, window, [10])
