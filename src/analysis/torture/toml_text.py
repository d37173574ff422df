"""Plain values as TOML, whether or not they make sense as a map: what a case of the fuzz is written with."""

import json
import math
from datetime import date, datetime


def to_toml(tree: dict) -> str:
    """Return a table as TOML: lists of tables as [[blocks]], other tables inline. Valid TOML whatever the values are."""
    plain = [f"{_key(key)} = {_value(value)}" for key, value in tree.items() if not _blocks(value)]
    blocks = [(key, block) for key, value in tree.items() if _blocks(value) for block in value]
    lines = [*plain]
    for key, block in blocks:
        lines.append(f"[[{_key(key)}]]")
        lines += [f"{_key(name)} = {_value(value)}" for name, value in block.items()]
    return "\n".join(lines) + "\n"


def _blocks(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _key(key: object) -> str:
    return json.dumps(str(key)).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ("nan" if math.isnan(value) else f"{value:+f}")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _key(value)
