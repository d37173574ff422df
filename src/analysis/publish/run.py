"""Builds reports: those that are not up to date, in parallel, each page whole or not at all.

In go jobs, one for each page; out come outcomes in the same order. Nothing but the standard library is
imported until something must be built.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from analysis.publish import outputs, provenance
from analysis.publish.job import Job, Outcome
from analysis.publish.plan import Settings, plan
from analysis.publish.progress import Progress

__all__ = ["Job", "Outcome", "build", "withhold"]


def build(
    jobs: Sequence[Job],
    *,
    root: Path,
    workers: int = 2,
    force: bool = False,
    figures: bool | None = False,
    png: bool = True,
    deadline: float = 900.0,
    cell_deadline: float = 300.0,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Make every page that is not up to date, and remove pages that no longer hold.

    Args:
        jobs: the reports wanted.
        root: the project's folder; logs go to ``reports/.logs`` and figures to ``figures`` in it.
        workers: how many processes at most.
        force: make all pages anew.
        figures: False writes the figure files that changed; True makes all pages anew and writes all of them;
            None writes none, for pages whose figures are inside them alone.
        png: draw a PNG of each figure too, which takes about half as long again.
        deadline: seconds for a report, times the job's patience; its process is killed after them.
        cell_deadline: seconds for a cell, times the job's patience; it is interrupted after them.
        progress: told how the build goes; by default lines on standard error.

    Returns:
        One outcome a job, in the order of the jobs. A failed report does not stop the others.

    Raises:
        ValueError: two jobs have the same page, or there is no worker.
        SystemExit: interrupted with Ctrl-C, after the workers were stopped; the next call completes the build.
    """
    if len({job.out for job in jobs}) < len(jobs) or len({job.name for job in jobs}) < len(jobs) or workers < 1:
        raise ValueError("build: each job needs a name and a page of its own, and there must be at least one worker")
    progress = progress or Progress()
    settings = Settings(root.resolve(), force or bool(figures), figures, png, cell_deadline)
    try:
        with _lock(settings.root / "reports" / ".lock", progress) as held:
            found = _build(jobs, settings, progress, workers=workers, deadline=deadline, held=held)
    except KeyboardInterrupt:
        progress.say(f"stopped with {progress.left} of {len(jobs)} reports to be made; the next call goes on from here")
        raise SystemExit(130) from None
    return [found[job.name] for job in jobs]


def _build(jobs: Sequence[Job], settings: Settings, progress: Progress, **options: float) -> dict[str, Outcome]:
    planned = {job.name: plan(job, settings) for job in jobs}
    found = {name: item for name, item in planned.items() if isinstance(item, Outcome)}
    tasks = [item for item in planned.values() if not isinstance(item, Outcome)]
    done = [outcome for outcome in found.values() if outcome.status != "failed"]
    progress.begin(len(jobs) - len(done), done)
    by_name = {job.name: job for job in jobs}
    for name, outcome in found.items():
        if outcome.status == "failed":
            _withdraw(by_name[name])
            progress.end(outcome)
    outputs.remove_parts({folder for job in jobs for folder in (job.out.parent, settings.figures(job))})
    if tasks:
        from analysis.publish import pool  # its imports cost more than the check that all is up to date

        for task, answer in pool.run(tasks, on_cell=progress.cell, **options):
            job = by_name[f"{task['dataset']}/{task['report']}"]
            found[job.name] = _finish(job, settings, task["provenance"], answer)
            progress.end(found[job.name])
    return found


def _finish(job: Job, settings: Settings, recorded: dict, answer: dict) -> Outcome:
    if answer["status"] == "failed":
        return _failed(job, settings, answer)
    try:
        return _publish(job, settings, recorded, answer)
    except OSError as error:
        return _failed(job, settings, {**answer, "error": f"could not be written: {error}"})


def _publish(job: Job, settings: Settings, recorded: dict, answer: dict) -> Outcome:
    """Put a page in place, or none for a reason; the record goes last, and holds the hash of the page."""
    skipped = answer.get("reason")
    if skipped is not None:
        _withdraw(job)
    else:
        outputs.part_of(job.page).replace(job.page)
    figures = answer.get("figures", {})
    if figures is not None:
        outputs.record_figures(settings.figures(job), job.report, figures)
    record = {
        "report": job.report,
        "dataset": job.dataset,
        "title": answer.get("title"),
        "main_point": answer.get("main_point"),
        "results": answer.get("results", {}),
        "skipped": skipped,
        "shown": answer.get("shown"),
        "page_sha256": answer.get("page_sha256"),
        "figures": figures if figures is None else sorted(figures),
        "provenance": {**recorded, "versions": answer["versions"]},
    }
    outputs.write(job.record, outputs.to_json(provenance.sealed(record)))
    if skipped is not None:
        return Outcome(job.report, job.dataset, "skipped", skipped, answer.get("title", ""), seconds=answer["seconds"])
    return Outcome(
        job.report, job.dataset, "built", title=answer["title"], main_point=answer["main_point"], page=job.page,
        seconds=answer["seconds"],
    )  # fmt: skip


def withhold(job: Job, reason: str, root: Path) -> Outcome:
    """Take back a page that was made, and its figures, for a reason that other pages gave; it stays away until its inputs change.

    Raises OSError where the record cannot be written.
    """
    record = provenance.read_record(job.record)
    _withdraw(job)
    if record is not None:
        without = {"title": record["title"], "main_point": None, "results": {}, "skipped": reason, "shown": None,
                   "page_sha256": None}  # fmt: skip
        if record["figures"]:
            outputs.record_figures(root / "figures" / job.dataset, job.report, {})
            without["figures"] = []
        outputs.write(job.record, outputs.to_json(provenance.sealed({**record, **without})))
    return Outcome(job.report, job.dataset, "skipped", reason, record["title"] if record else "")


def _failed(job: Job, settings: Settings, answer: dict) -> Outcome:
    _withdraw(job)
    log, half_run = settings.log(job), settings.half_run(job)
    cell = f"code cell {answer['cell']}: " if answer.get("cell") else ""
    half_run = half_run if answer.get("half_run") else None
    kept = settings.shown(log) + (f", notebook as far as it ran: {settings.shown(half_run)}" if half_run else "")
    return Outcome(
        job.report, job.dataset, "failed", f"{cell}{answer['error']} (log: {kept})", log=log, half_run=half_run,
        seconds=answer.get("seconds", 0.0),
    )  # fmt: skip


def _withdraw(job: Job) -> None:
    """Remove a page that no longer holds: yesterday's must not look like today's."""
    for path in (job.record, job.page, outputs.part_of(job.page)):
        path.unlink(missing_ok=True)


@contextmanager
def _lock(path: Path, progress: Progress) -> Iterator[int]:
    """Hold the folder for one build; workers keep the descriptor, so that it is free when all have ended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("another build is running in this folder; this one starts when it has ended")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
