"""The parameters of a notebook: which it declares, and whether given values fit.

A parameter is one line of the cell tagged ``parameters``, and its comment says what it is::

    days: int = 105  # length of the window in days
    jurisdiction: str = ""  # FIPS code of one place

A value is never converted in silence: ``06037`` is text, and stays text.
"""

import ast
import difflib
import math
from collections.abc import Mapping
from typing import NamedTuple

TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list[str]": list}
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


class ParameterError(ValueError):
    """A parameter that the notebook doesn't declare, or a value that doesn't fit its type."""


class Parameter(NamedTuple):
    """One declared parameter: its type as written, and its default."""

    type: str
    default: object

    def accepts(self, value: object) -> bool:
        """Whether a value fits the type; an int fits float, a bool fits neither."""
        if self.type == "float":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if self.type == "list[str]":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        return type(value) is TYPES[self.type]

    def read(self, text: str) -> object:
        """The value that a text from a command line stands for; lists are parted by commas. Raises ValueError or KeyError."""
        if self.type == "list[str]":
            return [part.strip() for part in text.split(",") if part.strip()]
        if self.type == "bool":
            return _WORDS[text.lower()]
        value = TYPES[self.type](text)
        if (self.type == "int" and str(value) != text) or not self.accepts(value):
            raise ValueError  # a leading zero marks an identifier, which int() would cut short
        return value


def declared(notebook: Mapping, where: str) -> dict[str, Parameter]:
    """The parameters that a notebook (as read from its JSON) declares, by name, in order; ``where`` names it in errors.

    Raises ParameterError where the cell can't be read, a default is no plain value, or a type is unknown or doesn't fit.
    """
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "parameters" in cell.get("metadata", {}).get("tags", []):
            try:
                lines = ast.parse("".join(cell["source"])).body
            except SyntaxError as error:
                raise ParameterError(f"{where}: parameters cell, line {error.lineno}: {error.msg}") from None
            return dict(_parameter(line, f"{where}: parameters cell, line {line.lineno}") for line in lines)
    return {}


def check(parameters: Mapping[str, Parameter], values: Mapping[str, object], where: str) -> None:
    """Refuse values that the notebook doesn't declare or whose type doesn't fit.

    Raises ParameterError with the nearest valid name, or with the type expected and the value found.
    """
    for name, value in values.items():
        parameter = _find(parameters, name, where)
        if not parameter.accepts(value):
            hint = f'; write it in quotes: "{value}"' if parameter.type == "str" and value is not None else ""
            raise ParameterError(f"{where}: parameter {name!r} takes {parameter.type}, found {value!r}{hint}")


def from_text(parameters: Mapping[str, Parameter], texts: Mapping[str, str], where: str) -> dict[str, object]:
    """Values for texts such as a command line gives, each read as its declared type.

    Raises ParameterError for an unknown name, or text that its type can't be read from.
    """
    values = {}
    for name, text in texts.items():
        parameter = _find(parameters, name, where)
        try:
            values[name] = parameter.read(text)
        except (ValueError, KeyError):
            raise ParameterError(f"{where}: parameter {name!r} takes {parameter.type}, found {text!r}") from None
    return values


def _find(parameters: Mapping[str, Parameter], name: str, where: str) -> Parameter:
    if name in parameters:
        return parameters[name]
    near = difflib.get_close_matches(name, parameters, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(parameters) or 'none'}"
    raise ParameterError(f"{where}: no parameter {name!r}; {hint}")


def _parameter(line: ast.stmt, place: str) -> tuple[str, Parameter]:
    if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value):
        raise ParameterError(f"{place}: expected one `name: type = default` a line")
    name, kind = line.target.id, ast.unparse(line.annotation)
    if kind not in TYPES:
        raise ParameterError(f"{place}: unknown type {kind!r}; expected one of {', '.join(TYPES)}")
    try:
        parameter = Parameter(kind, ast.literal_eval(line.value))
    except (ValueError, TypeError):
        raise ParameterError(f"{place}: the default of {name!r} must be a plain value") from None
    if not parameter.accepts(parameter.default):
        raise ParameterError(f"{place}: {name!r} is declared {kind}, its default is {parameter.default!r}")
    return name, parameter
