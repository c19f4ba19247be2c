"""Figures of the chapter on the intuition show the numbers of their Results."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib.chapters.intuition import figures as intuition
from bn_lib.chapters.intuition.experiments import (
    CurvesConfig,
    CurvesResult,
    DecayConfig,
    DecayResult,
    LandscapeConfig,
    LandscapeResult,
    ScaleConfig,
    ScaleResult,
)
from bn_lib.course.figure import BLUE, GREEN, GREY, ORANGE


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def landscape():
    ranges = np.array(
        [[[0.5, 2.0, 4.0], [1.0, 0.5, 0.2]], [[1.0, 4.0, 2.0], [2.0, 0.5, 0.1]]]
    )
    return LandscapeResult(ranges, 2 * ranges, 3 * ranges, 4 * ranges, LandscapeConfig())


def decay_result():
    loss = {
        "plain": np.full((2, 3), 9.0),
        "plain, decay": np.full((2, 3), 8.0),
        "bn": np.array([[1.0, 0.6, 0.4], [1.0, 0.7, 0.5]]),
        "bn, decay": np.array([[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]),
        "bn, growing rate": np.array([[1.0, 0.51, 0.21], [1.0, 0.49, 0.19]]),
    }
    norms = {
        name: row + np.array([[1.0, 2.0], [3.0, 4.0]]) for row, name in enumerate(loss)
    }
    sizes = {name: row + np.array([1.0, 3.0]) for row, name in enumerate(loss)}
    return DecayResult(loss, norms, sizes, DecayConfig())


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
    result = landscape()
    assert intuition.along_gradient(ax, result, what) is ax
    for net, colour in enumerate((ORANGE, BLUE)):
        values = getattr(result, what)[:, net]
        expected = [*values.tolist(), values.mean(axis=0).tolist()]
        assert lines_of(ax, colour) == expected
        shade = ax.collections[net].get_paths()[0].vertices[:, 1]
        assert (shade.min(), shade.max()) == (values.min(), values.max())
    assert ax.lines[0].get_xdata().tolist() == [0, 5, 10]
    assert {text.get_text() for text in ax.texts} == {"plain", "BN"}
    assert (ax.get_yscale(), "log" in ax.get_ylabel()) == ("log", True)


def test_accuracy_runs_from_0_to_1_past_chance(ax):
    accuracy = {
        "plain": np.array([[0.1, 0.2], [0.1, 0.4]]),
        "bn": np.array([[0.5, 0.8], [0.7, 0.9]]),
        "noisy bn": np.array([[0.4, 0.8], [0.6, 0.9]]),
    }
    result = CurvesResult(np.array([20, 40]), accuracy, CurvesConfig())
    intuition.accuracy_curves(ax, result)
    for variant, colour in (("plain", ORANGE), ("bn", BLUE), ("noisy bn", GREEN)):
        values = accuracy[variant]
        assert lines_of(ax, colour) == [*values.tolist(), values.mean(axis=0).tolist()]
    assert lines_of(ax, GREY) == [[0.1, 0.1]]
    assert ax.get_ylim() == (0, 1)
    assert [text.get_text() for text in ax.texts][1:] == ["BN", "BN + noise", "plain"]


def test_mean_accuracy_shows_each_seed_of_each_variant(ax):
    accuracy = {"plain": np.array([[0.1, 0.3]]), "bn": np.array([[0.5, 0.7]])}
    result = CurvesResult(np.array([20, 40]), accuracy, CurvesConfig(seeds=(0,)))
    intuition.mean_accuracy(ax, {"ReLU": result})
    assert dots_of(ax)[:2] == [[pytest.approx(0.6)], [pytest.approx(0.2)]]
    assert ax.get_xlim() == (0, 1)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["ReLU"]


@pytest.mark.parametrize(
    ("what", "level"), [("output_change", 9), ("gradient_ratio", 10), ("cosine", None)]
)
def test_scaled_weights_show_every_seed_and_layer(ax, what, level):
    values = np.array([[[1.0, 2.0], [0.01, 0.02]], [[3.0, 4.0], [0.03, 0.04]]])
    parts = dict.fromkeys(("cosine", "gradient_ratio", "output_change"), np.ones((2, 2, 2)))
    result = ScaleResult(**parts | {what: values}, config=ScaleConfig())
    intuition.scaled_weights(ax, {"ReLU": result}, what)
    assert dots_of(ax)[:2] == [[0.01, 0.02, 0.03, 0.04], [1.0, 2.0, 3.0, 4.0]]
    places = [line.get_xdata() for line in ax.lines if line.get_color() == GREY]
    assert places == ([] if level is None else [[level, level]])
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize("what", ["weight_norm", "output_size"])
def test_the_end_of_each_training_is_a_row_from_zero(ax, what):
    result = decay_result()
    intuition.after_decay(ax, result, what)
    names = ("plain", "plain, decay", "bn", "bn, decay")
    assert dots_of(ax) == [getattr(result, what)[name].ravel().tolist() for name in names]
    rows = [tick.get_text() for tick in ax.get_yticklabels()]
    assert rows == ["plain", "plain, decay", "BN", "BN, decay"]
    assert ax.get_xlim()[0] == 0


def test_only_trainings_with_decay_have_open_dots(ax):
    intuition.after_decay(ax, decay_result())
    dots = [line for line in ax.lines if line.get_marker() in "os"]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [False, True] * 2
    assert [dot.get_color() for dot in dots] == [ORANGE, ORANGE, BLUE, BLUE]


def test_the_effective_rate_is_that_of_batch_norm_alone(ax):
    result = decay_result()
    intuition.after_decay(ax, result, "effective_lr")
    expected = [result.effective_lr(name).ravel().tolist() for name in ("bn", "bn, decay")]
    assert dots_of(ax) == expected


def test_losses_are_those_of_one_seed(ax):
    result = decay_result()
    intuition.decay_losses(ax, result, seed=1)
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert drawn == {
        "decay": result.loss["bn, decay"][1].tolist(),
        "no decay": result.loss["bn"][1].tolist(),
        "growing rate": result.loss["bn, growing rate"][1].tolist(),
    }


def test_distances_from_decay_show_every_seed_and_their_mean(ax):
    intuition.distance_from_decay(ax, decay_result())
    without = [[0.0, 0.1, 0.2], [0.0, 0.2, 0.3], [0.0, 0.15, 0.25]]
    np.testing.assert_allclose(lines_of(ax, GREY), without, atol=1e-12)
    instead = [[0.0, 0.01, 0.01]] * 3
    np.testing.assert_allclose(lines_of(ax, GREEN), instead, atol=1e-12)
    assert {text.get_text() for text in ax.texts} == {"no decay", "growing rate"}


def test_equal_losses_leave_a_gap_instead_of_a_fall_to_nothing(ax):
    intuition.distance_from_decay(ax, decay_result())
    assert ax.get_ylim()[0] > 1e-3


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
