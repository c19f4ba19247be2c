"""Figures of the chapter on the benefits of batch norm."""

import numpy as np
from matplotlib.ticker import NullLocator

from bn_lib.course.figure import (
    BATCH_NORM,
    GREY,
    PLAIN,
    THIRD,
    above,
    accuracy_axis,
    curves,
    dots,
    rows,
    strips,
)

__all__ = [
    "accuracies",
    "gradient_by_depth",
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
