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

import glob
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.data.coded import RawColumns
from analysis.data.identity import phrase_key
from analysis.data.person_names import NO_NAME, name_headers, split_full
from analysis.data.spec import Source
from analysis.data.state import RAW_VALUES

if TYPE_CHECKING:
    import ibis

MOST_WORDS = 6
_NOTHING = np.array([""], dtype=object)  # what tells one key from another
_WORD = re.compile(r"\w+")
_DIGITS = str.maketrans("", "", "0123456789")
_MONTH = r"(\d{1,2}|[a-z]{3,9})"
_DATE = re.compile(
    rf"(\d{{4}} {_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH} (\d{{2}}|\d{{4}})|[a-z]{{3,9}} \d{{1,2}} (\d{{2}}|\d{{4}}))( \d+)*|(19|20)\d{{6}}"
)


def hashed_values(raw: RawColumns, source: Source, key: str, path: Path) -> None:
    """Write the hashes under ``key`` of a batch's sensitive values and identifiers to a file beside the parts, where there are any."""
    mapped = [
        header for part in source.maps for rule in part.columns.values() if rule.kind == "id" for header in rule.headers
    ]
    headers = [header for header in dict.fromkeys((*mapped, *source.sensitive)) if header in raw.columns]
    phrases = [phrases_of(raw.coded(header).texts) for header in headers]
    phrases.append(np.array(_names(raw, source), dtype=object))
    found = np.concatenate(phrases)
    words = pc.add(pc.count_substring(pa.array(found, pa.string()), " "), 1).to_numpy()
    some = words <= MOST_WORDS
    if some.any():
        hashes = pd.util.hash_array(found[some], hash_key=key, categorize=False)
        pq.write_table(pa.table({"words": words[some].astype("int8"), "hash": hashes}), path)


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


def write(parts: Iterable[Path], private: Path, key: str, engine: Callable[[], "ibis.BaseBackend"]) -> None:
    """Put the hashes of all batches together, each once and in order, in place of what an earlier build wrote."""
    folder, beside = private / RAW_VALUES, private / f".{RAW_VALUES}.building"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    np.save(beside / "0.npy", pd.util.hash_array(_NOTHING, hash_key=key))
    parts = list(parts)
    if parts:
        connection, ordered = engine(), parts[0].with_name("ordered-values.parquet")
        found = connection.read_parquet([glob.escape(str(part)) for part in parts])
        found = found.distinct().order_by(["words", "hash"])
        connection.to_parquet(found, ordered)
        _to_files(pq.ParquetFile(ordered, pre_buffer=False), beside)
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def _to_files(ordered: pq.ParquetFile, folder: Path) -> None:
    """Write runs of one number of words as plain arrays, their headers last: lengths are known only then."""
    lengths: dict[int, int] = {}
    for batch in ordered.iter_batches():
        words, hashes = batch["words"].to_numpy(), batch["hash"].to_numpy()
        for n in np.unique(words).tolist():
            own = hashes[words == n].astype("<u8")
            lengths[n] = lengths.get(n, 0) + len(own)
            with (folder / f"{n}.raw").open("ab") as file:
                own.tofile(file)
    for n, length in lengths.items():
        body = folder / f"{n}.raw"
        array = np.lib.format.open_memmap(folder / f"{n}.npy", mode="w+", dtype="<u8", shape=(length,))
        array[:] = np.memmap(body, dtype="<u8", mode="r")
        array.flush()
        body.unlink()


def _names(raw: RawColumns, source: Source) -> list[str]:
    """Return people's first and last names, or the one column that holds both, in both orders, middle names in and out."""
    kinds = {header: kind for header, kind in name_headers(source).items() if header in raw.columns}
    pairs: set[tuple[str, str]] = set()
    for header in (header for header, kind in kinds.items() if kind == "whole"):
        both = split_full(
            pd.Series([text for text in raw.coded(header).texts if text not in source.nulls], dtype="str")
        )
        pairs.update(zip(both["first_name"], both["last_name"], strict=True))
    for one, other in product(kinds, kinds):
        if (kinds[one], kinds[other]) == ("first", "last"):
            first, last = raw.coded(one), raw.coded(other)
            rows = np.unique(first.codes * len(last.texts) + last.codes)
            a, b = first.texts[rows // len(last.texts)], last.texts[rows % len(last.texts)]
            pairs.update(pair for pair in zip(a, b, strict=True) if not source.nulls & {*pair})
    names = set()
    for given, last in ((normal(a), normal(b)) for a, b in pairs):
        for first in {given, given.partition(" ")[0]}:
            if min(len(first), len(last)) > 1 and not NO_NAME & {*first.split(), *last.split()}:
                names |= {f"{first} {last}", f"{last} {first}"}
    return list(names)


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
