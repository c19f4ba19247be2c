"""Claims of the chapter on the problem: drifting inputs, fading signals."""

import numpy as np

from bn_lib.chapters.problem.experiments import (
    centering,
    deep_linear,
    drift,
    first_record,
    layer_growth,
    signal,
    travel,
)
from bn_lib.course.claim import claim

SIGMOID = {"activation": "sigmoid", "lr": 0.5}
RELU = {"activation": "relu", "lr": 0.1, "steps": 200, "probes": 4}
RELU_SLOW = RELU | {"lr": 0.01, "every": 50}
RELU_RAW = RELU | {"centered": False}
DEEP_RELU = RELU | {"depth": 10, "width": 64, "probes": 2, "every": 50}
# Both nets reach it with every activation; the plain sigmoid net hardly gets lower.
SAME_LOSS = 0.5
SEEDS = range(5)
PLACES = {"own weights count": "sums", "own weights frozen": "incoming"}


def _travel(net, row, column, seeds, until=None):
    """Return the move of each hidden layer's inputs, to the end or to a loss."""
    found = drift(rows=(row,), seeds=seeds, **net)[row]
    last = -1 if until is None else first_record(found["loss"], until)
    return travel(found[column], last)


@claim(
    at_least=0.3,
    yes={
        f"3×100 {name}, {how}": {"net": net, "column": column}
        for name, net in (("sigmoid", SIGMOID), ("ReLU", RELU))
        for how, column in PLACES.items()
    },
    seeds=SEEDS,
)
def shift_exists(seeds, net, column):
    return _travel(net, "plain", column, seeds)[:, -1]


@claim(
    at_least=0.3,
    yes={
        "3×100 sigmoid, plain, own weights frozen": {"net": SIGMOID},
        "3×100 ReLU, plain, own weights frozen": {"net": RELU},
        "10×64 ReLU, plain, own weights frozen": {"net": DEEP_RELU},
        "10×64 ReLU, BN, own weights frozen": {"net": DEEP_RELU, "row": "BN"},
    },
    seeds=SEEDS,
)
def shift_grows_with_depth(seeds, net, row="plain", column="incoming"):
    moved = _travel(net, row, column, seeds)
    return np.log2(moved[:, -1] / moved[:, 1])


@claim(
    at_least=0.5,
    yes={
        f"{name}, {where}, {end}": {"net": net, "column": column, "until": until}
        for name, net in (
            ("3×100 sigmoid", SIGMOID),
            ("3×100 ReLU", RELU),
            ("10×64 ReLU", DEEP_RELU),
        )
        for end, until in (("same steps", None), ("same loss", SAME_LOSS))
        for where, column in (("activation", "inputs"), ("incoming", "incoming"))
    },
    seeds=SEEDS,
)
def bn_reduces_input_drift(seeds, net, column, until):
    plain, normed = (
        _travel(net, row, column, seeds, until)[:, -1] for row in ("plain", "BN")
    )
    return np.log2(plain / normed)


STEADIER = {"3×100 ReLU, lr 0.1, raw pixels": {"run": drift, "net": RELU_RAW}}
MIXED = {
    "3×100 ReLU, lr 0.1": {"run": drift, "net": RELU},
    "10×64 ReLU, lr 0.1": {"run": drift, "net": DEEP_RELU},
}
TOP_TOO = {
    "3×100 ReLU, lr 0.01": {"run": drift, "net": RELU_SLOW},
    "10 linear layers, lr 0.1": {"run": deep_linear, "net": {}},
}
TOP_OTHERWISE = {"3×100 sigmoid, lr 0.5": {"run": drift, "net": SIGMOID}}
LESS_STEADY = MIXED | TOP_TOO | TOP_OTHERWISE


def _top(gains, axis):
    return np.take(gains, -1, axis)


def _in(layer, regimes):
    which = {"worst": np.min, "median": np.median, "top": _top}[layer]
    return {
        f"{name}, {layer} layer": options | {"layer": which}
        for name, options in regimes.items()
    }


def _gain(seeds, run, net, measure, layer):
    """Return log2 of plain against BN in one layer: where BN does worst, or another."""
    table = run(seeds=seeds, **net)
    plain, normed = (
        table[row]["gradient_change"][..., measure] for row in ("plain", "BN")
    )  # (seeds, T, layers)
    return layer(np.log2(plain / normed).mean(axis=1), axis=1)


def _by(measures, regimes):
    return {
        f"{name}, {how}": options | {"measure": measure}
        for name, options in regimes.items()
        for how, measure in measures.items()
    }


ABSOLUTE, RELATIVE = {"absolute": 0}, {"relative": 1}
NO_STEADIER = _in("worst", LESS_STEADY) | _in("median", MIXED) | _in("top", TOP_TOO)


@claim(
    at_least=0.4,
    yes=_by(ABSOLUTE | RELATIVE, _in("worst", STEADIER) | _in("top", STEADIER))
    | _by(ABSOLUTE, _in("top", TOP_OTHERWISE)),
    no=_by(ABSOLUTE | RELATIVE, NO_STEADIER) | _by(RELATIVE, _in("top", TOP_OTHERWISE)),
    seeds=SEEDS,
)
def bn_reduces_gradient_change(seeds, **options):
    return _gain(seeds, **options)


