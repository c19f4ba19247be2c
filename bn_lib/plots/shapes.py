"""Shapes that several chapters draw: curves with their names, strips of seeds."""

import numpy as np

from bn_lib.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PALE

__all__ = ["curves", "strips"]

MARKERS = ("o", "s", "^")


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


def strips(ax, groups, *, xlabel, xlim=None, level=None):
    """Draw every seed as a dot, one row for each case, and its mean as a bar.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    groups : dict of str to dict of str to array, shape (seeds,)
        Case to its series; a series keeps its name, colour and marker in all cases.
    xlabel : str
        What is measured, with its unit.
    xlim : tuple of float, optional
        Range of the values.
    level : tuple of (str, float), optional
        Name and place of a line to compare with.

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = list(dict.fromkeys(name for case in groups.values() for name in case))
    looks = dict(zip(names, zip((BLUE, ORANGE, GREEN), MARKERS, strict=True), strict=False))
    step = 0.7 / len(names)
    for row, case in enumerate(groups.values()):
        ax.axhspan(row - 0.42, row + 0.42, color=PALE, alpha=0.35, linewidth=0, zorder=0)
        for name, values in case.items():
            height = row + (names.index(name) - (len(names) - 1) / 2) * step
            colour, marker = looks[name]
            heights = np.full(len(values), height)
            ax.plot(values, heights, marker, color=colour, markersize=6, alpha=0.6)
            ax.plot(np.mean(values), height, "|", color=INK, markersize=16, mew=2.5)
    handles = [
        ax.plot([], [], marker, color=colour, label=name)[0]
        for name, (colour, marker) in looks.items()
    ]
    if level is not None:
        name, place = level
        line = ax.axvline(place, color=GREY, linestyle=":", linewidth=1.5, label=name)
        handles.append(line)
    if len(names) > 1 or level is not None:
        shown = handles if len(names) > 1 else handles[1:]
        ax.figure.legend(
            handles=shown, loc="outside upper center", ncols=3, frameon=False, fontsize=10
        )
    ax.set(xlabel=xlabel, xlim=xlim, ylim=(len(groups) - 0.5, -0.5))
    ax.set_yticks(range(len(groups)), list(groups))
    ax.grid(False, axis="y")
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
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
