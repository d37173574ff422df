"""The bench makes real reports and estimates both ways and keeps what it measured; what it measured is not asserted."""

import json
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest

from analysis import bench
from analysis.bench import estimators, ours, people, specifications
from analysis.claims import differences

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    people.write(folder, 3_000)
    return folder


def kept(root):
    return json.loads((root / "reports" / "bench.json").read_text())


def test_bench_keeps_the_ratio_of_what_it_measured(tmp_path, notebook, capsys):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "bench.json").write_text('{"tables": 1}')
    options = ["--root", str(tmp_path), "--parts", "reports", "--notebook", str(notebook), "--set", "dataset=demo"]
    bench.main([*options, "--reports", "2", "--recipe", "1", "--workers", "1"])
    assert kept(tmp_path)["tables"] == 1
    found = kept(tmp_path)["reports"]
    assert found["ratio"] == pytest.approx(found["seconds"] / found["recipe_seconds"], abs=1e-3)
    assert (found["notebook"], found["reports"], found["recipe_reports"]) == ("short.ipynb", 2, 1)
    assert "short.ipynb" in capsys.readouterr().out


def test_bench_says_which_step_failed(tmp_path, notebook):
    options = ["--root", str(tmp_path), "--parts", "reports", "--notebook", str(notebook), "--set", "dataset=other"]
    with pytest.raises(SystemExit, match=r"bench: -m analysis\.bench\.reports --only-build failed: .*AssertionError"):
        bench.main([*options, "--reports", "1"])


def test_a_part_that_does_not_exist_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.main(["--parts", "estimators,speed"])
    assert f"there is no part 'speed': choose from {', '.join(bench.PARTS)}" in capsys.readouterr().err


def test_people_are_the_same_with_categoricals_and_with_text(folder):
    frame, text = people.read(folder), people.read(folder, text=True)
    assert [frame[name].nunique() for name in people.FACTORS] == list(people.FACTORS.values())
    assert text["event"].isna().equals(frame["event"].isna())
    assert text.astype(frame.dtypes.to_dict()).equals(frame)
    assert set(frame["event"].dropna()) == set(people.HAZARDS)
    assert frame["days"].between(1, people.DAYS).all()
    assert frame["age"].is_unique


@pytest.mark.parametrize("task", [task for task in ours.TASKS if task != "none"])
def test_text_labels_give_the_numbers_of_categoricals(folder, task):
    estimate, numbers = ours.TASKS[task]
    found = numbers(estimate(people.read(folder)))
    assert len(found)
    assert np.array_equal(numbers(estimate(people.read(folder, text=True))), found)


def measured(seconds, megabytes, number=0.5):
    return estimators.Measured([seconds, 2 * seconds, seconds], megabytes, [number])


@pytest.mark.parametrize(
    ("mine", "theirs", "at", "met", "same"),
    [
        (measured(0.01, 300), measured(0.5, 601), 1_000_000, True, True),
        (measured(0.01, 300), measured(0.49, 601), 1_000_000, False, True),  # 49 times faster
        (measured(0.01, 300), measured(0.5, 600), 1_000_000, False, True),  # half of the memory
        (measured(0.01, 300), measured(0.5, 0), 1_000_000, True, True),  # a system that does not tell memory
        (measured(0.01, 300), measured(0.5, 601), 100_000, None, True),
        (measured(0.01, 300), measured(0.5, 601, 0.50001), 1_000_000, True, False),
    ],
)
def test_targets_are_judged_at_their_size(mine, theirs, at, met, same, capsys):
    task = estimators.Task("Cox", "categorical", 50, 1_000_000)
    row = estimators._row(task, at, mine, theirs, (100, 200))
    assert (row["met"], row["same_numbers"]) == (met, same)
    assert (row["seconds"], row["r_seconds"]) == (mine.seconds[0], theirs.seconds[0])
    estimators._say(row)
    assert ("TARGET MISSED" in capsys.readouterr().out) is (met is False)


def test_without_r_the_reason_is_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert bench.main(["--root", str(tmp_path), "--parts", "estimators"]) == 0
    assert "there is no Rscript" in kept(tmp_path)["estimators"]["skipped"]
    assert "skipped, there is no Rscript" in capsys.readouterr().out


def test_a_measurement_that_fails_says_why(tmp_path):
    with pytest.raises(SystemExit, match=r"bench: -m analysis\.bench\.ours .* failed: .*No such file"):
        estimators._ours(tmp_path / "nowhere", "Cox", "categorical", 1)


def test_both_sides_find_the_same_numbers(folder):
    if reason := estimators._why_not(shutil.which("Rscript")):
        pytest.skip(reason)
    for name in ("Kaplan-Meier", "Aalen-Johansen", "Cox", "Cox, continuous"):
        theirs = estimators._r(shutil.which("Rscript"), folder, name, 1)
        estimate, numbers = ours.TASKS[name]
        assert numbers(estimate(people.read(folder))) == pytest.approx(theirs.numbers, rel=1e-6)
        assert len(theirs.seconds) == 1


def test_specifications_one_by_one_are_those_of_the_curve(tmp_path, monkeypatch):
    published = Path("data") / "raw" / "published"
    shutil.copytree(Path(__file__).parents[1] / published, tmp_path / published)
    singly, curve = specifications.singly, differences.difference_curve
    found, curves = [], []
    monkeypatch.setattr(
        specifications, "singly", lambda ds, spec, days: found.append((spec, singly(ds, spec, days))) or 0.0
    )
    monkeypatch.setattr(differences, "difference_curve", lambda *given: curves.append(curve(*given)) or curves[0])
    options = ["--parts", "specifications", "--spec-rows", "20000", "--spec-singly", "2"]
    bench.main(["--root", str(tmp_path), *options])
    [row] = kept(tmp_path)["specifications"]["rows"]
    assert (row["specifications"], row["singly"]) == (len(curves[0]), len(found))
    # in strata so small that nobody was seen to the end the curve leaves people out, and a model extrapolates
    plain = [(spec, value) for spec, value in found if spec["adjustment"] == "none"]
    assert plain
    for spec, value in plain:
        same = np.logical_and.reduce([curves[0][choice] == spec[choice] for choice in curves[0].attrs["choices"]])
        assert value == pytest.approx(curves[0].loc[same, "estimate"].item(), abs=1e-9)


def test_every_way_finds_the_same_life_table(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(Path(__file__).parents[1]))
    bench.main(["--root", str(tmp_path), "--parts", "scale", "--detainers", "3000", "6000", "--follow-ups", "50000"])
    found = kept(tmp_path)["scale"]
    assert [row["way"] for row in found["rows"]] == [*["ours", "sql", "read", "pandas"] * 2, "grouped", "group_by"]
    page = (tmp_path / "reports" / "bench.html").read_text()
    assert all(target["what"] in page for target in found["targets"])
    assert "growth exponent" in capsys.readouterr().out
