"""The attacker knows every published cell and every total: no small count may be computed from them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analysis.publish.suppression import withheld

COUNTS = st.integers(0, 40)


def two_way(cells):
    """A two-way table with its margins, and the sums that a reader knows."""
    inner = np.array(cells)
    full = np.block([[inner, inner.sum(1, keepdims=True)], [inner.sum(0, keepdims=True), inner.sum().reshape(1, 1)]])
    rows, columns = full.shape
    sums = [((r, columns - 1), [(r, c) for c in range(columns - 1)]) for r in range(rows)]
    sums += [((rows - 1, c), [(r, c) for r in range(rows - 1)]) for c in range(columns)]
    return full.astype(float), sums


def range_of(cell, counts, mask, sums, pairs=()):
    """Smallest and largest value of a withheld cell that agrees with everything published."""
    unknown = [tuple(c) for c in np.argwhere(mask)]
    equations, rights = [], []
    for total, parts in sums:
        row, right = np.zeros(len(unknown)), 0.0
        for sign, c in [(1, p) for p in parts] + [(-1, total)]:
            if mask[c]:
                row[unknown.index(c)] += sign
            else:
                right -= sign * counts[c]
        equations.append(row)
        rights.append(right)
    larger, limits = [], []
    for part, whole in pairs:
        row, right = np.zeros(len(unknown)), 0.0
        for sign, c in ((1, part), (-1, whole)):
            if mask[c]:
                row[unknown.index(c)] += sign
            else:
                right -= sign * counts[c]
        larger.append(row)
        limits.append(right)
    unequal = {"A_ub": np.array(larger), "b_ub": limits} if larger else {}
    target = np.array([1.0 if c == cell else 0.0 for c in unknown])
    solved = [linprog(s * target, A_eq=np.array(equations), b_eq=rights, **unequal, bounds=(0, None)) for s in (1, -1)]
    assert solved[0].status == 0
    return solved[0].fun, -solved[1].fun if solved[1].status == 0 else np.inf


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(COUNTS, min_size=3, max_size=3), min_size=2, max_size=4))
def test_no_small_cell_of_a_two_way_table_can_be_computed(cells):
    counts, sums = two_way(cells)
    mask = withheld(counts, 10, sums)
    assert mask[counts < 10].all()
    for cell in map(tuple, np.argwhere(mask & (counts < 10))):
        low, high = range_of(cell, counts, mask, sums)
        assert high - low > 10 - 1e-5 or mask.all(), (counts, mask, cell)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=2, max_size=5))
def test_no_small_numerator_or_complement_of_a_table_with_totals_can_be_computed(groups):
    rows = [(k, k + rest) for k, rest in groups]
    counts = np.array([*rows, np.sum(rows, axis=0)], float)
    last = len(rows)
    sums = [((last, j), [(i, j) for i in range(last)]) for j in (0, 1)]
    pairs = [((i, 0), (i, 1)) for i in range(last + 1)]
    mask = withheld(counts, 10, sums, pairs)
    small = (counts < 10) | np.column_stack([counts[:, 1] - counts[:, 0] < 10, [False] * (last + 1)])
    assert mask[counts < 10].all()
    for cell in map(tuple, np.argwhere(small)):
        if not mask[cell]:
            assert mask[cell[0], 1]  # a count without the whole that it is a part of reveals no complement
            continue
        low, high = range_of(cell, counts, mask, sums, pairs)
        assert high - low > 10 - 1e-5 or mask.all(), (counts, mask, cell)


@settings(max_examples=100, deadline=None)
@given(st.lists(COUNTS, min_size=2, max_size=6))
def test_what_a_total_leaves_over_is_never_a_small_count(parts):
    counts = np.array([*parts, sum(parts)], float).reshape(-1, 1)
    line = ((len(parts), 0), [(i, 0) for i in range(len(parts))])
    mask = withheld(counts, 10, [line])[:, 0]
    hidden = counts[:-1, 0][mask[:-1]]
    assert mask[-1] or not len(hidden) or (len(hidden) >= 2 and hidden.sum() >= 10)


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_part_is_withheld_where_its_complement_is_small(k, rest):
    mask = withheld(np.array([[k, k + rest]], float), 10, pairs=[((0, 0), (0, 1))])
    assert mask[0, 0] == (k < 10 or rest < 10)
    assert mask[0, 1] == (k + rest < 10)


def test_nothing_is_withheld_from_large_counts():
    counts, sums = two_way([[40, 50], [60, 70]])
    assert not withheld(counts, 10, sums).any()


def test_one_small_part_takes_the_next_smallest_with_it():
    counts = np.array([[3.0], [20.0], [50.0], [73.0]])
    mask = withheld(counts, 10, [((3, 0), [(0, 0), (1, 0), (2, 0)])])
    assert mask[:, 0].tolist() == [True, True, False, False]


def test_two_small_parts_that_add_up_to_a_small_count_take_a_third():
    counts = np.array([[3.0], [4.0], [50.0], [57.0]])
    assert withheld(counts, 10, [((3, 0), [(0, 0), (1, 0), (2, 0)])])[:, 0].tolist() == [True, True, True, False]


@pytest.mark.parametrize("value", [0, 9, 10])
def test_the_threshold_is_ten_and_zero_is_small(value):
    assert withheld(np.array([[float(value)]]), 10)[0, 0] == (value < 10)
