"""Claims of the chapter on the backward pass: the statistics belong to the gradient."""

import numpy as np

from bn_lib.chapters.backward.experiments import cosines, detached
from bn_lib.course.claim import claim

SIGMOID = {"activation": "sigmoid", "std": 0.1}
DEEP = {"depth": 10, "width": 64}
NETS = {
    "3×100 ReLU": {},
    "3×100 ReLU, batch of 4": {"batch_size": 4},
    "3×100 ReLU, std 0.0001": {"std": 1e-4},
    "3×100 sigmoid": SIGMOID,
}


def _largest(columns, seeds, net):
    found = cosines(rows=("BN",), seeds=seeds, eps=1e-20, **net)["BN"]
    return np.max([found[column] for column in columns], axis=(0, 2))


@claim(
    kind="identity",
    at_most=1e-6,
    yes={name: {"net": net} for name, net in NETS.items()},
)
def dx_orthogonal(seeds, net):
    return _largest(("ones", "xhat"), seeds, net)


@claim(
    kind="identity",
    at_most=1e-6,
    yes={name: {"net": net} for name, net in NETS.items()},
)
def weights_orthogonal_to_gradient(seeds, net):
    return _largest(("weight",), seeds, net)


@claim(
    at_least=0.2,
    yes={
        f"mean detached, {name}": {"row": "mean detached", "net": net}
        for name, net in (
            ("3×100 sigmoid", SIGMOID),
            ("3×100 ReLU", {}),
            ("10×64 ReLU", DEEP),
        )
    },
    no={
        "variance detached, 3×100 sigmoid": {"row": "variance detached", "net": SIGMOID},
        "nothing detached, 3×100 sigmoid": {"row": "BN", "net": SIGMOID},
    },
)
def detached_mean_moves_the_bias(seeds, row, net):
    return detached(rows=(row,), seeds=seeds, **net)[row]["bias"]


@claim(
    at_least=0.1,
    yes={
        "mean detached, 3×100 sigmoid": {"net": SIGMOID},
        "mean detached, 10×64 ReLU": {"net": DEEP},
        "mean detached, 10×64 ReLU, batch statistics": {"net": DEEP, "mode": "batch"},
        "both detached, 10×64 ReLU": {"row": "both detached", "net": DEEP},
    },
    no={
        "mean detached, 3×100 ReLU": {"net": {}},
        "both detached, 3×100 ReLU": {"row": "both detached", "net": {}},
        "both detached, 3×100 sigmoid": {"row": "both detached", "net": SIGMOID},
        "mean detached, 3×100 sigmoid, batch statistics": {"net": SIGMOID, "mode": "batch"},
        "variance detached, 3×100 sigmoid": {"row": "variance detached", "net": SIGMOID},
        "variance detached, 10×64 ReLU": {"row": "variance detached", "net": DEEP},
    },
)
def detached_mean_costs_accuracy(seeds, net, row="mean detached", mode="stored"):
    table = detached(rows=("BN", row), seeds=seeds, **net)
    return table["BN"][mode] - table[row][mode]
