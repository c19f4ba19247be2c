"""Figures of the chapter on the math."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from bn_lib.course.diagram import diagram
from bn_lib.course.figure import BLUE, FILLS, GREY, HATCHES, INK

__all__ = ["axes_grid", "network", "number_lines"]


def network(ax):
    """Draw a small network without batch norm, and below it the same one with it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
    """
    layers = ("x", "Linear", "BN", "ReLU", "Linear", "loss")
    boxes, arrows = {}, []
    for row, left_out in enumerate(("BN", None)):
        places = [(i, row) for i, name in enumerate(layers) if name != left_out]
        boxes |= {place: layers[place[0]] for place in places}
        arrows += pairwise(places)
    return diagram(ax, boxes, arrows, marked={"BN"})


def number_lines(ax, rows):
    """Draw sets of numbers as dots, one number line below the other.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    rows : dict of str to array, shape (N,)
        Label of each line and its values; a value keeps its marker from line to line.

    Returns
    -------
    matplotlib.axes.Axes
    """
    markers = "osD^vPX*"
    for height, values in enumerate(reversed(rows.values())):
        ax.axhline(height, color="#B8C1C7", linewidth=1, zorder=1)
        for i, value in enumerate(values):
            marker = markers[i % len(markers)]
            ax.plot(value, height, marker, color=BLUE, markersize=8, zorder=3)
            ax.annotate(
                f"{value:.1f}".removesuffix(".0"),
                (value, height),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                fontsize=9,
            )
    ax.axvline(0, color=GREY, linewidth=1, linestyle=":")
    ax.set_yticks(range(len(rows)), list(reversed(rows)))
    ax.set_ylim(-0.5, len(rows) - 0.3)
    ax.grid(False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(left=False)
    return ax


def axes_grid(ax, groups, title, pixels=1):
    """Draw a table of cells in which cells that share statistics look alike.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    groups : array of int, shape (N, C)
        For each sample and channel, which statistics it belongs to.
    title : str
        Says which norm this is.
    pixels : int
        Each cell is drawn as so many rows and columns of pixels.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there are more groups than looks that can be told apart.
    """
    groups = np.asarray(groups)
    N, C = groups.shape
    if groups.max() >= len(FILLS):
        raise ValueError(
            f"expected at most {len(FILLS)} groups, got {groups.max() + 1}; "
            "more looks than that cannot be told apart"
        )
    for (n, c), kind in np.ndenumerate(groups):
        corner = (c + 0.04, N - 1 - n + 0.04)
        look = {"facecolor": FILLS[kind], "edgecolor": INK, "hatch": HATCHES[kind]}
        ax.add_patch(plt.Rectangle(corner, 0.92, 0.92, linewidth=1, **look))
        for k in range(1, pixels):
            across = k * 0.92 / pixels
            x, y = corner
            ax.plot([x, x + 0.92], [y + across] * 2, color=INK, linewidth=0.6)
            ax.plot([x + across] * 2, [y, y + 0.92], color=INK, linewidth=0.6)
    ax.set(xlim=(0, C), ylim=(0, N), aspect="equal", title=title)
    ax.set(xlabel="channel C", ylabel="sample N", xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax
