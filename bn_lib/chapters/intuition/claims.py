"""Claims of the chapter on the intuition: why batch norm helps."""

import numpy as np

from bn_lib.chapters.intuition.experiments import (
    curves,
    hidden_rate,
    landscape,
    moves,
    scaled,
    shrunk,
    weight_decay,
)
from bn_lib.course.claim import claim

SIGMOID = {"activation": "sigmoid", "std": 0.1}
RELU = {"activation": "relu"}
DEEP_RELU = {"activation": "relu", "depth": 10, "width": 64}
SEEDS = range(5)


def _calmer(column, seeds, net, losses=(0.0, np.inf)):
    """Compare the probes without and with batch norm: difference of their mean log2.

    In each net those count whose loss lies between two bounds.
    """
    table, (low, high) = landscape(seeds=seeds, **net), losses
    plain, normed = (
        np.log2(found[column]).mean(
            axis=1, where=(low <= found["loss"]) & (found["loss"] <= high)
        )
        for found in (table["plain"], table["BN"])
    )
    return plain - normed


CALM = {
    "3×100 ReLU, lr 0.1, raw pixels": {"net": RELU | {"lr": 0.1, "centered": False}},
    "3×100 ReLU, lr 0.3": {"net": RELU | {"lr": 0.3}},
    "10×64 ReLU, lr 0.1": {"net": DEEP_RELU | {"lr": 0.1}},
    "10×64 ReLU, lr 0.3": {"net": DEEP_RELU | {"lr": 0.3}},
}
LEARNING = {"3×100 ReLU, lr 0.1": {"net": RELU | {"lr": 0.1}}}
SLOW = {"3×100 ReLU, lr 0.01": {"net": RELU | {"lr": 0.01}}}
STUCK = {"3×100 sigmoid, lr 0.1": {"net": SIGMOID | {"lr": 0.1}}}


def _at_same_loss(regimes, *left_out):
    """Return the regimes once more, for nets that both come down to these losses."""
    return {
        f"{name}, same loss": options | {"losses": (0.3, 1.0)}
        for name, options in regimes.items()
        if name not in left_out
    }


# One learning rate ahead, as far as a step of the training goes.
ONE_AHEAD = {
    f"{name}, one lr ahead": {"net": CALM[name]["net"] | {"reach": (1.0,)}}
    for name in ("3×100 ReLU, lr 0.3", "10×64 ReLU, lr 0.1")
}
SLOW_DEEP = {"10×64 ReLU, lr 0.01": {"net": DEEP_RELU | {"lr": 0.01}}}
HALF_CALM, BROKEN = "3×100 ReLU, lr 0.3", "10×64 ReLU, lr 0.3"


def _without(name, regimes):
    return {other: options for other, options in regimes.items() if other != name}


@claim(
    at_least=0.6,
    yes=_without(BROKEN, CALM) | _at_same_loss(CALM, HALF_CALM, BROKEN),
    no=ONE_AHEAD | LEARNING | SLOW | SLOW_DEEP | STUCK | _at_same_loss(LEARNING),
    seeds=SEEDS,
)
def smoother_loss(seeds, **options):
    return _calmer("loss_range", seeds, **options)


@claim(
    at_least=0.75,
    yes=_without(BROKEN, CALM),
    no=LEARNING | SLOW | STUCK,
    seeds=SEEDS,
)
def predictive_gradient(seeds, **options):
    return _calmer("gradient_change", seeds, **options)


@claim(
    at_least=1.0,
    yes=CALM | _at_same_loss(CALM, BROKEN),
    no=LEARNING | SLOW,
    unclear=STUCK | _at_same_loss(LEARNING),
    seeds=SEEDS,
)
def predictive_gradient_for_its_size(seeds, **options):
    return _calmer("relative_change", seeds, **options)


