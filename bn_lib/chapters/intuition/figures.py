"""Figures of the chapter on the intuition: the loss around a step, noise, scale."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from bn_lib.course.figure import (
    BATCH_NORM,
    CHANCE,
    ORANGE,
    PLAIN,
    THIRD,
    curves,
    dots,
    log_axis,
    rows,
)

__all__ = [
    "accuracy_curves",
    "after_decay",
    "along_gradient",
]

LOOKS = {
    "BN": BATCH_NORM,
    "plain": PLAIN,
    "plain, scaled": (ORANGE, "D", ":"),
    "BN + noise": THIRD,
}
ALONG = {
    "loss_range": "range of the loss\nalong the gradient (log)",
    "gradient_change": "change of the gradient\nalong itself (log)",
    "relative_change": "change of the gradient\n/ its length (log)",
    "loss": "loss (log)",
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
