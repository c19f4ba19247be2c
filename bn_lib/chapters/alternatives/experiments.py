"""Batch norm beside layer, group, instance and RMS norm: what each depends on.

Each experiment changes one thing, the batch size, the batch mates, the padding or the
contrast, and measures what becomes of the output or of the accuracy. The digits are
centered, except where an image's own contrast is the question.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from bn_lib import functional
from bn_lib.chapters.alternatives.layers import Images, PartialBatchNorm, Reshape, Rows
from bn_lib.course.experiment import experiment, fit, relative_change
from bn_lib.data import Dataset, load_digits
from bn_lib.inference import recalibrate
from bn_lib.layers import (
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    Linear,
    ReLU,
    RMSNorm,
    Sequential,
)
from bn_lib.models import mlp
from bn_lib.training import accuracy as measure_accuracy

__all__ = [
    "accuracy",
    "contrast_change",
    "contrast_task",
    "gradient_share",
    "group_norm_extremes",
    "other_mates",
    "padding",
    "rms_against_layer",
    "same_samples",
]

NORMS = {
    "plain": None,
    "batch": BatchNorm,
    "layer": LayerNorm,
    "group": lambda width: GroupNorm(width // 10, width),
    "rms": RMSNorm,
    "mean only": partial(PartialBatchNorm, scale=False),
    "std only": partial(PartialBatchNorm, center=False),
}


@experiment(rows=NORMS)
def accuracy(
    norm,
    seed,
    *,
    net="mlp",
    depth=3,
    activation="relu",
    std=None,
    mean=0.0,
    lr=1.0,
    steps=100,
    batch_size=60,
    recalibrated=False,
):
    """Train a small net on the digits.

    Salimans and Kingma (2016, section 5.1) use mean-only batch norm together with weight
    normalization, in a convolutional net on CIFAR-10. Here it stands alone.

    Parameters
    ----------
    norm : callable or None
        Stands before each activation.
    seed : int
        Of the weights and the order of the samples.
    net : str
        ``"mlp"``, hidden layers of 100 units; or ``"patches"``, two convolutions
        (kernel 2, stride 2) with ReLU. Statistics of batch norm and group norm are over
        positions too; the other norms take each position by itself.
    depth, activation, std
        Of the mlp, see `bn_lib.models.mlp`.
    mean : float
        Added to all initial weights of the mlp, so that the units of a layer get a
        common part.
    lr, steps, batch_size
        As in `bn_lib.training.train`.
    recalibrated : bool
        Take the running statistics anew from the whole training part, as one batch.

    Returns
    -------
    ndarray, shape (seeds,)
        Test accuracy.

    Raises
    ------
    ValueError
        If the net is none of the two.
    """
    if net not in ("mlp", "patches"):
        raise ValueError(f"expected the net 'mlp' or 'patches', got {net!r}")
    rng = np.random.default_rng(seed)
    if net == "mlp":
        linear = partial(_shifted_linear, mean=mean)
        net = {"depth": depth, "activation": activation, "std": std, "linear": linear}
        model = mlp(rng, norm=norm, **net)
        data = load_digits(centered=True)
    else:
        model, data = _patch_net(norm, rng), _patches()
    fit(model, rng, data=data, lr=lr, steps=steps, batch_size=batch_size)
    if recalibrated:
        recalibrate(model, [data.x_train])
    with np.errstate(all="ignore"):  # of a training that diverged
        return measure_accuracy(model, data.x_test, data.y_test)


def _shifted_linear(*sizes, mean, **options):
    linear = Linear(*sizes, **options)
    linear.weight += mean
    return linear


def same_samples(batch_size, epochs=1, lr=0.1):
    """Choose the options of `accuracy` that make batch sizes comparable.

    Wu and He (2018) train ResNet-50 on ImageNet for 100 epochs with batches of 2 to 32
    and a learning rate proportional to the batch size. The rule is theirs, the epochs
    fewer.

    Parameters
    ----------
    batch_size : int
        Samples in a batch.
    epochs : int
        How often each sample is seen.
    lr : float
        Learning rate at a batch size of 32.

    Returns
    -------
    dict
        With steps, batch_size and lr.

    Examples
    --------
    >>> same_samples(2, epochs=3)
    {'steps': 2154, 'batch_size': 2, 'lr': 0.00625}
    """
    steps = epochs * (len(load_digits().y_train) // batch_size)
    return {"steps": steps, "batch_size": batch_size, "lr": lr * batch_size / 32}


def _patch_net(norm, rng):
    """Build two convolutions, kernel 2 and stride 2, as linear layers on patches."""

    def activated(width, positions):
        made = [norm(width)] if norm else []
        if made and isinstance(made[0], GroupNorm):  # its statistics are those of an image
            made = [Images(positions), *made, Rows()]
        return [*made, ReLU()]

    return Sequential(
        Reshape(4),  # (N, 64) -> (16 N, 4)
        Linear(4, 20, bias=False, rng=rng),
        *activated(20, 16),
        Reshape(80),  # (16 N, 20) -> (4 N, 80)
        Linear(80, 60, bias=False, rng=rng),
        *activated(60, 4),
        Reshape(240),  # (4 N, 60) -> (N, 240)
        Linear(240, 10, rng=rng),
    )


def _patch_order(x):
    """Sort the pixels of (N, 64) so that 2×2 patches, and 2×2 patches of those, adjoin."""
    bits = x.reshape(-1, *[2] * 6)  # three bits of the row, three of the column
    return bits.transpose(0, 1, 4, 2, 5, 3, 6).reshape(-1, 64)


def _patches():
    digits = load_digits(centered=True)
    x_train, x_test = _patch_order(digits.x_train), _patch_order(digits.x_test)
    return replace(digits, x_train=x_train, x_test=x_test)


@experiment()
def gradient_share(seed, *, positions=(), batch_sizes=(2, 4, 8, 32), channels=2000):
    """Send a random normal gradient through batch norm, apart from the scale 1/σ.

    Parameters
    ----------
    seed : int
        Of the normal input and the gradient.
    positions : tuple of int
        Sizes of the axes after the channel: () for (N, C), (4, 4) for images.
    batch_sizes : tuple of int
        The batch sizes.
    channels : int
        How many channels to average over.

    Returns
    -------
    left : ndarray, shape (seeds, len(batch_sizes))
        Share of its squared length that comes through.
    """
    shapes = [(batch_size, channels, *positions) for batch_size in batch_sizes]
    return {"left": [_share_left(shape, seed) for shape in shapes]}


def _share_left(shape, seed):
    rng = np.random.default_rng(seed)
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    axes = (0, *range(2, x.ndim))
    _, kept = functional.normalize(x, axes)
    dx = functional.normalize_backward(dout, kept) / kept.rstd
    return np.mean((dx**2).sum(axis=axes) / (dout**2).sum(axis=axes))


@experiment(rows=NORMS)
def other_mates(norm, seed, *, kept=8, exchanged=24):
    """Send some digits through an untrained 3×100 net twice, with other batch mates.

    Parameters
    ----------
    norm : callable or None
        Stands before each activation.
    seed : int
        Of the weights and the choice of digits.
    kept, exchanged : int
        Digits that stay, and digits that are exchanged.

    Returns
    -------
    train, eval : ndarray, shape (seeds,)
        Relative change of the logits of the digits that stay, in either mode.
    train to eval : ndarray, shape (seeds,)
        The same with the same mates, from training to evaluation mode.
    """
    rng = np.random.default_rng(seed)
    model = mlp(rng, norm=norm)
    digits = load_digits(centered=True).x_train
    chosen = rng.permutation(digits)[: kept + 2 * exchanged]
    same, first, second = np.split(chosen, [kept, kept + exchanged])
    batches = np.concatenate([same, first]), np.concatenate([same, second])

    def logits():
        return [model(batch)[:kept] for batch in batches]

    training = logits()
    model.eval()
    evaluation = logits()
    return {
        "train": relative_change(*training),
        "eval": relative_change(*evaluation),
        "train to eval": relative_change(training[0], evaluation[0]),
    }


def _masked_batch_norm(x, real):
    """Normalize (N, L, C) with the statistics of the real tokens; padding stays 0."""
    y = np.zeros_like(x)
    y[real], _ = functional.normalize(x[real], axes=0)
    return y


SEQUENCE_NORMS = {
    "batch": lambda x, real: functional.normalize(x, axes=(0, 1))[0],
    "masked batch": _masked_batch_norm,
    "layer": lambda x, real: functional.normalize(x, axes=2)[0],
}


@experiment(rows=SEQUENCE_NORMS)
def padding(norm, seed, *, features=16, kept=4, mates=28, added=8, short=3):
    """Pad sequences, or shorten the other ones, and compare what should stay.

    A digit is a sequence of eight rows, projected to random features. Batch norm is
    over batch and positions, masked batch norm over real positions, layer norm over
    each token.

    Parameters
    ----------
    norm : callable
        ``norm(x, real)`` normalizes (N, L, C); real, of shape (N, L), is False at
        padding.
    seed : int
        Of the projection and the choice of digits.
    features : int
        Features of a token, C.
    kept, mates : int
        Sequences whose output is compared, and the others in the batch.
    added : int
        Zero positions appended to all sequences for "more padding".
    short : int
        Rows left of the mates for "shorter mates"; the rest is zeros.

    Returns
    -------
    more padding, shorter mates : ndarray, shape (seeds,)
        Relative change at the real positions of the kept sequences.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(load_digits(centered=True).x_train)[: kept + mates]
    weight = rng.normal(size=(8, features))
    tokens = rows.reshape(-1, 8, 8) @ weight + rng.normal(size=features)  # (N, L, C)
    real = np.ones(tokens.shape[:2], bool)  # (N, L)
    before = norm(tokens, real)[:kept]

    padded = np.pad(tokens, [(0, 0), (0, added), (0, 0)])
    padded_real = np.pad(real, [(0, 0), (0, added)])
    shorter_real = real.copy()
    shorter_real[kept:, short:] = False
    shorter = tokens * shorter_real[:, :, None]
    return {
        "more padding": relative_change(before, norm(padded, padded_real)[:kept, :8]),
        "shorter mates": relative_change(before, norm(shorter, shorter_real)[:kept]),
    }


