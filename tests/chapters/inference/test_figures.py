"""Each figure of the chapter on inference shows the numbers it was given."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bn_lib.chapters.inference import figures as inference
from bn_lib.course import figure
from bn_lib.course.experiment import Table


@pytest.fixture
def ax():
    with mpl.rc_context():
        figure.style()
        fig, ax = plt.subplots()
        yield ax
        plt.close(fig)


def table(rows, **options):
    rows = {
        name: {column: np.array(values) for column, values in row.items()}
        for name, row in rows.items()
    }
    return Table(rows, "made up", options, (0, 1))


def mates():
    rows = {
        "eval()": {"accuracy": [0.98, 0.99]},
        "batch of 180": {"accuracy": [0.97, 0.98], "changed answers": [0.01, 0.02]},
        "batch of 4": {"accuracy": [0.7, 0.8], "changed answers": [0.3, 0.35]},
        "batch of one class": {"accuracy": [0.11, 0.12], "changed answers": [0.9, 0.85]},
    }
    return table(rows)


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
    running, batch = "running statistics", "statistics of the batch"
    rows = {
        "1 steps": {running: [0.1, 0.3], batch: [0.2, 0.4]},
        "10 steps": {running: [0.5, 0.7], batch: [0.8, 1.0]},
    }
    assert inference.warm_up(ax, table(rows, steps=(1, 10))) is ax
    expected = [[0.1, 0.5], [0.3, 0.7], [0.2, 0.6]]
    expected += [[0.2, 0.8], [0.4, 1.0], [0.3, 0.9], [0.1, 0.1]]
    assert sorted(drawn(ax)) == pytest.approx(np.array(sorted(expected)))
    assert (ax.get_xscale(), ax.get_ylim()) == ("log", (0, 1))


def test_forgotten_eval_has_a_row_for_each_kind_of_batch(ax):
    inference.forgotten_eval(ax, mates())
    kinds = ["eval()", "batch of 180", "batch of 4", "batch of\none class"]
    assert row_names(ax) == kinds
    assert dots(ax, "o") == [0.11, 0.12, 0.7, 0.8, 0.97, 0.98, 0.98, 0.99]
    assert dots(ax, "D") == [0.01, 0.02, 0.3, 0.35, 0.85, 0.9]
    assert legend_of(ax) == ["accuracy", "changed answers"]


def test_sorted_batches_show_each_net_in_its_colour(ax):
    mixed = table({"BN": {"test": [0.97]}, "plain": {"test": [0.95]}})
    one_class = table(
        {
            "BN": {"test": [0.1], "training": [0.15]},
            "group norm": {"test": [0.7], "training": [0.6]},
            "plain": {"test": [0.8], "training": [0.75]},
        }
    )
    inference.sorted_batches(ax, mixed, one_class)
    assert dots(ax, "o") == [0.1, 0.15, 0.97]
    assert (dots(ax, "s"), dots(ax, "^")) == ([0.8, 0.95], [0.7])
    colours = {line.get_marker(): line.get_color() for line in ax.lines}
    assert (colours["o"], colours["s"]) == (figure.BLUE, figure.ORANGE)


def test_fine_tuning_has_a_row_for_each_table(ax):
    def fine_tuned(change, batch_size, *scores):
        names = ("before", "frozen", "not frozen", "not frozen, recalibrated")
        rows = dict(zip(names, map(np.atleast_1d, scores), strict=True))
        options = {"change": change, "batch_size": batch_size}
        return Table(rows, "fine_tuning", options, (0,))

    tables = [
        fine_tuned("mirrored", 2, 0.4, 0.8, 0.5, 0.6),
        fine_tuned("darker and hazy", 4, 0.3, 0.6, 0.9, 0.95),
    ]
    inference.fine_tuning(ax, tables)
    assert row_names(ax) == ["mirrored\nbatch 2", "darker and\nhazy\nbatch 4"]
    assert [dots(ax, marker) for marker in "XoDs"] == [
        [0.3, 0.4],
        [0.6, 0.8],
        [0.5, 0.9],
        [0.6, 0.95],
    ]


def test_recalibration_joins_before_and_after_of_each_seed(ax):
    rows = {
        "unchanged": {"before": [0.96, 0.98], "after": [0.95, 0.99]},
        "pruned": {"before": [0.4, 0.5], "after": [0.9, 0.8]},
    }
    inference.recalibration(ax, table(rows))
    joined = [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "None"]
    assert joined[:2] == [[0.4, 0.9], [0.5, 0.8]]
    assert joined[-1] == pytest.approx([0.97, 0.97])
    hollow, full = [line for line in ax.lines if line.get_marker() == "o"][:2]
    assert (list(hollow.get_xdata()), hollow.get_markerfacecolor()) == ([0.4, 0.5], "white")
    assert (list(full.get_xdata()), full.get_markerfacecolor()) == ([0.9, 0.8], figure.BLUE)
    assert row_names(ax) == ["pruned"]


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
    inference.forgotten_eval(ax, mates())
    return without_text(fig)
