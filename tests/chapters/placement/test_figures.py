"""The figures on placement show the numbers they were given."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib.chapters.placement import figures as placement
from bn_lib.course import figure
from bn_lib.course.figure import PINK


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def dots(ax):
    """Collect the places of all seeds, series by series, in the order of drawing."""
    lines = [line for line in ax.lines if line.get_marker() in ("o", "s", "^", "D", "X")]
    return [tuple(line.get_xdata()) for line in lines if len(line.get_xdata())]


def rows(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def written(ax):
    return [text.get_text() for text in ax.texts]


SLOW = {
    "plain": np.array([0.1, 0.2]),
    "before": np.array([0.4, 0.6]),
    "before, head too": np.array([0.7, 0.75]),
    "after": np.array([0.65, 0.8]),
}
FAST = {"plain": np.array([0.9]), "after": np.array([0.95])}


def test_every_seed_of_every_order_is_a_dot_in_the_row_of_its_order(ax):
    assert placement.order_accuracy(ax, {"lr 0.01": SLOW}) is ax
    assert dots(ax) == [(0.1, 0.2), (0.4, 0.6), (0.7, 0.75), (0.65, 0.8)]
    heights = [line.get_ydata()[0] for line in ax.lines if line.get_marker() == "|"]
    assert heights == [0, 1, 2, 3]
    names = ["plain", "conv → BN → ReLU", "… + BN at the head", "conv → ReLU → BN"]
    assert rows(ax) == names


def test_the_two_learning_rates_differ_in_their_fill_and_are_named(ax):
    placement.order_accuracy(ax, {"lr 0.01": SLOW, "lr 0.3": FAST})
    fills = {}
    for line in ax.lines:
        if line.get_marker() == "s":
            fills[line.get_xdata()[0]] = line.get_markerfacecolor()
    assert fills == {0.1: "white", 0.9: figure.ORANGE}
    assert {"lr 0.01", "lr 0.3"} <= set(written(ax))


def test_accuracies_are_percentages_from_0_to_100_with_chance_at_10(ax):
    placement.order_accuracy(ax, {"lr 0.01": SLOW})
    assert ax.get_xlim() == (0, 1)
    assert ax.get_xlabel() == "test accuracy"
    assert ax.xaxis.get_major_formatter()(0.4) == "40%"
    dotted = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    assert dotted == [0.1]
    assert "chance" in written(ax)


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("post", ["Linear", "BN", "ReLU", "Linear", "BN", "+", "ReLU"]),
        (
            "post, last gamma 0",
            ["Linear", "BN", "ReLU", "Linear", "BN, γ = 0", "+", "ReLU"],
        ),
        ("pre", ["BN", "ReLU", "Linear", "BN", "ReLU", "Linear", "+"]),
    ],
)
def test_a_block_has_its_layers_from_top_to_bottom(ax, kind, steps):
    placement.residual_blocks(ax, kind)
    boxes = [text for text in ax.texts if "skip" not in text.get_text()]
    boxes.sort(key=lambda text: -text.get_position()[1])
    assert [text.get_text() for text in boxes] == steps


@pytest.mark.parametrize(("kind", "blocking"), [("post", ["ReLU"]), ("pre", [])])
def test_a_layer_stands_on_the_skip_path_after_the_sum_alone(ax, kind, blocking):
    placement.residual_blocks(ax, kind)
    (sum_,) = [text for text in ax.texts if text.get_text() == "+"]
    on_path = [
        text.get_text()
        for text in ax.texts
        if text.get_position()[0] == sum_.get_position()[0] and text is not sum_
    ]
    assert on_path == blocking


def test_an_unknown_block_is_refused(ax):
    with pytest.raises(ValueError, match=r"expected one of .*'pre'.*got 'middle'"):
        placement.residual_blocks(ax, "middle")


SIGNALS = {
    "post": {"size": np.array([[1.0, 10.0, 100.0], [1.0, 10.0, 40.0]])},
    "post, last gamma 0": {"size": np.ones((2, 3))},
    "pre": {"size": np.array([[1.0, 4.0, 6.0], [1.0, 3.0, 4.0]])},
}


def test_the_signal_is_drawn_on_a_log_axis(ax):
    placement.signal_by_depth(ax, SIGNALS)
    post = [line.get_ydata() for line in ax.lines if line.get_color() == PINK]
    assert np.allclose(post[0], [1, 10, 100])
    assert np.allclose(post[1], [1, 10, 40])
    assert np.allclose(post[2], [1, 10, 70])  # the mean
    assert ax.get_yscale() == "log"
    assert "log axis" in ax.get_ylabel()


def test_names_of_lines_on_a_log_axis_stand_at_their_lines(ax):
    placement.signal_by_depth(ax, SIGNALS)
    places = {text.get_text(): text.xy for text in ax.texts}
    assert places["post"] == (2, pytest.approx(70))
    assert places["pre"] == (2, pytest.approx(5))
    assert places["post, last γ = 0"] == (2, pytest.approx(1))


DROPOUTS = {
    f"rate {rate}": {
        "ratio": np.array([ratio, ratio]),
        "accuracy": np.array([0.9, 0.8]) - rate / 2,
        "recalibrated": np.array([0.9, 0.8]),
    }
    for rate, ratio in (
        (0.1, [1.0, 0.9, 0.8]),
        (0.5, [1.0, 0.5, 0.3]),
        (0.8, [1.0, 0.2, 0.03]),
    )
}


def test_variance_ratios_of_each_rate_are_a_named_line_through_three_norms(ax):
    placement.dropout_ratios(ax, DROPOUTS)
    means = [list(line.get_ydata()) for line in ax.lines[2::3]]
    assert means == [[1.0, 0.9, 0.8], [1.0, 0.5, 0.3], [1.0, 0.2, 0.03]]
    assert written(ax) == ["rate 0.1", "rate 0.5", "rate 0.8"]
    assert len(ax.get_xticks()) == 3
    assert "log axis" in ax.get_ylabel()


@pytest.mark.mpl_image_compare(
    baseline_dir="../../baseline", tolerance=8, style="default", savefig_kwargs={"dpi": 60}
)
def test_residual_blocks_look_as_before():
    with plt.rc_context():
        figure.style()
        fig, axs = plt.subplots(1, 2, figsize=(4.6, 4.3))
        for ax, kind in zip(axs, ("post", "pre"), strict=True):
            placement.residual_blocks(ax, kind)
    return fig
