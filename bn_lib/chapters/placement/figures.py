"""Figures of the chapter on where batch norm goes."""

import numpy as np

from bn_lib.course.figure import (
    BATCH_NORM,
    BLUE,
    FILLS,
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
)

__all__ = [
    "dropout_ratios",
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
}
BLOCKS = {
    "pre": BATCH_NORM,
    "post": (PINK, "s", "--"),
    "post, last γ = 0": (GREEN, "^", "-."),
    "no norm": (ORANGE, "D", ":"),
}


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
    if kind not in KINDS:
        raise ValueError(f"expected one of {tuple(KINDS)}, got {kind!r}")
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
        name: (np.arange(table[row]["size"].shape[1]), table[row]["size"])
        for row, name in (KINDS | {"no norm": "no norm"}).items()
        if row in table
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
        From `bn_lib.chapters.placement.dropout.dropout`; a line for each of at most
        three rates, with its name.

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


def _box(ax, x, y, text, **look):
    """Draw a layer; batch norm is blue."""
    fill = FILLS[0] if text.startswith("BN") else "white"
    box = {"facecolor": fill, "edgecolor": INK, "linewidth": 1.2} | look
    box["boxstyle"] = "round,pad=0.35"
    ax.text(x, y, text, ha="center", va="center", bbox=box, fontsize=11)
