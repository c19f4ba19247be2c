"""Figures of the chapter on the intuition: the loss around a step, noise, scale."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from bn_lib.course.figure import (
    BATCH_NORM,
    CHANCE,
    GREEN,
    GREY,
    ORANGE,
    PLAIN,
    SKY,
    THIRD,
    accuracy_axis,
    curves,
    dots,
    log_axis,
    name_ends,
    rows,
    strips,
)

__all__ = [
    "accuracy_curves",
    "after_decay",
    "along_gradient",
    "decay_losses",
    "distance_from_decay",
    "mean_accuracy",
    "scaled_weights",
]

LOOKS = {
    "BN": BATCH_NORM,
    "plain": PLAIN,
    "plain, scaled": (ORANGE, "D", ":"),
    "BN + noise": THIRD,
}
# Decay is drawn first and wide, so that a curve on it can be seen.
TWINS = {
    "decay": ("BN, decay", SKY, {"linewidth": 5}),
    "no decay": ("BN", GREY, {"linewidth": 1.5, "linestyle": ":"}),
    "growing rate": ("BN, growing rate", GREEN, {"linewidth": 1.5}),
}
ALONG = {
    "loss_range": "range of the loss\nalong the gradient (log)",
    "gradient_change": "change of the gradient\nalong itself (log)",
    "relative_change": "change of the gradient\n/ its length (log)",
    "loss": "loss (log)",
}
SCALED = {
    "output_change": "change of the output / its size (log)",
    "gradient_ratio": "gradient before / after (log)",
}
ENDS = {
    "weight_norm": "length of the weights of a layer",
    "output_size": "size of the outputs (RMS)",
    "effective_lr": "lr / ‖w‖²",
}


def along_gradient(ax, table, what="loss_range"):
    """Draw what each net meets along its gradient, while it trains.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `experiments.landscape`; the shade reaches from the smallest seed to the
        largest.
    what : str
        ``"loss_range"``, ``"gradient_change"``, ``"relative_change"`` or ``"loss"``.

    Returns
    -------
    matplotlib.axes.Axes

    References
    ----------
    S. Santurkar et al., "How Does Batch Normalization Help Optimization?", 2018,
    figure 4.
    """
    log_axis(ax.yaxis)
    lines = {}
    for net in ("BN", "plain"):
        values = table[net][what]
        steps = np.arange(values.shape[1]) * table.options["every"]
        low, high = values.min(axis=0), values.max(axis=0)
        ax.fill_between(steps, low, high, color=LOOKS[net][0], alpha=0.2, linewidth=0)
        lines[net] = steps, values
    return curves(ax, lines, xlabel="step", ylabel=ALONG[what], looks=LOOKS)


def accuracy_curves(ax, table):
    """Draw the test accuracy of each variant of a network while it trains.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `experiments.curves`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    every, last = table.options["every"], table.options["steps"]
    steps = np.arange(every, last + 1, every)
    lines = {row: (steps, accuracy) for row, accuracy in table.items()}
    labels = {"xlabel": "step", "ylabel": "test accuracy"}
    curves(ax, lines, **labels, ylim=(0, 1), level=CHANCE, looks=LOOKS)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xticks(steps)
    return ax


def mean_accuracy(ax, tables):
    """Draw the test accuracy, averaged over the training, of several networks.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : dict of str to Table
        From `experiments.curves`, one row for each network, with its name.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = {
        name: {row: table[row].mean(axis=1) for row in LOOKS if row in table}
        for name, table in tables.items()
    }
    strips(ax, groups, xlabel="", looks=LOOKS)
    return accuracy_axis(ax, "test accuracy, mean over training")


def scaled_weights(ax, tables, what="output_change"):
    """Draw what changes when the weights of one hidden layer grow.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : dict of str to Table
        From `experiments.scaled`, one row for each network, with its name. Every seed
        and every layer is a dot.
    what : str
        ``"output_change"`` or ``"gradient_ratio"``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = {
        name: {net: table[net][what].ravel() for net in ("BN", "plain")}
        for name, table in tables.items()
    }
    if what == "gradient_ratio":
        log_axis(ax.xaxis)
    else:
        ax.set_xscale("log")
    factor = next(iter(tables.values())).options["factor"]
    levels = {
        "output_change": (f"output × {factor:g}", factor - 1),
        "gradient_ratio": (f"gradient ÷ {factor:g}", factor),
    }
    return strips(ax, groups, xlabel=SCALED[what], level=levels[what], looks=LOOKS)


def after_decay(ax, table, what="weight_norm"):
    """Draw what trainings with and without weight decay ended with.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `experiments.weight_decay`; those with decay have open dots.
    what : str
        ``"weight_norm"`` or ``"effective_lr"``, one dot for each seed and layer; or
        ``"output_size"``, one for each seed.

    Returns
    -------
    matplotlib.axes.Axes
    """
    for row, (name, cells) in enumerate(table.items()):
        colour, marker, _ = LOOKS[name.split(",")[0]]
        fill = "white" if name.endswith("decay") else colour
        dots(ax, cells[what].ravel(), row, colour, marker, fill)
    ax.set_xlabel(ENDS[what])
    ax.set_xlim(0, 1.08 * max(cells[what].max() for cells in table.values()))
    ax.locator_params(axis="x", nbins=5)
    return rows(ax, list(table))


def decay_losses(ax, table, seed=0):
    """Draw the loss with weight decay, without it, and with a growing rate instead.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `experiments.weight_decay`; only the nets with batch norm are drawn.
    seed : int
        Which of the seeds, counted from 0; `distance_from_decay` shows all.

    Returns
    -------
    matplotlib.axes.Axes
    """
    log_axis(ax.yaxis)
    ends, colours = {}, {}
    for name, (row, colour, look) in TWINS.items():
        losses = table[row]["loss"][seed]
        ax.plot(losses, color=colour, label=name, **look)
        ends[name], colours[name] = losses[-1], colour
    ax.set(xlabel="step", ylabel="loss of the batch (log)")
    return name_ends(ax, len(losses) - 1, ends, colours)


def distance_from_decay(ax, table):
    """Draw how far the loss is from that with weight decay, at each step.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `experiments.weight_decay`: batch norm without decay, and with a growing
        rate in its place.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax.set_yscale("log", nonpositive="mask")  # the first losses are equal
    ends, colours = {}, {}
    for name in ("no decay", "growing rate"):
        row, colour, look = TWINS[name]
        gaps = np.abs(table[row]["loss"] - table["BN, decay"]["loss"])  # (seeds, steps)
        ax.plot(gaps.T, color=colour, linewidth=0.5, alpha=0.35)
        ax.plot(gaps.mean(axis=0), color=colour, **look)
        ends[name], colours[name] = gaps[:, -1].mean(), colour
    ax.set(xlabel="step", ylabel="distance from the\nloss with decay (log)")
    return name_ends(ax, gaps.shape[1] - 1, ends, colours)
