"""What the chapter's experiments share: the net, how it learns, changed digits.

The net is 64 → 100 → 100 → 10 with a batch norm before each ReLU, on the centered 8×8
digits, and accuracy is that on the 360 test images in evaluation mode, unless said
otherwise.
"""

from copy import deepcopy
from dataclasses import replace
from functools import cache, partial

import numpy as np

from bn_lib.course.experiment import fit
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp
from bn_lib.training import SGD, cross_entropy

__all__ = [
    "CHANGES",
    "by_class",
    "changed_digits",
    "full_batches",
    "learn",
    "predict_by_batch",
    "trained",
]


def _bright_bar(x, rng):
    images = x.reshape(-1, 8, 8).copy()
    images[:, 3:5] = 1.0
    return images.reshape(-1, 64)


def _blurred(x, rng):
    images = x.reshape(-1, 8, 8)
    for _ in range(2):
        wide = np.pad(images, ((0, 0), (1, 1), (1, 1)))
        moved = [wide[:, i : i + 8, j : j + 8] for i in range(3) for j in range(3)]
        images = np.mean(moved, axis=0)
    return images.reshape(-1, 64)


def _noisy(x, rng, std):
    return x + rng.normal(0.0, std, x.shape)


CHANGES = {
    "unchanged": lambda x, rng: x,
    "darker and hazy": lambda x, rng: 0.3 * x + 0.5,
    "more contrast": lambda x, rng: 3.0 * x - 1.0,
    "inverted": lambda x, rng: 1.0 - x,
    "mirrored": lambda x, rng: x.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64),
    "bright bar": _bright_bar,
    "blurred": _blurred,
    "noise 0.2": partial(_noisy, std=0.2),
    "noise 0.4": partial(_noisy, std=0.4),
}
"""What may happen to raw images: functions of x of shape (N, 64), from 0 to 1, and an
rng. The bar hides the two middle rows; blurring takes the mean of 3×3 pixels, twice, with
0 around the image."""


def changed_digits(change, seed):
    """Change the raw digits, then subtract the mean image that the net was trained with.

    Parameters
    ----------
    change : str
        Key of `CHANGES`.
    seed : int
        Of the noise.

    Returns
    -------
    Dataset
        As the net gets them where the camera changes and nothing else does: the mean
        image is that of the unchanged training part.
    """
    raw, rng = load_digits(), np.random.default_rng(seed)
    x_train, x_test = (CHANGES[change](x, rng) for x in (raw.x_train, raw.x_test))
    mean = raw.x_train.mean(axis=0)
    return replace(raw, x_train=x_train - mean, x_test=x_test - mean)


@cache
def _trained(seed, batch_size, lr, steps):
    model = mlp(seed, depth=2, norm=BatchNorm)
    fit(model, seed, steps=steps, batch_size=batch_size, lr=lr)
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


def learn(model, x, y, drawn, lr):
    """Learn from given batches, each layer in the mode that it is in.

    Parameters
    ----------
    model : Layer
        Updated in place by SGD.
    x : ndarray, shape (N, D)
        Inputs.
    y : ndarray of ints, shape (N,)
        Their classes.
    drawn : iterable of ndarray of ints
        Rows of each batch.
    lr : float
        Learning rate.

    Returns
    -------
    ndarray, shape (steps,)
        Accuracy on each batch, before its update.
    """
    optimizer, right = SGD(model, lr), []
    for rows in drawn:
        logits = model(x[rows])
        right.append(np.mean(logits.argmax(axis=1) == y[rows]))
        model.backward(cross_entropy(logits, y[rows])[1])
        optimizer.step()
    return np.array(right)


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


def by_class(labels):
    """Sort rows by their class.

    Parameters
    ----------
    labels : ndarray of ints, shape (N,)
        Classes from 0 to 9.

    Returns
    -------
    list of ndarray of ints
        Rows of each class.
    """
    return [np.flatnonzero(labels == label) for label in range(10)]
