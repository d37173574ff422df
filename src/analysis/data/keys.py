"""Keys and values of a TOML file, checked: a misspelt key or a value of another type is one clear message."""

import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from analysis.data.errors import InputError, nearest

_NOUNS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    date: "a date",
    datetime: "a date with a time",
}


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


def check_keys(raw: object, allowed: dict, where: str) -> None:
    """Refuse a key that is not among the allowed ones, or whose value is of another type."""
    if not isinstance(raw, dict):
        raise InputError(f"{where}: {shown(raw)} is {noun(raw)}, expected a table with the keys {', '.join(allowed)}.")
    for key, value in raw.items():
        if key not in allowed:
            raise InputError(f"{where}: unknown key '{key}'.{nearest(key, allowed)}")
        expected = allowed[key] if isinstance(allowed[key], tuple) else (allowed[key],)
        if type(value) not in expected:
            names = " or ".join(_NOUNS[kind] for kind in expected)
            raise InputError(f"{where}: {key} = {shown(value)} is {noun(value)}, expected {names}.")


def texts(raw: dict, key: str, where: str) -> list[str]:
    """Return a list of texts, empty where the key is absent."""
    values = raw.get(key, [])
    if isinstance(values, str) or any(not isinstance(value, str) for value in values):
        raise InputError(f"{where}: {key} = {shown(values)}, expected a list of texts.")
    return values


def folded(values: Iterable[str]) -> tuple[str, ...]:
    """Return headers as files are read: white space folded."""
    return tuple(" ".join(value.split()) for value in values)


def shown(value: object) -> str:
    """Return a value as a message shows it: on one line, cut where it is long."""
    text = value.isoformat() if isinstance(value, date) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
