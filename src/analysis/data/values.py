"""Single columns of raw text to dates, numbers, states and labels.

Each function takes a Series and returns the values with, where reading can fail, a mask of those that
are there and could not be read. Distinct values are read once, however many rows repeat them.
"""

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.data.columns import Column, fold
from analysis.data.dates import is_compact

EARLIEST, LATEST = pd.Timestamp("1900-01-01"), pd.Timestamp("2100-12-31")
_ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?(Z|UTC|[+-][0-9]{2}:?([0-9]{2})?))?)?"
)
_UNFOLDED = r"^[\s\pZ]|[\s\pZ]$|[\s\pZ]{2}|[\t\n\v\f\r\x1c-\x1f\x85]|[^ \PZ]"  # white space that folding changes (RE2)
_EXCEL_ZERO = pd.Timestamp("1899-12-30")  # Excel's day 0, with its 29 February 1900 that never was


def raw_text(values: pd.Series) -> pd.Series:
    """Return raw values as text with white space folded, "" where there is none, whole numbers without a point."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        labels = raw_text(pd.Series(values.cat.categories)).to_numpy(dtype=object)
        return pd.Series(np.append(labels, "")[values.cat.codes], index=values.index, dtype="str")
    if pd.api.types.is_float_dtype(values.dtype):
        values = values.astype("float64")
        whole = values.notna() & np.isfinite(values) & (values == np.floor(values)) & (values.abs() < 1e15)
        text = values.astype("str").where(~whole, values.where(whole, 0).astype("int64").astype("str"))
        return text.where(values.notna(), "")
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values.dt.strftime("%Y-%m-%d").fillna("").astype("str")
    if isinstance(values.dtype, pd.StringDtype) and not _to_fold(values):
        return values.fillna("")
    try:
        codes, distinct = pd.factorize(values, use_na_sentinel=True)
    except TypeError:  # lists and the like, which cannot be compared
        codes, distinct = pd.factorize(values.map(str, na_action="ignore"), use_na_sentinel=True)
    texts = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in distinct)
    folded = np.array([" ".join(text.split()) for text in texts] + [""], dtype=object)
    return pd.Series(folded[codes], index=values.index, dtype="str")


def _to_fold(values: pd.Series) -> bool:
    """Return whether some text holds white space other than single blanks between words: most columns hold none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    hits = pc.match_substring_regex(pa.array(values.array, from_pandas=True), _UNFOLDED)
    return bool(pc.any(hits).as_py())


