import csv
import io
import json

import pandas as pd
import pytest

from analysis.publish import tables
from analysis.publish.figures.drawing import banner_of
from analysis.publish.released import release

HOSTILE = ['=HYPERLINK("http://evil")', "+1", "-1+2", "@SUM(A1)", "\t=1", "<b>&amp;</b>", "  =1"]


def test_a_table_has_caption_scopes_and_escaped_cells():
    frame = pd.DataFrame({"place": ["<b>A & B</b>", "C"], "count": [1445, 2]})
    page = tables.to_html(release(frame, "public"), "Counts", "t1")
    assert '<caption id="t1-c"><span>Counts</span></caption>' in page
    assert page.count('scope="col"') == 2
    assert page.count('scope="row"') == 2
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in page
    assert "<b>" not in page
    assert '<td class="n">1,445</td>' in page


def test_shares_are_percentages_and_limits_one_column():
    frame = pd.DataFrame({"group": ["a"], "estimate": [0.0909091], "lower": [0.067471], "upper": [0.121428]})
    page = tables.to_html(release(frame, "public"), "x", "t", percent=("estimate", "lower", "upper"))
    assert "9.1" in page
    assert "6.7 to 12.1" in page
    assert ">Percent<" in page
    assert ">95 % interval<" in page


def test_years_have_no_thousands_separator_and_decimals_are_alike():
    frame = pd.DataFrame({"year": [2014, 2015], "rate": [1.5, 1.234], "window": [1095, 2000]})
    page = tables.to_html(release(frame, "public"), "x", "t")
    for text in (">2014<", ">1,095<", ">1.500<", ">1.234<"):
        assert text in page


def test_rounded_counts_stand_everywhere_with_their_note():
    released = release(pd.DataFrame({"place": ["a", "b"], "count": [4, 50]}), "restricted")
    page = tables.to_html(released, "x", "t")
    assert '<td class="n">3</td>' in page
    assert "Rounded; the parts do not add up." in page
    assert tables.to_csv(released) == "place,count\na,3\nb,51\n"
    assert tables.to_records(released) == [{"place": "a", "count": 3}, {"place": "b", "count": 51}]
    json.dumps(tables.to_records(released), allow_nan=False)


@pytest.mark.parametrize("cell", HOSTILE)
def test_no_cell_of_a_csv_is_run_by_a_spreadsheet(cell):
    text = tables.to_csv(release(pd.DataFrame({"place": [cell], cell: ["x"]}), "public"))
    header, row = list(csv.reader(io.StringIO(text)))
    for written in (header[1], row[0]):
        assert written.lstrip()[:1] not in ("=", "+", "-", "@")
        assert written[:1] not in ("\t", "\r")


def test_negative_numbers_in_a_csv_stay_numbers():
    assert tables.to_csv(release(pd.DataFrame({"x": [-0.5]}), "public")) == "x\n-0.5\n"


def test_synthetic_and_internal_rows_say_so():
    one = release(pd.DataFrame({"x": [1]}), "public")
    assert tables.to_csv(one, banner_of("synthetic", "public")) == "x,data\n1,synthetic\n"
    assert tables.to_csv(one, banner_of("real", "internal")) == 'x,data\n1,"Internal: exact counts, not for release"\n'
    assert tables.to_csv(one, banner_of("real", "restricted")) == "x\n1\n"


def test_missing_values_are_empty_in_csv_and_a_dash_on_the_page():
    frame = pd.DataFrame({"a": ["x", None], "b": [0.25, None], "when": pd.to_datetime(["2014-02-01", None])})
    assert tables.to_csv(release(frame, "public")) == "a,b,when\nx,0.25,2014-02-01\n,,\n"
    page = tables.to_html(release(frame, "public"), "x", "t")
    assert page.count("\u2013") == 3
    assert "February 2014" in page


def test_the_interval_is_named_by_its_level_and_decimals_do_not_run_away():
    frame = pd.DataFrame(
        {
            "what": ["share", "difference"],
            "estimate": [0.1034566, 0.0007734],
            "lower": [0.09457, None],
            "upper": [0.1131, None],
        }
    )
    page = tables.to_html(release(frame, "public"), "x", "t", level=0.9)
    for text in (">90 % interval<", ">0.1035<", ">0.0008<", ">0.0946 to 0.1131<"):
        assert text in page


def test_columns_that_read_alike_are_both_kept():
    page = tables.to_html(release(pd.DataFrame({"a_b": [1], "a b": [2]}), "public"), "x", "t")
    assert page.count(">A b<") == 2


def test_a_count_beside_a_fraction_stays_whole():
    page = tables.to_html(release(pd.DataFrame({"denominator": [1445.0, 358.72]}), "public"), "x", "t")
    assert ">1,445<" in page
    assert ">358.7<" in page


def test_infinity_is_refused():
    with pytest.raises(ValueError, match="infinite"):
        tables.to_html(release(pd.DataFrame({"x": [float("inf")]}), "public"), "x", "t")
