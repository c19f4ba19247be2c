"""Claims of the chapter on benefits: the promises of batch norm, one by one."""

import math

import numpy as np

from bn_lib.chapters.benefits.experiments import (
    at_chosen_rate,
    gradient,
    growth,
    partly_trained,
    steps_to_target,
    trained,
)
from bn_lib.course.claim import claim

SIGMOID = {"activation": "sigmoid", "std": 0.1}
TEN = {"depth": 10, "width": 64}
TEN_SLOWLY = TEN | {"limit": 180, "every": 10}


@claim(
    at_least=0.25,
    yes={
        "3×100 sigmoid, std 0.1, best rates": {"net": SIGMOID, "lrs": (0.3, 1.0, 3.0)},
        "3×100 ReLU, best rates": {"net": {}, "lrs": (0.1, 0.3, 1.0)},
        "10×64 ReLU, best rates": {"net": TEN_SLOWLY, "lrs": (0.03, 0.1, 0.3)},
        "3×100 ReLU, lr 0.1": {"net": {}, "lrs": (0.1,)},
        "10×64 ReLU, lr 0.1": {"net": TEN_SLOWLY, "lrs": (0.1,)},
        "10×64 ReLU, best rates, scaled pixels": {
            "net": TEN_SLOWLY | {"scaled": True},
            "lrs": (0.01, 0.03, 0.1, 0.3),
        },
    },
    no={
        "3×100 ReLU, lr 0.1, scaled pixels": {"net": {"scaled": True}, "lrs": (0.1,)},
        "10×64 ReLU, lr 0.01": {"net": TEN | {"limit": 600, "every": 20}, "lrs": (0.01,)},
    },
)
def faster_training(seeds, net, lrs):
    tables = [steps_to_target(seeds=seeds, lr=lr, **net) for lr in lrs]
    plain, normed = (
        at_chosen_rate(np.stack([table[row] for table in tables]))
        for row in ("plain", "BN")
    )
    return np.log2(plain / normed)


def _measured(column, row, seeds, **options):
    return trained(rows=(row,), seeds=seeds, **options)[row][column]


def _gain(seeds, **options):
    """Return the test accuracy with batch norm minus that without."""
    plain, normed = (
        _measured("accuracy", row, seeds, **options) for row in ("plain", "BN")
    )
    return normed - plain


@claim(
    at_least=0.25,
    yes={"10×64 ReLU, lr 1": TEN | {"lr": 1.0}, "3×100 ReLU, lr 3": {"lr": 3.0}},
    no={
        "3×100 ReLU, lr 1": {"lr": 1.0},
        "10×64 ReLU, lr 30": TEN | {"lr": 30.0},
    },
)
def higher_learning_rate(seeds, **options):
    return _gain(seeds, **options)


FEW = {"samples": 100, "lr": 0.1}


@claim(
    at_least=0.1,
    yes={
        "with BN, batches of 10": {"row": "BN", "noisy": "BN", "batch_size": 10},
        "with BN, ghost batches of 10": {
            "row": "BN",
            "noisy": "ghost BN",
            "batch_size": 100,
        },
    },
    no={"without BN, batches of 10": {"row": "plain", "noisy": "plain", "batch_size": 10}},
    seeds=range(5),
)
def small_batch_regularizes(seeds, row, noisy, batch_size):
    few = FEW | {"steps": 150}
    quiet = _measured("test_loss", row, seeds, batch_size=100, **few)
    return 1 - _measured("test_loss", noisy, seeds, batch_size=batch_size, **few) / quiet


FEW_SAMPLES = {f"{samples} samples": {"samples": samples} for samples in (100, 600)}


def _on_few(column, seeds, samples):
    few = {"samples": samples, "lr": 0.1, "steps": 300}
    return (_measured(column, row, seeds, **few) for row in ("plain", "BN"))


@claim(
    at_least=0.25,
    no=FEW_SAMPLES,
    seeds=range(20),
)
def overfits_less(seeds, samples):
    plain, normed = _on_few("test_loss", seeds, samples)
    return 1 - normed / plain


