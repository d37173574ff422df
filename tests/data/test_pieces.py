"""A file in pieces has the rows of the whole file, with their numbers, wherever it is cut."""

import csv
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analysis.data import pieces as pieces_module
from analysis.data.pieces import batches, pieces
from analysis.data.sources import locate
from analysis.data.state import find_spec

HEAD = 'title = "T"\nkind = "real"\nsource = "s"\ndata_end = { arrests = 2020-12-31 }\n[[files]]\ntable = "arrests"\n'
COLUMNS = '[files.columns]\nperson_id = "a"\narrested = "b"\n'
CELLS = st.sampled_from(
    ["", "1", "x,y", 'say "no"', "two\nlines", "two\r\nlines", '"', '""', "\n", "é", " ", "\ufeffx", ";"]
)


def opened(house, content, path, more=""):
    folder = house.write(f'{HEAD}path = "{path}"\n{more}{COLUMNS}')
    (folder / path).write_bytes(content)
    [file] = locate(find_spec("test")[0])
    return file


def read_in(file, cut):
    """Rows, their numbers, and what does not fit, of some pieces one after the other."""
    found = [batch for piece in cut for batch in batches(file, piece)]
    rows = pd.concat([batch.frame.astype("str").set_index(batch.rows) for batch in found])
    return rows, [broken for batch in found for broken in batch.broken]


def same(file, cut):
    whole, broken = read_in(file, [pieces_module.Piece()])
    rows, misfits = read_in(file, cut)
    pd.testing.assert_frame_equal(rows, whole)
    assert misfits == broken


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12),
    size=st.integers(1, 40), end=st.sampled_from(["\n", "\r\n"]), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    odd=st.sampled_from(["", "1,2\n", "1,2,3,4\n", "\n\n", '5" pipe,"a\nb",c\n', "last,line,open", "a\rb,c,d\n", "\ufeff1,2,3\n"]),
    skip=st.integers(0, 2), encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
)  # fmt: skip
@example(rows=[["1", "2", "3"]], size=1, end="\n", quoting=csv.QUOTE_ALL, odd='"x"y,2,3\n', skip=0, encoding="utf-8")
def test_pieces_are_the_whole_wherever_they_are_cut(house, monkeypatch, rows, size, end, quoting, odd, skip, encoding):
    held = io.StringIO(newline="")
    csv.writer(held, lineterminator=end, quoting=quoting).writerows([["a", "b", "c"], *rows])
    content = ('above "the\n' * skip + held.getvalue() + odd).encode(encoding, errors="replace")
    more = f"skip_rows = {skip}\n" + ('encoding = "latin-1"\n' if encoding == "latin-1" else "")
    file = opened(house, content, "a.csv", more)
    monkeypatch.setattr(pieces_module, "PIECE_BYTES", size)
    try:
        whole = read_in(file, [pieces_module.Piece()])
    except pieces_module.read.InputError as error:  # what cannot be read whole cannot be read in pieces
        with pytest.raises(type(error)):
            read_in(file, pieces(file))
    else:
        assert len(whole[0]) >= 0
        same(file, pieces(file))


def test_a_plain_file_is_cut_and_an_uncertain_one_is_not(house, monkeypatch):
    monkeypatch.setattr(pieces_module, "PIECE_BYTES", 30)
    plain = b"a,b,c\n" + b'1,"x ""y"", z\nw",3\n' * 20
    file = opened(house, plain, "a.csv")
    cut = pieces(file)
    assert len(cut) > 5
    assert [piece.first for piece in cut] == sorted({piece.first for piece in cut})
    assert b"".join(plain[piece.start : piece.stop] for piece in cut) == plain[6:]
    for unsure in (b'4,5" pipe,"a\nb"\n', b"4,a\rb,c\n", b'4,"a" b,c\n'):
        assert pieces(opened(house, plain + unsure, "a.csv")) == [pieces_module.Piece()]


@pytest.mark.parametrize("group", [1, 3, 7, 100])
def test_row_groups_of_a_parquet_file(house, monkeypatch, group):
    monkeypatch.setattr(pieces_module, "PIECE_ROWS", 5)
    held = io.BytesIO()
    table = pa.table({"a": [f"p{i % 4}" for i in range(20)], "b": ["2020-01-01"] * 20, "n": np.arange(20)})
    pq.write_table(table, held, row_group_size=group)
    file = opened(house, held.getvalue(), "a.parquet")
    assert len(pieces(file)) == {1: 4, 3: 4, 7: 3, 100: 1}[group]
    same(file, pieces(file))


def test_a_file_without_rows_is_one_piece(house):
    for content, path in ((b"a,b\n", "a.csv"), (b"", "b.csv")):
        assert pieces(opened(house, content, path)) == [pieces_module.Piece()]
