"""Figures of the chapter on the other norms."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.ticker import PercentFormatter

from bn_lib.course.figure import (
    BLUE,
    CHANCE,
    GREEN,
    GREY,
    INK,
    PINK,
    PLAIN,
    level_across,
    name_ends,
    say,
    size_axis,
    strips,
)

__all__ = [
    "axes_cube",
    "batch_size_curve",
    "choose_norm",
    "contrast_images",
    "contrast_tasks",
    "share_left",
]

BROWN = "#9A6A00"
LOOKS = {
    "plain": PLAIN,
    "batch": (BLUE, "o", "-"),
    "masked batch": ("#56B4E9", "s", "--"),
    "mean only": (BROWN, "^", "--"),
    "std only": (PINK, "s", "-."),
    "layer": (GREEN, "^", "-."),
    "rms": (INK, "v", ":"),
    "group": (PINK, "s", "--"),
    "instance": (BROWN, "D", ":"),
}
"""Colour, marker and line of each norm, the same in all figures of the chapter."""

NAMES = {
    "batch": ("Batch norm", "one mean and std\nper channel"),
    "layer": ("Layer norm", "one mean and std\nper sample"),
    "rms": ("RMS norm", "one mean square\nper sample"),
    "instance": ("Instance norm", "one mean and std\nper sample and channel"),
    "group": ("Group norm", "one mean and std\nper sample and group"),
}


def axes_cube(ax, norm, *, samples=3, channels=4, positions=3, groups=2):
    """Draw a batch as a block of cells; those that share statistics share a colour.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    norm : str
        "batch", "layer", "rms", "instance" or "group".
    samples, channels, positions : int
        Cells along N, C and (H, W), the positions of an image in one row.
    groups : int
        Groups of channels of group norm.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `norm` is none of these, or `groups` does not divide `channels`.

    Notes
    -----
    No norm separates positions, so the upper face shows all sets of statistics. Cells
    of a sample keep its hue from layer to group to instance norm, which cut it finer;
    batch norm, which crosses samples, has hues of its own.

    References
    ----------
    Wu and He, "Group Normalization", 2018, figure 2.
    """
    if norm not in NAMES:
        raise ValueError(f"expected a norm of {sorted(NAMES)}, got {norm!r}")
    if channels % groups:
        raise ValueError(f"expected groups that divide {channels}, got {groups}")
    n, c = np.indices((samples, channels))
    parts = {"instance": channels, "group": groups}.get(norm, 1)
    part = c * parts // channels
    hue, tint = (c + samples, 0 * c) if norm == "batch" else (n, part)
    colours = _colours(hue, tint, parts)  # (N, C, 3)

    along = np.array([[-0.87, -0.5], [0.87, -0.5], [0, -1]])  # N, C, (H, W)
    _face(ax, np.zeros(2), along[[0, 1]], colours, 1.0)
    front = np.repeat(colours[-1:], positions, axis=0)  # (positions, C, 3)
    _face(ax, along[0] * samples, along[[2, 1]], front, 0.94)
    side = np.repeat(colours[:, -1:], positions, axis=1)  # (N, positions, 3)
    _face(ax, along[1] * channels, along[[0, 2]], side, 0.84)

    foot = positions * along[2]
    middle = samples * along[0] + channels / 2 * along[1] + foot
    _edge_name(ax, "C", middle, (-7, -7))
    middle = channels * along[1] + samples / 2 * along[0] + foot
    _edge_name(ax, "N", middle, (7, -7))
    _edge_name(ax, "H,W", samples * along[0] + foot / 2, (-14, 0))
    name, statistics = NAMES[norm]
    ax.set(aspect="equal", xticks=[], yticks=[], title=name)
    ax.set_xlabel(statistics, fontsize=10)
    ax.margins(0.04)
    ax.spines[:].set_visible(False)
    return ax


def batch_size_curve(ax, trainings):
    """Draw the accuracy of each norm against the batch size.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    trainings : dict of str to dict of int to Table
        Name of a training, such as ``"1 epoch"``, and for each batch size what
        `experiments.accuracy` gave. Of two, the first has hollow dots.

    Returns
    -------
    matplotlib.axes.Axes
    """
    level_across(ax, *CHANCE)
    several, ends = len(trainings) > 1, {}
    fills = ("white", None) if several else (None,)
    for (name, tables), fill in zip(trainings.items(), fills, strict=True):
        sizes = list(tables)
        for norm in tables[sizes[0]]:
            colour, marker, line = LOOKS[norm]
            runs = np.array([tables[size][norm] for size in sizes])  # (sizes, seeds)
            mean, dot = runs.mean(axis=1), {"markerfacecolor": fill or colour}
            ax.plot(sizes, runs, color=colour, linewidth=0.8, alpha=0.45)
            ax.plot(sizes, mean, marker + line, color=colour, **dot)
            ends[norm] = mean[-1]
        if several:
            ax.plot([], [], "o", color=INK, markerfacecolor=fill or INK, label=name)
    if several:
        ax.legend(loc="center right", frameon=False)
    ax.set(ylim=(0, 1), ylabel="test accuracy")
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    name_ends(ax, sizes[-1], ends, {norm: LOOKS[norm][0] for norm in ends})
    return size_axis(ax, sizes)


def share_left(ax, tables):
    """Draw which share of a random gradient batch norm lets through.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : sequence of Table
        At most two from `experiments.gradient_share`, with and without positions.

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    The wide grey lines are (m − 2)/m, with m the values behind each mean.
    """
    looks = ((BLUE, "o", "-"), (GREEN, "s", "--"))
    for table, (colour, marker, line) in zip(tables, looks, strict=False):
        sizes = np.array(table.options["batch_sizes"])
        positions, shares = table.options["positions"], table["left"]
        values = sizes * int(np.prod(positions))
        law, mean = (values - 2) / values, shares.mean(axis=0)
        ax.plot(sizes, law, color=GREY, linewidth=6, alpha=0.3)
        ax.plot(sizes, shares.T, marker, color=colour, alpha=0.5)
        ax.plot(sizes, mean, line, color=colour)
        shape = ", ".join(map(str, ("N", "C", *positions)))
        shift = (10, -2) if mean[0] < 0.5 else (4, 14)
        say(ax, f"input ({shape})", (sizes[0], mean[0]), shift, colour)
    say(ax, "grey: (m − 2)/m", (sizes[-1], 0), (0, 6), GREY, ha="right", va="bottom")
    ax.set(ylim=(-0.08, 1.15), ylabel="share of the gradient left")
    return size_axis(ax, sizes)


def contrast_images(axs, images):
    """Show an image as it is and with another contrast, before and after norms.

    Parameters
    ----------
    axs : array of matplotlib.axes.Axes, shape (kinds, 2)
        Where to draw.
    images : dict of str to pair of array, shape (H, W)
        What was done, such as "instance norm", to the image as it is and the changed
        one. Black and white are the same in both images of a pair.

    Returns
    -------
    array of matplotlib.axes.Axes
    """
    for (name, pair), row in zip(images.items(), axs, strict=True):
        limits = {"vmin": np.min(pair), "vmax": np.max(pair)}
        for ax, image in zip(row, pair, strict=True):
            ax.imshow(image, cmap="gray", **limits)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(True)
        row[0].set_ylabel(name)
    axs[0, 0].set_title("as it is")
    axs[0, 1].set_title("other contrast")
    return axs


def contrast_tasks(ax, tables):
    """Draw tasks in which contrast is the class, or a nuisance.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : dict of str to Table
        Each task, and what `experiments.contrast_task` gave for it.

    Returns
    -------
    matplotlib.axes.Axes
    """
    strips(ax, _cases(tables), looks=LOOKS, xlabel="test accuracy", xlim=(0, 1))
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    for row, table in enumerate(tables.values()):
        chance = 0.5 if table.options["task"] == "class" else 0.1  # of 2 or 10 classes
        ax.plot([chance] * 2, [row - 0.42, row + 0.42], ":", color=GREY, linewidth=1.8)
        if row < 2:
            say(ax, "chance", (chance, row + 0.4), (4, 0), GREY, va="bottom")
    return ax


HUES = (BLUE, "#E69F00", GREEN, "#CC79A7", "#F0E442", "#56B4E9", "#D55E00")

QUESTIONS = (
    ("A sequence of tokens,\nas in a transformer?", "layer", "Layer norm,\nRMS norm"),
    ("Is each image's contrast\nonly a nuisance (style)?", "instance", "Instance\nnorm"),
    ("Small batches (2 to 4),\nor one sample at a time?", "group", "Group\nnorm"),
    ("Batches unlike the data\nin use (sorted, shifted)?", "group", "Group\nnorm"),
)


def choose_norm(ax):
    """Draw four questions that lead to a norm.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; a figure of about 4.6 × 5.5 inches suits it.

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    What is small depends on the net: with batches of 2, batch norm is far behind group
    norm in Wu and He's ResNet-50 and in this book's 3×100 net, where it is behind at 3
    too, but not in the book's small convolutional net.

    References
    ----------
    Wu and He, "Group Normalization", 2018.
    """
    arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.5}
    for step, (question, norm, leaf) in enumerate(QUESTIONS):
        _box(ax, question, (0.31, -step))
        _box(ax, leaf, (0.855, -step), LOOKS[norm][0])
        ax.annotate("", (0.715, -step), (0.59, -step), arrowprops=arrow)
        ax.text(0.645, 0.06 - step, "yes", ha="center", va="bottom")
        ax.annotate("", (0.31, -0.7 - step), (0.31, -0.28 - step), arrowprops=arrow)
        ax.text(0.33, -0.47 - step, "no", va="center")
    _box(ax, "Batch norm", (0.31, -len(QUESTIONS)), LOOKS["batch"][0])
    ax.set(xlim=(0, 1), ylim=(-len(QUESTIONS) - 0.4, 0.4))
    ax.axis("off")
    return ax


def _cases(tables):
    """Break long names of cases into lines."""
    return {name.replace(", ", ",\n"): table for name, table in tables.items()}


def _colours(hue, tint, tints):
    """Mix each hue with white, more of it the higher the tint."""
    hues = np.array([to_rgb(HUES[i % len(HUES)]) for i in hue.ravel()])
    white = (0.15 + 0.7 * tint / max(tints, 2)).reshape(-1, 1)
    return ((1 - white) * hues + white).reshape(*hue.shape, 3)


def _face(ax, corner, along, colours, light):
    """Draw a face of cells, and thick lines between cells that differ."""
    down, right = along
    for (i, j), _ in np.ndenumerate(colours[..., 0]):
        here = corner + i * down + j * right
        points = [here, here + down, here + down + right, here + right]
        look = {"facecolor": light * colours[i, j], "edgecolor": "white"}
        ax.add_patch(plt.Polygon(points, linewidth=0.7, **look))
        for start, step, other in (
            (here, right, colours[i - 1, j] if i else None),
            (here, down, colours[i, j - 1] if j else None),
        ):
            if other is None or (other != colours[i, j]).any():
                _line(ax, start, start + step)
    rows, columns = colours.shape[:2]
    far = corner + rows * down + columns * right
    _line(ax, corner + rows * down, far)
    _line(ax, corner + columns * right, far)


def _line(ax, start, end):
    ax.plot(
        *np.transpose([start, end]),
        color=INK,
        linewidth=1.6,
        zorder=3,
        solid_capstyle="round",
    )


def _edge_name(ax, name, place, shift):
    """Write the name of an axis beside its edge."""
    say(ax, name, place, shift, INK, ha="center")


def _box(ax, text, place, colour=None):
    """Write a text into a box, which a norm's colour makes a leaf."""
    frame = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": INK}
    if colour is not None:
        tint = 0.25 * np.array(to_rgb(colour)) + 0.75
        frame |= {"facecolor": tint, "edgecolor": colour, "linewidth": 2.5}
    weight = "normal" if colour is None else "bold"
    style = {"ha": "center", "va": "center", "color": INK, "weight": weight}
    ax.text(*place, text, bbox=frame, **style)
