"""What goes wrong without batch norm: inputs that drift, signals that fade or blow up.

Three experiments: `run_drift` watches the inputs and the gradients of a small net while
it trains, `run_deep_linear` watches the gradients of a deep net without activations,
and `run_signal` follows one batch through 20 layers before any training.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np

from bn_lib.course.experiment import ACTIVATIONS, each_seed, fit, mlp
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Linear, Sequential
from bn_lib.training import SGD, cross_entropy

__all__ = [
    "DeepLinearConfig",
    "DeepLinearResult",
    "DriftConfig",
    "DriftResult",
    "SignalConfig",
    "SignalResult",
    "gradient_change",
    "input_percentiles",
    "run_deep_linear",
    "run_drift",
    "run_signal",
]

# Those of the 2015 paper, Figure 1.
PERCENTILES = (15, 50, 85)
_ACTIVATIONS = tuple(ACTIVATIONS.values())


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
    probes : int
        Batches on which the gradients are compared at each record.
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
    probes: int = 1
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
        Of ``"plain"`` and ``"BN"``, mean over the probes: see `gradient_change`.
    test_accuracy : dict of str to ndarray, shape (seeds,)
        Of ``"plain"`` and ``"BN"`` at the end.
    loss : dict of str to ndarray, shape (seeds, T)
        Of ``"plain"`` and ``"BN"``: cross-entropy of the test images, which batch
        norm normalizes as one batch.
    """

    config: DriftConfig
    steps: np.ndarray
    percentiles: dict[str, np.ndarray]
    gradient_change: dict[str, np.ndarray]
    test_accuracy: dict[str, np.ndarray]
    loss: dict[str, np.ndarray] = field(default_factory=dict)

    def travel(self, where, until=None):
        """Measure how far the inputs moved from the start to the end.

        Parameters
        ----------
        where : str
            A key of `percentiles`.
        until : float, optional
            Stop at the first record whose loss is not larger: with it nets are
            compared where they have learned equally much, not at equal steps.

        Returns
        -------
        ndarray, shape (seeds, hidden)
            Move of the three percentiles in half-widths of the distribution (from the
            15th to the 85th percentile, the wider of start and end): mean over the
            percentiles, median over the units.

        Raises
        ------
        ValueError
            If a seed never comes down to the loss `until`.
        """
        q = self.percentiles[where]
        last = self._first_record("plain" if where == "plain" else "BN", until)
        return _distance(q[:, 0], q[np.arange(len(q)), last])

    def _first_record(self, net, until):
        if until is None:
            return -1
        reached = self.loss[net] <= until  # (seeds, T)
        if not reached.any(axis=1).all():
            lowest = self.loss[net].min(axis=1).max()
            raise ValueError(
                f"expected every seed of {net} to reach a loss of {until:g}, got "
                f"{lowest:.2g} at best in one: ask for more, or train for more steps"
            )
        return reached.argmax(axis=1)

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

    After the deep linear network of Santurkar et al., 2018, section 2.2 and appendix:
    Gaussian inputs, a random linear target, the whole data in each step. Scaled down:
    10 layers of 20 units, 300 samples, 100 steps.

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
    >>> model = mlp(Linear, depth=2, width=5)
    >>> sums, inputs = input_percentiles(model, np.ones((4, 64)))
    >>> sums.shape, bool((sums == inputs).all())
    ((2, 3, 5), True)
    """
    sums, inputs = [], []
    for layer in deepcopy(model).train().layers:
        if isinstance(layer, _ACTIVATIONS):
            inputs.append(x)
        x = layer(x)
        if isinstance(layer, Linear):
            sums.append(x)
    return _percentiles(sums[:-1]), _percentiles(inputs)


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
    >>> model = mlp(Linear)
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
    plain, normed = (
        each_seed(config.seeds, partial(_watch, config, norm)) for norm in (None, BatchNorm)
    )
    _, inputs, *of_plain = plain
    bn_sums, bn_inputs, *of_bn = normed
    changes, losses, right = (
        {"plain": one, "BN": other} for one, other in zip(of_plain, of_bn, strict=True)
    )
    return DriftResult(
        config,
        np.arange(0, config.steps + 1, config.every),
        {"plain": inputs, "BN": bn_inputs, "before BN": bn_sums},
        changes,
        right,
        losses,
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
        each_seed(config.seeds, partial(_watch_linear, config, norm))
        for norm in (False, True)
    )
    return DeepLinearResult(
        config,
        {"plain": plain[0], "BN": normed[0]},
        {"plain": plain[1], "BN": normed[1]},
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
    return SignalResult(config, *each_seed(config.seeds, partial(_sizes, config)))


def _percentiles(values):
    return np.percentile(values, PERCENTILES, axis=1).swapaxes(0, 1)  # (hidden, 3, width)


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


def _net(config, depth, norm, rng):
    linear = partial(Linear, std=config.std, rng=rng)
    shape = {"depth": depth, "width": config.width}
    return mlp(linear, activation=config.activation, norm=norm, **shape)


def _watch(config, norm, seed):
    """Train one net; return its sums, inputs, gradient changes, losses and accuracy."""
    data, rng = load_digits(), np.random.default_rng(seed)
    probe_rng = np.random.default_rng([seed, 1])  # both nets see the same probes
    model = _net(config, config.hidden, norm, rng)
    records = []

    def probe(model):
        batch = probe_rng.choice(len(data.x_train), config.batch_size, replace=False)
        loss = partial(cross_entropy, labels=data.y_train[batch])
        return gradient_change(model, data.x_train[batch], loss, config.lr)

    def record(step, model):
        if step % config.every:
            return
        change = np.mean([probe(model) for _ in range(config.probes)], axis=0)
        loss, _ = cross_entropy(deepcopy(model).train()(data.x_test), data.y_test)
        records.append((*input_percentiles(model, data.x_test), change, loss))

    record(0, model)
    history = fit(model, config, rng, on_step=record)
    parts = (np.array(part) for part in zip(*records, strict=True))
    return *parts, history.test_accuracy[-1]


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
    return changes, losses


def _sizes(config, seed):
    """Return signal, contrast and gradient of each hidden layer."""
    data, rng = load_digits(), np.random.default_rng(seed)
    model = _net(config, config.depth, BatchNorm if config.norm else None, rng)
    batch = rng.choice(len(data.x_train), config.batch_size, replace=False)
    x, outputs = data.x_train[batch], []
    for layer in model.layers:
        x = layer(x)
        outputs.append(x)
    _, dout = cross_entropy(x, data.y_train[batch])
    sizes = []
    for layer, y in zip(model.layers[::-1], outputs[::-1], strict=True):
        if isinstance(layer, _ACTIVATIONS):
            size, between = _rms(y), _rms(y - y.mean(axis=0))
            sizes.append((size, between / size if size else 0.0, _rms(dout)))
        dout = layer.backward(dout)
    return np.array(sizes[::-1]).T


def _rms(x):
    # Scaled first: 1e-200 squared would be 0.
    largest = np.abs(x).max()
    return largest * np.sqrt(np.mean((x / largest) ** 2)) if largest else 0.0