@claim(
    at_least=0.1,
    yes={
        "3×100 sigmoid, lr 0.1": {"net": SIGMOID | {"lr": 0.1}},
        "3×100 ReLU, lr 0.03": {"net": RELU | {"lr": 0.03}},
        "10×64 ReLU, lr 0.3": {"net": DEEP_RELU | {"lr": 0.3}},
    },
    no={
        "3×100 ReLU, lr 0.03, plain net on scaled pixels": {
            "net": RELU | {"lr": 0.03},
            "other": "plain, scaled",
        }
    },
    unclear={"10×64 ReLU, lr 0.03": {"net": DEEP_RELU | {"lr": 0.03}}},
    seeds=SEEDS,
)
def noise_after_bn(seeds, net, other="plain"):
    return _lead("BN + noise", other, seeds, net)


def _lead(row, other, seeds, net):
    table = curves(rows=(row, other), seeds=seeds, **net)
    return (table[row] - table[other]).mean(axis=1)


@claim(
    at_least=-0.02,
    yes={f"3×100 ReLU, lr {lr}": {"net": RELU | {"lr": lr}} for lr in (0.01, 0.03)},
    no={
        "3×100 sigmoid, lr 0.1": {"net": SIGMOID | {"lr": 0.1}},
        "10×64 ReLU, lr 0.3": {"net": DEEP_RELU | {"lr": 0.3}},
    },
    seeds=SEEDS,
)
def scaled_pixels_do_as_well(seeds, net):
    return _lead("plain, scaled", "BN", seeds, net)


@claim(
    at_least=1.0,
    yes={"3×100 ReLU, lr 0.03, step to step": {"net": RELU | {"lr": 0.03}}},
    no={
        "3×100 sigmoid, lr 0.1, step to step": {"net": SIGMOID | {"lr": 0.1}},
        "10×64 ReLU, lr 0.3, step to step": {"net": DEEP_RELU | {"lr": 0.3}},
        "3×100 ReLU, lr 0.03, start to end": {
            "net": RELU | {"lr": 0.03},
            "column": "whole",
        },
    },
    unclear={"10×64 ReLU, lr 0.03, step to step": {"net": DEEP_RELU | {"lr": 0.03}}},
)
def noise_moves_the_inputs(seeds, net, column="step"):
    table = moves(rows=("plain", "BN + noise"), seeds=seeds, **net)
    return np.log2(table["BN + noise"][column] / table["plain"][column])


NETS = {"3×100 sigmoid": SIGMOID, "3×100 ReLU": RELU}
ALIKE = {name: {"net": net} for name, net in NETS.items()} | {
    "3×100 ReLU, weights / 1000": {"net": RELU | {"shrink": 1e-3}}
}


def _scaled(column, seeds, net):
    return scaled(rows=("BN",), seeds=seeds, eps=1e-20, **net)["BN"][column]


@claim(
    kind="identity",
    at_most=1e-6,
    yes=ALIKE,
)
def scale_invariance(seeds, net):
    return _scaled("output_change", seeds, net).max(axis=1)


@claim(
    kind="identity",
    at_most=1e-6,
    yes=ALIKE,
)
def gradient_inverse(seeds, net):
    return np.abs(_scaled("gradient_ratio", seeds, net) / 10 - 1).max(axis=1)


def _shrunk(column, seeds, row):
    return shrunk(rows=(row,), seeds=seeds)[row][column]


@claim(
    at_most=0.1,
    yes={"BN, batch statistics": {"row": "BN, batch statistics"}},
    no={name: {"row": name} for name in ("plain", "BN, stored statistics")},
)
def smaller_weights_keep_the_logits(seeds, row):
    return _shrunk("logits", seeds, row)


@claim(
    at_most=0.2,
    yes={name: {"row": name} for name in ("BN, batch statistics", "plain")},
    no={"BN, stored statistics": {"row": "BN, stored statistics"}},
    seeds=SEEDS,
)
def smaller_weights_keep_the_classes(seeds, row):
    return _shrunk("classes", seeds, row)


