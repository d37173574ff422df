"""The site: which reports a dataset gets, built where they are not up to date, and the index over them.

Only the standard library is imported here: a build with nothing to do costs milliseconds.
"""

import functools
import json
import os
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import site_index
from analysis.data import state
from analysis.data.errors import InputError, nearest, say
from analysis.data.sources import locate, sha256
from analysis.data.spec import Spec
from analysis.publish import parameters
from analysis.report.build import Job, build
from analysis.site_index import SITE

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

NUMBERED = "[0-9][0-9]_*.ipynb"  # the notebooks that are reports; others, such as explore.ipynb, are for people
BESIDE = (
    "plan.toml",
    "policies.csv",
    "per.csv",
    "truth.json",
)  # what a dataset may hold beside its map and its raw files
COHORTS = ("north-carolina", "iowa")  # their later years are known: projections are tried on those that are here


def build_site(
    names: list[str], workers: int = 2, figures: bool = False, show: bool = False, notebook: str = "", given: str = "", release: bool = False,
) -> int:  # fmt: skip
    """Build the datasets, their reports and ``reports/index.html``; return the exit code (0, or 1 if anything failed).

    A dataset or report that fails leaves the others to be finished, and one clear line. ``figures`` draws all
    figures again; ``show`` opens the site. With a ``notebook`` only its reports are built, with parameters ``given`` as
    ``name=value ...`` beside the site's own. ``release`` builds internal datasets as restricted, and the site for others under
    ``reports/release``, its figures within its pages. Raises InputError for a dataset, notebook or parameter that is not there.
    """
    root = state.home()
    site = root / "reports" / "release" if release else root / "reports"
    if release:
        os.environ["ANALYSIS_RELEASE"] = "1"
    values = _given(root, notebook, given)
    found = {spec.name: (spec, name) for name in names for spec in (state.find_spec(name)[0],)}
    broken: set[str] = set()
    jobs: list[Job] = []
    for spec, name in found.values():
        try:
            jobs += _dataset_jobs(spec, root, name, site)
        except InputError as error:
            broken.add(spec.name)
            say(f"analysis: {error}", sys.stderr)
    jobs += _site_jobs(root, site)
    if notebook:
        jobs = [_with(job, values) for job in jobs if job.notebook.stem == notebook]
    outcomes = build(jobs, root=root, workers=workers, figures=None if values or release else figures) if jobs else []
    for outcome in outcomes if notebook else ():
        say(outcome.page or f"{outcome.dataset}/{outcome.report}: {outcome.message}")
    built = () if notebook else ({name: spec for name, (spec, _) in found.items()}, broken, outcomes)
    index = site_index.write(root, *(built or ({}, {}, ())), site)
    failed = bool(broken) or any(outcome.status == "failed" for outcome in outcomes)
    say(f"{'The site, as far as it could be built' if failed else 'The site'}: {index}")
    if show:
        import webbrowser

        webbrowser.open(index.as_uri())
    return int(failed)


def _given(root: Path, notebook: str, given: str) -> dict[str, object]:
    """Return the values that a command line gives to the parameters of a notebook."""
    known = {path.stem: declared for _, path, declared in _notebooks(root)}
    if (notebook and notebook not in known) or (given and not notebook):
        raise InputError(f"NOTEBOOK: there is no report '{notebook}' under notebooks.{nearest(notebook, known)}")
    texts = dict(part.partition("=")[::2] for part in shlex.split(given))
    if "dataset" in texts:
        raise InputError("PARAMS: the dataset is chosen with DATASETS.")
    try:
        return parameters.from_text(known[notebook], texts, notebook) if texts else {}
    except parameters.ParameterError as error:
        raise InputError(str(error)) from None


def _with(job: Job, values: dict[str, object]) -> Job:
    """Return the job of a report with other parameters, which lies beside the report and is named after them."""
    if not values:
        return job
    report = "_".join([job.report, *(named(name, value) for name, value in sorted(values.items()))])
    words = " ".join(f"{name}={value}" for name, value in values.items())
    command = f'{job.command} NOTEBOOK={job.notebook.stem} PARAMS="{words}"'
    return replace(
        job, report=report, parameters={**job.parameters, **values}, out=job.out.with_name(report), command=command
    )


def named(name: str, value: object) -> str:
    """Return a parameter and its value as a part of a file's name."""
    said = re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-")
    return f"{name.replace('_', '-')}-{said or 'none'}"


def _dataset_jobs(spec: Spec, root: Path, name: str, site: Path) -> list[Job]:
    """Return the jobs of one dataset, after building its tables where they are missing or stale."""
    if spec.todo:
        raise InputError(
            f"{spec.name}: {' and '.join(spec.todo)} would be published as TODO. Write in dataset.toml what it should say."
        )
    command = f'make report DATASETS="{name}"{" RELEASE=1" if site.name == "release" else ""}'
    inputs = built_inputs(spec, root)
    tables = state.processed_folder(spec, root).rglob("*.parquet")
    size = sum(path.stat().st_size for path in tables if path.is_file())
    return [
        Job(
            report,
            spec.name,
            notebook,
            {"dataset": name},
            inputs,
            site / spec.name / report,
            command,
            functools.partial(state.raw_values, spec, root),
            size,
        )
        for report, notebook, declared in _notebooks(root)
        if "dataset" in declared or not declared  # the runner says what is wrong with a notebook
    ]


def planned(ds: "Dataset") -> tuple[dict[str, str], list[str]]:
    """Return each report about a dataset with why it will not be built (empty: it will), and a line where nobody could be followed."""
    from analysis.claims.asked import why_no_curve
    from analysis.recidivism.cohort import cohort
    from analysis.recidivism.durations import possible, why_nobody, why_none

    why, nobody = why_none(ds), []
    for origin, event in possible(ds)[:1]:
        people = cohort(ds, origin=origin, event=event, lazy=True)
        if not people.count().rows["count"].sum():
            why = why_nobody(people)
            nobody = [why]
    curves = why_no_curve(ds, {}) if "follow_up" in ds.tables else why
    return {"data": "", "short_window": why, "long_term": why, "sanctuary": _no_rules(ds), "answers": curves}, nobody


def _no_rules(ds: "Dataset") -> str:
    """Return why the detainers of a dataset cannot be laid beside rules, as the report on them says it."""
    if "detainers" not in ds.tables:
        return "These records hold no detainers, so no rule about them can be compared."
    table = ds.table("detainers")
    local = table.filter(table.operator.cast("string") == "local")
    if not local.count().to_pandas():
        return "No detainer was lodged with a local facility, or who runs it (operator) is not known; local rules govern no other."
    if not local.filter(local.jurisdiction.notnull()).count().to_pandas():
        return "No detainer in these records can be placed at a local facility in a known county or state."
    return ""


def built_inputs(spec: Spec, root: Path) -> dict[str, str]:
    """Return the SHA-256 of all that a dataset's pages read, after building its tables where they are missing or stale."""
    files = locate(spec)
    wanted = state.expected(spec, files)
    if not state.is_current(state.processed_folder(spec, root), wanted):
        from analysis.data.build import build as build_tables

        say(f"{spec.name}: reading {len(files)} raw file{'s' if len(files) > 1 else ''}", sys.stderr)
        build_tables(spec, root, files)
    return _raw_inputs(spec, wanted) | _published_inputs(root)


def _site_jobs(root: Path, site: Path) -> list[Job]:
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
        jobs.append(Job(report, SITE, notebook, values, inputs, site / report, "make report"))
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
