"""A column as distinct texts and positions says the same as the column."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analysis.data.coded import coded, constant

cells = st.one_of(st.none(), st.sampled_from(["", " ", "a", " a\u00a0", "b  c", "7", "é"]))
columns = st.lists(cells, max_size=20)


def folded(cell: str | None) -> str:
    return " ".join((cell or "").split())


@given(columns, st.booleans())
def test_texts_are_those_of_the_rows_whatever_the_type(cells, labels):
    values = pd.Series(cells, dtype="str")
    found = coded(values.astype("category") if labels else values)
    assert found.series().tolist() == [folded(cell) for cell in cells]
    assert found.blank.tolist() == [folded(cell) == "" for cell in cells]
    assert found.counts.sum() == len(cells)
    assert (found.counts > 0).all()  # no text that no row holds


@given(st.lists(st.tuples(cells, cells, st.booleans()), max_size=20))
def test_blanks_are_filled_and_rows_are_emptied(rows):
    first, second, gone = (list(part) for part in zip(*rows, strict=True)) if rows else ([], [], [])
    one, two = coded(pd.Series(first, dtype="str")), coded(pd.Series(second, dtype="str"))
    assert one.filled(two).series().tolist() == [folded(a) or folded(b) for a, b in zip(first, second, strict=True)]
    emptied = one.without(np.array(gone, dtype=bool)).series().tolist()
    assert emptied == ["" if off else folded(a) for a, off in zip(first, gone, strict=True)]


def test_a_batch_pays_for_its_own_labels_alone():
    labels = pd.Categorical.from_codes([999_999, -1], categories=pd.Index([f"{i:07d}" for i in range(1_000_000)]))
    found = coded(pd.Series(labels))
    assert found.texts.tolist() == ["0999999", ""]


def test_a_constant_is_one_text():
    assert constant("x", 3).series().tolist() == ["x"] * 3
    assert len(constant("", 0)) == 0
