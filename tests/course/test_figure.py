"""Each figure shows what it was given; how it looks is judged by eye."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib.chapters.backward import figures as backward_figures
from bn_lib.chapters.math import figures
from bn_lib.course import figure
from bn_lib.course.diagram import diagram
from bn_lib.course.figure import INK, PINK, in_words


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def test_arrows_lead_from_box_to_box(ax):
    places = {(0, 0): "x", (1, 0): "BN"}
    diagram(ax, places, [((0, 0), (1, 0))], marked={"BN"})
    assert [text.get_text() for text in ax.texts] == ["x", "BN"]
    x, bn, arrow = ax.patches
    assert x.get_facecolor() != bn.get_facecolor()
    start, *_, end = arrow.get_path().vertices[:3]
    assert 0 < start[0] < end[0] < 1


def test_number_lines_put_each_value_at_its_place(ax):
    rows = {"x": [2.0, 4.0], "xhat": [-1.0, 1.0]}
    assert figures.number_lines(ax, rows) is ax
    dots = {(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines[1:3]}
    assert dots == {(-1.0, 0), (1.0, 0)}  # the last row is drawn at the bottom
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["xhat", "x"]


def test_cells_that_share_statistics_look_alike_and_others_do_not(ax):
    groups = np.array([[0, 1], [0, 1], [2, 1]])
    figures.axes_grid(ax, groups, title="made up")
    looks = [(cell.get_facecolor(), cell.get_hatch()) for cell in ax.patches]
    for first, a in zip(groups.ravel(), looks, strict=True):
        for second, b in zip(groups.ravel(), looks, strict=True):
            assert (first == second) == (a == b)


def test_a_grid_with_more_groups_than_looks_is_refused(ax):
    with pytest.raises(ValueError, match="at most 6 groups, got 8"):
        figures.axes_grid(ax, np.arange(8).reshape(2, 4), title="instance norm")


def test_curves_draw_every_run_and_their_mean(ax):
    runs = np.array([[0.0, 1.0], [1.0, 2.0]])
    figure.curves(ax, {"two runs": ([0, 1], runs)}, xlabel="step", ylabel="loss")
    drawn = [line.get_ydata().tolist() for line in ax.lines]
    assert drawn == [[0.0, 1.0], [1.0, 2.0], [0.5, 1.5]]
    assert ax.texts[0].get_text() == "two runs"


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_names_of_curves_with_one_end_do_not_cover_each_other(ax, scale):
    lines = {"a": ([0, 1], [0.01, 0.97]), "b": ([0, 1], [0.01, 0.98])}
    ax.set_yscale(scale)
    figure.curves(ax, lines, xlabel="step", ylabel="accuracy", ylim=(0.01, 1))
    ax.figure.canvas.draw()
    b, a = (text.get_window_extent() for text in ax.texts)
    assert b.y0 > a.y1


def test_names_of_curves_stand_around_their_ends_and_no_legend_is_drawn(ax):
    ends = {"a": 0.98, "b": 0.97, "c": 0.95, "alone": 0.2}
    lines = {name: ([0, 1], [0.5, end]) for name, end in ends.items()}
    looks = [("k", "", "-")] * 4
    figure.curves(ax, lines, xlabel="step", ylabel="accuracy", ylim=(0, 1), looks=looks)
    places = {text.get_text(): text.xy[1] for text in ax.texts}
    assert places["alone"] == pytest.approx(0.2)
    assert places["a"] > 0.98 > 0.95 > places["c"]
    middle = np.mean([places[name] for name in "abc"])
    assert middle == pytest.approx(np.mean([ends[name] for name in "abc"]))
    assert ax.get_legend() is None
    assert ax.figure.legends == []


def test_strips_show_every_seed_of_a_case_in_its_row(ax):
    groups = {"one": {"BN": [1.0, 2.0], "plain": [3.0]}, "two": {"plain": [4.0, 5.0]}}
    looks = {"BN": ("blue", "o", ""), "plain": ("red", "s", "")}
    figure.strips(ax, groups, xlabel="accuracy", level=("chance", 0.1), looks=looks)
    dots = [
        line for line in ax.lines if line.get_marker() in "os" and len(line.get_xdata())
    ]
    seen = [(d.get_color(), round(d.get_ydata()[0]), list(d.get_xdata())) for d in dots]
    assert seen == [("blue", 0, [1, 2]), ("red", 0, [3]), ("red", 1, [4, 5])]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["one", "two"]
    assert ax.texts[0].get_text() == "chance"


def test_legend_level_and_rows_of_strips_do_not_cover_each_other():
    with mpl.rc_context():
        figure.style()
        fig, ax = plt.subplots()
        groups = {"one": {"BN": [0.2], "plain": [0.1]}}
        figure.strips(ax, groups, xlabel="accuracy", xlim=(0, 1), level=("chance", 0.5))
        fig.draw_without_rendering()
        (legend,) = fig.legends
        level = ax.texts[0].get_window_extent()
        assert legend.get_window_extent().y0 >= level.y1
        assert level.y0 >= ax.get_window_extent().y1
    plt.close(fig)


@pytest.mark.parametrize("limits", [(0.6, 1.8), (0.9, 3), (0.02, 5)])
def test_a_log_axis_has_ticks_to_read_values_from_however_short(ax, limits):
    figure.log_axis(ax.yaxis)
    ax.set_ylim(limits)
    seen = [tick for tick in ax.get_yticks() if limits[0] <= tick <= limits[1]]
    assert 3 <= len(seen) <= 9


def test_parts_show_each_vector_in_a_panel_of_its_own():
    fig, axs = plt.subplots(1, 3)
    terms = {"whole": [3.0, -1.0], "one": [1.0, 1.0], "rest": [2.0, -2.0]}
    backward_figures.parts(axs, terms)
    heights = [[bar.get_height() for bar in ax.patches] for ax in axs]
    assert heights == list(terms.values())
    plt.close(fig)


def test_shares_stand_in_a_bar_of_one(ax):
    backward_figures.shares(ax, ["2", "4"], [0.0, 0.5], [0.0, 0.5])
    assert [bar.get_height() for bar in ax.patches] == [1.0, 1.0, 0.0, 0.5]


def contrast_on_white(colour):
    """Contrast as WCAG 2.2 defines it."""
    parts = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)


def test_lines_and_words_have_the_contrast_that_wcag_asks_for():
    palette = [figure.BLUE, figure.ORANGE, figure.GREEN, figure.GREY, PINK, INK]
    for colour in palette:
        assert contrast_on_white(colour) >= 3
        assert contrast_on_white(in_words(colour)) >= 4.5


def test_names_at_the_ends_of_curves_can_be_read(ax):
    lines = {name: ([0, 1], [0.0, height]) for height, name in enumerate("abc", start=1)}
    figure.curves(ax, lines, xlabel="step", ylabel="loss")
    assert len(ax.texts) == 3
    for text in ax.texts:
        assert contrast_on_white(text.get_color()) >= 4.5
