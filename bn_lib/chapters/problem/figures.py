"""Figures of the chapter on the problem: inputs that drift, signals that are lost."""

import numpy as np

from bn_lib.course.figure import (
    BATCH_NORM,
    PLAIN,
    THIRD,
    curves,
    in_words,
    log_axis,
    name_ends,
    strips,
)

__all__ = [
    "drift",
    "gradient_change",
    "gradient_change_by_step",
    "signal_by_depth",
    "unit_inputs",
]

# Colour and line of each series, the same in all figures of a net with and without BN.
LOOKS = {"BN": BATCH_NORM, "plain": PLAIN, "before BN": THIRD}
CHANGES = {
    "length": (0, "change of the gradient"),
    "share": (1, "change of the gradient\n/ its length"),
    "direction": (2, "turn of the gradient\n(1 − cosine)"),
}
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


def drift(ax, moves, label, log=False):
    """Draw how far the inputs of each hidden layer moved, with and without batch norm.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    moves : dict of str to ndarray, shape (seeds, depth)
        Of ``"plain"``, ``"BN"`` and ``"before BN"``: `experiments.travel`, in half-widths.
    label : str
        Between which records, such as ``"start to end"``.
    log : bool
        Whether the axis is logarithmic; otherwise it starts at 0.

    Returns
    -------
    matplotlib.axes.Axes
    """
    layers = np.arange(1, moves["plain"].shape[1] + 1)
    if log:
        log_axis(ax.yaxis)
    else:
        ax.set_ylim(0, 1.1 * max(values.max() for values in moves.values()))
    ax.set_xticks(layers)
    return curves(
        ax,
        {name: (layers, values) for name, values in moves.items()},
        xlabel="hidden layer",
        ylabel=f"drift {label}\n(half-widths{', log' if log else ''})",
        looks=LOOKS,
    )


def gradient_change(ax, tables, what="share", layer=None):
    """Draw how much gradients change once the lower layers have moved, net by net.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : dict of str to Table
        From `experiments.drift` or `experiments.deep_linear`; a row for each, with its
        name.
    what : str
        ``"share"``, the length of the change over that of the gradient;
        ``"direction"``, 1 minus the cosine; or ``"length"``.
    layer : int, optional
        Which of the layers above the first, counted from 0. By default their mean.

    Returns
    -------
    matplotlib.axes.Axes
    """
    column, label = CHANGES[what]
    groups = {
        name: {
            net: _change(table, net, column, layer).mean(axis=1) for net in ("BN", "plain")
        }
        for name, table in tables.items()
    }
    strips(ax, groups, xlabel=label.replace("\n", " "))
    ax.set_xlim(left=0)
    return ax


def gradient_change_by_step(ax, table, what="share", layer=None):
    """Draw how much gradients change once the lower layers have moved, over training.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : Table
        From `experiments.drift` or `experiments.deep_linear`.
    what, layer : str and int
        As for `gradient_change`.

    Returns
    -------
    matplotlib.axes.Axes

    References
    ----------
    S. Santurkar et al., "How Does Batch Normalization Help Optimization?", 2018,
    figure 3.
    """
    column, label = CHANGES[what]
    lines = {}
    for net in ("BN", "plain"):
        values = _change(table, net, column, layer)
        lines[net] = (_steps(table, values.shape[1]), values)
    curves(ax, lines, xlabel="step", ylabel=label, looks=LOOKS)
    ax.set_ylim(bottom=0)
    return ax


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


def _change(table, net, column, layer):
    """Return one measure of the gradient's change, shape (seeds, T)."""
    values = table[net]["gradient_change"][..., column]
    return values.mean(axis=2) if layer is None else values[..., layer]


def _steps(table, records):
    return np.arange(records) * table.options["every"]