@claim(
    at_least=0.4,
    yes=_in("worst", STEADIER) | _in("top", STEADIER),
    no=NO_STEADIER,
    seeds=SEEDS,
)
def bn_steadies_gradient_direction(seeds, **options):
    return _gain(seeds, **options, measure=2)


HE = "std √(2/width) (He)"


def _relative_growth(seeds, column, slope, std=None, **net):
    """Return the growth per layer as a share of slope · std · √width."""
    width = 200
    table = signal(rows=("plain",), seeds=seeds, std=std, width=width, **net)
    sizes = table["plain"][column]
    if column == "gradient":
        sizes = sizes[:, ::-1]  # on its way
    std = np.sqrt(2 / width) if std is None else std
    return layer_growth(sizes) / (slope * std * np.sqrt(width))


def _relu(column):
    return {
        f"ReLU, {name}": {"column": column, "slope": np.sqrt(0.5), "std": std}
        for name, std in (("std 0.01", 0.01), (HE, None), ("std 0.3", 0.3))
    }


@claim(
    kind="law",
    within=(0.9, 1.1),
    yes=_relu("signal"),
)
def signal_growth_per_layer(seeds, **options):
    return _relative_growth(seeds, **options)


@claim(
    kind="law",
    within=(0.9, 1.1),
    yes=_relu("gradient")
    | {
        f"sigmoid, std {std}": {
            "column": "gradient",
            "slope": 0.25,
            "std": std,
            "activation": "sigmoid",
        }
        for std in (0.01, 0.05)
    },
)
def gradient_growth_per_layer(seeds, **options):
    return _relative_growth(seeds, **options)


@claim(
    kind="identity",
    at_most=1e-6,
    yes={f"std {std:g}": {"std": std} for std in (1e-4, 0.01, 1.0, 10.0)},
)
def bn_keeps_signal_at_any_init(seeds, std):
    received = signal(rows=("BN",), seeds=seeds, std=std, eps=1e-20)["BN"]["received"]
    return np.abs(received - 1).max(axis=1)


@claim(
    at_least=0.9,
    yes={"plain, 40 layers": {"row": "plain", "depth": 40}},
    no={
        "plain, 1 layer": {"row": "plain", "depth": 1},
        "BN, 1 layer": {"row": "BN", "depth": 1},
        "BN, 40 layers": {"row": "BN", "depth": 40},
    },
    seeds=SEEDS,
)
def samples_become_one_direction(seeds, row, depth):
    return signal(rows=(row,), seeds=seeds, depth=depth)[row]["cosine"][:, -1]


@claim(
    at_least=0.4,
    yes={"plain, 40 layers": {"row": "plain", "depth": 40}},
    no={
        "plain, 1 layer": {"row": "plain", "depth": 1},
        "BN, 1 layer": {"row": "BN", "depth": 1},
        "BN, 40 layers": {"row": "BN", "depth": 40},
    },
    seeds=SEEDS,
)
def samples_differ_along_one_line(seeds, row, depth):
    return signal(rows=(row,), seeds=seeds, depth=depth)[row]["line"][:, -1]


@claim(
    at_most=0.3,
    yes={f"{row}, 40 layers": {"row": row, "depth": 40} for row in ("plain", "BN")},
    no={f"{row}, 1 layer": {"row": row, "depth": 1} for row in ("plain", "BN")},
    seeds=SEEDS,
)
def depth_forgets_who_is_alike(seeds, row, depth):
    return signal(rows=(row,), seeds=seeds, depth=depth)[row]["likeness"][:, -1]


@claim(
    at_least=0.6,
    yes={
        "3×100 ReLU, lr 1, plain, centered": {"row": "plain, centered"},
        "3×100 ReLU, lr 0.5, BN on the pixels": {"row": "BN on the pixels", "lr": 0.5},
    },
    no={
        f"10×64 ReLU, lr 1, {row}": {"row": row, "depth": 10, "width": 64}
        for row in ("plain, centered", "BN on the pixels")
    }
    | {
        "3×100 sigmoid, lr 0.5, plain, centered": {
            "row": "plain, centered",
            "activation": "sigmoid",
            "std": 0.1,
            "lr": 0.5,
        },
        "3×100 ReLU, lr 0.03, plain, centered": {"row": "plain, centered", "lr": 0.03},
    },
    unclear={
        "10×64 ReLU, lr 0.1, plain, centered": {
            "row": "plain, centered",
            "depth": 10,
            "width": 64,
            "lr": 0.1,
        }
    },
    seeds=SEEDS,
)
def gain_of_centering(seeds, row, **net):
    rows = ("plain", row, "BN")
    table = centering(rows=rows, seeds=seeds, **net)
    plain, between, normed = (table[name]["accuracy"] for name in rows)
    return (between - plain) / (normed - plain)


@claim(
    at_least=0.3,
    yes={"lr 1, plain": {"row": "plain"}},
    no={
        "lr 0.3, plain": {"row": "plain", "lr": 0.3},
        "lr 1, plain, centered": {"row": "plain, centered"},
        "lr 1, BN": {"row": "BN"},
    },
    seeds=SEEDS,
)
def units_die_on_raw_pixels(seeds, row, lr=1.0):
    return centering(rows=(row,), seeds=seeds, lr=lr)[row]["dead"]
