"""The figures on benefits show the numbers they were given."""

import matplotlib as mpl

mpl.use("agg")

from types import SimpleNamespace

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


def accuracy(*values):
    return SimpleNamespace(accuracy=np.array(values))


def speed():
    config = SimpleNamespace(lrs=(0.1, 1.0), target=0.9, limit=50)
    plain, normed = np.array([[40, 30], [50, 50]]), np.array([[20, 10], [15, 5]])
    return SimpleNamespace(config=config, plain=plain, batch_norm=normed)


def of_colour(ax, colour):
    return [list(line.get_ydata()) for line in ax.lines if line.get_color() == colour]


def dots(ax):
    """Collect the places of all seeds, series by series, in the order of drawing."""
    lines = [line for line in ax.lines if line.get_marker() in ("o", "s", "^")]
    return [tuple(line.get_xdata()) for line in lines if len(line.get_xdata())]


def test_steps_of_every_seed_and_their_mean_are_drawn_for_both_nets(ax):
    assert benefits.steps_to_target(ax, speed()) is ax
    assert of_colour(ax, figure.ORANGE) == [[40, 50], [30, 50], [35, 50]]
    assert of_colour(ax, figure.BLUE) == [[20, 15], [10, 5], [15, 10]]


def test_steps_start_at_zero_and_the_limit_is_marked(ax):
    benefits.steps_to_target(ax, speed())
    bottom, top = ax.get_ylim()
    assert bottom == 0
    assert top > 50
    assert of_colour(ax, figure.GREY) == [[50, 50]]
    assert "gave up at 50" in [text.get_text() for text in ax.texts]


def test_learning_rates_that_were_tried_are_the_ticks(ax):
    benefits.steps_to_target(ax, speed())
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0.1", "1"]
    assert ax.get_xscale() == "log"
    assert ax.get_ylabel() == "steps to 90% accuracy"


def sweep():
    x = (0.01, 0.1, 1.0)
    normed = [accuracy(0.4, 0.6), accuracy(0.9, 0.9), accuracy(0.1, 0.1)]
    plain = [accuracy(0.3, 0.5), accuracy(0.2, 0.2), accuracy(0.1, 0.1)]
    return {"BN": (x, normed), "plain": (x, plain)}


def test_a_sweep_draws_a_line_for_each_seed_and_their_mean(ax):
    benefits.accuracy_sweep(ax, sweep(), xlabel="learning rate")
    blue = of_colour(ax, figure.BLUE)
    assert blue[:2] == [[0.4, 0.9, 0.1], [0.6, 0.9, 0.1]]
    assert blue[2] == pytest.approx([0.5, 0.9, 0.1])
    assert of_colour(ax, figure.ORANGE)[2] == pytest.approx([0.4, 0.2, 0.1])


def test_names_of_lines_that_end_together_stand_where_the_lines_are_apart(ax):
    benefits.accuracy_sweep(ax, sweep(), xlabel="learning rate")
    places = {text.get_text(): text.xy for text in ax.texts}
    assert places["BN"] == (0.1, pytest.approx(0.9))
    assert places["plain"] == (0.1, pytest.approx(0.2))


def test_names_of_lines_that_end_apart_stand_at_the_ends(ax):
    sweeps = sweep()
    sweeps["BN"][1][-1] = accuracy(0.8, 0.8)
    benefits.accuracy_sweep(ax, sweeps, xlabel="learning rate")
    places = {text.get_text(): text.xy for text in ax.texts}
    assert places["BN"] == (1.0, pytest.approx(0.8))
    assert places["plain"] == (1.0, pytest.approx(0.1))


@pytest.mark.parametrize(
    ("log", "scale", "label"), [(True, "log", "lr (log axis)"), (False, "linear", "lr")]
)
def test_a_log_axis_says_so(ax, log, scale, label):
    benefits.accuracy_sweep(ax, sweep(), xlabel="lr", log=log)
    assert (ax.get_xscale(), ax.get_xlabel()) == (scale, label)


def test_a_sweep_shows_all_accuracies_and_chance(ax):
    benefits.accuracy_sweep(ax, sweep(), xlabel="lr")
    bottom, top = ax.get_ylim()
    assert bottom == 0
    assert top > 1
    assert of_colour(ax, figure.GREY) == [[0.1, 0.1]]
    assert ax.yaxis.get_major_formatter()(0.8) == "80%"


def test_a_marked_setting_is_named_at_its_place(ax):
    benefits.accuracy_sweep(ax, sweep(), xlabel="std", mark=("He", 0.2))
    assert [line.get_xdata() for line in ax.lines if list(line.get_xdata()) == [0.2, 0.2]]
    (name,) = [text for text in ax.texts if text.get_text() == "He"]
    assert name.xy[0] == 0.2


