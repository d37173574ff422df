"""People's names as jails write them: which headers hold them, their parts, and a form in which two can be compared.

A field that says nothing (blank, "FNU", "unknown") is missing. Nothing here decides who is who.
"""

import re

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
# What linking compares, from a view ``raw`` of records as typed. Names lose accents, case, hyphens and spaces ("De la Cruz" is
# "delacruz"); first_1 is the first given name, last_1 and last_2 the first and last surname, particles left out.
FIELDS = ("first_name", "first_1", "last_name", "last_1", "last_2", "birth_date", "sex", "place")
COMPARABLE = f"""
create macro words(name) as list_filter(
    regexp_split_to_array(strip_accents(lower(regexp_replace(nfc_normalize(name), '[''’`´]', '', 'g'))), '[^\\pL\\pN]+'),
    lambda word: word <> '' and word not in {(*sorted(SUFFIXES | NO_NAME),)});
create macro surnames(words) as coalesce(nullif(list_filter(words, lambda word: word not in {(*sorted(PARTICLES),)}), []), words);
create view comparable as select source, record, identifier,
    nullif(array_to_string(given, ''), '') as first_name, given[1] as first_1,
    nullif(array_to_string(family, ''), '') as last_name, surnames(family)[1] as last_1, surnames(family)[-1] as last_2,
    cast(birth_date as date) as birth_date, case when sex in ('male', 'female') then sex end as sex, nullif(place, '') as place
from (select *, words(first_name) as given, words(last_name) as family from raw) as raw"""


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
