"""The keys of ``[files.link]`` and ``[link]``: what can be used, and what is refused with one line."""

import pytest

from analysis.data.errors import InputError
from analysis.data.spec import read_link_columns, read_spec


def test_a_block_says_which_columns_are_names():
    columns = read_link_columns(
        {"last_name": "Last  Name", "first_name": "First", "birth_date": {"from": "DOB", "date": ["%m/%d/%Y"]}}, "t"
    )
    assert (columns.birth_date, columns.formats) == ("DOB", ("%m/%d/%Y",))
    assert (columns.last_name, columns.first_name, columns.name) == ("Last Name", "First", None)
    assert columns.headers == ("Last Name", "First", "DOB")
    assert read_link_columns({"name": "Full", "birth_date": "DOB"}, "t").headers == ("Full", "DOB")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"last_nam": "L", "first_name": "F", "birth_date": "D"}, "Did you mean 'last_name'"),
        ({"last_name": "L", "birth_date": "D"}, "either last_name and first_name or name"),
        ({"last_name": "L", "first_name": "F"}, "expected birth_date"),
        (
            {"name": "N", "last_name": "L", "first_name": "F", "birth_date": "D"},
            "either last_name and first_name or name",
        ),
        ({"name": "N", "birth_date": {"from": "D", "date": ["%Y"]}}, "has no"),
        ({"name": 3, "birth_date": "D"}, "expected a text"),
    ],
)
def test_a_block_that_cannot_be_used_is_refused(raw, said):
    with pytest.raises(InputError, match=said):
        read_link_columns(raw, "t/dataset.toml, [[files]] block 1")


@pytest.mark.parametrize(("threshold", "said"), [("1.5", "expected a match probability"), ("1", None), ("0.9", "")])
def test_a_threshold(house, threshold, said):
    toml = 'title = "T"\nkind = "real"\nsource = "s"\n[[files]]\npath = "a.csv"\n[link]\n'
    file = house.write(f"{toml}threshold = {threshold}\n") / "dataset.toml"
    if said == "":
        assert read_spec(file).link_threshold == float(threshold)
        return
    with pytest.raises(InputError, match=said or "link.threshold = 1.0, expected"):
        read_spec(file)
