"""Batch norm beside layer, group, instance and RMS norm: what each depends on.

Each experiment changes one thing, the batch size, the batch mates, the padding or the
contrast, and measures what becomes of the output or of the accuracy.
"""

import math
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from bn_lib import functional
from bn_lib.course.experiment import each_seed, fit, mlp
from bn_lib.data import Dataset, load_digits
from bn_lib.layers import (
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    Layer,
    LayerNorm,
    Linear,
    ReLU,
    RMSNorm,
    Sequential,
)
from bn_lib.training import _bar, train

__all__ = [
    "ContrastConfig",
    "ContrastTaskConfig",
    "CurveConfig",
    "MatesConfig",
    "PaddingConfig",
    "PartialBatchNorm",
    "PartsConfig",
    "ShareConfig",
    "Table",
    "agreeing_digits",
    "group_norm_extremes",
    "relative_change",
    "rms_against_layer",
    "run_contrast",
    "run_contrast_task",
    "run_curve",
    "run_mates",
    "run_padding",
    "run_parts",
    "run_share",
]

NORMS = {
    "batch": BatchNorm,
    "layer": LayerNorm,
    "group": lambda width: GroupNorm(width // 10, width),
    "rms": RMSNorm,
    "mean only": lambda width: PartialBatchNorm(width, scale=False),
    "std only": lambda width: PartialBatchNorm(width, center=False),
}


@dataclass(frozen=True, eq=False)
class Table:
    """What an experiment measured: a number for each row, column and seed.

    Attributes
    ----------
    config : dataclass
        The Config that was run.
    rows, columns : tuple of str
        What the first two axes of `values` stand for.
    values : ndarray of float64, shape (rows, columns, seeds)
        The raw numbers.
    quantity : str
        What they are.
    """

    config: object
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: np.ndarray
    quantity: str

    def of(self, row, column):
        """Return the numbers of one cell.

        Parameters
        ----------
        row, column : str
            One of `rows` and one of `columns`.

        Returns
        -------
        ndarray, shape (seeds,)
        """
        return self.values[self.rows.index(row), self.columns.index(column)]

    def summary(self):
        """Say the mean over seeds of every cell, to two decimals.

        Returns
        -------
        str
            One line for each row, after a heading.
        """
        lines = [f"{self.quantity}, mean of {self.values.shape[-1]} seeds"]
        width = max(map(len, self.rows))
        for name, row in zip(self.rows, self.values.mean(axis=-1), strict=True):
            cells = zip(self.columns, row, strict=True)
            told = "   ".join(f"{column}: {value:.2f}" for column, value in cells)
            lines.append(f"{name:{width}}   {told}")
        return "\n".join(lines)


def relative_change(before, after):
    """Measure how far an output moved, in units of its own size.

    Parameters
    ----------
    before, after : ndarray, same shape
        The two outputs.

    Returns
    -------
    float
        Root mean square of the difference over that of `before`.

    Examples
    --------
    >>> relative_change(np.array([3.0, 4.0]), np.array([3.0, 4.5]))
    0.1
    """
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def agreeing_digits(before, after):
    """Count the decimal digits to which two outputs agree.

    Parameters
    ----------
    before, after : ndarray, same shape
        The two outputs.

    Returns
    -------
    float
        Minus the decimal logarithm of `relative_change`; 17 if they are equal.

    Examples
    --------
    >>> agreeing_digits(np.ones(3), np.ones(3))
    17.0
    >>> round(agreeing_digits(np.ones(3), np.ones(3) + 1e-5), 6)
    5.0
    """
    return float(-np.log10(relative_change(before, after) + 1e-17))


class Reshape(Layer):
    """Cut the input into rows of one width, keeping the order of its values."""

    def __init__(self, width):
        self.width = width

    def forward(self, x):
        """Return x as (rows, width)."""
        self._cache = x.shape
        return x.reshape(-1, self.width)

    def _backward(self, dout, cache):
        return (dout.reshape(cache),)


class PartialBatchNorm(Layer):
    """Batch norm of (N, C) of which one half can be left out.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    center : bool
        Whether to subtract the mean of the batch.
    scale : bool
        Whether to divide by its standard deviation, which is taken around the mean
        in any case.
    eps, momentum : float
        As in `BatchNorm`.

    Notes
    -----
    With both halves this is `BatchNorm`. With the mean alone it is the mean-only batch
    norm of Salimans and Kingma, except that a weight is learned too.

    References
    ----------
    Salimans and Kingma, "Weight Normalization", 2016, section 4.

    Examples
    --------
    >>> x = np.array([[1.0], [3.0]])
    >>> PartialBatchNorm(1, scale=False)(x).ravel()
    array([-1.,  1.])
    >>> PartialBatchNorm(1, center=False)(10 * x).ravel().round(3)
    array([1., 3.])
    """

    _buffer_names = ("running_mean", "running_var")

    def __init__(self, num_features, center=True, scale=True, eps=1e-5, momentum=0.1):
        self.center, self.scale, self.eps, self.momentum = center, scale, eps, momentum
        self.weight, self.bias = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)

    def forward(self, x):
        """Normalize, with the statistics of the batch in training mode.

        Parameters
        ----------
        x : ndarray, shape (N, C)
            The input.

        Returns
        -------
        y : ndarray, shape (N, C)
            The output.
        """
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            unbiased = var * len(x) / (len(x) - 1)
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (unbiased - self.running_var)
        rstd = 1 / np.sqrt(var + self.eps) if self.scale else np.ones_like(var)
        xhat = (x - mean) * rstd
        y = xhat if self.center else x * rstd
        self._cache = (xhat, y, rstd)
        return y * self.weight + self.bias

    def _backward(self, dout, cache):
        xhat, y, rstd = cache
        dy = dout * self.weight
        dx = dy.copy()
        if self.center:
            dx -= dy.mean(axis=0)
        if self.scale:
            dx -= xhat * (dy * y).mean(axis=0)
        return rstd * dx, (dout * y).sum(axis=0), dout.sum(axis=0)


