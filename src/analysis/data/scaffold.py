"""A first ``dataset.toml`` from a file's headers, for a person to mend.

In: a name and a file. Out: ``data/raw/<name>/dataset.toml`` with the file beside it: the columns that
could be guessed are mapped, the rest stand as comments, and what only a person can know is marked. A file of
a known layout needs its name alone.
"""

import json
import re
import shutil
import tomllib
from pathlib import Path

import pandas as pd

from analysis.data.day_texts import as_date
from analysis.data.errors import InputError
from analysis.data.read import batches
from analysis.data.recognize import fitting, nearly
from analysis.data.spec import Source
from analysis.data.tables import TABLES, Table
from analysis.data.values import raw_text

DATE_FORMATS = (
    "%m/%d/%Y",
    "%m/%d/%y",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d%b%Y",
    "%d%b%y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%d.%m.%Y",
)
MANY = 15  # a column with more distinct values than this gets no list of values


def new(name: str, file: Path, root: Path) -> Path:
    """Write the first ``dataset.toml`` of a dataset and return its path.

    Raises InputError where the name or file cannot be used, or the dataset is there already: nothing
    is ever overwritten.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise InputError(f"DATASET={name}: expected a name of small letters, digits and hyphens, such as county-jail.")
    if not file.is_file():
        raise InputError(f"FILE={file}: no such file.")
    folder = root / "data" / "raw" / name
    if (folder / "dataset.toml").exists():
        raise InputError(f"data/raw/{name}/dataset.toml is there already. Mend it by hand, or choose another name.")
    text = _known(name, file) or _guessed(name, file)
    folder.mkdir(parents=True, exist_ok=True)
    if file.resolve() != (folder / file.name).resolve():
        shutil.copyfile(file, folder / file.name)
    target = folder / "dataset.toml"
    beside = folder / ".dataset.toml.part"
    beside.write_text(text, encoding="utf-8")
    beside.replace(target)
    return target


def _known(name: str, file: Path) -> str | None:
    """Return a draft that names the file's known layout; None where it has none."""
    try:
        found = fitting(file, file.name, name)
    except InputError:
        return _almost(name, file)
    return _of_layout(name, file, found)


def _almost(name: str, file: Path) -> str | None:
    """Return a draft that names the layout which a file all but fits, and says what is not there; None where it fits none."""
    try:
        near = nearly(file, file.name)
    except InputError:
        return None
    if near is None:
        return None
    listed = ", ".join(_quoted(header) for header in near[1])
    told = f"# TODO: the file lacks headers of the layout {near[0]}: {listed}. Is it of that layout?\n"
    return told + _of_layout(name, file, near[0])


def _of_layout(name: str, file: Path, found: str) -> str:
    return f"{_top(name, TABLES['detainers'], ('detainers', 'exits'))}[[files]]\npath = {_quoted(file.name)}\nformat = {_quoted(found)}\n"


def _guessed(name: str, file: Path) -> str:
    source = Source(path=file.name)
    batch = next(iter(batches(file, source, file.name)), None)
    if batch is None or not len(batch.frame):
        raise InputError(f"{file.name}: a header and no rows. A first map needs some rows to look at.")
    return draft(name, file.name, batch.frame)


