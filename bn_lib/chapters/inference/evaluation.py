"""Evaluation mode and what comes of it: batch mates, freezing, recalibration, folding.

The net is that of `bn_lib.chapters.inference.running_statistics`; accuracy is that on
the 360 test images, in evaluation mode unless said otherwise.
"""

from functools import partial
from itertools import islice

import numpy as np

from bn_lib.chapters.inference.running_statistics import (
    full_batches,
    predict_by_batch,
    trained,
)
from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.inference import fold, recalibrate
from bn_lib.layers import BatchNorm, GroupNorm, ReLU, Sequential
from bn_lib.models import mlp
from bn_lib.training import SGD, accuracy, batches, cross_entropy

__all__ = [
    "CHANGES",
    "alone",
    "fine_tuning",
    "folded",
    "mates",
    "recalibration",
    "sorted_batches",
]

CHANGES = {
    "darker and hazy": lambda x: 0.3 * x + 0.5,
    "inverted": lambda x: 1.0 - x,
    "mirrored": lambda x: x.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64),
}
"""What may happen to the images, each a function of x of shape (N, 64)."""

NORMS = {"BN": BatchNorm, "group norm": partial(GroupNorm, 10), "plain": None}


@experiment()
def mates(seed, *, batch_sizes=(4, 8, 180), arrangements=6):
    """Predict the test images with the statistics of batches of several kinds.

    Parameters
    ----------
    seed : int
        Of the net and the arrangements.
    batch_sizes : tuple of int
        Images that are predicted together; divisors of 360.
    arrangements : int
        How often to shuffle the mates.

    Returns
    -------
    accuracy : ndarray, shape (seeds,)
        A row for each kind of batch: ``"eval()"``, with running statistics; then the
        sizes from the last to the first, such as ``"batch of 4"``; and ``"batch of one
        class"``, where all mates, 35 to 37, are of the image's own class.
    changed answers : ndarray, shape (seeds,)
        Share of the images whose class differs between two random arrangements, or in
        a batch of one class from that with running statistics. Not in the first row.
    """
    data, rng = load_digits(), np.random.default_rng(seed)
    model, x, y = trained(seed).eval(), data.x_test, data.y_test

    def shuffled(size):
        orders = [rng.permutation(len(x)).reshape(-1, size) for _ in range(arrangements)]
        classes = np.array([predict_by_batch(model, x, order) for order in orders])
        changed = np.mean(classes[1:] != classes[:-1])
        return {"accuracy": np.mean(classes == y), "changed answers": changed}

    random = {f"batch of {size}": shuffled(size) for size in batch_sizes}
    right = model(x).argmax(axis=1)
    one_class = predict_by_batch(model, x, _by_class(y))
    return {
        "eval()": {"accuracy": np.mean(right == y)},
        **dict(reversed(random.items())),
        "batch of one class": {
            "accuracy": np.mean(one_class == y),
            "changed answers": np.mean(one_class != right),
        },
    }


def _by_class(labels):
    return [np.flatnonzero(labels == label) for label in range(10)]


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
    model, x = trained(seed).eval(), load_digits().x_test
    return {
        "difference": _difference(model(x), np.concatenate([model(row[None]) for row in x]))
    }


def _difference(a, b):
    return np.abs(a - b).max() / np.abs(a).max()