def _patch_net(norm, rng):
    """Build two convolutions, kernel 2 and stride 2, as linear layers on patches."""
    return Sequential(
        Reshape(4),  # (N, 64) -> (16 N, 4)
        Linear(4, 20, bias=False, rng=rng),
        NORMS[norm](20),
        ReLU(),
        Reshape(80),  # (16 N, 20) -> (4 N, 80)
        Linear(80, 60, bias=False, rng=rng),
        NORMS[norm](60),
        ReLU(),
        Reshape(240),  # (4 N, 60) -> (N, 240)
        Linear(240, 10, rng=rng),
    )


def _patch_order(x):
    """Sort the pixels of (N, 64) so that 2×2 patches, and 2×2 patches of those, adjoin."""
    bits = x.reshape(-1, *[2] * 6)  # three bits of the row, three of the column
    return bits.transpose(0, 1, 4, 2, 5, 3, 6).reshape(-1, 64)


def _patches():
    digits = load_digits()
    train_part, test_part = _patch_order(digits.x_train), _patch_order(digits.x_test)
    return Dataset(train_part, digits.y_train, test_part, digits.y_test)


@dataclass(frozen=True)
class CurveConfig:
    """Accuracy against batch size, after equal numbers of samples.

    Wu and He train ResNet-50 on ImageNet for 100 epochs with batches of 2 to 32 and a
    learning rate proportional to the batch size. Here the rule is the same, and the
    rest small: an epoch of 8×8 digits in a 3×100 ReLU net, or in a net of two
    convolutions (kernel 2, stride 2) whose statistics are over positions too.

    Attributes
    ----------
    net : str
        "mlp" or "patches".
    norms : tuple of str
        Of "batch", "layer", "group".
    batch_sizes : tuple of int
        The batch sizes.
    samples : int
        Samples in an epoch; its number of steps is this over the batch size.
    epochs : tuple of int
        When to look at the accuracy; training ends with the last.
    lr : float
        Learning rate at a batch of 32; others in proportion.
    seeds : tuple of int
        Of initialization and order.
    """

    net: str = "mlp"
    norms: tuple[str, ...] = ("batch", "layer", "group")
    batch_sizes: tuple[int, ...] = (2, 4, 8, 32)
    samples: int = 1437
    epochs: tuple[int, ...] = (1,)
    lr: float = 0.1
    seeds: tuple[int, ...] = (0, 1, 2)


