"""Running statistics: how they warm up and forget, what is stored, what eval mode gives.

The net and the measure are those of `bn_lib.chapters.inference.setting`.
"""

from functools import partial

import numpy as np

from bn_lib.chapters.inference.setting import full_batches, predict_by_batch, trained
from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.inference import fold, recalibrate
from bn_lib.layers import BatchNorm, ReLU, Sequential
from bn_lib.models import mlp
from bn_lib.training import accuracy, batches

__all__ = [
    "alone",
    "folded",
    "half_life",
    "stored_variance",
    "swapped_momentum",
    "tracking",
]


@experiment(seeds=range(5))
def tracking(
    seed, *, std=None, batch_size=60, lr=0.1, momentum=0.1, steps=(6, 10, 100, 200)
):
    """Follow accuracy with running and with batch statistics through a training.

    Parameters
    ----------
    seed : int
        Of the weights and the order of the samples.
    std : float, optional
        Of the weights, as in `bn_lib.models.mlp`.
    batch_size, lr
        As in `bn_lib.training.train`.
    momentum : float
        That of batch norm; at 1 the running statistics are those of the last batch.
    steps : tuple of int
        After how many updates to measure; the last one ends the training.

    Returns
    -------
    running statistics, statistics of the batch : ndarray, shape (seeds,)
        A row for each step, such as ``"6 steps"``: accuracy in evaluation mode, and
        with the statistics of the whole test part.
    """
    data = load_digits(centered=True)
    together = [np.arange(len(data.x_test))]
    rows = {}

    def measure(step, model):
        if step in steps:
            classes = predict_by_batch(model, data.x_test, together)
            rows[f"{step} steps"] = {
                "running statistics": accuracy(model, data.x_test, data.y_test),
                "statistics of the batch": np.mean(classes == data.y_test),
            }

    model = mlp(seed, depth=2, std=std, norm=partial(BatchNorm, momentum=momentum))
    how = {"steps": max(steps), "batch_size": batch_size, "lr": lr}
    fit(model, seed, on_step=measure, **how)
    return rows


@experiment()
def half_life(seed, *, momentum=0.1, limit=500):
    """Feed the same batches to two batch norms that start apart.

    Parameters
    ----------
    seed : int
        Of the batches, of 60 digits.
    momentum : float
        torch's: weight of the new batch. Keras' number is one minus this.
    limit : int
        Updates after which to give up.

    Returns
    -------
    updates : ndarray of int64, shape (seeds,)
        Until the two running means are at most half as far apart as at first.
    left : ndarray, shape (seeds,)
        How far they are apart then, as a share of the start.

    Raises
    ------
    ValueError
        If they are further apart after `limit` updates.
    """
    x = load_digits(centered=True).x_train
    ours, other = (BatchNorm(64, momentum=momentum) for _ in range(2))
    other.running_mean[...] = 1.0
    endless = batches(len(x), 60, np.random.default_rng(seed))
    for update, rows in zip(range(1, limit + 1), endless, strict=False):
        ours(x[rows])
        other(x[rows])
        left = np.abs(other.running_mean - ours.running_mean).max()
        if left <= 0.5:
            return {"updates": update, "left": left}
    raise ValueError(
        f"expected half of the start to be forgotten within {limit} updates, got "
        f"{left:.2g} of it left at momentum {momentum:g}: give a larger limit"
    )


@experiment(rows={"momentum 0.1": 0.1, "momentum 0.9": 0.9})
def swapped_momentum(momentum, seed, *, batch_size=8, steps=120, every=10, lr=0.05):
    """Train with the right momentum, and with Keras' number typed into torch.

    The momentum of batch norm does not touch the training, so all nets have the same
    weights at every step.

    Parameters
    ----------
    momentum : float
        torch's: weight of the new batch.
    seed : int
        Of the weights and the order of the samples.
    batch_size, steps, lr
        As in `bn_lib.training.train`.
    every : int
        Updates between two evaluations.

    Returns
    -------
    ndarray, shape (seeds,)
        Mean accuracy over the second half of the training.
    """
    model = mlp(seed, depth=2, norm=partial(BatchNorm, momentum=momentum))
    how = {"steps": steps, "batch_size": batch_size, "lr": lr, "eval_every": every}
    history = fit(model, seed, **how)
    return history.test_accuracy[history.steps > steps // 2].mean()


@experiment(rows={"batch 2": 2, "batch 4": 4, "batch 8": 8}, seeds=range(10))
def stored_variance(batch_size, seed, *, steps=200, lr=0.02, calibration=480):
    """Store the unbiased or the biased variance after a training.

    Running statistics are averages over batches of the size of the training, so that
    nothing but the factor (N − 1)/N differs.

    Parameters
    ----------
    batch_size : int
        Samples in a batch.
    seed : int
        Of the weights and batches.
    steps, lr
        As in `bn_lib.training.train`; the rate is small enough for batches of 2.
    calibration : int
        Training images that the statistics are taken from.

    Returns
    -------
    unbiased, biased : ndarray, shape (seeds,)
        Accuracy with either variance.
    changed answers : ndarray, shape (seeds,)
        Share of the test images that get another class.

    Notes
    -----
    After a training with batches of 2 the numbers differ by some hundredths between
    CPUs, as rounding grows during such a training.
    """
    data = load_digits(centered=True)
    model = trained(seed, batch_size=batch_size, lr=lr, steps=steps)
    order = np.random.default_rng(seed).permutation(len(data.x_train))
    recalibrate(model, full_batches(data.x_train[order[:calibration]], batch_size))
    unbiased = model.eval()(data.x_test).argmax(axis=1)
    for norm in (model[1], model[4]):
        norm.running_var *= (batch_size - 1) / batch_size
    biased = model(data.x_test).argmax(axis=1)
    return {
        "unbiased": np.mean(unbiased == data.y_test),
        "biased": np.mean(biased == data.y_test),
        "changed answers": np.mean(unbiased != biased),
    }


@experiment()
def alone(seed):
    """Predict each test image alone and among all others, with running statistics.

    Parameters
    ----------
    seed : int
        Of the net.

    Returns
    -------
    difference : ndarray, shape (seeds,)
        Largest difference of a logit, as a share of the largest logit.
    """
    model, x = trained(seed).eval(), load_digits(centered=True).x_test
    single = np.concatenate([model(row[None]) for row in x])
    return {"difference": _difference(model(x), single)}


@experiment()
def folded(seed):
    """Fold both batch norms of a trained net into the linear layers before them.

    Parameters
    ----------
    seed : int
        Of the net.

    Returns
    -------
    one layer, whole net : ndarray, shape (seeds,)
        Largest difference over all test images, as a share of the largest value:
        after the first batch norm, and at the end.

    References
    ----------
    B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", 2018, section 3.2.
    """
    model, x = trained(seed).eval(), load_digits(centered=True).x_test
    first, second = fold(model[0], model[1]), fold(model[3], model[4])
    folded = Sequential(first, ReLU(), second, ReLU(), model[6])
    return {
        "one layer": _difference(model[1](model[0](x)), first(x)),
        "whole net": _difference(model(x), folded(x)),
    }


def _difference(a, b):
    return np.abs(a - b).max() / np.abs(a).max()
