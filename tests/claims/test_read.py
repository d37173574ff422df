"""A claim that lacks its source, or what its counts count, is refused by row and column."""

import pytest

from analysis.claims.read import one_claim, read_claims
from analysis.data.errors import InputError


def test_every_published_claim_is_read_with_its_counts_and_dates(claims):
    first = one_claim(claims, "nyc-2018-short-window")
    assert (first["numerator"], first["denominator"], first["stated_percent"]) == (40, 440, 9.0)
    assert str(first["window_start"].date()) == "2018-01-01"
    assert claims["source"].str.strip().ne("").all()


@pytest.mark.parametrize(
    ("values", "column", "says"),
    [
        ({"source": " "}, "source", "is empty"),
        ({"statement": ""}, "statement", "is empty"),
        ({"numerator_unit": ""}, "numerator_unit", "say what it counts"),
        ({"denominator_unit": ""}, "denominator_unit", "say what it counts"),
        ({"numerator_code": ""}, "numerator_code", "people"),
        ({"denominator_code": "detainer"}, "denominator_code", "Did you mean 'detainers'?"),
        ({"numerator": "nearly 40"}, "numerator", "expected a whole number"),
        ({"numerator": "-4"}, "numerator", "expected a whole number"),
        ({"denominator": "0"}, "denominator", "expected a whole number"),
        ({"stated_percent": "nine"}, "stated_percent", "0 to 100"),
        ({"stated_percent": "900"}, "stated_percent", "0 to 100"),
        ({"follow_up_code": "uneqal"}, "follow_up_code", "Did you mean 'unequal'?"),
        ({"outcome_class": "arests"}, "outcome_class", "Did you mean 'arrest'?"),
        ({"window_end": "mid-April"}, "window_end", "2018-04-15"),
        ({"window_end": "2017-04-15"}, "window_end", "before window_start"),
        ({"window_start": ""}, "window_end", "go together"),
        ({"window_start": "", "window_end": ""}, "window_start", "unequal follow-up"),
        ({"follow_up_days": "a year"}, "follow_up_days", "whole number of days"),
        ({"claim_id": ""}, "claim_id", "is empty"),
        ({"claim_id": "mead-2011"}, "claim_id", "earlier row"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_row_and_column(copied, values, column, says):
    with pytest.raises(InputError) as error:
        read_claims(copied(0, **values))
    row = 11 if values.get("claim_id") == "mead-2011" else 2
    assert str(error.value).startswith(f"claims.csv, row {row} (")
    assert f"column '{column}'" in str(error.value)
    assert says in str(error.value)


def test_more_people_than_people_counted_is_refused(copied):
    with pytest.raises(InputError, match=r"row 5 .*more than the denominator"):
        read_claims(copied(3, numerator="8146"))


def test_a_missing_column_is_named(copied):
    folder = copied(0)
    file = folder / "claims.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("source_seen", "source_sen", 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"no column 'source_seen'\. Did you mean 'source_sen'"):
        read_claims(folder)


def test_a_misspelt_claim_is_named_with_the_nearest(claims):
    with pytest.raises(InputError, match="Did you mean 'rand-2008'"):
        one_claim(claims, "rand-208")
