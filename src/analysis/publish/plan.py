"""Decides what a build has to do: which reports are up to date, which can't be made, and which are tasks.

Only the standard library is imported: when all is up to date, this is all that runs.
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from analysis.publish import outputs, parameters, provenance
from analysis.publish.job import Job, Outcome

PACKAGE = Path(__file__).parents[1]
DRAWING = (
    "publish/figures", "publish/numbers", "publish/tables", "publish/cells", "publish/privacy", "publish/steps", "publish/suppression",
    "publish/audit", "publish/relations", "publish/curves", "publish/rule", "publish/templates/report.mplstyle",
)  # fmt: skip
LOCK = "requirements.lock"


@dataclass(frozen=True)
class Settings:
    """What all jobs of a build share; see `analysis.publish.run.build`."""

    root: Path
    force: bool
    redraw: bool | None
    png: bool
    cell_deadline: float

    @functools.cached_property
    def sources(self) -> dict[str, str | None]:
        """Hashes that are the same for all jobs of a build."""
        return {"package": provenance.tree_hash(PACKAGE), "lock": provenance.file_hash(self.root / LOCK)}

    @functools.cached_property
    def drawing(self) -> str:
        """SHA-256 of the code that draws figures."""
        return provenance.tree_hash(PACKAGE, DRAWING)

    def figures(self, job: Job) -> Path:
        """The folder of a dataset's figures."""
        return self.root / "figures" / job.dataset

    def log(self, job: Job) -> Path:
        """A report's log; its half-run notebook lies beside it."""
        return self.root / "reports" / ".logs" / job.dataset / f"{job.report}.log"

    def half_run(self, job: Job) -> Path:
        """Where the notebook of a failed report is kept, as far as it ran."""
        return self.root / "reports" / ".logs" / job.dataset / f"{job.report}.ipynb"

    def shown(self, path: Path) -> str:
        """A path below the project's folder, with forward slashes; only the name of one outside."""
        path = path.resolve()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name


def plan(job: Job, settings: Settings) -> Outcome | dict:
    """An outcome where there is nothing to do or the job can't be done, else the task for a worker."""
    try:
        notebook = _read(job, settings)
        name = settings.shown(job.notebook)
        parameters.check(parameters.declared(notebook, name), job.parameters, name)
    except (OSError, ValueError) as error:
        return Outcome(job.report, job.dataset, "failed", str(error))
    expected = provenance.expected(
        notebook, name, job.parameters, job.inputs, settings.sources["package"], settings.sources["lock"]
    )
    record = None if settings.force else provenance.read_record(job.record)
    if provenance.is_current(record, expected, job.page) and _has_figures(record, job, settings):
        return _as_recorded(job, record)
    return _task(job, settings, {**expected, "command": job.command})


def _read(job: Job, settings: Settings) -> dict:
    try:
        notebook = json.loads(job.notebook.read_text(encoding="utf-8"))
        notebook["cells"]
    except FileNotFoundError:
        raise FileNotFoundError(f"{settings.shown(job.notebook)}: no such notebook") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{settings.shown(job.notebook)}: not a notebook; expected nbformat 4 JSON") from None
    return notebook


def _has_figures(record: dict, job: Job, settings: Settings) -> bool:
    if record["figures"] is None:  # made without figure files
        return settings.redraw is None
    folder = settings.figures(job)
    known = outputs.read_figures(folder) if record["figures"] else {}
    return all(outputs.is_intact(folder, known.get(name)) for name in record["figures"])


def _as_recorded(job: Job, record: dict) -> Outcome:
    if record["skipped"] is not None:
        return Outcome(job.report, job.dataset, "skipped", record["skipped"], record["title"] or "")
    return Outcome(
        job.report, job.dataset, "up to date", title=record["title"], main_point=record["main_point"], page=job.page
    )


def _task(job: Job, settings: Settings, recorded: dict) -> dict:
    return {
        "report": job.report,
        "dataset": job.dataset,
        "notebook": str(job.notebook.resolve()),
        "parameters": dict(job.parameters),
        "page": str(job.page),
        "provenance": recorded,
        "root": str(settings.root),
        "figures": str(settings.figures(job)),
        "drawing": settings.drawing,
        "redraw": settings.redraw,
        "png": settings.png and settings.redraw is not None,
        "log": str(settings.log(job)),
        "half_run": str(settings.half_run(job)),
        "cell_deadline": settings.cell_deadline * job.patience,
        "patience": job.patience,
        "raw_values": str(job.raw_values) if job.raw_values else None,
    }
