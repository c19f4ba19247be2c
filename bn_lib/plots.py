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
_INK, _REMOVED = "#37434C", ["#E3E7EA"]
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
    if groups.max() >= len(_FILLS):
        raise ValueError(
            f"expected at most {len(_FILLS)} groups, got {groups.max() + 1}; "
            "more looks than that cannot be told apart"
        )
    for (n, c), kind in np.ndenumerate(groups):
        corner = (c + 0.04, N - 1 - n + 0.04)
        look = {"facecolor": _FILLS[kind], "edgecolor": _INK, "hatch": _HATCHES[kind]}
        ax.add_patch(plt.Rectangle(corner, 0.92, 0.92, linewidth=1, **look))
        for k in range(1, pixels):
            across = k * 0.92 / pixels
            x, y = corner
            ax.plot([x, x + 0.92], [y + across] * 2, color=_INK, linewidth=0.6)
            ax.plot([x + across] * 2, [y, y + 0.92], color=_INK, linewidth=0.6)
    ax.set(xlim=(0, C), ylim=(0, N), aspect="equal", title=title)
    ax.set(xlabel="channel C", ylabel="sample N", xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax


def parts(axs, terms):
    """Draw vectors as bars side by side, the first being the sum of the others.

    Parameters
    ----------
    axs : sequence of matplotlib.axes.Axes
        One for each vector; they should share their y axis.
    terms : dict of str to array, shape (N,)
        Title and values of the whole, then of its parts.

    Returns
    -------
    sequence of matplotlib.axes.Axes
    """
    colours = [GREY, *_REMOVED * (len(terms) - 2), BLUE]
    for ax, (title, values), colour in zip(axs, terms.items(), colours, strict=True):
        places = np.arange(1, len(values) + 1)
        hatch = "///" if colour in _REMOVED else None
        ax.bar(places, values, color=colour, edgecolor=_INK, linewidth=0.8, hatch=hatch)
        ax.axhline(0, color=_INK, linewidth=0.8)
        for place, value in zip(places, values, strict=True):
            below = value < 0
            ax.annotate(
                f"{value:.3g}",
                (place, value),
                xytext=(0, -3 if below else 3),
                textcoords="offset points",
                ha="center",
                va="top" if below else "bottom",
                fontsize=10,
            )
        ax.set(title=title, xticks=places)
        ax.margins(y=0.2)
        ax.grid(False)
    return axs


def shares(ax, labels, left, theory):
    """Draw which share of a whole is left, as filled bars in striped ones.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    labels : sequence of str
        One for each bar.
    left, theory : sequence of float
        Measured and expected share, from 0 to 1; the expected one is a dash.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax.bar(
        labels,
        1.0,
        color=_REMOVED[0],
        edgecolor=_INK,
        linewidth=0.8,
        hatch="///",
        label="removed",
    )
    ax.bar(labels, left, color=BLUE, edgecolor=_INK, linewidth=0.8, label="left")
    ax.plot(
        labels,
        theory,
        "_",
        color=ORANGE,
        markersize=22,
        markeredgewidth=3,
        label="(m − 2) / m",
    )
    ax.set_ylim(0, 1)
    ax.grid(False)
    ax.figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=10)
    return ax


def curves(ax, lines, *, xlabel, ylabel, ylim=None, level=None):
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
    level : tuple of (str, float), optional
        Name and height of a line to compare with.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if level is not None:
        name, height = level
        ax.axhline(height, color=GREY, linewidth=1, linestyle=":")
        ax.annotate(
            name,
            (0, height),
            xycoords=("axes fraction", "data"),
            xytext=(4, -3),
            textcoords="offset points",
            va="top",
            color=GREY,
        )
    looks = zip((BLUE, ORANGE, GREEN), ("o-", "s--", "^-."), strict=True)
    ends = {}
    for (name, (x, ys)), (colour, look) in zip(lines.items(), looks, strict=False):
        ys = np.atleast_2d(ys)
        look = look if len(x) < 10 else look[1:]  # dots only where they stay apart
        if len(ys) > 1:
            ax.plot(x, ys.T, color=colour, linewidth=0.8, alpha=0.45)
        mean = ys.mean(axis=0)
        ax.plot(x, mean, look, color=colour)
        ends[name] = (x[-1], mean[-1], colour)
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=ylim)
    _name_ends(ax, ends)
    return ax


def _name_ends(ax, ends):
    """Write each name at the right end of its line, none on top of another."""
    bottom, top = ax.get_ylim()
    gap, last = 0.1 * (top - bottom), np.inf
    for name, (x, y, colour) in sorted(ends.items(), key=lambda end: -end[1][1]):
        last = min(y, last - gap)
        style = {"color": colour, "fontweight": "bold", "va": "center"}
        shift = {"xytext": (6, 0), "textcoords": "offset points"}
        ax.annotate(name, (x, last), **shift, **style, annotation_clip=False)
