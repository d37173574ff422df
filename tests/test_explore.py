"""Exploring: the line of Python gives what is shown, and the notebook works in a real JupyterLab."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

import analysis
from analysis.cli import main
from analysis.publish.fragments import on_paper

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    for name in ("north-carolina", "demo"):
        (folder / "data" / "raw" / name).mkdir(parents=True)
        shutil.copyfile(*(place / "data" / "raw" / name / "dataset.toml" for place in (ROOT, folder)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(folder))
        analysis.open_dataset("north-carolina")
        yield folder


@pytest.mark.parametrize("definition", ["first", "censored", "later"])
@pytest.mark.parametrize("by", ["", "felon"])
def test_the_line_of_python_gives_the_table(root, definition, by):
    from analysis.explore import Choice

    choice = Choice("north-carolina", by=by, window=24, definition=definition)
    pd.testing.assert_frame_equal(eval(choice.code), choice.table())
    assert len(choice.table()) == (2 if by else 1)


def test_groups_are_what_a_figure_can_tell_apart(root):
    from analysis.explore import Choice, datasets, groups

    people = Choice("north-carolina").cohort()
    assert "felon" in groups(people)
    assert not {"age", "tserved", "event", "days"} & set(groups(people))
    assert datasets() == ["north-carolina"]


def lab_python() -> str:
    """The Python of an environment with JupyterLab, this one or the one that ANALYSIS_LAB names; skips without one."""
    for python in (os.environ.get("ANALYSIS_LAB"), sys.executable):
        code = "import analysis, ipywidgets, itables, jupyterlab"
        if python and subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0:
            return python
    pytest.skip("JupyterLab is not installed: sh setup.sh lab, or ANALYSIS_LAB=/path/to/python")


@pytest.fixture
def lab(root, clone, tmp_path):
    """`make lab` in a git repository of its own, with the dark theme: its address, to be filled with a path."""
    python = lab_python()
    subprocess.run(["sh", "setup.sh"], cwd=clone, check=True)
    shutil.copytree(root / "data", clone / "data")
    private = clone / "data" / "private" / "demo"
    private.mkdir(parents=True)
    pd.DataFrame({"reason": ["not readable as a date", *["blank"] * 20]}).to_parquet(private / "set_aside.parquet")
    themes = tmp_path / "CONFIG" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    themes.mkdir(parents=True)
    (themes / "themes.jupyterlab-settings").write_text('{"theme": "JupyterLab Dark"}')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [python, "-m", "analysis", "lab", "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0",
             "--IdentityProvider.token=explore"],
            env={**os.environ, **places, "ANALYSIS_HOME": str(clone)}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token=explore", timeout=2)
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/{{}}?token=explore&reset"
    finally:
        server.terminate()
        server.wait(20)


TABLE = """<div id="own"><table><caption>Seen</caption><thead><tr><th>Group</th><th>People</th></tr></thead>
<tbody><tr><th>a</th><td>1</td></tr><tr><th>b</th><td>2</td></tr></tbody></table><p><a href="#own">link</a> <code>code</code></p></div>"""
SEEN = """element => {
  const text = getComputedStyle(element).color;
  while (getComputedStyle(element).backgroundColor === 'rgba(0, 0, 0, 0)') element = element.parentElement;
  return [text, getComputedStyle(element).backgroundColor];
}"""


def contrast(colours: list[str]) -> float:
    """The contrast of two opaque or nearly opaque colours (WCAG 2.2)."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted(map(luminance, colours), reverse=True)[:2]
    return (light + 0.05) / (dark + 0.05)


def test_the_notebook_is_explored_in_jupyterlab(lab, clone, browser):
    with urllib.request.urlopen(lab.format("api/contents")) as answer:
        listed = {entry["path"] for entry in json.load(answer)["content"]}
    assert {"data", "notebooks"} <= listed
    page = browser.new_page(viewport={"width": 1500, "height": 1300})
    page.set_default_timeout(90_000)
    page.goto(lab.format("lab/tree/notebooks/explore.ipynb"))
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
    page.locator("[data-command='runmenu:run-all']").click()
    curve, code = page.locator(".explore-curve svg").first, page.locator(".explore-code").first
    curve.wait_for()
    assert "[12])" in code.inner_text()
    before = curve.inner_html()
    page.locator(".widget-slider .noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.explore-code').innerText.includes('[13])')")
    page.wait_for_function("before => document.querySelector('.explore-curve svg').innerHTML !== before", arg=before)
    aside = page.locator(".dt-container")
    aside.get_by_text("not readable as a date").wait_for()
    assert page.evaluate("document.body.dataset.jpThemeLight") == "false"
    aside.evaluate(
        "(aside, html) => aside.insertAdjacentHTML('afterend', html)", on_paper(TABLE)
    )  # as an output is shown
    for seen in ("caption", "thead th", "tbody th", "tbody tr:nth-child(2) td", "a", "p code"):
        assert contrast(page.locator(f"#own {seen}").first.evaluate(SEEN)) >= 4.5, seen
    for seen in ("thead th", "tbody td", ".dt-search label"):
        assert contrast(aside.locator(seen).first.evaluate(SEEN)) >= 4.5, seen
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    page.locator(".jp-Notebook").click(position={"x": 5, "y": 5})
    page.keyboard.press("Control+s")
    saved = clone / "notebooks" / "explore.ipynb"
    until(lambda: "not readable as a date" in saved.read_text(encoding="utf-8"))
    until(lambda: git_says(clone) == "")
    page.close()


def git_says(clone: Path) -> str:
    status = ["git", "status", "--porcelain", "notebooks"]
    return subprocess.run(status, cwd=clone, capture_output=True, text=True, check=True).stdout


def until(happened) -> None:
    for _ in range(120):
        if happened():
            return
        time.sleep(0.5)
    pytest.fail("it did not happen in a minute")


def test_root_is_told_how_jupyterlab_runs(root, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert main(["lab", "--no-browser"]) == 2
    assert capsys.readouterr().err == (
        "analysis: JupyterLab does not run as root unless told: make lab ARGS=--allow-root\n"
    )


def test_arguments_go_to_jupyterlab_which_opens_at_the_root(root, monkeypatch):
    called = []
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "execv", lambda _, words: called.append((Path.cwd(), words)))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.chdir(root / "notebooks")
    main(["lab", "--no-browser", "--port", "8889"])
    [(where, words)] = called
    assert where == root
    assert words[1:3] == ["-m", "jupyterlab"]
    assert words[-3:] == ["--no-browser", "--port", "8889"]
