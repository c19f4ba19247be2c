"""Figures of the chapter on where batch norm goes."""

import numpy as np

from bn_lib.course.figure import (
    BATCH_NORM,
    BLUE,
    FILLS,
    FORMER,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PINK,
    VARIANT,
    above,
    accuracy_axis,
    curves,
    dots,
    in_words,
    log_axis,
    rows,
    strips,
)

__all__ = [
    "bias_effects",
    "block_accuracy",
    "channel_leaks",
    "dense_accuracy",
    "dropout_ratios",
    "dropout_recalibrated",
    "order_accuracy",
    "residual_blocks",
    "signal_by_depth",
]

ORDERS = {
    "plain": ("plain", ORANGE, "s"),
    "before": ("conv → BN → ReLU", BLUE, "o"),
    "before, head too": ("… + BN at the head", BLUE, "D"),
    "after": ("conv → ReLU → BN", GREEN, "^"),
}
KINDS = {
    "pre": "pre",
    "post": "post",
    "post, last gamma 0": "post, last γ = 0",
    "no norm": "no norm",
}
BLOCKS = {
    "pre": BATCH_NORM,
    "post": (PINK, "s", "--"),
    "post, last γ = 0": (GREEN, "^", "-."),
    "no norm": (ORANGE, "D", ":"),
}
# A log axis has no place for an exact 0.
SMALLEST = 1e-17


def order_accuracy(ax, tables):
    """Draw the test accuracy of each order of convolution, norm and ReLU.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : dict of str to Table
        From `experiments.order`, with the name of the learning rate; two at most, the
        first hollow, the second filled.

    Returns
    -------
    matplotlib.axes.Axes
    """
    shown = [order for order in ORDERS if any(order in t for t in tables.values())]
    for (name, table), fill in zip(tables.items(), ("white", None), strict=False):
        for row, order in enumerate(shown):
            if order in table:
                dots(ax, table[order], row, *ORDERS[order][1:], fill)
        above(ax, np.mean(table[shown[0]]), name, color=INK, weight="bold")
    rows(ax, [ORDERS[order][0] for order in shown])
    return accuracy_axis(ax)


def dense_accuracy(ax, tables):
    """Draw the test accuracy of fully connected nets with and without batch norm.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : dict of str to Table
        From `experiments.dense`; a row for each, with its name.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = {
        name: {net: table[net] for net in ("BN", "plain")} for name, table in tables.items()
    }
    strips(ax, groups, xlabel="")
    return accuracy_axis(ax)


def bias_effects(ax, table):
    """Draw how much of a bias is left behind batch norm.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `experiments.bias`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = {
        case.replace(", ", "\n"): {
            "gradient of the bias": np.maximum(row["gradient"], SMALLEST),
            "change if removed": np.maximum(row["output"], SMALLEST),
        }
        for case, row in table.items()
    }
    ax.set_xscale("log")
    looks = (BATCH_NORM, VARIANT)
    xlabel = "relative size (log axis)"
    strips(ax, groups, xlabel=xlabel, xlim=(1e-18, 30), looks=looks)
    ax.axvspan(1e-18, 1e-12, facecolor="none", edgecolor=GREY, hatch="//", alpha=0.3)
    above(ax, 1e-15, "rounding")
    return ax


