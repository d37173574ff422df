"""The bench makes real reports both ways and keeps what it measured; what it measured is not asserted."""

import json

import nbformat
import pytest

from analysis import bench

CELLS = (
    "days = 105  # int: length of the window\ndataset = 'x'  # str: name",
    "from analysis.publish.page import Page, plain\n"
    "page = Page(report='short', title='In {days} days', dataset='demo', kind='synthetic', disclosure='public',\n"
    "            source='Made up', answers='What share?', days=plain(days))\n"
    "assert dataset == 'demo'",
)


@pytest.fixture
def notebook(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    cells[0].metadata["tags"] = ["parameters"]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = tmp_path / "short.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def test_bench_keeps_the_ratio_of_what_it_measured(tmp_path, notebook, capsys):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "bench.json").write_text('{"tables": 1}')
    options = ["--root", str(tmp_path), "--notebook", str(notebook), "--set", "dataset=demo", "--reports", "2"]
    bench.main([*options, "--recipe", "1", "--workers", "1"])
    kept = json.loads((tmp_path / "reports" / "bench.json").read_text())
    assert kept["tables"] == 1
    found = kept["reports"]
    assert found["ratio"] == pytest.approx(found["seconds"] / found["recipe_seconds"], abs=1e-3)
    assert (found["notebook"], found["reports"], found["recipe_reports"]) == ("short.ipynb", 2, 1)
    assert "short.ipynb" in capsys.readouterr().out


def test_bench_says_which_step_failed(tmp_path, notebook):
    with pytest.raises(SystemExit, match=r"bench: -m analysis\.bench --only-build failed: .*AssertionError"):
        bench.main(["--root", str(tmp_path), "--notebook", str(notebook), "--set", "dataset=other", "--reports", "1"])