@claim(
    at_least=0.03,
    no=FEW_SAMPLES,
    seeds=range(10),
)
def overfits_less_by_accuracy(seeds, samples):
    plain, normed = _on_few("accuracy", seeds, samples)
    return normed - plain


FIVE = {"depth": 5, "width": 50}


@claim(
    at_least=0.1,
    yes={
        "std 0.00001": {"std": 1e-5, "eps": 1e-12},
        "std 0.001": {"std": 1e-3},
        "std 1": {"std": 1.0},
    },
    no={"He": {"std": None}, "std 100": {"std": 100.0}},
)
def less_dependence_on_init(seeds, **options):
    plain = [
        _measured("accuracy", "plain", seeds, lr=lr, **FIVE, **options)
        for lr in (0.3, 0.03, 0.001)
    ]
    return _measured("accuracy", "BN", seeds, **FIVE, **options) - np.max(plain, axis=0)


@claim(
    at_least=0.15,
    yes={"20 layers": {"depth": 20}},
    no={"5 layers": {"depth": 5}, "50 layers": {"depth": 50}},
)
def deeper_networks(seeds, depth):
    net = {"depth": depth, "width": 64, "steps": 150}
    plain = [
        _measured("accuracy", "plain", seeds, lr=lr, **net) for lr in (0.1, 0.03, 0.01)
    ]
    return _measured("accuracy", "BN", seeds, **net) - np.max(plain, axis=0)


@claim(
    at_least=0.3,
    yes={"50 layers": {"depth": 50}},
    no={"10 layers": {"depth": 10}},
)
def skips_add_depth(seeds, depth):
    without, skips = (
        _measured("accuracy", "BN", seeds, depth=depth, width=64, skips=skips)
        for skips in (False, True)
    )
    return skips - without


@claim(
    within=(0.93, 1.07),
    yes={
        "BN, width 100": {"row": "BN", "width": 100},
        "BN, width 200": {"row": "BN", "width": 200},
        "no norm, width 100": {"row": "plain", "width": 100},
    },
    kind="law",
)
def bn_gradients_grow(seeds, row, width):
    predicted = math.pi / (math.pi - 1) if row == "BN" else 1.0
    return growth(gradient(rows=(row,), seeds=seeds, width=width)[row]) / predicted


def _gradient_growth(batch_size, seeds):
    return growth(gradient(rows=("BN",), seeds=seeds, batch_size=batch_size)["BN"])


@claim(
    at_least=0.1,
    yes={f"batch {size}": {"batch_size": size} for size in (8, 16)},
    no={"batch 128": {"batch_size": 128}},
)
def small_batches_grow_gradients(seeds, batch_size):
    return _gradient_growth(batch_size, seeds) - _gradient_growth(256, seeds)


@claim(
    at_least=0.3,
    yes={"all 40 blocks": {"lowest": 0}, "the upper 30": {"lowest": 10}},
)
def skips_tame_gradients(seeds, lowest):
    chain, skips = (
        growth(gradient(rows=("BN",), seeds=seeds, skips=skips)["BN"], lowest)
        for skips in (False, True)
    )
    return 1 - np.log(skips) / np.log(chain)


@claim(
    at_least=0.05,
    yes={
        "10×64, 1280 numbers to 650": {"depth": 10, "width": 64},
        "5×30, 300 numbers to 310": {"depth": 5, "width": 30},
    },
    no={
        f"{depth}×100, {200 * depth} numbers to 1010": {"depth": depth, "width": 100}
        for depth in (1, 3)
    }
    | {
        "10×64, lowest 2 norms alone, 256 numbers to 650": {
            "depth": 10,
            "width": 64,
            "learning_norms": 2,
        }
    },
)
def gamma_and_beta_alone(seeds, learning_norms=None, **net):
    options = {"seeds": seeds, **net}
    head = partly_trained(rows=("head",), **options)["head"]
    few = partly_trained(
        rows=("gamma and beta",), learning_norms=learning_norms, **options
    )["gamma and beta"]
    return few - head
