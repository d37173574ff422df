"""The worlds of the comparison: what is followed, what is true, and that a part of the stored table can be had again."""

import numpy as np
import pandas as pd
import pytest

from analysis.sanctuary.designs import DOUBLY_ROBUST, UNADJUSTED
from analysis.worlds import designs_table as table
from analysis.worlds.designs import KINDS, follow, limits, true_effects, world_of
from analysis.worlds.trial import SHOWN

BY_NAME = {kind.name: kind for kind in KINDS}


def test_a_world_is_the_same_whenever_it_is_made() -> None:
    kind = KINDS[0]
    first, again = limits(kind, 3), limits(kind, 3)
    assert first == again
    assert world_of(kind, 3).seed != world_of(kind, 4).seed
    assert len({world_of(kind, number).seed for kind in KINDS for number in range(50)}) == 50 * len(KINDS)


def test_everyone_is_followed_from_the_detainer_on() -> None:
    frame = follow(world_of(KINDS[2], 0))
    assert frame["jurisdiction"].nunique() == 120
    assert (frame["days"] >= 0).all()
    assert (frame["days"] <= frame["follow_up"]).all()
    assert (frame.loc[frame["event"] == "rearrest", "days"] >= 1).all()
    assert frame["event"].isna().sum() == (frame["days"] == frame["follow_up"])[frame["event"].isna()].sum()


def test_the_truth_has_the_sign_that_was_put_in() -> None:
    names = ("no effect, other case mix", "more re-arrests", "fewer re-arrests", "fewer detainers honoured")
    found = {name: true_effects(BY_NAME[name], 2, 20_000)[DOUBLY_ROBUST] for name in names}
    assert found["no effect, other case mix"] == 0
    assert found["more re-arrests"] > 0.02
    assert found["fewer re-arrests"] < -0.02
    assert found["fewer detainers honoured"] > 0.05


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
    assert stored["worlds"].iloc[0] >= 200
    assert (stored["covered"] / stored["worlds"]).to_numpy() == pytest.approx(stored["coverage"].to_numpy(), abs=1e-6)


def test_every_claim_is_within_its_band(stored: pd.DataFrame) -> None:
    claimed = stored[stored["claim"] != SHOWN]
    assert claimed.loc[claimed["verdict"] != "within", ["kind", "design", "coverage"]].to_dict("records") == []


@pytest.mark.parametrize("name", ["no effect, other case mix", "few places"])
def test_the_first_worlds_again(stored: pd.DataFrame, name: str) -> None:
    kind = BY_NAME[name]
    again = table.part(kind, 0, table.PREFIX)
    rows = stored[stored["kind"] == name].set_index("design")
    for design, each in again.items():
        covered = int(((each[:, 1] <= rows.loc[design, "truth"]) & (rows.loc[design, "truth"] <= each[:, 2])).sum())
        assert covered == rows.loc[design, "covered_first"]
        assert np.nanmean(each[:, 0]) == pytest.approx(rows.loc[design, "mean_first"], rel=1e-4, abs=1e-6)
