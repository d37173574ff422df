"""The covariates of a Cox model: from a formula and a frame to a matrix with one row a distinct pattern.

A million people in a few hundred combinations of categories need a matrix of a few hundred rows.
"""

import ast
import keyword
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.recidivism import inputs
from analysis.recidivism.cells import number_groups

_HEAD = 1 << 16  # rows looked at first for one of each pattern


@dataclass(frozen=True)
class Design:
    """Covariates by pattern: ``matrix`` (patterns, columns), ``pattern`` of each row, names, and columns by term."""

    matrix: np.ndarray
    pattern: np.ndarray
    names: list[str]
    terms: dict[str, list[int]]
    grouped: bool


def variables(formula: str, columns: pd.Index) -> list[str]:
    """The columns that a formula uses. Raises KeyError for a name that is not a column, ValueError for a bad formula."""
    if (plain := _plain(formula)) and set(plain) <= set(columns):
        return sorted(plain)
    parsed = _parse(formula)
    found = set(parsed.required_variables)
    for term in parsed:
        for factor in term.factors:
            found |= {name for name in _names(factor) if name in columns}
    inputs.require(columns, sorted(found), "formula term")
    return sorted(found)


def design(formula: str, frame: pd.DataFrame) -> Design:
    """Code a formula with formulaic: treatment contrasts with an intercept that is then dropped.

    ``frame`` holds the formula's variables alone, without missing values. Rows with equal values share
    a pattern, unless a term depends on the whole column (``scale``, ``poly``) or almost every row
    differs. Raises ValueError where a formula has no covariates or a value is not finite.
    """
    plain = _plain(formula)
    numeric = bool(plain) and all(_is_number(frame[name].dtype) for name in plain)
    parsed = None if numeric else _parse(formula)
    if not frame.shape[1]:
        raise ValueError(f"the formula {formula!r} has no covariates")
    pattern, grouped = _patterns(frame) if numeric or _by_value(parsed) else (np.arange(len(frame)), False)
    if grouped:
        frame = frame.iloc[_first_of_each(pattern)]
    if numeric:
        matrix = frame[plain].to_numpy(dtype=float)
        _refuse_infinite(matrix, plain)
        return Design(matrix, pattern, plain, {name: [i] for i, name in enumerate(plain)}, grouped)
    frame = pd.DataFrame(
        {
            name: column.cat.remove_unused_categories() if isinstance(column.dtype, pd.CategoricalDtype) else column
            for name, column in frame.items()
        }
    )  # a level without rows would be a column of zeros
    coded = parsed.get_model_matrix(frame, context={}, na_action="raise")
    keep = [i for i, name in enumerate(coded.columns) if name != "Intercept"]
    place = {old: new for new, old in enumerate(keep)}
    terms = {}
    for term, span in coded.model_spec.term_slices.items():
        columns = [place[i] for i in range(span.start, span.stop) if i in place]
        if columns:
            terms[str(term)] = columns
        elif span.start == span.stop:
            raise ValueError(f"the term '{term}' is constant: it has one level only, so there is nothing to compare")
    matrix = coded.to_numpy(dtype=float)[:, keep]
    names = [str(coded.columns[i]) for i in keep]
    _refuse_infinite(matrix, names)
    return Design(matrix, pattern, names, terms, grouped)


def _first_of_each(pattern: np.ndarray) -> np.ndarray:
    """The first row of each pattern; few patterns are all met among the first rows of many."""
    size = int(pattern.max()) + 1
    for rows in (pattern[:_HEAD], pattern):
        first = np.full(size, -1)
        first[rows[::-1]] = np.arange(len(rows))[::-1]
        if (first >= 0).all():
            break
    return first


def _refuse_infinite(matrix: np.ndarray, names: list[str]) -> None:
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=0))
    if len(bad):
        raise ValueError(f"the term {names[bad[0]]!r} is not finite for some rows")


def _plain(formula: str) -> list[str]:
    """The names of a formula that only adds names up, in order; empty for any other."""
    names = [part.strip() for part in formula.split("+")]
    plain = all(name.isidentifier() and not keyword.iskeyword(name) for name in names)
    return names if plain and len(set(names)) == len(names) else []


def _is_number(kind: object) -> bool:
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def _parse(formula: str):
    import formulaic  # half a second to import, and only models need it

    try:
        parsed = formulaic.Formula(formula)
    except Exception as error:
        raise ValueError(f"the formula {formula!r} cannot be read: {error}") from None
    if not isinstance(parsed, formulaic.SimpleFormula):
        raise ValueError(f"the formula {formula!r} has a left-hand side: name covariates only, such as 'age + sex'")
    return parsed


def _names(factor) -> set[str]:
    """Names inside a factor: a column itself, or what a call mentions."""
    if factor.eval_method.value == "lookup":
        return {factor.expr}
    try:
        return {node.id for node in ast.walk(ast.parse(factor.expr)) if isinstance(node, ast.Name)}
    except SyntaxError:
        return set()


def _by_value(parsed) -> bool:
    """Whether every term depends on a row's own values alone."""
    factors = [factor for term in parsed for factor in term.factors]
    return all(factor.eval_method.value in ("lookup", "literal") or factor.expr.startswith("C(") for factor in factors)


def _patterns(frame: pd.DataFrame) -> tuple[np.ndarray, bool]:
    """Number the distinct combinations of values, where they are few enough to help."""
    rows = len(frame)
    codes, levels = [], []
    for name in frame:
        code, level = inputs.label_codes(frame[name], "covariate")
        if len(level) > rows / 2 and rows > 1:
            return np.arange(rows), False
        codes.append(code)
        levels.append(len(level))
    number, parts = number_groups(codes, levels)
    return (number, True) if len(parts[0]) <= rows / 2 or rows <= 1 else (np.arange(rows), False)
