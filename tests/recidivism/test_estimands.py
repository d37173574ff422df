import pytest

from analysis.recidivism.estimands import ESTIMANDS, estimands
from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier


def test_side_by_side(r_data):
    mgus = r_data("mgus2")
    later = mgus.assign(days=mgus["time"], event=mgus["event"].where(mgus["event"] == "pcm"))
    frame = mgus.assign(days=mgus["time"])
    frame.attrs = {"event": "pcm", "time_unit": "month"}
    found = estimands(frame, [60, 120], later=later, by="sex")
    assert list(found["estimand"].unique()) == list(ESTIMANDS)
    assert len(found) == 3 * 2 * 2
    life = life_table(frame, by="sex")
    first = at(cumulative_incidence(life, "pcm"), [60, 120])["incidence"].tolist()
    censored = (1 - at(kaplan_meier(life, "pcm"), [60, 120])["survival"]).tolist()
    assert found["estimate"].tolist() == pytest.approx(first + censored + censored)
    assert (found["lower"] <= found["estimate"]).all()
    assert (found["estimate"] <= found["upper"]).all()
