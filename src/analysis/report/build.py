"""Builds pages: those that are not up to date, several at a time, each whole or not at all.

In go jobs, one a page; out come outcomes in the same order. papermill runs a job's notebook on a kernel of its own
(`analysis.report.kernels`), nbconvert writes its page, which is scanned before it is put in place. Only the standard
library is imported until something must be made: when all is up to date, a build takes milliseconds.
"""

import contextlib
import dataclasses
import fcntl
import functools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from analysis.data.errors import visible
from analysis.publish import outputs, parameters, provenance

PACKAGE = Path(__file__).parents[1]
DRAWING = (
    "publish/figures", "publish/numbers", "publish/tables", "publish/released", "data/rounding",
    "publish/templates/report.mplstyle",
)  # fmt: skip
_USUAL = 20_000_000  # bytes of tables, those of half a million detainers: a page about more may take longer
_WIDTH = 100
_FIGURES = threading.Lock()


@dataclass(frozen=True)
class Job:
    """One page to be made.

    Attributes:
        report: the report's name, a file name; unique within a dataset.
        dataset: the dataset's name, a folder name.
        notebook: path of the notebook.
        parameters: values for its parameters, each of the type that the notebook declares.
        inputs: SHA-256 of each input that the notebook reads, by name.
        out: path of the page without its ending.
        command: the command that makes the page again, for its footer.
        raw_values: gives the dataset's raw values, of which no page may hold one; None where there are none.
        size: bytes of the tables that the notebook reads: large ones are begun first, and may take longer.
    """

    report: str
    dataset: str
    notebook: Path
    parameters: Mapping[str, object]
    inputs: Mapping[str, str]
    out: Path
    command: str = ""
    raw_values: Callable[[], object] | None = None
    size: int = 0

    @property
    def name(self) -> str:
        """The job's name in messages."""
        return f"{self.dataset}/{self.report}"

    @property
    def page(self) -> Path:
        """The page."""
        return self.out.with_name(f"{self.out.name}.html")

    @property
    def record(self) -> Path:
        """Results and provenance, beside the page."""
        return self.out.with_name(f"{self.out.name}.json")


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        report, dataset: the job's.
        status: ``built``, ``up to date``, ``skipped`` (no page, for a reason) or ``failed``.
        message: the reason, or one line that says in which cell a report failed, by what error, and where to look.
        title, main_point: of the page, for the index.
        page: the page, None where there is none.
        seconds: how long it took.
        detail: what an error itself said, which may quote the data: for the terminal alone.
    """

    report: str
    dataset: str
    status: str
    message: str = ""
    title: str = ""
    main_point: str = ""
    page: Path | None = None
    seconds: float = 0.0
    detail: str = ""


@dataclass(frozen=True)
class _Build:
    """What all jobs of a build share."""

    root: Path
    figures: bool | None
    png: bool
    deadline: float

    @functools.cached_property
    def sources(self) -> tuple[str, str | None]:
        """SHA-256 of the package and of the lock."""
        return provenance.tree_hash(PACKAGE), provenance.file_hash(self.root / "requirements.lock")

    def half_run(self, job: Job) -> Path:
        """The notebook as far as it has run; kept where a report failed."""
        return self.root / "build" / "half-run" / job.dataset / f"{job.report}.ipynb"

    def figure_folder(self, job: Job) -> Path:
        return self.root / "figures" / job.dataset

    def shown(self, path: Path) -> str:
        """A path below the project's folder, with forward slashes; only the name of one outside."""
        path = path.resolve()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name


def build(
    jobs: Sequence[Job],
    *,
    root: Path,
    workers: int = 2,
    figures: bool | None = False,
    png: bool = True,
    deadline: float = 900.0,
    stream: TextIO | None = None,
) -> list[Outcome]:
    """Make every page that is not up to date, and remove pages that no longer hold.

    Args:
        jobs: the pages wanted.
        root: the project's folder; figures go to ``figures`` in it, what failed reports leave to ``build``.
        workers: how many at a time.
        figures: False writes the figure files that changed; True makes all pages anew and writes all of them;
            None writes none, for pages whose figures are inside them alone.
        png: draw a PNG of each figure too, which takes about half as long again.
        deadline: seconds for a page, more for large tables; its kernel is killed after them.
        stream: where to say how it goes; standard error where none is given.

    Returns:
        One outcome a job, in the order of the jobs. A report that fails does not stop the others.

    Raises:
        ValueError: two jobs have the same page, or there is no worker.
        SystemExit: interrupted with Ctrl-C, after the kernels were stopped; the next call completes the build.
    """
    if len({job.out for job in jobs}) < len(jobs) or len({job.name for job in jobs}) < len(jobs) or workers < 1:
        raise ValueError("build: each job needs a name and a page of its own, and there must be at least one worker")
    shared, progress = _Build(root.resolve(), figures, png, deadline), _Progress(stream or sys.stderr)
    try:
        with _lock(shared.root / "build" / "lock", progress):
            found = {job.name: _planned(job, shared) for job in jobs}
            outputs.remove_parts({folder for job in jobs for folder in (job.out.parent, shared.figure_folder(job))})
            _make_all([job for job in jobs if found[job.name] is None], shared, progress, workers, found)
    except KeyboardInterrupt:
        progress.say(f"stopped with {progress.left} of {len(jobs)} reports to be made; the next call goes on from here")
        raise SystemExit(130) from None
    return [found[job.name] for job in jobs]


