"""Sweeps: one notebook over many places or windows, with an index, a page that compares them, and nothing made twice.

In goes a TOML file (see `analysis.sweep_file`), out come ``reports/sweeps/<name>/index.html``, a page for each report
beside it, and the comparison. The runner that makes the site makes these pages: a report that fails leaves the others.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from analysis import site_index
from analysis.data import state
from analysis.data.errors import InputError, nearest, say
from analysis.data.spec import Spec
from analysis.publish import leaks, outputs, provenance
from analysis.report.build import Job, Outcome, build
from analysis.reports import built_inputs, named
from analysis.sweep_file import PLACE, Sweep, read_sweep

WHOLE = "all-places"
COMPARISON = "comparison"
LEAST_ROWS = 50  # of a place, where the disclosure is restricted


def run_sweep(file: Path, workers: int = 2, show: bool = False) -> int:
    """Build what a sweep asks for; return the exit code: 0, or 1 where a report failed.

    Raises InputError for a file, dataset, parameter or place that cannot be used.
    """
    root = state.home()
    sweep = read_sweep(file, root)
    spec, _ = state.find_spec(sweep.dataset)
    inputs = built_inputs(spec, root)
    places = _places(sweep, spec.disclosure)
    wanted = _with_whole(sweep.combinations(list(places)), spec)
    folder = root / "reports" / "sweeps" / sweep.name
    held = partial(state.raw_values, spec, root)
    jobs = [replace(_job(sweep, root, folder, values, inputs), raw_values=held) for values, _ in wanted]
    names = [job.report for job in jobs]
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise InputError(f"{sweep.file.name}: two reports would be written to {twice[0]}.html.")
    _remove_others(folder / "reports", {*names, COMPARISON})
    outcomes = build(jobs, root=root, workers=workers, figures=None, png=False)
    rows = [
        _row(job, values, names, outcome) for job, (values, names), outcome in zip(jobs, wanted, outcomes, strict=True)
    ]
    about = {"title": sweep.title, "dataset": spec.name, "dataset_title": spec.title,
             "kind": spec.kind, "disclosure": spec.disclosure, "source": spec.source, "compare": sweep.compare, "varied": sweep.varied,
             "rows": rows}  # fmt: skip
    leaks.check({f"{sweep.file.name}, its title, places or parameters": outputs.to_json(about)}, held())
    outputs.write(folder / "sweep.json", outputs.to_json(about))
    compared = _compare(root, folder, jobs)
    from analysis.publish.sweep_index import write_sweep_index

    home = (root / "reports" / "index.html").exists()
    index = write_sweep_index(folder, about, _results(jobs), compared, home)
    if home:
        site_index.write(root)
    failed = compared.status == "failed" or any(outcome.status == "failed" for outcome in outcomes)
    say(f"{'The sweep, as far as it could be built' if failed else 'The sweep'}: {index}")
    if show:
        import webbrowser

        webbrowser.open(index.as_uri())
    return int(failed)


def _places(sweep: Sweep, disclosure: str) -> dict[str, str]:
    """Return the places with enough rows, by code, and print them with the numbers of their rows."""
    query = sweep.places
    if query is None:
        return {}
    if disclosure == "restricted" and query.at_least < LEAST_ROWS:
        raise InputError(
            f"{sweep.file.name}, [places]: at_least = {query.at_least}; the data are restricted, and a place with fewer "
            f"than {LEAST_ROWS} rows has no page. Write {LEAST_ROWS} or more."
        )
    from analysis.data.dataset import open_dataset
    from analysis.data.jurisdictions import counted

    ds = open_dataset(sweep.dataset)
    if query.table not in ds.tables:
        raise InputError(
            f"{sweep.file.name}, [places]: {ds.name} has no table '{query.table}'.{nearest(query.table, ds.tables)}"
        )
    found = counted(ds, query.table, query.level)
    enough = found[found["rows"] >= query.at_least]
    say(f"{len(enough)} of {len(found)} places ({query.level}) have at least {query.at_least} rows in {query.table}:")
    for place in enough.itertuples():
        say(f"  {place.jurisdiction}  {place.name}: {place.rows:,}")
    if enough.empty:
        raise InputError(f"{sweep.file.name}, [places]: no place has as many rows in {query.table}. Lower at_least.")
    return dict(zip(enough["jurisdiction"], enough["name"], strict=True))


def _with_whole(wanted: list[dict], spec: Spec) -> list[tuple[dict, dict[str, str]]]:
    """Return each report's own values, the whole to compare places with first, each with the names of its places."""
    from analysis.data.jurisdictions import name_of

    wholes = []
    for values in wanted:
        if values.get(PLACE) and (whole := {**values, PLACE: ""}) not in (*wholes, *wanted):
            wholes.append(whole)
    named = [(values, {PLACE: "all places"}) for values in wholes]
    return named + [
        (
            values,
            {PLACE: name_of(values[PLACE], spec.place_names) if values[PLACE] else "all places"}
            if PLACE in values
            else {},
        )
        for values in wanted
    ]


def _job(sweep: Sweep, root: Path, folder: Path, values: dict, inputs: dict[str, str]) -> Job:
    given = {"dataset": sweep.dataset, **sweep.fixed, **values}
    report = "_".join(_part(name, value) for name, value in sorted(values.items(), key=lambda item: item[0] != PLACE))
    file = sweep.file.resolve()
    command = f"make sweep SWEEP={file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name}"
    notebook = root / "notebooks" / f"{sweep.notebook}.ipynb"
    return Job(report, f"sweeps/{sweep.name}", notebook, given, inputs, folder / "reports" / report, command)


def _part(name: str, value: object) -> str:
    """Return a value as a part of a file's name; a place stands for itself."""
    return (named("", value).strip("-") if value else WHOLE) if name == PLACE else named(name, value)


def _remove_others(folder: Path, names: set[str]) -> None:
    """Remove the pages of reports that the sweep no longer asks for."""
    for path in (*folder.glob("*.html"), *folder.glob("*.json")):
        if path.stem not in names:
            path.unlink()


def _results(jobs: list[Job]) -> dict[str, Mapping]:
    """Return the published results of every report that has a page."""
    return {name: record["results"] for name, record in _records(jobs).items()}


def _records(jobs: list[Job]) -> dict[str, Mapping]:
    records = {job.report: provenance.read_record(job.record) for job in jobs}
    return {name: record for name, record in records.items() if record is not None and record["skipped"] is None}


def _row(job: Job, values: dict, names: dict[str, str], outcome: Outcome) -> dict:
    return {"report": job.report, "values": values, "called": names, "page": outcome.page is not None,
            "failed": outcome.status == "failed", "why": outcome.message, "main_point": outcome.main_point}  # fmt: skip


def _compare(root: Path, folder: Path, jobs: list[Job]) -> Outcome:
    """Build the page that compares all reports."""
    inputs = {path.name: provenance.file_hash(path) for path in (folder / "sweep.json", *(job.record for job in jobs))
              if path.is_file()}  # fmt: skip
    given = {"sweep": folder.relative_to(root).as_posix()}
    job = Job(COMPARISON, jobs[0].dataset, root / "notebooks" / "comparison.ipynb", given, inputs,
              folder / "reports" / COMPARISON, jobs[0].command, jobs[0].raw_values)  # fmt: skip
    return build([job], root=root, workers=1, figures=None, png=False)[0]
