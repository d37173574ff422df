"""The worlds of the comparison: what is followed, what is true, and that a part of the stored table can be had again."""

import numpy as np
import pandas as pd
import pytest

from analysis.sanctuary.designs import DOUBLY_ROBUST, UNADJUSTED
from analysis.synthetic import tables
from analysis.worlds import designs_table as table
from analysis.worlds.design_truth import true_effects
from analysis.worlds.designs import ACROSS, COX, GROUP_TIME, KINDS, limits, world_of
from analysis.worlds.followed import follow, panel_of
from analysis.worlds.imported import imported, source_hash
from analysis.worlds.trial import SHOWN

BY_NAME = {kind.name: kind for kind in KINDS}


def test_a_world_is_the_same_whenever_it_is_made() -> None:
    kind = KINDS[0]
    first, again = limits(kind, 3), limits(kind, 3)
    assert first == again
    assert world_of(kind, 3).seed != world_of(kind, 4).seed
    assert len({world_of(kind, number).seed for kind in KINDS for number in range(50)}) == 50 * len(KINDS)


def test_everyone_is_followed_as_in_the_frames_of_the_world() -> None:
    world = world_of(BY_NAME["more re-arrests"], 0)
    people, made = follow(world), tables(world)
    first = made["detainers"].drop_duplicates("person_id").set_index("person_id").sort_index()
    start = pd.Timestamp(world.start)
    origin = (first["prepared"] - start).dt.days
    end = world.day(min(world.arrests_end, world.exits_end)) - world.lag_days
    kept = origin <= end
    assert people.prepared.tolist() == origin[kept].tolist()
    assert (first["criminality"].cat.categories[people.criminality] == first["criminality"][kept]).all()
    arrests = made["arrests"].assign(gap=lambda f: (f["arrested"] - start).dt.days - f["person_id"].map(origin))
    rearrest = arrests[arrests["gap"] >= 1].groupby("person_id")["gap"].min().reindex(first.index)
    exits = made["exits"].assign(gap=lambda f: (f["date"] - start).dt.days - f["person_id"].map(origin))
    leave = exits[exits["gap"] >= 0].groupby("person_id")["gap"].min().reindex(first.index)
    again = ((rearrest <= leave.fillna(np.inf)) & (rearrest <= end - origin))[kept]
    assert ((people.event == 0) == again.to_numpy()).all()
    assert (people.time[people.event == 0] == rearrest[kept][again]).all()
    assert (people.time <= people.follow_up).all()


