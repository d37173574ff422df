"""Downloads with a hash: fetched beside, checked, then renamed, so that a partial file never looks whole."""

import os
from pathlib import Path
from urllib.parse import urljoin

from analysis.data.errors import InputError
from analysis.data.sources import sha256, take_local
from analysis.data.spec import Source, Spec, may_be_fetched

TRIES = 3
TIMEOUT = 60


def fetch(spec: Spec) -> list[Path]:
    """Download what the dataset names by url and does not have; return the files, all with the right hash.

    Raises InputError for an address that does not answer, a file that is not there, a transfer that
    breaks off, and a hash that is not the expected one (the file is then kept aside as ``*.refused``).
    """
    return [_fetch(spec, source) for source in spec.sources if source.url]


def _fetch(spec: Spec, source: Source) -> Path:
    path = spec.folder / source.download
    if path.exists():
        found = sha256(path)
        if found == source.sha256:
            return path
        _refuse(path, path, found, source, spec)
    try:
        take_local(path, source, spec)
        return path
    except InputError:
        pass  # not on this machine: download it
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _transfer(str(source.url), beside, spec)
        found = sha256(beside)
        if found != source.sha256:
            _refuse(beside, path, found, source, spec)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def _refuse(found_at: Path, path: Path, found: str, source: Source, spec: Spec) -> None:
    aside = path.with_name(f"{path.name}.refused")
    found_at.replace(aside)
    raise InputError(
        f"{spec.name}: {path.name} has sha256 {found}, expected {source.sha256}. The file is kept aside as {aside.name} and not used. "
        "Fetch it again; if the publisher has replaced it, check the new file and write its hash into dataset.toml."
    )


def _check_redirect(response: object, spec: Spec) -> None:
    """Refuse an answer that sends on to an address which dataset.toml could not name."""
    target = urljoin(response.url, response.headers.get("Location", ""))
    if response.is_redirect and not may_be_fetched(target):
        raise InputError(
            f"{spec.name}: {response.url} sends on to {target}: only https addresses are downloaded. Name the file's own address."
        )


def _transfer(url: str, target: Path, spec: Spec) -> None:
    """Fetch with retries; a body shorter than announced counts as broken off."""
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    watch = {"response": lambda response, **_: _check_redirect(response, spec)}
    get = pooch.HTTPDownloader(timeout=TIMEOUT, headers={"Accept-Encoding": "identity"}, hooks=watch)
    for left in range(TRIES - 1, -1, -1):
        try:
            get(url, str(target), None)
            return
        except requests.HTTPError as error:
            status = error.response.status_code
            if status < 500 or not left:
                raise InputError(
                    f"{spec.name}: {url} answered {status}. Check the address in dataset.toml, or try again later."
                ) from None
        except (requests.RequestException, OSError, ValueError) as error:
            if not left:
                reason = type(error).__name__
                raise InputError(
                    f"{spec.name}: {url} could not be fetched ({reason}). Check the connection and try again."
                ) from None
