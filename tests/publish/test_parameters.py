"""A notebook's parameters are validated, and text stays text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from papermill.translators import PythonTranslator

from analysis.publish.parameters import Parameter, ParameterError, check, declared, from_text

SOURCE = """\
# The window.
days: int = 105  # length of the window, in days
jurisdiction: str = "06"  # FIPS code
share: float = 0.5  # a share
draw: bool = True  # or not
adjust: list[str] = []  # covariates
"""


def notebook(source):
    return {
        "cells": [
            {"cell_type": "markdown", "source": "# Title", "metadata": {}},
            {"cell_type": "code", "source": source.splitlines(keepends=True), "metadata": {"tags": ["parameters"]}},
        ]
    }


@pytest.fixture
def parameters():
    return declared(notebook(SOURCE), "x.ipynb")


def test_declarations_are_read(parameters):
    assert parameters == {
        "days": Parameter("int", 105), "jurisdiction": Parameter("str", "06"), "share": Parameter("float", 0.5),
        "draw": Parameter("bool", True), "adjust": Parameter("list[str]", []),
    }  # fmt: skip


def test_notebook_without_a_parameters_cell_has_none():
    assert declared({"cells": [{"cell_type": "code", "source": "x = 1", "metadata": {}}]}, "x") == {}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("days: int = 1 +", "line 1"),
        ("import os", "expected one `name: type = default`"),
        ("a = 1", "expected one `name: type = default`"),
        ("a: int", "expected one `name: type = default`"),
        ("days: int = today()", "the default of 'days' must be a plain value"),
        ("days: integer = 1", "unknown type 'integer'"),
        ("days: str = 1", "'days' is declared str, its default is 1"),
    ],
)
def test_unreadable_declarations_are_refused(source, message):
    with pytest.raises(ParameterError, match=r"x\.ipynb: parameters cell, line 1: ") as error:
        declared(notebook(source), "x.ipynb")
    assert message in str(error.value)


@pytest.mark.parametrize(
    "values",
    [{}, {"days": 30}, {"jurisdiction": "06037"}, {"share": 1}, {"adjust": ["sex"]}, {"draw": False}],
)
def test_values_that_fit_are_accepted(parameters, values):
    check(parameters, values, "x.ipynb")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dys": 30}, "no parameter 'dys'; did you mean 'days'?"),
        ({"zzz": 30}, "no parameter 'zzz'; it has: days, jurisdiction"),
        ({"jurisdiction": 6037}, "'jurisdiction' takes str, found 6037; write it in quotes"),
        ({"days": "30"}, "'days' takes int, found '30'"),
        ({"days": True}, "'days' takes int, found True"),
        ({"days": 30.0}, "'days' takes int, found 30.0"),
        ({"days": None}, "'days' takes int, found None"),
        ({"draw": 1}, "'draw' takes bool, found 1"),
        ({"share": float("nan")}, "'share' takes float, found nan"),
        ({"adjust": "sex"}, "'adjust' takes list[str], found 'sex'"),
        ({"adjust": [30]}, "'adjust' takes list[str]"),
    ],
)
def test_values_that_do_not_fit_are_refused(parameters, values, message):
    with pytest.raises(ParameterError, match=r"^x\.ipynb: ") as error:
        check(parameters, values, "x.ipynb")
    assert message in str(error.value)


def test_text_is_read_as_the_declared_type(parameters):
    texts = {"days": "30", "jurisdiction": "06037", "share": "1e-3", "draw": "no", "adjust": "sex, age"}
    values = from_text(parameters, texts, "x.ipynb")
    assert values == {"days": 30, "jurisdiction": "06037", "share": 0.001, "draw": False, "adjust": ["sex", "age"]}
    check(parameters, values, "x.ipynb")


@pytest.mark.parametrize(
    ("name", "text"),
    [("days", "06037"), ("days", "3.5"), ("days", ""), ("draw", "perhaps"), ("share", "inf")],
)
def test_text_that_is_no_value_is_refused(parameters, name, text):
    with pytest.raises(ParameterError, match=rf"^x\.ipynb: parameter '{name}' takes "):
        from_text(parameters, {name: text}, "x.ipynb")


def test_papermill_describes_the_same_parameters(parameters):
    assert [found.name for found in PythonTranslator.inspect({"source": SOURCE})] == list(parameters)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_text_reaches_a_notebook_as_it_is(text):
    read = from_text({"code": Parameter("str", "")}, {"code": text}, "x")["code"]
    namespace = {}
    exec(PythonTranslator.codify({"code": read}), namespace)
    assert namespace["code"] == read == text
