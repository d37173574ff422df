"""Downloads, against a server on this machine: only a whole file with the right hash is ever used."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from analysis import open_dataset
from analysis.cli import main
from analysis.data import download

GOOD = b"id,on\n1,2020-01-01\n2,2020-01-02\n"
HASH = hashlib.sha256(GOOD).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        status, body, announced = self.server.answers[min(len(self.server.asked), len(self.server.answers)) - 1]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", body.decode())
        self.send_header("Content-Length", str(announced if announced else len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 2)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answers, server.asked = [(200, GOOD, None)], []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(house, server):
    """A dataset whose file the server has."""
    return house.write(toml(f"http://127.0.0.1:{server.server_port}/files/the%20file.csv"))


def toml(url: str, digest: str = HASH) -> str:
    return (
        'title = "Test"\nkind = "real"\nsource = "a server"\ndata_end = { arrests = 2020-12-31 }\n[[files]]\ntable = "arrests"\n'
        f'url = "{url}"\nsha256 = "{digest.upper()}"\n[files.columns]\nperson_id = "id"\narrested = "on"\n'
    )


def refused(capsys) -> str:
    assert main(["data", "--datasets", "test"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("analysis: test: ")
    return said


def files(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "dataset.toml")


def test_the_right_file_is_kept_and_fetched_once(folder, server, capsys):
    assert main(["data", "--datasets", "test"]) == 0
    assert "the file.csv is here, its hash is right" in capsys.readouterr().out
    assert (folder / "the file.csv").read_bytes() == GOOD
    assert main(["data"]) == 0  # all datasets; this one is there
    assert server.asked == ["/files/the%20file.csv"]
    assert len(open_dataset("test").frame("arrests")) == 2


def test_a_wrong_hash_is_refused_and_the_file_kept_aside(folder, server, capsys):
    server.answers = [(200, b"other", None)]
    said = refused(capsys)
    assert hashlib.sha256(b"other").hexdigest() in said
    assert HASH in said
    assert files(folder) == ["the file.csv.refused"]
    server.answers = [(200, GOOD, None)]
    assert main(["data", "--datasets", "test"]) == 0  # a good file afterwards is taken
    assert "the file.csv" in files(folder)


def test_a_file_of_another_hash_on_disk_is_kept_aside_and_never_read(folder, server, capsys):
    (folder / "the file.csv").write_bytes(b"id,on\n9,2020-01-01\n")
    with pytest.raises(download.InputError, match=f"expected {HASH}"):
        open_dataset("test")
    assert HASH in refused(capsys)
    assert files(folder) == ["the file.csv.refused"]


@pytest.mark.parametrize("times", [1, 9])
def test_a_server_that_goes_half_way(folder, server, capsys, times):
    server.answers = [(200, GOOD[:10], len(GOOD))] * times + [(200, GOOD, None)]
    if times == 1:
        assert main(["data", "--datasets", "test"]) == 0
        assert files(folder) == ["the file.csv"]
    else:
        assert "could not be fetched" in refused(capsys)
        assert files(folder) == []
        assert len(server.asked) == download.TRIES


def test_a_file_that_is_not_there(folder, server, capsys):
    server.answers = [(404, b"no", None)]
    said = refused(capsys)
    assert "/files/the%20file.csv answered 404" in said
    assert "Check the address in dataset.toml" in said
    assert len(server.asked) == 1
    assert files(folder) == []


@pytest.mark.parametrize("target", ["http://example.org/a.csv", "file:///etc/hostname", "ftp://example.org/a.csv"])
def test_a_redirect_away_from_https_is_refused(folder, server, capsys, target):
    server.answers = [(302, target.encode(), None)]
    assert f"sends on to {target}" in refused(capsys)
    assert len(server.asked) == 1
    assert files(folder) == []


def test_a_server_with_a_fault_is_asked_again(folder, server, capsys):
    server.answers = [(500, b"", None), (503, b"", None), (200, GOOD, None)]
    assert main(["data", "--datasets", "test"]) == 0
    assert len(server.asked) == 3
    server.answers, server.asked = [(500, b"", None)], []
    (folder / "the file.csv").unlink()
    assert "answered 500" in refused(capsys)
    assert len(server.asked) == download.TRIES


def test_an_address_that_does_not_answer(house, server, capsys):
    port = server.server_port
    server.shutdown()
    server.server_close()
    folder = house.write(toml(f"http://127.0.0.1:{port}/a.csv"))
    assert "could not be fetched (ConnectionError)" in refused(capsys)
    assert files(folder) == []


def test_a_local_copy_is_taken_only_if_its_hash_is_right(folder, server, monkeypatch, tmp_path, capsys):
    here = tmp_path / "downloads"
    here.mkdir()
    monkeypatch.setenv("ANALYSIS_DOWNLOADS", str(here))
    (here / "the file.csv").write_bytes(b"other")
    with pytest.raises(download.InputError, match=r"is not on this machine yet. Run `make data DATASETS=test`"):
        open_dataset("test")
    (here / "the file.csv").write_bytes(GOOD)
    assert len(open_dataset("test").frame("arrests")) == 2
    assert server.asked == []
    assert files(folder) == ["the file.csv"]


def test_one_dataset_that_fails_leaves_the_others_to_be_fetched(house, server, capsys):
    good, bad = (f"http://127.0.0.1:{server.server_port}/{name}.csv" for name in ("good", "bad"))
    house.write(toml(bad, "0" * 64), name="a-bad")
    folder = house.write(toml(good), name="b-good")
    assert main(["data", "--datasets", "a-bad b-good"]) == 2
    assert files(folder) == ["good.csv"]
