"""Figures of the chapter on the intuition show the numbers of their tables."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib.chapters.intuition import figures as intuition
from bn_lib.course.experiment import Table
from bn_lib.course.figure import BLUE, GREEN, GREY, ORANGE


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def table(cells, **options):
    return Table(cells, "made up", options, (0, 1))


def landscape():
    ranges = {
        "plain": np.array([[0.5, 2.0, 4.0], [1.0, 4.0, 2.0]]),
        "BN": np.array([[1.0, 0.5, 0.2], [2.0, 0.5, 0.1]]),
    }
    columns = ("loss_range", "gradient_change", "relative_change", "loss")
    cells = {
        net: {column: times * values for times, column in enumerate(columns, start=1)}
        for net, values in ranges.items()
    }
    return table(cells, every=5)


def trainings():
    loss = {
        "plain": np.full((2, 3), 9.0),
        "plain, decay": np.full((2, 3), 8.0),
        "BN": np.array([[1.0, 0.6, 0.4], [1.0, 0.7, 0.5]]),
        "BN, decay": np.array([[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]),
        "BN, growing rate": np.array([[1.0, 0.51, 0.21], [1.0, 0.49, 0.19]]),
    }
    layers = np.array([[1.0, 2.0], [3.0, 4.0]])
    cells = {
        name: {
            "loss": losses,
            "weight_norm": row + layers,
            "effective_lr": row + layers / 10,
            "output_size": row + np.array([1.0, 3.0]),
        }
        for row, (name, losses) in enumerate(loss.items())
    }
    return table(cells)


def lines_of(ax, colour):
    lines = [line for line in ax.lines if line.get_color() == colour]
    return [np.asarray(line.get_ydata()).tolist() for line in lines]


def dots_of(ax):
    """Return the drawn values of each row, from the top, without the means."""
    return [line.get_xdata().tolist() for line in ax.lines if line.get_marker() in "os^"]


@pytest.mark.parametrize(
    "what", ["loss_range", "gradient_change", "relative_change", "loss"]
)
def test_along_the_gradient_each_seed_is_a_line_within_the_shade(ax, what):
    probes = landscape()
    assert intuition.along_gradient(ax, probes, what) is ax
    for shade, (net, colour) in zip(
        ax.collections, {"BN": BLUE, "plain": ORANGE}.items(), strict=True
    ):
        values = probes[net][what]
        expected = [*values.tolist(), values.mean(axis=0).tolist()]
        assert lines_of(ax, colour) == expected
        heights = shade.get_paths()[0].vertices[:, 1]
        assert (heights.min(), heights.max()) == (values.min(), values.max())
    assert ax.lines[0].get_xdata().tolist() == [0, 5, 10]
    assert {text.get_text() for text in ax.texts} == {"plain", "BN"}
    assert (ax.get_yscale(), "log" in ax.get_ylabel()) == ("log", True)


def test_accuracy_runs_from_0_to_1_past_chance(ax):
    accuracy = {
        "plain": np.array([[0.1, 0.2], [0.1, 0.4]]),
        "BN": np.array([[0.5, 0.8], [0.7, 0.9]]),
        "BN + noise": np.array([[0.4, 0.8], [0.6, 0.9]]),
    }
    intuition.accuracy_curves(ax, table(accuracy, every=20, steps=50))
    for row, colour in (("plain", ORANGE), ("BN", BLUE), ("BN + noise", GREEN)):
        values = accuracy[row]
        assert lines_of(ax, colour) == [*values.tolist(), values.mean(axis=0).tolist()]
    assert lines_of(ax, GREY) == [[0.1, 0.1]]
    assert ax.get_ylim() == (0, 1)
    assert ax.get_xticks().tolist() == [20, 40]
    assert [text.get_text() for text in ax.texts][1:] == ["BN", "BN + noise", "plain"]


@pytest.mark.parametrize("what", ["weight_norm", "effective_lr", "output_size"])
def test_the_end_of_each_training_is_a_row_from_zero(ax, what):
    ends = trainings()
    intuition.after_decay(ax, ends, what)
    assert dots_of(ax) == [cells[what].ravel().tolist() for cells in ends.values()]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(ends)
    assert ax.get_xlim()[0] == 0


def test_only_trainings_with_decay_have_open_dots(ax):
    intuition.after_decay(ax, trainings())
    dots = [line for line in ax.lines if line.get_marker() in "os"]
    is_open = [dot.get_markerfacecolor() == "white" for dot in dots]
    assert is_open == [False, True, False, True, False]
    assert [dot.get_color() for dot in dots] == [ORANGE, ORANGE, BLUE, BLUE, BLUE]


# Without words and with fixed margins: fonts differ between machines.
@pytest.mark.mpl_image_compare(
    baseline_dir="../../baseline", tolerance=8, style="default", savefig_kwargs={"dpi": 60}
)
def test_picture_of_the_loss_along_the_gradient():
    fig, ax = plt.subplots(figsize=(4.6, 3.1))
    fig.subplots_adjust(left=0.25, right=0.85, bottom=0.17)
    intuition.along_gradient(ax, landscape())
    for words in fig.findobj(mpl.text.Text):
        words.set_visible(False)
    return fig
