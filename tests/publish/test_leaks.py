import json

import pytest

from analysis.publish import leaks

SHA = "123456789012" + "0" * 52


def rules(text, forbidden=()):
    return {finding.rule for finding in leaks.scan(text, forbidden)}


@pytest.mark.parametrize(
    "text",
    [
        "A123456789",
        "A 012345678",
        "a098765432",
        "A-98765432",
        "A# 123 456 789",
        "<td>A012-345-678</td>",
        "A&#49;23456789",
    ],
)
def test_a_numbers_are_found(text):
    assert "an A-number" in rules(text)


@pytest.mark.parametrize(
    "text", ["id 1234567890", "<!-- 987654321 -->", '{"x": 123456789}', 'title="000123456789"', "x,y\n1,20180615123"]
)
def test_long_runs_of_digits_are_found(text):
    assert "a long run of digits" in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "Date of birth: 1980-02-03",
        "DOB 2/3/1980",
        "born on 3 February 1980",
        "birth_date,03.02.1980",
        "Born Feb 3, 1980",
    ],
)
def test_dates_of_birth_are_found(text):
    assert "a date of birth" in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "Last Name,place\nx,y\n",
        "place,DOB\nx,y\n",
        "name\nx\n",
        '<table><tr><th scope="col">First name</th></tr></table>',
        json.dumps({"results": [{"person_id": "x"}]}),
        json.dumps([{"AlienNumber": "x"}]),
    ],
)
def test_columns_that_name_people_are_found(text):
    assert "a column that names people" in rules(text)


@pytest.mark.parametrize("text", ["tel 213-555-0123", "(213) 555-0123", "<b>213.555.0123</b>", "call 213 555 0123."])
def test_a_telephone_number_is_found(text):
    assert rules(text) == {"a telephone number"}


def test_an_e_mail_address_is_found():
    assert rules("write to ada.q+x@example.org") == {"an e-mail address"}


def test_a_refusal_says_which_output_and_what_rule_and_nothing_of_it():
    leaks.check({"page": "clean", "record": "{}"}, ["Smith, John"])
    with pytest.raises(leaks.LeakError) as error:
        leaks.check({"page": "clean", "figure a, csv": "x,y\nSmith John,A12345678\n"}, ["Smith, John"])
    assert str(error.value) == "holds what may not be published: figure a, csv: an A-number (2 found)"
    assert error.value.detail == "line 2, character 12, begins 'A1', 9 characters"


def test_a_social_security_number_is_found():
    assert "a social security number" in rules("123-45-6789")


@pytest.mark.parametrize("text", ["SMITH, JOHN was", "<b>Smith</b>, <i>John</i>", "smith   john", 'alt="Smith, John"'])
def test_raw_values_are_found_as_whole_words_whatever_the_case(text):
    assert "a raw value" in rules(text, ["Smith, John"])


def test_part_of_a_word_is_no_raw_value():
    assert not leaks.scan("Smithsonian goldsmith", ["Smith", "old"])


@pytest.mark.parametrize(
    "text",
    [
        f'<code title="SHA-256 {SHA}">{SHA[:12]}…</code>',
        json.dumps({"package_sha256": SHA, "risk": 0.384616, "n": 401288}),
        '<path d="M34.7 180H256.3V123456.7"/>',
        "released 2018-04-15, 1,445 people, 38.2 % (36.0 to 41.1), FIPS 06037, seed 20180615",
        "0.123456789012",
        "style-src 'sha256-" + "A1" * 21 + "b='",
        "Born abroad: 40 of 440, counted on 2018-04-15 is not asked"
        if False
        else "Detainers lodged from 2018-01-01 to 2018-04-15",
        "A 2018 release, and A to Z",
        "year,place,count\n2014,06037,12\n",
        "123,456,7890 and 1.213.555 and 213-555 and 2018-04-15 and @media print",
        "",
    ],
)
def test_what_a_page_of_ours_holds_is_no_finding(text):
    assert leaks.scan(text) == []


def test_a_finding_says_where_without_repeating_what():
    (finding,) = leaks.scan("first line\nhere 1234567890 there")
    assert "line 2, character 6" in str(finding)
    assert "1234567890" not in str(finding)


@pytest.mark.parametrize("text", [None, b"bytes", 5])
def test_only_text_can_be_scanned(text):
    with pytest.raises(TypeError, match="reads text"):
        leaks.scan(text)


def test_the_address_of_a_paper_is_no_identifier():
    assert leaks.scan("Source: doi 10.1177/1057567720975453.") == []
    assert [finding.rule for finding in leaks.scan("doi 10.1177/x 1057567720975453")] == ["a long run of digits"]
