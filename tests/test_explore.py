"""Exploring: the line of Python gives what is shown, and the notebook works in a real JupyterLab."""

import os
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
def lab(root, tmp_path):
    """A running JupyterLab over the project's notebooks: its address."""
    python = lab_python()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [python, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0",
             "--IdentityProvider.token=explore",
             f"--ServerApp.root_dir={root / 'notebooks'}"],
            env={**os.environ, **places, "ANALYSIS_HOME": str(root)}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token=explore", timeout=2)
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token=explore&reset"
    finally:
        server.terminate()
        server.wait(20)


def test_the_notebook_is_explored_in_jupyterlab(lab, browser):
    page = browser.new_page(viewport={"width": 1500, "height": 1300})
    page.set_default_timeout(90_000)
    page.goto(lab.format("explore.ipynb"))
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
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    page.close()
