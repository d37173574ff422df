"""Where a page comes from, for a reader: inputs and their hashes, parameters, versions, and how to rebuild it."""

import html
from collections.abc import Mapping

_NAMES = {
    "command": "Rebuild with",
    "rebuild": "Rebuild with",
    "notebook": "Notebook",
    "notebook_sha256": "Notebook, SHA-256",
    "parameters": "Parameters",
    "inputs": "Inputs, SHA-256",
    "package_sha256": "Source of this project, SHA-256",
    "lock_sha256": "Lock file, SHA-256",
    "python": "Python",
    "versions": "Versions",
}
_UNSAID = ("record",)


def provenance_html(provenance: Mapping) -> str:
    """Return provenance as a list of names and values; hashes are shortened, the whole hash is in the JSON and title."""
    keys = [*(k for k in _NAMES if k in provenance), *(k for k in provenance if k not in _NAMES and k not in _UNSAID)]
    rows = []
    for key in keys:
        value = provenance[key]
        if value is None or value == {} or value == []:
            continue
        name = _NAMES.get(key, key.replace("_", " ").capitalize())
        rows.append(f"<dt>{html.escape(name)}</dt><dd>{_value(value, key in ('command', 'rebuild'))}</dd>")
    lead = (
        "<p>Two builds from the same inputs, parameters and versions give the same numbers. Hashes are shortened here; "
    )
    return f'{lead}they are whole in the JSON file beside this page.</p><dl class="made">{"".join(rows)}</dl>'


def foot(provenance: Mapping) -> str:
    """Return the last line of a page."""
    package = provenance.get("package_sha256")
    made = f"Made by source {_hash(package)}. " if package else ""
    return f"{made}Rebuild with <code>{html.escape(str(provenance.get('command') or 'make report'))}</code>."


def _value(value: object, code: bool = False) -> str:
    if isinstance(value, Mapping):
        items = "".join(f"<li>{html.escape(str(k))}: {_value(v)}</li>" for k, v in value.items())
        return f"<ul>{items}</ul>"
    if isinstance(value, list | tuple):
        return ", ".join(_value(item) for item in value)
    text = str(value)
    if len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return _hash(text)
    return f"<code>{html.escape(text)}</code>" if code else html.escape(text)


def _hash(text: str) -> str:
    return f'<code title="SHA-256 {html.escape(text)}">{html.escape(text[:12])}…</code>'
