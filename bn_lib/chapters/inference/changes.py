"""When images or weights have changed: statistics taken afresh, kept, or one set each.

The net and the measure are those of `bn_lib.chapters.inference.setting`.
"""

from copy import deepcopy
from itertools import islice

import numpy as np

from bn_lib.chapters.inference.setting import (
    CHANGES,
    changed_digits,
    full_batches,
    learn,
    trained,
)
from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.inference import recalibrate
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp
from bn_lib.training import accuracy, batches

__all__ = ["fine_tuning", "moving_average", "recalibration", "two_domains", "undone"]


@experiment(rows=(*CHANGES, "pruned"))
def recalibration(change, seed, *, pruned=0.9):
    """Change images or weights, then compute the running statistics anew.

    Parameters
    ----------
    change : str
        Of the images, as in `CHANGES`, or ``"pruned"``, of the weights.
    seed : int
        Of the trained net and of noise.
    pruned : float
        Share of each hidden layer's smallest weights that is set to zero.

    Returns
    -------
    before, after : ndarray, shape (seeds,)
        Accuracy; the new statistics are those of training images, changed likewise.

    References
    ----------
    Y. Li et al., "Revisiting Batch Normalization for Practical Domain Adaptation",
    2016; B. Li et al., "EagleEye: Fast Sub-net Evaluation for Efficient Neural Network
    Pruning", 2020, for pruned weights.
    """
    data = changed_digits(change if change in CHANGES else "unchanged", seed)
    model = trained(seed)
    if change == "pruned":
        _prune(model, pruned)
    before = accuracy(model, data.x_test, data.y_test)
    recalibrate(model, full_batches(data.x_train, 200))
    return {"before": before, "after": accuracy(model, data.x_test, data.y_test)}


def _prune(model, share):
    for linear in (model[0], model[3]):
        size = np.abs(linear.weight)
        linear.weight[size < np.quantile(size, share)] = 0


@experiment(rows=("darker and hazy", "more contrast"))
def undone(change, seed, *, eps=1e-12):
    """Change scale and shift of the images, and take the statistics from such images.

    Parameters
    ----------
    change : str
        Key of `CHANGES`.
    seed : int
        Of the trained net.
    eps : float
        That of batch norm, after the training.

    Returns
    -------
    ndarray, shape (seeds,)
        Largest difference of a logit from that of the unchanged image, with statistics
        of unchanged images, as a share of the largest logit.
    """
    model = trained(seed)
    model[1].eps = model[4].eps = eps

    def logits(change):
        data = changed_digits(change, seed)
        return recalibrate(model, full_batches(data.x_train, 200)).eval()(data.x_test)

    before, after = logits("unchanged"), logits(change)
    return np.abs(after - before).max() / np.abs(before).max()


@experiment(seeds=range(5))
def moving_average(
    seed, *, depth=2, activation="relu", lr=0.1, decay=0.98, start=0, every=1, steps=200
):
    """Average a net over its training, but its parameters alone.

    The average starts as a copy of the untrained net and is never run, so it keeps that
    net's running statistics, a mean of 0 and a variance of 1.

    Parameters
    ----------
    seed : int
        Of the weights and the order of the samples.
    depth, activation
        As in `bn_lib.models.mlp`.
    lr, steps
        As in `bn_lib.training.train`, with batches of 60.
    decay : float or None
        Share of the average that each snapshot keeps. None takes the equal average of
        all snapshots, as SWA does.
    start, every : int
        The first snapshot comes `every` updates after `start`, and so do the others.

    Returns
    -------
    trained : ndarray, shape (seeds,)
        Accuracy of the net itself.
    before, with the net's, after : ndarray, shape (seeds,)
        Accuracy of the average with the statistics of the untrained net, with those of
        the trained one, which torch's `AveragedModel` keeps, and with its own.

    References
    ----------
    P. Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
    Generalization", 2018, section 3.2.
    """
    data = load_digits(centered=True)
    model = mlp(seed, depth=depth, activation=activation, norm=BatchNorm)
    average = deepcopy(model)
    pairs = list(
        zip(average.parameters().values(), model.parameters().values(), strict=True)
    )

    def follow(step, model):
        taken, rest = divmod(step - start, every)
        if taken > 0 and rest == 0:
            weight = 1 / taken if decay is None else 1 - decay
            for mean, value in pairs:
                mean += weight * (value - mean)

    def right(model):
        return accuracy(model, data.x_test, data.y_test)

    fit(model, seed, steps=steps, batch_size=60, lr=lr, on_step=follow)
    found = {"trained": right(model), "before": right(average)}
    statistics = {
        name: value for name, value in model.state_dict().items() if "running" in name
    }
    average.load_state_dict(average.state_dict() | statistics)
    found["with the net's"] = right(average)
    recalibrate(average, full_batches(data.x_train, 200))
    return found | {"after": right(average)}


