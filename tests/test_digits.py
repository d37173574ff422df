"""What a refreshed lock does to published numbers is told, value by value."""

import json
import shutil

from analysis.digits import compare, published


def site(root, estimate, rows):
    (root / "reports" / "demo").mkdir(parents=True)
    record = {
        "title": "T",
        "results": {"first": {"estimate": estimate, "points": [1, None]}},
        "provenance": {"clock": str(root)},
    }
    (root / "reports" / "demo" / "long_term.json").write_text(json.dumps(record))
    (root / "figures" / "demo").mkdir(parents=True)
    (root / "figures" / "demo" / "a.csv").write_text("time,share\n" + rows)
    return root


def test_each_value_that_differs_is_told_with_both(tmp_path, capsys):
    before = site(tmp_path / "before", 0.265457, "1,0.5\n2,0.25\n")
    after = site(tmp_path / "after", 0.265458, "1,0.5\n")
    assert compare(before, after) == 3
    said = capsys.readouterr().out.splitlines()
    assert "lock: reports/demo/long_term.json: results.first.estimate: 0.265457 -> 0.265458" in said
    assert "lock: figures/demo/a.csv: row 2, share: 0.25 -> nothing" in said
    assert said[-1] == f"lock: 3 of {len(published(before))} published values differ"


def test_the_same_digits_built_elsewhere_do_not_differ(tmp_path, capsys):
    before = site(tmp_path / "before", 0.5, "1,0.5\n")
    shutil.copytree(before, tmp_path / "after")
    assert compare(before, tmp_path / "after") == 0
    assert capsys.readouterr().out.startswith("lock: 0 of ")