def _planned(job: Job, shared: _Build) -> Outcome | None:
    """What became of a job that needs no run: it is up to date, or cannot be run."""
    try:
        expected = _expected(job, shared)
    except (OSError, ValueError) as error:
        _withdraw(job)
        return Outcome(job.report, job.dataset, "failed", str(error))
    record = None if shared.figures else provenance.read_record(job.record)
    if not provenance.is_current(record, expected, job.page) or not _has_figures(record, job, shared):
        return None
    if record["skipped"] is not None:
        return Outcome(job.report, job.dataset, "skipped", record["skipped"], record["title"] or "")
    return Outcome(job.report, job.dataset, "up to date", "", record["title"], record["main_point"], job.page)


def _expected(job: Job, shared: _Build) -> dict:
    """What the record beside a page must say; raises OSError or ValueError where the notebook or a value cannot be used."""
    name = shared.shown(job.notebook)
    try:
        notebook = json.loads(job.notebook.read_text(encoding="utf-8"))
        notebook["cells"]
    except FileNotFoundError:
        raise FileNotFoundError(f"{name}: no such notebook") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{name}: not a notebook; expected nbformat 4 JSON") from None
    parameters.check(parameters.declared(notebook, name), job.parameters, name)
    return provenance.expected(notebook, name, job.parameters, job.inputs, *shared.sources)


def _has_figures(record: dict, job: Job, shared: _Build) -> bool:
    if record["figures"] is None:  # made without figure files
        return shared.figures is None
    folder = shared.figure_folder(job)
    known = outputs.read_figures(folder) if record["figures"] else {}
    return all(outputs.is_intact(folder, known.get(name)) for name in record["figures"])


def _make_all(jobs: Sequence[Job], shared: _Build, progress: "_Progress", workers: int, found: dict) -> None:
    """Make pages, the longest first: those about the largest tables, and of these the later notebooks."""
    progress.begin(len(jobs), [outcome for outcome in found.values() if outcome])
    if not jobs:
        return
    from analysis.report.kernels import Kernels  # its imports cost more than the check that all is up to date

    with Kernels(shared.root, shared.root / "build" / "kernels.log") as kernels, ThreadPoolExecutor(workers) as pool:
        made = {job.name: pool.submit(_make, job, shared, kernels, progress)
                for job in sorted(jobs, key=lambda job: (job.size, job.notebook.name), reverse=True)}  # fmt: skip
        try:
            found.update({name: future.result() for name, future in made.items()})
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kernels.stop()
            raise


def _make(job: Job, shared: _Build, kernels: "Kernels", progress: "_Progress") -> Outcome:  # noqa: F821
    """Run a notebook, write its page, judge it and put it in place; an outcome whatever happens."""
    began, half_run, number = time.monotonic(), shared.half_run(job), 0
    half_run.parent.mkdir(parents=True, exist_ok=True)
    half_run.unlink(missing_ok=True)

    def on_cell(cell: Mapping, cell_index: int) -> None:
        nonlocal number
        if cell["cell_type"] == "code" and "injected-parameters" not in cell["metadata"].get("tags", []):
            number += 1  # as cells are counted in the notebook's source
            progress.cell(job, number)

    try:
        recorded = {**_expected(job, shared), "command": job.command}
        files = int(shared.figures is not None)
        environment = {"ANALYSIS_FIGURES": str(files), "ANALYSIS_PNG": str(int(shared.png and files))}
        limit = shared.deadline * max(1.0, job.size / _USUAL)
        notebook = kernels.run(job.notebook.resolve(), half_run, job.parameters, environment, limit, on_cell)
        outcome = _publish(job, shared, recorded, notebook)
        half_run.unlink()
    except Exception as error:
        if kernels.stopped:
            raise
        _withdraw(job)
        kept = f" (notebook as far as it ran: {shared.shown(half_run)})" if half_run.exists() else ""
        why, detail = _why(error, number)
        outcome = Outcome(job.report, job.dataset, "failed", f"{why}{kept}", detail=detail)
    outcome = dataclasses.replace(outcome, seconds=time.monotonic() - began)
    progress.end(outcome)
    return outcome


