"""The raw values that no page may hold, as hashes: what the leak scan looks for without anyone being able to read it back.

The folder is written when a dataset is built and named to the worker by the runner; nothing else under ``data/private``
is opened. It holds ``<n>.npy`` for values of n words: a sorted array of 64-bit hashes of the words in small letters with
one blank between (`pandas.util.hash_array` with its default key).
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd


class RawValues:
    """Raw values of one dataset, to be asked whether any of some phrases is among them."""

    def __init__(self, folder: Path) -> None:
        """Open ``folder``; raises ``OSError`` or ``ValueError`` for one that is not there or cannot be read: no scan, no page."""
        self._tables: dict[int, np.ndarray] = {}
        for file in sorted(Path(folder).iterdir()):
            if file.suffix == ".npy":
                table = np.load(file, mmap_mode="r", allow_pickle=False)
                if table.dtype != np.uint64 or table.ndim != 1 or not (table[:-1] <= table[1:]).all():
                    raise ValueError(
                        f"{file.name}: expected a sorted array of unsigned 64-bit hashes; found {table.dtype}"
                    )
                self._tables[int(file.stem)] = table

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """The numbers of words that values have."""
        return tuple(sorted(self._tables))

    def held(self, phrases: Sequence[str]) -> np.ndarray:
        """Return for each of ``phrases``, all of one number of words, whether it is a raw value."""
        table = self._tables.get(phrases[0].count(" ") + 1) if len(phrases) else None
        if table is None or not len(table):
            return np.zeros(len(phrases), dtype=bool)
        wanted = pd.util.hash_array(np.asarray(phrases, dtype=object))
        place = np.searchsorted(table, wanted)
        return table[np.minimum(place, len(table) - 1)] == wanted
