"""The site of ice-2026 from its download to its pages, on a look-alike served on this machine, with secrets planted in the file.

A name, a date of birth, an A-number and a raw identifier stand in every column that is not mapped, and all but the name in
every mapped text column. Not one may be found in what is processed, drawn or reported.
"""

import functools
import hashlib
import json
import threading
import tomllib
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.cli import main
from benchmarks.lookalike import write_lookalike

ROOT = Path(__file__).parents[1]
LAYOUT = tomllib.loads((ROOT / "src/analysis/data/formats/deportation-data-project.toml").read_text(encoding="utf-8"))
NAME, BORN, NUMBER, RAW_ID = "Quixelvath", "03/09/1985", "A012345678", "e185bdabcbf93f9098c1aa4303ff6179975ae0ae"
TEXT = ("detention_facility", "facility_city", "most_serious_conviction_charge", "citizenship_country")
ROWS, PLANTED = 4000, 30  # often enough to be listed as an unknown value


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def planted(path: Path) -> set[str]:
    """Plant the secrets in a look-alike's file; return the raw identifiers that it holds."""
    table = pq.read_table(path)
    frame = table.to_pandas()
    used = {rule["from"] if isinstance(rule, dict) else rule for rule in LAYOUT["columns"].values()}
    used |= {LAYOUT["columns"]["outcome"]["fill"], "departed_date", "duplicate_likely"}
    hidden = [
        name
        for name in table.column_names
        if name not in used and pa.types.is_string(table.schema.field(name).type) and name not in LAYOUT["optional"]
    ]
    assert len(hidden) > 30
    rows = iter(range(0, ROWS, 7))
    for columns, secrets in ((hidden, (NAME, BORN, NUMBER, RAW_ID)), (list(TEXT), (BORN, NUMBER, RAW_ID))):
        for secret in secrets:
            at = [next(rows) for _ in range(PLANTED)]
            for name in columns:
                frame[name] = frame[name].astype("object")
                frame.loc[at, name] = secret
    pq.write_table(pa.Table.from_pandas(frame, schema=table.schema, preserve_index=False), path)
    return set(frame["unique_identifier"].dropna())


@pytest.fixture(scope="module")
def linked(tmp_path_factory, project_copy):
    """The root of the site built from the served file, the exit code, and the raw identifiers."""
    served = tmp_path_factory.mktemp("served")
    file = write_lookalike(served / "detainers-latest.parquet", ROWS)
    raw_ids = planted(file)
    root = project_copy(tmp_path_factory.mktemp("linked"))
    spec = root / "data" / "raw" / "ice-2026" / "dataset.toml"
    text = spec.read_text(encoding="utf-8")
    block = tomllib.loads(text)["files"][0]
    with (
        pytest.MonkeyPatch.context() as patch,
        ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=served)) as server,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "ANALYSIS_DOWNLOADS"):
            patch.delenv(name, raising=False)
        patch.setenv("ANALYSIS_HOME", str(root))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/{file.name}"
        text = text.replace(block["url"], url).replace(block["sha256"], hashlib.sha256(file.read_bytes()).hexdigest())
        spec.write_text(text, encoding="utf-8")
        assert main(["data", "--datasets", "ice-2026"]) == 0
        server.shutdown()
        code = main(["report", "--datasets", "ice-2026"])
    return root, code, raw_ids


def said(path: Path) -> str:
    """Everything that a file says: its bytes, and of a Parquet file every value as text."""
    text = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        for column in table.columns:
            column = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
            text += "\n".join(str(value) for value in column.unique().to_pylist())
    return text.casefold()


def test_every_page_is_built_or_says_why_not(linked):
    root, code, _ = linked
    assert code == 0
    for report in ("data", "short_window", "long_term"):
        assert (root / "reports" / "ice-2026" / f"{report}.html").stat().st_size < 400_000


def test_the_long_term_page_follows_people_from_one_episode_to_the_next(linked):
    record = json.loads((linked[0] / "reports" / "ice-2026" / "long_term.json").read_text(encoding="utf-8"))
    results = record["results"]
    assert {"repeat_by_state", "repeat_by_facility", "repeat_by_outcome"} <= set(results)
    people = sum(row["people"] for row in results["repeat_by_outcome"])
    assert 0 < sum(row["with a repeat"] for row in results["repeat_by_outcome"]) < people
    page = (linked[0] / "reports" / "ice-2026" / "long_term.html").read_text(encoding="utf-8")
    for words in (
        "federal priorities",
        "local policy",
        "supersedes another",
        "from one jail to the next",
        "without an identifier",
    ):
        assert words in page


def test_no_planted_secret_and_no_raw_identifier_leaves_the_raw_file(linked):
    root, _, raw_ids = linked
    secrets = [text.casefold() for text in (NAME, BORN, "1985-03-09", NUMBER, RAW_ID, *sorted(raw_ids)[:200])]
    files = [
        path for name in ("data/processed", "figures", "reports") for path in (root / name).rglob("*") if path.is_file()
    ]
    assert len(files) > 30
    found = {str(path.relative_to(root)): hit for path in files if (hit := [s for s in secrets if s in said(path)])}
    assert found == {}


def test_the_search_finds_what_is_there(linked):
    parts = sorted((linked[0] / "data" / "processed" / "ice-2026" / "detainers.parquet").glob("*.parquet"))
    text = "".join(said(part) for part in parts)
    assert "jail" in text
    assert pd.Timestamp("2025-06-02").date().isoformat() in text
