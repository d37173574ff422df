"""Panels as people write them: never in several ways, dates and periods, gaps, places seen now and then."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.sanctuary.adoption import adoption_effect

SIMULATED = Path(__file__).parent / "simulated" / "staggered.csv"


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """60 units in 15 regions over 8 years, 42 of which adopt in one of four; 0 is never."""
    return pd.read_csv(SIMULATED)


def effect(frame: pd.DataFrame, control: str = "never", **options: object):
    return adoption_effect(frame, "y", "unit", "year", "first", control, **options)


NEVER = {
    "missing": lambda f: f["first"].where(f["first"] > 0),
    "infinite": lambda f: f["first"].astype(float).replace(0, np.inf),
    "nullable": lambda f: f["first"].astype("Int64").where(f["first"] > 0),
    "after the data": lambda f: f["first"].replace(0, 2050),
    "text": lambda f: f["first"].where(f["first"] > 0).astype("Int64").astype("str"),
}


@pytest.mark.parametrize("way", NEVER)
def test_never_may_be_written_in_several_ways(panel: pd.DataFrame, way: str) -> None:
    zero, other = effect(panel), effect(panel.assign(first=NEVER[way]))
    assert other.overall == zero.overall
    assert zero.statements[0] == "18 units with 0 as their adopted are taken as never."
    assert not any("taken as never" in sentence for sentence in other.statements)


def test_zero_is_a_time_where_periods_start_at_it(panel: pd.DataFrame) -> None:
    early = panel.assign(year=panel["year"] - 2001, first=(panel["first"] - 2001).where(panel["first"] > 0))
    always = early.assign(first=early["first"].where(panel["unit"] != 0, 0))
    assert effect(always).named == {"adopted by the first period: never seen before adoption": [0]}


def as_dates(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    text = {name: frame[name].astype("str") + "-01-01" for name in ("year", "first")}
    text["first"] = text["first"].where(frame["first"] > 0)
    if kind == "text":
        return frame.assign(**text)
    dates = {name: pd.to_datetime(column) for name, column in text.items()}
    if kind == "dates":
        return frame.assign(**dates)
    if kind == "objects":
        return frame.assign(**{name: column.dt.date for name, column in dates.items()})
    periods = {name: column.dt.to_period("Y") for name, column in dates.items()}
    return (
        frame.assign(**periods)
        if kind == "periods"
        else frame.assign(**{n: c.astype(object) for n, c in periods.items()})
    )


@pytest.mark.parametrize("kind", ["text", "dates", "objects", "periods", "period objects"])
def test_periods_may_be_dates_of_any_kind(panel: pd.DataFrame, kind: str) -> None:
    found = effect(as_dates(panel, kind))
    assert found.overall == effect(panel).overall
    assert found.by_cohort["cohort"].tolist()[0] == pd.Timestamp("2003-01-01")


def test_text_and_rows_in_any_order(panel: pd.DataFrame) -> None:
    shuffled = panel.assign(unit="place " + panel["unit"].astype("str")).sample(frac=1, random_state=2)
    assert effect(shuffled).overall.estimate == pytest.approx(effect(panel).overall.estimate, abs=1e-13)
    assert effect(shuffled).overall.se == pytest.approx(effect(panel).overall.se, abs=1e-13)


def test_a_gap_between_periods_moves_the_base_and_no_one_else(panel: pd.DataFrame) -> None:
    found = effect(panel[panel["year"] != 2004]).group_time.set_index(["cohort", "time"])
    assert found.loc[(2005, 2005), "base"] == 2003
    wide = panel.pivot(index="unit", columns="year", values="y")
    first = panel.drop_duplicates("unit").set_index("unit")["first"]
    change = wide[2005] - wide[2003]
    assert found.loc[(2005, 2005), "estimate"] == pytest.approx(
        change[first == 2005].mean() - change[first == 0].mean()
    )


def test_units_seen_now_and_then(panel: pd.DataFrame) -> None:
    holes = panel[(panel["unit"] * 7 + panel["year"]) % 11 > 0]
    found = effect(holes)
    each = found.group_time.set_index(["cohort", "time"])
    wide, first = (
        holes.pivot(index="unit", columns="year", values="y"),
        panel.drop_duplicates("unit").set_index("unit")["first"],
    )
    change = (wide[2007] - wide[2004]).dropna()
    by_hand = change[first == 2005].mean() - change[first == 0].mean()
    assert each.loc[(2005, 2007), "estimate"] == pytest.approx(by_hand)
    parts = [change[first == g].var(ddof=0) / (first[change.index] == g).sum() for g in (2005, 0)]
    assert each.loc[(2005, 2007), "se"] == pytest.approx(sum(parts) ** 0.5)
    assert any("not seen in every period" in sentence for sentence in found.statements)
    whole = wide.dropna().index
    complete = effect(holes, unbalanced="complete")
    assert complete.overall == effect(panel[panel["unit"].isin(whole)]).overall
    assert complete.left_out == {"not seen in every period": 60 - len(whole)}


def test_clusters_give_the_digits_of_other_software(panel: pd.DataFrame) -> None:
    # diff-diff 3.13.0: CallawaySantAnna(cluster="region")
    found = effect(panel, cluster="region")
    assert found.overall.se == pytest.approx(0.3162893814, abs=1e-10)
    assert found.by_event_time.set_index("event_time").loc[0, "se"] == pytest.approx(0.3881797, abs=1e-8)


def test_anticipation_moves_the_base(panel: pd.DataFrame) -> None:
    # diff-diff 3.13.0: CallawaySantAnna(anticipation=1)
    found = effect(panel, anticipation=1).by_event_time.set_index("event_time")
    assert found.loc[[0, 2, 5], "estimate"].tolist() == pytest.approx([0.87297513, 1.42649635, 0.60583611], abs=1e-8)
    assert found.loc[[0, 2, 5], "se"].tolist() == pytest.approx([0.31668763, 0.45000078, 0.92059678], abs=1e-8)
    assert effect(panel, anticipation=1).pre_trend["df"].tolist()[0] == effect(panel).pre_trend["df"].tolist()[0] - 4


def test_an_effect_that_was_anticipated_is_found_in_every_period_from_then_on() -> None:
    # by construction: an effect of 1 from two periods before adoption on, nothing before; R's did took the period just
    # before adoption as its own base until 2026 (bcallaway11/did, pull request 276) and found 0 there
    rows = [
        (i, t, 6 if i < 20 else np.nan, 0.1 * i + 0.3 * t + (i < 20 and t >= 4) + 0.001 * ((7 * i + 3 * t) % 5))
        for i in range(40)
        for t in range(1, 11)
    ]
    frame = pd.DataFrame(rows, columns=["id", "t", "g", "y"])
    found = adoption_effect(frame, "y", "id", "t", "g", anticipation=2)
    by_time = found.by_event_time.set_index("event_time")["estimate"]
    assert by_time.loc[[-4, -3]].tolist() == pytest.approx([0, 0], abs=0.002)
    assert by_time.loc[range(-2, 5)].tolist() == pytest.approx([1] * 7, abs=0.002)


def test_later_adopters_alone_are_compared(panel: pd.DataFrame) -> None:
    # diff-diff 3.13.0: CallawaySantAnna(control_group="not_yet_treated") without those that never adopt
    found = effect(panel[panel["first"] > 0], "not_yet")
    assert (found.overall.estimate, found.overall.se) == pytest.approx((1.1667933144, 0.2988630101), abs=1e-10)
    assert "each comparison is with later adopters" in found.statements[0]


def test_covariates_are_doubly_robust(panel: pd.DataFrame) -> None:
    # R 4.2.2, glm, lm and the influence function of DRDID's drdid_panel written out, averaged as did's aggte does
    found = effect(panel, covariates=["x"])
    assert found.overall.estimate == pytest.approx(1.455991576069, abs=1e-11)
    assert found.overall.se == pytest.approx(0.239029112006, abs=1e-11)
    times = found.by_event_time.set_index("event_time")
    assert times.loc[[-1, 0, 2], "estimate"].tolist() == pytest.approx(
        [-0.286839238677, 1.190961159982, 1.732925882488], abs=1e-11
    )
    assert times.loc[[-1, 0, 2], "se"].tolist() == pytest.approx(
        [0.252452268313, 0.298459879331, 0.260211560553], abs=1e-11
    )
    assert found.by_cohort["se"].iloc[0] == pytest.approx(0.40765098916, abs=1e-10)
    flat = effect(panel.assign(one=1.0), covariates=["one"])
    assert flat.overall.estimate == pytest.approx(effect(panel).overall.estimate, abs=1e-12)
    assert flat.overall.se == pytest.approx(effect(panel).overall.se, abs=1e-12)


def test_covariates_that_tell_adopters_apart_leave_nothing(panel: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="no cohort can be compared"):
        effect(panel.assign(ever=(panel["first"] > 0).astype(float)), covariates=["ever"])
    some = effect(panel.assign(late=(panel["first"] == 2008).astype(float)), covariates=["late"])
    assert 2008 not in some.by_cohort["cohort"].tolist()
    assert any("7 effects are left out" in sentence for sentence in some.statements)


def test_one_unit_adopts(panel: pd.DataFrame) -> None:
    one = panel[(panel["first"] == 0) | (panel["unit"] == panel.loc[panel["first"] == 2005, "unit"].iloc[0])]
    found = effect(one)
    assert found.adopters == 1
    assert any("Only 1 unit adopts within the data" in sentence for sentence in found.statements)
    assert "rest on one unit" in found.pre_trend["statement"].iloc[0]


def test_few_clusters_are_counted_where_the_policy_is_set(panel: pd.DataFrame) -> None:
    states = panel.assign(state=np.where(panel["first"] > 0, panel["first"], panel["unit"] % 30))
    found = effect(states, cluster="state")
    assert any("Only 4 clusters adopt within the data" in sentence for sentence in found.statements)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"unbalanced": "some"}, "unbalanced = 'some'"), ({"anticipation": -1}, "whole number of periods"), ({"repeals": "never"}, "repeals = 'never'")],
)  # fmt: skip
def test_unknown_options_are_refused(panel: pd.DataFrame, options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        effect(panel, **options)
