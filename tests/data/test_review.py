"""What `make check` finds, kind by kind, on rows made up here."""

import os
import tempfile

import duckdb
import pandas as pd
import pytest

from analysis.cli import main
from analysis.data import rounding
from analysis.data.review import nearly_equal
from analysis.data.spec import read_spec

HEAD = 'title = "Test"\nkind = "real"\nsource = "made for a test"\ndisclosure = "public"\n'
RELEASES = '[[files]]\ntable = "releases"\npath = "{0}"\n[files.columns]\nperson_id = "id"\nreleased = "day"\n'
ARRESTS = '[[files]]\ntable = "arrests"\npath = "{0}"\n[files.columns]\nperson_id = "id"\narrested = "on"\n'
END = "data_end = { arrests = 2020-12-31 }\n"
BOTH = HEAD + END + RELEASES.format("r.csv") + ARRESTS.format("a.csv")
FOUR = "id,day\n1,2020-01-01\n2,2020-01-02\n3,2020-02-01\n4,2020-03-01\n"
LATER = "id,on\n1,2020-01-31\n2,2020-12-20\n9,2020-06-01\n"


def table(head, *rows):
    return "\n".join([head, *rows, ""])


def test_a_check_says_what_would_be_kept_counted_and_built_and_leaves_nothing(house, capsys, tmp_path, monkeypatch):
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    house.write(BOTH, r_csv=FOUR + "5,soon\n", a_csv=LATER)
    before = sorted(house.root.rglob("*"))
    assert main(["check", "--dataset", "test"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "r.csv -> releases: 5 rows in = 4 kept + 1 set aside" in lines
    assert "    1 set aside: released not readable as a date (first: row 6, found 'soon')" in lines
    assert "releases of r.csv: 4 people" in lines
    assert "    arrested 2020-01-31 to 2020-12-20; rows by year 2020: 3" in lines
    assert "releases and arrests: 2 ids in common, 50.0% of 4 people and 66.7% of 3" in lines
    assert "will be built: data, short_window, long_term, answers" in lines
    assert "not built: sanctuary. These records hold no detainers, so no rule about them can be compared." in lines
    assert not [line for line in lines if line.startswith("look at this")]
    assert [path for path in sorted(house.root.rglob("*")) if path not in before and scratch not in path.parents] == []
    assert list(scratch.glob("*")) == [] or all(
        p.name.startswith("analysis-") and not any(p.iterdir()) for p in scratch.glob("*")
    )


def test_arrests_that_all_come_before_and_days_in_another_order_are_pointed_out(house, capsys):
    early = "id,on\n1,2019-12-31\n2,2019-12-20\n9,2020-06-01\n"
    days = ARRESTS.replace('"on"', '{ from = "on", date = ["%m/%d/%Y"] }')
    house.write(HEAD + END + RELEASES.format("r.csv") + ARRESTS.format("a.csv") + days.replace("{0}", "b.csv"),
                r_csv=FOUR, a_csv=early, b_csv="id,on\n8,30/06/2020\n8,06/05/2020\n")  # fmt: skip
    assert main(["check", "--dataset", "test"]) == 0
    said = capsys.readouterr().out
    assert (
        "look at this: of 2 people in releases and arrests none was arrested on or after releases.released: is it the right column?"
        in said
    )
    assert "look at this: b.csv: 1 of arrested can be read only where day and month change places" in said


def test_while_it_is_checked_nobody_else_can_read_it(house, monkeypatch):
    seen = []
    house.write(BOTH, r_csv=FOUR, a_csv=LATER)

    def looked(spec, processed, private):
        seen.append((processed, private, os.stat(processed.parents[2]).st_mode & 0o777))
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.data.review.review", looked)
    assert main(["check", "--dataset", "test"]) == 130
    [(processed, private, mode)] = seen
    assert mode == 0o700
    assert not processed.is_relative_to(house.root / "data")
    assert not processed.parents[2].exists()
    assert not private.exists()


@pytest.mark.parametrize(
    ("toml", "rows", "words"),
    [
        (BOTH, {"a": "id,on\n7,2020-12-01\n"}, "releases and arrests have 0 person_id in common, of 4 and 1"),
        (BOTH.replace("arrested", 'jurisdiction = "c"\narrested'), {"a": "id,on,c\n1,2020-12-01,99999\n"},
         "arrests.jurisdiction is no place: '99999' (1 rows). Map FIPS codes"),
        (BOTH.replace("arrested", 'jurisdiction = "c"\narrested'), {"a": 'id,on,c\n1,2020-12-01,"Los Angeles, CA"\n'},
         "'Los Angeles, CA' (1 rows: 06037 (CA)?)"),
        (BOTH.replace("arrested", 'jurisdiction = "c"\narrested'), {"a": "id,on,c\n1,2020-12-01,Kings County\n"},
         "06031 (CA), 36047 (NY)?)"),
        (BOTH.replace("arrested", 'jurisdiction = "c"\narrested'), {"a": "id,on,c\n1,2020-12-01,6037.0\n"},
         "'6037.0' (1 rows: 06037, Los Angeles County, California?)"),
        (BOTH.replace("made for a test", "TODO: who gave the files"), {}, "source would be published as TODO"),
        (BOTH.replace("2020-12-31", "2000-01-01"), {}, "Nobody in these records can be followed: origin after the data end"),
    ],
    ids=["no id in common", "no place", "a name", "two of a name", "a lost zero", "TODO", "nobody"],
)  # fmt: skip
def test_what_cannot_be_right_is_one_line_and_ends_with_1(house, capsys, toml, rows, words):
    house.write(toml, r_csv=FOUR, a_csv=rows.get("a", LATER))
    assert main(["check", "--dataset", "test"]) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert said.err.startswith("analysis: test cannot be right: ")
    assert words in said.err
    assert "Nothing was built" not in said.out


def test_a_place_that_the_dataset_names_is_one(house):
    toml = BOTH.replace("arrested", 'jurisdiction = "c"\narrested').replace(
        END, END + 'place_names = { 80001 = "Here" }\n'
    )
    assert house.build(toml, r_csv=FOUR, a_csv="id,on,c\n1,2020-12-20,80001\n2,2020-12-20,80\n").review.wrong == []


MANY = table("id,day", *(f"{i},2020-01-{i % 28 + 1:02d}" for i in range(1, 101)))
SPREAD = [f"{i},{day:%Y-%m-%d}" for i, day in enumerate(pd.date_range("2020-01-01", "2020-12-20", periods=150), 1)]
PERSON = 'sex = { from = "sex", values = { M = "male", F = "female" } }\nbirth_year = "born"\n'
PEOPLE = HEAD + END + "".join(RELEASES.format(name) + PERSON for name in ("r.csv", "r2.csv")) + ARRESTS.format("a.csv")


@pytest.mark.parametrize(
    ("toml", "files", "words"),
    [
        (BOTH, {"r": MANY, "a": table("id,on", *(f"x{i},2020-12-01" for i in range(30)), "5,2020-12-01")},
         "releases and arrests have 1 person_id in common, of 100 and 31"),
        (BOTH.replace("a.csv", "a*.csv"),
         {"r": MANY, "a": table("id,on", *(f"{i},2020-12-01" for i in range(1, 41))), "a2": table("id,on", *(f"{i},2020-12-01" for i in range(90, 130)))},
         "a2.csv: 27.5% of its 40 people in arrests are among those followed, of the other files' 100.0%"),
        (BOTH, {"r": MANY, "a": table("id,on", *["1,2020-12-01"] * 25)}, "arrests: one person_id holds 25 of 25 rows (100.0%)"),
        (BOTH.replace("2020-12-31", "2030-12-31"), {}, "data_end.arrests = 2030-12-31, 3,663 days after the last arrests.arrested (2020-12-20)"),
        (BOTH.replace("2020-12-31", "2020-06-30"), {}, "data_end.arrests = 2020-06-30 is before the last arrests.arrested (2020-12-20): 1 are left out"),
        (BOTH + '[[files]]\ntable = "exits"\npath = "e.csv"\n[files.columns]\nperson_id = "id"\ndate = "on"\nkind = { value = "removed" }\n',
         {"e": "id,on\n1,2020-05-05\n"}, "data_end has no date for exits"),
        (BOTH, {"r": FOUR + "6,1970-01-01\n"}, "releases.released: 1 of 5 rows are of 1970-01-01"),
        (BOTH, {"r": table("id,day", *SPREAD, *(f"9{i},2020-05-05" for i in range(60)))}, "releases.released: 61 of 210 rows are of 2020-05-05"),
        (BOTH, {"r": "id,day\n1,1971-03-04\n2,1988-07-01\n3,1999-01-01\n"}, "releases.released: 100.0% of its days lie over 18 years before 2020-12-31"),
        (BOTH, {"r": FOUR + "6,1927-05-19\n"}, "1 days lie over 60 years before 2020-12-31, the first on 1927-05-19"),
        (PEOPLE, {"r": "id,day,sex,born\n1,2020-01-01,M,2019\n", "r2": "id,day,sex,born\n2,2020-01-01,M,1990\n"},
         "releases.released: 1 of 2 people were under 10 or over 110 years old"),
        (PEOPLE, {"r": table("id,day,sex,born", *(f"{i},2020-01-01,M,1980" for i in range(1, 6))),
                  "r2": table("id,day,sex,born", *(f"{i},2020-01-02,{s},19{b}" for i, s, b in zip(range(1, 6), "MMFFF", (80, 81, 79, 60, 95), strict=True)))},
         "5 person_id occur in both r.csv and r2.csv under different births, sexes"),
        (HEAD + END + "".join(RELEASES.format(f"{name}.csv") + f'jurisdiction = {{ value = "{code}" }}\n' for name, code in (("r", "36047"), ("r2", "36081")))
         + ARRESTS.format("a.csv"), {"r2": FOUR}, "4 person_id occur in both r.csv and r2.csv under different places (36047, 36081)"),
        (BOTH.replace('released = "day"', 'released = "day"\n' + PERSON),
         {"r": table("id,day,sex,born", *(f"{i % 5},2020-01-01,{'MF'[i // 5]},{1960 + i}" for i in range(10)))},
         "5 person_id of r.csv, many of which occur under different births, sexes"),
    ],
    ids=["little", "a file", "heavy", "late", "early", "no end", "stand-in", "one day", "births", "far back", "children", "two people", "places", "one file"],
)  # fmt: skip
def test_what_stands_out_is_a_warning(house, toml, files, words):
    files = {"r": FOUR, "a": LATER} | files
    found = house.build(toml, **{f"{name}_csv": text for name, text in files.items()}).review
    assert [line for line in found.warnings if words in line], found.warnings


def test_counts_in_warnings_are_rounded_where_the_run_rounds(house):
    rounding.restrict()
    [said] = house.build(BOTH, a_csv=table("id,on", *["1,2020-12-01"] * 25), r_csv=FOUR).review.warnings[-1:]
    assert said.startswith("arrests: one person_id holds 27 of 27 rows (100.0%)")


def test_ordinary_records_have_no_warning(house):
    releases = table("id,day,sex,born", *(f"{row},{'MF'[i % 2]},{1960 + i % 40}" for i, row in enumerate(SPREAD)))
    again = table("id,day,sex,born", *(f"{row},{'MF'[i % 2]},{1960 + i % 40}" for i, row in enumerate(SPREAD[:20])))
    found = house.build(PEOPLE, r_csv=releases, r2_csv=again, a_csv=table("id,on", *SPREAD[20:120], SPREAD[-1])).review
    assert (found.wrong, found.warnings) == ([], [])


def texts(**columns):
    """The distinct identifiers of tables, by the name of the table."""
    rows = [
        (name.partition("_")[2], name.partition("_")[0], "ID", text) for name, ids in columns.items() for text in ids
    ]
    con = duckdb.connect()
    con.register("written", pd.DataFrame(rows, columns=["space", "table", "header", "text"]))
    con.execute("CREATE TABLE texts AS SELECT * FROM written")
    return nearly_equal(con, "texts")


@pytest.mark.parametrize(
    ("releases", "arrests", "expected"),
    [
        (["007", "0123", "9"], ["7", "123", "9"], ("arrests", "releases", "leading zeros", 2, 4)),
        (["7", "9"], ["007", "9"], ("releases", "arrests", "leading zeros", 1, 3)),
        (["P1", "P2"], ["p1", "P2"], ("releases", "arrests", "case", 1, 2)),
        (["P1", "P2"], ["P1 ", "P 2"], ("arrests", "releases", "blanks", 2, 2)),
        (["'101", "102"], ["101", "102"], ("releases", "arrests", "an apostrophe", 1, 3)),
        (["101", "102"], ["101.0", "103"], ("arrests", "releases", '".0"', 1, 3)),
        (["101", "101.0"], ["101"], ("releases", "releases", '".0"', 1, 3)),
    ],
)
def test_ids_that_would_match_but_for_how_they_are_written(releases, arrests, expected):
    found = texts(releases=releases, arrests=arrests)
    columns = ["table", "other", "kind", "people", "digits"]
    assert expected in list(found[columns].itertuples(index=False, name=None))
    assert not set(releases + arrests) & set(found.astype("str").to_numpy().ravel())


def test_ids_that_match_already_or_lie_in_other_spaces_are_not_pointed_out():
    assert texts(releases=["007", "8"], arrests=["007", "8", "A7"]).empty
    assert texts(releases_kings=["007"], arrests_queens=["7"]).empty


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            ("arrests", "ID", "releases", "leading zeros", 3, 9),
            'but for leading zeros: say person_id = { from = "ID", digits = 9 }',
        ),
        (
            ("arrests", "ID", "releases", "case", 3, 9),
            "3 ids (ID) would match those of releases but for case: write them alike",
        ),
        (("arrests", "ID", "arrests", '".0"', 3, 9), 'would match others of arrests but for ".0"'),
    ],
)
def test_what_the_build_counts_of_them_is_a_warning(house, row, words):
    ds = house.build(BOTH, r_csv=FOUR, a_csv=LATER)
    columns = ["table", "header", "other", "kind", "people", "digits"]
    pd.DataFrame([row], columns=columns).to_parquet(ds.processed / "ids.parquet")
    assert [line for line in ds.review.warnings if words in line]


