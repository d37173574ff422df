"""Cases in public reports: groups of offences, no person, few cases labelled as such."""

import pytest

from analysis.claims.cases import FEW, offence_group, pairs, read_cases
from analysis.data.errors import InputError


def test_seven_people_of_whom_five_have_a_rearrest_stated_and_one_has_two():
    found = read_cases()
    assert found["case"].nunique() == 7 < FEW
    stated = found[found["group_at_rearrest"] != ""]
    assert stated["case"].nunique() == 5
    assert stated["case"].value_counts().max() == 2


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("assault (second degree)", "assault"), ("larceny (fourth degree) and credit card fraud", "theft"), ("robbery", "robbery"),
        ("possession of stolen property", "theft"), ("possession of a weapon", "weapons"), ("drug possession (felony)", "drug"),
        ("criminal contempt", "public_order"), ("something else", "other"), ("", ""),
    ],
)  # fmt: skip
def test_the_word_that_stands_first_decides_the_group(text, group):
    assert offence_group(text) == group


def test_pairs_count_cases_once():
    found = read_cases()
    assert pairs(found)["cases"].sum() == len(found)
    assert pairs(found.loc[[0, 0, 0]])["cases"].tolist() == [1]


def test_a_case_without_a_source_is_refused(tmp_path):
    (tmp_path / "cases.csv").write_text(
        "case,month_released,offence_at_release,rearrest_month,offence_at_rearrest,source\n1,2018-01,assault,,,\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="row 2, column 'source' is empty"):
        read_cases(tmp_path)
