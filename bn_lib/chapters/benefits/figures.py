"""Figures of the chapter on the benefits of batch norm."""

import math

import numpy as np
from matplotlib.ticker import NullLocator, PercentFormatter

from bn_lib.course.figure import (
    BATCH_NORM,
    CHANCE,
    GREY,
    PLAIN,
    above,
    accuracy_axis,
    curves,
    dots,
    level_above,
    rows,
    strips,
)

__all__ = [
    "accuracies",
    "accuracy_sweep",
    "gradient_by_depth",
    "gradient_growth",
    "overfitting",
    "steps_to_target",
]


def steps_to_target(ax, result):
    """Draw how many steps each net needs at each learning rate.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : SpeedResult
        Steps to the target, with and without batch norm.

    Returns
    -------
    matplotlib.axes.Axes
    """
    config = result.config
    lines = {
        "BN": (config.lrs, result.batch_norm.T),
        "plain": (config.lrs, result.plain.T),
    }
    ax.set_xscale("log")
    ylabel = f"steps to {config.target:.0%} accuracy"
    curves(ax, lines, xlabel="learning rate (log axis)", ylabel=ylabel)
    ax.set_ylim(0, 1.15 * config.limit)
    ax.axhline(config.limit, color=GREY, linewidth=1, linestyle=":")
    shift = {"xytext": (0, 6), "textcoords": "offset points"}
    ax.annotate(f"gave up at {config.limit}", (config.lrs[0], config.limit), **shift)
    ax.set_xticks(config.lrs, [f"{lr:g}" for lr in config.lrs])
    ax.xaxis.set_minor_locator(NullLocator())
    return ax


def accuracy_sweep(ax, sweeps, *, xlabel, log=True, mark=None):
    """Draw test accuracy against a setting that is changed from run to run.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    sweeps : dict of str to (x, results)
        Name of each net, the settings of shape (S,), which all nets share, and a
        list of S AccuracyResults.
    xlabel : str
        What is changed.
    log : bool
        Whether its axis is logarithmic.
    mark : tuple of (str, float), optional
        Name and place of a setting to point out.

    Returns
    -------
    matplotlib.axes.Axes
    """
    lines = {
        name: (x, np.stack([r.accuracy for r in results], axis=1))
        for name, (x, results) in sweeps.items()
    }
    ax.set_xscale("log" if log else "linear")
    xlabel += " (log axis)" if log else ""
    labels = {"xlabel": xlabel, "ylabel": "test accuracy"}
    curves(ax, lines, **labels, ylim=(0, 1.05), level=CHANCE)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    if log:
        ax.xaxis.set_minor_locator(NullLocator())
    else:
        ax.set_xticks(next(iter(lines.values()))[0])
    if mark is not None:
        level_above(ax, *mark)
    return _names_where_apart(ax, lines)


def accuracies(ax, groups, *, xlabel="test accuracy"):
    """Draw the test accuracy of several nets, one row for each case.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    groups : dict of str to dict of str to AccuracyResult
        Case to its nets; at most three nets, as for `bn_lib.course.figure.strips`.
    xlabel : str
        Says more than that it is the test accuracy, where needed.

    Returns
    -------
    matplotlib.axes.Axes
    """
    values = {
        case: {name: result.accuracy for name, result in nets.items()}
        for case, nets in groups.items()
    }
    strips(ax, values, xlabel="")
    return accuracy_axis(ax, xlabel)


def overfitting(ax, results):
    """Draw the gap between training and test loss of nets trained on few samples.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : dict of str to OverfitResult
        One for each net and batch size, by its name; plain nets are orange.

    Returns
    -------
    matplotlib.axes.Axes
    """
    for row, result in enumerate(results.values()):
        colour, marker, _ = BATCH_NORM if result.config.net.norm else PLAIN
        ends = [np.mean(result.train_loss), np.mean(result.test_loss)]
        ax.plot(ends, [row, row], color=colour, linewidth=5, alpha=0.3)
        dots(ax, result.train_loss, row, colour, marker, "white")
        dots(ax, result.test_loss, row, colour, marker)
    rows(ax, list(results))
    ax.set(xlabel="loss in nats")
    ax.set_xlim(left=-0.04)
    above(ax, ends[0], "train")
    return above(ax, ends[1], "test")


def gradient_by_depth(ax, results):
    """Draw the squared gradient on its way down, relative to that at the top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : dict of str to GradientResult
        At most three nets.

    Returns
    -------
    matplotlib.axes.Axes
    """
    lines = {
        name: (np.arange(r.config.depth + 1), (r.squared / r.squared[:, -1:])[:, ::-1])
        for name, r in results.items()
    }
    ax.set_yscale("log")
    xlabel = "layers back from the top"
    return curves(ax, lines, xlabel=xlabel, ylabel="squared gradient\n(log axis)")


def gradient_growth(ax, results):
    """Draw the growth of the squared gradient from block to block.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : dict of str to GradientResult
        One for each case.

    Returns
    -------
    matplotlib.axes.Axes
    """
    for row, result in enumerate(results.values()):
        look = BATCH_NORM if result.config.norm else PLAIN
        dots(ax, result.factor(), row, *look[:2])
    ax.set_xlabel("squared gradient, growth per layer (×)")
    level_above(ax, "no growth", 1)
    level_above(ax, "π / (π − 1)", math.pi / (math.pi - 1))
    return rows(ax, list(results))


def _names_where_apart(ax, lines):
    """Move the names of `curves` from ends that are close to where lines are apart."""
    x = next(iter(lines.values()))[0]
    means = np.array([ys.mean(axis=0) for _, ys in lines.values()])
    apart = np.abs(means[:, None] - means)  # (lines, lines, S)
    apart[np.diag_indices(len(lines))] = np.inf
    if apart[..., -1].min() > 0.06:  # a line of text
        return ax
    names = {text.get_text(): text for text in ax.texts}
    for name, mean, gaps in zip(lines, means, apart.min(axis=1), strict=True):
        at = 1 + np.argmax(gaps[1:-1])
        names[name].xy = (x[at], mean[at])
        up = mean[at] == means[:, at].max() or mean[at] < 0.2
        rises = mean[at + 1] > mean[at - 1]
        free = "left" if rises != up else "right"  # of the line itself
        names[name].set(position=(0, 11 if up else -11), ha=free)
    return ax
