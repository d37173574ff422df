"""The site: which reports a dataset gets, built where they are not up to date, and the index over them.

Only the standard library is imported here: a build with nothing to do costs milliseconds.
"""

import json
import sys
from pathlib import Path

from analysis import site_index
from analysis.data import state
from analysis.data.errors import InputError
from analysis.data.sources import locate, sha256
from analysis.data.spec import Spec
from analysis.publish import parameters, provenance
from analysis.publish.run import Job, Outcome, build, withhold
from analysis.site_index import SITE

NUMBERED = "[0-9][0-9]_*.ipynb"  # the notebooks that are reports; others, such as explore.ipynb, are for people
BESIDE = (
    "plan.toml",
    "policies.csv",
    "per.csv",
    "truth.json",
)  # what a dataset may hold beside its map and its raw files
_USUAL = 20_000_000  # bytes of processed tables, those of half a million detainers: from here on reports get more time
COHORTS = ("north-carolina", "iowa")  # their later years are known: projections are tried on those that are here


def build_site(names: list[str], workers: int = 2, figures: bool = False, show: bool = False) -> int:
    """Build the datasets, their reports and ``reports/index.html``; return the exit code (0, or 1 if anything failed).

    A dataset or report that fails leaves the others to be finished, and one clear line. ``figures`` draws all
    figures again; ``show`` opens the site. Raises InputError for a dataset that is not there.
    """
    root = state.home()
    found = {spec.name: (spec, name) for name in names for spec in (state.find_spec(name)[0],)}
    broken: dict[str, str] = {}
    jobs: list[Job] = []
    for spec, name in found.values():
        try:
            jobs += _dataset_jobs(spec, root, name)
        except InputError as error:
            broken[spec.name] = str(error)
            print(f"analysis: {error}", file=sys.stderr)
    jobs += _site_jobs(root)
    outcomes = build(jobs, root=root, workers=workers, figures=figures) if jobs else []
    restricted = {spec.name for spec, _ in found.values() if spec.disclosure == "restricted"}
    outcomes = _held_together(jobs, outcomes, restricted, root)
    index = site_index.write(root, {name: spec for name, (spec, _) in found.items()}, broken, outcomes)
    failed = bool(broken) or any(outcome.status == "failed" for outcome in outcomes)
    print(f"{'The site, as far as it could be built' if failed else 'The site'}: {index}")
    if show:
        import webbrowser

        webbrowser.open(index.as_uri())
    return int(failed)


def _held_together(jobs: list[Job], outcomes: list[Outcome], restricted: set[str], root: Path) -> list[Outcome]:
    """Take back the pages about a restricted dataset that would reveal a small count beside another about it."""
    from analysis.publish.between import taken_back

    reasons: dict[str, str] = {}
    for dataset in restricted:
        records = {job.report: provenance.read_record(job.record) for job in jobs if job.dataset == dataset}
        shown = {report: record["shown"] for report, record in records.items() if record and record["skipped"] is None}
        reasons |= {f"{dataset}/{report}": reason for report, reason in taken_back(shown).items()}
    for name, reason in reasons.items():
        print(f"{name}: {reason}", file=sys.stderr)
    return [
        withhold(job, reasons[job.name], root) if job.name in reasons else outcome
        for job, outcome in zip(jobs, outcomes, strict=True)
    ]


def _dataset_jobs(spec: Spec, root: Path, name: str) -> list[Job]:
    """Return the jobs of one dataset, after building its tables where they are missing or stale."""
    command = f'make report DATASETS="{name}"'
    inputs = built_inputs(spec, root)
    patience = patience_for(state.processed_folder(spec, root))
    values = state.private_folder(spec, root) / "raw_values"  # hashes of raw values, written with the tables
    if spec.disclosure == "restricted":  # whether a page may be shown depends on all the others
        others = [sha256(notebook) for _, notebook, _ in _notebooks(root)]
        inputs["the notebooks of all reports"] = provenance.text_hash(" ".join(others))
    return [
        Job(
            report,
            spec.name,
            notebook,
            {"dataset": name},
            inputs,
            root / "reports" / spec.name / report,
            command,
            values,
            patience,
        )
        for report, notebook, declared in _notebooks(root)
        if "dataset" in declared or not declared  # the runner says what is wrong with a notebook
    ]


def patience_for(tables: Path) -> float:
    """Return how many times as long as usual the reports of a dataset may take, from the size of its processed tables."""
    return max(1.0, sum(path.stat().st_size for path in tables.rglob("*.parquet") if path.is_file()) / _USUAL)


def built_inputs(spec: Spec, root: Path) -> dict[str, str]:
    """Return the SHA-256 of all that a dataset's pages read, after building its tables where they are missing or stale."""
    files = locate(spec)
    wanted = state.expected(spec, files)
    if not state.is_current(state.processed_folder(spec, root), wanted):
        from analysis.data.build import build as build_tables

        print(f"{spec.name}: reading {len(files)} raw file{'s' if len(files) > 1 else ''}", file=sys.stderr)
        build_tables(spec, root, files)
    return _raw_inputs(spec, wanted) | _published_inputs(root)


def _site_jobs(root: Path) -> list[Job]:
    """Return the jobs of the pages about no one dataset."""
    jobs = []
    for report, notebook, declared in _notebooks(root):
        if "dataset" in declared or not declared:
            continue
        inputs, values = _published_inputs(root), {}
        if "cohorts" in declared:
            here = [spec for spec in (_if_here(name) for name in COHORTS) if spec]
            values["cohorts"] = " ".join(spec.name for spec in here)
            for spec in here:
                inputs |= _raw_inputs(spec, state.expected(spec, locate(spec)))
        jobs.append(Job(report, SITE, notebook, values, inputs, root / "reports" / report, "make report"))
    return jobs


def _notebooks(root: Path) -> list[tuple[str, Path, dict]]:
    """Return each report's name, its notebook, and the parameters that it declares (none where it cannot be read)."""
    found = []
    for notebook in sorted((root / "notebooks").glob(NUMBERED)):
        try:
            declared = parameters.declared(json.loads(notebook.read_text(encoding="utf-8")), notebook.name)
        except (OSError, ValueError):
            declared = {}
        found.append((notebook.stem.partition("_")[2], notebook, declared))
    return found


def _if_here(name: str) -> Spec | None:
    """Return a dataset that can be read without a download."""
    try:
        spec, _ = state.find_spec(name)
        locate(spec)
    except InputError:
        return None
    return spec


def _raw_inputs(spec: Spec, wanted: dict) -> dict[str, str]:
    inputs = {f"{spec.name}/{file['name']}": file["sha256"] for file in wanted["files"]}
    beside = [spec.file.parent / name for name in BESIDE]
    inputs |= {f"{spec.name}/{file.name}": sha256(file) for file in beside if file.is_file()}
    return inputs | {f"{spec.name}/dataset.toml and its layouts": wanted["maps"]}


def _published_inputs(root: Path) -> dict[str, str]:
    files = sorted((root / "data" / "raw" / "published").glob("*.csv"))
    return {f"published/{file.name}": sha256(file) for file in files}
