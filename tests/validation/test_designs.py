"""The scenarios of the designs: what is followed, what is true, and that a part of the stored table can be had again."""

import numpy as np
import pandas as pd
import pytest

from analysis.sanctuary.designs import DOUBLY_ROBUST, UNADJUSTED
from validation import designs, table
from validation.designs import ACROSS, COX, GROUP_TIME, SCENARIOS, estimates, follow, panel, simulation, truths
from validation.simulator import tables
from validation.table import SHOWN

NAMES = list(SCENARIOS)


def test_a_simulation_is_the_same_whenever_it_is_made() -> None:
    once, again = (estimates(NAMES[0], 3) for _ in range(2))
    assert all(np.array_equal(once[design], again[design]) for design in SCENARIOS[NAMES[0]].designs)
    assert len({simulation(name, number).seed for name in NAMES for number in range(50)}) == 50 * len(NAMES)


def test_everyone_is_followed_as_in_the_frames_of_the_simulation() -> None:
    sim = simulation("more re-arrests", 0)
    people, made = follow(sim), tables(sim)
    first = made["detainers"].drop_duplicates("person_id").set_index("person_id").sort_index()
    start = pd.Timestamp(sim.start)
    origin = (first["prepared"] - start).dt.days
    end = sim.day(min(sim.arrests_end, sim.exits_end)) - sim.lag_days
    kept = origin <= end
    assert people.prepared.tolist() == origin[kept].tolist()
    assert people["criminality"].tolist() == first["criminality"][kept].tolist()
    arrests = made["arrests"].assign(gap=lambda f: (f["arrested"] - start).dt.days - f["person_id"].map(origin))
    rearrest = arrests[arrests["gap"] >= 1].groupby("person_id")["gap"].min().reindex(first.index)
    exits = made["exits"].assign(gap=lambda f: (f["date"] - start).dt.days - f["person_id"].map(origin))
    leave = exits[exits["gap"] >= 0].groupby("person_id")["gap"].min().reindex(first.index)
    again = ((rearrest <= leave.fillna(np.inf)) & (rearrest <= end - origin))[kept]
    assert ((people["event"] == "rearrest") == again.to_numpy()).all()
    assert people.loc[people["event"] == "rearrest", "days"].tolist() == rearrest[kept][again].tolist()
    assert (people["days"] <= people["follow_up"]).all()


def test_the_panel_holds_the_risk_of_each_place_and_year() -> None:
    sim = simulation("more re-arrests", 0)
    people = follow(sim)
    found = panel(people, sim)
    here = (people["place"] == found.units[3]) & (people["prepared"] // 365 == 2) & (people["follow_up"] >= 365)
    hit = (people["event"] == "rearrest") & (people["days"] <= 365)
    assert found.outcome[3, 2] == pytest.approx(hit[here].mean())
    assert sum(policy.end is not None for policy in sim.policies) == len(found.named["used until repealed"])


def test_the_truth_has_the_sign_that_was_put_in() -> None:
    names = ("no effect, other case mix", "more re-arrests", "fewer re-arrests", "fewer detainers honoured")
    each = {name: truths(name, 2, 20_000, trials=1) for name in names}
    found = {name: effects[DOUBLY_ROBUST] for name, effects in each.items()}
    assert found["no effect, other case mix"] == 0
    assert found["more re-arrests"] > 0.02
    assert found["fewer re-arrests"] < -0.02
    assert found["fewer detainers honoured"] > 0.05
    # frailty pulls what the Cox model finds towards no difference
    assert 0.1 < each["more re-arrests"][COX] < np.log(1.6)
    assert np.log(0.6) < each["fewer re-arrests"][COX] < -0.1


def test_a_row_counts_its_simulations() -> None:
    drawn = np.array([[0.0, -0.1, 0.1], [0.2, 0.1, 0.3], [-0.2, -0.3, -0.1], [np.nan] * 3])
    row = designs.row(NAMES[0], UNADJUSTED, drawn)
    assert (row["covered"], row["excluded_no_effect"], row["undefined"], row["is"]) == (1, 2, 1, "false alarms")
    assert row["bias"] == pytest.approx(0.0)


@pytest.fixture(scope="module")
def stored() -> pd.DataFrame:
    return pd.read_csv(table.PUBLISHED / "designs.csv")


def test_the_stored_table_is_whole(stored: pd.DataFrame) -> None:
    expected = [(name, design) for name, scenario in SCENARIOS.items() for design in scenario.designs]
    assert list(zip(stored["kind"], stored["design"], strict=True)) == expected
    assert (stored["worlds"] == table.SIMULATIONS).all()
    assert (stored["covered"] / stored["worlds"]).to_numpy() == pytest.approx(stored["coverage"].to_numpy(), abs=1e-6)


def test_every_claim_is_within_its_band(stored: pd.DataFrame) -> None:
    claimed = stored[stored["claim"] != SHOWN]
    assert claimed.loc[claimed["verdict"] != "within", ["kind", "design", "coverage"]].to_dict("records") == []


def test_the_adjusted_designs_claim_their_level_where_nothing_is_hidden(stored: pd.DataFrame) -> None:
    held = set(zip(*stored.loc[stored["claim"] != SHOWN, ["kind", "design"]].T.to_numpy(), strict=True))
    assert len(held) == designs.CLAIMS
    for name in NAMES[:2]:
        assert (SCENARIOS[name].adopters, SCENARIOS[name].places) == (60, 120)
        assert {(name, design) for design in (*ACROSS[1:], COX, GROUP_TIME)} <= held
    assert {(name, design) for name in NAMES[2:5] for design in (*ACROSS[1:], GROUP_TIME)} <= held


def test_scenarios_built_to_fool_do_fool(stored: pd.DataFrame) -> None:
    by = stored.set_index(["kind", "design"])
    fooled = [(name, design) for name in NAMES[5:9] for design in (*ACROSS, COX)]
    fooled += [(name, GROUP_TIME) for name in NAMES[6:9]]
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


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_todays_code_gives_the_first_of_the_stored_simulations_again(stored: pd.DataFrame, name: str) -> None:
    again = table.simulate(estimates, name, range(table.FIRST))
    rows = stored[stored["kind"] == name].set_index("design")
    for design, each in again.items():
        covered = int(((each[:, 1] <= rows.loc[design, "truth"]) & (rows.loc[design, "truth"] <= each[:, 2])).sum())
        assert covered == rows.loc[design, "covered_first"]
        assert np.nanmean(each[:, 0]) == pytest.approx(rows.loc[design, "mean_first"], rel=1e-4, abs=1e-6)
