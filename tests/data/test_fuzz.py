"""Files and maps with random damage: each ends in tables whose rows add up, or in one clear line."""

import gzip
import io
import random
import zipfile

import pandas as pd
import pytest
from robustness.cases import damaged

from analysis import open_dataset
from analysis.data.errors import InputError

CASES = 25  # a kind of file; the same in every run
TOML = """
title = "Test"
kind = "real"
source = "made for a test"
data_end = {{ arrests = 2020-12-31, exits = 2020-12-31, lag_days = 3 }}
[[files]]
table = "arrests"
path = "a.{kind}"
nulls = ["NA"]
redacted = 'b\\(6\\)'
keep = ["k"]
sensitive = ["nm"]
[files.columns]
person_id = "id"
arrested = {{ from = "on", date = ["%m/%d/%Y", "%d-%b-%y"] }}
severity = {{ from = "cl", values = {{ F = "felony", M = "misdemeanor" }} }}
[[files.also]]
table = "exits"
[files.also.columns]
person_id = "id"
date = "dep"
kind = {{ value = "removed" }}
"""


def seeds() -> dict[str, bytes]:
    frame = pd.DataFrame(
        {
            "id": ["1", "2", "3", ""],
            "on": ["2020-01-01", "01/02/2020", "02-Jan-20", "43831"],
            "cl": ["F", "M", "x", ""],
            "dep": ["2020-02-01", "", "soon", "2020-03-01"],
            "k": ["a", "NA", '"q"', "é\nz"],
            "nm": ["N1", "N2", "N3", "N4"],
        }
    )
    text = frame.to_csv(index=False).encode()
    held = {kind: io.BytesIO() for kind in ("parquet", "xlsx", "dta", "zip")}
    frame.to_parquet(held["parquet"])
    frame.to_excel(held["xlsx"], index=False, engine="xlsxwriter")
    frame.assign(day=pd.Timestamp("2020-01-01")).to_stata(held["dta"], write_index=False, version=118)
    with zipfile.ZipFile(held["zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", text)
    return {
        "csv": text,
        "csv.gz": gzip.compress(text, mtime=0),
        **{kind: data.getvalue() for kind, data in held.items()},
    }


SEEDS = seeds()


@pytest.mark.parametrize("kind", ["toml", *SEEDS])
def test_damage_ends_in_rows_that_add_up_or_in_one_clear_line(house, kind):
    chance = random.Random(f"damage to {kind}")
    messages = []
    for _ in range(CASES):
        of = chance.choice(list(SEEDS)) if kind == "toml" else kind
        toml, content = TOML.format(kind=of).encode(), SEEDS[of]
        toml, content = (damaged(toml, chance), content) if kind == "toml" else (toml, damaged(content, chance))
        folder = house.write(toml)
        (folder / f"a.{of}").write_bytes(content)
        try:
            ds = open_dataset("test")
        except InputError as error:
            messages.append(str(error))
            continue
        assert (ds.quality["rows_in"] == ds.quality["kept"] + ds.quality["set_aside"]).all()
        for table in ds.tables:
            assert len(ds.frame(table)) == ds.quality.loc[ds.quality["table"] == table, "kept"].sum()
    assert messages  # the damage is real
    assert [said for said in messages if "\n" in said or not said.startswith(("test", "a."))] == []


def test_text_in_parquet_that_is_not_utf_8_is_found_when_it_is_read(house, refused):
    folder = house.write(TOML.format(kind="parquet"))
    (folder / "a.parquet").write_bytes(SEEDS["parquet"].replace(b"02-Jan-20", b"02-J\xffn-20"))
    assert "a.parquet: not a readable Parquet file" in refused()