def test_what_is_still_to_be_written_is_not_published(house, capsys):
    folder = house.write(
        BOTH.replace("made for a test", "TODO: who gave the files") + "# TODO: map the rest\n", r_csv=FOUR, a_csv=LATER
    )
    assert read_spec(folder / "dataset.toml").todo == ["source"]
    assert main(["report", "--datasets", "test"]) == 1
    assert "source would be published as TODO" in capsys.readouterr().err
    assert not (house.root / "reports" / "test").exists()
    main(["check", "--dataset", "test"])
    assert "# TODO: map the rest" in capsys.readouterr().out


def test_a_path_that_looks_like_a_pattern_is_read(house, tmp_path, monkeypatch):
    root = tmp_path / "a [b] *'"
    (root / "data" / "raw").mkdir(parents=True)
    monkeypatch.setenv("ANALYSIS_HOME", str(root))
    house.root = root
    assert house.build(BOTH, r_csv=FOUR, a_csv=LATER).review.wrong == []


def test_the_build_counts_ids_that_are_written_in_two_ways(house, capsys):
    house.write(BOTH, r_csv=FOUR.replace("\n", "\n00").removesuffix("00"), a_csv=LATER)
    assert main(["check", "--dataset", "test"]) == 1
    assert (
        'arrests: 2 ids (id) would match those of releases but for leading zeros: say person_id = { from = "id", digits = 3 }'
        in capsys.readouterr().err
    )
    folder = house.root / "data" / "raw" / "test"
    toml = (folder / "dataset.toml").read_text()
    (folder / "dataset.toml").write_text(toml.replace('"id"\narrested', '{ from = "id", digits = 3 }\narrested'))
    assert main(["check", "--dataset", "test"]) == 0
    assert "would match" not in capsys.readouterr().out
