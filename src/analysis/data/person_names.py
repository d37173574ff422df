"""Names, dates of birth and sex as jails write them, brought to a form in which two records can be compared.

In: one row a record with the fields as typed. Out: the same rows with the parts that a linkage model
compares: names without accents, case, hyphens and spaces, their first and last parts, dates as text.
A field that says nothing (blank, "FNU", "unknown") is missing. Nothing here decides who is who.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from analysis.data.spec import Source

PARTICLES = frozenset({
    "al", "da", "das", "de", "del", "der", "di", "do", "dos", "el", "la", "las", "los", "san", "santa", "van", "von", "y",
})  # fmt: skip
SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
# FNU and LNU are ICE's and the courts' marks for "first (last) name unknown"
NO_NAME = frozenset({"fnu", "lnu", "nfn", "nln", "unk", "unknown"})
_FIRST = re.compile(r"first|given|fore.?name|\bf.?name|nombre", re.IGNORECASE)
_LAST = re.compile(r"last|sur.?name|family|maiden|\bl.?name|apellido", re.IGNORECASE)
_PERSON = re.compile(
    r"name|alias|\baka\b|person|subject|inmate|arrestee|detainee|defendant|offender|prisoner|suspect|victim|alien|"
    r"mother|father|spouse|relative|contact|attorney",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"city|county|state|country|facility|agency|jail|court|street|school|charge|offen[sc]e|type|status|race|sex|gender",
    re.IGNORECASE,
)
FIELDS = (
    "first_name", "first_1", "first_initial", "last_name", "last_1", "last_2", "last_initial",
    "birth_date", "birth_year", "birth_month_day", "sex", "place",
)  # fmt: skip


def name_headers(source: Source) -> dict[str, str]:
    """Return the sensitive headers that hold people's names, by what they say or as the link table has it.

    Each is ``first``, ``last``, ``whole``, or ``part`` of a name, such as a middle one.
    """
    found = {}
    for header in source.sensitive:
        first, last, person = (bool(kind.search(header)) for kind in (_FIRST, _LAST, _PERSON))
        if (first or last or person) and not _OTHER.search(header):
            part = "part" if re.search("middle|suffix|initial", header, re.IGNORECASE) else "whole"
            found[header] = part if first == last else "first" if first else "last"
    if source.link:
        found |= {source.link.first_name: "first", source.link.last_name: "last", source.link.name: "whole"}
    return {header: kind for header, kind in found.items() if header}


def tokens(name: object) -> list[str]:
    """Return the parts of a name: lower case, no accents or apostrophes, split at spaces, hyphens and points."""
    plain = unicodedata.normalize("NFKD", str(name)).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    parts = re.sub(r"[^\w]+|_", " ", re.sub(r"['’`´]", "", plain)).split()
    return [part for part in parts if part not in SUFFIXES and part not in NO_NAME]


def split_full(names: pd.Series) -> pd.DataFrame:
    """Split names kept in one column: "Last, First Middle", or "First Middle Last" where there is no comma.

    Without a comma the last word is taken as the surname; a model that credits exchanged and missing
    parts makes good what this gets wrong for two surnames.
    """
    text = names.astype("str").str.strip()
    if not len(text):
        return pd.DataFrame({"first_name": text, "last_name": text})
    comma = text.str.contains(",", regex=False).fillna(value=False).astype(bool)
    before = text.str.partition(",")
    words = text.str.rpartition(" ")
    last = before[0].where(comma, words[2])
    return pd.DataFrame({"first_name": before[2].where(comma, words[0]), "last_name": last}, index=names.index)


def comparable(records: pd.DataFrame) -> pd.DataFrame:
    """Return the fields of records in comparable form.

    Parameters
    ----------
    records : DataFrame
        first_name, last_name (text), birth_date (dates, or text in ISO form), and optionally sex
        ("male", "female") and place (a code, counties beginning with their state's).

    Returns
    -------
    DataFrame
        The columns FIELDS as text, missing where a record says nothing. Names are joined without
        spaces, so that "De la Cruz" is "Delacruz"; first_1 is the first given name, last_1 and last_2 the
        first and last surname, particles left out.
    """
    first, last = _distinct(records["first_name"], _given), _distinct(records["last_name"], _surname)
    born = pd.to_datetime(records["birth_date"], errors="coerce").dt.strftime("%Y-%m-%d").astype("str")
    born = born.where(records["birth_date"].notna())
    sex = records.get("sex", pd.Series(None, index=records.index, dtype="str")).astype("str")
    place = records.get("place", pd.Series(None, index=records.index, dtype="str")).astype("str")
    out = pd.DataFrame(
        {
            "first_name": first[0], "first_1": first[1], "first_initial": first[1].str[:1],
            "last_name": last[0], "last_1": last[1], "last_2": last[2], "last_initial": last[1].str[:1],
            "birth_date": born, "birth_year": born.str[:4], "birth_month_day": born.str[5:],
            "sex": sex.where(sex.isin(("male", "female"))), "place": place.where(place != ""),
        },
        index=records.index,
    )  # fmt: skip
    return out[list(FIELDS)].astype("str")


def _distinct(values: pd.Series, rule: Callable[[list[str]], Sequence[str | None]]) -> list[pd.Series]:
    """Apply a rule that returns several texts to each distinct value once."""
    codes, distinct = pd.factorize(values.where(values.notna()))
    parts = [rule(tokens(value)) for value in distinct]
    width = len(rule([]))
    columns = []
    for i in range(width):
        lookup = np.array([*(part[i] for part in parts), None], dtype=object)
        columns.append(pd.Series(lookup[codes], index=values.index, dtype="str"))
    return columns


def _given(parts: list[str]) -> Sequence[str | None]:
    return ("".join(parts), parts[0]) if parts else (None, None)


def _surname(parts: list[str]) -> Sequence[str | None]:
    own = [part for part in parts if part not in PARTICLES] or parts
    return ("".join(parts), own[0], own[-1]) if parts else (None, None, None)
