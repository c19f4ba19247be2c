"""Figures of the chapter on the problem show the numbers that they were given."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib.chapters.problem import figures as problem
from bn_lib.course.experiment import Table
from bn_lib.course.figure import BLUE, ORANGE


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def drift_table(seeds=2, width=5):
    """Hand-made: unit u of the plain net moves u half-widths, BN's a tenth of that."""
    steps = np.array([0, 10, 20])
    base = np.array([-1.0, 0.0, 1.0])[:, None]  # (3, 1)
    moves = np.arange(1.0, width + 1)
    shift = steps[:, None, None, None] / 20 * np.array([1, 2, 4])[:, None, None] * moves
    plain = np.stack([base + (1 + seed) * shift for seed in range(seeds)])
    changes = np.arange(seeds * 3 * 3 * 3, dtype=float).reshape(seeds, 3, 3, 3)
    rows = {
        "plain": {"inputs": plain, "gradient_change": changes},
        "BN": {"inputs": base + (plain - base) / 10, "gradient_change": changes / 4},
    }
    return Table(rows, "drift", {"every": 10}, tuple(range(seeds)))


def sizes(factor, depth=4):
    return np.array([1.0, 2.0])[:, None] * factor ** np.arange(depth)


def lines_of(ax, colour):
    return [line.get_ydata().tolist() for line in ax.lines if line.get_color() == colour]


def test_a_band_reaches_from_the_15th_to_the_85th_percentile_of_the_unit():
    table = drift_table()
    fig, axs = plt.subplots(2, 1)
    assert problem.unit_inputs(axs, table, layer=1, seed=1, unit=3) is axs
    for ax, net in zip(axs, ("plain", "BN"), strict=True):
        low, middle, high = table[net]["inputs"][1, :, 1, :, 3].T
        drawn = [line.get_ydata().tolist() for line in ax.lines]
        assert drawn == [low.tolist(), high.tolist(), middle.tolist()]
        assert ax.get_title(loc="left") == net
    plt.close(fig)


def test_by_default_each_net_shows_its_unit_of_median_travel():
    table = drift_table()
    order = [3, 0, 4, 1, 2]
    table["BN"]["inputs"] = table["BN"]["inputs"][..., order]
    fig, axs = plt.subplots(2, 1)
    problem.unit_inputs(axs, table)
    for ax, net, unit in zip(axs, ("plain", "BN"), (2, 4), strict=True):
        middle = table[net]["inputs"][0, :, -1, 1, unit]
        np.testing.assert_array_equal(ax.lines[2].get_ydata(), middle)
    plt.close(fig)


def test_signals_show_each_seed_and_are_named_where_they_end(ax):
    grows, steady = sizes(10.0), sizes(1.0)
    lines = {"std 0.3": ("plain", [grows]), "BN": ("BN", [steady])}
    problem.signal_by_depth(ax, lines)
    assert lines_of(ax, ORANGE)[:2] == grows.tolist()
    assert lines_of(ax, BLUE)[:2] == steady.tolist()
    ends = {text.get_text(): text.xy for text in ax.texts}
    assert ends["std 0.3"] == (4, pytest.approx(1500))
    assert ax.get_yscale() == "log"


def test_gradients_run_from_the_output_back_to_layer_1(ax):
    problem.signal_by_depth(ax, {"He": ("plain", [sizes(10.0)])}, "gradient")
    left, right = ax.get_xlim()
    assert left > right
    assert ax.texts[0].xy == (1, pytest.approx(1.5))


def test_cosines_are_drawn_on_an_honest_scale_from_0_to_1(ax):
    problem.signal_by_depth(ax, {"He": ("plain", [sizes(0.5)])}, "cosine")
    assert (ax.get_yscale(), ax.get_ylim()) == ("linear", (0, 1))


def test_names_on_a_log_axis_do_not_cover_each_other(ax):
    lines = {"a": ("plain", [sizes(10.0)]), "b": ("plain", [sizes(10.001)])}
    problem.signal_by_depth(ax, lines)
    ax.figure.canvas.draw()
    a, b = (text.get_window_extent() for text in ax.texts)
    assert not a.overlaps(b)


# Without words and with fixed margins: fonts differ between machines.
@pytest.mark.mpl_image_compare(
    baseline_dir="../../baseline", tolerance=8, style="default", savefig_kwargs={"dpi": 60}
)
def test_picture_of_unit_inputs():
    rng = np.random.default_rng(0)
    table = drift_table(seeds=1)
    inputs = table["plain"]["inputs"]
    inputs += rng.normal(0, 0.2, inputs.shape)
    fig, axs = plt.subplots(2, 1, figsize=(4.6, 4.2), sharex=True, sharey=True)
    fig.subplots_adjust(left=0.15, right=0.82, hspace=0.3)
    problem.unit_inputs(axs, table)
    for words in fig.findobj(mpl.text.Text):
        words.set_visible(False)
    return fig
