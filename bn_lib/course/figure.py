"""Colours, sizes and shapes of all figures: curves with their names, strips of seeds.

The colours are those of Okabe and Ito, which people with the common forms of colour
blindness can tell apart; no figure relies on colour alone. Sizes are chosen so that
labels stay at 9 pt on a phone 360 pixels wide.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

__all__ = [
    "BLUE",
    "FILLS",
    "GREEN",
    "GREY",
    "HATCHES",
    "INK",
    "ORANGE",
    "PALE",
    "PINK",
    "SKY",
    "curves",
    "in_words",
    "strips",
    "style",
]

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#5F6B73"
PINK, INK, PALE, SKY = "#B8578C", "#37434C", "#E3E7EA", "#7FBEE6"
# Light enough for a hatch to show; each fill goes with the hatch of its place.
FILLS = ("#9BD1F2", "#FBC79D", "#9FE0C8", "#E9B8D4", "#F5E79A", "#CBD2D6")
HATCHES = ("", "///", "...", "\\\\\\", "xx", "++")


# Lines and dots need a contrast of 3 to 1 on white, words 4.5 (WCAG 2.2, 1.4.11, 1.4.3).
_WORDS = {ORANGE: "#B34F00", GREEN: "#007A58", PINK: "#A84A7C", SKY: "#0072B2"}


def in_words(colour):
    """Return the shade of a colour in which words can be read."""
    return _WORDS.get(colour, colour)


def style():
    """Set Matplotlib's defaults for the figures of this book."""
    plt.rcParams.update(
        {
            "figure.figsize": (4.6, 3.1),
            "figure.dpi": 100,
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
    if "inline" in plt.get_backend():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        # Twice the pixels, shown at the size above: sharp on phones, and in JupyterLab
        # no larger than in the book.
        set_matplotlib_formats("retina")


# Batch norm is blue and the net without it orange, wherever they stand together.
BATCH_NORM, PLAIN, THIRD = (BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-.")
LOOKS = (BATCH_NORM, PLAIN, THIRD)
# For what stands beside batch norm where no net is plain.
VARIANT, FORMER = (GREEN, "D", "--"), (GREY, "X", ":")
CHANCE = ("chance", 0.1)


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
        level_across(ax, *level)
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
        for name, values in case.items():
            height = row + (names.index(name) - (len(names) - 1) / 2) * step
            dots(ax, values, height, *looks[name][:2])
    if len(names) > 1:
        for name in names:
            ax.plot([], [], looks[name][1], color=looks[name][0], label=name)
        legend_above(ax)
    if level is not None:
        level_above(ax, *level)
    ax.set(xlabel=xlabel, xlim=xlim)
    return rows(ax, list(groups))


def _by_name(looks, names):
    return looks if isinstance(looks, dict) else dict(zip(names, looks, strict=False))


def dots(ax, values, height, colour, marker, fill=None):
    """Draw every seed as a dot at one height, and the mean as a bar."""
    look = {"color": colour, "markerfacecolor": fill or colour, "markersize": 7}
    heights = np.full(len(values), height)
    ax.plot(values, heights, marker, **look, alpha=0.65, clip_on=False)
    ax.plot(np.mean(values), height, "|", color=INK, markersize=16, mew=2.5)


def rows(ax, names):
    """Name rows at 0, 1, ... from the top, in a figure that is high enough for them."""
    for row in range(len(names)):
        ax.axhspan(row - 0.42, row + 0.42, color=PALE, alpha=0.35, linewidth=0, zorder=0)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    lines = max(name.count("\n") + 1 for name in names)
    # In inches; the rest is for the legend and the axis below.
    needed = len(names) * (0.2 * lines + 0.05) + 0.8
    ax.figure.set_figheight(max(needed, ax.figure.get_figheight()))
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
    gap = 1.2 * plt.rcParams["font.size"] / points * (top - bottom)
    heights = {name: scale.transform([y])[0] for name, y in ends.items()}
    names = sorted(ends, key=heights.get, reverse=True)
    places = _apart([heights[name] for name in names], gap)
    for name, place in zip(names, scale.inverted().transform(places), strict=True):
        ax.annotate(
            name,
            (x, place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=in_words(colours[name]),
            fontweight="bold",
            annotation_clip=False,
        )
    return ax


def _apart(heights, gap):
    """Move falling heights as little as it takes to keep them a gap apart."""
    groups = []
    for place, height in enumerate(heights):
        groups.append([height + place * gap])
        while len(groups) > 1 and np.mean(groups[-2]) < np.mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    spread = [np.mean(group) for group in groups for _ in group]
    return np.array(spread) - gap * np.arange(len(heights))


class _Ratios(LogLocator):
    """Ticks at 1, 2, 5, 10, ..., and more of them on a short axis."""

    def tick_values(self, vmin, vmax):
        short = vmax < 8 * vmin
        self.set_params(subs=(1, 1.5, 2, 3, 4, 5, 7) if short else (1, 2, 5))
        return super().tick_values(vmin, vmax)


def log_axis(axis):
    """Make an axis logarithmic, with ticks such as 0.02 in place of powers of ten."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(_Ratios())
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def size_axis(ax, sizes):
    """Count batch sizes by doubling."""
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlabel("batch size N (log scale)")
    return ax


def accuracy_axis(ax, xlabel="test accuracy", start=0):
    """Turn the horizontal axis into one of percentages, and mark chance if it is there."""
    ax.set(xlabel=xlabel, xlim=(start, 1))
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax if start else level_above(ax, *CHANCE)


def level_across(ax, name, height, end=0):
    """Draw a horizontal line to compare with, its name below the left end or right (1)."""
    ax.axhline(height, color=GREY, linestyle=":", linewidth=1.5)
    place = {"xycoords": ("axes fraction", "data"), "va": "top"}
    place["ha"] = "right" if end else "left"
    shift = {"xytext": (-4 if end else 4, -3), "textcoords": "offset points"}
    ax.annotate(name, (end, height), **place, **shift, color=GREY)


def level_above(ax, name, place):
    """Draw a vertical line to compare with, and name it above the axes."""
    ax.axvline(place, color=GREY, linestyle=":", linewidth=1.5)
    return above(ax, place, name)


def above(ax, x, text, **look):
    """Write above the axes, at a place of the horizontal one."""
    place = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "bottom"}
    shift = {"xytext": (0, 3), "textcoords": "offset points"}
    ax.annotate(text, (x, 1), **place, **shift, **({"color": GREY} | look))
    return ax


def say(ax, text, place, shift, colour, ha="left", va="center"):
    """Write beside a place, in points from it."""
    style = {"color": in_words(colour), "ha": ha, "va": va, "fontweight": "bold"}
    ax.annotate(text, place, shift, textcoords="offset points", **style)
