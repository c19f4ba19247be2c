"""Figures of the chapter on the intuition: the loss around a step, noise, scale."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from bn_lib.course.figure import (
    BATCH_NORM,
    CHANCE,
    GREEN,
    GREY,
    PLAIN,
    accuracy_axis,
    curves,
    dots,
    log_axis,
    name_ends,
    rows,
    strips,
)

__all__ = [
    "accuracy_curves",
    "after_decay",
    "along_gradient",
    "decay_losses",
    "distance_from_decay",
    "mean_accuracy",
    "scaled_weights",
]

# In the order of the colours of `shapes`: blue, orange, green.
VARIANTS = {"bn": "BN", "plain": "plain", "noisy bn": "BN + noise"}
TRAININGS = {
    "plain": "plain",
    "plain, decay": "plain, decay",
    "bn": "BN",
    "bn, decay": "BN, decay",
}
# Decay is drawn first and wide, so that a curve on it can be seen.
TWINS = {
    "decay": ("bn, decay", "#7FBEE6", {"linewidth": 5}),
    "no decay": ("bn", GREY, {"linewidth": 1.5, "linestyle": ":"}),
    "growing rate": ("bn, growing rate", GREEN, {"linewidth": 1.5}),
}
ALONG = {
    "loss_range": "range of the loss\nalong the gradient (log)",
    "gradient_change": "change of the gradient\nalong itself (log)",
    "relative_change": "change of the gradient\n/ its length (log)",
    "loss": "loss (log)",
}
SCALED = {
    "output_change": "change of the output / its size (log)",
    "gradient_ratio": "gradient before / after (log)",
    "cosine": "|cosine| of weights and gradient (log)",
}
ENDS = {
    "weight_norm": "length of the weights of a layer",
    "output_size": "size of the outputs (RMS)",
    "effective_lr": "lr / ‖w‖²",
}


def along_gradient(ax, result, what="loss_range"):
    """Draw what each net meets along its gradient, while it trains.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : LandscapeResult
        What to draw; the shade reaches from the smallest seed to the largest.
    what : str
        ``"loss_range"``, ``"gradient_change"``, ``"relative_change"`` or ``"loss"``.

    Returns
    -------
    matplotlib.axes.Axes

    References
    ----------
    S. Santurkar et al., "How Does Batch Normalization Help Optimization?", 2018,
    figure 4.
    """
    log_axis(ax.yaxis)
    plain, normed = np.moveaxis(getattr(result, what), 1, 0)  # (seeds, probes) each
    steps = np.arange(plain.shape[1]) * result.config.every
    for values, (colour, marker, line) in ((plain, PLAIN), (normed, BATCH_NORM)):
        low, high = values.min(axis=0), values.max(axis=0)
        ax.fill_between(steps, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(steps, values.T, color=colour, linewidth=0.8, alpha=0.45)
        ax.plot(steps, values.mean(axis=0), marker + line, color=colour, markersize=5)
    ax.set(xlabel="step", ylabel=ALONG[what])
    ends = {"plain": plain[:, -1].mean(), "BN": normed[:, -1].mean()}
    name_ends(ax, steps[-1], ends, {"plain": PLAIN[0], "BN": BATCH_NORM[0]})
    return ax


def accuracy_curves(ax, result):
    """Draw the test accuracy of each variant of a network while it trains.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : CurvesResult
        What to draw.

    Returns
    -------
    matplotlib.axes.Axes
    """
    lines = {
        name: (result.steps, result.accuracy[variant])
        for variant, name in VARIANTS.items()
        if variant in result.accuracy
    }
    labels = {"xlabel": "step", "ylabel": "test accuracy"}
    curves(ax, lines, **labels, ylim=(0, 1), level=CHANCE)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xticks(result.steps)
    return ax


def mean_accuracy(ax, results):
    """Draw the test accuracy, averaged over the training, of several networks.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : dict of str to CurvesResult
        One row for each network; its name labels the row.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = {
        row: {
            name: result.mean(variant)
            for variant, name in VARIANTS.items()
            if variant in result.accuracy
        }
        for row, result in results.items()
    }
    strips(ax, groups, xlabel="")
    return accuracy_axis(ax, "test accuracy, mean over training")


