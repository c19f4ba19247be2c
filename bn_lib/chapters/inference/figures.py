"""Figures of the chapter on training and evaluation mode."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from bn_lib.course.figure import (
    BATCH_NORM,
    BLUE,
    CHANCE,
    FORMER,
    GREEN,
    GREY,
    INK,
    PALE,
    PLAIN,
    THIRD,
    VARIANT,
    accuracy_axis,
    legend_above,
    level_across,
    rows,
    say,
    size_axis,
    strips,
)

__all__ = [
    "biased_share",
    "fine_tuning",
    "forgotten_eval",
    "half_life",
    "momentum",
    "noise",
    "recalibration",
    "sorted_batches",
    "stored_variance",
    "warm_up",
]


def warm_up(ax, result):
    """Draw how running statistics lag behind those of a batch at first.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : TrackingResult
        Accuracies by step, of several seeds.

    Returns
    -------
    matplotlib.axes.Axes
    """
    steps = result.config.steps
    batch, running = result.whole_batch.mean(axis=0), result.running.mean(axis=0)
    level_across(ax, *CHANCE, end=1)
    ax.fill_between(steps, running, batch, color=PALE)
    for name, runs, mean, look, colour in (
        ("statistics of the batch", result.whole_batch, batch, "s--", GREEN),
        ("running statistics", result.running, running, "o-", BLUE),
    ):
        ax.plot(steps, runs.T, color=colour, linewidth=0.8, alpha=0.45)
        ax.plot(steps, mean, look, color=colour, markersize=5, label=name)
    legend_above(ax)
    ax.set(xscale="log", ylim=(0, 1), ylabel="test accuracy")
    ax.set(xlabel="updates (log scale)")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    return ax


def noise(ax, result):
    """Draw how the error of a batch's mean and variance falls with its size.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : NoiseResult
        Errors by batch size, of several seeds.

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    Each grey line has the slope of 1/√N and goes through the last mean over seeds.
    """
    sizes = np.array(result.config.batch_sizes)
    for errors, look, colour in (
        (result.var_error, "s--", GREEN),
        (result.mean_error, "o-", BLUE),
    ):
        mean = errors.mean(axis=0)
        law = mean[-1] * np.sqrt(sizes[-1] / sizes)
        ax.plot(sizes, law, color=GREY, linewidth=5, alpha=0.3, solid_capstyle="round")
        ax.plot(sizes, errors.T, color=colour, linewidth=0.8, alpha=0.45)
        ax.plot(sizes, mean, look, color=colour, markersize=5)
    middle = len(sizes) // 2 - 1
    place = (sizes[middle], result.var_error.mean(axis=0)[middle])
    say(ax, "variance (share of itself)", place, (6, 6), GREEN, va="bottom")
    place = (sizes[middle], result.mean_error.mean(axis=0)[middle])
    say(ax, "mean (in std)", place, (-6, -8), BLUE, ha="right", va="top")
    place = (sizes[-1], result.mean_error.mean(axis=0)[-1])
    say(ax, "grey: 1/√N", place, (-30, 0), GREY, ha="right")
    ax.set(yscale="log", ylabel="error (log scale)")
    ax.set_yticks((0.1, 0.2, 0.5, 1, 2), ("0.1", "0.2", "0.5", "1", "2"))
    ax.minorticks_off()
    return size_axis(ax, sizes)


def biased_share(ax, result):
    """Draw which share of the true variance the biased one shows.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : NoiseResult
        Shares by batch size, of several seeds.

    Returns
    -------
    matplotlib.axes.Axes
    """
    sizes = np.array(result.config.batch_sizes)
    law = (sizes - 1) / sizes
    ax.axhline(1, color=GREY, linestyle=":", linewidth=1.5)
    ax.fill_between(sizes, law, 1, facecolor=PALE, edgecolor="white", hatch="///")
    ax.plot(sizes, law, color=INK, linewidth=1.5)
    for shares in result.biased_share:
        ax.plot(sizes, shares, "o", color=BLUE, alpha=0.6, markersize=7)
    say(ax, "true variance", (sizes[-1], 1), (0, 4), GREY, ha="right", va="bottom")
    say(ax, "(N − 1)/N", (sizes[1], law[1]), (10, -6), INK, va="top")
    say(ax, "measured", (sizes[0], law[0]), (10, -2), BLUE)
    ax.set(ylim=(0, 1.15), ylabel="biased / true variance")
    return size_axis(ax, sizes)


def forgotten_eval(ax, result):
    """Draw what becomes of the answers where eval() is forgotten.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : MatesResult
        Accuracy and share of changed answers for each kind of batch.

    Returns
    -------
    matplotlib.axes.Axes
    """
    cases = {"eval()": {"accuracy": result.running}}
    for i, size in reversed(list(enumerate(result.config.batch_sizes))):
        cases[f"batch of {size}"] = {
            "accuracy": result.accuracy[:, i],
            "changed answers": result.changed[:, i],
        }
    cases["batch of\none class"] = {
        "accuracy": result.accuracy_one_class,
        "changed answers": result.changed_one_class,
    }
    strips(ax, cases, looks=(BATCH_NORM, VARIANT), xlabel="")
    return accuracy_axis(ax, "share of the test images")


def sorted_batches(ax, result):
    """Draw what a net learns from mixed batches, and from batches of one class.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : SortedResult
        Accuracies with and without batch norm.

    Returns
    -------
    matplotlib.axes.Axes
    """
    looks = {"BN": BATCH_NORM, "group norm": THIRD, "plain": PLAIN}
    cases = {
        "mixed\nbatches": {"BN": result.norm_shuffled, "plain": result.plain_shuffled},
        "one class\nin a batch": {
            "BN": result.norm_sorted,
            "group norm": result.group_sorted,
            "plain": result.plain_sorted,
        },
        "one class,\ntrain mode": {"BN": result.training_sorted},
    }
    strips(ax, cases, looks=looks, xlabel="")
    return accuracy_axis(ax, "accuracy")


def fine_tuning(ax, results):
    """Draw what fine-tuning gains with batch norm frozen, and not frozen.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : sequence of FineTuneResult
        One row each.

    Returns
    -------
    matplotlib.axes.Axes
    """
    cases = {
        f"{_lines(result.config.change)}\nbatch {result.config.batch_size}": {
            "before": result.before,
            "frozen": result.frozen,
            "not frozen": result.unfrozen,
        }
        for result in results
    }
    strips(ax, cases, looks=(FORMER, BATCH_NORM, VARIANT), xlabel="")
    return accuracy_axis(ax, "test accuracy on the changed images")


def recalibration(ax, result):
    """Draw the accuracy before and after the statistics are computed afresh.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : RecalibrationResult
        Accuracies of several seeds for each kind of change.

    Returns
    -------
    matplotlib.axes.Axes
    """
    for row, pairs in enumerate(result.scores.values()):
        places = np.linspace(row - 0.2, row + 0.2, len(pairs))
        ax.plot(pairs.T, [places] * 2, color=BLUE, linewidth=2, alpha=0.5, zorder=2)
        ax.plot(pairs[:, 0], places, "o", color=BLUE, markerfacecolor="white", mew=1.8)
        ax.plot(pairs[:, 1], places, "o", color=BLUE, zorder=3)
    ax.plot([], [], "o", color=BLUE, markerfacecolor="white", mew=1.8, label="before")
    ax.plot([], [], "o", color=BLUE, label="after")
    unchanged = {"label": "unchanged net", "color": GREY, "linestyle": ":"}
    ax.axvline(result.clean.mean(), linewidth=1.5, zorder=1, **unchanged)
    ax.set(xlim=(-0.03, 1.03), xlabel="test accuracy")
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    legend_above(ax)
    return rows(ax, [_lines(name) for name in result.scores])


def momentum(ax, results):
    """Draw what a momentum typed the wrong way round costs.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : sequence of MomentumResult
        One row each, all with the same two momenta.

    Returns
    -------
    matplotlib.axes.Axes
    """
    config = results[0].config
    right, wrong = f"momentum {config.right:g}", f"momentum {config.wrong:g}"
    cases = {
        f"batch {result.config.batch_size}": {right: result.right, wrong: result.wrong}
        for result in results
    }
    strips(ax, cases, looks=(BATCH_NORM, VARIANT), xlabel="")
    ax.set_xticks((0.8, 0.85, 0.9, 0.95, 1))
    return accuracy_axis(ax, "test accuracy (axis starts at 80%)", start=0.8)


def half_life(ax, results):
    """Draw how the start of a running mean is forgotten, and when half of it is.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : sequence of ForgettingResult
        At most three, one momentum each.

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    The lines are (1 − momentum)^t; the dots were measured.
    """
    ax.axhline(0.5, color=GREY, linestyle=":", linewidth=1.5)
    last = 1.7 * max(result.steps.max() for result in results)
    updates = np.arange(last + 1)
    looks = ((BLUE, "o-"), (GREEN, "s--"), (INK, "^-."))
    for result, (colour, look) in zip(results, looks, strict=False):
        rate = result.config.momentum
        ax.plot(updates, (1 - rate) ** updates, look[1:], color=colour)
        for steps in result.steps:
            ax.plot(steps, 0.5, look[0], color=colour, markersize=9)
        half = result.steps.max()
        name = f"momentum {rate:g}:\n{half} updates"
        shift, va = (-5, "top") if half < last / 3 else (6, "bottom")
        say(ax, name, (half, 0.5), (13, shift), colour, va=va)
    ax.set(xlim=(0, last), ylim=(0, 1))
    ax.set(xlabel="updates", ylabel="share of the start left")
    return ax


def stored_variance(ax, result):
    """Draw what storing the biased variance changes, and what it does not.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : StoredVarianceResult
        Accuracies and share of changed answers by batch size of the training.

    Returns
    -------
    matplotlib.axes.Axes
    """
    cases = {
        f"batch {size}": {
            "unbiased": result.unbiased[:, i],
            "biased": result.biased[:, i],
            "changed answers": result.changed[:, i],
        }
        for i, size in enumerate(result.config.batch_sizes)
    }
    strips(ax, cases, looks=(BATCH_NORM, VARIANT, (INK, "x", "")), xlabel="")
    return accuracy_axis(ax, "test accuracy; changed answers (×)")


def _lines(name):
    """Break a name of several words before its last one."""
    return "\n".join(name.rsplit(" ", 1))
