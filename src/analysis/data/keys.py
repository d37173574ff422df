"""A table of TOML as a model: a misspelt key or a value of another type is one clear line.

The keys are the fields of the model, under their alias where they have one; fields with ``exclude`` are worked out, and
no file may give them. Beside a value of the wrong kind the message shows the example of ``keys.toml``.
"""

import json
import re
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from analysis.data.errors import InputError, nearest

_NOUNS = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list", dict: "a table",
    date: "a date", datetime: "a date with a time",
}  # fmt: skip
_EXPECTED = {
    "string": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "tuple": "a list",
    "list": "a list", "dict": "a table", "date": "a date",
}  # fmt: skip


class Keys(BaseModel):
    """The keys that a table of TOML may hold."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True, populate_by_name=True
    )

    @classmethod
    def allowed(cls) -> list[str]:
        """Return the keys as a file writes them."""
        return [field.alias or name for name, field in cls.model_fields.items() if not field.exclude]


Model = TypeVar("Model", bound=Keys)


def checked(model: type[Model], raw: object, where: str) -> Model:
    """Return a table of TOML as a model. Raises InputError for an unknown or missing key, or a value of another type."""
    if not isinstance(raw, dict):
        such = ", ".join(f"{key} = {example}" for key, (_, example) in meanings(model.__name__).items())
        raise InputError(
            f"{where}: {shown(raw)} is {noun(raw)}, expected a table with keys such as {such or ', '.join(model.allowed())}."
        )
    for key in raw:
        if key not in model.allowed():
            raise InputError(f"{where}: unknown key '{key}'.{nearest(key, model.allowed())}")
    try:
        return model.model_validate(raw, context=where)
    except ValidationError as error:
        raise InputError(f"{where}: {_wrong(model, raw, error.errors()[0])}") from None


def _wrong(model: type[Keys], raw: dict, error: dict) -> str:
    (key, *inside), value, kind = error["loc"], error["input"], error["type"]
    meaning, example = meanings(model.__name__).get(key, ("", "..."))
    if kind == "missing" or kind.endswith("too_short"):
        return (
            f"the key '{key}' is missing. Add {key} = {example}{' (CONTRIBUTING lists the keys)' if meaning else ''}."
        )
    if kind == "literal_error":
        valid = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        return f"{key} = {shown(value)}, expected one of {', '.join(valid)}.{nearest(str(value), valid)}"
    place = f"{key} holds {shown(value)}, which" if inside and isinstance(raw[key], list) else f"{key} = {shown(value)}"
    expected = _EXPECTED.get(kind.split("_")[0], error["msg"])
    such = f", such as {key} = {example}" if meaning and expected in ("a table", "a list") else ""
    return f"{place} is {noun(value)}, expected {expected}{such}."


def refuse(where: str, *checks: tuple[object, str]) -> None:
    """Raise InputError with the message of the first check that finds something wrong."""
    for wrong, message in checks:
        if wrong:
            raise InputError(f"{where}: {message}")


@cache
def meanings(model: str) -> dict[str, list[str]]:
    """Return the meaning and an example of each key of a model; empty where ``keys.toml`` does not know it."""
    return load_toml(Path(__file__).with_suffix(".toml"), "keys.toml").get(model, {})


def load_toml(file: Path, where: str) -> dict:
    """Return the content of a TOML file. Raises InputError for a file that is absent or not TOML."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"{where}: no such file. `make new DATASET=... FILE=...` writes a first one.") from None
    except OSError as error:
        raise InputError(f"{where}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8 text at byte {error.start}. Save the file as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{where}: not valid TOML: {' '.join(reason.split())}.") from None


def noun(value: object) -> str:
    """Return what kind of TOML value this is, in words."""
    return _NOUNS.get(type(value), type(value).__name__)


def shown(value: object) -> str:
    """Return a value as a message shows it: on one line, cut where it is long."""
    text = value.isoformat() if isinstance(value, date) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def folded(values: Iterable[str]) -> tuple[str, ...]:
    """Return headers as files are read: white space folded."""
    return tuple(" ".join(value.split()) for value in values)


def _texts(raw: object) -> object:
    if isinstance(raw, list | tuple) and all(isinstance(text, str) for text in raw):
        return folded(raw)
    return tuple(raw) if isinstance(raw, list) else raw  # what is no list of texts is left for the check of types


def listed(raw: Any) -> tuple:
    """Return a list as a tuple, and one value as a tuple of one."""
    return tuple(raw) if isinstance(raw, list | tuple) else (raw,)


def toml_line(key: str, value: object, note: str = "") -> str:
    """Return a line of TOML, with a note behind it."""
    return f"{key} = {as_toml(value)}{f'  # {note}' if note else ''}"


def as_toml(value: object) -> str:
    """Return a value as TOML writes it, tables inline: texts by JSON's rules, and DEL escaped too."""
    if isinstance(value, dict):
        named = ((key if re.fullmatch("[a-z_]+", key) else as_toml(key), as_toml(one)) for key, one in value.items())
        return f"{{ {', '.join(f'{key} = {one}' for key, one in named)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


Entries = Annotated[dict, Field(default_factory=dict)]
Items = Annotated[list, Field(default_factory=list)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
OneOrMore = Annotated[tuple[str, ...], BeforeValidator(lambda raw: _texts(listed(raw)))]