def scaled_weights(ax, results, what="output_change"):
    """Draw what changes when the weights of one hidden layer grow.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    results : dict of str to ScaleResult
        One row for each network; its name labels the row. Every seed and every layer
        is a dot.
    what : str
        ``"output_change"``, ``"gradient_ratio"`` or ``"cosine"``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = {}
    for row, result in results.items():
        plain, normed = np.moveaxis(getattr(result, what), 1, 0)  # (seeds, layers) each
        groups[row] = {"BN": normed.ravel(), "plain": plain.ravel()}
    if what == "gradient_ratio":
        log_axis(ax.xaxis)
    else:
        ax.set_xscale("log")
    factor = next(iter(results.values())).config.factor
    levels = {
        "output_change": (f"output × {factor:g}", factor - 1),
        "gradient_ratio": (f"gradient ÷ {factor:g}", factor),
        "cosine": None,
    }
    return strips(ax, groups, xlabel=SCALED[what], level=levels[what])


def after_decay(ax, result, what="weight_norm"):
    """Draw what trainings with and without weight decay ended with.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : DecayResult
        What to draw, one row for each training; those with decay have open dots.
    what : str
        ``"weight_norm"`` and ``"effective_lr"`` (of batch norm alone), one dot for
        each seed and layer; or ``"output_size"``, one for each seed.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ends = {name: result.output_size[name] for name in TRAININGS if name in result.loss}
    if what == "weight_norm":
        ends = {name: result.weight_norm[name] for name in ends}
    if what == "effective_lr":
        ends = {name: result.effective_lr(name) for name in ends if name.startswith("bn")}
    for row, (name, values) in enumerate(ends.items()):
        colour, marker, _ = BATCH_NORM if name.startswith("bn") else PLAIN
        fill = "white" if name.endswith("decay") else colour
        dots(ax, values.ravel(), row, colour, marker, fill)
    ax.set_xlabel(ENDS[what])
    ax.set_xlim(0, 1.08 * max(values.max() for values in ends.values()))
    ax.locator_params(axis="x", nbins=5)
    return rows(ax, [TRAININGS[name] for name in ends])


def decay_losses(ax, result, seed=0):
    """Draw the loss with weight decay, without it, and with a growing rate instead.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : DecayResult
        What to draw, of the nets with batch norm.
    seed : int
        Which of the seeds, counted from 0; `distance_from_decay` shows all.

    Returns
    -------
    matplotlib.axes.Axes
    """
    log_axis(ax.yaxis)
    for name, (training, colour, look) in TWINS.items():
        ax.plot(result.loss[training][seed], color=colour, label=name, **look)
    ax.set(xlabel="step", ylabel="loss of the batch (log)")
    ax.legend(frameon=False, fontsize=11)
    return ax


def distance_from_decay(ax, result):
    """Draw how far the loss is from that with weight decay, at each step.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    result : DecayResult
        What to draw: batch norm without decay, and with a growing rate in its place.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax.set_yscale("log", nonpositive="mask")  # the first losses are equal
    decay = result.loss["bn, decay"]
    ends, colours = {}, {}
    for name, (training, colour, look) in TWINS.items():
        if name == "decay":
            continue
        gaps = np.abs(result.loss[training] - decay)  # (seeds, steps)
        ax.plot(gaps.T, color=colour, linewidth=0.5, alpha=0.35)
        ax.plot(gaps.mean(axis=0), color=colour, **look)
        ends[name], colours[name] = gaps[:, -1].mean(), colour
    ax.set(xlabel="step", ylabel="distance from the\nloss with decay (log)")
    name_ends(ax, gaps.shape[1] - 1, ends, colours)
    return ax
