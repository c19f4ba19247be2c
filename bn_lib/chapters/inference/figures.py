"""Figures of the chapter on training and evaluation mode."""

import re

import numpy as np
from matplotlib.ticker import PercentFormatter

from bn_lib.course.figure import (
    BATCH_NORM,
    BLUE,
    CHANCE,
    FORMER,
    GREEN,
    GREY,
    INK,
    PALE,
    PLAIN,
    THIRD,
    VARIANT,
    accuracy_axis,
    legend_above,
    level_across,
    rows,
    say,
    size_axis,
    strips,
)

__all__ = [
    "biased_share",
    "fine_tuning",
    "forgotten_eval",
    "half_life",
    "momentum",
    "noise",
    "recalibration",
    "sorted_batches",
    "stored_variance",
    "warm_up",
]


def warm_up(ax, table):
    """Draw how running statistics lag behind those of a batch at first.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `running_statistics.tracking`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    steps, means = table.options["steps"], []
    level_across(ax, *CHANCE, end=1)
    for name, look, colour in (
        ("statistics of the batch", "s--", GREEN),
        ("running statistics", "o-", BLUE),
    ):
        runs = _column(table, name)
        means.append(runs.mean(axis=1))
        ax.plot(steps, runs, color=colour, linewidth=0.8, alpha=0.45)
        ax.plot(steps, means[-1], look, color=colour, markersize=5, label=name)
    ax.fill_between(steps, *means, color=PALE)
    legend_above(ax)
    ax.set(xscale="log", ylim=(0, 1), ylabel="test accuracy")
    ax.set(xlabel="updates (log scale)")
    ax.set_xticks(steps, steps)
    ax.minorticks_off()
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    return ax


def noise(ax, table):
    """Draw how the error of a batch's mean and variance falls with its size.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `batch_statistics.noise`.

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    Each grey line has the slope of 1/√N and goes through the last mean over seeds.
    """
    sizes = np.array(table.options["batch_sizes"])
    means = {}
    for column, look, colour in (
        ("variance error", "s--", GREEN),
        ("mean error", "o-", BLUE),
    ):
        errors = _column(table, column)
        means[column] = mean = errors.mean(axis=1)
        law = mean[-1] * np.sqrt(sizes[-1] / sizes)
        ax.plot(sizes, law, color=GREY, linewidth=5, alpha=0.3, solid_capstyle="round")
        ax.plot(sizes, errors, color=colour, linewidth=0.8, alpha=0.45)
        ax.plot(sizes, mean, look, color=colour, markersize=5)
    middle = len(sizes) // 2 - 1
    place = (sizes[middle], means["variance error"][middle])
    say(ax, "variance (share of itself)", place, (6, 6), GREEN, va="bottom")
    place = (sizes[middle], means["mean error"][middle])
    say(ax, "mean (in std)", place, (-6, -8), BLUE, ha="right", va="top")
    place = (sizes[-1], means["mean error"][-1])
    say(ax, "grey: 1/√N", place, (-30, 0), GREY, ha="right")
    ax.set(yscale="log", ylabel="error (log scale)")
    ax.set_yticks((0.1, 0.2, 0.5, 1, 2), ("0.1", "0.2", "0.5", "1", "2"))
    ax.minorticks_off()
    return size_axis(ax, sizes)


def biased_share(ax, table):
    """Draw which share of the true variance the biased one shows.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `batch_statistics.noise`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    sizes = np.array(table.options["batch_sizes"])
    law = (sizes - 1) / sizes
    ax.axhline(1, color=GREY, linestyle=":", linewidth=1.5)
    ax.fill_between(sizes, law, 1, facecolor=PALE, edgecolor="white", hatch="///")
    ax.plot(sizes, law, color=INK, linewidth=1.5)
    shares = _column(table, "biased share")
    ax.plot(sizes, shares, "o", color=BLUE, alpha=0.6, markersize=7)
    say(ax, "true variance", (sizes[-1], 1), (0, 4), GREY, ha="right", va="bottom")
    say(ax, "(N − 1)/N", (sizes[1], law[1]), (10, -6), INK, va="top")
    say(ax, "measured", (sizes[0], law[0]), (10, -2), BLUE)
    ax.set(ylim=(0, 1.15), ylabel="biased / true variance")
    return size_axis(ax, sizes)