# As instance norm has no parameters here, batch norm gets none either.
IMAGE_NORMS = {"instance": InstanceNorm, "batch": partial(BatchNorm, affine=False)}


@experiment(rows=IMAGE_NORMS)
def contrast_change(norm, seed, *, contrast=1.0, brightness=0.0, eps=1e-5):
    """Turn half of 32 digits into ``contrast * x + brightness``, and normalize all.

    Parameters
    ----------
    norm : callable
        Makes the norm from the number of channels, 1, and eps.
    seed : int
        Of the choice of digits.
    contrast, brightness : float
        The change.
    eps : float
        Of the norm.

    Returns
    -------
    ndarray, shape (seeds,)
        Relative change of the changed digits after the norm.
    """
    digits = load_digits(as_images=True).x_train
    before = np.random.default_rng(seed).permutation(digits)[:32]
    after = before.copy()
    after[:16] = contrast * before[:16] + brightness
    return relative_change(*(norm(1, eps=eps)(images)[:16] for images in (before, after)))


@experiment(rows=IMAGE_NORMS)
def contrast_task(
    norm,
    seed,
    *,
    task="nuisance",
    contrast=0.5,
    brightness=0.5,
    rows_dimmed=8,
    lr=0.3,
    steps=100,
    batch_size=60,
    width=64,
):
    """Train a net of one hidden layer that first normalizes the image.

    Parameters
    ----------
    norm : callable
        Makes the norm from the number of channels, 1.
    seed : int
        Of the weights, the order of the samples, and of which digits are dimmed.
    task : str
        ``"class"``: half of the digits are dimmed by `contrast`, and the net tells
        which. ``"nuisance"``: it reads the digits, learned as they are and tested with
        ``contrast * x + brightness``.
    contrast, brightness : float
        The change.
    rows_dimmed : int
        How many of the 8 rows of a digit are dimmed, from the top.
    lr, steps, batch_size
        As in `bn_lib.training.train`.
    width : int
        Units of the hidden layer.

    Returns
    -------
    ndarray, shape (seeds,)
        Test accuracy.

    Raises
    ------
    ValueError
        If the task is none of the two.
    """
    if task not in ("class", "nuisance"):
        raise ValueError(f"expected the task 'class' or 'nuisance', got {task!r}")
    rng = np.random.default_rng(seed)
    model = Sequential(
        norm(1),  # (N, 1, 64)
        Reshape(64),
        Linear(64, width, rng=rng),
        ReLU(),
        Linear(width, 10, rng=rng),
    )
    if task == "class":
        data = _dimmed(contrast, rows_dimmed, rng)
    else:
        data = _changed_in_the_test(contrast, brightness)
    history = fit(model, rng, data=data, lr=lr, steps=steps, batch_size=batch_size)
    return history.test_accuracy[-1]