def filled(frame: pd.DataFrame) -> list[int]:
    """Return, for each raw column, the number of rows that hold a value other than white space."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(frame):
        return [0] * frame.shape[1]
    counts = []
    for _, values in frame.items():
        if isinstance(values.dtype, pd.StringDtype):
            text = pa.array(values.array, from_pandas=True)
            counts.append(pc.sum(pc.not_equal(pc.utf8_trim_whitespace(text), "")).as_py() or 0)
        elif values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype):
            counts.append(int((raw_text(values) != "").sum()))
        else:
            counts.append(int(values.notna().sum()))
    return counts


def as_date(found: pd.Series, formats: tuple[str, ...]) -> tuple[pd.Series, np.ndarray]:
    """Return dates and the mask of texts that are none.

    A text is tried as ISO (2018-01-31, with or without a time and zone: the day is the one written),
    then by each format in turn, then, if it is a number of five digits, as Excel's serial day. Dates
    before 1900 or after 2100 count as unreadable: no record of this field is that old.
    """
    if pd.api.types.is_datetime64_any_dtype(found):
        dates = found.dt.tz_localize(None) if getattr(found.dt, "tz", None) is not None else found
        dates = dates.dt.floor("D").astype("datetime64[s]")
        bad = dates.notna() & ~dates.between(EARLIEST, LATEST)
        return dates.where(~bad), bad.to_numpy()
    codes, distinct = pd.factorize(found)
    texts = pd.Series(distinct, dtype="str")
    read = _iso(texts)
    for text in formats:
        left = read.isna() & (texts != "")
        if not left.any():
            break
        parsed = pd.to_datetime(texts[left], format=text, errors="coerce").astype("datetime64[s]")
        if is_compact(text):  # "201811" is not the first day of 2018
            parsed = parsed.where(parsed.dt.strftime(text) == texts[left])
        read = read.where(~left, parsed.reindex(texts.index))
    serial = read.isna() & texts.str.fullmatch(r"[0-9]{5}(\.[0-9]+)?").fillna(value=False).astype(bool)
    # beside a format of digits alone, five digits are a date with some missing
    if serial.any() and not any(is_compact(text) for text in formats):
        days = pd.to_timedelta(texts[serial].astype("float64").astype("int64"), unit="D")
        read = read.where(~serial, (_EXCEL_ZERO + days).astype("datetime64[s]").reindex(texts.index))
    read = read.dt.floor("D")
    read = read.where(read.between(EARLIEST, LATEST))
    bad = (texts != "") & read.isna()
    dates = pd.Series(read.to_numpy()[codes], index=found.index).astype("datetime64[s]")
    return dates, bad.to_numpy()[codes]


def _iso(texts: pd.Series) -> pd.Series:
    shaped = texts.str.fullmatch(_ISO).fillna(value=False).astype(bool)
    if not shaped.any():
        return pd.Series(pd.NaT, index=texts.index, dtype="datetime64[s]")
    return (
        pd.to_datetime(texts[shaped].str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
        .astype("datetime64[s]")
        .reindex(texts.index)
    )


def as_number(found: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Return float64 and the mask of texts that are no finite number. A comma may group thousands."""
    plain = found.str.replace(r"(?<=\d),(?=\d{3}\b)", "", regex=True)
    numbers = pd.to_numeric(plain.where(plain != ""), errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    return numbers, ((found != "") & numbers.isna()).to_numpy()


def as_text(found: pd.Series, rule: Column | None = None, *, strict: bool = False) -> tuple[pd.Series, np.ndarray]:
    """Return text as a categorical, blanks missing; with a rule's ``values``, raw texts replaced as it says.

    A text that the rule does not name stays as it is, unless ``strict``: then it counts as unreadable.
    """
    values = rule.values if rule else None
    codes, distinct = pd.factorize(found)
    bad = np.zeros(len(distinct), dtype=bool)
    labels: list[str | None] = []
    for i, text in enumerate(distinct):
        key = rule.looked_up(str(text)) if rule else ""
        if values is not None and key in values:
            labels.append(values[key])
        else:
            bad[i] = strict and values is not None and text != ""
            labels.append(None if bad[i] or text == "" else str(text))
    return _categorical(codes, labels, found.index), bad[codes]


def as_category(found: pd.Series, rule: Column, unknown: Counter) -> tuple[pd.Series, np.ndarray]:
    """Return a categorical over the closed vocabulary.

    A raw value is taken by the map, else if it is itself a label; a blank, and any other value, is
    ``unknown`` (counted in ``unknown``), or unreadable where the vocabulary has no such label.
    """
    codes, distinct = pd.factorize(found)
    counts = np.bincount(codes, minlength=len(distinct))
    own = {fold(label): label for label in rule.labels}
    fallback = "unknown" if "unknown" in rule.labels else None
    labels: list[str | None] = []
    bad = np.zeros(len(distinct), dtype=bool)
    for i, text in enumerate(distinct):
        if rule.values is not None and rule.looked_up(str(text)) in rule.values:
            labels.append(rule.values[rule.looked_up(str(text))] or fallback)
        elif fold(text) in own:
            labels.append(own[fold(text)])
        else:
            labels.append(fallback)
            if text != "":
                unknown[rule.name, str(text)] += int(counts[i])
                bad[i] = fallback is None
    return _categorical(codes, labels, found.index, list(rule.labels)), bad[codes]


def as_state(
    found: pd.Series, unknown: Counter, code: str = "abbreviation", rule: Column | None = None
) -> tuple[pd.Series, None]:
    """Return US states and territories as USPS abbreviations (or FIPS codes), from names, abbreviations or codes.

    What a rule's ``values`` name is taken as they say; any other text is missing, and counted in ``unknown``.
    """
    codes, distinct = pd.factorize(found)
    counts = np.bincount(codes, minlength=len(distinct))
    known = {**states(code), **((rule.values or {}) if rule else {})}
    labels = [known.get(fold(text)) for text in distinct]
    for i, text in enumerate(distinct):
        if labels[i] is None and text != "":
            unknown["state", str(text)] += int(counts[i])
    return _categorical(codes, labels, found.index), None


@cache
def states(code: str) -> dict[str, str]:
    """Return folded names, abbreviations and FIPS codes of states mapped to one of these codes."""
    with (Path(__file__).parent / "states.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {fold(row[key]): row[code] for row in rows for key in ("name", "abbreviation", "fips")}


def _categorical(
    codes: np.ndarray, labels: list[str | None], index: pd.Index, categories: list[str] | None = None
) -> pd.Series:
    """Return a categorical Series of ``labels[codes]``; categories in the given order, else sorted."""
    order = categories if categories is not None else sorted({label for label in labels if label is not None})
    place = {label: i for i, label in enumerate(order)}
    lookup = np.array([place.get(label, -1) for label in labels] + [-1], dtype="int64")
    return pd.Series(pd.Categorical.from_codes(lookup[codes], categories=pd.Index(order, dtype="str")), index=index)
