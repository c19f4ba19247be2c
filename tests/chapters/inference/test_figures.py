"""Each figure of the chapter on inference shows the numbers it was given."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib.chapters.inference import experiments as experiments
from bn_lib.chapters.inference import figures as inference
from bn_lib.chapters.inference import running_statistics
from bn_lib.course import figure


@pytest.fixture
def ax():
    with mpl.rc_context():
        figure.style()
        fig, ax = plt.subplots()
        yield ax
        plt.close(fig)


@pytest.fixture
def noise():
    config = running_statistics.NoiseConfig(seeds=(0, 1), batch_sizes=(2, 4, 8))
    mean = np.array([[0.7, 0.5, 0.4], [0.8, 0.6, 0.3]])
    return running_statistics.NoiseResult(config, mean, 2 * mean, mean)


@pytest.fixture
def mates():
    return made_up_mates()


def made_up_mates():
    config = experiments.MatesConfig(seeds=(0, 1), batch_sizes=(4, 180))
    return experiments.MatesResult(
        config,
        changed=np.array([[0.3, 0.01], [0.35, 0.02]]),
        accuracy=np.array([[0.7, 0.97], [0.8, 0.98]]),
        changed_one_class=np.array([0.9, 0.85]),
        accuracy_one_class=np.array([0.11, 0.12]),
        running=np.array([0.98, 0.99]),
        running_difference=np.zeros(2),
    )


def drawn(ax):
    return [np.asarray(line.get_ydata()).tolist() for line in ax.lines]


def dots(ax, marker):
    """Sort the places of all dots with this marker."""
    lines = [line for line in ax.lines if line.get_marker() == marker]
    return sorted(float(x) for line in lines for x in line.get_xdata())


def row_names(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def legend_of(ax):
    (legend,) = ax.figure.legends
    return [text.get_text() for text in legend.get_texts()]


def test_warm_up_draws_every_seed_both_means_and_chance(ax):
    config = running_statistics.TrackingConfig(seeds=(0, 1), steps=(1, 10))
    running, batch = np.array([[0.1, 0.5], [0.3, 0.7]]), np.array([[0.2, 0.8], [0.4, 1.0]])
    result = running_statistics.TrackingResult(config, running, batch)
    assert inference.warm_up(ax, result) is ax
    expected = [*running.tolist(), *batch.tolist(), [0.2, 0.6], [0.3, 0.9], [0.1, 0.1]]
    assert sorted(drawn(ax)) == pytest.approx(np.array(sorted(expected)))
    assert (ax.get_xscale(), ax.get_ylim()) == ("log", (0, 1))


def test_noise_compares_errors_with_lines_of_slope_one_half(ax, noise):
    inference.noise(ax, noise)
    laws = [line for line in ax.lines if line.get_linewidth() == 5]
    for law, end in zip(laws, (0.7, 0.35), strict=True):
        x, y = np.log(law.get_xdata()), np.log(law.get_ydata())
        np.testing.assert_allclose(np.diff(y) / np.diff(x), -0.5)
        assert law.get_ydata()[-1] == pytest.approx(end)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert noise.mean_error[1].tolist() in drawn(ax)
    assert noise.var_error[0].tolist() in drawn(ax)


def test_biased_share_stands_beside_the_law(ax, noise):
    inference.biased_share(ax, noise)
    for shares in ([0.5, 0.75, 0.875], *noise.biased_share.tolist()):
        assert shares in drawn(ax)
    low, high = ax.get_ylim()
    assert low == 0
    assert high > 1


def test_forgotten_eval_has_a_row_for_each_kind_of_batch(ax, mates):
    inference.forgotten_eval(ax, mates)
    kinds = ["eval()", "batch of 180", "batch of 4", "batch of\none class"]
    assert row_names(ax) == kinds
    assert dots(ax, "o") == [0.11, 0.12, 0.7, 0.8, 0.97, 0.98, 0.98, 0.99]
    assert dots(ax, "D") == [0.01, 0.02, 0.3, 0.35, 0.85, 0.9]
    assert legend_of(ax) == ["accuracy", "changed answers"]


def test_sorted_batches_show_each_net_in_its_colour(ax):
    scores = [np.array([value]) for value in (0.1, 0.8, 0.97, 0.95, 0.15, 0.7)]
    result = experiments.SortedResult(experiments.SortedConfig(seeds=(0,)), *scores)
    inference.sorted_batches(ax, result)
    assert dots(ax, "o") == [0.1, 0.15, 0.97]
    assert (dots(ax, "s"), dots(ax, "^")) == ([0.8, 0.95], [0.7])
    colours = {line.get_marker(): line.get_color() for line in ax.lines}
    assert (colours["o"], colours["s"]) == (figure.BLUE, figure.ORANGE)


def test_fine_tuning_has_a_row_for_each_result(ax):
    def result(change, batch_size, *scores):
        config = experiments.FineTuneConfig(change, batch_size, seeds=(0,))
        return experiments.FineTuneResult(config, *map(np.atleast_1d, scores))

    results = [
        result("mirrored", 2, 0.4, 0.8, 0.5),
        result("darker and hazy", 4, 0.3, 0.6, 0.9),
    ]
    inference.fine_tuning(ax, results)
    assert row_names(ax) == ["mirrored\nbatch 2", "darker and\nhazy\nbatch 4"]
    assert (dots(ax, "X"), dots(ax, "o"), dots(ax, "D")) == (
        [0.3, 0.4],
        [0.6, 0.8],
        [0.5, 0.9],
    )


def test_recalibration_joins_before_and_after_of_each_seed(ax):
    config = experiments.RecalibrationConfig(seeds=(0, 1))
    scores = {"pruned": np.array([[0.4, 0.9], [0.5, 0.8]])}
    result = experiments.RecalibrationResult(config, np.array([0.96, 0.98]), scores)
    inference.recalibration(ax, result)
    joined = [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "None"]
    assert joined[:2] == [[0.4, 0.9], [0.5, 0.8]]
    assert joined[-1] == pytest.approx([0.97, 0.97])
    hollow, full = [line for line in ax.lines if line.get_marker() == "o"][:2]
    assert (list(hollow.get_xdata()), hollow.get_markerfacecolor()) == ([0.4, 0.5], "white")
    assert (list(full.get_xdata()), full.get_markerfacecolor()) == ([0.9, 0.8], figure.BLUE)


def test_momentum_names_both_momenta_and_says_where_its_axis_starts(ax):
    config = running_statistics.MomentumConfig(8, seeds=(0, 1))
    scores = np.array([0.95, 0.96]), np.array([0.88, 0.9])
    inference.momentum(ax, [running_statistics.MomentumResult(config, *scores)])
    assert legend_of(ax) == ["momentum 0.1", "momentum 0.9"]
    assert (dots(ax, "o"), dots(ax, "D")) == ([0.95, 0.96], [0.88, 0.9])
    assert f"starts at {ax.get_xlim()[0]:.0%}" in ax.get_xlabel()


def test_half_life_marks_the_measured_steps_on_the_curve(ax):
    config = running_statistics.ForgettingConfig(0.1, seeds=(0, 1))
    result = running_statistics.ForgettingResult(config, np.array([7, 8]))
    inference.half_life(ax, [result])
    assert dots(ax, "o") == [7, 8]
    (curve,) = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert curve.get_ydata()[7] == pytest.approx(0.9**7)
    assert "8 updates" in ax.texts[0].get_text()


def test_stored_variance_shows_accuracies_and_changed_answers(ax):
    config = running_statistics.StoredVarianceConfig(seeds=(0,), batch_sizes=(2, 8))
    values = [np.array([pair]) for pair in ([0.15, 0.01], [0.5, 0.9], [0.45, 0.92])]
    inference.stored_variance(ax, running_statistics.StoredVarianceResult(config, *values))
    assert (dots(ax, "o"), dots(ax, "D"), dots(ax, "x")) == (
        [0.5, 0.9],
        [0.45, 0.92],
        [0.01, 0.15],
    )
    assert row_names(ax) == ["batch 2", "batch 8"]


def without_text(fig):
    """Leave out what another build of the font library would draw otherwise."""
    fig.set_layout_engine("none")  # it makes room for text
    for part in fig.findobj(lambda part: isinstance(part, mpl.text.Text)) + fig.legends:
        part.set_visible(False)
    return fig


@pytest.mark.mpl_image_compare(
    baseline_dir="../../baseline", tolerance=2, style="default", savefig_kwargs={"dpi": 60}
)
def test_picture_of_forgotten_eval():
    figure.style()
    fig, ax = plt.subplots()
    inference.forgotten_eval(ax, made_up_mates())
    return without_text(fig)