@claim(
    kind="law",
    within=(0.9, 1.1),
    yes={
        f"lr {lr}, decay {decay}, {steps} steps": {"lr": lr, "decay": decay, "steps": steps}
        for lr, decay, steps in (
            (0.1, 0.05, 1200),
            (0.1, 0.1, 800),
            (1.0, 0.01, 800),
        )
    },
)
def decay_sets_the_angle(seeds, lr, decay, steps):
    options = {"lr": lr, "decay": decay, "steps": steps, "eps": 1e-12}
    angles = weight_decay(rows=("BN, decay",), seeds=seeds, **options)["BN, decay"]["angle"]
    return np.sqrt(np.mean(angles**2, axis=1) / (2 * lr * decay))


@claim(
    kind="identity",
    at_most=1e-3,
    yes={
        "lr 0.1, decay 0.03, 200 steps": {"lr": 0.1, "decay": 0.03, "steps": 200},
        "lr 0.3, decay 0.01, 300 steps": {"lr": 0.3, "decay": 0.01, "steps": 300},
    },
)
def decay_is_growing_rate(seeds, **options):
    rows = ("BN, decay", "BN, growing rate", "BN")
    table = weight_decay(rows=rows, seeds=seeds, eps=1e-20, **options)
    decayed, instead, without = (table[row]["loss"] for row in rows)
    return np.abs(instead - decayed).mean(axis=1) / np.abs(without - decayed).mean(axis=1)


@claim(
    at_least=0.2,
    yes={"plain": {"row": "plain"}},
    no={"BN": {"row": "BN"}},
)
def decay_shrinks_function(seeds, row):
    rows = (row, f"{row}, decay")
    table = weight_decay(rows=rows, seeds=seeds)
    without, decayed = (table[name]["output_size"] for name in rows)
    return 1 - decayed / without


@claim(
    at_least=0.2,
    yes={"BN": {}},
)
def gamma_decay_shrinks_function(seeds):
    table = weight_decay(rows=("BN", "BN, gamma decay"), seeds=seeds)
    without, decayed = (found["output_size"] for found in table.values())
    return 1 - decayed / without


@claim(
    at_most=0.1,
    yes={
        f"10×64 ReLU, BN, hidden rate {rate:g}": {"row": "BN", "hidden_lr": rate}
        for rate in (0.1, 1.0, 100.0)
    }
    | {
        "10×64 ReLU, BN, hidden rate 0.01, 600 steps": {
            "row": "BN",
            "hidden_lr": 0.01,
            "steps": 600,
        }
    },
    no={
        "10×64 ReLU, BN, hidden rate 0": {"row": "BN", "hidden_lr": 0.0},
        "10×64 ReLU, BN, hidden rate 0, 600 steps": {
            "row": "BN",
            "hidden_lr": 0.0,
            "steps": 600,
        },
        "10×64 ReLU, BN, hidden rate 0.01": {"row": "BN", "hidden_lr": 0.01},
        "10×64 ReLU, BN, all rates 10": {"row": "BN", "hidden_lr": 10.0, "lr": 10.0},
        "10×64 ReLU, plain, hidden rate 1": {"row": "plain", "hidden_lr": 1.0},
    },
)
def rate_tunes_itself(seeds, row, **options):
    return hidden_rate(rows=(row,), seeds=seeds, **options)[row]


@claim(
    at_most=0.05,
    yes={
        "10×64 ReLU, lr 0.01, 800 steps": {"net": DEEP_RELU, "lr": 0.01, "steps": 800},
        "10×64 ReLU, lr 0.03, 400 steps": {"net": DEEP_RELU, "lr": 0.03, "steps": 400},
        "3×100 ReLU, lr 0.03, 500 steps": {"net": RELU, "lr": 0.03, "steps": 500},
    },
    no={
        "3×100 ReLU, lr 0.03, 50 steps": {"net": RELU, "lr": 0.03, "steps": 50},
        "10×64 ReLU, lr 0.3, 200 steps": {"net": DEEP_RELU, "lr": 0.3, "steps": 200},
    },
)
def no_gain_at_the_same_rate(seeds, net, lr, steps):
    table = curves(
        rows=("plain", "BN"), seeds=seeds, lr=lr, steps=steps, every=steps, **net
    )
    return (table["BN"] - table["plain"])[:, -1]
