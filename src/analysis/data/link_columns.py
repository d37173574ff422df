"""What ``dataset.toml`` says about linking: which sensitive columns hold names and dates of birth, and from when on two are one.

    [files.link]
    last_name = "LastName"
    first_name = "FirstName"                              # or name = "FullName" for both in one column
    birth_date = { from = "DOB", date = ["%m/%d/%Y"] }

in each block whose people are to be linked by name, and, where another threshold is wanted, once

    [link]
    threshold = 0.95                                      # match probability
"""

from dataclasses import dataclass

from analysis.data.dates import date_formats
from analysis.data.errors import InputError
from analysis.data.keys import check_keys, folded

THRESHOLD = 0.95  # match probability from which two records are taken as one person
_KEYS = {"last_name": str, "first_name": str, "name": str, "birth_date": (str, dict)}


@dataclass(frozen=True)
class LinkColumns:
    """The raw headers of one ``[[files]]`` block that linking reads; all of them are sensitive."""

    birth_date: str
    formats: tuple[str, ...] = ()
    last_name: str | None = None
    first_name: str | None = None
    name: str | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        """Every raw header read, to be added to the block's ``sensitive``."""
        named = (self.last_name, self.first_name, self.name, self.birth_date)
        return tuple(header for header in named if header)


def read_link_columns(raw: object, where: str) -> LinkColumns:
    """Check a block's ``[files.link]`` table. Raises InputError for a misspelt or missing key or a wrong date format."""
    where = f"{where}, link"
    check_keys(raw, _KEYS, where)
    born = raw.get("birth_date", "")
    if isinstance(born, dict):
        check_keys(born, {"from": str, "date": (str, list)}, f"{where}, birth_date")
    born, formats = (born.get("from", ""), born.get("date", ())) if isinstance(born, dict) else (born, ())
    parts = [key for key in ("last_name", "first_name") if raw.get(key, "").strip()]
    whole = bool(raw.get("name", "").strip())
    if not born.strip() or whole == bool(parts) or (parts and len(parts) < 2):
        raise InputError(
            f"{where}: expected birth_date, and either last_name and first_name or name, each a header of the file; "
            f"found {', '.join(raw) or 'nothing'}."
        )
    formats = date_formats((formats,) if isinstance(formats, str) else tuple(formats), f"{where}, birth_date")
    header = {
        key: folded([raw[key]])[0] if raw.get(key, "").strip() else None for key in ("last_name", "first_name", "name")
    }
    return LinkColumns(folded([born])[0], formats, **header)


def read_threshold(raw: object, where: str) -> float:
    """Check the dataset's ``[link]`` table and return its threshold. Raises InputError."""
    check_keys(raw, {"threshold": float}, f"{where}, link")
    threshold = raw.get("threshold", THRESHOLD)
    if not 0.5 <= threshold < 1:
        raise InputError(f"{where}, link: threshold = {threshold}, expected a match probability from 0.5 to below 1.")
    return threshold
