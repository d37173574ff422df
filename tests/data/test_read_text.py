"""Delimited text: encodings, delimiters, packing, and the number of every record."""

import gzip
import io
import zipfile

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analysis.data import read
from analysis.data.errors import InputError
from analysis.data.spec import Source

PLAIN = Source()
ROWS = [["1", "José", "06037"], ["2", "Zoë", "48453"]]


def rows_of(path, **settings):
    """Return {row number: values} and the broken records of a file."""
    kept, broken = {}, {}
    with duckdb.connect() as con:
        for one in read.stage(con, path, PLAIN.model_copy(update=settings)):
            assert {*one.types.values()} <= {"VARCHAR"}
            kept |= {row: values for *values, row in con.execute(f"SELECT * FROM {one.table}").fetchall()}
            broken |= dict(one.broken)
    return kept, broken


def written(mark: str = ",", end: str = "\n") -> str:
    return end.join(mark.join(row) for row in [["id", "name", "fips"], *ROWS]) + end


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize(("mark", "suffix"), [(",", "csv"), ("\t", "tsv"), ("\t", "txt"), (";", "csv"), ("|", "txt")])
def test_encoding_and_delimiter_are_found_out(tmp_path, encoding, mark, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(written(mark).encode(encoding))
    assert rows_of(path) == ({2: ROWS[0], 3: ROWS[1]}, {})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_ending(tmp_path, end):
    path = tmp_path / "a.csv"
    path.write_bytes(written(end=end).encode())
    assert rows_of(path)[0] == {2: ROWS[0], 3: ROWS[1]}


def test_windows_punctuation_and_bytes_that_it_lacks(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n\x93x\x94,\x96\n")
    assert rows_of(path)[0] == {2: ["“x”", "–"]}
    path.write_bytes(b"a,b\nx,\x81\n")  # undefined in Windows-1252, so the text is Latin-1
    assert rows_of(path)[0] == {2: ["x", "\x81"]}


def test_packed_text(tmp_path):
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(written().encode()))
    assert rows_of(packed)[0] == {2: ROWS[0], 3: ROWS[1]}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b/two.txt", written("\t"))
        archive.writestr("one.csv", written())
        archive.writestr("read me.pdf", "x")
        archive.writestr("__MACOSX/._one.csv", b"\0\0")
    whole = tmp_path / "a.zip"
    whole.write_bytes(held.getvalue())
    with duckdb.connect() as con:
        sheets = {
            one.sheet: con.execute(f"SELECT count(*) FROM {one.table}").fetchall()[0][0]
            for one in read.stage(con, whole, PLAIN)
        }
    assert sheets == {"b/two.txt": 2, "one.csv": 2}
    assert rows_of(whole, sheets=("one.csv",))[0] == {2: ROWS[0], 3: ROWS[1]}


def test_rows_above_the_header_keep_the_numbers_of_the_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('County jail,\n"printed, 2020"\n\nid,on\n1,x\n\n2,y,z\n3,w\n')
    assert rows_of(path, skip_rows=3) == ({5: ["1", "x"], 8: ["3", "w"]}, {7: "2,y,z"})


def test_quoted_fields_hold_delimiters_quotes_and_line_breaks(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,"note\non two lines"\n1,"a, b"\n2,"two\nlines"\n3,"he said ""no"""\n4,5" gun\n5\n6,last')
    kept, broken = rows_of(path)
    assert kept == {
        2: ["1", "a, b"],
        3: ["2", "two\nlines"],
        4: ["3", 'he said "no"'],
        5: ["4", '5" gun'],
        7: ["6", "last"],
    }
    assert broken == {6: "5"}
    with duckdb.connect() as con:
        assert next(read.stage(con, path, PLAIN)).headers == ["id", "note on two lines"]


def test_a_delimiter_inside_a_quoted_header_is_not_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('"last, first, middle, suffix";id\nx;1\n')
    assert rows_of(path)[0] == {2: ["x", "1"]}


def test_nothing_is_taken_for_a_missing_value_or_a_number(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,b\nNA,null\n007,1e5\nTrue,-\n")
    assert list(rows_of(path)[0].values()) == [["NA", "null"], ["007", "1e5"], ["True", "-"]]


def test_the_swallowed_rows_of_a_long_file_are_found(tmp_path):
    path = tmp_path / "a.csv"
    lines = ["id,note", *(f"{i},x" for i in range(2, 5_000)), '5000,"x', *(f"{i},x" for i in range(5_001, 9_000))]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"record 5,000 holds a quotation mark"):
        rows_of(path)


record = st.one_of(
    st.tuples(st.just("sound"), st.lists(st.text("ab ", max_size=3), min_size=2, max_size=2)),
    st.tuples(st.just("ragged"), st.lists(st.text("ab", min_size=1, max_size=3), min_size=3, max_size=4)),
    st.tuples(st.just("blank"), st.just([])),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(record, max_size=40), block=st.integers(16, 200), ended=st.booleans())
@example(records=[], block=200, ended=False)
def test_every_record_has_its_number_whatever_the_blocks(tmp_path, monkeypatch, records, block, ended):
    monkeypatch.setattr(read, "_BLOCK", block)
    path = tmp_path / "a.csv"
    lines = ["a,b", *(",".join(values) for _, values in records)]
    path.write_text("\n".join(lines) + "\n" * ended)
    kept, broken = rows_of(path)
    numbered = [(i, kind, values) for i, (kind, values) in enumerate(records, 2)]
    assert kept == {i: values for i, kind, values in numbered if kind == "sound" and any(values)}
    assert broken == {i: ",".join(values) for i, kind, values in numbered if kind == "ragged"}