def draft(name: str, file: str, frame: pd.DataFrame) -> str:
    """Return the text of a first ``dataset.toml`` for a frame of raw values."""
    rules = tomllib.loads((Path(__file__).parent / "headers.toml").read_text(encoding="utf-8"))
    guesses = {column: [re.compile(text, re.IGNORECASE) for text in rule["headers"]] for column, rule in rules.items()}
    hidden = guesses.pop("sensitive")
    headers = list(frame.columns)
    sensitive = [header for header in headers if any(text.search(header) for text in hidden)]
    open_headers = [header for header in headers if header not in sensitive]
    table, mapped = max(
        ((t, _mapped(t, open_headers, guesses)) for t in TABLES.values()),
        key=lambda pair: (sum(name in pair[1] for name in pair[0].required) / len(pair[0].required), len(pair[1])),
    )
    lines = [_top(name, table)]
    lines += ["[[files]]", f'table = "{table.name}"', f"path = {_quoted(file)}"]
    if sensitive:
        lines.append(f"sensitive = [{', '.join(map(_quoted, sensitive))}]  # used for linking and nothing else")
    lines += ["", "[files.columns]"]
    lines += [_line(column, header, table, frame[header]) for column, header in mapped.items()]
    absent = [column for column in table.required if column not in mapped]
    lines += [f'# {column} = "?"  # needed: which header holds it?' for column in absent]
    rest = [header for header in open_headers if header not in mapped.values()]
    if rest:
        lines += ["", "# Not mapped (counted, and their values left where they are):"]
        lines += [f"#   {_quoted(header)[1:-1]}" for header in rest]
        others = [column for column in table.columns if column not in mapped]
        lines += [f"# Columns of the table {table.name} that are still free: {', '.join(others)}"]
    return "\n".join(lines) + "\n"


def _top(name: str, table: Table, dated: tuple[str, ...] = ()) -> str:
    ends = {"arrests": "arrests", "releases": "arrests", "exits": "exits", "detainers": "detainers"}
    lines = [
        "# A first draft from the file's headers. Lines marked TODO need a person who knows the data.",
        f'title = "{name}"  # TODO: what a reader should call it',
        'kind = "real"',
        'disclosure = "internal"  # exact, for your own eyes; "restricted" rounds for others; "public" for files that are public already',
        'source = "TODO: who supplied the file, and when"',
        'area = "TODO: where and by whose records an event could have been seen"',
    ]
    if table.name == "follow_up":
        lines += [
            'time_unit = "day"',
            "# follow_up = 1095  # TODO: how long everyone was followed, if it is the same for all",
        ]
    else:
        lines += [
            "# TODO: the last day on which an event could have been seen, not the largest date found",
            f"data_end = {{ {', '.join(f'{source} = 2000-01-01' for source in dated or (ends[table.name],))} }}",
        ]
    return "\n".join(lines) + "\n"


def _mapped(table: Table, headers: list[str], guesses: dict[str, list[re.Pattern]]) -> dict[str, str]:
    mapped: dict[str, str] = {}
    for column in table.columns:
        for pattern in guesses.get(column, ()):
            header = next((h for h in headers if pattern.search(h) and h not in mapped.values()), None)
            if header is not None:
                mapped[column] = header
                break
    return mapped


def _line(column: str, header: str, table: Table, values: pd.Series) -> str:
    kind = table.columns[column]
    text = raw_text(values)
    quoted = _quoted(header)
    if kind == "date" and not pd.api.types.is_datetime64_any_dtype(values):
        formats = [fmt for fmt in DATE_FORMATS if as_date(text, (fmt,))[1].sum() < as_date(text, ())[1].sum()]
        best = min(formats, key=lambda fmt: as_date(text, (fmt,))[1].sum(), default=None)
        return f"{column} = {{ from = {quoted}, date = [{json.dumps(best)}] }}" if best else f"{column} = {quoted}"
    if isinstance(kind, tuple) or column == "event":
        distinct = [value for value in text.value_counts().index if value]
        if len(distinct) <= MANY:
            labels = kind if isinstance(kind, tuple) else ()
            pairs = ", ".join(f"{_quoted(v)} = {_quoted(_label(v, labels))}" for v in distinct)
            note = f"  # TODO: one of {', '.join(labels)}" if labels else '  # TODO: a label each; "" means no event'
            return f"{column} = {{ from = {quoted}, values = {{ {pairs} }} }}{note}"
    return f"{column} = {quoted}"


def _quoted(text: str) -> str:
    """Return a text as TOML writes it: JSON's rules, and DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _label(value: str, labels: tuple[str, ...]) -> str:
    low = value.casefold()
    return next(
        (label for label in labels if label == low or (len(low) == 1 and label.startswith(low))),
        "unknown" if "unknown" in labels else "",
    )
