"""Statistics of a batch: how noisy they are, and what they tell of a sample's mates.

The net and the measure are those of `bn_lib.chapters.inference.setting`.
"""

from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np

from bn_lib.chapters.inference.setting import (
    by_class,
    changed_digits,
    learn,
    predict_by_batch,
    trained,
)
from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, GhostBatchNorm, GroupNorm
from bn_lib.models import mlp
from bn_lib.training import accuracy, cross_entropy, evaluating

__all__ = [
    "exponent",
    "forgotten",
    "leak",
    "mates",
    "noise",
    "sorted_batches",
    "statistics_size",
]

GROUP_NORM = partial(GroupNorm, 10)
PART = 12
"""Samples that share their statistics in `leak`."""


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
    x, rng = load_digits(centered=True).x_train, np.random.default_rng(seed)
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


@experiment(rows={"2 samples": 2, "12 samples": 12, "240 samples": 240}, seeds=range(5))
def statistics_size(
    samples, seed, *, depth=4, images=600, batch_size=240, steps=100, lr=0.3
):
    """Vary how many samples share their statistics, at the same batches of SGD.

    Parameters
    ----------
    samples : int
        In a part of the batch with statistics of its own; a divisor of `batch_size`.
    seed : int
        Of the weights and the order of the samples.
    depth : int
        Hidden layers.
    images : int
        Size of the training part. The rest of it goes to the test part, for a test loss
        with less noise.
    batch_size, steps, lr
        As in `bn_lib.training.train`.

    Returns
    -------
    loss : ndarray, shape (seeds,)
        Cross-entropy of the test part in nats, in evaluation mode.
    accuracy : ndarray, shape (seeds,)
        Of the test part.

    References
    ----------
    Y. Wu and J. Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 4.1.
    """
    data = load_digits(centered=True)
    data = replace(
        data,
        x_train=data.x_train[:images],
        y_train=data.y_train[:images],
        x_test=np.concatenate([data.x_test, data.x_train[images:]]),
        y_test=np.concatenate([data.y_test, data.y_train[images:]]),
    )
    model = mlp(seed, depth=depth, norm=partial(GhostBatchNorm, ghost=samples))
    history = fit(model, seed, data=data, steps=steps, batch_size=batch_size, lr=lr)
    with evaluating(model):
        loss, _ = cross_entropy(model(data.x_test), data.y_test)
    return {"loss": loss, "accuracy": history.test_accuracy[-1]}


@experiment()
def mates(seed, *, change="unchanged", batch_sizes=(4, 8, 180), arrangements=6):
    """Predict the test images with the statistics of batches of several kinds.

    Parameters
    ----------
    seed : int
        Of the net, the arrangements and the noise of a change.
    change : str
        Of the test images, as in `bn_lib.chapters.inference.setting.CHANGES`.
    batch_sizes : tuple of int
        Images that are predicted together; divisors of 360.
    arrangements : int
        How often to shuffle the mates.

    Returns
    -------
    accuracy : ndarray, shape (seeds,)
        A row for each kind of batch: ``"eval()"``, with running statistics; then the
        sizes from the last to the first, such as ``"batch of 4"``; ``"batch of two
        classes"``, where all mates are the images of a digit and the next one; and
        ``"batch of one class"``, where all mates, 35 to 37, are of the image's own.
    changed answers : ndarray, shape (seeds,)
        Share of the images whose class differs between two random arrangements, or in
        a batch of few classes from that with running statistics. Not in the first row.
    """
    data, rng = changed_digits(change, seed), np.random.default_rng(seed)
    model, x, y = trained(seed).eval(), data.x_test, data.y_test

    def shuffled(size):
        classes = _in_shuffled_batches(model, x, rng, size, arrangements)
        changed = np.mean(classes[1:] != classes[:-1])
        return {"accuracy": np.mean(classes == y), "changed answers": changed}

    def sorted_by(groups):
        classes = predict_by_batch(model, x, groups)
        return {
            "accuracy": np.mean(classes == y),
            "changed answers": np.mean(classes != right),
        }

    random = {f"batch of {size}": shuffled(size) for size in batch_sizes}
    right, single = model(x).argmax(axis=1), by_class(y)
    pairs = [np.concatenate(single[label : label + 2]) for label in range(0, 10, 2)]
    return {
        "eval()": {"accuracy": np.mean(right == y)},
        **dict(reversed(random.items())),
        "batch of two classes": sorted_by(pairs),
        "batch of one class": sorted_by(single),
    }


def _in_shuffled_batches(model, x, rng, size, arrangements):
    """Return the classes of all rows in each arrangement, shape (arrangements, N)."""
    orders = [rng.permutation(len(x)).reshape(-1, size) for _ in range(arrangements)]
    return np.array([predict_by_batch(model, x, order) for order in orders])


