"""Raw rows to canonical rows: every rule of a map, and the identity of rows."""

import pytest
from cleaned import cleaned
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.data.errors import InputError
from analysis.data.tables import LINEAGE, TABLES

ARREST = {"person_id": "id", "arrested": "on"}
ONE = {"id": ["1"], "on": ["2020-01-01"]}


def test_the_columns_of_a_table_in_their_order_and_types():
    kept = cleaned(ONE, ARREST).kept
    assert kept.columns.tolist() == [*TABLES["arrests"].columns, *LINEAGE]
    assert kept["arrested"].dtype == "datetime64[s]"
    assert kept["charge_group"].tolist() == ["unknown"]
    assert kept.iloc[0][list(LINEAGE)].tolist() == ["a.csv", "One", 2]


def test_nulls_and_redactions_become_missing_and_are_counted():
    result = cleaned(
        {**{k: v * 4 for k, v in ONE.items()}, "c": ["theft", "N/A", "b(6), b(7)c", ""]},
        {**ARREST, "charge": "c"}, nulls=["N/A "], redacted=r"b\(6\)",
    )  # fmt: skip
    assert result.kept["charge"].astype("str").fillna("").tolist() == ["theft", "", "", ""]
    assert result.changed == {("charge", "redacted"): 1}


def test_constants_blanks_with_a_meaning_and_several_headers():
    result = cleaned(
        {**{k: v * 2 for k, v in ONE.items()}, "New": ["a", ""]},
        {**ARREST, "jurisdiction": {"value": "06037"}, "charge": {"from": ["Old", "New"], "blank": "none given"}},
    )
    assert result.kept["jurisdiction"].tolist() == ["06037", "06037"]
    assert result.kept["charge"].tolist() == ["a", "none given"]


def test_an_optional_column_may_be_absent_and_another_may_not():
    rule = {**ARREST, "charge": {"from": "gone", "optional": True}}
    assert cleaned(ONE, rule).kept["charge"].isna().all()
    with pytest.raises(
        InputError, match=r"a.csv, sheet 'One': the header 'onn' \(for arrested\) is not there. Did you mean 'on'\?"
    ):
        cleaned(ONE, {**ARREST, "arrested": "onn"})


def test_kept_columns_stay_and_others_do_not():
    kept = cleaned({**ONE, "Judge": ["x"], "Name": ["y"]}, ARREST, keep=["Judge "]).kept
    assert kept["Judge"].tolist() == ["x"]
    assert "Name" not in kept


def test_the_outcome_is_kept_beside_its_label():
    result = cleaned(
        {"on": ["2020-01-01"] * 3, "why": ["Declined", "other", ""]},
        {"prepared": "on", "outcome": {"from": "why", "values": {"Declined": "declined"}}}, table="detainers",
    )  # fmt: skip
    assert result.kept["outcome"].tolist() == ["declined", "unknown", "unknown"]
    assert result.kept["outcome_raw"].astype("str").fillna("").tolist() == ["Declined", "other", ""]
    assert result.unknown == {("outcome", "other"): 1}


def test_a_state_gives_the_jurisdiction_where_no_column_does():
    kept = cleaned(
        {"on": ["2020-01-01"] * 2, "st": ["California", "??"]}, {"prepared": "on", "state": "st"}, table="detainers"
    ).kept
    assert kept["jurisdiction"].astype("str").fillna("").tolist() == ["06", ""]


def test_one_row_feeds_several_tables_and_a_row_without_the_second_is_none_of_it():
    also = [{"table": "exits", "columns": {"person_id": "id", "date": "left", "kind": {"value": "removed"}}}]
    raw = {"id": ["1", "2", "", "4"], "on": ["2020-01-01"] * 4, "left": ["2020-02-01", "", "2020-02-03", "soon"]}
    detainer = {"person_id": "id", "prepared": "on"}
    assert len(cleaned(raw, detainer, table="detainers", also=also).kept) == 4  # a detainer needs no person
    exits = cleaned(raw, detainer, table="detainers", part=1, also=also)
    assert exits.kept["source_row"].tolist() == [2]
    assert exits.aside[["source_row", "column", "reason"]].to_numpy().tolist() == [
        [4, "person_id", "blank"], [5, "date", "not readable as a date"],
    ]  # fmt: skip


