"""The gradient through batch norm: what it cannot see, and what breaks it.

Every network is a small fully connected one on the 8×8 digits, in float64.
"""

from functools import partial

import numpy as np

from bn_lib.chapters.backward.layers import DetachedBatchNorm
from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Linear
from bn_lib.models import mlp
from bn_lib.training import cross_entropy

__all__ = ["cosines", "detached"]

DETACHED = {
    "BN": (),
    "mean detached": ("mean",),
    "variance detached": ("var",),
    "both detached": ("mean", "var"),
}


@experiment(rows=DETACHED)
def cosines(
    detached,
    seed,
    *,
    activation="relu",
    depth=3,
    width=100,
    std=None,
    eps=1e-5,
    batch_size=60,
):
    """Send one batch through a net and back, and see what the gradients are orthogonal to.

    Parameters
    ----------
    detached : collection of str
        As in `DetachedBatchNorm`, which stands before each activation.
    seed : int
        Of the weights and the batch.
    activation, depth, width, std
        As in `bn_lib.models.mlp`.
    eps : float
        That of batch norm.
    batch_size : int
        Digits in the batch.

    Returns
    -------
    ones, xhat : ndarray, shape (seeds, depth)
        Size of the cosine between the gradient by the input of a unit's batch norm and a
        vector of ones, or the normalized input; the largest in the layer.
    weight : ndarray, shape (seeds, depth)
        The same between a unit's weights in front of the norm and their gradient.
    """
    data, rng = load_digits(centered=True), np.random.default_rng(seed)
    norm = partial(DetachedBatchNorm, detached=detached, eps=eps)
    model = mlp(rng, depth=depth, width=width, activation=activation, std=std, norm=norm)
    batch = rng.choice(len(data.x_train), batch_size, replace=False)
    _, dout = cross_entropy(model(data.x_train[batch]), data.y_train[batch])
    found = {"ones": [], "xhat": [], "weight": []}
    for layer in model.layers[::-1]:
        dout = layer.backward(dout)
        if isinstance(layer, BatchNorm):
            xhat = layer._cache.normalized.xhat
            found["ones"].append(_largest_cosine(dout, np.ones_like(xhat)))
            found["xhat"].append(_largest_cosine(dout, xhat))
        elif isinstance(layer, Linear):
            gradient = layer.gradients()["weight"]
            found["weight"].append(_largest_cosine(layer.weight.T, gradient.T))
    del found["weight"][0]  # there is no norm behind the output layer
    return {name: values[::-1] for name, values in found.items()}


def _largest_cosine(a, b):
    """Compare column by column; a gradient of exactly 0 has no direction."""
    along = np.abs(np.sum(a * b, axis=0))
    lengths = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    return np.max(along[lengths > 0] / lengths[lengths > 0])


@experiment(rows=DETACHED)
def detached(
    detached,
    seed,
    *,
    activation="relu",
    depth=3,
    width=100,
    std=None,
    lr=0.3,
    steps=200,
    batch_size=60,
):
    """Train a net whose backward takes some statistics as constants.

    Parameters
    ----------
    detached : collection of str
        As in `DetachedBatchNorm`, which stands before each activation.
    seed : int
        Of the weights and of the order of samples.
    activation, depth, width, std
        As in `bn_lib.models.mlp`.
    lr, steps, batch_size
        As in `bn_lib.training.train`.

    Returns
    -------
    stored, batch : ndarray, shape (seeds,)
        Test accuracy with the statistics stored in training, and with those of the test
        part as one batch.
    bias : ndarray, shape (seeds,)
        How far the biases in front of the norms are from 0, where they started, in
        standard deviations of the sums that they are part of: root mean square.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization", 2015, section 2: a bias that grows while
    the loss stays.
    """
    data = load_digits(centered=True)
    norm = partial(DetachedBatchNorm, detached=detached)
    model = mlp(seed, depth=depth, width=width, activation=activation, std=std, norm=norm)
    options = {"steps": steps, "batch_size": batch_size, "lr": lr}
    history = fit(model, seed, data=data, **options)
    x, moves = data.x_test, []
    for layer in model.train().layers[:-1]:
        x = layer(x)
        if isinstance(layer, Linear):
            moves.append(layer.bias / x.std(axis=0))
    logits = model.layers[-1](x)
    return {
        "stored": history.test_accuracy[-1],
        "batch": np.mean(logits.argmax(axis=1) == data.y_test),
        "bias": np.sqrt(np.mean(np.square(moves))),
    }
