"""Claims of the chapter on the place of batch norm in a network."""

import numpy as np

from bn_lib.chapters.placement.dropout import dropout, dropout_law
from bn_lib.chapters.placement.experiments import (
    bias,
    dense,
    order,
    residual,
    signal,
    spread,
)
from bn_lib.course.claim import claim

SEEDS = range(5)


@claim(
    at_least=0.15,
    yes={f"{row}, lr 0.01": {"row": row, "lr": 0.01} for row in ("before", "after")},
    no={f"{row}, lr 0.3": {"row": row, "lr": 0.3} for row in ("before", "after")},
)
def order_works(seeds, row, lr):
    table = order(rows=("plain", row), seeds=seeds, lr=lr)
    return table[row] - table["plain"]


@claim(
    within=(-0.05, 0.05),
    yes={
        f"lr {lr}, 300 steps, same head": {"row": "before, head too", "lr": lr}
        for lr in (0.01, 0.3)
    }
    | {"lr 0.3, 300 steps, own heads": {"row": "before", "lr": 0.3}},
    no={"lr 0.01, 100 steps, own heads": {"row": "before", "lr": 0.01, "steps": 100}},
    seeds=SEEDS,
)
def order_equal(seeds, row, lr, steps=300):
    table = order(rows=(row, "after"), seeds=seeds, lr=lr, steps=steps)
    return table["after"] - table[row]


@claim(
    at_least=0.1,
    yes={
        "3×100 sigmoid, std 0.1": {},
        "20×64 ReLU, He": {"activation": "relu", "std": None, "depth": 20, "width": 64},
    },
    no={"3×100 ReLU, He": {"activation": "relu", "std": None}},
)
def dense_works(seeds, **net):
    table = dense(seeds=seeds, **net)
    return table["BN"] - table["plain"]


@claim(
    at_most=1e-12,
    yes={
        f"{what}, {layer}": {"row": f"{layer}, train", "what": what}
        for what in ("output", "gradient")
        for layer in ("linear", "conv")
    },
    kind="identity",
)
def bias_redundant(seeds, row, what):
    return bias(rows=(row,), seeds=seeds)[row][what]


@claim(
    at_least=0.1,
    yes={row: {"row": row} for row in ("linear, eval", "linear → ReLU, train")},
)
def bias_needed(seeds, row):
    return bias(rows=(row,), seeds=seeds)[row]["output"]


@claim(
    at_most=1e-12,
    yes={row: {"row": row} for row in ("BN (N, C)", "BN (N, C, H, W)", "BN eval")},
    kind="identity",
)
def per_channel(seeds, row):
    changes = spread(rows=(row,), seeds=seeds)[row]
    return changes["leak"] / changes["own"]


@claim(
    within=(0.85, 1.15),
    yes={
        f"{name}, {which}": {"row": row, "blocks": blocks}
        for name, row in (("BN", "pre"), ("no norm", "no norm"))
        for which, blocks in (
            ("block 1", range(1, 2)),
            ("mean of blocks 2 to 8", range(2, 9)),
            ("mean of blocks 9 to 32", range(9, 33)),
        )
    },
    kind="law",
)
def block_share(seeds, row, blocks):
    number = np.array(blocks)
    predicted = 1 / 2 if row == "no norm" else 1 / (number + 1)
    shares = signal(rows=(row,), seeds=seeds)[row]["share"][:, number - 1]
    return (shares / predicted).mean(axis=1)


@claim(
    at_most=1e-12,
    yes={f"{blocks} blocks": {"blocks": blocks} for blocks in (4, 32)},
    kind="identity",
)
def last_gamma_signal(seeds, blocks):
    row = "post, last gamma 0"
    return signal(rows=(row,), seeds=seeds, blocks=blocks)[row]["share"].max(axis=1)


def _lead(row, other, seeds, **net):
    table = residual(rows=(row, other), seeds=seeds, **net)
    return table[row] - table[other]


