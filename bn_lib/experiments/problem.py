"""What goes wrong without batch norm: inputs that drift, signals that fade or blow up.

Three experiments: `run_drift` watches the inputs and the gradients of a small net while
it trains, `run_deep_linear` watches the gradients of a deep net without activations,
and `run_signal` follows one batch through 20 layers before any training.
"""

from copy import deepcopy
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Linear, ReLU, Sequential, Sigmoid
from bn_lib.training import SGD, _bar, accuracy, cross_entropy, train

__all__ = [
    "DeepLinearConfig",
    "DeepLinearResult",
    "DriftConfig",
    "DriftResult",
    "SignalConfig",
    "SignalResult",
    "gradient_change",
    "input_percentiles",
    "mlp",
    "run_deep_linear",
    "run_drift",
    "run_signal",
]

ACTIVATIONS = {"sigmoid": Sigmoid, "relu": ReLU}
# Those of the 2015 paper, Figure 1.
PERCENTILES = (15, 50, 85)


@dataclass(frozen=True)
class DriftConfig:
    """A 3×100 net on digits, with and without batch norm.

    The net, the batch of 60 and the percentiles are those of Ioffe and Szegedy, 2015,
    section 4.1. Scaled down: 8×8 digits for MNIST, and hundreds of steps for 50,000;
    for that the weights start at He's size and the learning rate is chosen so that
    both nets learn, the plain sigmoid net hardly trains from small weights.

    Attributes
    ----------
    activation : str
        ``"sigmoid"`` or ``"relu"``.
    lr : float
        Learning rate of both nets.
    steps, every : int
        Updates, and how many of them lie between two records.
    hidden, width, batch_size : int
        Hidden layers, their units, samples in a batch.
    std : float or None
        Standard deviation of the first weights; None is He's.
    seeds : tuple of int
        Each gives other weights and another order of the samples.
    """

    activation: str = "sigmoid"
    lr: float = 0.5
    steps: int = 600
    every: int = 25
    hidden: int = 3
    width: int = 100
    batch_size: int = 60
    std: float | None = None
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class DriftResult:
    """Inputs and gradients of both nets while they trained.

    Attributes
    ----------
    config : DriftConfig
        What was run.
    steps : ndarray of int, shape (T,)
        Updates made before each record, from 0.
    percentiles : dict of str to ndarray, shape (seeds, T, hidden, 3, width)
        15th, 50th and 85th percentile of each unit over the test images:
        ``"plain"`` and ``"BN"`` at the input of the activation, ``"before BN"`` at the
        input of batch norm.
    gradient_change : dict of str to ndarray, shape (seeds, T, hidden, 3)
        Of ``"plain"`` and ``"BN"``: see `gradient_change`.
    test_accuracy : dict of str to ndarray, shape (seeds,)
        Of ``"plain"`` and ``"BN"`` at the end.
    """

    config: DriftConfig
    steps: np.ndarray
    percentiles: dict[str, np.ndarray]
    gradient_change: dict[str, np.ndarray]
    test_accuracy: dict[str, np.ndarray]

    def travel(self, where):
        """Measure how far the inputs moved from the start to the end.

        Parameters
        ----------
        where : str
            A key of `percentiles`.

        Returns
        -------
        ndarray, shape (seeds, hidden)
            Move of the three percentiles in half-widths of the distribution (from the
            15th to the 85th percentile, the wider of start and end): mean over the
            percentiles, median over the units.
        """
        q = self.percentiles[where]
        return _distance(q[:, 0], q[:, -1])

    def pace(self, where):
        """Measure how far the inputs move between two records, on average.

        Parameters
        ----------
        where : str
            A key of `percentiles`.

        Returns
        -------
        ndarray, shape (seeds, hidden)
            In the units of `travel`.
        """
        q = self.percentiles[where]
        return _distance(q[:, :-1], q[:, 1:]).mean(axis=1)

    def summary(self):
        """Tell the numbers that the chapter shows.

        Returns
        -------
        str
        """
        c = self.config
        lines = [f"{c.hidden}×{c.width} {c.activation}, lr {c.lr:g}, {c.steps} steps"]
        for where in self.percentiles:
            travel = _per_layer(self.travel(where))
            lines.append(f"{where:>9}: inputs moved {travel} half-widths, by layer")
        for net, change in self.gradient_change.items():
            parts = _per_layer(change[..., 1].mean(axis=1))
            lines.append(f"{net:>9}: gradient changed by {parts} of its size, by layer")
        return "\n".join(lines)


