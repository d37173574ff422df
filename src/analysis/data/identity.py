"""Identifiers replaced by keyed hashes, so that no processed table holds a raw one and nobody without the key can try one.

The key is made on first use, lies under ``data/private/`` (which git ignores and publishing never
reads), and is one for all files of a dataset, so that equal identifiers stay equal across its tables.
"""

import base64
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from analysis.data.errors import InputError

KEY_BYTES = 32


def keyed_hash(private: Path) -> Callable[[pd.Series], pd.Series]:
    """Return a function from a Series of identifiers to their HMAC-SHA-256 (32 hexadecimal digits); missing stays missing."""
    key = hashing_key(private)

    def hashed(values: pd.Series) -> pd.Series:
        texts = [None if missing else str(value) for value, missing in zip(values.tolist(), values.isna(), strict=True)]
        known = {text: hmac.digest(key, text.encode(), "sha256").hex()[:32] for text in {*texts} - {None}}
        return pd.Series([known.get(text) for text in texts], index=values.index, dtype="str")

    return hashed


def phrase_key(private: Path) -> str:
    """Return the sixteen characters that key the hashes of raw values (SipHash): told by the dataset's key, and no part of it."""
    return base64.b64encode(hmac.digest(hashing_key(private), b"raw values", "sha256")).decode()[:16]


def hashing_key(private: Path) -> bytes:
    """Return a dataset's key, made on first use. Raises InputError for one that is cut short."""
    file = private / "key"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        beside = file.with_name(f".key.{os.getpid()}")
        beside.touch(mode=0o600)
        beside.write_bytes(secrets.token_bytes(KEY_BYTES))
        beside.replace(file)
    key = file.read_bytes()
    if len(key) < KEY_BYTES:
        raise InputError(
            f"{file.parent.name}: the hashing key {file} is cut short. Take it away; the next build makes a new one, and all "
            "identifiers of the dataset get new hashes."
        )
    return key