@claim(
    at_least=0.05,
    yes={
        "16 blocks, lr 1, BN before pre's head alone": {
            "other": "post, bare head",
            "lr": 1.0,
        }
    },
    no={
        "16 blocks, lr 1, same head": {"lr": 1.0},
        "16 blocks, lr 1, no BN before either head": {
            "row": "pre, bare head",
            "other": "post, bare head",
            "lr": 1.0,
        },
        "16 blocks, lr 0.1, same head": {"lr": 0.1},
        "2 blocks, lr 0.1, same head": {"lr": 0.1, "blocks": 2},
    },
)
def pre_act_better(seeds, row="pre", other="post", **net):
    return _lead(row, other, seeds, **net)


@claim(
    at_least=0.05,
    yes={"16 blocks, lr 0.003": {"lr": 0.003}},
    no={
        "16 blocks, lr 1": {"lr": 1.0},
        "16 blocks, lr 0.003, 1000 steps": {"lr": 0.003, "steps": 1000},
    },
)
def last_gamma_training(seeds, **net):
    return _lead("post, last gamma 0", "post", seeds, **net)


@claim(
    at_least=0.2,
    yes={
        f"{row}, 16 blocks": {"row": name, "blocks": 16}
        for row, name in (("scalar", "SkipInit"), ("BN", "pre"))
    },
    no={
        f"{row}, 2 blocks": {"row": name, "blocks": 2}
        for row, name in (("scalar", "SkipInit"), ("BN", "pre"))
    },
)
def skip_init_trains(seeds, row, blocks):
    bare = [
        residual(rows=("no norm",), seeds=seeds, blocks=blocks, lr=lr)["no norm"]
        for lr in (0.1, 0.01, 0.003)
    ]
    table = residual(rows=(row,), seeds=seeds, blocks=blocks, lr=0.1)
    return table[row] - np.max(bare, axis=0)


@claim(
    at_least=-0.03,
    yes={"lr 0.1": {"lr": 0.1}},
    no={"lr 1": {"lr": 1.0}},
)
def skip_init_as_good(seeds, lr):
    return _lead("SkipInit", "pre", seeds, lr=lr)


def _variance_ratio(seeds, rate, **options):
    """Return how dropout shrinks the inputs of the norm behind it in eval.

    Against the same net without dropout, where the running variance lags behind as well.
    """
    behind, without = (
        dropout(seeds=seeds, rate=r, **options)["ratio"][:, 1] for r in (rate, 0.0)
    )
    return behind / without


@claim(
    within=(0.9, 1.1),
    yes={f"rate {rate}": {"rate": rate} for rate in (0.1, 0.5, 0.8)},
    kind="law",
)
def dropout_shift(seeds, rate):
    return _variance_ratio(seeds, rate, lr=0.0, steps=50) / dropout_law(rate)


SHIFTS = {"as a factor": np.log2, "as a difference": lambda ratio: 1 - ratio}


def _told_as(*rates):
    return {
        f"rate {rate}, {name}": {"rate": rate, "shift": SHIFTS[name]}
        for name, few in zip(SHIFTS, rates, strict=True)
        for rate in few
    }


@claim(
    at_least=0.1,
    yes=_told_as((0.1, 0.5, 0.8), (0.1, 0.5)),
    unclear=_told_as((), (0.8,)),
)
def dropout_shift_shrinks(seeds, rate, shift):
    return 1 - shift(_variance_ratio(seeds, rate)) / shift(dropout_law(rate))


@claim(
    at_least=0.05,
    yes={"rate 0.9": {"rate": 0.9}},
    no={f"rate {rate}": {"rate": rate} for rate in (0.1, 0.5)},
    seeds=SEEDS,
)
def dropout_harm(seeds, rate):
    table = dropout(seeds=seeds, rate=rate)
    return table["recalibrated"] - table["accuracy"]