def _train_for_curve(config, norm, batch_size, seed):
    """Return the test accuracy after each of the epochs."""
    rng = np.random.default_rng(seed)
    if config.net == "mlp":
        model, data = mlp(partial(Linear, rng=rng), norm=NORMS[norm]), load_digits()
    else:
        model, data = _patch_net(norm, rng), _patches()
    steps = config.samples // batch_size
    history = train(
        model,
        data,
        steps=max(config.epochs) * steps,
        batch_size=batch_size,
        lr=config.lr * batch_size / 32,
        eval_every=steps,
        rng=rng,
        progress=False,
    )
    return history.test_accuracy[np.array(config.epochs) - 1]


@cache
def run_curve(config):
    """Train every norm with every batch size.

    Parameters
    ----------
    config : CurveConfig
        What to train.

    Returns
    -------
    Table
        Test accuracy; columns are batch sizes, rows norms after the first of the
        epochs, and then "batch, 4 epochs" and so on after the others.
    """
    sizes, seeds = config.batch_sizes, config.seeds
    shape = (len(config.norms), len(sizes), len(seeds))
    values = np.empty((len(config.epochs), *shape))
    with _bar(math.prod(shape), None) as advance:
        for i, j, k in np.ndindex(shape):
            values[:, i, j, k] = _train_for_curve(
                config, config.norms[i], sizes[j], seeds[k]
            )
            advance()
    later = [f"{norm}, {e} epochs" for e in config.epochs[1:] for norm in config.norms]
    return Table(
        config,
        (*config.norms, *later),
        tuple(map(str, sizes)),
        values.reshape(-1, *shape[1:]),
        "test accuracy by batch size",
    )


@dataclass(frozen=True)
class ShareConfig:
    """The share of a random gradient that comes through batch norm.

    Attributes
    ----------
    positions : tuple of int
        Sizes of the axes after the channel: () for (N, C), (4, 4) for images.
    batch_sizes : tuple of int
        The batch sizes.
    channels : int
        How many channels to average over.
    seeds : tuple of int
        Of the normal input and the normal gradient.
    """

    positions: tuple[int, ...] = ()
    batch_sizes: tuple[int, ...] = (2, 4, 8, 32)
    channels: int = 2000
    seeds: tuple[int, ...] = (0, 1, 2)


def _share_left(batch_size, config, seed):
    rng = np.random.default_rng(seed)
    shape = (batch_size, config.channels, *config.positions)
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    axes = (0, *range(2, x.ndim))
    _, kept = functional.normalize(x, axes)
    dx = functional.normalize_backward(dout, kept) / kept.rstd
    return np.mean((dx**2).sum(axis=axes) / (dout**2).sum(axis=axes))


@cache
def run_share(config):
    """Measure how much of a gradient is left, apart from the scale 1/σ.

    Parameters
    ----------
    config : ShareConfig
        What to measure.

    Returns
    -------
    Table
        Share of the squared length that is left; one row, columns are batch sizes.
    """
    shares = [[_share_left(b, config, s) for s in config.seeds] for b in config.batch_sizes]
    columns = tuple(map(str, config.batch_sizes))
    return Table(config, ("share",), columns, np.array([shares]), "share of gradient left")