def forgotten_eval(ax, table):
    """Draw what becomes of the answers where eval() is forgotten.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `batch_statistics.mates`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    cases = {re.sub("of (one|two)", r"of\n\1", name): row for name, row in table.items()}
    strips(ax, cases, looks=(BATCH_NORM, VARIANT), xlabel="")
    return accuracy_axis(ax, "share of the test images")


def sorted_batches(ax, mixed, one_class):
    """Draw what a net learns from mixed batches, and from batches of one class.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    mixed, one_class : Table
        From `batch_statistics.sorted_batches`, with whichever rows are to be seen.

    Returns
    -------
    matplotlib.axes.Axes
    """
    looks = {"BN": BATCH_NORM, "group norm": THIRD, "plain": PLAIN}
    cases = {
        "mixed\nbatches": {name: row["test"] for name, row in mixed.items()},
        "one class\nin a batch": {name: row["test"] for name, row in one_class.items()},
        "one class,\ntrain mode": {"BN": one_class["BN"]["training"]},
    }
    strips(ax, cases, looks=looks, xlabel="")
    return accuracy_axis(ax, "accuracy")


def fine_tuning(ax, tables):
    """Draw what fine-tuning gains with batch norm frozen, not frozen, and recalibrated.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : sequence of Table
        From `changes.fine_tuning`; one row each.

    Returns
    -------
    matplotlib.axes.Axes
    """
    cases = {
        f"{_lines(table.options['change'])}\nbatch {table.options['batch_size']}": table
        for table in tables
    }
    strips(ax, cases, looks=(FORMER, BATCH_NORM, VARIANT, PLAIN), xlabel="")
    return accuracy_axis(ax, "test accuracy on the changed images")


def recalibration(ax, table):
    """Draw the accuracy before and after the statistics are computed afresh.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `changes.recalibration`, with the row ``"unchanged"``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    changed = {name: row for name, row in table.items() if name != "unchanged"}
    for height, row in enumerate(changed.values()):
        before, after = row["before"], row["after"]
        places = np.linspace(height - 0.2, height + 0.2, len(before))
        ax.plot([before, after], [places] * 2, color=BLUE, linewidth=2, alpha=0.5, zorder=2)
        ax.plot(before, places, "o", color=BLUE, markerfacecolor="white", mew=1.8)
        ax.plot(after, places, "o", color=BLUE, zorder=3)
    ax.plot([], [], "o", color=BLUE, markerfacecolor="white", mew=1.8, label="before")
    ax.plot([], [], "o", color=BLUE, label="after")
    unchanged = table["unchanged"]["before"].mean()
    look = {"color": GREY, "linestyle": ":", "linewidth": 1.5}
    ax.axvline(unchanged, label="unchanged net", zorder=1, **look)
    ax.set(xlim=(-0.03, 1.03), xlabel="test accuracy")
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    legend_above(ax)
    return rows(ax, [_lines(name) for name in changed])


def momentum(ax, tables):
    """Draw what a momentum typed the wrong way round costs.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : sequence of Table
        From `running_statistics.swapped_momentum`; one row each.

    Returns
    -------
    matplotlib.axes.Axes
    """
    cases = {f"batch {table.options['batch_size']}": table for table in tables}
    strips(ax, cases, looks=(BATCH_NORM, VARIANT), xlabel="")
    ax.set_xticks((0.8, 0.85, 0.9, 0.95, 1))
    return accuracy_axis(ax, "test accuracy (axis starts at 80%)", start=0.8)


def half_life(ax, tables):
    """Draw how the start of a running mean is forgotten, and when half of it is.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : sequence of Table
        From `running_statistics.half_life`; at most three, one momentum each.

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    The lines are (1 − momentum)^t; the dots were measured.
    """
    ax.axhline(0.5, color=GREY, linestyle=":", linewidth=1.5)
    last = 1.7 * max(table["updates"].max() for table in tables)
    updates = np.arange(last + 1)
    looks = ((BLUE, "o-"), (GREEN, "s--"), (INK, "^-."))
    for table, (colour, look) in zip(tables, looks, strict=False):
        rate, halves = table.options["momentum"], table["updates"]
        ax.plot(updates, (1 - rate) ** updates, look[1:], color=colour)
        ax.plot(halves, np.full(len(halves), 0.5), look[0], color=colour, markersize=9)
        half = halves.max()
        name = f"momentum {rate:g}:\n{half} updates"
        shift, va = (-5, "top") if half < last / 3 else (6, "bottom")
        say(ax, name, (half, 0.5), (13, shift), colour, va=va)
    ax.set(xlim=(0, last), ylim=(0, 1))
    ax.set(xlabel="updates", ylabel="share of the start left")
    return ax


def stored_variance(ax, table):
    """Draw what storing the biased variance changes, and what it does not.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `running_statistics.stored_variance`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    strips(ax, table, looks=(BATCH_NORM, VARIANT, (INK, "x", "")), xlabel="")
    return accuracy_axis(ax, "test accuracy; changed answers (×)")


def _column(table, name):
    """Return one column of all rows, shape (rows, seeds)."""
    return np.array([row[name] for row in table.values()])


def _lines(name):
    """Break a name of several words before its last one."""
    return "\n".join(name.rsplit(" ", 1))
