"""Dropout before batch norm: what it does to the variance, and to the accuracy."""

import math

import numpy as np

from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.inference import recalibrate
from bn_lib.layers import BatchNorm, Dropout, Linear, ReLU, Sequential
from bn_lib.training import accuracy, evaluating

__all__ = ["dropout", "dropout_law"]


@experiment()
def dropout(seed, *, rate=0.5, lr=0.1, steps=200, batch_size=60, width=100):
    """Train with dropout before batch norm, and compare training with evaluation.

    Linear → BN → ReLU three times, with dropout before the second and third. Li et al.
    (2019, "Understanding the Disharmony between Dropout and Batch Normalization by
    Variance Shift") study convolutional nets on CIFAR; this is a 3×100 net on digits.

    Parameters
    ----------
    seed : int
        Of the weights, the masks and the order of the samples.
    rate : float
        Of the dropout.
    lr, steps, batch_size
        As in `bn_lib.training.train`; at a learning rate of 0 the weights stay fresh,
        and only the running statistics are collected.
    width : int
        Units in each layer.

    Returns
    -------
    ratio : ndarray, shape (seeds, 3)
        For each batch norm, variance of its inputs in evaluation over its running
        variance, mean over the units. No dropout stands before the first, one before
        the second.
    accuracy : ndarray, shape (seeds,)
        Test accuracy as trained.
    recalibrated : ndarray, shape (seeds,)
        The same with running statistics measured again with dropout off.
    """
    data, net = load_digits(centered=True), _dropout_net(rate, width, seed)
    history = fit(net, seed, data=data, steps=steps, batch_size=batch_size, lr=lr)
    found = {
        "ratio": _variance_ratios(net, data.x_train),
        "accuracy": history.test_accuracy[-1],
    }
    recalibrate(net, [data.x_train])
    return found | {"recalibrated": accuracy(net, data.x_test, data.y_test)}


def dropout_law(rate):
    """Predict how much smaller the variance of a unit is without dropout before it.

    Parameters
    ----------
    rate : float
        Of the dropout, which divides what it keeps by ``1 - rate``.

    Returns
    -------
    float
        Variance in evaluation over variance in training of ``sum(w * a)``, where the a
        are ReLU features behind batch norm and the weights are fresh.

    Notes
    -----
    The masks are independent of each other and of the features, so that dropout adds
    ``rate / (1 - rate) * sum(w**2 * E[a**2])`` to the variance. Over independent weights
    of mean 0 the variance without it is ``sum(w**2 * Var[a])`` on average, however the
    features hang together. Those of a ReLU behind batch norm have E[a²] = 1/2 and
    Var[a] = 1/2 - 1/(2π), if its inputs are normal: their ratio is π/(π - 1).

    References
    ----------
    Li, Chen, Hu and Yang, "Understanding the Disharmony between Dropout and Batch
    Normalization by Variance Shift", 2019.

    Examples
    --------
    >>> [round(dropout_law(rate), 2) for rate in (0.1, 0.5, 0.8)]
    [0.86, 0.41, 0.15]
    """
    return 1 / (1 + rate / (1 - rate) * math.pi / (math.pi - 1))


def _dropout_net(rate, width, seed):
    rng = np.random.default_rng(seed)
    layers = [Linear(64, width, rng=rng), BatchNorm(width), ReLU()]
    for _ in range(2):
        layers.append(Dropout(rate, np.random.default_rng(rng.integers(2**32))))
        layers += [Linear(width, width, rng=rng), BatchNorm(width), ReLU()]
    return Sequential(*layers, Linear(width, 10, rng=rng))


def _variance_ratios(net, x):
    ratios = []
    with evaluating(net):
        for layer in net:
            if isinstance(layer, BatchNorm):
                ratios.append(np.mean(x.var(axis=0) / layer.running_var))
            x = layer(x)
    return ratios
