"""One large batch in parts: gradients added up, and statistics shared."""

import numpy as np

from bn_lib import functional
from bn_lib.chapters.scale.sync import sync_normalize, sync_normalize_backward
from bn_lib.course.experiment import experiment, relative_change
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, GroupNorm, LayerNorm
from bn_lib.models import mlp
from bn_lib.training import cross_entropy

__all__ = ["accumulation", "synchronization"]

NORMS = {
    "plain": None,
    "batch": BatchNorm,
    "layer": LayerNorm,
    "group": lambda width: GroupNorm(width // 10, width),
}


@experiment(rows=NORMS)
def accumulation(norm, seed, *, parts=4, batch_size=60, frozen=False):
    """Compare the gradient of a batch with the mean of the gradients of its parts.

    Parameters
    ----------
    norm : callable or None
        Stands before each ReLU of an untrained 3×100 net.
    seed : int
        Of the weights and the choice of digits.
    parts : int
        In how many parts of equal size the batch is given.
    batch_size : int
        Samples in the batch, a multiple of `parts`.
    frozen : bool
        Whether the net is in evaluation mode, as with frozen batch norms.

    Returns
    -------
    ndarray, shape (seeds,)
        Relative change of the gradient by all parameters, taken as one vector.
    """
    rng = np.random.default_rng(seed)
    model = mlp(rng, norm=norm)
    if frozen:
        model.eval()
    digits = load_digits(centered=True)
    batch = rng.permutation(len(digits.x_train))[:batch_size]

    def gradient(rows):
        logits = model(digits.x_train[rows])
        model.backward(cross_entropy(logits, digits.y_train[rows])[1])
        return np.concatenate([part.ravel() for part in model.gradients().values()])

    accumulated = np.mean([gradient(rows) for rows in np.split(batch, parts)], axis=0)
    return relative_change(gradient(batch), accumulated)


@experiment()
def synchronization(seed, *, sizes=(15, 15, 15, 15), positions=(), spread=1.0):
    """Compare synchronized batch norm over parts with batch norm of the whole batch.

    Parameters
    ----------
    seed : int
        Of the normal input and the gradient.
    sizes : tuple of int
        Samples in each part.
    positions : tuple of int
        Sizes of the axes after the channel: () for (N, C), (4, 4) for images.
    spread : float
        Standard deviation of the means of the parts, 0 for shuffled data.

    Returns
    -------
    mean, variance, output, gradient : ndarray, shape (seeds,)
        Relative change from the whole batch to the parts; of the gradient by the input.
    alone : ndarray, shape (seeds,)
        The same of the output, when each part is normalized with its own statistics.
    """
    rng = np.random.default_rng(seed)
    shapes = [(size, 10, *positions) for size in sizes]
    parts = [rng.normal(spread * rng.normal(), 1.0, shape) for shape in shapes]
    douts = [rng.normal(size=shape) for shape in shapes]
    axes = (0, *range(2, 2 + len(positions)))
    xhat, whole = functional.normalize(np.concatenate(parts), axes)
    dx = functional.normalize_backward(np.concatenate(douts), whole)

    xhats, caches = sync_normalize(parts)
    dxs = sync_normalize_backward(douts, caches)
    alone = [functional.normalize(part, axes)[0] for part in parts]
    return {
        "mean": relative_change(whole.mean, caches[0].mean),
        "variance": relative_change(whole.var, caches[0].var),
        "output": relative_change(xhat, np.concatenate(xhats)),
        "gradient": relative_change(dx, np.concatenate(dxs)),
        "alone": relative_change(xhat, np.concatenate(alone)),
    }
