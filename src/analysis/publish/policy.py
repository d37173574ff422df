"""The style sheet of all pages, and the content policy that lets a page use it and nothing else."""

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=2)
def css() -> str:
    """Return the style sheet."""
    return (files("analysis.publish") / "templates" / "report.css").read_text(encoding="utf-8").strip()


@lru_cache(maxsize=2)
def content_policy(*scripts: str) -> str:
    """Return a Content-Security-Policy under which a page loads nothing and only our style applies; it runs ``scripts`` and nothing else."""
    runs = "".join(f" 'sha256-{_digest(script)}'" for script in scripts)
    allowed = f" script-src{runs};" if runs else ""
    return f"default-src 'none';{allowed} style-src 'sha256-{_digest(css())}'; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
