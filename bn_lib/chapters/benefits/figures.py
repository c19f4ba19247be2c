"""Figures of the chapter on the benefits of batch norm."""

import math

import numpy as np
from matplotlib.ticker import NullLocator, PercentFormatter

from bn_lib.course.figure import (
    BATCH_NORM,
    CHANCE,
    GREY,
    PLAIN,
    THIRD,
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

LOOKS = {"BN": BATCH_NORM, "plain": PLAIN, "BN + skips": THIRD}


def steps_to_target(ax, lines, *, target=0.9, limit=120):
    """Draw how many steps each net needs at each learning rate.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    lines : dict of str to (x, ys)
        Name of each net, the learning rates of shape (S,), which all nets share, and
        the steps of shape (seeds, S), from `experiments.steps_to_target`.
    target, limit : float and int
        As they were there.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax.set_xscale("log")
    ylabel = f"steps to {target:.0%} accuracy"
    curves(ax, lines, xlabel="learning rate (log axis)", ylabel=ylabel, looks=LOOKS)
    ax.set_ylim(0, 1.15 * limit)
    ax.axhline(limit, color=GREY, linewidth=1, linestyle=":")
    lrs, _ = lines["BN"]
    shift = {"xytext": (0, 6), "textcoords": "offset points"}
    ax.annotate(f"gave up at {limit}", (lrs[0], limit), **shift)
    ax.set_xticks(lrs, [f"{lr:g}" for lr in lrs])
    ax.xaxis.set_minor_locator(NullLocator())
    return ax


def accuracy_sweep(ax, lines, *, xlabel, log=True, mark=None):
    """Draw test accuracy against a setting that is changed from run to run.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    lines : dict of str to (x, ys)
        Name of each net, that with batch norm first; the settings of shape (S,), which
        all nets share; and the accuracies of shape (seeds, S).
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
    groups : dict of str to dict of str to array, shape (seeds,)
        Case to its nets; at most three nets, that with batch norm first.
    xlabel : str
        Says more than that it is the test accuracy, where needed.

    Returns
    -------
    matplotlib.axes.Axes
    """
    strips(ax, groups, xlabel="")
    return accuracy_axis(ax, xlabel)


def overfitting(ax, cases):
    """Draw the gap between training and test loss of nets trained on few samples.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    cases : dict of str to (str, dict of str to array)
        Name of each row, its net (``"plain"`` or ``"BN"``), and what
        `experiments.trained` measured.

    Returns
    -------
    matplotlib.axes.Axes
    """
    for row, (net, measured) in enumerate(cases.values()):
        colour, marker, _ = LOOKS[net]
        losses = [measured["train_loss"], measured["test_loss"]]
        ends = np.mean(losses, axis=1)
        ax.plot(ends, [row, row], color=colour, linewidth=5, alpha=0.3)
        for values, fill in zip(losses, ("white", None), strict=True):
            dots(ax, values, row, colour, marker, fill)
    rows(ax, list(cases))
    ax.set(xlabel="loss in nats")
    ax.set_xlim(left=-0.04)
    above(ax, ends[0], "train")
    return above(ax, ends[1], "test")


def gradient_by_depth(ax, squared):
    """Draw the squared gradient on its way down, relative to that at the top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    squared : dict of str to array, shape (seeds, depth + 1)
        Of ``"plain"``, ``"BN"`` and ``"BN + skips"``, from `experiments.gradient`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    lines = {
        name: (np.arange(values.shape[1]), (values / values[:, -1:])[:, ::-1])
        for name, values in squared.items()
    }
    ax.set_yscale("log")
    labels = {
        "xlabel": "layers back from the top",
        "ylabel": "squared gradient\n(log axis)",
    }
    return curves(ax, lines, **labels, looks=LOOKS)


def gradient_growth(ax, cases):
    """Draw the growth of the squared gradient from block to block.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    cases : dict of str to (str, array of shape (seeds,))
        Name of each row, its net (``"plain"`` or ``"BN"``), and `experiments.growth`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    for row, (net, factors) in enumerate(cases.values()):
        dots(ax, factors, row, *LOOKS[net][:2])
    ax.set_xlabel("squared gradient, growth per layer (×)")
    level_above(ax, "no growth", 1)
    level_above(ax, "π / (π − 1)", math.pi / (math.pi - 1))
    return rows(ax, list(cases))


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