def channel_leaks(ax, table):
    """Draw how far a change of one channel spreads to the others.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `experiments.spread`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = {
        name: {"changed channel": row["own"], "other channels": row["leak"]}
        for name, row in table.items()
    }
    looks = (FORMER, BATCH_NORM)
    return strips(ax, groups, xlabel="largest change of an output", looks=looks)


def residual_blocks(ax, kind):
    """Draw a residual block: the stream that runs through the net, and its branch.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; about 2.3 by 4 inches.
    kind : str
        ``"post"``, ``"post, last gamma 0"`` or ``"pre"``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the kind is none of these.
    """
    drawn = ("post", "post, last gamma 0", "pre")
    if kind not in drawn:
        raise ValueError(f"expected one of {drawn}, got {kind!r}")
    pre = kind == "pre"
    title = "pre-activation" if pre else "post-activation"
    last = "BN, γ = 0" if "gamma" in kind else "BN"
    post_steps = ("Linear", "BN", "ReLU", "Linear", last)
    steps = ("BN", "ReLU", "Linear") * 2 if pre else post_steps
    stream, branch = 0.6, 2.1
    note = "skip path\nis clear" if pre else "on the\nskip path"
    thick = {"color": INK, "linewidth": 4, "solid_capstyle": "butt", "zorder": 1}
    ax.plot([stream, stream], [8.6, 0.35], **thick)
    ax.plot(stream, 0.3, "v", color=INK, markersize=13)
    heights = np.linspace(7.4, 2.9, len(steps))
    thin = {"color": INK, "linewidth": 1.5, "zorder": 1}
    ax.plot([stream, branch, branch, stream], [8.1, 8.1, 2.1, 2.1], **thin)
    for step, height in zip(steps, heights, strict=True):
        _box(ax, branch, height, step)
    ax.plot(stream, 2.1, "o", color="white", markeredgecolor=INK, markersize=19, mew=2)
    ax.text(stream, 2.08, "+", ha="center", va="center", fontsize=16)
    if not pre:
        _box(ax, stream, 1.15, "ReLU", edgecolor=PINK, linewidth=2.5)
    ax.text(
        1.35, 1.1, note, va="center", color=in_words(GREY if pre else PINK), weight="bold"
    )
    ax.set(xlim=(-0.2, 3.1), ylim=(0, 8.7), title=title)
    ax.axis("off")
    return ax


def block_accuracy(ax, tables):
    """Draw the test accuracy of residual nets of several depths and learning rates.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : dict of str to Table
        From `experiments.residual`; a row for each depth and learning rate, with its
        name.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = {name: _by_kind(table) for name, table in tables.items()}
    strips(ax, groups, xlabel="", looks=BLOCKS)
    return accuracy_axis(ax)


def signal_by_depth(ax, table):
    """Draw how the signal grows from block to block, before training.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `experiments.signal`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    lines = {
        name: (np.arange(row["size"].shape[1]), row["size"])
        for name, row in _by_kind(table).items()
    }
    ax.set_yscale("log")
    ylabel = "mean square\n(log axis)"
    return curves(ax, lines, xlabel="blocks", ylabel=ylabel, looks=BLOCKS)


def dropout_ratios(ax, tables):
    """Draw how much smaller than in training each norm's inputs are in eval mode.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : dict of str to Table
        From `experiments.dropout`; a line for each of at most three rates, with its
        name.

    Returns
    -------
    matplotlib.axes.Axes
    """
    lines = {name: (np.arange(3), table["ratio"]) for name, table in tables.items()}
    log_axis(ax.yaxis)
    ax.set_xticks(range(3), ["BN 1", "dropout\n→ BN 2", "dropout\n→ BN 3"])
    looks = (BATCH_NORM, VARIANT, (PINK, "s", "-."))
    ylabel = "variance, eval / train\n(log axis)"
    return curves(ax, lines, xlabel="", ylabel=ylabel, looks=looks)


def dropout_recalibrated(ax, tables):
    """Draw what it gives to measure the running statistics again without dropout.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : dict of str to Table
        From `experiments.dropout`; a row for each rate, with its name.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = {
        name: {"as trained": table["accuracy"], "recalibrated": table["recalibrated"]}
        for name, table in tables.items()
    }
    strips(ax, groups, xlabel="", looks=(FORMER, BATCH_NORM))
    return accuracy_axis(ax)


def _by_kind(values):
    """Name the kinds of block and put them in one order."""
    return {name: values[kind] for kind, name in KINDS.items() if kind in values}


def _box(ax, x, y, text, **look):
    """Draw a layer; batch norm is blue."""
    fill = FILLS[0] if text.startswith("BN") else "white"
    box = {"facecolor": fill, "edgecolor": INK, "linewidth": 1.2} | look
    box["boxstyle"] = "round,pad=0.35"
    ax.text(x, y, text, ha="center", va="center", bbox=box, fontsize=11)
