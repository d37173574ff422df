"""What the leak scan looks for beside patterns: hashes of raw identifiers and names, so that a page can be asked for them.

In: the columns of a batch that are ``sensitive`` or mapped to an identifier. Out: ``data/private/<dataset>/raw_values/``
with a file ``<n>.npy`` for each number of words n: the sorted 64-bit hashes (``pandas.util.hash_array``) of values of n words
(case folded, words joined by one blank). No raw value stands there, a look-up is a binary search in a mapped file, and
``publish`` needs neither this package nor a raw value to use it: the runner hands it the folder's path. Handing over
values instead would put names into the memory and task files of the processes that make pages.

Left out are values that a page may hold by chance, since a finding closes the build: words without a digit other than
whole names, numbers of fewer than seven digits, texts shorter than six characters, and dates (which the scan's own rules
find where they are called dates of birth).
"""

import glob
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.data.blocks import Source
from analysis.data.coded import RawColumns
from analysis.data.state import RAW_VALUES

if TYPE_CHECKING:
    import ibis

MOST_WORDS = 6
_WORD = re.compile(r"\w+")
_DIGITS = str.maketrans("", "", "0123456789")
_MONTH = r"(\d{1,2}|[a-z]{3,9})"
_DATE = re.compile(
    rf"(\d{{4}} {_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH} (\d{{2}}|\d{{4}})|[a-z]{{3,9}} \d{{1,2}} (\d{{2}}|\d{{4}}))( \d+)*|(19|20)\d{{6}}"
)


def hashed_values(raw: RawColumns, source: Source, path: Path) -> None:
    """Write the hashes of a batch's sensitive values and identifiers to a file beside the parts, where there are any."""
    mapped = [
        header for part in source.maps for rule in part.columns.values() if rule.kind == "id" for header in rule.headers
    ]
    headers = [header for header in dict.fromkeys((*mapped, *source.sensitive)) if header in raw.columns]
    phrases = [phrases_of(raw.coded(header).texts) for header in headers]
    phrases.append(np.array([text for text in _names(raw, source) if " " in text], dtype=object))
    found = np.concatenate(phrases)
    words = pc.add(pc.count_substring(pa.array(found, pa.string()), " "), 1).to_numpy()
    some = words <= MOST_WORDS
    if some.any():
        hashes = pd.util.hash_array(found[some], categorize=False)
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


def write(parts: Iterable[Path], private: Path, engine: Callable[[], "ibis.BaseBackend"]) -> None:
    """Put the hashes of all batches together, each once and in order, in place of what an earlier build wrote."""
    folder, beside = private / RAW_VALUES, private / f".{RAW_VALUES}.building"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
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


def _names(raw: RawColumns, source: Source) -> set[str]:
    """Return whole names: the one column, or first and last name in both orders."""
    link = source.link
    if link is None:
        return set()
    if link.name:
        return {normal(text) for text in raw.coded(link.name).texts} if link.name in raw.columns else set()
    if not {link.first_name, link.last_name} <= set(raw.columns):
        return set()
    first, last = raw.coded(link.first_name), raw.coded(link.last_name)
    pairs = np.unique(np.stack([first.codes, last.codes]), axis=1)
    both = [(normal(first.texts[a]), normal(last.texts[b])) for a, b in pairs.T.tolist()]
    return {text for a, b in both if a and b for text in (f"{a} {b}", f"{b} {a}")}
