"""What may stand in a cell: dates from year 0 to 9999, numbers as text, marks of every kind, text of every script."""

from hypothesis import strategies as st

DATES = (
    "2020-01-01", "2020-01-02", "01/02/2020", "02-Jan-20", "43831", "43831.5", "20200101", "2020-02-30", "0000-01-01",
    "0001-01-01", "1582-10-10", "1899-12-31", "1900-01-01", "1900-02-29", "9999-12-31", "10000-01-01", "-0044-03-15", "13/31/2020",
    "2020-01-01T25:00", "2020-01-01 08:00:00+14:00", "2020-01-01T00:00:00Z", "2020-W01-1", "1/2/20", "soon", "12/31/9999",
    "２０２０-０１-０１", "2020‑01‑01", "1e5", "99999999", "-1", "2958465", "2958466", "1.7976931348623157e308",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "007", "1,000", "1.000,5", "1.0", "0x10", "1_000", "NaN", "nan", "inf", "-inf", "1e999", "1e-999", "−5", "٣", "½",
    "9007199254740993", "123456789012345678901234567890", "1 000", "$5", "5%", "TRUE", "false", "1E5", ".5", "5.", "+5", "١٢٣",
)  # fmt: skip
TEXTS = (
    "", " ", "F", "M", "x", "NA", "NULL", "None", "N/A", "b(6)", "(b)(6); (b)(7)(C)", "José", "Zoë\n", "a\r\nb", "\t", '"', "'", '""',
    "\\", "\x1a", "\x7f", "\x85", "\u2028", "\u200b", "\ufeff", "\u202eabc", "e\u0301", "😀", "ﬀ", "İ", "ß", "=1+1", "@SUM(A1)",
    "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "<![CDATA[", "&lt;", "{{7*7}}", "${x}", "%s%n", "../../etc/passwd",
    "A012345678", "123-45-6789", "x" * 5000, "\u00a0", "S80001J", "06037", "6037", "other", "felony", "removed", "unknown",
)  # fmt: skip

FIRST = {"id": "1", "on": "2020-01-01", "cl": "F", "dep": "2020-02-01", "k": "a", "nm": "N1"}  # a row that is good

date_text = st.sampled_from(DATES)
number_text = st.sampled_from(NUMBERS)
any_text = st.one_of(
    st.sampled_from(TEXTS), date_text, number_text, st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)


def cell(header: str) -> st.SearchStrategy[str]:
    """Return the strategy of a column's cells: mostly what belongs there, now and then anything."""
    usual = {
        "id": st.sampled_from(("1", "2", "3", "")),
        "on": date_text,
        "dep": date_text,
        "cl": st.sampled_from(("F", "M", "x", "")),
    }
    return st.one_of(usual.get(header, any_text), usual.get(header, any_text), any_text)
