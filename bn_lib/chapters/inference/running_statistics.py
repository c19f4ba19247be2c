"""Running statistics: how they warm up and forget, how noisy a batch's own are.

The net of the chapter is 64 → 100 → 100 → 10 with a batch norm before each ReLU, on the
8×8 digits, and accuracy is that on the 360 test images. What becomes of the statistics
after training is in `bn_lib.chapters.inference.evaluation`.
"""

from copy import deepcopy
from functools import cache, partial

import numpy as np

from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.inference import recalibrate
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp
from bn_lib.training import accuracy, batches

__all__ = [
    "exponent",
    "full_batches",
    "half_life",
    "noise",
    "predict_by_batch",
    "stored_variance",
    "swapped_momentum",
    "tracking",
    "trained",
]


@cache
def _trained(seed, batch_size, lr, steps):
    model = mlp(seed, depth=2, norm=BatchNorm)
    fit(model, seed, data=load_digits(), steps=steps, batch_size=batch_size, lr=lr)
    return model


def trained(seed, *, batch_size=60, lr=0.1, steps=300):
    """Return the chapter's net after training, a copy for each caller.

    Parameters
    ----------
    seed : int
        Of the weights and the order of the samples.
    batch_size, lr, steps
        As in `bn_lib.training.train`.

    Returns
    -------
    Sequential
        Its batch norms are the layers 1 and 4.
    """
    return deepcopy(_trained(seed, batch_size, lr, steps))


def predict_by_batch(model, x, rows):
    """Predict with the statistics of each batch, as if eval() had been forgotten.

    Parameters
    ----------
    model : Layer
        Gives logits; it stays as it is.
    x : ndarray, shape (N, D)
        Inputs.
    rows : iterable of ndarray of ints
        Of each batch; together all rows of x, each once.

    Returns
    -------
    classes : ndarray of int64, shape (N,)
    """
    model = deepcopy(model).train()
    classes = np.empty(len(x), np.int64)
    for batch in rows:
        classes[batch] = model(x[batch]).argmax(axis=1)
    return classes


def full_batches(x, batch_size):
    """Cut samples into batches of one size, without those left over.

    Parameters
    ----------
    x : ndarray, shape (N, ...)
        Samples.
    batch_size : int
        Samples in a batch.

    Returns
    -------
    list of ndarray, shape (batch_size, ...)
    """
    starts = range(0, len(x) - batch_size + 1, batch_size)
    return [x[start : start + batch_size] for start in starts]


@experiment(seeds=range(5))
def tracking(seed, *, std=None, batch_size=60, lr=0.1, steps=(6, 10, 100, 200)):
    """Follow accuracy with running and with batch statistics through a training.

    Parameters
    ----------
    seed : int
        Of the weights and the order of the samples.
    std : float, optional
        Of the weights, as in `bn_lib.models.mlp`.
    batch_size, lr
        As in `bn_lib.training.train`.
    steps : tuple of int
        After how many updates to measure; the last one ends the training.

    Returns
    -------
    running statistics, statistics of the batch : ndarray, shape (seeds,)
        A row for each step, such as ``"6 steps"``: accuracy in evaluation mode, and
        with the statistics of the whole test part.
    """
    data = load_digits()
    together = [np.arange(len(data.x_test))]
    rows = {}

    def measure(step, model):
        if step in steps:
            classes = predict_by_batch(model, data.x_test, together)
            rows[f"{step} steps"] = {
                "running statistics": accuracy(model, data.x_test, data.y_test),
                "statistics of the batch": np.mean(classes == data.y_test),
            }

    model = mlp(seed, depth=2, std=std, norm=BatchNorm)
    how = {"steps": max(steps), "batch_size": batch_size, "lr": lr}
    fit(model, seed, data=data, on_step=measure, **how)
    return rows


@experiment()
def noise(seed, *, batch_sizes=(2, 4, 8, 16, 32, 64, 128, 256), draws=300):
    """Draw batches of digits and compare their statistics with those of all.

    The 100 features are the first layer's outputs, before batch norm, in an untrained
    net; samples are drawn with replacement.

    Parameters
    ----------
    seed : int
        Of the weights and the draws.
    batch_sizes : tuple of int
        Samples in a batch, at least 2.
    draws : int
        Batches of each size.

    Returns
    -------
    mean error, variance error, biased share : ndarray, shape (seeds,)
        A row for each size, such as ``"batch 2"``: root mean square error of a batch's
        mean, in standard deviations, and of its unbiased variance, as a share of the
        true variance; and the mean of its biased variance, as such a share.
    """
    x, rng = load_digits().x_train, np.random.default_rng(seed)
    features = mlp(seed, depth=2)[0](x)  # (1437, 100)
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    return {
        f"batch {size}": _errors(standard[rng.integers(len(x), size=(draws, size))])
        for size in batch_sizes
    }


def _errors(x):
    """Compare batches, shape (draws, N, C), with a true mean of 0 and variance of 1."""
    size = x.shape[1]
    biased = x.var(axis=1)  # (draws, C)
    unbiased = biased * size / (size - 1)
    return {
        "mean error": np.sqrt(np.mean(x.mean(axis=1) ** 2)),
        "variance error": np.sqrt(np.mean((unbiased - 1) ** 2)),
        "biased share": biased.mean(),
    }


def exponent(sizes, errors):
    """Fit the power of the batch size with which an error changes.

    Parameters
    ----------
    sizes : sequence of int, length S
        Batch sizes.
    errors : sequence of ndarray, shape (S, seeds)
        A column of `noise`.

    Returns
    -------
    ndarray, shape (seeds,)

    Examples
    --------
    >>> exponent([2, 8], [[6.0], [3.0]]).round(6)
    array([-0.5])
    """
    slope, _ = np.polyfit(np.log(sizes), np.log(errors), 1)
    return slope


@experiment(rows={"batch 2": 2, "batch 8": 8}, seeds=range(10))
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
    data = load_digits()
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

    Raises
    ------
    ValueError
        If they are further apart after `limit` updates.
    """
    x = load_digits().x_train
    ours, other = (BatchNorm(64, momentum=momentum) for _ in range(2))
    other.running_mean[...] = 1.0
    endless = batches(len(x), 60, np.random.default_rng(seed))
    for update, rows in zip(range(1, limit + 1), endless, strict=False):
        ours(x[rows])
        other(x[rows])
        left = np.abs(other.running_mean - ours.running_mean).max()
        if left <= 0.5:
            return {"updates": update}
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
        Mean accuracy in evaluation mode over the second half of the training.
    """
    model = mlp(seed, depth=2, norm=partial(BatchNorm, momentum=momentum))
    how = {"steps": steps, "batch_size": batch_size, "lr": lr, "eval_every": every}
    history = fit(model, seed, data=load_digits(), **how)
    return history.test_accuracy[history.steps > steps // 2].mean()
