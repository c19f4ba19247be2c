"""The figures on benefits show the numbers they were given."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib.chapters.benefits import figures as benefits
from bn_lib.course import figure


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


LRS = (0.1, 1.0)
STEPS = {
    "BN": (LRS, np.array([[20, 15], [10, 5]])),
    "plain": (LRS, np.array([[40, 50], [30, 50]])),
}


def of_colour(ax, colour):
    return [list(line.get_ydata()) for line in ax.lines if line.get_color() == colour]


def dots(ax):
    """Collect the places of all seeds, series by series, in the order of drawing."""
    lines = [line for line in ax.lines if line.get_marker() in ("o", "s", "^")]
    return [tuple(line.get_xdata()) for line in lines if len(line.get_xdata())]


def test_steps_of_every_seed_and_their_mean_are_drawn_for_both_nets(ax):
    assert benefits.steps_to_target(ax, STEPS, limit=50) is ax
    assert of_colour(ax, figure.ORANGE) == [[40, 50], [30, 50], [35, 50]]
    assert of_colour(ax, figure.BLUE) == [[20, 15], [10, 5], [15, 10]]


def test_steps_start_at_zero_and_the_limit_is_marked(ax):
    benefits.steps_to_target(ax, STEPS, limit=50)
    bottom, top = ax.get_ylim()
    assert bottom == 0
    assert top > 50
    assert of_colour(ax, figure.GREY) == [[50, 50]]
    assert "gave up at 50" in [text.get_text() for text in ax.texts]


def test_learning_rates_that_were_tried_are_the_ticks(ax):
    benefits.steps_to_target(ax, STEPS, limit=50)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0.1", "1"]
    assert ax.get_xscale() == "log"
    assert ax.get_ylabel() == "steps to 90% accuracy"


def test_accuracies_are_one_dot_for_each_seed_in_the_row_of_their_case(ax):
    groups = {
        "3×100": {"BN": np.array([0.8, 0.9])},
        "1×10": {"BN": np.array([0.1, 0.2])},
    }
    benefits.accuracies(ax, groups, xlabel="test accuracy, only γ and β trained")
    assert dots(ax) == [(0.8, 0.9), (0.1, 0.2)]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["3×100", "1×10"]
    assert ax.get_xlabel() == "test accuracy, only γ and β trained"
    assert ax.get_xlim() == (0, 1)


def losses(train, test):
    return {"train_loss": np.array(train), "test_loss": np.array(test)}


def test_the_gap_spans_from_the_mean_train_loss_to_the_mean_test_loss(ax):
    cases = {
        "no norm": ("plain", losses([0.0, 0.2], [0.4, 0.6])),
        "with norm": ("BN", losses([0.1, 0.1], [0.7, 0.9])),
    }
    benefits.overfitting(ax, cases)
    gaps = [list(line.get_xdata()) for line in ax.lines if line.get_linewidth() == 5]
    assert gaps[0] == pytest.approx([0.1, 0.5])
    assert gaps[1] == pytest.approx([0.1, 0.8])
    assert dots(ax) == [(0.0, 0.2), (0.4, 0.6), (0.1, 0.1), (0.7, 0.9)]
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert names == ["no norm", "with norm"]


def test_losses_of_the_training_part_are_open_dots(ax):
    benefits.overfitting(ax, {"BN": ("BN", losses([0.1], [0.5]))})
    fills = {
        line.get_xdata()[0]: line.get_markerfacecolor()
        for line in ax.lines
        if line.get_marker() == "o"
    }
    assert fills == {0.1: "white", 0.5: figure.BLUE}


def test_losses_have_their_unit_and_the_axis_holds_zero(ax):
    benefits.overfitting(ax, {"BN": ("BN", losses([0.1], [0.5]))})
    assert ax.get_xlabel() == "loss in nats"
    assert ax.get_xlim()[0] < 0
    assert [text.get_text() for text in ax.texts] == ["train", "test"]


def test_the_gradient_runs_from_the_top_at_1_down_to_the_lowest_block(ax):
    squared = {"BN": np.array([[400.0, 40.0, 4.0], [200.0, 40.0, 2.0]])}
    benefits.gradient_by_depth(ax, squared)
    assert of_colour(ax, figure.BLUE) == [[1, 10, 100], [1, 20, 100], [1, 15, 100]]
    assert list(ax.lines[0].get_xdata()) == [0, 1, 2]
    assert ax.get_yscale() == "log"
    assert "log axis" in ax.get_ylabel()


def test_names_of_gradients_stand_at_their_ends_on_the_log_axis(ax):
    squared = {
        "BN": np.array([[1e7, 1e4, 1.0]]),
        "plain": np.array([[0.5, 0.8, 1.0]]),
        "BN + skips": np.array([[1e3, 1e1, 1.0]]),
    }
    benefits.gradient_by_depth(ax, squared)
    ends = {text.get_text(): text.xy for text in ax.texts}
    heights = {"BN": 1e7, "plain": 0.5, "BN + skips": 1e3}
    assert ends == {name: (2, pytest.approx(y)) for name, y in heights.items()}
