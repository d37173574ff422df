"""The site: which reports a dataset gets, built where they are not up to date, and the index over them.

Only the standard library is imported here: a build with nothing to do costs milliseconds.
"""

import json
import sys
from pathlib import Path

from analysis.data import state
from analysis.data.errors import InputError
from analysis.data.sources import locate, sha256
from analysis.data.spec import Spec
from analysis.publish import parameters
from analysis.publish.run import Job, Outcome, build

NUMBERED = "[0-9][0-9]_*.ipynb"  # the notebooks that are reports; others, such as explore.ipynb, are for people


def build_site(names: list[str], workers: int = 2, figures: bool = False, show: bool = False) -> int:
    """Build the datasets, their reports and ``reports/index.html``; return the exit code (0, or 1 if anything failed).

    A dataset or report that fails leaves the others to be finished, and one clear line. ``figures`` draws all
    figures again; ``show`` opens the site. Raises InputError for a dataset that is not there.
    """
    root = state.home()
    found = {spec.name: spec for spec, _ in (state.find_spec(name) for name in names)}
    broken: dict[str, str] = {}
    jobs: list[Job] = []
    for spec in found.values():
        try:
            jobs += _jobs(spec, root, names)
        except InputError as error:
            broken[spec.name] = str(error)
            print(f"analysis: {error}", file=sys.stderr)
    outcomes = build(jobs, root=root, workers=workers, figures=figures) if jobs else []
    index = _write_index(root, found, broken, outcomes)
    failed = bool(broken) or any(outcome.status == "failed" for outcome in outcomes)
    print(f"{'The site, as far as it could be built' if failed else 'The site'}: {index}")
    if show:
        import webbrowser

        webbrowser.open(index.as_uri())
    return int(failed)


def _jobs(spec: Spec, root: Path, names: list[str]) -> list[Job]:
    """Return the jobs of one dataset, after building its tables where they are missing or stale."""
    files = locate(spec)
    wanted = state.expected(spec, files)
    if not state.is_current(state.processed_folder(spec, root), wanted):
        from analysis.data.build import build as build_tables

        print(f"{spec.name}: reading {len(files)} raw file{'s' if len(files) > 1 else ''}", file=sys.stderr)
        build_tables(spec, root, files)
    inputs = {f"{spec.name}/{file['name']}": file["sha256"] for file in wanted["files"]}
    inputs |= {f"{spec.name}/dataset.toml and its layouts": wanted["maps"]}
    inputs |= {
        f"published/{file.name}": sha256(file) for file in sorted((root / "data" / "raw" / "published").glob("*.csv"))
    }
    name = next(name for name in names if state.find_spec(name)[0].name == spec.name)
    return [
        Job(
            report=notebook.stem.partition("_")[2],
            dataset=spec.name,
            notebook=notebook,
            parameters={"dataset": name},
            inputs=inputs,
            out=root / "reports" / spec.name / notebook.stem.partition("_")[2],
            command=f'make report DATASETS="{name}"',
        )
        for notebook in sorted((root / "notebooks").glob(NUMBERED))
        if _takes_dataset(notebook)
    ]


def _takes_dataset(notebook: Path) -> bool:
    """Return whether a notebook is about one dataset; the others are about published figures."""
    try:
        return "dataset" in parameters.declared(json.loads(notebook.read_text(encoding="utf-8")), notebook.name)
    except (OSError, ValueError):
        return True  # the runner says what is wrong with it


def _write_index(root: Path, found: dict[str, Spec], broken: dict[str, str], outcomes: list[Outcome]) -> Path:
    """Write the index over the datasets of this build and those built before whose records are still there."""
    reports: dict[str, list[dict]] = {name: [] for name in found}
    for outcome in outcomes:
        reports[outcome.dataset].append(_entry(outcome))
    for name, why in broken.items():
        reports[name] = [{"title": "All reports", "failed": why}]
    entries = [
        {"title": found[name].title, "kind": found[name].kind, "source": found[name].source, "reports": lines}
        for name, lines in reports.items()
    ]
    for name in state.dataset_names(root):
        before = [] if name in found else _recorded(root / "reports" / name)
        if before:
            spec, _ = state.find_spec(name)
            entries.append({"title": spec.title, "kind": spec.kind, "source": spec.source, "reports": before})
    from analysis.publish.site import write_index

    return write_index(root / "reports", entries)


def _entry(outcome: Outcome) -> dict:
    title = outcome.title or outcome.report.replace("_", " ").capitalize()
    if outcome.status == "failed":
        return {"title": title, "failed": outcome.message}
    if outcome.page is None:
        return {"title": title, "absent": outcome.message}
    return {"title": title, "href": f"{outcome.dataset}/{outcome.page.name}", "main_point": outcome.main_point}


def _recorded(folder: Path) -> list[dict]:
    """Return the index lines of a dataset that this build did not touch, from the records beside its pages."""
    lines = []
    for file in sorted(folder.glob("*.json")):
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        title = record.get("title") or file.stem.replace("_", " ").capitalize()
        if record.get("skipped"):
            lines.append({"title": title, "absent": record["skipped"]})
        elif file.with_suffix(".html").exists():
            lines.append(
                {"title": title, "href": f"{folder.name}/{file.stem}.html", "main_point": record.get("main_point", "")}
            )
    return lines
