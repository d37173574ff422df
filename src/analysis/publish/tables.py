"""A released frame as an accessible HTML table, as CSV and as JSON."""

import csv
import datetime as dt
import html
import io
import re

import pandas as pd

from analysis.publish import numbers
from analysis.publish.released import Released

_WIDTHS = {"x": 120, "w": 60, "t": 17, "s": 0}  # class of a text column, by the characters that it exceeds
_FORMULA = re.compile(r"^\s*[=+\-@]|^[\t\r\n]")


def to_html(
    released: Released, caption: str, name: str, percent: tuple[str, ...] = (), level: float = 0.95, foot: bool = True
) -> str:
    """Return an HTML table with ``caption`` (HTML), header scopes and escaped cells; ``name`` prefixes its ids.

    The first column heads its rows. Columns in ``percent`` are shares (0 to 1) and shown as percentages; the column
    head then says "percent". Columns lower and upper become one, the interval of that ``level``. ``foot`` adds the
    note beneath. Raises ``ValueError`` for a frame without columns.
    """
    columns = _columns(released, percent, level)
    if not columns:
        raise ValueError(f"the table {caption!r} has no columns")
    heads = "".join(f'<th scope="col"{side}>{html.escape(head)}</th>' for head, side, _ in columns)
    sides = [side for _, side, _ in columns]
    body = "".join(_row(row, sides) for row in zip(*(cells for *_, cells in columns), strict=True))
    focus = f' tabindex="0" role="region" aria-labelledby="{name}-c"'
    note = f'<p class="soft">{html.escape(released.note)}</p>' if released.note and foot else ""
    return (
        f'<div class="wrap"{focus}><table><caption id="{name}-c"><span>{caption}</span></caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{note}"
    )


def to_csv(released: Released, banner: str = "") -> str:
    """Return CSV text, numbers rounded, formulas in cells disarmed; a column ``data`` holds a ``banner``, what the data must say of themselves."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    said = "synthetic" if banner == "Synthetic data" else banner
    extra = (["data"], [said]) if said else ([], [])
    writer.writerow([*(disarmed(str(c)) for c in released.frame.columns), *extra[0]])
    columns = [["" if v is None else disarmed(v) if isinstance(v, str) else v for v in cells]
               for cells in _published(released).values()]  # fmt: skip
    writer.writerows([*row, *extra[1]] for row in zip(*columns, strict=True))
    return out.getvalue()


def to_records(released: Released) -> list[dict]:
    """Return the rows for JSON, numbers rounded."""
    columns = _published(released)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def disarmed(text: str) -> str:
    """Return ``text`` so that a spreadsheet does not run it as a formula (OWASP, CSV injection)."""
    return f"'{text}" if _FORMULA.match(text) else text


def _published(released: Released) -> dict[str, list]:
    """Return the columns as plain rounded values, None where there is none."""
    frame = released.frame
    return {str(name): [numbers.publish(value) for value in frame[name].tolist()] for name in frame.columns}


def _columns(released: Released, percent: tuple[str, ...], level: float) -> list[tuple[str, str, list[str]]]:
    """Return head, alignment and cells (HTML) of each column, the limits of intervals joined."""
    frame, columns = released.frame, []
    joined = {"lower", "upper"} <= set(frame.columns)
    for name in frame.columns:
        if joined and name == "upper":
            continue
        values = frame[name].tolist()
        if joined and name == "lower":
            head, cells = (
                f"{100 * level:g} % interval",
                limits(values, frame["upper"].tolist(), name in percent),
            )
        else:
            head, cells = _heading(name, percent), column(name, values, name in percent)
        columns.append((head, _side(frame[name], cells), [html.escape(cell, quote=False) for cell in cells]))
    return columns


def _side(values: pd.Series, cells: list[str]) -> str:
    """Return the class of a column: numbers stand at the right; short text stays in one line, longer text keeps a width."""
    if pd.api.types.is_numeric_dtype(values):
        return ' class="n"'
    longest = max(map(len, cells), default=0)
    return next((f' class="{name}"' for name, least in _WIDTHS.items() if longest > least), "")


def _row(cells: tuple[str, ...], right: list[str]) -> str:
    rest = "".join(f"<td{side}>{cell}</td>" for cell, side in zip(cells[1:], right[1:], strict=True))
    return f'<tr><th scope="row"{right[0]}>{cells[0]}</th>{rest}</tr>'


def _heading(column: object, percent: tuple[str, ...]) -> str:
    if column in percent and column in ("estimate", "share"):
        return "Percent"
    words = str(column).replace("_", " ")
    words = words[:1].upper() + words[1:]
    return f"{words}, percent" if column in percent and not words.endswith("percentage points") else words


# ---- how the cells of a column are written in a table: alike within the column, as a reader of print would expect


NONE = "\u2013"
_YEARS = ("year", "birth_year")  # whole numbers that are never written with a thousands separator
_PLACES = 4  # decimals, unless all of a column is smaller than a hundredth


def column(name: object, values: list, percent: bool = False) -> list[str]:
    """Return the cells of one column: shares as percentages, months as months, decimals all alike, a dash for none."""
    known = [value for value in values if not _missing(value)]
    if percent:
        return [NONE if _missing(value) else f"{100 * value:z.1f}" for value in values]
    if name in _YEARS:
        return [
            NONE if _missing(value) else f"{value:.6g}" if isinstance(value, float) else str(value) for value in values
        ]
    if known and all(isinstance(value, dt.date) for value in known) and (form := numbers.periods(known)):
        return [NONE if _missing(value) else f"{value:{form}}" for value in values]
    places = _places([value for value in known if isinstance(value, float)])
    return [_cell(value, places) for value in values]


def limits(lower: list, upper: list, percent: bool = False) -> list[str]:
    """Return the cells of an interval column, ``6.7 to 12.1``, from its two columns."""
    if percent:
        written = [column("", values, True) for values in (lower, upper)]
    else:
        places = _places([value for value in (*lower, *upper) if isinstance(value, float) and not _missing(value)])
        written = [[_cell(value, places) for value in values] for values in (lower, upper)]
    return [NONE if NONE in pair else " to ".join(pair) for pair in zip(*written, strict=True)]


def _missing(value: object) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _places(values: list[float]) -> int:
    """Return the decimals that show four significant digits of every value, within reason."""
    written = [text for value in values if "e" not in (text := f"{value:.4g}")]
    places = max((len(text.partition(".")[2]) for text in written), default=0)
    return places if values and max(map(abs, values)) < 0.01 else min(places, _PLACES)


def _cell(value: object, places: int) -> str:
    if _missing(value):
        return NONE
    if isinstance(value, float):
        numbers.significant(value)  # refuses what has no digits
        whole = value == int(value) and abs(value) >= 100  # a count beside numbers that are none
        return f"{value:z,.{0 if whole else places}f}"
    return numbers.day(value) if isinstance(value, dt.date) else numbers.plainly(value)
