"""The look-alike has the columns, types and mess of the file that it stands for."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.synthetic import lookalike as module
from analysis.synthetic.lookalike import lookalike, write_lookalike

DATES = (
    "apprehension_date", "departed_date", "detainer_prepare_date", "entry_date", "final_order_date", "msc_charge_date",
    "msc_conviction_date",
)  # fmt: skip
NUMBERS = ("birth_year", "msc_sentence_days", "msc_sentence_months", "msc_sentence_years", "row_original")


def test_columns_and_types(tmp_path):
    schema = pq.read_schema(write_lookalike(tmp_path / "a.parquet", 500))
    assert len(schema) == 64
    kinds = {field.name: field.type for field in schema}
    assert sorted(name for name, kind in kinds.items() if kind == pa.date32()) == list(DATES)
    assert sorted(name for name, kind in kinds.items() if kind == pa.float64()) == list(NUMBERS)
    assert [name for name, kind in kinds.items() if kind == pa.bool_()] == ["duplicate_likely"]
    assert {kinds[name] for name in kinds if name not in (*DATES, *NUMBERS, "duplicate_likely")} == {pa.string()}


def test_rows_identifiers_and_duplicates():
    frame = lookalike(5000, seed=3)
    assert len(frame) == 5000
    assert frame["detainer_prepare_date"].is_monotonic_increasing
    known = frame["unique_identifier"].dropna()
    assert known.str.fullmatch("[0-9a-f]{40}").all()
    assert 0.11 < 1 - len(known) / 5000 < 0.15
    assert known.duplicated().any()
    assert 0.02 < frame["duplicate_likely"].mean() < 0.05
    assert (
        frame["departed_date"].dropna() > frame.loc[frame["departed_date"].notna(), "detainer_prepare_date"]
    ).mean() > 0.98
    assert lookalike(5000, seed=3).equals(frame)


def test_a_large_file_is_written_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 300)
    frame = pd.read_parquet(write_lookalike(tmp_path / "a.parquet", 700))
    assert frame["row_original"].tolist() == list(range(8, 708))
    assert list(frame.columns) == module.columns()
    people = [set(part["unique_identifier"].dropna()) for part in (frame[:300], frame[300:600], frame[600:])]
    assert all(people)
    assert not people[0] & people[1]
    assert not people[1] & people[2]
