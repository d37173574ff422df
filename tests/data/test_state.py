"""Where datasets are found, and what a build depends on."""

import threading
import time

import pytest

from analysis.data import state
from analysis.data.errors import InputError


def test_the_root_is_the_variable_or_the_nearest_folder_with_data(house, monkeypatch, tmp_path):
    folder = house.write()
    assert state.home() == tmp_path
    monkeypatch.delenv("ANALYSIS_HOME")
    assert state.home(folder) == tmp_path
    monkeypatch.chdir(folder)
    assert state.home() == tmp_path
    with pytest.raises(InputError, match=r"no folder above .* holds data/raw"):
        state.home(tmp_path.parents[1])


def test_a_dataset_is_found_by_name_or_by_path(house, monkeypatch, tmp_path):
    folder = house.write()
    (tmp_path / "test").mkdir()  # a folder of the same name where one happens to stand is not the dataset
    monkeypatch.chdir(tmp_path)
    for name in ("test", folder, folder / "dataset.toml", "data/raw/test", "data/raw/test/dataset.toml"):
        spec, root = state.find_spec(name)
        assert (spec.name, spec.folder.resolve(), root) == ("test", folder, tmp_path)
    with pytest.raises(InputError, match=r"there is no dataset 'tset' under data/raw. Did you mean 'test'\?"):
        state.find_spec("tset")
    with pytest.raises(InputError, match="no such file"):
        state.find_spec(tmp_path / "none" / "dataset.toml")


def test_two_builds_of_one_dataset_wait_for_each_other(tmp_path):
    order = []

    def hold():
        with state.locked(tmp_path / "data"):
            order.append("first in")
            time.sleep(0.1)
            order.append("first out")

    thread = threading.Thread(target=hold)
    thread.start()
    while not order:
        time.sleep(0.005)
    with state.locked(tmp_path / "data"):
        order.append("second in")
    thread.join()
    assert order == ["first in", "first out", "second in"]
