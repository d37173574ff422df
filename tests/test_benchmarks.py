"""The look-alike has the columns, types and values of the release; a benchmark says what it measured and where it missed."""

import json
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import __main__ as bench
from benchmarks import estimators
from benchmarks.lookalike import COLUMNS, VALUES, lookalike, write_lookalike

FACTS = Path(__file__).parents[2] / "shared" / "facts" / "detainer_formats.json"  # beside the project where it is made
DATES = (
    "apprehension_date", "departed_date", "detainer_prepare_date", "entry_date", "final_order_date", "msc_charge_date",
    "msc_conviction_date",
)  # fmt: skip
NUMBERS = ("birth_year", "msc_sentence_days", "msc_sentence_months", "msc_sentence_years", "row_original")


def test_columns_types_and_bytes(tmp_path):
    one, two, other = (write_lookalike(tmp_path / f"{i}.parquet", 500, seed) for i, seed in enumerate((1, 1, 2)))
    kinds = {field.name: field.type for field in pq.read_schema(one)}
    assert list(kinds) == COLUMNS
    assert len(kinds) == 64
    assert sorted(name for name, kind in kinds.items() if kind == pa.date32()) == list(DATES)
    assert sorted(name for name, kind in kinds.items() if kind == pa.float64()) == list(NUMBERS)
    assert {kinds[name] for name in kinds if name not in (*DATES, *NUMBERS)} == {pa.string(), pa.bool_()}
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()


def test_columns_and_values_are_those_of_the_release():
    if not FACTS.exists():
        pytest.skip("the collected facts on the releases are not beside the project")
    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    stated = [column.split("|") for column in facts["layouts"]["deportation-data-project"]["columns"]]
    assert [name for name, _ in stated] == COLUMNS
    assert {name for name, kind in stated if kind == "numeric"} == set(NUMBERS)
    values, frame = facts["values"], lookalike(20_000)
    seen = {name: set(frame[name].dropna()) for name in COLUMNS}
    assert seen["gender"] == set(values["gender"])
    assert seen["detainer_prepared_criminality"] == set(values["criminality"])
    assert seen["detainer_lift_reason"] == set(values["lift_reason_2025_on"])
    assert set(VALUES["departed"]) | set(VALUES["here"]) - {""} == set(values["case_status"])
    assert {label.split(" ")[0] for label in seen["detainer_type"]} == {
        form for forms in values["request_type"].values() for form in forms
    }
    assert (
        dict(zip(values["lift_reason_code"].values(), values["lift_reason_code"], strict=True)) == VALUES["lift_codes"]
    )


def test_rows_identifiers_and_duplicates():
    frame = lookalike(5000, seed=3)
    known = frame["unique_identifier"].dropna()
    assert len(frame) == 5000
    assert frame["detainer_prepare_date"].is_monotonic_increasing
    assert known.str.fullmatch("[0-9a-f]{40}").all()
    assert 0.11 < 1 - len(known) / 5000 < 0.15
    assert known.duplicated().any()
    assert 0.02 < frame["duplicate_likely"].mean() < 0.05
    left = frame.dropna(subset="departed_date")
    assert (left["departed_date"] > left["detainer_prepare_date"]).all()
    same = frame.dropna(subset="unique_identifier").groupby("unique_identifier")[["gender", "birth_year"]].nunique()
    assert (same == 1).all(axis=None)


def test_a_command_is_measured_with_what_it_starts(tmp_path):
    hold = "held = b'x' * 60_000_000; import time; time.sleep(1)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}]); print('done')"
    taken = bench.measured([sys.executable, "-c", child], tmp_path)
    assert (taken.said, taken.megabytes > 57, taken.seconds > 1) == ("done", True, True)
    with pytest.raises(SystemExit, match=r"-c .* failed: ValueError: no"):
        bench.measured([sys.executable, "-c", "raise ValueError('no')"])


def test_targets_are_judged_from_their_size_on(monkeypatch):
    monkeypatch.setattr(
        bench, "TARGETS", {"it": {"seconds beside R": {"100": 0.5}, "exponent of seconds over size": {"10": 1}}}
    )
    results = bench.Results()
    for size, here in ((10, 9.0), (100, 5.0), (1000, 6.0)):
        results.add("it", size, "seconds", here, "R", 10.0)
    results.alone("it", {10: bench.Taken(3.0, 0, 1, ""), 100: bench.Taken(30.0, 0, 1, "")})
    assert [row[-1] for row in results.rows[1:]] == ["", "met", "MISSED", *[""] * 4, "met"]
    assert results.missed == 1
    assert "| it | 1,000 | seconds beside R | 6 | 10 | 0.6 | 0.5 | MISSED |\n" in results.page()


@pytest.mark.thorough
def test_every_way_finds_the_same_life_table(tmp_path, capsys):
    out = tmp_path / "page.md"
    bench.main(["--part", "tables", "follow-ups", "--size", "3000", "--out", str(out)])
    page = out.read_text(encoding="utf-8")
    assert page in capsys.readouterr().out
    for way in ("plain pandas", "SQL by hand", "DuckDB's bare GROUP BY"):
        assert f"beside {way} | " in page


@pytest.mark.parametrize("task", bench.TASKS)
def test_estimators_find_the_numbers_of_r(tmp_path, task):
    if shutil.which("Rscript") is None:
        pytest.skip("there is no Rscript on this machine")
    estimators.write(tmp_path, 3000)
    script = [shutil.which("Rscript"), "--vanilla", bench.HERE / "survival.R", task, tmp_path, 1]
    theirs = json.loads(bench.measured(script).said)["numbers"]
    found = estimators.tasks("analysis", estimators.read(tmp_path, task))[task]()
    assert estimators.numbers(found) == pytest.approx(theirs, rel=1e-6)
