"""Processes side by side: answers in the order of the jobs, and one clear line when a process fails or is killed."""

import os
import signal
import time

import duckdb
import pyarrow as pa
import pytest

from analysis.data.crew import Crew, size
from analysis.data.errors import InputError, memory_ran_out


class Chores:
    """Jobs for a test; sent to the processes by name, as work is."""

    def echo(self, value: int, seconds: float = 0.0) -> int:
        time.sleep(seconds)
        return value

    def refuse(self) -> None:
        raise InputError("a.csv: row 3 is not one")

    def exhaust(self) -> None:
        raise MemoryError("the batch")

    def fault(self) -> None:
        raise KeyError("a fault")

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def importable(monkeypatch):
    """Let the processes import this module, which holds the jobs."""
    here = os.path.dirname(__file__)
    monkeypatch.syspath_prepend(here)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def chores(importable):
    import importlib

    return importlib.import_module("test_crew").Chores()


def test_answers_come_in_the_order_of_the_jobs(chores):
    with Crew(chores, 2) as crew:
        found = []
        for i, seconds in enumerate((0.4, 0, 0, 0.2, 0)):
            found += crew.give("echo", i, seconds, about="x")
        found += crew.rest()
    assert found == [0, 1, 2, 3, 4]
    assert all(process.poll() is not None for process in crew.processes.values())


@pytest.mark.parametrize(
    ("job", "kind", "said"),
    [
        ("refuse", InputError, "a.csv: row 3 is not one"),
        ("exhaust", MemoryError, "the batch"),
        ("fault", RuntimeError, "KeyError: 'a fault'"),
        ("die", InputError, r"b.csv: the process that worked on it ended with code -9 .*ANALYSIS_JOBS=1"),
    ],
)
def test_what_goes_wrong_in_a_process_is_said_here(chores, job, kind, said):
    with Crew(chores, 2) as crew:
        assert list(crew.give(job, about="b.csv")) == []
        with pytest.raises(kind, match=said):
            list(crew.rest())
    assert all(process.poll() is not None for process in crew.processes.values())


def test_processes_are_started_for_large_files_alone(tmp_path, monkeypatch):
    small, large = tmp_path / "a.csv", tmp_path / "b.csv"
    small.write_bytes(b"x" * 1000)
    with large.open("wb") as file:
        file.truncate(100_000_000)
    assert (size([small, None]), size([small, large])) == (0, 2)
    monkeypatch.setenv("ANALYSIS_JOBS", "1")
    assert size([large]) == 0
    monkeypatch.setenv("ANALYSIS_JOBS", "many")
    with pytest.raises(InputError, match="ANALYSIS_JOBS = 'many'"):
        size([large])


@pytest.mark.parametrize(
    ("error", "none_left"),
    [
        (MemoryError(), True),
        (duckdb.OutOfMemoryException("failed to pin block"), True),
        (ImportError("libx.so: failed to map segment from shared object"), True),
        (RuntimeError("can't start new thread"), True),
        (pa.ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"), True),
        (ImportError("No module named 'x'"), False),
        (RuntimeError("dictionary changed size during iteration"), False),
    ],
    ids=repr,
)
def test_libraries_say_in_many_ways_that_there_is_no_memory(error, none_left):
    assert memory_ran_out(error) is none_left