@experiment(rows=("alternating", "mixed"))
def two_domains(how, seed, *, change="inverted", steps=200, batch_size=60, lr=0.1):
    """Train one net on digits and on changed digits.

    Parameters
    ----------
    how : str
        ``"alternating"``: every other batch is of changed digits alone. ``"mixed"``:
        each batch is drawn from both.
    seed : int
        Of the weights, batches and noise.
    change : str
        Key of `CHANGES`.
    steps, batch_size, lr
        As in `bn_lib.training.train`.

    Returns
    -------
    shared, own : ndarray, shape (seeds, 2)
        Accuracy on digits and on changed digits; with the running statistics of the
        training, and with statistics of the training images of that domain alone.

    References
    ----------
    C. Xie et al., "Adversarial Examples Improve Image Recognition", 2020, where each
    domain has its own gamma and beta too.
    """
    domains = load_digits(centered=True), changed_digits(change, seed)
    x = np.concatenate([data.x_train for data in domains])
    y = np.concatenate([data.y_train for data in domains])
    rng = np.random.default_rng(seed)
    drawn = (
        batches(len(x), batch_size, rng)
        if how == "mixed"
        else _alternating(len(x) // 2, batch_size, rng)
    )
    model = mlp(seed, depth=2, norm=BatchNorm)
    learn(model, x, y, islice(drawn, steps), lr)
    shared = [accuracy(model, data.x_test, data.y_test) for data in domains]
    own = [
        accuracy(
            recalibrate(model, full_batches(data.x_train, 200)), data.x_test, data.y_test
        )
        for data in domains
    ]
    return {"shared": shared, "own": own}


def _alternating(samples, batch_size, rng):
    """Yield the rows of a batch of each domain in turn, without end."""
    first, second = (batches(samples, batch_size, rng) for _ in range(2))
    while True:
        yield next(first)
        yield samples + next(second)


@experiment(rows=("before", "frozen", "not frozen", "not frozen, recalibrated"))
def fine_tuning(norms, seed, *, change="mirrored", batch_size=2, steps=100, lr=0.02):
    """Fine-tune a trained net on changed images, batch norm frozen or not.

    Parameters
    ----------
    norms : str
        ``"frozen"``: they stay in evaluation mode, so the running statistics of the
        pretraining normalize, while gamma and beta still learn. ``"not frozen"``: the
        batch normalizes; the running statistics, which the accuracy takes, follow with
        momentum 0.1, or are taken anew from large batches of the changed training images
        where it says recalibrated. ``"before"``: nothing is fine-tuned.
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
    data, model = changed_digits(change, seed), trained(seed)
    drawn = batches(len(data.x_train), batch_size, np.random.default_rng(seed))
    if norms == "frozen":
        model[1].eval()
        model[4].eval()
    if norms != "before":
        learn(model, data.x_train, data.y_train, islice(drawn, steps), lr)
    if norms == "not frozen, recalibrated":
        recalibrate(model, full_batches(data.x_train, 200))
    return accuracy(model, data.x_test, data.y_test)
