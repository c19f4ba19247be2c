"""The promised benefits of batch norm, each with the regime where it may fail.

All networks are NumPy MLPs on the centered 8×8 digits; those that are trained, in
float32.
"""

from dataclasses import replace
from functools import cache, partial

import numpy as np

from bn_lib.chapters.benefits.layers import FrozenLinear
from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, GhostBatchNorm, Linear, ReLU, Residual, Sequential
from bn_lib.models import mlp
from bn_lib.training import cross_entropy, evaluating

__all__ = [
    "at_chosen_rate",
    "gradient",
    "growth",
    "partly_trained",
    "steps_to_target",
    "trained",
]

NETS = {"plain": None, "BN": BatchNorm}


@cache
def _digits(scaled=False):
    digits = load_digits(centered=True, scaled=scaled)
    x_train, x_test = (x.astype(np.float32) for x in (digits.x_train, digits.x_test))
    return replace(digits, x_train=x_train, x_test=x_test)


def _net(norm, seed, eps=1e-5, **options):
    """Build an `mlp` in float32, its norms too."""
    if norm is not None:
        norm = partial(norm, eps=eps, dtype=np.float32)
    return mlp(seed, norm=norm, dtype=np.float32, **options)


def _order(seed):
    """Give the generator of the order of samples, apart from that of the weights."""
    return np.random.default_rng((seed, 1))


@experiment(rows=NETS)
def steps_to_target(
    norm,
    seed,
    *,
    activation="relu",
    depth=3,
    width=100,
    std=None,
    lr=0.1,
    target=0.9,
    limit=120,
    every=5,
    batch_size=60,
    scaled=False,
):
    """Train on digits until the test accuracy reaches a target.

    With sigmoids and small random weights the net is that of Ioffe and Szegedy, 2015,
    section 4.1, figure 1. Scaled down: 8×8 digits for MNIST, and 120 steps for 50,000.

    Parameters
    ----------
    norm : callable or None
        Stands before each activation.
    seed : int
        Of the weights and of the order of samples, which is drawn anew after each look
        at the accuracy.
    activation, depth, width, std
        As in `bn_lib.models.mlp`.
    lr, batch_size
        As in `bn_lib.training.train`.
    target : float
        Test accuracy to reach.
    limit : int
        Steps after which a run is given up; it then counts as this number, as does one
        that diverges.
    every : int
        Steps between two looks at the accuracy.
    scaled : bool
        As in `bn_lib.data.load_digits`; the pixels are centered.

    Returns
    -------
    ndarray of int, shape (seeds,)
        Steps to the target.
    """
    model = _net(norm, seed, activation=activation, depth=depth, width=width, std=std)
    order, options = _order(seed), {"steps": every, "batch_size": batch_size, "lr": lr}
    for done in range(every, limit + 1, every):
        history = fit(model, order, data=_digits(scaled), **options)
        if history.diverged:
            break
        if history.test_accuracy[-1] >= target:
            return done
    return limit


def at_chosen_rate(steps):
    """Pick the steps of each seed, at a learning rate chosen by the other seeds.

    Parameters
    ----------
    steps : ndarray, shape (learning rates, seeds)
        Those of one net, from `steps_to_target`; the rates from small to large.

    Returns
    -------
    ndarray, shape (seeds,)
        Steps of each seed at the rate whose mean over all the other seeds is the
        lowest; of two such rates, the smaller one.

    Notes
    -----
    The rate that suits a seed best would be chosen with the help of its own luck.
    """
    others = steps.sum(axis=1, keepdims=True) - steps  # (learning rates, seeds)
    return steps[others.argmin(axis=0), np.arange(steps.shape[1])]


@experiment(rows=NETS | {"ghost BN": partial(GhostBatchNorm, ghost=10)})
def trained(
    norm,
    seed,
    *,
    depth=3,
    width=100,
    std=None,
    eps=1e-5,
    skips=False,
    samples=None,
    lr=0.3,
    steps=100,
    batch_size=60,
):
    """Train a ReLU net on digits, or on few of them, and evaluate it at the end.

    The smaller the batch, the noisier are both SGD and the statistics of batch norm. The
    plain net has only the first of the two, and ghost batches of 10 change the second
    alone.

    Parameters
    ----------
    norm : callable or None
        Stands before each activation.
    seed : int
        Of the weights, of the order of samples, and of the choice of few.
    depth, width, std, skips
        As in `bn_lib.models.mlp`.
    eps : float
        That of batch norm.
    samples : int, optional
        Size of the training part, drawn anew for each seed; all by default.
    lr, steps, batch_size
        As in `bn_lib.training.train`.

    Returns
    -------
    accuracy : ndarray, shape (seeds,)
        Of the test part; 0.1, that of chance, where the training diverged.
    train_loss, test_loss : ndarray, shape (seeds,)
        Cross-entropy in nats, in evaluation mode; not finite where the training diverged.
    """
    data = _digits() if samples is None else _few(samples, seed)
    model = _net(norm, seed, eps, depth=depth, width=width, std=std, skips=skips)
    history = fit(model, _order(seed), data=data, steps=steps, batch_size=batch_size, lr=lr)
    parts = {"train": (data.x_train, data.y_train), "test": (data.x_test, data.y_test)}
    with evaluating(model), np.errstate(all="ignore"):
        losses = {
            f"{part}_loss": cross_entropy(model(x), y)[0] for part, (x, y) in parts.items()
        }
    return losses | {"accuracy": 0.1 if history.diverged else history.test_accuracy[-1]}