def test_covariates_of_a_typed_source_are_numbers_or_labels():
    raw = {"d": [1.5, 2.0], "e": ["yes", "no"], "priors": [1, 2], "flag": [True, False], "grade": [3, 4]}
    rule = {"days": "d", "event": {"from": "e", "values": {"yes": "rearrest", "no": ""}}, "priors": "priors", "flag": "flag",
            "grade": {"from": "grade", "type": "text"}}  # fmt: skip
    kept = cleaned(raw, rule, table="follow_up").kept
    assert kept["priors"].tolist() == [1.0, 2.0]
    assert kept["flag"].tolist() == ["True", "False"]
    assert kept["grade"].tolist() == ["3", "4"]
    assert kept["event"].astype("str").fillna("").tolist() == ["rearrest", ""]


LINK = {"last_name": "Last", "first_name": "First", "birth_date": {"from": "DOB", "date": ["%m/%d/%Y"]}}
NAMES = {
    "id": ["h2", "", "x", "h5"], "on": ["2020-01-01", "2020-01-01", "soon", "2020-01-01"], "sex": ["F", "", "", ""], "at": ["", "06037", "", "06037"],
    "Last": ["Garcia", "REDACTED", "Lopez", "N/A"], "First": ["Maria", "Ana", "", "Eva"], "DOB": ["03/09/1980", "1985-03-09", "13/45/1980", ""],
}  # fmt: skip


def test_linking_gets_the_kept_rows_with_what_is_known_of_them():
    columns = {
        "person_id": "id",
        "released": "on",
        "sex": {"from": "sex", "values": {"F": "female"}},
        "jurisdiction": "at",
    }
    out = cleaned(NAMES, columns, "releases", link=LINK, nulls=["N/A"], redacted="REDACTED").linkage
    assert out["record"].tolist() == [2, 3, 5]
    assert out["source"].unique().tolist() == ["a.csv, sheet 'One'"]
    assert out["first_name"].tolist() == ["Maria", "Ana", "Eva"]
    assert out["last_name"].isna().tolist() == [False, True, True]
    assert out["birth_date"].dt.strftime("%Y-%m-%d").fillna("").tolist() == ["1980-03-09", "1985-03-09", ""]
    assert out["identifier"].fillna("").tolist() == ["h2", "", "h5"]
    assert out["place"].fillna("").tolist() == ["", "06037", "06037"]
    assert out["sex"].tolist() == ["female", "unknown", "unknown"]


def test_a_full_name_in_one_column_and_a_person_without_any():
    raw = {**NAMES, "Full": ["GARCIA LOPEZ, MARIA", "", "x", "Eva"]}
    result = cleaned(raw, {"person_id": "id", "released": "on"}, "releases", link={"name": "Full", "birth_date": "DOB"})
    assert result.linkage["last_name"].tolist() == ["GARCIA LOPEZ", "Eva"]
    assert result.aside[["source_row", "reason"]].to_numpy().tolist() == [
        [3, "blank, and no name"],
        [4, "not readable as a date"],
    ]
    with pytest.raises(InputError, match=r"link names the column 'Nme', which is not there"):
        cleaned(raw, ARREST, link={"name": "Nme", "birth_date": "DOB"})


def test_the_first_problem_of_a_row_is_the_one_given():
    result = cleaned({"id": ["", "1"], "on": ["soon", "soon"]}, ARREST)
    assert result.kept.empty
    assert result.aside["column"].tolist() == ["person_id", "arrested"]


cell = st.sampled_from(["", "1", "x", "2020-01-01", "01/02/2020", "soon", "43831", "6037", "06037", "felony", "b(6)"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(cell, cell, cell, cell), max_size=30))
def test_every_row_is_kept_or_set_aside_once(rows):
    raw = {name: [row[i] for row in rows] for i, name in enumerate(("id", "on", "fips", "class"))}
    rule = {**ARREST, "jurisdiction": "fips", "severity": "class", "arrested": {"from": "on", "date": "%m/%d/%Y"}}
    result = cleaned(raw, rule, redacted=r"b\(6\)")
    numbers = [*result.kept["source_row"], *result.aside["source_row"]]
    assert sorted(numbers) == list(range(2, 2 + len(rows)))
    assert result.kept["person_id"].notna().all()
    assert result.kept["arrested"].notna().all()


