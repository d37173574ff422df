"""Where a block's file is and how it is read: settings that no file can have are refused before any file is opened."""

import codecs
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from analysis.data.errors import InputError


def check_place(block: dict, where: str) -> None:
    """Refuse a block that does not say where its file is, or whose file cannot be checked or taken."""
    places = [key for key in ("path", "url", "package") if key in block]
    if not places or ("package" in block and len(places) > 1) or not all(block[key].strip() for key in places):
        raise InputError(f"{where}: say where the file is: path = ..., url = ... with sha256 = ..., or package = ...")
    if "sha256" in block and not re.fullmatch(r"[0-9a-fA-F]{64}", block["sha256"]):
        raise InputError(f"{where}: sha256 = {block['sha256']!r}, expected 64 hexadecimal digits.")
    path = block.get("path", "")
    if Path(path).is_absolute() or ".." in Path(path).parts or "~" in Path(path).parts:
        raise InputError(f"{where}: path = '{path}' leaves the dataset's folder. Put the file beside dataset.toml.")
    if "url" not in block:
        return
    try:
        url = urlsplit(block["url"])
    except ValueError as error:
        raise InputError(f"{where}: url = {block['url']!r} is not an address ({error}).") from None
    if not may_be_fetched(block["url"]):
        raise InputError(
            f"{where}: url = {block['url']!r}: only https addresses are downloaded (http only from this machine)."
        )
    if "sha256" not in block:
        raise InputError(
            f'{where}: a url needs sha256 = "..." (64 hexadecimal digits), so that what arrives can be checked.'
        )
    name = path or Path(unquote(url.path)).name
    if name in ("", ".", "..", "dataset.toml") or re.search(r"[*?\[]", name):
        raise InputError(f'{where}: the download needs a file name of its own. Add path = "name.csv" beside the url.')


def may_be_fetched(address: str) -> bool:
    """Return whether an address is one of https, or of http on this machine."""
    url = urlsplit(address)
    local = url.scheme == "http" and url.hostname in ("localhost", "127.0.0.1")
    return bool(url.hostname) and (url.scheme == "https" or local)


def check_reading(merged: dict, where: str) -> None:
    """Refuse settings of reading that no file can have."""
    if merged.get("skip_rows", 0) < 0:
        raise InputError(
            f"{where}: skip_rows = {merged['skip_rows']}, expected 0 or the number of rows above the header."
        )
    mark = merged.get("delimiter")
    if mark is not None and (len(mark) != 1 or not mark.isascii() or mark in '"\r\n\0'):
        raise InputError(f'{where}: delimiter = {mark!r}, expected one character, such as "," or ";" or "\\t".')
    encoding = merged.get("encoding")
    try:
        if encoding is not None and not codecs.lookup(encoding)._is_text_encoding:
            raise LookupError(encoding)
    except (LookupError, ValueError):
        raise InputError(
            f"{where}: unknown encoding '{encoding}'. Expected one such as 'utf-8', 'cp1252' or 'latin-1'."
        ) from None
