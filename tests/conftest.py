"""What several tests share: a copy of the project to build in, and the default site built once."""

import contextlib
import fcntl
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from analysis.data import rounding

ROOT = Path(__file__).parents[1]
settings.register_profile("project", deadline=None)  # a machine that does other work is no failure
settings.load_profile("project")


@pytest.fixture(autouse=True)
def exact():
    """Each test is a run of its own: what one opens rounds nothing in the next."""
    with rounding.exactly():
        yield


def copy_project(folder: Path) -> Path:
    """Copy what a build needs; downloads and what was made from raw files stay behind."""
    for name in ("notebooks", "requirements.lock"):
        source = ROOT / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copyfile(source, folder / name)
    shutil.copytree(ROOT / "data" / "raw" / "published", folder / "data" / "raw" / "published")
    for spec in ROOT.glob("data/raw/*/dataset.toml"):
        target = folder / spec.relative_to(ROOT).parent
        target.mkdir(parents=True)
        for file in spec.parent.iterdir():
            if file.name in ("dataset.toml", "policies.csv", "plan.toml") or target.name == "demo":
                shutil.copyfile(file, target / file.name)
    return folder


@pytest.fixture(scope="session")
def project_copy():
    """The function that copies the project into an empty folder."""
    return copy_project


UV = """#!/bin/sh
# Stands for uv: makes an environment that is this one, installs nothing; waits while there is a file named wait.
echo "$@" >>"$UV_LOG"
[ "$1" = venv ] && mkdir -p .venv/bin && printf '#!/bin/sh\\nexec "{python}" "$@"\\n' >.venv/bin/python && chmod +x .venv/bin/python
while [ -e "$UV_LOG.wait" ]; do sleep 0.1; done
"""


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A git repository with the notebooks and what set-up reads, where `sh setup.sh` takes a moment: its root."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root = tmp_path / "clone"
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for name in (
        ".gitattributes",
        ".gitignore",
        "setup.sh",
        "pyproject.toml",
        "requirements.lock",
        "lab.lock",
        "cluster.lock",
    ):
        shutil.copyfile(ROOT / name, root / name)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").write_text(UV.replace("{python}", sys.executable))
    (tmp_path / "bin" / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    for key in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(key, os.devnull)
    monkeypatch.setenv("UV_LOG", str(tmp_path / "uv"))
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.delenv("SETUP_TURN", raising=False)
    for words in ("init -q", "add .", "-c user.name=a -c user.email=a@example.org commit -q -m first"):
        subprocess.run(["git", *words.split()], cwd=root, check=True)
    return root


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The default site, built once in a folder of its own, by whichever process of a run comes first: its root."""
    from analysis.cli import main

    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site"
    with root.with_name("site.lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "reports" / "index.html").exists():
            root.mkdir()
            patch.setenv("ANALYSIS_HOME", str(copy_project(root)))
            said = io.StringIO()
            with contextlib.redirect_stderr(said):
                code = main(["report"])
            assert code == 0, said.getvalue()
    return root


SWEEP = """title = "Re-arrest in two counties"
notebook = "02_short_window"
dataset = "demo"
[vary]
jurisdiction = ["85001", "85003"]
"""


@pytest.fixture(scope="session")
def beyond(site, tmp_path_factory):
    """The kinds of pages that the default site has none of, from its data: a sweep with its comparison."""
    from analysis.sweeps import run_sweep

    root = tmp_path_factory.mktemp("beyond")
    for name in ("data", "notebooks", "requirements.lock"):
        (root / name).symlink_to(site / name)
    (root / "two-counties.toml").write_text(SWEEP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(root))
        assert run_sweep(root / "two-counties.toml") == 0
    return root


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window; tests that ask for it are skipped where it or playwright is not installed.

    It ends with each module: playwright keeps an event loop running for as long as it lives, beside which no kernel can run.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: sh setup.sh lab")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()
