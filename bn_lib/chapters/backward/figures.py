"""Figures of the chapter on the backward pass."""

import numpy as np

from bn_lib.course.diagram import diagram
from bn_lib.course.figure import BLUE, GREY, INK, ORANGE, PALE

__all__ = ["graph", "parts", "shares"]


def graph(ax):
    """Draw which value of batch norm is made from which.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
    """
    x, mean, centered, var, rstd, xhat, y = (
        (0, 0),
        (0.7, 1),
        (1.5, 0),
        (2.1, 1),
        (3.2, 1),
        (3.6, 0),
        (4.8, 0),
    )
    names = ("x", "mean", "centered", "var", "rstd", "xhat", "y")
    places = (x, mean, centered, var, rstd, xhat, y)
    arrows = (
        (x, centered),
        (x, mean),
        (mean, centered),
        (centered, var),
        (var, rstd),
        (rstd, xhat),
        (centered, xhat),
        (xhat, y),
    )
    return diagram(
        ax, dict(zip(places, names, strict=True)), arrows, marked={"mean", "var"}
    )


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
    colours = [GREY, *[PALE] * (len(terms) - 2), BLUE]
    for ax, (title, values), colour in zip(axs, terms.items(), colours, strict=True):
        places = np.arange(1, len(values) + 1)
        hatch = "///" if colour == PALE else None
        ax.bar(places, values, color=colour, edgecolor=INK, linewidth=0.8, hatch=hatch)
        ax.axhline(0, color=INK, linewidth=0.8)
        for place, value in zip(places, values, strict=True):
            below = value < 0
            ax.annotate(
                f"{value + 0.0:.3g}",  # no -0
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
        color=PALE,
        edgecolor=INK,
        linewidth=0.8,
        hatch="///",
        label="removed",
    )
    ax.bar(labels, left, color=BLUE, edgecolor=INK, linewidth=0.8, label="left")
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
