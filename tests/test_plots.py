"""Each figure shows what it was given; how it looks is judged by eye."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib import plots


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def test_number_lines_put_each_value_at_its_place(ax):
    rows = {"x": [2.0, 4.0], "xhat": [-1.0, 1.0]}
    assert plots.number_lines(ax, rows) is ax
    dots = {(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines[1:3]}
    assert dots == {(-1.0, 0), (1.0, 0)}  # the last row is drawn at the bottom
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["xhat", "x"]


def test_cells_that_share_statistics_look_alike_and_others_do_not(ax):
    groups = np.array([[0, 1], [0, 1], [2, 1]])
    plots.axes_grid(ax, groups, title="made up")
    looks = [(cell.get_facecolor(), cell.get_hatch()) for cell in ax.patches]
    for first, a in zip(groups.ravel(), looks, strict=True):
        for second, b in zip(groups.ravel(), looks, strict=True):
            assert (first == second) == (a == b)


def test_a_grid_with_more_groups_than_looks_is_refused(ax):
    with pytest.raises(ValueError, match="at most 6 groups, got 8"):
        plots.axes_grid(ax, np.arange(8).reshape(2, 4), title="instance norm")


def test_curves_draw_every_run_and_their_mean(ax):
    runs = np.array([[0.0, 1.0], [1.0, 2.0]])
    plots.curves(ax, {"two runs": ([0, 1], runs)}, xlabel="step", ylabel="loss")
    drawn = [line.get_ydata().tolist() for line in ax.lines]
    assert drawn == [[0.0, 1.0], [1.0, 2.0], [0.5, 1.5]]
    assert ax.texts[0].get_text() == "two runs"
