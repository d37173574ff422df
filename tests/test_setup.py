"""Set-up: two calls at once make one environment, and git sees notebooks without their outputs."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from analysis.cli import after_save


@pytest.fixture
def start(clone, held):
    """The function that begins a set-up."""
    with contextlib.ExitStack() as ends:

        def start() -> subprocess.Popen:
            call = subprocess.Popen(
                ["sh", "setup.sh"], cwd=clone, stderr=subprocess.PIPE, text=True, start_new_session=True
            )
            ends.enter_context(call)
            ends.callback(held.unlink, missing_ok=True)
            return call

        yield start


def calls(clone: Path, word: str) -> int:
    log = clone.parent / "uv"
    return sum(line.startswith(word) for line in log.read_text().splitlines()) if log.exists() else 0


def wait_for(happened) -> None:
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen in half a minute")


@pytest.fixture
def held(clone):
    """The file that keeps a set-up at its first step."""
    file = clone.parent / "uv.wait"
    file.touch()
    return file


def test_a_second_call_waits_and_takes_the_environment_of_the_first(clone, held, start):
    first = start()
    wait_for(lambda: calls(clone, "venv"))
    second = start()
    assert second.stderr.readline() == "setup: another call is making .venv, this one waits for it\n"
    assert second.poll() is None
    held.unlink()
    assert first.wait(60) == second.wait(60) == 0
    assert calls(clone, "venv") == 1
    assert (clone / ".venv" / ".installed").is_file()


def test_a_call_that_was_killed_keeps_nobody_waiting(clone, held, start):
    first = start()
    wait_for(lambda: calls(clone, "venv"))
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(60)
    held.unlink()
    second = start()
    assert second.wait(60) == 0
    assert "waits" not in second.stderr.read()
    assert calls(clone, "venv") == 2


def test_a_second_call_makes_what_the_first_could_not(clone, held, start):
    first = start()
    wait_for(lambda: calls(clone, "venv"))
    second = start()
    second.stderr.readline()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(60)
    held.unlink()
    assert second.wait(60) == 0
    assert calls(clone, "venv") == 2
    assert (clone / ".venv" / ".installed").is_file()


def git(clone: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=clone, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def run_and_save(file: Path) -> None:
    """Leave what running a notebook in JupyterLab and saving it leaves."""
    notebook = nbformat.read(file, 4)
    notebook.metadata.language_info = {
        "codemirror_mode": {"name": "ipython", "version": 3}, "file_extension": ".py", "mimetype": "text/x-python",
        "name": "python", "nbconvert_exporter": "python", "pygments_lexer": "ipython3", "version": "3.12.1",
    }  # fmt: skip
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.execution_count = number
        cell.outputs = [v4.new_output("stream", text="shown\n")]
        cell.metadata["execution"] = {"iopub.status.idle": "2026-12-01T05:00:00Z"}
    nbformat.write(notebook, file)


def test_a_notebook_that_was_run_and_saved_is_unchanged_for_git(clone):
    assert subprocess.run(["sh", "setup.sh"], cwd=clone, check=False).returncode == 0
    file = clone / "notebooks" / "02_short_window.ipynb"
    run_and_save(file)
    assert git(clone, "diff") == ""
    after_save(str(file)).join()
    assert git(clone, "status", "--porcelain") == ""


def test_changes_of_ones_own_are_seen_and_not_staged(clone):
    assert subprocess.run(["sh", "setup.sh"], cwd=clone, check=False).returncode == 0
    file, own = clone / "notebooks" / "explore.ipynb", clone / "notebooks" / "own.ipynb"
    run_and_save(file)
    file.write_text(file.read_text().replace("# Explore", "# Explore more"))
    shutil.copyfile(file, own)
    for path in (file, own):
        after_save(str(path)).join()
    assert git(clone, "status", "--porcelain") == " M notebooks/explore.ipynb\n?? notebooks/own.ipynb\n"
    assert git(clone, "diff", "--numstat") == "1\t1\tnotebooks/explore.ipynb\n"


def test_git_works_without_the_environment(clone):
    assert subprocess.run(["sh", "setup.sh"], cwd=clone, check=False).returncode == 0
    (clone / ".venv" / ".installed").unlink()
    run_and_save(clone / "notebooks" / "explore.ipynb")
    assert git(clone, "diff", "--numstat").endswith("\tnotebooks/explore.ipynb\n")
    again = clone.parent / "again"  # a clone without the filter's configuration
    git(clone, "clone", "-q", ".", str(again))
    assert git(again, "status", "--porcelain") == ""


def test_set_up_needs_no_git(clone):
    shutil.rmtree(clone / ".git")
    done = subprocess.run(["sh", "setup.sh"], cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "git" not in done.stderr
