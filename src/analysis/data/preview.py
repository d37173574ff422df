"""``make check``: what a dataset would become, said before anything is built."""

from collections import Counter
from pathlib import Path

from analysis.data import state
from analysis.data.errors import visible
from analysis.data.reading import read_all, started
from analysis.data.sources import locate
from analysis.data.tally import Tally


def preview(name: str | Path) -> str:
    """Read every file of a dataset, write nothing, and return what would be kept and set aside, as text.

    Raises InputError as a build would.
    """
    spec, root = state.find_spec(name)
    with started(spec, locate(spec), None, state.private_folder(spec, root)) as (work, crew):
        tally = read_all(work, crew).tally
    lines = [f"{spec.name}: {spec.title} ({spec.kind}, {spec.disclosure})"]
    for key, rows in tally.rows_in.items():
        table, file, sheet = key
        aside = {k: n for k, n in tally.aside.items() if k[:3] == key}
        place = f"{file}, sheet '{sheet}'" if sheet else file
        place += f" ({tally.layouts[file]})" if tally.layouts.get(file) else ""
        kept = f"{rows:,} rows in = {tally.kept[key]:,} kept + {sum(aside.values()):,} set aside"
        lines += ["", f"{place} -> {table}: {kept}"]
        lines += [
            f"    {n:,} set aside: {k[3] or 'row'} {k[4]} (first: {tally.examples.get(k, '')})"
            for k, n in Counter(aside).most_common()
        ]
    lines += _columns(tally)
    lines += [
        f"    {table}.{column}: '{value}' became unknown in {n:,} rows"
        for (table, column, value), n in tally.unknown.most_common(20)
    ]
    lines += [
        f"    {table}.{column}: {n:,} values {what}, made missing"
        for (table, column, what), n in sorted(tally.changed.items())
    ]
    lines += ["", f"Nothing was built. `make report DATASETS={spec.name}` builds the reports."]
    return "\n".join(map(visible, lines))


def _columns(tally: Tally) -> list[str]:
    """Return the raw columns that are not mapped, by what becomes of them, with the rows that fill them."""
    filled: dict[str, Counter] = {}
    for (_, _, header), (use, rows) in tally.columns.items():
        if not use.startswith("mapped"):
            filled.setdefault(use, Counter())[header] += rows
    lines = []
    for use, headers in filled.items():
        shown = [f"{header} ({n:,} filled)" for header, n in headers.items() if n]
        if len(shown) < len(headers):
            shown.append(f"{len(headers) - len(shown)} with no value")
        lines += ["", f"Columns {use}: {', '.join(shown)}"]
    return lines
