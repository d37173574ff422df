"""Pages that give a small count away together: what is withheld, and that nothing small is left to be computed."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.publish.differences import cells, to_withhold, too_close


def page(**counts):
    return {"table": [{"what": name, "people": n} for name, n in counts.items()]}


def test_counts_are_known_by_their_row_whatever_its_place():
    first = {"by": [{"days": 30.0, "events": 12, "estimate": 0.1}, {"days": 60.0, "events": 20, "estimate": 0.2}]}
    second = {"by": [{"days": 60.0, "events": 21, "estimate": 0.3}], "k": 4, "title": "n"}
    assert dict(cells(second)) == {("by", ("days", 60.0), "events"): 21, ("k",): 4}
    assert ("by", ("days", 60.0), "events") in dict(cells(first))


def test_a_rest_under_ten_takes_the_smallest_part_with_it():
    parts = {"a": page(all=30), "b": page(all=12)}
    assert list(to_withhold(page(all=46), parts)) == ["b"]
    assert to_withhold(page(all=52), parts) == {}
    assert to_withhold(page(all=42), parts) == {}  # nobody is left out
    assert to_withhold(page(all=40), parts) == {}  # the parts overlap: no difference is a count of people
    assert to_withhold(None, parts) == {}


def test_a_part_that_hides_its_count_is_found_by_the_rest():
    parts = {"a": page(all=300, events=30), "b": page(all=100, events=12), "c": page(all=50)}
    assert list(to_withhold(page(all=450, events=45), parts)) == ["b"]


def test_of_two_pages_on_the_same_people_the_later_goes():
    assert list(too_close({"30": page(events=20), "60": page(events=25), "90": page(events=40)})) == ["60"]
    assert too_close({"30": page(events=20), "60": page(events=30), "90": page(events=20)}) == {}


@given(st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=2), min_size=1, max_size=8))
def test_what_is_left_gives_no_small_count_away(counts):
    parts = {
        str(i): page(**{name: n for name, n in zip("xy", row, strict=True) if n == 0 or n >= 10})
        for i, row in enumerate(counts)
    }
    total = [sum(row[j] for row in counts) for j in range(2)]
    left = set(parts) - set(to_withhold(page(x=total[0], y=total[1]), parts))
    for j in range(2):
        known = [row[j] for i, row in enumerate(counts) if str(i) in left and (row[j] == 0 or row[j] >= 10)]
        assert not (0 < total[j] - sum(known) < 10 and any(n >= 10 for n in known))
