"""The dataset ice-2026 from its download to a cohort, on a look-alike of its file served on this machine."""

import functools
import hashlib
import threading
import tomllib
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

import analysis
from analysis.cli import main
from benchmarks.lookalike import write_lookalike

SPEC = Path(__file__).parents[2] / "data" / "raw" / "ice-2026" / "dataset.toml"
ROWS = 3000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address and hash of a look-alike, as long as the tests run."""
    folder = tmp_path_factory.mktemp("served")
    file = write_lookalike(folder / "detainers-latest.parquet", ROWS)
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{file.name}", hashlib.sha256(file.read_bytes()).hexdigest(), file
        server.shutdown()


def test_from_the_download_to_repeat_detainers_by_state(house, served, monkeypatch, capsys):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    url, digest, file = served
    spec = SPEC.read_text(encoding="utf-8")
    block = tomllib.loads(spec)["files"][0]
    house.write(spec.replace(block["url"], url).replace(block["sha256"], digest), name="ice-2026")
    assert main(["data", "--datasets", "ice-2026"]) == 0
    capsys.readouterr()
    ds = analysis.open_dataset("ice-2026")
    raw = pd.read_parquet(file)
    assert ds.quality.groupby("table")[["rows_in", "kept"]].sum().loc["detainers"].tolist() == [ROWS, ROWS]
    detainers, exits = ds.frame("detainers"), ds.frame("exits")
    assert detainers["person_id"].isna().sum() == raw["unique_identifier"].isna().sum() > 0.1 * ROWS
    assert detainers["duplicate_likely"].tolist() == raw["duplicate_likely"].tolist()
    assert len(exits) == (raw["departed_date"].notna() & raw["unique_identifier"].notna()).sum()
    assert exits["kind"].isin(["removed", "died"]).all()
    assert ds.unknown.empty  # every value of the lists is known
    assert len(detainers[detainers["jurisdiction"].astype("str").str.len() == 5]) > 0.9 * ROWS
    cohort = analysis.cohort(ds, origin="prepared", event="repeat_detainer", entry_days=30)
    assert cohort.data_end == "2026-01-31"
    assert cohort.frame["event"].value_counts().loc[["repeat_detainer", "removed"]].min() > 0
    known = cohort.where("state.notna()")
    life = analysis.life_table(known, by=["state"])
    assert life["repeat_detainer"].sum() == (known.frame["event"] == "repeat_detainer").sum()


def test_the_pinned_file_is_the_published_one():
    block = tomllib.loads(SPEC.read_text(encoding="utf-8"))["files"][0]
    assert block["sha256"] == "43bbb30edba96bf4d73ca03b372185419b7faa16ac86f36659760fefc4b6c713"
    assert "/533ccce9793beabd2214f807fcc530c07961a28e/" in block["url"]
