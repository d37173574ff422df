"""Free text that holds an identity is made missing, and nothing else is."""

import csv
import os
from pathlib import Path

import pytest
from cleaned import cleaned

from analysis.data.scrub import reason

HELD = {
    "A-number": [
        "A012345678", "A 012 345 678", "a12345678", "A# 012-345-678", "ALIEN NO. 012345678", "SEE A12-345-678 FILE",
        "A-number 012 345 678",
    ],
    "full date": [
        "DOB 1985-03-09", "3/9/1985", "03-09-1985", "9.3.1985", "ARRESTED 3/9/85", "25/12/1985", "09-Mar-1985", "March 9, 1985",
        "9 March 1985", "9th of March 1985", "SEPT 9 1985", "1985/03/09",
    ],
    "e-mail address": ["write to jane.doe@example.org", "a+b@c.us"],
    "number in groups": ["123-45-6789", "(213) 555-0123", "213-555-0123", "213.555.0123"],
    "long number": ["CASE 1234567", "19850309", "BOOKING#202012345"],
    "long code": ["e185bdabcbf93f9098c1aa4303ff6179975ae0ae", "ID 123e4567-e89b-12d3-a456-426614174000"],
}  # fmt: skip
FREE = [
    "LOS ANGELES COUNTY JAIL", "MDC BROOKLYN", "RIKERS 10-10 HAZEN ST", "APPLEVALLEY 4TH FL", "PC 11357(B)", "18 USC 1326",
    "8 USC 1326(a)(2)", "HS 11378.5", "2C:35-10A(4)", "ASSAULT 2ND DEGREE", "I-247A", "06037", "90012", "90012-1234", "S80001J",
    "911 CENTER", "UNIT 12/34", "39:4-50", "1/2 WAY HOUSE", "FY 2015-2016", "CAMP 5 1985", "A-12 DORM", "2020-21 BUDGET",
    "5404", "COUNTY OF 12345 6789", "Decade 1990 2000", "may 2015", "MARCH AIR BASE", "facade-decade-acceded", "DEC 2014", "",
]  # fmt: skip


@pytest.mark.parametrize(("why", "text"), [(why, text) for why, texts in HELD.items() for text in texts])
def test_what_identifies_a_person_is_found(why, text):
    assert reason(text) == why


@pytest.mark.parametrize("text", FREE)
def test_places_statutes_and_codes_are_left_alone(text):
    assert reason(text) is None


LONG = 100_000  # characters: a search whose time grows with the square of the text would take minutes
LONG_TEXTS = [
    ("9" * LONG, "long code"),
    ("123456 " * (LONG // 7), None),
    ("A" + "." * LONG + "1", None),
    ("A" + "." * LONG + "012345678", "A-number"),
    ("a-" * (LONG // 2) + "1", None),
    ("a" * LONG + "g1", None),
    ("w" * LONG + "1", None),
    ("w" * LONG + "@example.org", "e-mail address"),
    ("1" + " " * LONG, None),
    ("january" + " " * LONG + "1", None),
    ("1 of " * (LONG // 5), None),
]


@pytest.mark.parametrize(("text", "why"), LONG_TEXTS, ids=range(len(LONG_TEXTS)))
def test_long_texts_are_searched_to_their_end(text, why):
    assert reason(text) == why


ARREST = {"person_id": "id", "arrested": "on", "charge": "c"}


def scrubbed(texts, ids=None, **columns):
    """Return the charges of rows after cleaning, "" where one was made missing, and the counts."""
    raw = {"id": ids or ["1"] * len(texts), "on": ["2020-01-01"] * len(texts), "c": texts, **columns}
    result = cleaned(raw, ARREST, sensitive=list(columns))
    return result.kept["charge"].astype("str").fillna("").tolist(), result.changed


def test_rows_are_counted_and_the_rest_is_unchanged():
    texts = ["JAIL", "A012345678", "", "A012345678", "", "on 3/9/1985"]
    assert scrubbed(texts) == (["JAIL", "", "", "", "", ""], {("charge", "identifying"): 3})


def test_a_text_that_holds_its_own_rows_identifier_goes():
    texts = ["cell of P7001", "cell of P7001", "P70012 WING", "NO 12", "JAIL"]
    kept, changed = scrubbed(texts, ["P7001", "P7002", "P7001", "12", "JAIL"])
    assert kept == ["", *texts[1:]]
    assert changed == {("charge", "identifying"): 1}


def test_a_text_that_holds_two_words_of_its_own_rows_names_goes():
    texts = ["RESIDENCE OF ADA QUILLFEATHER", "Quillfeather, A. (ada)", "QUILLFEATHER ROAD", "DE LA CRUZ HALL", "JAIL",
             "HOUSE OF BO MARROWBY"]  # fmt: skip
    first = ["Ada", "ADA", "Ada", "Maria", "", "Ada"]
    last = ["Quillfeather"] * 3 + ["De La Cruz", "Jail", "Quillfeather"]
    assert scrubbed(texts, First=first, Last=last) == (["", "", *texts[2:]], {("charge", "identifying"): 2})
    assert scrubbed(texts, Inmate=["Quillfeather, Ada"] * 6)[0] == ["", "", *texts[2:]]


def test_kept_columns_lose_names_of_their_own_rows_without_a_link_table(house):
    toml = (
        'title = "T"\nkind = "real"\nsource = "s"\ndata_end = { arrests = 2020-12-31 }\n'
        '[[files]]\ntable = "arrests"\npath = "a.csv"\nsensitive = ["First", "Last"]\n'
        'keep = ["note"]\n[files.columns]\nperson_id = "id"\narrested = "on"\ncharge = "charge"\n'
    )
    rows = "1,2020-01-01,Ada,Quillfeather,ada quillfeather lives at 0 Oak Ave,theft\n2,2020-01-01,Bo,Marrowby,clean,Marrowby Bo\n"
    ds = house.build(toml, a_csv=f"id,on,First,Last,note,charge\n{rows}")
    found = ds.frame("arrests")
    assert found["note"].isna().tolist() == [True, False]
    assert found["charge"].isna().tolist() == [False, True]
    assert ds.changed.set_index("column")["rows"].to_dict() == {"note": 1, "charge": 1}


def test_no_text_of_a_real_file_is_taken_for_an_identity():
    """Every facility, charge and other text of two public files, which hold no identities."""
    folder = next((Path(p) for p in (os.environ.get("ANALYSIS_DOWNLOADS"),) if p and Path(p).is_dir()), None)
    if folder is None or not (folder / "ice-foia-2015.xlsx").is_file():
        pytest.skip(
            "the downloaded files of ice-2015 and iowa are not here (ANALYSIS_DOWNLOADS names no folder that holds them)"
        )
    from python_calamine import CalamineWorkbook

    texts = set()
    for sheet in CalamineWorkbook.from_path(folder / "ice-foia-2015.xlsx").sheet_names:
        for row in CalamineWorkbook.from_path(folder / "ice-foia-2015.xlsx").get_sheet_by_name(sheet).to_python():
            texts.update(cell for cell in row if isinstance(cell, str))
    with (folder / "iowa-3-year-recidivism.csv").open(encoding="utf-8", newline="") as file:
        texts.update(cell for row in csv.reader(file) for cell in row)
    assert len(texts) > 1000
    assert [text for text in sorted(texts) if reason(text)] == []
