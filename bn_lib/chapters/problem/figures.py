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
    "contrast": "share of the signal that\ndiffers between samples",
}


def unit_inputs(axs, result, layer=-1, seed=0, unit=None):
    """Draw the distribution of one unit's inputs while both nets train.

    Parameters
    ----------
    axs : sequence of matplotlib.axes.Axes
        Two: one for the plain net, one for that with batch norm. They should share
        their axes.
    result : DriftResult
        What to draw.
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
        q = result.percentiles[net][seed, :, layer]  # (T, 3, width)
        low, middle, high = q[:, :, _typical(q) if unit is None else unit].T
        colour, _, _ = LOOKS[net]
        ax.fill_between(result.steps, low, high, color=colour, alpha=0.25, linewidth=0)
        ax.plot(result.steps, low, color=colour, linewidth=1)
        ax.plot(result.steps, high, color=colour, linewidth=1)
        ax.plot(result.steps, middle, color=colour)
        ax.set_title(net, color=in_words(colour), loc="left")
        ax.set_ylabel("unit's input")
        names = {"85%": high[-1], "median": middle[-1], "15%": low[-1]}
        name_ends(ax, result.steps[-1], names, dict.fromkeys(names, colour))
    axs[-1].set_xlabel("step")
    return axs


def drift(ax, result, measure="pace"):
    """Draw how far the inputs of each hidden layer moved, with and without batch norm.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : DriftResult
        What to draw.
    measure : str
        ``"pace"``, the mean move between two records, or ``"travel"``, that from the
        start to the end.

    Returns
    -------
    matplotlib.axes.Axes
    """
    between = {"pace": f"per {result.config.every} steps", "travel": "start to end"}
    lines = {name: getattr(result, measure)(name) for name in LOOKS}
    layers = np.arange(1, result.config.hidden + 1)
    if measure == "pace":
        log_axis(ax.yaxis)
    else:
        ax.set_ylim(0, 1.1 * max(moves.max() for moves in lines.values()))
    unit = "half-widths, log" if measure == "pace" else "half-widths"
    ax.set_xticks(layers)
    return curves(
        ax,
        {name: (layers, moves) for name, moves in lines.items()},
        xlabel="hidden layer",
        ylabel=f"drift {between[measure]}\n({unit})",
        looks=LOOKS,
    )


def gradient_change(ax, results, what="share", layer=None):
    """Draw how much gradients change once the lower layers have moved, net by net.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : dict of str to DriftResult or DeepLinearResult
        One row for each net; its name labels the row.
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
            net: _over_layers(result.gradient_change[net][..., column], layer).mean(axis=1)
            for net in ("BN", "plain")
        }
        for name, result in results.items()
    }
    strips(ax, groups, xlabel=label.replace("\n", " "))
    ax.set_xlim(left=0)
    return ax


def gradient_change_by_step(ax, result, what="share", layer=None):
    """Draw how much gradients change once the lower layers have moved, over training.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : DriftResult or DeepLinearResult
        What to draw.
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
        values = _over_layers(result.gradient_change[net][..., column], layer)
        lines[net] = (np.arange(values.shape[1]) * result.config.every, values)
    curves(ax, lines, xlabel="step", ylabel=label, looks=LOOKS)
    ax.set_ylim(bottom=0)
    return ax


def signal_by_depth(ax, results, what="signal"):
    """Draw the size of signals or gradients, layer by layer on their way.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : dict of str to sequence of SignalResult
        Name of a line and what it shows; results of one name are drawn alike, for
        lines that lie on each other.
    what : str
        ``"signal"`` or ``"contrast"``, from the first layer to the last; or
        ``"gradient"``, from the last to the first.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if what != "contrast":
        ax.set_yscale("log")
    names, colours = {}, {}
    for name, alike in results.items():
        for result in alike:
            sizes = getattr(result, what)  # (seeds, depth)
            colour, marker, line = LOOKS["BN" if result.config.norm else "plain"]
            layers = np.arange(1, sizes.shape[1] + 1)
            ax.plot(layers, sizes.T, color=colour, linewidth=0.8, alpha=0.45)
            ax.plot(
                layers, sizes.mean(axis=0), marker + line, color=colour, markevery=(0, 3)
            )
            names[name] = sizes[:, 0 if what == "gradient" else -1].mean()
            colours[name] = colour
    backward = what == "gradient"
    ax.set(xlabel="layer, from the output back" if backward else "layer")
    ax.set_xticks([layer for layer in (1, 5, 10, 15, 20) if layer <= layers[-1]])
    if backward:
        ax.invert_xaxis()
    if what == "contrast":
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


def _over_layers(values, layer):
    """Reduce (seeds, T, layers) to (seeds, T)."""
    return values.mean(axis=2) if layer is None else values[..., layer]