@dataclass(frozen=True)
class DeepLinearConfig:
    """A deep net without activations, with and without batch norm.

    After the deep linear network of Santurkar et al., 2018, section 2.2: Gaussian
    inputs, a random linear target, the whole data in each step. Scaled down: 10 layers
    of 20 units, 300 samples, 100 steps.

    Attributes
    ----------
    depth, width, samples, steps, every : int
        Layers, their units, samples, updates, and updates between two records.
    lr : float
        Learning rate of both nets.
    seeds : tuple of int
        Each gives other data and weights.
    """

    depth: int = 10
    width: int = 20
    samples: int = 300
    steps: int = 100
    every: int = 20
    lr: float = 0.1
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class DeepLinearResult:
    """Gradients of both deep linear nets while they trained.

    Attributes
    ----------
    config : DeepLinearConfig
        What was run.
    gradient_change : dict of str to ndarray, shape (seeds, T, depth - 1, 3)
        Of ``"plain"`` and ``"BN"``: see `gradient_change`.
    loss : dict of str to ndarray, shape (seeds, steps)
        Mean squared error before each update.
    """

    config: DeepLinearConfig
    gradient_change: dict[str, np.ndarray]
    loss: dict[str, np.ndarray]

    def summary(self):
        """Tell the numbers that the chapter shows.

        Returns
        -------
        str
        """
        lines = [f"deep linear, {self.config.depth} layers, lr {self.config.lr:g}"]
        for net, change in self.gradient_change.items():
            share = change[..., 1].mean()
            first, last = self.loss[net][:, [0, -1]].mean(axis=0)
            lines.append(
                f"{net:>9}: loss {first:.1f} to {last:.1f}, "
                f"gradient changed by {share:.1f} of its size"
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class SignalConfig:
    """One batch of digits through a deep net that was not trained.

    Attributes
    ----------
    activation : str
        ``"sigmoid"`` or ``"relu"``.
    std : float or None
        Standard deviation of the weights; None is He's.
    norm : bool
        Whether a batch norm stands before each activation.
    depth, width, batch_size : int
        Hidden layers, their units, samples in the batch.
    seeds : tuple of int
        Each gives other weights and another batch.
    """

    activation: str = "relu"
    std: float | None = None
    norm: bool = False
    depth: int = 20
    width: int = 100
    batch_size: int = 200
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class SignalResult:
    """Size of signal and gradient, layer by layer.

    Attributes
    ----------
    config : SignalConfig
        What was run.
    signal : ndarray, shape (seeds, depth)
        Root mean square of the output of each activation.
    contrast : ndarray, shape (seeds, depth)
        Share of that which differs between samples, from 0 to 1.
    gradient : ndarray, shape (seeds, depth)
        Root mean square of the loss's gradient by the output of each activation.
    """

    config: SignalConfig
    signal: np.ndarray
    contrast: np.ndarray
    gradient: np.ndarray

    def growth(self, what):
        """Compare the far end of the way with its start.

        Parameters
        ----------
        what : str
            ``"signal"`` or ``"contrast"``, last layer against first; or
            ``"gradient"``, which travels the other way, first against last.

        Returns
        -------
        ndarray, shape (seeds,)
            Decimal logarithm of the ratio; -2 is a hundredth.
        """
        # Saturated sigmoids may give an exact 0.
        size = np.log10(np.maximum(getattr(self, what), np.finfo(float).tiny))
        along = size[:, -1] - size[:, 0]
        return -along if what == "gradient" else along

    def summary(self):
        """Tell the numbers that the chapter shows.

        Returns
        -------
        str
        """
        c = self.config
        std = "He" if c.std is None else f"{c.std:g}"
        norm = "BN" if c.norm else "plain"
        signal, gradient = (self.growth(w).mean() for w in ("signal", "gradient"))
        return (
            f"{c.depth} layers, {c.activation}, {norm}, std {std}: "
            f"signal ×10^{signal:+.0f}, gradient ×10^{gradient:+.0f}"
        )


def mlp(activation, norm, std, rng, *, hidden=3, width=100):
    """Build a classifier of the digits.

    Parameters
    ----------
    activation : str
        ``"sigmoid"`` or ``"relu"``.
    norm : bool
        Whether a batch norm stands before each activation.
    std : float or None
        Standard deviation of the weights; None is He's.
    rng : numpy.random.Generator
        Source of the weights: with and without `norm` they are the same.
    hidden, width : int
        Hidden layers and their units.

    Returns
    -------
    Sequential

    Examples
    --------
    >>> len(mlp("relu", True, None, np.random.default_rng(0)))
    10
    """
    layers, size = [], 64
    for _ in range(hidden):
        layers.append(Linear(size, width, std=std, rng=rng))
        layers += [BatchNorm(width)] if norm else []
        layers.append(ACTIVATIONS[activation]())
        size = width
    return Sequential(*layers, Linear(size, 10, std=std, rng=rng))


def input_percentiles(model, x):
    """Compute the distribution of each unit's input, before its activation.

    Parameters
    ----------
    model : Sequential
        As from `mlp`; it stays as it is.
    x : ndarray, shape (N, 64)
        Samples. A batch norm normalizes them as one batch, as in training.

    Returns
    -------
    sums, inputs : ndarray, shape (hidden, 3, width)
        The 15th, 50th and 85th percentile of what each hidden Linear gives, and of
        what its activation receives: the same without batch norm.

    Examples
    --------
    >>> model = mlp("relu", False, None, np.random.default_rng(0), hidden=2, width=5)
    >>> sums, inputs = input_percentiles(model, np.ones((4, 64)))
    >>> sums.shape, bool((sums == inputs).all())
    ((2, 3, 5), True)
    """
    sums, inputs = [], []
    for layer in deepcopy(model).train().layers:
        if isinstance(layer, ReLU | Sigmoid):
            inputs.append(np.percentile(x, PERCENTILES, axis=0))
        x = layer(x)
        if isinstance(layer, Linear):
            sums.append(np.percentile(x, PERCENTILES, axis=0))
    return np.array(sums[:-1]), np.array(inputs)


def gradient_change(model, x, loss, lr):
    """Compare each layer's gradient before and after the layers below it move.

    Parameters
    ----------
    model : Sequential
        It stays as it is.
    x : ndarray, shape (N, ...)
        One batch.
    loss : callable
        ``loss(output)`` gives the loss and its gradient by the output.
    lr : float
        Size of the gradient step that the lower layers make.

    Returns
    -------
    ndarray, shape (layers, 3)
        For each Linear but the first, the norm of the difference of its weight's two
        gradients, the same as a share of the first gradient's norm, and 1 minus
        their cosine. All three are 0 where nothing changed.

    Notes
    -----
    The batch, and the layers above, stay the same: only what the lower layers learned
    from this batch makes the difference.

    References
    ----------
    Santurkar, Tsipras, Ilyas and Madry, "How Does Batch Normalization Help
    Optimization?", 2018, definition 2.1.

    Examples
    --------
    >>> model = mlp("relu", False, None, np.random.default_rng(0))
    >>> loss = partial(cross_entropy, labels=np.array([0, 1]))
    >>> gradient_change(model, np.eye(2, 64), loss, lr=0.0).max() < 1e-12
    np.True_
    """
    model = deepcopy(model).train()
    before = _gradients(model, x, loss)
    changes = []
    for index, layer in enumerate(model.layers):
        if isinstance(layer, Linear) and index > 0:
            key = f"{index}.weight"
            changes.append(_compare(before[key], _gradients(model, x, loss)[key]))
        for name, value in layer.parameters().items():
            value -= lr * before[f"{index}.{name}"]
    return np.array(changes)


@cache
def run_drift(config):
    """Train the plain net and the one with batch norm, and watch both.

    Parameters
    ----------
    config : DriftConfig
        What to run.

    Returns
    -------
    DriftResult

    Examples
    --------
    >>> result = run_drift(DriftConfig(steps=20, every=10, seeds=(0,)))
    >>> result.percentiles["BN"].shape
    (1, 3, 3, 3, 100)
    """
    data = load_digits()
    with _bar(2 * len(config.seeds), None) as advance:
        plain, normed = (
            [_watch(config, data, norm, seed, advance) for seed in config.seeds]
            for norm in (False, True)
        )
    _, inputs, changes, right = zip(*plain, strict=True)
    bn_sums, bn_inputs, bn_changes, bn_right = zip(*normed, strict=True)
    return DriftResult(
        config,
        np.arange(0, config.steps + 1, config.every),
        {
            "plain": np.array(inputs),
            "BN": np.array(bn_inputs),
            "before BN": np.array(bn_sums),
        },
        {"plain": np.array(changes), "BN": np.array(bn_changes)},
        {"plain": np.array(right), "BN": np.array(bn_right)},
    )


@cache
def run_deep_linear(config):
    """Train a deep linear net with and without batch norm, and watch the gradients.

    Parameters
    ----------
    config : DeepLinearConfig
        What to run.

    Returns
    -------
    DeepLinearResult

    Examples
    --------
    >>> result = run_deep_linear(DeepLinearConfig(depth=3, steps=20, seeds=(0,)))
    >>> result.gradient_change["plain"].shape
    (1, 1, 2, 3)
    """
    plain, normed = (
        [_watch_linear(config, norm, seed) for seed in config.seeds]
        for norm in (False, True)
    )
    (changes, losses), (bn_changes, bn_losses) = (
        [np.array(part) for part in zip(*runs, strict=True)] for runs in (plain, normed)
    )
    return DeepLinearResult(
        config,
        {"plain": changes, "BN": bn_changes},
        {"plain": losses, "BN": bn_losses},
    )


@cache
def run_signal(config):
    """Send one batch forward and its loss's gradient back, before any training.

    Parameters
    ----------
    config : SignalConfig
        What to run.

    Returns
    -------
    SignalResult

    Examples
    --------
    >>> print(run_signal(SignalConfig(std=0.01)).summary())
    20 layers, relu, plain, std 0.01: signal ×10^-22, gradient ×10^-22
    """
    data = load_digits()
    sizes = [_sizes(config, data, seed) for seed in config.seeds]
    return SignalResult(config, *np.array(sizes).transpose(1, 0, 2))


def _distance(q, later):
    """Median over units, for percentiles of shape (..., 3, units)."""
    wider = np.maximum(*((p[..., 2, :] - p[..., 0, :]) / 2 for p in (q, later)))
    return np.median(np.abs(later - q).mean(axis=-2) / wider, axis=-1)


def _per_layer(values):
    return ", ".join(f"{value:.1f}" for value in values.mean(axis=0))


def _gradients(model, x, loss):
    _, dout = loss(model(x))
    model.backward(dout)
    return model.gradients()


def _compare(before, after):
    norm, difference = np.linalg.norm(before), np.linalg.norm(after - before)
    cosine = (before * after).sum() / (norm * np.linalg.norm(after))
    return difference, difference / norm, 1 - cosine


def _watch(config, data, norm, seed, advance):
    """Train one net; return its sums, inputs, gradient changes and accuracy."""
    rng = np.random.default_rng(seed)
    probe_rng = np.random.default_rng([seed, 1])  # both nets see the same probes
    model = mlp(
        config.activation,
        norm,
        config.std,
        rng,
        hidden=config.hidden,
        width=config.width,
    )
    records = []

    def record(step, model):
        if step % config.every:
            return
        batch = probe_rng.choice(len(data.x_train), config.batch_size, replace=False)
        loss = partial(cross_entropy, labels=data.y_train[batch])
        change = gradient_change(model, data.x_train[batch], loss, config.lr)
        records.append((*input_percentiles(model, data.x_test), change))

    record(0, model)
    train(
        model,
        data,
        steps=config.steps,
        batch_size=config.batch_size,
        lr=config.lr,
        eval_every=config.steps,
        rng=rng,
        progress=False,
        on_step=record,
    )
    advance()
    parts = (np.array(part) for part in zip(*records, strict=True))
    return (*parts, accuracy(model, data.x_test, data.y_test))


def _watch_linear(config, norm, seed):
    """Train one deep linear net; return its gradient changes and losses."""
    rng = np.random.default_rng(seed)
    std = config.width**-0.5
    layers = []
    for _ in range(config.depth):
        layers.append(Linear(config.width, config.width, std=std, rng=rng))
        layers += [BatchNorm(config.width)] if norm else []
    model = Sequential(*layers[: -1 if norm else None])
    x = rng.normal(size=(config.samples, config.width))
    target = x @ rng.normal(scale=std, size=(config.width, config.width))

    def loss(output):
        error = output - target
        return (error**2).mean(), 2 * error / error.size

    optimizer = SGD(model, config.lr)
    changes, losses = [], []
    for step in range(config.steps):
        if step % config.every == 0:
            changes.append(gradient_change(model, x, loss, config.lr))
        value, dout = loss(model(x))
        model.backward(dout)
        optimizer.step()
        losses.append(value)
    return np.array(changes), losses


def _sizes(config, data, seed):
    """Return signal, contrast and gradient of each hidden layer."""
    rng = np.random.default_rng(seed)
    model = mlp(
        config.activation,
        config.norm,
        config.std,
        rng,
        hidden=config.depth,
        width=config.width,
    )
    batch = rng.choice(len(data.x_train), config.batch_size, replace=False)
    x, outputs = data.x_train[batch], []
    for layer in model.layers:
        x = layer(x)
        outputs.append(x)
    _, dout = cross_entropy(x, data.y_train[batch])
    sizes = []
    for layer, y in zip(model.layers[::-1], outputs[::-1], strict=True):
        if isinstance(layer, ReLU | Sigmoid):
            size, between = _rms(y), _rms(y - y.mean(axis=0))
            sizes.append((size, between / size if size else 0.0, _rms(dout)))
        dout = layer.backward(dout)
    return np.array(sizes[::-1]).T


def _rms(x):
    # Scaled first: 1e-200 squared would be 0.
    largest = np.abs(x).max()
    return largest * np.sqrt(np.mean((x / largest) ** 2)) if largest else 0.0