@dataclass(frozen=True)
class MatesConfig:
    """Eight digits go through an untrained 3×100 net twice, with other batch mates.

    Attributes
    ----------
    norms : tuple of str
        Of "batch", "layer", "group".
    kept, mates : int
        Digits that stay, and digits that are exchanged.
    seeds : tuple of int
        Of the weights and the choice of digits.
    """

    norms: tuple[str, ...] = ("batch", "layer", "group")
    kept: int = 8
    mates: int = 24
    seeds: tuple[int, ...] = (0, 1, 2)


def _with_other_mates(config, norm, seed):
    """Compute the agreement in training mode, in eval mode, and between the two."""
    rng = np.random.default_rng(seed)
    model = mlp(partial(Linear, rng=rng), norm=NORMS[norm])
    counts = [config.kept, config.mates, config.mates]
    order = rng.permutation(load_digits().x_train)
    kept, first, second = np.split(order[: sum(counts)], np.cumsum(counts)[:-1])
    batches = np.concatenate([kept, first]), np.concatenate([kept, second])

    def outputs():
        return [model(batch)[: config.kept] for batch in batches]

    training, evaluation = outputs(), (model.eval(), outputs())[1]
    pairs = training, evaluation, (training[0], evaluation[0])
    return [agreeing_digits(before, after) for before, after in pairs]


@cache
def run_mates(config):
    """Exchange the batch mates and compare the logits of the digits that stayed.

    Parameters
    ----------
    config : MatesConfig
        What to compare.

    Returns
    -------
    Table
        Agreeing decimal digits; rows are norms, columns "train" and "eval" (other
        mates, same mode) and "train to eval" (same mates, other mode).
    """
    values = [[_with_other_mates(config, n, s) for s in config.seeds] for n in config.norms]
    columns = ("train", "eval", "train to eval")
    values = np.swapaxes(values, 1, 2)  # (norms, seeds, columns) -> (.., columns, seeds)
    return Table(config, config.norms, columns, values, "decimal digits that agree")


@dataclass(frozen=True)
class PaddingConfig:
    """Digits as sequences of eight rows, projected to random features.

    Attributes
    ----------
    features : int
        Features of a token, C.
    kept, mates : int
        Sequences whose output is compared, and the others in the batch.
    padding : int
        Zero positions appended to all sequences in the case "more padding".
    short : int
        Rows left of the mates in the case "shorter mates"; the rest is zeros.
    seeds : tuple of int
        Of the projection and the choice of digits.
    """

    features: int = 16
    kept: int = 4
    mates: int = 28
    padding: int = 8
    short: int = 3
    seeds: tuple[int, ...] = (0, 1, 2)


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