@experiment(rows={"eval()": False, "eval() forgotten": True})
def forgotten(of_batch, seed, *, change="unchanged", batch_size=8, arrangements=2):
    """Predict the test images with running statistics, or with those of their batch.

    Parameters
    ----------
    of_batch : bool
        Use the statistics of random batches; otherwise the running ones.
    seed : int
        Of the net, the arrangements and the noise of a change.
    change : str
        Of the test images, as in `bn_lib.chapters.inference.setting.CHANGES`.
    batch_size : int
        Images that are predicted together; a divisor of 360, at least 2.
    arrangements : int
        How often to shuffle the batches.

    Returns
    -------
    ndarray, shape (seeds,)
        Accuracy.
    """
    data, rng = changed_digits(change, seed), np.random.default_rng(seed)
    model, x, y = trained(seed), data.x_test, data.y_test
    if not of_batch:
        return accuracy(model, x, y)
    classes = _in_shuffled_batches(model, x, rng, batch_size, arrangements)
    return np.mean(classes == y)


@experiment(rows={"BN": BatchNorm, "group norm": GROUP_NORM, "plain": None})
def sorted_batches(norm, seed, *, one_class=True, steps=100, batch_size=60, lr=0.1):
    """Train on batches of a single class, the class drawn anew at each step.

    Parameters
    ----------
    norm : callable or None
        Stands before each activation.
    seed : int
        Of the weights and batches.
    one_class : bool
        Otherwise the batches are mixed.
    steps, batch_size, lr
        As in `bn_lib.training.train`.

    Returns
    -------
    test : ndarray, shape (seeds,)
        Accuracy after the training.
    training : ndarray, shape (seeds,)
        Accuracy on the training batches themselves, in training mode, over the second
        half of the steps.
    """
    data, rng = load_digits(centered=True), np.random.default_rng(seed)
    model = mlp(seed, depth=2, norm=norm)
    drawn = islice(_draw(data.y_train, batch_size, rng, one_class), steps)
    right = learn(model, data.x_train, data.y_train, drawn, lr)
    return {
        "test": accuracy(model, data.x_test, data.y_test),
        "training": np.mean(right[steps // 2 :]),
    }


def _draw(labels, batch_size, rng, one_class):
    """Yield the rows of a batch, without end."""
    members = by_class(labels)
    while True:
        pool = members[rng.integers(10)] if one_class else len(labels)
        yield rng.choice(pool, batch_size, replace=False)


@experiment(rows={"BN": partial(GhostBatchNorm, ghost=PART), "group norm": GROUP_NORM})
def leak(norm, seed, *, one_class=True, empty="labelled", steps=100, lr=0.1):
    """Train where the mates of an empty image give its label away.

    Each batch has ten parts of 12 samples, and batch norm takes its statistics over each
    part, as on ten machines. Half the samples of a part are digits; the other half are
    empty images, with labels of such digits.

    Parameters
    ----------
    norm : callable
        Stands before each activation.
    seed : int
        Of the weights and batches.
    one_class : bool
        All labels of a part are the same, another one in each part. Otherwise the
        samples of a batch are shuffled over its parts.
    empty : str
        In the training, labels of the empty images are those of their mates
        (``"labelled"``) or random, so that no mate tells them (``"random labels"``), or
        all 12 samples of a part are digits (``"none"``).
    steps, lr
        As in `bn_lib.training.train`.

    Returns
    -------
    empty with mates, empty in eval, digits with mates, digits in eval
        Each an ndarray of shape (seeds,): accuracy on test batches drawn alike, of the
        empty images and of the digits; with the statistics of each part, and with
        running ones.

    References
    ----------
    Y. Wu and J. Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 6; K. He et
    al., "Momentum Contrast for Unsupervised Visual Representation Learning", 2020,
    section 3.3, on shuffling.
    """
    data, rng = load_digits(centered=True), np.random.default_rng(seed)
    model = mlp(seed, depth=2, norm=norm)
    x, y = _with_empty(data.x_train, data.y_train)
    if empty == "random labels":
        y[len(data.y_train) :] = rng.permutation(data.y_train)
    without = empty == "none"
    drawn = (_parts(data.y_train, rng, one_class, without) for _ in range(steps))
    learn(model, x, y, drawn, lr)

    x, y = _with_empty(data.x_test, data.y_test)
    rows = np.array([_parts(data.y_test, rng, one_class) for _ in range(10)])
    together = [np.arange(rows.shape[1])]
    with_mates = np.array([predict_by_batch(model, x[batch], together) for batch in rows])
    in_eval = model.eval()(x).argmax(axis=1)[rows]
    blank = rows >= len(data.y_test)
    return {
        f"{name} {how}": np.mean((classes == y[rows])[chosen])
        for name, chosen in (("empty", blank), ("digits", ~blank))
        for how, classes in (("with mates", with_mates), ("in eval", in_eval))
    }


def _with_empty(x, y):
    """Append an image without ink, centered like all others, for each label."""
    empty = -load_digits().x_train.mean(axis=0)
    return np.concatenate([x, np.tile(empty, (len(x), 1))]), np.tile(y, 2)


def _parts(labels, rng, one_class, without_empty=False):
    """Draw the rows of a batch, half of them of the empty images of `_with_empty`."""
    members = by_class(labels)
    rows = np.array([rng.choice(pool, PART, replace=False) for pool in members])
    if not without_empty:
        rows[:, : PART // 2] += len(labels)
    rows = rows.T.ravel()  # (10, 12) -> (120,): sample i is in part i modulo 10
    return rows if one_class else rng.permutation(rows)
