"""Figures of the chapter on the problem: inputs that drift, signals that are lost."""

import numpy as np

from bn_lib.course.figure import (
    BATCH_NORM,
    PLAIN,
    THIRD,
    in_words,
    name_ends,
)

__all__ = [
    "signal_by_depth",
    "unit_inputs",
]

# Colour and line of each series, the same in all figures of a net with and without BN.
LOOKS = {"BN": BATCH_NORM, "plain": PLAIN, "before BN": THIRD}
SIZES = {
    "signal": "size of the signal (RMS, log)",
    "gradient": "size of the gradient (RMS, log)",
    "cosine": "cosine between samples",
}


def unit_inputs(axs, table, layer=-1, seed=0, unit=None):
    """Draw the distribution of one unit's inputs while both nets train.

    Parameters
    ----------
    axs : sequence of matplotlib.axes.Axes
        Two: one for the plain net, one for that with batch norm. They should share
        their axes.
    table : Table
        From `experiments.drift`.
    layer : int
        Hidden layer, counted from 0.
    seed : int
        Which of the seeds, counted from 0.
    unit : int, optional
        Which unit. By default each net shows the one of median travel: half of the
        layer's units moved at least as far from start to end, half at most.

    Returns
    -------
    sequence of matplotlib.axes.Axes

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch Normalization", 2015, figure 1 (b) and (c).
    """
    for ax, net in zip(axs, ("plain", "BN"), strict=True):
        q = table[net]["inputs"][seed, :, layer]  # (T, 3, width)
        low, middle, high = q[:, :, _typical(q) if unit is None else unit].T
        colour, _, _ = LOOKS[net]
        steps = _steps(table, len(q))
        ax.fill_between(steps, low, high, color=colour, alpha=0.25, linewidth=0)
        ax.plot(steps, low, color=colour, linewidth=1)
        ax.plot(steps, high, color=colour, linewidth=1)
        ax.plot(steps, middle, color=colour)
        ax.set_title(net, color=in_words(colour), loc="left")
        ax.set_ylabel("unit's input")
        names = {"85%": high[-1], "median": middle[-1], "15%": low[-1]}
        name_ends(ax, steps[-1], names, dict.fromkeys(names, colour))
    axs[-1].set_xlabel("step")
    return axs


def signal_by_depth(ax, lines, what="signal"):
    """Draw the size of signals or gradients, layer by layer on their way.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    lines : dict of str to (str, sequence of ndarray of shape (seeds, depth))
        Name of a line, its net (``"plain"`` or ``"BN"``), and the sizes; several of one
        name are drawn alike, for lines that lie on each other.
    what : str
        ``"signal"`` or ``"cosine"``, from the first layer to the last; or
        ``"gradient"``, from the last to the first.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if what != "cosine":
        ax.set_yscale("log")
    names, colours = {}, {}
    for name, (net, alike) in lines.items():
        colours[name], marker, line = LOOKS[net]
        for sizes in alike:
            layers = np.arange(1, sizes.shape[1] + 1)
            look = {"color": colours[name]}
            ax.plot(layers, sizes.T, linewidth=0.8, alpha=0.45, **look)
            ax.plot(layers, sizes.mean(axis=0), marker + line, markevery=(0, 3), **look)
            names[name] = sizes[:, 0 if what == "gradient" else -1].mean()
    backward = what == "gradient"
    ax.set(xlabel="layer, from the output back" if backward else "layer")
    ax.set_xticks([layer for layer in (1, 5, 10, 15, 20) if layer <= layers[-1]])
    if backward:
        ax.invert_xaxis()
    if what == "cosine":
        ax.set_ylim(0, 1)
    ax.set_ylabel(SIZES[what])
    name_ends(ax, 1 if backward else layers[-1], names, colours)
    return ax


def _typical(q):
    """Return the unit of median travel, for percentiles of shape (T, 3, width)."""
    start, end = q[0], q[-1]
    wider = np.maximum(start[2] - start[0], end[2] - end[0]) / 2
    travel = np.abs(end - start).mean(axis=0) / wider  # (width,)
    return np.argsort(travel)[len(travel) // 2]


def _steps(table, records):
    return np.arange(records) * table.options["every"]
