"""The shared glossary: terms and their explanations, from `templates/glossary.toml`."""

import difflib
import tomllib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def terms() -> dict[str, dict[str, str]]:
    """Return key -> {term, text} for every term."""
    text = (files("analysis.publish") / "templates" / "glossary.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def explained(key: str) -> dict[str, str]:
    """Return ``{term, text}`` for ``key``; ``KeyError`` with the nearest term where there is none."""
    if key not in terms():
        near = difflib.get_close_matches(key, terms(), 1, cutoff=0.3)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise KeyError(f"no glossary term {key!r} in glossary.toml{hint}")
    return terms()[key]
