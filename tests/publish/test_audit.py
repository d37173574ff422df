import numpy as np
import pytest

from analysis.publish.audit import nearest_shown, ranges


def test_by_hand_two_unknown_parts_of_a_known_total():
    counts = np.array([[3.0], [20.0], [50.0], [73.0]])
    mask = np.array([[True], [True], [False], [False]])
    found = ranges(counts, mask, [((3, 0), [(0, 0), (1, 0), (2, 0)])], [], [(0, 0), (1, 0)])
    assert found[0, 0] == pytest.approx((0, 23))
    assert found[1, 0] == pytest.approx((0, 23))


def test_a_part_is_bounded_by_its_whole_and_a_whole_by_its_part():
    counts = np.array([[3.0, 16.0]])
    assert ranges(counts, np.array([[True, False]]), [], [((0, 0), (0, 1))], [(0, 0)])[0, 0] == pytest.approx((0, 16))
    assert ranges(counts, np.array([[False, True]]), [], [((0, 0), (0, 1))], [(0, 1)])[0, 1] == pytest.approx(
        (3, np.inf)
    )


def test_non_negativity_can_give_a_cell_away_that_equations_leave_open():
    # 0 + b = 10 is left over in the totals, and b holds a shown 10
    counts = np.array([[0.0, 0.0], [0.0, 10.0], [0.0, 10.0]])
    mask = np.array([[True, True], [True, False], [True, True]])
    columns = [((2, j), [(0, j), (1, j)]) for j in (0, 1)]
    assert ranges(counts, mask, [*columns, (None, [(2, 0), (2, 1)])], [], [(0, 0)])[0, 0] == pytest.approx((0, 0))


def test_the_nearest_shown_cell_is_the_smallest_of_the_closest():
    counts = np.array([[1.0, 50.0, 30.0], [2.0, 5.0, 11.0]])
    mask = np.array([[True, False, False], [True, True, False]])
    rows = [[(0, 0), (0, 1), (0, 2)], [(1, 0), (1, 1), (1, 2)]]
    assert nearest_shown(mask, counts, (0, 0), rows) == (0, 2)
    assert nearest_shown(mask, counts, (1, 0), [[(1, 0), (1, 1)], *rows[1:]]) == (1, 2)
    assert nearest_shown(mask, counts, (1, 0), [[(1, 0), (1, 1)]]) is None
