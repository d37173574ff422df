"""The bench makes real reports and estimates both ways and keeps what it measured; what it measured is not asserted."""

import json
import shutil
import sys
from html import escape
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from analysis import bench
from analysis.bench import estimators, ours, people, raw_steps, result, scale, specifications
from analysis.bench.measure import measured
from analysis.bench.result import Taken
from analysis.claims import differences

HOME = Path(__file__).parents[1]
PUBLISHED = Path("data") / "raw" / "published"

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
    return json.loads((root / "reports" / "bench.json").read_text())["parts"]


def test_bench_keeps_the_ratio_of_what_it_measured(tmp_path, notebook, capsys):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "bench.json").write_text('{"tables": 1}')  # of another version: begun again
    options = ["--root", str(tmp_path), "--parts", "reports", "--notebook", str(notebook), "--set", "dataset=demo"]
    bench.main([*options, "--reports", "3", "--recipe", "1", "--workers", "1"])
    [line] = kept(tmp_path)["reports"]["compared"]
    assert line["ratio"] == pytest.approx(line["seconds"] / line["against_seconds"], rel=1e-3)
    assert (line["what"], line["size"]) == ("a report of short.ipynb", "3 reports")
    assert "(1, 3)" in kept(tmp_path)["reports"]["limits"][0]["what"]
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


def estimated(seconds, megabytes, number=0.5):
    return estimators.Estimated(Taken(seconds, None, megabytes), [number])


@pytest.mark.parametrize(
    ("mine", "theirs", "at", "faster", "limits"),
    [
        (estimated(0.01, 300), estimated(0.5, 601), 1_000_000, True, [True, True]),
        (
            estimated(0.01, 300),
            estimated(0.49, 599),
            1_000_000,
            False,
            [True, False],
        ),  # 49 times faster, over half of the memory
        (estimated(0.01, 300), estimated(0.5, None), 1_000_000, True, [True]),  # a system that does not tell memory
        (estimated(0.01, 300), estimated(0.5, 601), 100_000, None, [True]),
        (estimated(0.01, 300), estimated(0.5, 601, 0.50001), 1_000_000, True, [False, True]),
    ],
)
def test_targets_are_judged_at_their_size(mine, theirs, at, faster, limits):
    task = estimators.Task("Cox", "categorical", 50, 1_000_000)
    line, found = estimators._beside(task, at, mine, theirs)
    assert line.told()["met"] is faster
    assert [limit.told()["met"] for limit in found] == limits


def test_exponents_and_words():
    [limit] = result.exponent("it", {10: 3.0, 100: 30.0, 1000: 300.0}, 1.1)
    assert limit.found == pytest.approx(1)
    assert limit.told()["met"] is True
    assert result.exponent("it", {10: 3.0}) == []
    said = [result.words(ratio) for ratio in (0.2, 1.5, 1 / 1187)]
    assert said == ["5 times faster", "1.5 times as long", "1,187 times faster"]


def test_a_command_is_measured_with_what_it_starts(tmp_path):
    hold = "held = bytes(60_000_000); import time; time.sleep(1)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}]); print('done')"
    found = measured([sys.executable, "-c", child], cwd=tmp_path)
    assert (found.said, found.megabytes > 57) == ("done\n", True)
    with pytest.raises(SystemExit, match=r"bench: -c .* failed: ValueError: no"):
        measured([sys.executable, "-c", "raise ValueError('no')"])


def test_without_r_the_reason_is_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert bench.main(["--root", str(tmp_path), "--parts", "estimators"]) == 0
    assert "there is no Rscript" in kept(tmp_path)["estimators"]["skipped"]
    assert "skipped: there is no Rscript" in capsys.readouterr().out


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


def test_specifications_one_by_one_are_those_of_the_curve(tmp_path, monkeypatch):
    shutil.copytree(HOME / PUBLISHED, tmp_path / PUBLISHED)
    singly, curve = specifications.singly, differences.difference_curve
    found, curves = [], []
    monkeypatch.setattr(
        specifications, "singly", lambda ds, spec, days: found.append((spec, singly(ds, spec, days))) or 0.0
    )
    monkeypatch.setattr(differences, "difference_curve", lambda *given: curves.append(curve(*given)) or curves[0])
    options = ["--parts", "specifications", "--spec-rows", "20000", "--spec-singly", "2"]
    bench.main(["--root", str(tmp_path), *options])
    [line] = kept(tmp_path)["specifications"]["compared"]
    assert line["size"] == f"{len(curves[0]):,} specifications, 20,000 detainers"
    # in strata so small that nobody was seen to the end the curve leaves people out, and a model extrapolates
    plain = [(spec, value) for spec, value in found if spec["adjustment"] == "none"]
    assert plain
    for spec, value in plain:
        same = np.logical_and.reduce([curves[0][choice] == spec[choice] for choice in curves[0].attrs["choices"]])
        assert value == pytest.approx(curves[0].loc[same, "estimate"].item(), abs=1e-9)


def test_every_way_finds_the_same_life_table(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(HOME))
    monkeypatch.setattr(scale, "ROUNDS", dict.fromkeys(scale.ROUNDS, 1))
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / PUBLISHED).symlink_to(HOME / PUBLISHED)
    given = ["--detainers", "3000", "--jurisdictions", "30", "--jurisdiction-rows", "3000"]
    given += ["--follow-ups", "50000", "--raw-rows", "2000"]
    bench.main(["--root", str(tmp_path), "--parts", "scale,follow_ups,raw", *given])
    found = kept(tmp_path)
    against = [(line["size"], line["against"]) for line in found["scale"]["compared"]]
    ways = ("SQL by hand", "plain pandas", "reading alone")
    assert against == [("3,000 detainers", way) for way in ways]
    assert [line["against"] for line in found["follow_ups"]["compared"]] == ["the bare GROUP BY"]
    assert [line["against"] for line in found["raw"]["compared"]] == ["reading the file alone", "plain pandas"]
    page = (tmp_path / "reports" / "bench.html").read_text()
    assert all(escape(limit["what"]) in page for part in found.values() for limit in part["limits"])


def test_linking_by_name_finds_the_people_that_splink_alone_finds(tmp_path):
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    bench.main(["--root", str(tmp_path), "--parts", "linking", "--records", "4000"])
    found = kept(tmp_path)["linking"]
    assert [(line["size"], line["against"]) for line in found["compared"]] == [
        ("4,000 records", "splink alone, in memory")
    ]
    assert [limit["met"] for limit in found["limits"][:2]] == [True, True]  # against whose each record is


def test_plain_pandas_that_finds_other_tables_is_no_comparison(tmp_path):
    folder = tmp_path / "detainers.parquet"
    folder.mkdir()
    frame = pd.DataFrame({"person_id": ["a", None], "birth_year": [1980.0, 1990.0]})
    frame.to_parquet(folder / "part-0.parquet")
    raw_steps.check_equal(tmp_path, {"detainers": frame})
    with pytest.raises(AssertionError, match=r"detainers\.birth_year"):
        raw_steps.check_equal(tmp_path, {"detainers": frame.assign(birth_year=[1980.0, 1991.0])})
