"""Policy files: what is read, and that each thing wrong with one is said with its line and column."""

from datetime import date
from pathlib import Path

import pytest

from analysis.data.errors import InputError
from analysis.sanctuary.policy_file import INCOMPLETE, LAST, read_policies

ROOT = Path(__file__).parents[2]
HEADER = "jurisdiction,level,state,county_fips,start,end,direction,basis,instrument,practice_disagrees"
GOOD = "Cook County,county,IL,17031,2011-09-07,,limits,law,Ordinance,"


def written(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "policies.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def test_the_published_list():
    policies = read_policies(ROOT / "data" / "raw" / "published" / "policies.csv")
    assert len(policies) == 62
    assert policies["line"].tolist() == list(range(2, 64))
    assert policies["practice_disagrees"].sum() == 1
    city = policies[policies["jurisdiction"] == "New York City"]
    assert city["counties"].tolist() == [("36005", "36047", "36061", "36081", "36085")] * 3
    assert (policies["instrument"] != "").all()
    assert policies.attrs == {"file": "policies.csv", "incomplete": INCOMPLETE}


def test_values_are_parsed(tmp_path):
    row = read_policies(
        written(tmp_path, GOOD, "X,state,80,,2020-01-01,2020-12-31,requires,court,y,the sheriff held on")
    ).to_dict("records")
    assert (row[0]["state"], row[0]["counties"], row[0]["start"], row[0]["end"]) == (
        "17",
        ("17031",),
        date(2011, 9, 7),
        LAST,
    )
    assert (row[1]["state"], row[1]["counties"], row[1]["practice_disagrees"]) == ("80", (), True)
    assert not row[0]["practice_disagrees"]


def test_a_change_and_a_repeal_in_order_are_fine(tmp_path):
    rows = [
        "A,county,IL,17031,2016-01-01,2018-12-31,requires,law,second,",
        "A,county,IL,17031,2011-01-01,2015-12-31,limits,law,first,",
        "A,county,IL,17031,2014-01-01,2014-12-31,limits,practice,another basis,",
        "A,city,IL,17031,2014-01-01,2014-12-31,limits,law,another level,",
        "A,county,IL,17043,2011-01-01,2015-12-31,limits,law,another place,",
    ]
    assert len(read_policies(written(tmp_path, *rows))) == 5


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (
            "A,county,IL,17031,2011-06-01,2015-12-31,requires,law,x,",
            "ends on 2012-12-31 and line 3 starts on 2011-06-01",
        ),
        ("A,county,IL,17031,2012-12-31,,limits,law,x,", "ends on 2012-12-31 and line 3 starts on 2012-12-31"),
        ("A,county,IL,17043;17031,2012-06-01,,limits,law,x,", "17031"),
    ],
)
def test_an_overlap_that_no_order_settles(tmp_path, second, found):
    with pytest.raises(InputError, match=found):
        read_policies(written(tmp_path, "A,county,IL,17031,2011-01-01,2012-12-31,limits,law,x,", second))


def test_a_rule_without_an_end_overlaps_the_next(tmp_path):
    with pytest.raises(InputError, match="line 2 has no end and line 3 starts on 2015-01-01"):
        read_policies(written(tmp_path, GOOD, "Cook,county,IL,17031,2015-01-01,,requires,law,x,"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("county,IL", "parish,IL", "line 2, column 'level': 'parish', expected one of city, county, state"),
        ("limits", "limit", "column 'direction': 'limit'.*Did you mean 'limits'"),
        (",law,", ",statute,", "column 'basis': 'statute'"),
        (",IL,", ",Ilinois,", "column 'state': 'Ilinois'.*Did you mean"),
        ("17031", "1731", "column 'county_fips': '1731', expected five digits"),
        ("17031", "06037", "06037 does not lie in state 17"),
        ("17031", "", "column 'county_fips': empty"),
        ("2011-09-07,", "9/7/2011,", "column 'start': '9/7/2011', expected a date as YYYY-MM-DD"),
        ("2011-09-07,", ",", "column 'start': ''"),
        ("2011-09-07,", "2011-02-30,", "column 'start': '2011-02-30'"),
        ("2011-09-07,,", "2011-09-07,2011-09-06,", "end 2011-09-06 is before start 2011-09-07"),
        ("Cook County", "", "column 'jurisdiction': empty"),
        ("Ordinance,", "Ordinance, 2011,", "line 2: 11 fields, expected 10"),
    ],
)
def test_what_is_wrong_with_a_row(tmp_path, old, new, said):
    with pytest.raises(InputError, match=said):
        read_policies(written(tmp_path, GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace("basis", "bases"), "no column 'basis'.*Did you mean 'bases'"),
        (HEADER.replace("practice_disagrees", "basis"), "'basis' stands twice"),
    ],
)
def test_what_is_wrong_with_the_header(tmp_path, header, said):
    with pytest.raises(InputError, match=said):
        read_policies(written(tmp_path, GOOD, header=header))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="there is no policy file"):
        read_policies(tmp_path / "nothing.csv")
    (tmp_path / "latin.csv").write_bytes("Doña Ana".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_policies(tmp_path / "latin.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="no column 'jurisdiction'"):
        read_policies(tmp_path / "empty.csv")