def test_accuracies_are_one_dot_for_each_seed_in_the_row_of_their_case(ax):
    groups = {"3×100": {"BN": accuracy(0.8, 0.9)}, "1×10": {"BN": accuracy(0.1, 0.2)}}
    benefits.accuracies(ax, groups, xlabel="test accuracy, only γ and β trained")
    assert dots(ax) == [(0.8, 0.9), (0.1, 0.2)]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["3×100", "1×10"]
    assert ax.get_xlabel() == "test accuracy, only γ and β trained"
    assert ax.get_xlim() == (0, 1)


def overfit(norm, train, test):
    config = SimpleNamespace(net=SimpleNamespace(norm=norm))
    losses = {"train_loss": np.array(train), "test_loss": np.array(test)}
    return SimpleNamespace(config=config, **losses)


def test_the_gap_spans_from_the_mean_train_loss_to_the_mean_test_loss(ax):
    results = {
        "plain": overfit(False, [0.0, 0.2], [0.4, 0.6]),
        "BN": overfit(True, [0.1, 0.1], [0.7, 0.9]),
    }
    benefits.overfitting(ax, results)
    gaps = [list(line.get_xdata()) for line in ax.lines if line.get_linewidth() == 5]
    assert gaps[0] == pytest.approx([0.1, 0.5])
    assert gaps[1] == pytest.approx([0.1, 0.8])
    assert dots(ax) == [(0.0, 0.2), (0.4, 0.6), (0.1, 0.1), (0.7, 0.9)]
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert names == ["plain", "BN"]


def test_losses_have_their_unit_and_the_axis_holds_zero(ax):
    benefits.overfitting(ax, {"BN": overfit(True, [0.1], [0.5])})
    assert ax.get_xlabel() == "loss in nats"
    assert ax.get_xlim()[0] < 0
    assert [text.get_text() for text in ax.texts] == ["train", "test"]


def gradients(squared, factor=(1.0, 1.0), norm=True):
    config = SimpleNamespace(depth=2, norm=norm)
    squared, factor = np.array(squared), np.array(factor)
    return SimpleNamespace(config=config, squared=squared, factor=lambda: factor)


def test_the_gradient_runs_from_the_top_at_1_down_to_the_lowest_block(ax):
    results = {"BN": gradients([[400.0, 40.0, 4.0], [200.0, 40.0, 2.0]])}
    benefits.gradient_by_depth(ax, results)
    assert of_colour(ax, figure.BLUE) == [[1, 10, 100], [1, 20, 100], [1, 15, 100]]
    assert list(ax.lines[0].get_xdata()) == [0, 1, 2]
    assert ax.get_yscale() == "log"
    assert "log axis" in ax.get_ylabel()


def test_names_of_gradients_stand_at_their_ends_on_the_log_axis(ax):
    results = {
        "BN": gradients([[1e7, 1e4, 1.0]]),
        "He": gradients([[0.5, 0.8, 1.0]]),
        "skips": gradients([[1e3, 1e1, 1.0]]),
    }
    benefits.gradient_by_depth(ax, results)
    ends = {text.get_text(): text.xy for text in ax.texts}
    heights = {"BN": 1e7, "He": 0.5, "skips": 1e3}
    assert ends == {name: (2, pytest.approx(y)) for name, y in heights.items()}


def test_growth_is_compared_with_no_growth_and_with_theory(ax):
    plain = gradients([[1.0]], (0.9, 1.0), norm=False)
    benefits.gradient_growth(ax, {"BN": gradients([[1.0]], (1.4, 1.5)), "plain": plain})
    colours = {tuple(line.get_xdata()): line.get_color() for line in ax.lines}
    assert (colours[1.4, 1.5], colours[0.9, 1.0]) == (figure.BLUE, figure.ORANGE)
    assert dots(ax) == [(1.4, 1.5), (0.9, 1.0)]
    dotted = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    assert dotted == pytest.approx([1, 1.467], abs=1e-3)
    assert [text.get_text() for text in ax.texts] == ["no growth", "π / (π − 1)"]


@pytest.mark.mpl_image_compare(
    baseline_dir="../../baseline", tolerance=8, style="default", savefig_kwargs={"dpi": 60}
)
def test_a_sweep_looks_as_before():
    rng = np.random.default_rng(0)
    lrs = 10.0 ** np.arange(-2, 2)

    def runs(*means):
        return lrs, [SimpleNamespace(accuracy=m + 0.05 * rng.random(3)) for m in means]

    sweeps = {"BN": runs(0.3, 0.9, 0.9, 0.1), "plain": runs(0.4, 0.5, 0.1, 0.1)}
    with plt.rc_context():
        figure.style()
        fig, ax = plt.subplots()
        benefits.accuracy_sweep(ax, sweeps, xlabel="learning rate")
    return fig