def _dimmed(contrast, rows, rng):
    digits = load_digits()

    def dim(x):
        labels = rng.permutation(np.arange(len(x)) % 2)
        x[labels == 1, : 8 * rows] *= contrast
        return x[:, None], labels  # (N, 1, 64)

    return Dataset(*dim(digits.x_train), *dim(digits.x_test))


def _changed_in_the_test(contrast, brightness):
    digits = load_digits()
    changed = contrast * digits.x_test + brightness
    return replace(digits, x_train=digits.x_train[:, None], x_test=changed[:, None])


def rms_against_layer(seed, offset):
    """Compare RMS norm and layer norm on tokens of a given mean.

    Parameters
    ----------
    seed : int
        Of the normal input.
    offset : float
        Mean of each token, in standard deviations.

    Returns
    -------
    float
        Relative change of the output from layer norm to RMS norm.

    Examples
    --------
    >>> rms_against_layer(0, offset=0.0) < 1e-12
    True
    """
    x = np.random.default_rng(seed).normal(size=(32, 100))
    x, _ = functional.normalize(x, axes=1)
    x += offset
    layer, _ = functional.layer_norm(x, 100)
    rms, _ = functional.rms_norm(x, 100)
    return relative_change(layer, rms)


def group_norm_extremes(seed):
    """Compare group norm of 1 and of C groups with layer and instance norm.

    Parameters
    ----------
    seed : int
        Of the normal input of shape (4, 6, 5, 5).

    Returns
    -------
    dict of str to float
        Relative change of the output: of "one group" from layer norm over (C, H, W),
        and of "C groups" from instance norm.

    Examples
    --------
    >>> max(group_norm_extremes(0).values()) < 1e-12
    True
    """
    x = np.random.default_rng(seed).normal(1.0, 2.0, (4, 6, 5, 5))
    one, _ = functional.group_norm(x, 1)
    each, _ = functional.group_norm(x, 6)
    layer, _ = functional.layer_norm(x, (6, 5, 5))
    instance, _ = functional.instance_norm(x)
    return {
        "one group": relative_change(layer, one),
        "C groups": relative_change(instance, each),
    }