def _pad_and_shorten(config, seed):
    """Return, for each norm, the agreement after more padding and shorter mates."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(load_digits().x_train)[: config.kept + config.mates]
    weight = rng.normal(size=(8, config.features))
    tokens = rows.reshape(-1, 8, 8) @ weight + rng.normal(size=config.features)  # (N, L, C)
    real = np.ones(tokens.shape[:2], bool)  # (N, L)

    padded = np.pad(tokens, [(0, 0), (0, config.padding), (0, 0)])
    padded_real = np.pad(real, [(0, 0), (0, config.padding)])
    shorter_real = real.copy()
    shorter_real[config.kept :, config.short :] = False
    shorter = tokens * shorter_real[:, :, None]

    def changes(norm):
        before = norm(tokens, real)[: config.kept]
        for x, mask in ((padded, padded_real), (shorter, shorter_real)):
            yield relative_change(before, norm(x, mask)[: config.kept, :8])

    return [list(changes(norm)) for norm in SEQUENCE_NORMS.values()]


@cache
def run_padding(config):
    """Change the padding, then the lengths of the mates, and compare the others.

    Parameters
    ----------
    config : PaddingConfig
        What to compare.

    Returns
    -------
    Table
        Relative change at the real positions of the kept sequences; rows "batch"
        (over batch and positions), "masked batch" (over real positions) and "layer"
        (each token), columns "more padding" and "shorter mates".
    """
    values = np.moveaxis([_pad_and_shorten(config, s) for s in config.seeds], 0, -1)
    columns = ("more padding", "shorter mates")
    return Table(config, tuple(SEQUENCE_NORMS), columns, values, "relative change")


@dataclass(frozen=True)
class ContrastConfig:
    """Half of 32 digits get another contrast and brightness: ``c * x + brightness``.

    Attributes
    ----------
    contrasts : tuple of float
        The factors c; 1 is the digit as it is.
    brightness : float
        What is added.
    seeds : tuple of int
        Of the choice of digits.
    """

    contrasts: tuple[float, ...] = (0.5, 2.0, 0.005)
    brightness: float = 0.2
    seeds: tuple[int, ...] = (0, 1, 2)


def _change_of_contrast(config, norm, contrast, seed):
    digits = load_digits(as_images=True).x_train
    before = np.random.default_rng(seed).permutation(digits)[:32]
    after = before.copy()
    after[:16] = contrast * before[:16] + config.brightness
    normalized = [norm(images)[:16] for images in (before, after)]
    return relative_change(*normalized)


@cache
def run_contrast(config):
    """Compare the normalized images before and after the change of contrast.

    Parameters
    ----------
    config : ContrastConfig
        What to change.

    Returns
    -------
    Table
        Relative change of the changed images after the norm; rows "instance" and
        "batch", columns the contrasts.
    """
    norms = {
        "instance": lambda x: functional.instance_norm(x)[0],
        "batch": lambda x: functional.batch_norm(x, None, None, training=True)[0],
    }
    values = [
        [
            [_change_of_contrast(config, n, c, s) for s in config.seeds]
            for c in config.contrasts
        ]
        for n in norms.values()
    ]
    columns = tuple(f"{contrast:g}" for contrast in config.contrasts)
    return Table(config, tuple(norms), columns, np.array(values), "relative change")


@dataclass(frozen=True)
class ContrastTaskConfig:
    """Two tasks for a net of one hidden layer that first normalizes the image.

    In the task "class", half of the digits are dimmed by `contrast` and the net tells
    which. In "nuisance" it reads the digits, learned as they are and tested with
    ``contrast * x + brightness``.

    Attributes
    ----------
    contrast, brightness : float
        The change.
    tasks : tuple of str
        Of "class" and "nuisance".
    steps, batch_size, lr, width
        Of the training and the hidden layer.
    seeds : tuple of int
        Of initialization, order, and of which digits are dimmed.
    """

    contrast: float = 0.5
    brightness: float = 0.5
    tasks: tuple[str, ...] = ("class", "nuisance")
    steps: int = 100
    batch_size: int = 60
    lr: float = 0.3
    width: int = 64
    seeds: tuple[int, ...] = (0, 1, 2)


def _class_in_contrast(config, rng):
    digits = load_digits()

    def dim(x):
        labels = rng.permutation(np.arange(len(x)) % 2)
        return x * np.where(labels, config.contrast, 1.0)[:, None], labels

    (x_train, y_train), (x_test, y_test) = dim(digits.x_train), dim(digits.x_test)
    return Dataset(x_train[:, None], y_train, x_test[:, None], y_test)


def _contrast_as_nuisance(config, rng):
    digits = load_digits()
    changed = config.contrast * digits.x_test + config.brightness
    return replace(digits, x_train=digits.x_train[:, None], x_test=changed[:, None])


CONTRAST_TASKS = {"class": _class_in_contrast, "nuisance": _contrast_as_nuisance}


def _learn_contrast_tasks(config, norm, seed):
    return [_learn_contrast_task(config, norm, task, seed) for task in config.tasks]


def _learn_contrast_task(config, norm, task, seed):
    rng = np.random.default_rng(seed)
    model = Sequential(
        norm(1),  # (N, 1, 64)
        Reshape(64),
        Linear(64, config.width, rng=rng),
        ReLU(),
        Linear(config.width, 10, rng=rng),
    )
    data = CONTRAST_TASKS[task](config, rng)
    return fit(model, config, rng, data).test_accuracy[-1]


@cache
def run_contrast_task(config):
    """Train the tasks with instance norm and with batch norm on the image.

    Parameters
    ----------
    config : ContrastTaskConfig
        What to train.

    Returns
    -------
    Table
        Test accuracy; rows "instance" and "batch", columns the tasks.
    """
    # As instance norm has no parameters here, batch norm gets none either.
    norms = {"instance": InstanceNorm, "batch": partial(BatchNorm, affine=False)}
    values = [
        each_seed(config.seeds, partial(_learn_contrast_tasks, config, norm))
        for norm in norms.values()
    ]
    return Table(config, tuple(norms), config.tasks, np.array(values), "test accuracy")


@dataclass(frozen=True)
class PartsConfig:
    """A 3×100 net on the digits, with norms that are compared in one regime.

    Salimans and Kingma use mean-only batch norm together with weight normalization, in
    a convolutional net on CIFAR-10. Here it stands alone, in a small net.

    Attributes
    ----------
    norms : tuple of str
        Of "batch", "mean only", "std only", "layer", "rms".
    activation : str
        "relu" or "sigmoid".
    std : float or None
        Of the initial weights; None is He's.
    lr : float
        Learning rate.
    steps, batch_size : int
        Of the training.
    seeds : tuple of int
        Of initialization and order.
    """

    norms: tuple[str, ...] = ("batch", "mean only", "std only")
    activation: str = "relu"
    std: float | None = None
    lr: float = 1.0
    steps: int = 100
    batch_size: int = 60
    seeds: tuple[int, ...] = (0, 1, 2)


def _train_part(config, norm, seed):
    rng = np.random.default_rng(seed)
    linear = partial(Linear, std=config.std, rng=rng)
    model = mlp(linear, activation=config.activation, norm=NORMS[norm])
    return (fit(model, config, rng).test_accuracy[-1],)


@cache
def run_parts(config):
    """Train the net with each norm.

    Parameters
    ----------
    config : PartsConfig
        What to train.

    Returns
    -------
    Table
        Test accuracy; rows are norms, the one column is "accuracy".
    """
    values = [
        each_seed(config.seeds, partial(_train_part, config, norm)) for norm in config.norms
    ]
    return Table(config, config.norms, ("accuracy",), np.array(values), "test accuracy")


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
        Decimal digits to which the outputs agree.

    Examples
    --------
    >>> bool(rms_against_layer(0, offset=0.0) > 12)
    True
    """
    x = np.random.default_rng(seed).normal(size=(32, 100))
    x, _ = functional.normalize(x, axes=1)
    x += offset
    layer, _ = functional.layer_norm(x, 100)
    rms, _ = functional.rms_norm(x, 100)
    return agreeing_digits(layer, rms)


def group_norm_extremes(seed):
    """Compare group norm of 1 and of C groups with layer and instance norm.

    Parameters
    ----------
    seed : int
        Of the normal input of shape (4, 6, 5, 5).

    Returns
    -------
    tuple of float
        Decimal digits to which one group agrees with layer norm over (C, H, W), and
        C groups with instance norm.

    Examples
    --------
    >>> bool(min(group_norm_extremes(0)) > 12)
    True
    """
    x = np.random.default_rng(seed).normal(1.0, 2.0, (4, 6, 5, 5))
    one, _ = functional.group_norm(x, 1)
    each, _ = functional.group_norm(x, 6)
    layer, _ = functional.layer_norm(x, (6, 5, 5))
    instance, _ = functional.instance_norm(x)
    return agreeing_digits(one, layer), agreeing_digits(each, instance)
