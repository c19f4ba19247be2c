"""Wrong lines in a right answer."""

import numpy as np
import pytest

from bn_lib.course.wrong_lines import with_wrong_lines


def scaled(x, scale):
    if scale > 0:
        x = x * scale
    mean = x.mean()
    return x - mean


def ways(table, *given):
    """Return what each variant returns, and the right answer at the end."""
    answer, made, variants = with_wrong_lines(scaled, table)
    results = []
    for i in range(len(variants)):
        made.clear()
        made.add(i)
        results.append(answer(*given).tolist())
    made.clear()
    return [*results, answer(*given).tolist()]


X = np.array([1.0, 3.0])


def test_a_wrong_line_takes_the_place_of_the_line_with_its_left_side():
    assert ways("zero  mean = 0", X, 1) == [[1, 3], [-1, 1]]
    assert ways("back  return x", X, 1) == [[1, 3], [-1, 1]]


def test_a_wrong_condition_keeps_what_stands_under_it():
    assert ways("always  if True:", X, -1) == [[1, -1], [-1, 1]]


def test_alternatives_share_their_left_side():
    assert ways("mean  mean = 0 | 1", X, 1) == [[1, 3], [0, 2], [-1, 1]]
    assert ways("mean  x.mean() -> 0 | 1", X, 1) == [[1, 3], [0, 2], [-1, 1]]


def test_words_are_replaced_one_by_one_and_everywhere():
    found = ways("x  x -> (x + 1)", X, 1)
    assert len(found) == 5
    assert sorted(found[:3]) == [[-2, 0], [-1, 1], [0, 2]]


def test_lines_can_go_together_with_one_that_is_new():
    assert ways("both  shift = 5; mean = shift; return x + mean", X, 1)[0] == [6, 8]


def test_a_row_without_an_id_belongs_to_the_one_above():
    _, _, variants = with_wrong_lines(
        scaled, "one, two  mean = 0\n    mean = 1\nthree  return x"
    )
    assert [variant.mistakes for variant in variants] == [
        ("one", "two"),
        ("one", "two"),
        ("three",),
    ]


@pytest.mark.parametrize(
    "row", ["typo  maen = 0", "typo  meen -> 0", "tail  mean = 0; a = 1"]
)
def test_a_row_that_replaces_nothing_is_refused(row):
    with pytest.raises(ValueError, match="expected a line of scaled, got"):
        with_wrong_lines(scaled, row)


def twice(x):
    x = x + 1
    x = x * 2
    return x


def test_a_line_that_stands_there_twice_is_refused():
    with pytest.raises(ValueError, match="expected one line like 'x = 0', found 2"):
        with_wrong_lines(twice, "which  x = 0")
