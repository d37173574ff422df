"""Identities planted wherever a raw file may hold one appear in nothing that is processed."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from analysis.data.spec import read_source
from validation.simulator.workbooks import TOP, headers

NAME, BORN, NUMBER, RAW_ID = "Quixelvath", "03/09/1985", "A012345678", "e185bdabcbf93f9098c1aa4303ff6179975ae0ae"
BORN_OTHERWISE = ("1985-03-09", "31115")  # as ISO text and as Excel's serial number
ROWS = 12  # so that an unknown value is frequent enough to be listed outside data/private

DETAINERS = """
[[files]]
table = "detainers"
path = "d.xlsx"
format = "ice-foia-2026"
keep = ["Facility AOR"]
"""
RELEASES = """
[[files]]
table = "releases"
path = "r.csv"
sensitive = ["Name", "DOB", "ANumber", "Key"]
keep = ["Remark"]
[files.columns]
person_id = "PersonNo"
released = "Out"
facility = "Facility"
charge = "Charge"
sex = { from = "Gender", values = { M = "male" } }
state = "State"
"""
HEAD = 'title = "T"\nkind = "synthetic"\nsource = "made for a test"\ndata_end = { detainers = 2026-01-31, arrests = 2026-01-31 }\n'


def workbook(rows):
    """One workbook in the layout of the 2026 release, rows given by header."""
    names, buffer = headers(), io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet()
    for line in range(len(TOP)):
        sheet.write_string(line, 0, "synthetic")
    for j, name in enumerate(names):
        sheet.write_string(len(TOP), j, name)
    for i, row in enumerate(rows, len(TOP) + 1):
        for name, value in row.items():
            sheet.write(i, names.index(name), value)
    book.close()
    return buffer.getvalue()


def mapped(toml_block):
    """The headers that a block maps, keeps or calls sensitive."""
    source = read_source(toml_block, "test")
    return {header for part in source.maps for rule in part.columns.values() for header in rule.read}, source


def build(house, detainers, releases):
    """Build a dataset of one workbook and one CSV; return every text in its processed files, and their bytes."""
    csv = pd.DataFrame(releases).to_csv(index=False)
    ds = house.build(HEAD + DETAINERS + RELEASES, d_xlsx=workbook(detainers), r_csv=csv)
    assert len(ds.frame("detainers")) == len(detainers)  # nothing is lost on the way
    assert len(ds.frame("releases")) == len(releases)
    return held(ds.processed)


def held(folder):
    """Everything that the processed files say: bytes, and the values and metadata of each Parquet file as text."""
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            parts.append(path.read_bytes().decode("latin-1"))
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            parts.append(str(table.schema.metadata))
            for name, column in zip(table.column_names, table.columns, strict=True):
                column = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
                parts += [name, *(str(value) for value in column.to_pylist())]
    text = "\n".join(parts)
    assert "2024-05-06" in text  # a planted date that is no secret is found: the search works
    return text.casefold()


def plain():
    """One row a table, with a person and a date and nothing that identifies."""
    detainer = {
        "Detainer Prepare Date": "05/06/2024",
        "Anonymized Identifier": RAW_ID,
        "Detainer Facility": "SYNTHETIC JAIL",
    }
    release = {
        "PersonNo": RAW_ID, "Out": "2024-05-06", "Facility": "SYNTHETIC JAIL", "Charge": "LARCENY", "Gender": "M", "State": "CA",
        "Remark": "", "Name": "", "DOB": "", "ANumber": "", "Key": "", "Unmapped": "",
    }  # fmt: skip
    return detainer, release


def planted(*secrets):
    return lambda text: [secret for secret in secrets if secret.casefold() in text]


def test_what_stands_in_unmapped_and_sensitive_columns_goes_no_further(house):
    detainer, release = plain()
    used, source = mapped({"table": "detainers", "path": "d.xlsx", "format": "ice-foia-2026"})
    hidden = [name for name in headers() if name not in used or name in source.sensitive]
    assert "Birth Date" in hidden
    assert len(hidden) > 40
    secrets = (NAME, BORN, NUMBER, RAW_ID)
    hidden = [name for name in hidden if name != "Facility AOR"]
    detainers = [{**detainer, **dict.fromkeys(hidden, secret)} for secret in secrets for _ in range(ROWS)]
    hidden = ("Name", "DOB", "ANumber", "Key", "Unmapped")
    releases = [{**release, **dict.fromkeys(hidden, secret)} for secret in secrets for _ in range(ROWS)]
    text = build(house, detainers, releases)
    assert planted(*secrets, *BORN_OTHERWISE)(text) == []


@pytest.mark.parametrize("secret", [NUMBER, BORN, RAW_ID, "jane.doe@example.org"])
@pytest.mark.parametrize("wrapped", ["{}", "SEE {} IN FILE"])
def test_what_stands_in_mapped_and_kept_text_goes_no_further(house, secret, wrapped):
    detainer, release = plain()
    used, _ = mapped({"table": "detainers", "path": "d.xlsx", "format": "ice-foia-2026"})
    text_columns = [
        name
        for name in used
        if "Date" not in name and name not in ("Anonymized Identifier", "EID DTA ID", "Birth Year")
    ]
    text_columns += ["Facility AOR"]
    assert {"Detainer Facility", "MSC Charge", "Citizenship Country", "Detainer Lift Reason"} <= set(text_columns)
    value = wrapped.format(secret)
    detainers = [{**detainer, **dict.fromkeys(text_columns, value)}] * ROWS
    columns = ("Facility", "Charge", "Gender", "State", "Remark")
    releases = [{**release, **dict.fromkeys(columns, value)}] * ROWS
    assert planted(secret)(build(house, detainers, releases)) == []


def test_a_short_raw_id_in_a_text_of_its_own_row_goes_no_further(house):
    detainer, release = plain()
    releases = [{**release, "PersonNo": "P70019", "Facility": "CELL OF P70019", "Remark": "P70019"}] * ROWS
    assert planted("P70019")(build(house, [detainer], releases)) == []
