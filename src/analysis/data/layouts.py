"""The known layouts under ``formats/`` and what their values mean, under ``vocabularies/``."""

from pathlib import Path

from analysis.data.errors import InputError, nearest
from analysis.data.keys import check_keys, load_toml

FORMATS = Path(__file__).parent / "formats"
VOCABULARIES = Path(__file__).parent / "vocabularies"
# what both a layout and a [[files]] block may say
KEYS = {
    "sheets": (list, str), "skip_rows": int, "header_row": str, "underscores": bool, "encoding": str, "delimiter": str,
    "nulls": list, "redacted": str, "keep": list, "sensitive": list, "vocabulary": str, "columns": dict, "values": dict,
    "also": list,
}  # fmt: skip
_FORMAT = {"title": str, "table": str, "source": str, "headers": list, "optional": list, **KEYS}


def names() -> list[str]:
    """Return the names of the known layouts."""
    return sorted(path.stem for path in FORMATS.glob("*.toml"))


def layout(name: str, where: str) -> dict:
    """Return a layout as its file has it. Raises InputError for a name that is not there, or a misspelt key."""
    if name not in names():
        raise InputError(f"{where}: unknown format '{name}'.{nearest(name, names())}")
    found = load_toml(FORMATS / f"{name}.toml", f"formats/{name}.toml")
    check_keys(found, _FORMAT, f"formats/{name}.toml")
    return found


def meanings(name: str | None, where: str) -> dict[str, dict]:
    """Return a vocabulary: for each canonical column, raw value (or key) -> label."""
    if name is None:
        return {}
    known = sorted(path.stem for path in VOCABULARIES.glob("*.toml"))
    if name not in known:
        raise InputError(f"{where}: unknown vocabulary '{name}'.{nearest(name, known)}")
    return load_toml(VOCABULARIES / f"{name}.toml", f"vocabularies/{name}.toml")