def test_the_panel_holds_the_risk_of_each_place_and_year() -> None:
    world = world_of(BY_NAME["more re-arrests"], 0)
    people, panel = follow(world), panel_of(follow(world), world, 365)
    here = (people.place == panel.units[3]) & (people.prepared // 365 == 2) & (people.follow_up >= 365)
    hit = (people.event == 0) & (people.time <= 365)
    assert panel.outcome[3, 2] == pytest.approx(hit[here].mean())
    assert sum(policy.end is not None for policy in world.policies) == len(panel.named["used until repealed"])


def test_the_truth_has_the_sign_that_was_put_in() -> None:
    names = ("no effect, other case mix", "more re-arrests", "fewer re-arrests", "fewer detainers honoured")
    each = {name: true_effects(BY_NAME[name], 2, 20_000, trials=1) for name in names}
    found = {name: effects[DOUBLY_ROBUST] for name, effects in each.items()}
    assert found["no effect, other case mix"] == 0
    assert found["more re-arrests"] > 0.02
    assert found["fewer re-arrests"] < -0.02
    assert found["fewer detainers honoured"] > 0.05
    # frailty pulls what the Cox model finds towards no difference
    assert 0.1 < each["more re-arrests"][COX] < np.log(1.6)
    assert np.log(0.6) < each["fewer re-arrests"][COX] < -0.1


def test_a_row_counts_its_worlds() -> None:
    kind = KINDS[0]
    drawn = np.array([[0.0, -0.1, 0.1], [0.2, 0.1, 0.3], [-0.2, -0.3, -0.1], [np.nan] * 3])
    row = table.rows(kind, {UNADJUSTED: 0.0}, {UNADJUSTED: drawn})[0]
    assert (row["covered"], row["excluded_no_effect"], row["undefined"], row["is"]) == (1, 2, 1, "false alarms")
    assert row["bias"] == pytest.approx(0.0)


@pytest.fixture(scope="module")
def stored() -> pd.DataFrame:
    return table.stored()


def test_the_stored_table_is_whole(stored: pd.DataFrame) -> None:
    expected = [(kind.name, design) for kind in KINDS for design in kind.designs]
    assert list(zip(stored["kind"], stored["design"], strict=True)) == expected
    assert stored["worlds"].nunique() == 1
    assert stored["worlds"].iloc[0] == table.WORLDS == 2_000
    assert (stored["covered"] / stored["worlds"]).to_numpy() == pytest.approx(stored["coverage"].to_numpy(), abs=1e-6)


def test_every_claim_is_within_its_band(stored: pd.DataFrame) -> None:
    claimed = stored[stored["claim"] != SHOWN]
    assert claimed.loc[claimed["verdict"] != "within", ["kind", "design", "coverage"]].to_dict("records") == []


def test_the_adjusted_designs_claim_their_level_where_nothing_is_hidden(stored: pd.DataFrame) -> None:
    held = set(zip(*stored.loc[stored["claim"] != SHOWN, ["kind", "design"]].T.to_numpy(), strict=True))
    assert len(held) == table.CLAIMS
    for kind in KINDS[:2]:
        assert (kind.adopters, kind.places - kind.adopters) == (60, 60)
        assert {(kind.name, design) for design in (*ACROSS[1:], COX, GROUP_TIME)} <= held
    assert {(kind.name, design) for kind in KINDS[2:5] for design in (*ACROSS[1:], GROUP_TIME)} <= held


def test_worlds_built_to_fool_do_fool(stored: pd.DataFrame) -> None:
    by = stored.set_index(["kind", "design"])
    fooled = [(kind.name, design) for kind in KINDS[5:9] for design in (*ACROSS, COX)]
    fooled += [(kind.name, GROUP_TIME) for kind in KINDS[6:9]]
    assert (by.loc[fooled, "verdict"] == "below").all()
    assert (
        by.loc[fooled, "excluded_no_effect"] > 0.1 * by.loc[fooled, "worlds"]
    ).all()  # false alarms, twice as many as claimed
    hidden = by.loc["hidden difference between places"]
    assert (
        abs(hidden.loc[GROUP_TIME, "bias"]) < abs(hidden.loc[DOUBLY_ROBUST, "bias"]) / 10
    )  # it was there before adoption
    unadjusted = by.loc[("no effect, other case mix", UNADJUSTED)]
    assert unadjusted["excluded_no_effect"] / unadjusted["worlds"] > 0.5  # where five in a hundred would be right


@pytest.mark.parametrize("name", ["no effect, other case mix", "detection differs by policy", "few places"])
def test_the_first_worlds_again(stored: pd.DataFrame, name: str) -> None:
    kind = BY_NAME[name]
    again = table.part(kind, 0, table.PREFIX)
    rows = stored[stored["kind"] == name].set_index("design")
    for design, each in again.items():
        covered = int(((each[:, 1] <= rows.loc[design, "truth"]) & (rows.loc[design, "truth"] <= each[:, 2])).sum())
        assert covered == rows.loc[design, "covered_first"]
        assert np.nanmean(each[:, 0]) == pytest.approx(rows.loc[design, "mean_first"], rel=1e-4, abs=1e-6)


def test_the_hash_holds_what_is_imported_and_no_more() -> None:
    found = imported("analysis.worlds.designs")
    assert {"analysis.sanctuary.clustered", "analysis.recidivism.cox_solver", "analysis.synthetic.people"} <= found
    assert not {
        name for name in found if name.startswith(("analysis.publish", "analysis.claims", "analysis.sanctuary.rules"))
    }
    assert source_hash("analysis.worlds.trial", "analysis.worlds.bands") == source_hash(
        "analysis.worlds.bands", "analysis.worlds.trial"
    )