@experiment(rows=NORMS)
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
    data, rng = load_digits(), np.random.default_rng(seed)
    model = mlp(seed, depth=2, norm=norm)
    drawn = _draw(data.y_train, batch_size, rng, one_class)
    right = _update(model, data.x_train, data.y_train, islice(drawn, steps), lr)
    return {
        "test": accuracy(model, data.x_test, data.y_test),
        "training": np.mean(right[steps // 2 :]),
    }


def _draw(labels, batch_size, rng, one_class):
    """Yield the rows of a batch, without end."""
    members = _by_class(labels)
    while True:
        pool = members[rng.integers(10)] if one_class else len(labels)
        yield rng.choice(pool, batch_size, replace=False)


def _update(model, x, y, drawn, lr):
    """Learn from given batches, each layer in the mode that it is in; return accuracies."""
    optimizer, right = SGD(model, lr), []
    for rows in drawn:
        logits = model(x[rows])
        right.append(np.mean(logits.argmax(axis=1) == y[rows]))
        model.backward(cross_entropy(logits, y[rows])[1])
        optimizer.step()
    return right


@experiment(rows=("before", "frozen", "not frozen"))
def fine_tuning(norms, seed, *, change="mirrored", batch_size=2, steps=100, lr=0.02):
    """Fine-tune a trained net on changed images, batch norm frozen or not.

    Parameters
    ----------
    norms : str
        ``"frozen"``: they stay in evaluation mode, so the running statistics of the
        pretraining normalize, while gamma and beta still learn. ``"before"``: nothing
        is fine-tuned.
    seed : int
        Of the pretraining, with batches of 60, and of the fine-tuning's batches.
    change : str
        Key of `CHANGES`.
    batch_size, steps, lr
        Of the fine-tuning.

    Returns
    -------
    ndarray, shape (seeds,)
        Accuracy on the changed images.

    Notes
    -----
    Rounding grows so much during a training with batches of 2 that the accuracy of one
    seed differs by tenths between CPUs; compare means.
    """
    data, model = load_digits(), trained(seed)
    x_train, x_test = map(CHANGES[change], (data.x_train, data.x_test))
    drawn = batches(len(x_train), batch_size, np.random.default_rng(seed))
    if norms == "frozen":
        model[1].eval()
        model[4].eval()
    if norms != "before":
        _update(model, x_train, data.y_train, islice(drawn, steps), lr)
    return accuracy(model, x_test, data.y_test)


@experiment(rows=("unchanged", "darker and hazy", "inverted", "pruned", "averaged"))
def recalibration(change, seed, *, pruned=0.8, averaged=5, every=25, lr=0.5):
    """Change images or weights, then compute the running statistics anew.

    The average is stochastic weight averaging, scaled down from epochs of a
    convolutional net on CIFAR to `every` steps of this one.

    Parameters
    ----------
    change : str
        Of the images, as in `CHANGES`, or of the weights.
    seed : int
        Of the trained net.
    pruned : float
        Share of each hidden layer's smallest weights that is set to zero.
    averaged : int
        Snapshots in the weight average.
    every : int
        Updates from one snapshot to the next.
    lr : float
        Constant learning rate between the snapshots, above that of the training.

    Returns
    -------
    before, after : ndarray, shape (seeds,)
        Accuracy; the statistics are those of the training images, changed likewise.

    References
    ----------
    Y. Li et al., "Revisiting Batch Normalization for Practical Domain Adaptation",
    2016; P. Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
    Generalization", 2018.
    """
    data, model = load_digits(), trained(seed)
    change_images = CHANGES.get(change, lambda x: x)
    x_train, x_test = map(change_images, (data.x_train, data.x_test))
    if change == "pruned":
        _prune(model, pruned)
    if change == "averaged":
        _average(model, data, seed + 1, averaged, every, lr)
    before = accuracy(model, x_test, data.y_test)
    recalibrate(model, full_batches(x_train, 200))
    return {"before": before, "after": accuracy(model, x_test, data.y_test)}


def _prune(model, share):
    for linear in (model[0], model[3]):
        size = np.abs(linear.weight)
        linear.weight[size < np.quantile(size, share)] = 0


def _average(model, data, seed, count, every, lr):
    """Go on training, then average parameters and running statistics over snapshots."""
    states = []

    def keep(step, model):
        if step % every == 0:
            states.append(model.state_dict())

    how = {"steps": count * every, "batch_size": 60, "lr": lr, "on_step": keep}
    fit(model, seed, data=data, **how)
    mean = {name: np.mean([s[name] for s in states], axis=0) for name in states[0]}
    counts = {name: states[-1][name] for name in mean if name.endswith("tracked")}
    model.load_state_dict(mean | counts)


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
    model, x = trained(seed).eval(), load_digits().x_test
    first, second = fold(model[0], model[1]), fold(model[3], model[4])
    folded = Sequential(first, ReLU(), second, ReLU(), model[6])
    return {
        "one layer": _difference(model[1](model[0](x)), first(x)),
        "whole net": _difference(model(x), folded(x)),
    }
