"""The commands: what they print, what they return, and that one failure leaves the rest standing."""

import json
import shutil

import pytest

from analysis.cli import main
from analysis.verify import differences


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "tiny"
    folder.mkdir(parents=True)
    (folder / "dataset.toml").write_text(
        'title = "Tiny"\nkind = "real"\ndisclosure = "public"\nsource = "made by hand"\nfollow_up = 100\n'
        '[[files]]\ntable = "follow_up"\npath = "tiny.csv"\n[files.columns]\ndays = "Days"\n'
        'event = { from = "Again", values = { yes = "rearrest", no = "" } }\n',
        encoding="utf-8",
    )
    rows = "\n".join(f"{10 * i},{'yes' if i % 3 == 0 else 'no'}" for i in range(1, 11))
    (folder / "tiny.csv").write_text(f"Days,Again\n{rows}\n", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "requirements.lock").write_text("", encoding="utf-8")
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    return tmp_path


def notebook(project, name, code):
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": f"# {name}"},
        {"cell_type": "code", "id": "b", "metadata": {"tags": ["parameters"]}, "source": 'dataset: str = "tiny"  # a name',
         "execution_count": None, "outputs": []},
        {"cell_type": "code", "id": "c", "metadata": {}, "source": code, "execution_count": None, "outputs": []},
    ]  # fmt: skip
    text = json.dumps(
        {
            "cells": cells,
            "metadata": {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    (project / "notebooks" / f"{name}.ipynb").write_text(text, encoding="utf-8")


PAGE = """
import analysis
from analysis.publish.page import Page
ds = analysis.open_dataset(dataset)
page = Page(report="good", title="Good", dataset=ds.name, kind=ds.kind, disclosure=ds.disclosure, source=ds.source, answers="What?")
page.points(["{n} people."], n=len(ds.frame("follow_up")))
page.measured("By hand.")
page.limits("All of them.")
"""


def test_a_failing_report_is_one_line_and_the_others_are_finished(project, capfd):
    notebook(project, "01_good", PAGE)
    notebook(project, "02_bad", "raise ValueError('no such thing')")
    assert main(["report", "--datasets", "tiny"]) == 1
    said = capfd.readouterr()
    assert "no such thing" in said.err
    assert "Traceback" not in said.err
    assert (project / "reports" / "tiny" / "good.html").exists()
    assert not (project / "reports" / "tiny" / "bad.html").exists()
    index = (project / "reports" / "index.html").read_text(encoding="utf-8")
    assert "code cell 2: ValueError" in index
    assert "no such thing" not in index  # it may quote the data
    assert "10 people" in index


def test_a_dataset_that_fails_leaves_the_other_to_be_built(project, capfd):
    notebook(project, "01_good", PAGE)
    shutil.copytree(project / "data" / "raw" / "tiny", project / "data" / "raw" / "broken")
    (project / "data" / "raw" / "broken" / "tiny.csv").unlink()
    assert main(["report", "--datasets", "broken tiny"]) == 1
    assert "tiny.csv" in capfd.readouterr().err
    assert (project / "reports" / "tiny" / "good.html").exists()
    # the file is put back: the same command now succeeds, and says that the other page is up to date
    shutil.copyfile(project / "data" / "raw" / "tiny" / "tiny.csv", project / "data" / "raw" / "broken" / "tiny.csv")
    assert main(["report", "--datasets", "broken tiny"]) == 0
    assert "1 up to date" in capfd.readouterr().err


def test_a_changed_raw_file_changes_the_page(project, capfd):
    notebook(project, "01_good", PAGE)
    assert main(["report", "--datasets", "tiny"]) == 0
    with (project / "data" / "raw" / "tiny" / "tiny.csv").open("a", encoding="utf-8") as file:
        file.write("100,no\n")
    assert main(["report", "--datasets", "tiny"]) == 0
    assert "11 people" in (project / "reports" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("beside", ["plan.toml", "policies.csv", "truth.json"])
def test_a_file_beside_the_map_that_reports_read_makes_pages_again(project, capfd, beside):
    notebook(project, "01_good", PAGE)
    record = project / "reports" / "tiny" / "good.json"
    seen = []
    for text in (None, "one", "two"):
        if text:
            (project / "data" / "raw" / "tiny" / beside).write_text(text, encoding="utf-8")
        assert main(["report", "--datasets", "tiny"]) == 0
        seen.append(json.loads(record.read_text(encoding="utf-8"))["provenance"]["inputs"].get(f"tiny/{beside}"))
    assert seen[0] is None
    assert len(set(seen)) == 3


def test_a_dataset_outside_the_project_is_taken_by_its_path(project, tmp_path_factory, capfd):
    notebook(project, "01_good", PAGE)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "mine"
    shutil.move(project / "data" / "raw" / "tiny", elsewhere)
    assert main(["report", "--datasets", str(elsewhere)]) == 0
    assert (project / "reports" / "mine" / "good.html").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", "--datasets", "tinny"], "Did you mean 'tiny'"),
        (["check", "--dataset", "tinny"], "Did you mean 'tiny'"),
        (["new", "--dataset", "tiny", "--file", "nowhere.csv"], "no such file"),
        (["new", "--dataset", "Not A Name", "--file", "nowhere.csv"], "small letters"),
        (["data", "--datasets", "tinny"], "Did you mean 'tiny'"),
    ],
)
def test_a_wrong_name_is_one_line_and_exit_code_2(project, capsys, arguments, words):
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_an_unknown_argument_is_refused(project, capsys):
    with pytest.raises(SystemExit):
        main(["report", "--dataset-names", "tiny"])
    assert "unknown argument --dataset-names" in capsys.readouterr().err


def test_verify_sees_a_byte_that_differs_and_a_file_that_is_missing(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.html").write_text("same", encoding="utf-8")
        (tmp_path / name / "page.html").write_text(f"page {name}", encoding="utf-8")
    (tmp_path / "a" / "only.csv").write_text("1", encoding="utf-8")
    (tmp_path / "a" / ".log").write_text("hidden", encoding="utf-8")
    assert differences(tmp_path / "a", tmp_path / "b") == ["a/only.csv is in one build only", "a/page.html differs"]


def test_one_report_with_other_parameters_lies_beside_the_report_and_changes_nothing_else(project, capfd):
    notebook(
        project, "01_good", PAGE.replace("page.measured", 'page.text("Dataset {name}", name=dataset)\npage.measured')
    )
    code = json.loads((project / "notebooks" / "01_good.ipynb").read_text())
    code["cells"][1]["source"] += '\ndays: int = 105  # length of the window\ncounty: str = ""  # FIPS code'
    (project / "notebooks" / "01_good.ipynb").write_text(json.dumps(code))
    assert main(["report", "--datasets", "tiny"]) == 0
    folder = project / "reports" / "tiny"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["report", "--datasets", "tiny", "--notebook", "01_good", "--params", "days=180 county=06037"]) == 0
    made = json.loads((folder / "good_county-06037_days-180.json").read_text())
    assert made["provenance"]["parameters"] == {"dataset": "tiny", "days": 180, "county": "06037"}
    command = 'make report DATASETS="tiny" NOTEBOOK=01_good PARAMS="days=180 county=06037"'
    assert made["provenance"]["command"] == command
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert "Good (county = 06037, days = 180)" in (project / "reports" / "index.html").read_text(encoding="utf-8")
    assert main(["report", "--datasets", "tiny"]) == 0
    assert "good_county-06037_days-180.html" in (project / "reports" / "index.html").read_text(encoding="utf-8")
    assert "good_county-06037_days-180.html" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--notebook", "01_god"], "Did you mean '01_good'?"),
        (["--params", "days=180"], "NOTEBOOK"),
        (["--notebook", "01_good", "--params", "dataset=other"], "DATASETS"),
        (["--notebook", "01_good", "--params", "datset=other"], "did you mean 'dataset'?"),
    ],
)
def test_a_report_or_parameter_that_is_not_there_is_one_line(project, capsys, arguments, words):
    notebook(project, "01_good", PAGE)
    assert main(["report", "--datasets", "tiny", *arguments]) == 2
    assert words in capsys.readouterr().err
