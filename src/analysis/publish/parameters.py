"""The parameters of a notebook: which it declares, and whether given values fit.

In goes a notebook and the values for one report, out come the same values checked, or one error that
names the parameter and the nearest valid name. A parameter is one line of the cell tagged
``parameters``, with its type as an annotation or at the start of its comment::

    days = 105             # int: length of the window, in days
    jurisdiction = ""      # type: str FIPS code
    adjust: list[str] = [] # covariates

A value is never converted in silence: ``06037`` is text, and stays text.
"""

import ast
import difflib
import io
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass

SCALARS = {"str": str, "int": int, "float": float, "bool": bool}
_TYPE = re.compile(r"(?:list\[(?P<item>\w+)\]|(?P<scalar>\w+))(?P<optional>\s*\|\s*None)?")
_COMMENT = re.compile(
    r"#\s*(?P<marked>type:\s*)?(?P<type>(?:list\[\w+\]|\w+)(?:\s*\|\s*None)?)(?:\s*:|\s|$)\s*(?P<text>.*)"
)
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


class ParameterError(ValueError):
    """A parameter that the notebook doesn't declare, or a value that doesn't fit its type."""


@dataclass(frozen=True)
class Parameter:
    """One declared parameter: its type as written (``int``, ``list[str]``, ``str | None``), default and description."""

    name: str
    type: str
    default: object
    description: str

    @property
    def optional(self) -> bool:
        """Whether None is a valid value."""
        return self.default is None or self.type.endswith("None")

    def accepts(self, value: object) -> bool:
        """Whether a value fits the type; an int fits float, a bool fits neither."""
        if value is None:
            return self.optional
        found = _TYPE.fullmatch(self.type)
        if found["item"]:
            return isinstance(value, list | tuple) and all(_fits(item, found["item"]) for item in value)
        return _fits(value, found["scalar"])

    def read(self, text: str) -> object:
        """The value that a text from a command line stands for.

        Lists are separated by commas; empty text means None where that is allowed.

        Raises:
            ParameterError: the text doesn't stand for a value of the type.
        """
        if not text and self.optional:
            return None
        found = _TYPE.fullmatch(self.type)
        try:
            if found["item"]:
                return [_read(part.strip(), found["item"]) for part in text.split(",") if part.strip()]
            return _read(text, found["scalar"])
        except (ValueError, KeyError):
            raise ParameterError(f"parameter {self.name!r} takes {self.type}, found {text!r}") from None


def declared(notebook: Mapping, where: str) -> dict[str, Parameter]:
    """The parameters that a notebook declares, by name, in order.

    Args:
        notebook: a notebook as read from its JSON.
        where: the notebook's name, for errors.

    Raises:
        ParameterError: the cell can't be read, a default is not a plain value, or a type is unknown or
            doesn't fit its default.
    """
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "parameters" in cell.get("metadata", {}).get("tags", []):
            return _parse("".join(cell["source"]), where)
    return {}


def check(parameters: Mapping[str, Parameter], values: Mapping[str, object], where: str) -> None:
    """Refuse values that the notebook doesn't declare or whose type doesn't fit.

    Raises:
        ParameterError: with the nearest valid name, or with the type expected and the value found.
    """
    for name, value in values.items():
        parameter = _find(parameters, name, where)
        if not parameter.accepts(value):
            hint = f'; write it in quotes: "{value}"' if parameter.type.startswith("str") and value is not None else ""
            raise ParameterError(f"{where}: parameter {name!r} takes {parameter.type}, found {value!r}{hint}")


def from_text(parameters: Mapping[str, Parameter], texts: Mapping[str, str], where: str) -> dict[str, object]:
    """Values for texts such as a command line gives, each read as its declared type.

    Raises:
        ParameterError: an unknown name, or text that its type can't be read from.
    """
    values = {}
    for name, text in texts.items():
        parameter = _find(parameters, name, where)
        try:
            values[name] = parameter.read(text)
        except ParameterError as error:
            raise ParameterError(f"{where}: {error}") from None
    return values


def _find(parameters: Mapping[str, Parameter], name: str, where: str) -> Parameter:
    if name in parameters:
        return parameters[name]
    near = difflib.get_close_matches(name, parameters, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(parameters) or 'none'}"
    raise ParameterError(f"{where}: no parameter {name!r}; {hint}")


def _fits(value: object, scalar: str) -> bool:
    if isinstance(value, bool) or scalar == "bool":
        return isinstance(value, bool) and scalar == "bool"
    if scalar == "float":
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, SCALARS[scalar])


def _read(text: str, scalar: str) -> object:
    if scalar == "bool":
        return _WORDS[text.lower()]
    if scalar == "int" and not re.fullmatch(r"-?(0|[1-9]\d*)", text):
        raise ValueError  # a leading zero marks an identifier, which int() would cut short
    value = SCALARS[scalar](text)
    if scalar == "float" and not math.isfinite(value):
        raise ValueError
    return value


def _parse(source: str, where: str) -> dict[str, Parameter]:
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise ParameterError(f"{where}: parameters cell, line {error.lineno}: {error.msg}") from None
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    found = {}
    for statement in statements:
        parameter = _parameter(statement, comments.get(statement.end_lineno, ""), where)
        found[parameter.name] = parameter
    return found


def _parameter(statement: ast.stmt, comment: str, where: str) -> Parameter:
    place = f"{where}: parameters cell, line {statement.lineno}"
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name) or isinstance(statement, ast.AugAssign):
        raise ParameterError(f"{place}: expected one `name = default` a line")
    try:
        default = ast.literal_eval(statement.value)
    except (ValueError, TypeError):
        raise ParameterError(f"{place}: the default of {targets[0].id!r} must be a plain value") from None
    annotation = ast.unparse(statement.annotation).strip("'\"") if isinstance(statement, ast.AnnAssign) else None
    kind, description = _type(annotation, comment, default, place)
    parameter = Parameter(targets[0].id, kind, default, description)
    if not parameter.accepts(default):
        raise ParameterError(f"{place}: {parameter.name!r} is declared {kind}, its default is {default!r}")
    return parameter


def _type(annotation: str | None, comment: str, default: object, place: str) -> tuple[str, str]:
    kind, description = annotation or _inferred(default), comment.lstrip("# ")
    spoken = _COMMENT.match(comment)
    if annotation is None and spoken and (spoken["marked"] or _known(spoken["type"])):
        kind, description = spoken["type"], spoken["text"]
    if not _known(kind):
        known = ", ".join([*SCALARS, *(f"list[{name}]" for name in SCALARS)])
        raise ParameterError(f"{place}: unknown type {kind!r}; expected one of {known}")
    return kind, description


def _known(kind: str) -> bool:
    found = _TYPE.fullmatch(kind)
    return bool(found) and (found["item"] or found["scalar"]) in SCALARS


def _inferred(default: object) -> str:
    if isinstance(default, list | tuple):
        return f"list[{type(default[0]).__name__ if default else 'str'}]"
    return "str" if default is None else type(default).__name__
