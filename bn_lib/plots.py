"""Figures: each function draws what it is given on an axes and returns the axes.

Nothing is computed here. The colours are those of Okabe and Ito, which people with
the common forms of colour blindness can tell apart; no figure relies on colour alone.
Sizes are chosen so that labels stay at 9 pt on a phone 360 pixels wide.
"""

import matplotlib.pyplot as plt
import numpy as np

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "ORANGE",
    "axes_grid",
    "curves",
    "number_lines",
    "style",
]

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#5F6B73"
_FILLS = ("#9BD1F2", "#FBC79D", "#9FE0C8", "#E9B8D4", "#F5E79A", "#CBD2D6")
_HATCHES = ("", "///", "...", "\\\\\\", "xx", "++")


def style():
    """Set Matplotlib's defaults for the figures of this book."""
    plt.rcParams.update(
        {
            "figure.figsize": (4.6, 3.1),
            "figure.dpi": 200,
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.titlesize": 11.5,
            "axes.titleweight": "bold",
            "axes.labelsize": 11,
            "xtick.labelsize": 10.5,
            "ytick.labelsize": 10.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#E3E7EA",
            "axes.axisbelow": True,
            "lines.linewidth": 2.0,
        }
    )


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


def axes_grid(ax, groups, title):
    """Draw a table of cells in which cells that share statistics look alike.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    groups : array of int, shape (N, C)
        For each example and channel, which statistics it belongs to.
    title : str
        Says which norm this is.

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
    if groups.max() >= len(_FILLS):
        raise ValueError(
            f"expected at most {len(_FILLS)} groups, got {groups.max() + 1}; "
            "more looks than that cannot be told apart"
        )
    for n in range(N):
        for c in range(C):
            kind = groups[n, c]
            cell = plt.Rectangle(
                (c, N - 1 - n),
                1,
                1,
                facecolor=_FILLS[kind],
                edgecolor="#37434C",
                hatch=_HATCHES[kind],
                linewidth=0.8,
            )
            ax.add_patch(cell)
    ax.set(xlim=(0, C), ylim=(0, N), aspect="equal", title=title)
    ax.set(xlabel="channel C", ylabel="example N", xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax


def curves(ax, lines, *, xlabel, ylabel, ylim=None):
    """Draw lines with their names at the right end instead of a legend.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    lines : dict of str to (x, ys)
        Name of each line, its positions of shape (S,), and its values of shape
        (S,) or (runs, S). Several runs are drawn thin, and their mean thick.
    xlabel, ylabel : str
        Labels of the axes, with units.
    ylim : tuple of float, optional
        Range of the values.

    Returns
    -------
    matplotlib.axes.Axes
    """
    looks = zip((BLUE, ORANGE, GREEN, GREY), ("-", "--", "-.", ":"), strict=True)
    for (name, (x, ys)), (colour, dashes) in zip(lines.items(), looks, strict=False):
        ys = np.atleast_2d(ys)
        if len(ys) > 1:
            ax.plot(x, ys.T, color=colour, linewidth=0.8, alpha=0.45)
        mean = ys.mean(axis=0)
        ax.plot(x, mean, color=colour, linestyle=dashes)
        ax.annotate(
            name,
            (x[-1], mean[-1]),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontweight="bold",
        )
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=ylim)
    return ax
