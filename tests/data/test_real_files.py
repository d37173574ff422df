"""The figures known of the real files, from their processed tables.

North Carolina comes with a package. The others are read where ANALYSIS_DOWNLOADS names a folder that holds
them; elsewhere these tests say so and skip.
"""

import os
from pathlib import Path

import pandas as pd
import pytest

import analysis
from analysis.data.sources import sha256
from analysis.data.state import find_spec
from analysis.recidivism.windows import by_group

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Return a function that opens a shipped dataset in a folder of its own."""
    root = tmp_path_factory.mktemp("real")

    def build(name: str, without: tuple[str, ...] = ()):
        """Open it, or what is left of it without the [[files.also]] blocks that name these headers."""
        target = root / "data" / "raw" / "-".join([name, *without])
        target.mkdir(parents=True, exist_ok=True)
        first, *also = (ROOT / "data" / "raw" / name / "dataset.toml").read_text().split("[[files.also]]")
        kept = [block for block in also if not any(f'"{header}"' in block for header in without)]
        (target / "dataset.toml").write_text("[[files.also]]".join([first, *kept]))
        spec, _ = find_spec(target / "dataset.toml")
        for source in spec.sources:
            file = Path(os.environ.get("ANALYSIS_DOWNLOADS") or "none") / str(source.path)
            if source.url and not (file.is_file() and sha256(file) == source.sha256):
                pytest.skip(f"{source.path} is not in the folder that ANALYSIS_DOWNLOADS names")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ANALYSIS_HOME", str(root))
            return analysis.open_dataset(target.name)

    return build


@pytest.fixture(scope="module")
def iowa(opened):
    return opened("iowa").frame("follow_up")


@pytest.fixture(scope="module")
def ice(opened):
    return opened("ice-2015")


def test_north_carolina(opened):
    cohort = analysis.cohort(opened("north-carolina"))
    assert (len(cohort), int(cohort.frame["event"].notna().sum())) == (1445, 552)
    assert cohort.time_unit == "month"
    assert cohort.frame["days"].max() == 81
    assert cohort.frame.eval("days <= follow_up").all()


def test_iowa_rows_and_returns(iowa):
    assert len(iowa) == 26_020
    assert iowa["event"].value_counts().to_dict() == {"return_to_prison": 8681}
    assert iowa["return_kind"].value_counts().to_dict() == {"new offence": 5516, "technical": 3165}
    assert (iowa.loc[iowa["event"].isna(), "days"] == 1095).all()
    assert iowa["return_kind"].notna().equals(iowa["event"].notna())


@pytest.mark.parametrize(
    ("kind", "people", "returns"),
    [("parole", 15_387, 5914), ("end of sentence", 7374, 1866), ("parole to an INS detainer", 134, 4)],
)
def test_iowa_release_types_that_are_spelled_two_ways_belong_together(iowa, kind, people, returns):
    chosen = iowa[iowa["release_type"] == kind]
    assert (len(chosen), int(chosen["event"].notna().sum())) == (people, returns)


def test_iowa_ins_detainers_are_of_two_years(iowa):
    years = iowa.loc[iowa["release_type"] == "parole to an INS detainer", "fiscal_year"]
    assert set(years.astype("str")) == {"2013", "2015"}


def test_ice_rows_are_all_accounted_for(ice):
    assert ice.quality[["rows_in", "kept", "set_aside"]].sum().tolist() == [79_053, 79_053, 0]
    frame = ice.frame("detainers")
    assert len(frame) == 79_053
    assert (frame["prepared"].min(), frame["prepared"].max()) == (
        pd.Timestamp("2014-10-01"),
        pd.Timestamp("2015-07-19"),
    )
    assert frame["person_id"].isna().all()
    assert sorted(frame["source_row"]) == list(range(2, 79_055))


def test_ice_outcomes_on_all_three_denominators(ice):
    frame = ice.frame("detainers")
    counts = frame["outcome"].value_counts()
    assert (counts["ice_custody"], counts["declined"], counts["unknown"]) == (15_877, 5501, 52_263)
    assert frame["outcome_raw"].isna().sum() == 52_263
    assert shares(frame) == pytest.approx((0.070, 0.205, 0.257), abs=0.0005)
    assert shares(frame[frame["state"] == "CA"]) == pytest.approx((0.159, 0.477, 0.563), abs=0.0005)


@pytest.mark.parametrize(
    ("state", "share", "within"),
    [
        ("CO", 0.297, 0.0005),
        ("NV", 0.220, 0.0005),
        ("MD", 0.193, 0.0005),
        ("CA", 0.159, 0.0005),
        ("NY", 0.148, 0.0005),
        ("TX", 0.0047, 0.00005),
    ],
)
def test_ice_declined_by_state(ice, state, share, within):
    frame = ice.frame("detainers")
    assert shares(frame[frame["state"] == state])[0] == pytest.approx(share, abs=within)


def test_ice_blanks_are_as_frequent_in_old_months_as_in_new_ones(ice):
    frame = ice.frame("detainers")
    blank = (frame["outcome"] == "unknown").groupby(frame["prepared"].dt.strftime("%Y-%m")).mean()
    assert blank["2014-10"] == pytest.approx(0.64, abs=0.005)
    assert blank["2015-06"] == pytest.approx(0.61, abs=0.005)


def shares(frame: pd.DataFrame) -> tuple[float, float, float]:
    """Return declined over all rows, over rows with a reason, and over declined plus booked."""
    outcome = frame["outcome"]
    declined = (outcome == "declined").sum()
    return (
        declined / len(frame),
        declined / (outcome != "unknown").sum(),
        declined / outcome.isin(["declined", "ice_custody"]).sum(),
    )


NYC = ("36005", "36047", "36061", "36081", "36085")


def test_ice_federal_facilities_decline_next_to_nothing(ice):
    frame = ice.frame("detainers")
    share = frame["operator"].value_counts(normalize=True)
    assert share["federal"] >= 0.12
    assert share["state_prison"] == pytest.approx(0.08, abs=0.03)
    declined = (frame["outcome"] == "declined").groupby(frame["operator"], observed=True).mean()
    assert declined["federal"] < 0.01
    assert declined["state_prison"] < 0.01
    assert declined["local"] > 0.07
    placed = ice.places.groupby("level")["rows"].sum()
    assert placed.sum() == 79_053
    assert placed["county"] / placed.sum() > 0.85


def test_ice_detainers_lodged_in_new_york_city_fell_by_five_sixths_when_the_law_came(ice):
    frame = ice.frame("detainers")
    city = frame[frame["jurisdiction"].isin(NYC)]
    months = city["prepared"].dt.strftime("%Y-%m").value_counts()
    assert 1 - months["2015-01"] / months["2014-10"] == pytest.approx(5 / 6, abs=0.03)


def test_ice_kinds_of_request(ice):
    counts = ice.frame("detainers")["request"].value_counts()
    assert (counts["detainer"], counts["notification"]) == (75_497 + 2811 + 199, 546)
    assert not ice.frame("detainers")["duplicate_likely"].any()  # no identifier, no duplicate


@pytest.mark.parametrize(
    ("without", "custody", "people", "rearrested"),
    [
        ((), True, 10_589, 1010),  # later stays in jail, and offences within any stay, taken into account
        (("r_jail_in",), False, 10_576, 1012),  # by dates alone
        (("r_jail_in", "vr_offense_date"), False, 10_576, 1006),  # by the date of the next offence alone
    ],
)
def test_broward_in_the_window_of_the_claim(opened, without, custody, people, rearrested):
    found = analysis.cohort(opened("broward", without), custody=custody)
    frame = found.frame
    assert (len(frame), int((frame["event"].notna() & (frame["days"] <= 105)).sum())) == (people, rearrested)
    assert found.data_end == "2016-04-01"
    assert {"score_text", "race", "age_cat"} <= set(frame)


def test_broward_by_score_and_no_name_in_its_tables(opened):
    ds = opened("broward")
    by = by_group(analysis.cohort(ds), "score_text", [105]).set_index("label")["estimate"]
    assert by["Low"] < 0.07 < by["Medium"] < 0.13 < by["High"] < 0.19
    assert set(ds.columns.query("use == 'sensitive'")["column"]) == {"name", "first", "last", "dob"}
    assert not {"name", "first", "last", "dob"} & set(ds.frame("releases"))
