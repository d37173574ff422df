"""A report that is wanted, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """One report to be made: a notebook, its parameters, and where the page goes.

    Attributes:
        report: the report's name, a file name; unique within a dataset.
        dataset: the dataset's name, a folder name.
        notebook: path of the notebook.
        parameters: values for its parameters, each of the type that the notebook declares.
        inputs: SHA-256 of each input that the notebook reads, by name.
        out: path of the page without its ending.
        command: the command that rebuilds the page, for its footer.
        raw_values: folder of the dataset's raw values as hashes, of which no page may hold one; None where there are none.
        patience: how many times as long as usual the report and its cells may take: more for a large dataset.
    """

    report: str
    dataset: str
    notebook: Path
    parameters: Mapping[str, object]
    inputs: Mapping[str, str]
    out: Path
    command: str = ""
    raw_values: Path | None = None
    patience: float = 1.0

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
        message: the reason, or one line that says in which cell a report failed, why, and where to look.
        title, main_point: the page's, for the index.
        page: the page, None where there is none.
        log, half_run: what a failed report leaves, None where it left nothing.
        seconds: how long it took.
    """

    report: str
    dataset: str
    status: str
    message: str = ""
    title: str = ""
    main_point: str = ""
    page: Path | None = None
    log: Path | None = None
    half_run: Path | None = None
    seconds: float = 0.0
