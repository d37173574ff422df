"""What the leak scan looks for beside patterns: hashes of raw identifiers and names, so that a page can be asked for them.

In: the columns of a batch that are ``sensitive`` or mapped to an identifier. Out: ``data/private/<dataset>/raw_values/``
with a file ``<n>.npy`` for each number of words n: the sorted 64-bit hashes (SipHash, ``pandas.util.hash_array``, under a key
that the dataset's own tells) of values of n words (case folded, words joined by one blank), and ``0.npy``, by which the key is
known to be the right one. No raw value stands there, nobody without the key can try one, a look-up is a binary search in a
mapped file, and `RawValues` is all that ``publish`` is handed.

Left out are values that a page may hold by chance, since a finding closes the build: words without a digit other than
whole names, numbers of fewer than seven digits, texts shorter than six characters, and dates (which the scan's own rules
find where they are called dates of birth).
"""

import re
import shutil
from collections.abc import Container, Iterable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.data.identity import phrase_key
from analysis.data.person_names import NO_NAME
from analysis.data.state import RAW_VALUES

MOST_WORDS = 6
_NOTHING = np.array([""], dtype=object)  # what tells one key from another
_WORD = re.compile(r"\w+")
_DIGITS = str.maketrans("", "", "0123456789")
_MONTH = r"(\d{1,2}|[a-z]{3,9})"
_DATE = re.compile(
    rf"(\d{{4}} {_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH} (\d{{2}}|\d{{4}})|[a-z]{{3,9}} \d{{1,2}} (\d{{2}}|\d{{4}}))( \d+)*|(19|20)\d{{6}}"
)


def hashes(phrases: np.ndarray, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of words and the hash under ``key`` of phrases that are not too long."""
    words = pc.add(pc.count_substring(pa.array(phrases, pa.string()), " "), 1).to_numpy(zero_copy_only=False)
    some = words <= MOST_WORDS
    return words[some].astype("int8"), pd.util.hash_array(phrases[some], hash_key=key, categorize=False)


def phrases_of(texts: np.ndarray) -> np.ndarray:
    """Return the values that are ``telling``, as ``normal`` gives them, in any order.

    Identifiers are letters and digits, a million in a file: these are judged all at once, by the same rules.
    """
    column = pa.array(texts, pa.string())
    plain = pc.match_substring_regex(column, "^[0-9A-Za-z]*$").to_numpy(zero_copy_only=False)
    word = column.filter(pa.array(plain))
    kept = pc.and_(pc.match_substring_regex(word, "^.{6,}$"), pc.match_substring_regex(word, "[0-9]"))
    kept = pc.and_not(kept, pc.match_substring_regex(word, "^([0-9]{6}|(19|20)[0-9]{6})$"))
    words = pc.ascii_lower(word.filter(kept)).to_numpy(zero_copy_only=False)
    rest = [text for text in map(normal, texts[~plain]) if telling(text)]
    return np.concatenate([words, np.array(rest, dtype=object)])


def normal(value: object) -> str:
    """Return a value as the scan compares it: words in lower case, joined by one blank."""
    text = str(value).casefold()
    return text if text.isascii() and text.isalnum() else " ".join(_WORD.findall(text))


def telling(text: str) -> bool:
    """Return whether a value (as ``normal`` gives it) is so particular that a page does not hold it by chance."""
    digits = len(text) - len(text.translate(_DIGITS)) if text.isascii() else sum(map(str.isdigit, text))
    bare = len(text.replace(" ", ""))
    return bare >= 6 and digits > 0 and (digits < bare or digits >= 7) and not _DATE.fullmatch(text)


def write(con: duckdb.DuckDBPyConnection, private: Path, key: str) -> None:
    """Write the table ``phrases`` (words, hash), each hash once and in order, in place of what an earlier build wrote."""
    folder, beside = private / RAW_VALUES, private / f".{RAW_VALUES}.building"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    np.save(beside / "0.npy", pd.util.hash_array(_NOTHING, hash_key=key))
    for words, length in con.execute("SELECT words, count(DISTINCT hash) FROM phrases GROUP BY words").fetchall():
        array = np.lib.format.open_memmap(beside / f"{words}.npy", mode="w+", dtype="<u8", shape=(length,))
        at = 0
        for batch in con.sql(
            f"SELECT DISTINCT hash FROM phrases WHERE words = {words} ORDER BY hash"
        ).to_arrow_reader():
            array[at : (at := at + len(batch))] = batch["hash"].to_numpy()
        array.flush()
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def whole_names(pairs: Iterable[tuple[str, str]], nothing: Container[str]) -> np.ndarray:
    """Return first and last names in both orders, middle names in and out; a pair with a part that says nothing is none."""
    names = set()
    for given, last in ((normal(a), normal(b)) for a, b in pairs if a not in nothing and b not in nothing):
        for first in {given, given.partition(" ")[0]}:
            if min(len(first), len(last)) > 1 and not NO_NAME & {*first.split(), *last.split()}:
                names |= {f"{first} {last}", f"{last} {first}"}
    return np.array([*names], dtype=object)


class RawValues:
    """Raw values of one dataset, to be asked whether any of some phrases is among them."""

    def __init__(self, private: Path) -> None:
        """Open a dataset's folder under data/private; what is not there, or not of its key, raises: no scan, no page."""
        self._tables: dict[int, np.ndarray] = {}
        for file in sorted((private / RAW_VALUES).iterdir()):
            table = np.load(file, mmap_mode="r", allow_pickle=False)
            if table.dtype != np.uint64 or table.ndim != 1 or not (table[:-1] <= table[1:]).all():
                raise ValueError(f"{file.name}: expected a sorted array of unsigned 64-bit hashes; found {table.dtype}")
            self._tables[int(file.stem)] = table
        if not (private / "key").is_file():
            raise FileNotFoundError(f"data/private/{private.name}/key is not there: no page can be looked through")
        self._key = phrase_key(private)
        if not self._among(0, _NOTHING).all():
            raise ValueError(
                f"data/private/{private.name}/{RAW_VALUES} was made with another key. Take data/processed/{private.name} away and "
                "run the same command again."
            )
        self.lengths = tuple(sorted(self._tables.keys() - {0}))

    def held(self, phrases: Sequence[str]) -> np.ndarray:
        """Return for each of ``phrases``, all of one number of words, whether it is a raw value."""
        return self._among(phrases[0].count(" ") + 1 if len(phrases) else 0, np.asarray(phrases, dtype=object))

    def _among(self, words: int, phrases: np.ndarray) -> np.ndarray:
        table = self._tables.get(words, ())
        if not len(table):
            return np.zeros(len(phrases), dtype=bool)
        wanted = pd.util.hash_array(phrases, hash_key=self._key)
        return table[np.minimum(np.searchsorted(table, wanted), len(table) - 1)] == wanted