def _few(samples, seed):
    digits = _digits()
    rng = np.random.default_rng((seed, 2))
    kept = rng.permutation(len(digits.x_train))[:samples]
    return replace(digits, x_train=digits.x_train[kept], y_train=digits.y_train[kept])


# Whether gamma and beta are trained, and whether the head is.
LEARNING = {
    "gamma and beta": (True, False),
    "head": (False, True),
    "gamma, beta and head": (True, True),
}


@experiment(rows=LEARNING)
def partly_trained(
    learning,
    seed,
    *,
    depth=3,
    width=100,
    learning_norms=None,
    lr=1.0,
    steps=150,
    batch_size=60,
):
    """Train a part of a ReLU net with batch norm; the rest stays as it was drawn.

    Frankle, Schwab and Morcos ("Training BatchNorm and Only BatchNorm", 2021) train the
    gammas and betas of convolutional residual nets alone. The head alone learns from
    random features.

    Parameters
    ----------
    learning : tuple of bool
        Whether gamma and beta are trained, and whether the head is, the last layer.
    seed : int
        Of the weights and of the order of samples.
    depth, width
        As in `bn_lib.models.mlp`; the width is not 10.
    learning_norms : int, optional
        How many norms, from the lowest up, have a gamma and a beta to train; all by
        default.
    lr, steps, batch_size
        As in `bn_lib.training.train`.

    Returns
    -------
    ndarray, shape (seeds,)
        Test accuracy.
    """
    affine, head = learning

    def linear(inputs, outputs, **options):
        learns = head and outputs != width
        return (Linear if learns else FrozenLinear)(inputs, outputs, **options)

    few = depth if learning_norms is None else learning_norms
    learns = iter([affine] * few + [False] * (depth - few))

    def norm(width, **options):
        return BatchNorm(width, affine=next(learns), **options)

    model = _net(norm, seed, depth=depth, width=width, linear=linear)
    options = {"steps": steps, "batch_size": batch_size, "lr": lr}
    return fit(model, _order(seed), data=_digits(), **options).test_accuracy[-1]


@experiment(rows=NETS)
def gradient(norm, seed, *, skips=False, depth=40, width=100, batch_size=256):
    """Send one random gradient down through a fresh ReLU net with He initialization.

    After Yang et al., "A Mean Field Theory of Batch Normalization", 2019, who let the
    width go to infinity.

    Parameters
    ----------
    norm : callable or None
        Stands before each ReLU.
    seed : int
        Of the weights, the batch and the gradient.
    skips : bool
        Put a skip around each block of norm, ReLU and Linear.
    depth, width : int
        Blocks, and units in each layer.
    batch_size : int
        Samples in the one batch.

    Returns
    -------
    ndarray, shape (seeds, depth + 1)
        Squared norm of the gradient by the input of each block, from the lowest up; the
        last one is that of the random gradient sent in at the top.
    """
    data, rng = load_digits(centered=True), np.random.default_rng(seed)
    batch = rng.permutation(len(data.x_train))[:batch_size]
    x = Linear(64, width, rng=rng)(data.x_train[batch])
    kind = Residual if skips else Sequential
    blocks = []
    for _ in range(depth):
        norms = [norm(width)] if norm else []
        blocks.append(kind(*norms, ReLU(), Linear(width, width, rng=rng)))
        x = blocks[-1](x)
    dout = rng.normal(size=x.shape)
    squared = [np.sum(dout**2)]
    for block in reversed(blocks):
        dout = block.backward(dout)
        squared.append(np.sum(dout**2))
    return squared[::-1]


def growth(squared, lowest=10):
    """Average the growth of a gradient over the blocks on its way down.

    Parameters
    ----------
    squared : ndarray, shape (seeds, depth + 1)
        From `gradient`.
    lowest : int
        Blocks at the bottom that do not count: there the digits still show.

    Returns
    -------
    ndarray, shape (seeds,)
        Geometric mean of the growth of the squared norm from block to block.
    """
    blocks = squared.shape[1] - 1 - lowest
    return (squared[:, lowest] / squared[:, -1]) ** (1 / blocks)
