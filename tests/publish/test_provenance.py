"""A page is current only while all that it was made from, and the page itself, are as recorded."""

import hashlib
import json
import subprocess
import sys

import pytest

from analysis.publish import provenance

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Title\n", "text"], "metadata": {}},
        {"cell_type": "code", "source": "x = 1", "metadata": {"tags": ["parameters"]}, "outputs": []},
    ]
}
GIVEN = {
    "notebook": NOTEBOOK, "name": "notebooks/x.ipynb", "parameters": {"days": 30, "adjust": ("sex",)},
    "inputs": {"b.csv": "2", "a.csv": "1"}, "package": "p", "lock": "l",
}  # fmt: skip


def changed(*path, to):
    copy = json.loads(json.dumps(NOTEBOOK))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return copy


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "x.html"
    path.write_text("<p>page</p>")
    return path


def record(page, **changes):
    said = {"provenance": {**provenance.expected(**GIVEN), "command": "make report", "versions": {"pandas": "3"}}}
    return json.loads(json.dumps({**said, "page_sha256": provenance.file_hash(page), **changes}))


def test_hashes_are_sha256(page):
    assert provenance.file_hash(page) == hashlib.sha256(b"<p>page</p>").hexdigest()
    assert provenance.text_hash("<p>page</p>") == provenance.file_hash(page)
    assert provenance.file_hash(page.with_name("absent")) is None


@pytest.mark.parametrize(
    "other",
    [
        changed("cells", 0, "source", to="# Title\ntext"),
        changed("cells", 1, "outputs", to=[{"output_type": "stream", "name": "stdout", "text": "1"}]),
        changed("cells", 1, "id", to="another"),
        changed("metadata", to={"kernelspec": {"name": "other"}}),
    ],
)
def test_opening_and_saving_a_notebook_keeps_its_hash(other):
    assert provenance.notebook_hash(other) == provenance.notebook_hash(NOTEBOOK)


@pytest.mark.parametrize(
    "other",
    [
        changed("cells", 1, "source", to="x = 2"),
        changed("cells", 0, "source", to="# Other"),
        changed("cells", 1, "metadata", "tags", to=[]),
        changed("cells", 0, "cell_type", to="raw"),
        {"cells": NOTEBOOK["cells"][::-1]},
    ],
)
def test_changing_a_notebook_changes_its_hash(other):
    assert provenance.notebook_hash(other) != provenance.notebook_hash(NOTEBOOK)


def test_tree_hash_follows_names_and_contents_of_sources(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.py").write_text("1")
    first = provenance.tree_hash(tmp_path)
    (tmp_path / "a" / "__pycache__").mkdir()
    (tmp_path / "a" / "__pycache__" / "x.py").write_text("compiled")
    (tmp_path / "a" / "notes.bak").write_text("not a source")
    assert provenance.tree_hash(tmp_path) == first
    (tmp_path / "b.toml").write_text("2")
    assert provenance.tree_hash(tmp_path) != first
    assert provenance.tree_hash(tmp_path, ["a/"]) == first
    (tmp_path / "a" / "x.py").rename(tmp_path / "a" / "y.py")
    assert provenance.tree_hash(tmp_path, ["a/"]) != first


def test_page_is_current_while_nothing_changed(page):
    assert provenance.is_current(record(page), provenance.expected(**GIVEN), page)


@pytest.mark.parametrize(
    "change",
    [
        {"notebook": changed("cells", 1, "source", to="x = 2")},
        {"name": "notebooks/y.ipynb"},
        {"parameters": {"days": 31, "adjust": ("sex",)}},
        {"parameters": {"days": 30}},
        {"inputs": {"b.csv": "2", "a.csv": "changed"}},
        {"inputs": {"a.csv": "1"}},
        {"package": "q"},
        {"lock": None},
    ],
)
def test_page_is_not_current_when_what_it_rests_on_changed(page, change):
    assert not provenance.is_current(record(page), provenance.expected(**{**GIVEN, **change}), page)


def test_page_is_not_current_under_another_python(page, monkeypatch):
    before = record(page)
    monkeypatch.setattr(provenance, "python_version", lambda: "3.99")
    assert not provenance.is_current(before, provenance.expected(**GIVEN), page)


def test_edited_or_absent_page_is_not_current(page):
    said, expected = record(page), provenance.expected(**GIVEN)
    page.write_text("<p>edited</p>")
    assert not provenance.is_current(said, expected, page)
    page.unlink()
    assert not provenance.is_current(said, expected, page)


def test_skipped_report_is_current_while_there_is_no_page(page):
    said, expected = record(page, page_sha256=None), provenance.expected(**GIVEN)
    assert not provenance.is_current(said, expected, page)
    page.unlink()
    assert provenance.is_current(said, expected, page)


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"sha256": "0"}', "\xff"])
def test_unreadable_record_means_build_again(tmp_path, content):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    assert provenance.read_record(path) is None
    assert not provenance.is_current(None, provenance.expected(**GIVEN), tmp_path / "x.html")


def test_edited_record_means_build_again(tmp_path):
    path = tmp_path / "x.json"
    sealed = provenance.sealed({"results": {"share": 0.0909091}})
    path.write_text(json.dumps(sealed, indent=1))
    assert provenance.read_record(path) == sealed
    path.write_text(path.read_text().replace("0.0909", "0.5"))
    assert provenance.read_record(path) is None


def test_versions_are_those_installed():
    import pandas as pd

    assert provenance.versions()["pandas"] == pd.__version__


def test_checking_imports_the_standard_library_alone():
    code = (
        "import sys; import analysis.report.build, analysis.publish.provenance;"
        "print(*{name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'analysis'})"
    )
    # Site hooks of the environment may import modules of their own before the first line runs.
    bare = subprocess.run([sys.executable, "-c", code.replace("analysis.report.build, analysis.publish.provenance", "os")],
                          capture_output=True, text=True, check=True)  # fmt: skip
    full = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(full.stdout.split()) <= set(bare.stdout.split())
