"""Thousands of mutated datasets and policy files: each must end in rows that add up or in one clear line, in time.

Cases come from a seed, in chunks; the same seed gives the same cases. Processes are used for many cases each;
one that hangs, is killed or runs out of memory is a failure of the case it was on, and is replaced.
"""

import contextlib
import json
import os
import selectors
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from analysis.torture.case import NAME

CHUNK = 250  # cases that one seed gives
MEGABYTES = 4096  # of address space
SECONDS = 300.0  # that a case may take, on a machine that does other work too


@dataclass
class Found:
    """What came of the cases: how many of each kind ended how, and what failed."""

    counts: Counter = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """The number of cases tried."""
        return sum(self.counts.values())


def fuzz(cases: int, seed: int, folder: Path, *, workers: int = 2, progress: object = print) -> Found:
    """Try ``cases`` cases; failed ones are kept whole under ``folder/failed``."""
    found, seen = Found(), 0
    chunks = [_Chunk(seed + i, min(CHUNK, cases - i * CHUNK)) for i in range(-(-cases // CHUNK))]
    running: list[_Worker] = []
    with selectors.DefaultSelector() as ready:
        try:
            while chunks or running:
                while chunks and len(running) < workers:
                    running.append(_Worker(chunks.pop(0), folder, ready))
                for worker in _news(running, ready):
                    for line in worker.lines():
                        _count(line, worker, found, folder)
                    if worker.over:
                        running.remove(worker)
                        if again := worker.end(found, folder, ready):
                            chunks.insert(0, again)
                if found.cases // 1000 > seen:
                    seen = found.cases // 1000
                    progress(f"{found.cases:,} cases, {len(found.failures)} failed")
        finally:
            for worker in running:
                worker.kill(ready)
    return found


@dataclass(frozen=True)
class _Chunk:
    seed: int
    cases: int
    skip: int = 0


class _Worker:
    """One process on one chunk."""

    def __init__(self, chunk: _Chunk, folder: Path, ready: selectors.BaseSelector) -> None:
        self.chunk, self.root, self.case, self.finished = chunk, folder / f"chunk-{chunk.seed}", None, False
        self.root.mkdir(parents=True, exist_ok=True)
        self.log = (folder / f"chunk-{chunk.seed}.log").open("ab")
        words = [str(word) for word in (self.root, chunk.seed, chunk.cases, chunk.skip, MEGABYTES)]
        command = [sys.executable, "-m", "analysis.torture.fuzz_worker", *words]
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, **threads}
        )
        self.held, self.ended, self.until = b"", False, time.monotonic() + 2 * SECONDS
        ready.register(self.process.stdout, selectors.EVENT_READ, self)

    @property
    def over(self) -> bool:
        return self.ended or time.monotonic() > self.until

    def lines(self) -> Iterator[dict]:
        """Yield what the process has said since it was last asked."""
        if time.monotonic() > self.until:
            return
        block = os.read(self.process.stdout.fileno(), 1 << 16)
        self.ended = not block
        *whole, self.held = (self.held + block).split(b"\n")
        for line in whole:
            self.until = time.monotonic() + SECONDS
            yield json.loads(line)

    def end(self, found: Found, folder: Path, ready: selectors.BaseSelector) -> _Chunk | None:
        """Note how the process ended; return what is left of its chunk where it did not end well."""
        late = not self.ended
        code = self.kill(ready)
        if self.finished:
            shutil.rmtree(self.root, ignore_errors=True)
            return None
        number, kind = self.case or (self.chunk.skip, "start")
        why = f"took longer than {SECONDS:g} s" if late else f"its process ended with code {code}"
        found.counts[kind, "failed"] += 1
        _fail(found, folder, self, number, kind, why)
        left = _Chunk(self.chunk.seed, self.chunk.cases, number + 1)
        return left if left.skip < left.cases else None

    def kill(self, ready: selectors.BaseSelector) -> int:
        with contextlib.suppress(KeyError, ValueError):
            ready.unregister(self.process.stdout)
        if not self.ended:
            self.process.kill()
        code = self.process.wait()
        self.process.stdout.close()
        self.log.close()
        return code


def _news(running: list[_Worker], ready: selectors.BaseSelector) -> list[_Worker]:
    wait = max(0.0, min(worker.until for worker in running) - time.monotonic()) + 0.01
    heard = [key.data for key, _ in ready.select(wait)]
    return heard + [worker for worker in running if worker.over and worker not in heard]


def _count(line: dict, worker: _Worker, found: Found, folder: Path) -> None:
    if "tried" in line:
        worker.finished = line["tried"] == worker.chunk.cases
    elif "outcome" not in line:
        worker.case = (line["case"], line["kind"])
    else:
        found.counts[line["kind"], line["outcome"]] += 1
        if line["outcome"] == "failed":
            _fail(found, folder, worker, line["case"], line["kind"], line["why"])


def _fail(found: Found, folder: Path, worker: _Worker, number: int, kind: str, why: str) -> None:
    name = f"seed {worker.chunk.seed}, case {number} ({kind})"
    found.failures.append(f"{name}: {why}")
    kept = folder / "failed" / f"{worker.chunk.seed}-{number}"
    with contextlib.suppress(OSError):  # the case is still in the worker's folder, unless the next has begun
        shutil.copytree(worker.root / "data" / "raw" / NAME, kept, dirs_exist_ok=True)