def test_only_some_rows_are_rows_of_the_table_and_the_others_are_counted_by_value():
    raw = {"id": list("1234"), "on": ["2020-01-01"] * 4, "Type": ["Arrest ", "CITATION", "ICE HOLD", ""]}
    also = [{"table": "detainers", "columns": {"prepared": "on"}, "only": {"Type": ["ice hold"]}}]
    result = cleaned(raw, ARREST, only={"Type": ["ARREST"]}, also=also)
    assert result.kept["source_row"].tolist() == [2]
    assert result.aside[["source_row", "column", "reason"]].to_numpy().tolist() == [
        [row, "Type", f"left out by only: {value}"] for row, value in ((3, "CITATION"), (4, "ICE HOLD"), (5, "blank"))
    ]
    detainers = cleaned(raw, ARREST, part=1, only={"Type": ["ARREST"]}, also=also)
    assert (detainers.kept["source_row"].tolist(), len(detainers.aside)) == ([4], 0)
    with pytest.raises(InputError, match=r"only names the column 'Typ', which is not there. Did you mean 'Type'\?"):
        cleaned(raw, ARREST, only={"Typ": ["ARREST"]})


def test_ids_of_another_space_are_other_people_and_zeros_come_back():
    raw = {"id": ["7", "007", "A7", "n/a", "?"], "on": ["2020-01-01"] * 4 + ["UNKNOWN"]}
    result = cleaned(raw, {**ARREST, "person_id": {"from": "id", "digits": 3}}, ids="kings")
    assert result.kept["person_id"].tolist() == ["kings\x1f007", "kings\x1f007", "kings\x1fA7"]
    aside = result.aside[["column", "reason", "found"]].to_numpy().tolist()
    assert aside == [["person_id", "blank", "n/a"], ["person_id", "blank", "?"]]
    key = {**ARREST, "person_id": {"from": "id", "key": "[0-9A-Za-z-]+"}}
    marked = cleaned({"id": ["'007", "101.0", "?"], "on": ["2020-01-01"] * 3}, key)
    assert marked.kept["person_id"].tolist() == ["007", "101"]
    places = cleaned({**raw, "f": ["6037"] * 5}, {**ARREST, "jurisdiction": {"from": "f", "digits": 5}})
    assert places.kept["jurisdiction"].unique().tolist() == ["06037"]


def test_birth_years_from_dates_and_ages():
    raw = {"id": list("123"), "on": ["2020-06-01"] * 3, "dob": ["03/09/85", "12/31/45", ""], "age": ["34", "", "90"]}
    table = {"table": "releases", "sensitive": ["dob"]}
    base = {"person_id": "id", "released": "on"}
    dates = cleaned(raw, {**base, "birth_year": {"from": "dob", "date": ["%m/%d/%y"]}}, **table)
    assert dates.kept["birth_year"].fillna(0).tolist() == [1985, 1945, 0]
    ages = cleaned(raw, {**base, "birth_year": {"from": "age", "of": "released"}}, **table)
    assert ages.kept["birth_year"].fillna(0).tolist() == [1986, 0, 1930]


def test_counties_by_name():
    names = ["Los Angeles", "LOS ANGELES COUNTY", "Los Angeles, CA", "County of Kern", "06029", "Kings (jail)", ""]
    raw = {"id": ["1"] * 7, "on": ["2020-01-01"] * 7, "c": names}
    result = cleaned(raw, {**ARREST, "jurisdiction": {"from": "c", "as": "county name", "state": "CA"}})
    assert result.kept["jurisdiction"].astype("str").fillna("").tolist() == ["06037"] * 3 + ["06029"] * 2 + ["", ""]
    assert result.unknown == {("jurisdiction", "Kings (jail)"): 1}


def test_days_from_yes_and_no_by_year():
    raw = {
        "a": ["No", "No", "Yes", "", "No"],
        "b": ["No", "true", "No", "Yes", "maybe"],
        "e": ["0", "1", "1", "1", "0"],
    }
    rule = {"days": {"years": ["a", "b"]}, "event": {"from": "e", "values": {"1": "rearrest", "0": ""}}}
    result = cleaned(raw, rule, table="follow_up")
    assert result.kept["days"].tolist() == [2, 2, 1]
    assert result.aside[["reason", "found"]].to_numpy().tolist() == [
        ["blank", ""],
        ["not readable as a number", "maybe"],
    ]


def test_a_moment_is_the_day_that_it_was_here():
    rule = {**ARREST, "arrested": {"from": "on", "tz": "America/New_York"}}
    texts = [
        "2024-01-05T03:00:00Z",
        "2024-01-05 03:00 UTC",
        "2024-01-04T23:00:00-05:00",
        "2024-01-05",
        "2024-01-05 03:00",
    ]
    kept = cleaned({"id": list("12345"), "on": texts}, rule).kept
    assert kept["arrested"].astype("str").tolist() == ["2024-01-04"] * 3 + ["2024-01-05"] * 2