def _why(error: Exception, number: int) -> tuple[str, str]:
    """What happened, and what the error itself said of it, each on one line of readable length."""
    kind = type(error).__name__
    if kind == "PapermillExecutionError":
        return f"code cell {number}: {error.ename}", _first_line(error.evalue)
    if kind == "DeadKernelError":
        return f"code cell {number}: its kernel was ended (out of memory?)", ""
    if kind == "TimeoutError":
        return f"code cell {number}: {error}", ""
    return (str(error), error.detail) if kind == "LeakError" else (kind, _first_line(error))


def _first_line(said: object) -> str:
    line = next((line.strip() for line in str(said).splitlines() if line.strip()), "no message")
    return line if len(line) <= 300 else f"{line[:297]}..."


def _publish(job: Job, shared: _Build, recorded: dict, notebook: Mapping) -> Outcome:
    """Put a page in place, or none for a reason; the record goes last, and holds the hash of the page.

    All that would be written is looked through before any of it is.
    """
    from analysis.publish import html, leaks

    versions = provenance.versions()
    rendered = html.render(notebook, {**recorded, "versions": versions})
    record = {
        "report": job.report,
        "dataset": job.dataset,
        "title": rendered.title,
        "main_point": rendered.main_point or None,
        "results": rendered.results,
        "skipped": rendered.skipped,
        "banner": rendered.banner,
        "provenance": {**recorded, "versions": versions},
    }
    texts = {"page": rendered.html, "record": outputs.to_json(record)}
    for figure in rendered.figures:
        texts |= {f"figure {figure['name']}, {kind}": figure[kind] for kind in ("svg", "csv", "alt")}
    leaks.check(texts, job.raw_values() if job.raw_values else ())
    if rendered.skipped is None:
        record["page_sha256"] = outputs.write(job.page, rendered.html)
    else:
        _withdraw(job)
        record["page_sha256"] = None
    record["figures"] = _save_figures(job, shared, rendered.figures, versions["matplotlib"])
    outputs.write(job.record, outputs.to_json(provenance.sealed(record)))
    if rendered.skipped is not None:
        return Outcome(job.report, job.dataset, "skipped", rendered.skipped, rendered.title)
    return Outcome(job.report, job.dataset, "built", "", rendered.title, rendered.main_point, job.page)


def _save_figures(job: Job, shared: _Build, figures: Sequence[Mapping], matplotlib: str) -> list[str] | None:
    if shared.figures is None:
        return None
    code = provenance.text_hash(f"{provenance.tree_hash(PACKAGE, DRAWING)} matplotlib {matplotlib}")
    with _FIGURES:  # one figures.json a dataset
        folder = shared.figure_folder(job)
        entries = outputs.save_figures(folder, job.report, figures, code, shared.figures)
        outputs.record_figures(folder, job.report, entries)
    return sorted(entries)


def _withdraw(job: Job) -> None:
    """Remove a page that no longer holds: yesterday's must not look like today's."""
    for path in (job.record, job.page):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _lock(path: Path, progress: "_Progress") -> Iterator[None]:
    """Hold the folder for one build."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("another build is running in this folder; this one starts when it has ended")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class _Progress:
    """Says how a build goes: one line for each report, and on a terminal what runs at the moment."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._live, self._lock = stream, stream.isatty(), threading.Lock()
        self._running: dict[str, int] = {}
        self.total = self.left = 0

    def begin(self, total: int, done: Sequence[Outcome]) -> None:
        """So many reports are to be made; others are done."""
        self.total = self.left = total + sum(outcome.status == "failed" for outcome in done)
        current = [outcome for outcome in done if outcome.status != "failed"]
        if current:
            skipped = sum(outcome.status == "skipped" for outcome in current)
            without = f", {skipped} of them without a page for a reason" if skipped else ""
            self.say(f"{len(current)} up to date{without}")
        for outcome in done:
            if outcome.status == "failed":
                self.end(outcome)

    def cell(self, job: Job, number: int) -> None:
        """A report has reached a code cell."""
        with self._lock:
            self._running[job.name] = number
            self._show()

    def end(self, outcome: Outcome) -> None:
        """A report has ended."""
        with self._lock:
            self._running.pop(f"{outcome.dataset}/{outcome.report}", None)
            self.left -= 1
            said = "".join(f": {part}" for part in (outcome.message, outcome.detail) if part)
            said = said or f" in {outcome.seconds:.1f} s"
            self.say(
                f"[{self.total - self.left}/{self.total}] {outcome.dataset}/{outcome.report} {outcome.status}{said}"
            )
            self._show()

    def say(self, line: str) -> None:
        """Write a line of its own."""
        line = visible(line)
        self._stream.write(f"\r\x1b[K{line}\n" if self._live else f"{line}\n")
        self._stream.flush()

    def _show(self) -> None:
        if self._live and self._running:
            running = ", ".join(f"{name} (cell {number})" for name, number in self._running.items())
            self._stream.write(f"\r\x1b[K{f'[{self.total - self.left}/{self.total}] {running}'[:_WIDTH]}")
            self._stream.flush()
