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
    PALE,
    PLAIN,
    THIRD,
    VARIANT,
    accuracy_axis,
    legend_above,
    level_across,
    rows,
    strips,
)

__all__ = [
    "fine_tuning",
    "forgotten_eval",
    "recalibration",
    "sorted_batches",
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


def _column(table, name):
    """Return one column of all rows, shape (rows, seeds)."""
    return np.array([row[name] for row in table.values()])


def _lines(name):
    """Break a name of several words before its last one."""
    return "\n".join(name.rsplit(" ", 1))
