"""A sweep as its TOML file describes it: one notebook, one dataset, and what differs from report to report.

In: the path of a file such as ``sweeps/demo-counties.toml``. Out: a `Sweep`, and from it the parameters of every report.
Every key is checked here, and every value against the notebook's own declarations: an unknown name is refused with
the nearest valid one, and a FIPS code stays the text that it is.
"""

import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from analysis.data.errors import InputError, nearest
from analysis.data.keys import Entries, Items, Keys, checked, load_toml, shown
from analysis.publish import parameters

PLACE = "jurisdiction"
_BARE_CODE = re.compile(r'(?<![\w"\'.:-])0\d+')
_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


class Places(Keys):
    """Which places get a report: those with ``at_least`` so many rows in a ``table``, by county or by state."""

    table: str
    level: str = "county"
    at_least: int


class _Top(Keys):
    title: str
    notebook: str
    dataset: str
    parameters: Entries
    vary: Entries
    reports: Items
    places: dict | None = None
    compare: str = "headline"


@dataclass(frozen=True)
class Sweep:
    """A sweep; ``rows`` are parameters that go together, ``vary`` those of which every combination is made."""

    name: str
    file: Path
    title: str
    notebook: str
    dataset: str
    fixed: dict[str, object]
    vary: dict[str, list]
    rows: list[dict[str, object]]
    places: Places | None
    compare: str
    declared: dict[str, parameters.Parameter] = field(repr=False, default_factory=dict)

    @property
    def varied(self) -> list[str]:
        """The names of the parameters that differ between reports, places first."""
        names = [PLACE] if self.places else []
        names += [*self.vary, *dict.fromkeys(name for row in self.rows for name in row)]
        return sorted(dict.fromkeys(names), key=lambda name: name != PLACE)

    def combinations(self, places: list[str]) -> list[dict[str, object]]:
        """Return what differs in each report, one mapping a report, in the file's order.

        ``places`` are the codes that the query of the file found.

        Raises InputError where two reports would be the same, or there is none.
        """
        axes = [[{PLACE: code} for code in places]] if self.places else []
        axes += [[{name: value} for value in values] for name, values in self.vary.items()]
        axes += [self.rows] if self.rows else []
        found = [{name: value for part in parts for name, value in part.items()} for parts in itertools.product(*axes)]
        if not axes or not found:
            raise InputError(f"{self.file.name}: no report follows from it. Give [vary], [[reports]] or [places].")
        if twice := [values for i, values in enumerate(found) if values in found[:i]]:
            raise InputError(f"{self.file.name}: the report {twice[0]} is asked for twice.")
        return found


def read_sweep(file: Path, root: Path) -> Sweep:
    """Read and check the file of a sweep; ``root`` is the project's folder, in which its notebook is looked for.

    Raises InputError for a file that cannot be read, a key that is not known, a notebook that is not there, and a
    parameter that the notebook does not declare or whose value is of another type.
    """
    if not file.is_file():
        there = [path.as_posix() for path in sorted((root / "sweeps").glob("*.toml"))]
        raise InputError(f"{file}: no such file.{nearest(str(file), (Path(path).name for path in there))}")
    where = file.name
    raw = _toml(file, where)
    top = checked(_Top, raw, where)
    if not _NAME.fullmatch(file.stem):
        raise InputError(f"{where}: its name names a folder: expected small letters, digits, - and _.")
    notebook = _notebook(top.notebook, root, where)
    declared = parameters.declared(json.loads(notebook.read_text(encoding="utf-8")), notebook.name)
    if "dataset" not in declared:
        raise InputError(f"{where}: {notebook.name} has no parameter 'dataset': it is about no one dataset.")
    fixed, vary, rows = top.parameters, top.vary, top.reports
    places = None if top.places is None else _places(top.places, where)
    _check_names([fixed, vary, *([{PLACE: ""}] if places else [])], rows, where)
    _check_values(declared, fixed, vary, rows, places, where)
    return Sweep(
        file.stem, file, top.title, notebook.stem, top.dataset, fixed, vary, rows, places, top.compare, declared
    )


def _toml(file: Path, where: str) -> dict:
    try:
        return load_toml(file, where)
    except InputError as error:
        code = _BARE_CODE.search(file.read_text(encoding="utf-8", errors="replace"))
        hint = f' A code such as {code[0]} is text: write it in quotes, "{code[0]}".' if code else ""
        raise InputError(f"{error}{hint}") from None


def _notebook(name: str, root: Path, where: str) -> Path:
    known = {path.stem: path for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))}
    chosen = known.get(Path(name).name.removesuffix(".ipynb"))
    if chosen is None:
        raise InputError(f"{where}: there is no notebook '{name}' under notebooks.{nearest(name, known)}")
    return chosen


def _places(raw: dict, where: str) -> Places:
    places = checked(Places, raw, f"{where}, [places]")
    if places.at_least < 1:
        raise InputError(f"{where}, [places]: at_least = {places.at_least}, expected 1 or more.")
    return places


def _check_names(parts: list[dict], rows: list, where: str) -> None:
    """Refuse a parameter that is given in two ways, and the dataset among them."""
    if wrong := [row for row in rows if not isinstance(row, dict)]:
        raise InputError(f"{where}: reports holds {shown(wrong[0])}; write each report as a table, [[reports]].")
    names = [name for part in parts for name in part] + list(dict.fromkeys(name for row in rows for name in row))
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{where}: the parameter '{name}' is given in two places.")
        if name == "dataset":
            raise InputError(f"{where}: the dataset is the file's own key `dataset`, the same for all its reports.")


def _check_values(declared: dict, fixed: dict, vary: dict, rows: list[dict], places: Places | None, where: str) -> None:
    for name, values in vary.items():
        if not isinstance(values, list) or not values:
            raise InputError(f"{where}, [vary]: {name} = {shown(values)}, expected a list of values.")
    try:
        parameters.check(declared, fixed, where)
        for name, values in vary.items():
            for value in values:
                parameters.check(declared, {name: value}, where)
        for row in rows:
            parameters.check(declared, row, where)
        if places:
            parameters.check(declared, {PLACE: ""}, where)
    except parameters.ParameterError as error:
        raise InputError(str(error)) from None
