"""The report on rules where rules hardly vary: what cannot be estimated is said, and the rest is built."""

import csv
import json

import pytest

from analysis.cli import main


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (0, "What cannot be estimated"),
        (1, "no interval with so few places"),
    ],
)
def test_the_report_is_whole_where_one_place_or_none_has_a_rule(tmp_path, monkeypatch, project_copy, rules, says):
    root = project_copy(tmp_path)
    for notebook in (root / "notebooks").glob("*.ipynb"):
        if not notebook.name.startswith("04"):
            notebook.unlink()
    file = root / "data" / "raw" / "demo" / "policies.csv"
    with file.open(encoding="utf-8", newline="") as text:
        rows = [row for row in csv.DictReader(text) if row["direction"] == "limits"]
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, rows[0])
        writer.writeheader()
        writer.writerows(rows[:rules])
    monkeypatch.setenv("ANALYSIS_HOME", str(root))
    assert main(["report", "--datasets", "demo", "--jobs", "1"]) == 0
    page = (root / "reports" / "demo" / "sanctuary.html").read_text(encoding="utf-8")
    assert says in page
    assert "Strengths and limitations" in page
    assert json.loads((root / "reports" / "demo" / "sanctuary.json").read_text(encoding="utf-8"))["main_point"]
