"""The style sheet of all pages, and the content policy that lets a page use it and nothing else."""

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def css() -> str:
    """Return the style sheet."""
    return (files("analysis.publish") / "templates" / "report.css").read_text(encoding="utf-8").strip()


@lru_cache(maxsize=1)
def content_policy() -> str:
    """Return a Content-Security-Policy under which a page loads nothing and runs nothing, and only our style applies."""
    digest = base64.b64encode(hashlib.sha256(css().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
