"""Shapes that several chapters draw: curves with their names, strips of seeds."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

from bn_lib.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PALE

__all__ = ["curves", "strips"]

# Batch norm is blue and the net without it orange, wherever they stand together.
BATCH_NORM, PLAIN, THIRD = (BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-.")
LOOKS = (BATCH_NORM, PLAIN, THIRD)


def curves(ax, lines, *, xlabel, ylabel, ylim=None, level=None, looks=LOOKS):
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
    looks : dict of str to (colour, marker, line style), or sequence of them
        Of each name; a sequence is taken in order.

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
    looks = _by_name(looks, lines)
    ends = {}
    for name, (x, ys) in lines.items():
        ys = np.atleast_2d(ys)
        colour, marker, line = looks[name]
        marker = marker if len(x) < 10 else ""  # dots only where they stay apart
        if len(ys) > 1:
            ax.plot(x, ys.T, color=colour, linewidth=0.8, alpha=0.45)
        mean = ys.mean(axis=0)
        ax.plot(x, mean, marker + line, color=colour)
        ends[name] = mean[-1]
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=ylim)
    return name_ends(ax, x[-1], ends, {name: looks[name][0] for name in ends})


def strips(ax, groups, *, xlabel, xlim=None, level=None, looks=LOOKS):
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
    looks : dict of str to (colour, marker, line style), or sequence of them
        Of each series; a sequence is taken in order.

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = list(dict.fromkeys(name for case in groups.values() for name in case))
    looks = _by_name(looks, names)
    step = 0.7 / len(names)
    for row, case in enumerate(groups.values()):
        ax.axhspan(row - 0.42, row + 0.42, color=PALE, alpha=0.35, linewidth=0, zorder=0)
        for name, values in case.items():
            height = row + (names.index(name) - (len(names) - 1) / 2) * step
            colour, marker, _ = looks[name]
            style = {"color": colour, "markersize": 7, "alpha": 0.65, "clip_on": False}
            ax.plot(values, np.full(len(values), height), marker, **style)
            ax.plot(np.mean(values), height, "|", color=INK, markersize=16, mew=2.5)
    if len(names) > 1:
        for name in names:
            ax.plot([], [], looks[name][1], color=looks[name][0], label=name)
        legend_above(ax)
    if level is not None:
        name, place = level
        ax.axvline(place, color=GREY, linestyle=":", linewidth=1.5, label=name)
        above(ax, place, name)
    ax.set(xlabel=xlabel, xlim=xlim)
    return rows(ax, list(groups))


def _by_name(looks, names):
    return looks if isinstance(looks, dict) else dict(zip(names, looks, strict=False))


def rows(ax, names):
    """Name rows at 0, 1, ... from the top, without the axis that they do not need."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(False, axis="y")
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    return ax


def legend_above(ax):
    """Name the looks above the axes; the figure must hold no other axes."""
    spacing = {"handletextpad": 0.4, "columnspacing": 1.2, "fontsize": 10.5}
    ax.figure.legend(loc="outside upper center", ncols=4, frameon=False, **spacing)


def name_ends(ax, x, ends, colours):
    """Write each name at the right end of its line, none on another, on any scale."""
    scale = ax.yaxis.get_transform()
    bottom, top = scale.transform(ax.get_ylim())
    points = ax.get_window_extent().height / ax.figure.dpi * 72
    gap, last = 1.2 * plt.rcParams["font.size"] / points * (top - bottom), np.inf
    heights = {name: scale.transform([y])[0] for name, y in ends.items()}
    for name in sorted(ends, key=heights.get, reverse=True):
        last = min(heights[name], last - gap)
        ax.annotate(
            name,
            (x, scale.inverted().transform([last])[0]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=colours[name],
            fontweight="bold",
            annotation_clip=False,
        )
    return ax


def names_beside(ax, lines):
    """Move the names of `curves` apart: on a log axis, or where the ends are close."""
    x = next(iter(lines.values()))[0]
    means = np.array([np.mean(np.atleast_2d(ys), axis=0) for _, ys in lines.values()])
    log = ax.get_yscale() == "log"
    heights, limits = (np.log(v) if log else v for v in (means, ax.get_ylim()))
    apart = np.abs(heights[:, None] - heights)  # (lines, lines, S)
    apart[np.diag_indices(len(lines))] = np.inf
    close = apart[..., -1].min() < 0.06 * np.ptp(limits)  # less than a line of text
    texts = {text.get_text(): text for text in ax.texts}
    for name, mean, gaps in zip(lines, means, apart.min(axis=1), strict=True):
        at = np.argmax(gaps) if close else -1
        texts[name].xy = (x[at], mean[at])
        if close:
            up = 11 if mean[at] == means[:, at].max() else -11
            texts[name].set(position=(0, up), ha="center")
    return ax


def log_axis(axis):
    """Make an axis logarithmic, with ticks such as 0.02 in place of powers of ten."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def size_axis(ax, sizes):
    """Count batch sizes by doubling."""
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlabel("batch size N (log scale)")
    return ax


def accuracy_axis(ax, xlabel="test accuracy"):
    """Turn the horizontal axis into one of test accuracies, and mark chance."""
    ax.set(xlabel=xlabel, xlim=(0, 1))
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.axvline(0.1, color=GREY, linestyle=":", linewidth=1.5)
    return above(ax, 0.1, "chance")


def above(ax, x, text, **look):
    """Write above the axes, at a place of the horizontal one."""
    place = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "bottom"}
    shift = {"xytext": (0, 3), "textcoords": "offset points"}
    ax.annotate(text, (x, 1), **place, **shift, **({"color": GREY} | look))
    return ax


def say(ax, text, place, shift, colour, ha="left", va="center"):
    """Write beside a place, in points from it."""
    style = {"color": colour, "ha": ha, "va": va, "fontweight": "bold"}
    ax.annotate(text, place, shift, textcoords="offset points", **style)
