"""Where batch norm goes: order, biases, channels, residual blocks, dropout.

All experiments use the 8×8 digits, in float64. Both sides of a comparison start from
the same weights and see the same batches. After a few steps running averages still
lag behind, so the torch nets are tested with statistics of 500 training images.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import update_bn

from bn_lib import functional as norms
from bn_lib.course.experiment import each_seed, fit, mlp
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Layer, Linear, ReLU, Sequential
from bn_lib.training import _batches, accuracy, evaluating

__all__ = [
    "BiasConfig",
    "BiasResult",
    "ChannelConfig",
    "ChannelResult",
    "DenseConfig",
    "DenseResult",
    "Dropout",
    "DropoutConfig",
    "DropoutResult",
    "OrderConfig",
    "OrderResult",
    "ResidualConfig",
    "ResidualNet",
    "ResidualResult",
    "SignalConfig",
    "SignalResult",
    "conv_net",
    "run_bias",
    "run_channels",
    "run_dense",
    "run_dropout",
    "run_order",
    "run_residual",
    "run_signal",
]

ORDERS = ("none", "before", "before, head too", "after")
BLOCKS = ("post", "post, last gamma 0", "pre")


def _table(rows):
    """One line for each row: its name, then mean, least and greatest."""
    width = max(len(name) for name in rows)
    return "\n".join(
        f"{name:<{width}}  mean {np.mean(v):6.2f}"
        f"  from {np.min(v):6.2f} to {np.max(v):6.2f}"
        for name, v in rows.items()
    )


def _each(names, seeds, measure):
    """Collect ``measure(name, seed)`` in one array for each name."""
    columns = each_seed(seeds, lambda seed: [measure(name, seed) for name in names])
    return dict(zip(names, columns, strict=True))


@contextmanager
def _private_torch(seed):
    """Use one thread, float64 and a seed; leave torch as it was."""
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    torch.set_num_threads(1)  # faster for nets this small, and repeatable
    torch.set_default_dtype(torch.float64)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)


def _he(layer):
    """Initialize as He et al. (2015) do, with a bias of zero."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _fit(net, data, config, seed):
    """Train by SGD with a rate that falls to zero; return the test accuracy."""
    x, y = torch.tensor(data.x_train), torch.tensor(data.y_train)
    parameters = net.parameters()
    optimizer = torch.optim.SGD(parameters, config.lr, config.momentum, fused=True)
    batches = _batches(len(x), config.batch_size, np.random.default_rng(seed))
    for step in range(config.steps):
        optimizer.param_groups[0]["lr"] = config.lr * (1 - step / config.steps)
        batch = torch.from_numpy(next(batches))
        optimizer.zero_grad()
        functional.cross_entropy(net(x[batch]), y[batch]).backward()
        optimizer.step()
    update_bn([x[:500]], net)  # nothing happens in a net without batch norm
    net.eval()
    with torch.no_grad():
        logits = net(torch.tensor(data.x_test)).numpy()
    return np.mean(logits.argmax(axis=1) == data.y_test)


# Before or after the activation


@dataclass(frozen=True)
class OrderConfig:
    """Three 3×3 convolutions, ReLU, and batch norm before or after it.

    Ioffe and Szegedy (2015, section 4.2) train Inception in batches of 32; here it is
    a net of 8 channels on 8×8 digits, 2×2 pooling after the first convolution, batches
    of 60, He initialization, and the first 30 steps only.

    Attributes
    ----------
    orders : tuple of str
        As in `conv_net`.
    lr, momentum : float
        SGD; the rate falls linearly to zero.
    steps, batch_size, channels : int
        Size of the training and of the net.
    seeds : tuple of int
        Each gives other weights and another order of the samples.
    """

    orders: tuple[str, ...] = ORDERS
    lr: float = 0.01
    momentum: float = 0.0
    steps: int = 30
    batch_size: int = 60
    channels: int = 8
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


@dataclass(frozen=True, eq=False)
class OrderResult:
    """Test accuracy of each order.

    Attributes
    ----------
    accuracy : dict of str to ndarray, shape (seeds,)
        One entry for each of ``config.orders``: "none"; "before" and "after" the
        ReLU; "before, head too", which has one more batch norm before the head.
    config : OrderConfig
        What was run.
    """

    accuracy: dict[str, np.ndarray]
    config: OrderConfig

    def summary(self):
        """Return a table of the test accuracies.

        Returns
        -------
        str
        """
        return _table(self.accuracy)


def conv_net(order, channels):
    """Build the net of `run_order` from torch's generator.

    Parameters
    ----------
    order : str
        "none", "before", "before, head too" or "after".
    channels : int
        Output channels of each convolution.

    Returns
    -------
    torch.nn.Sequential
        Takes (N, 1, 8, 8) and gives logits of shape (N, 10).

    Raises
    ------
    ValueError
        If the order is none of these.

    Notes
    -----
    With "after", the head reads normalized inputs; "before, head too" gives "before"
    the same, so that the two differ in the order alone.

    Examples
    --------
    >>> [type(layer).__name__ for layer in conv_net("after", 8)[:3]]
    ['Conv2d', 'ReLU', 'BatchNorm2d']
    """
    if order not in ORDERS:
        raise ValueError(f"expected one of {ORDERS}, got {order!r}")
    layers, norm = [], partial(nn.BatchNorm2d, channels)
    for inputs in (1, channels, channels):
        layers.append(_he(nn.Conv2d(inputs, channels, 3, padding=1)))
        layers += [norm()] if order.startswith("before") else []
        layers.append(nn.ReLU())
        layers += [norm()] if order == "after" else []
        layers += [nn.AvgPool2d(2)] if inputs == 1 else []
    layers += [norm()] if order == "before, head too" else []
    return nn.Sequential(*layers, nn.Flatten(), _he(nn.Linear(channels * 16, 10)))


@cache
def run_order(config):
    """Train the convolutional net in each order.

    Parameters
    ----------
    config : OrderConfig
        What to run.

    Returns
    -------
    OrderResult
    """
    data = load_digits(as_images=True)

    def train_one(order, seed):
        with _private_torch(seed):
            return _fit(conv_net(order, config.channels), data, config, seed)

    return OrderResult(_each(config.orders, config.seeds, train_one), config)


# Fully connected layers


@dataclass(frozen=True)
class DenseConfig:
    """The fully connected net of Ioffe and Szegedy (2015, section 4.1), on digits.

    Three hidden layers of 100 units as there, batches of 60 as there; fewer steps.

    Attributes
    ----------
    activation : str
        "sigmoid", weights from N(0, 0.1²); or "relu", He initialization.
    lr : float
        Of SGD without momentum.
    steps, batch_size, width : int
        Size of the training and of the net.
    seeds : tuple of int
        Each gives other weights and another order of the samples.
    """

    activation: str = "sigmoid"
    lr: float = 0.1
    steps: int = 60
    batch_size: int = 60
    width: int = 100
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class DenseResult:
    """Test accuracy with and without batch norm.

    Attributes
    ----------
    accuracy : dict of str to ndarray, shape (seeds,)
        Keys "plain" and "bn".
    config : DenseConfig
        What was run.
    """

    accuracy: dict[str, np.ndarray]
    config: DenseConfig

    def summary(self):
        """Return a table of the test accuracies.

        Returns
        -------
        str
        """
        return _table(self.accuracy)


@cache
def run_dense(config):
    """Train the fully connected net with and without batch norm.

    Parameters
    ----------
    config : DenseConfig
        What to run.

    Returns
    -------
    DenseResult
    """
    std = 0.1 if config.activation == "sigmoid" else None

    def train_one(name, seed):
        linear = partial(Linear, std=std, rng=np.random.default_rng(seed))
        norm = BatchNorm if name == "bn" else None
        shape = {"width": config.width, "activation": config.activation}
        history = fit(mlp(linear, norm=norm, **shape), config, np.random.default_rng(seed))
        return history.test_accuracy[-1]

    return DenseResult(_each(("plain", "bn"), config.seeds, train_one), config)


# The redundant bias


@dataclass(frozen=True)
class BiasConfig:
    """One layer with a bias drawn from N(0, 1), batch norm, ReLU and a linear head.

    Attributes
    ----------
    batch_size, width : int
        Images in the batch; outputs of the layer.
    seeds : tuple of int
        Each gives other weights and other images.
    """

    batch_size: int = 60
    width: int = 8
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class BiasResult:
    """What the bias does, in decimal digits: 15 is rounding in float64, 0 is all.

    Attributes
    ----------
    gradient : dict of str to ndarray, shape (seeds,)
        log10 of the size of the weight's gradient over that of the bias.
    output : dict of str to ndarray, shape (seeds,)
        -log10 of how far the output moves, relative to its size, when the bias is
        set to zero.
    config : BiasConfig
        What was run.
    """

    gradient: dict[str, np.ndarray]
    output: dict[str, np.ndarray]
    config: BiasConfig

    def summary(self):
        """Return how many digits away the gradient and the output change are.

        Returns
        -------
        str
        """
        lines = [f"{'':<24}gradient  output"]
        for case, digits in self.gradient.items():
            both = (_digits(digits), _digits(self.output[case]))
            lines.append(f"{case:<24}{both[0]:>8}  {both[1]}")
        return "\n".join(lines)


def _digits(values):
    """Say only whether it is rounding: the digits themselves differ between CPUs."""
    return "zero" if np.min(values) > 10 else "not zero"


BIAS_CASES = {
    "linear, train": (False, False, True),
    "conv, train": (True, False, True),
    "linear, eval": (False, False, False),
    "linear → ReLU, train": (False, True, True),
}


@cache
def run_bias(config):
    """Measure the bias's gradient, and what its removal does to the output.

    Parameters
    ----------
    config : BiasConfig
        What to run.

    Returns
    -------
    BiasResult
        Keys: "linear, train", "conv, train", "linear, eval" (running statistics)
        and "linear → ReLU, train" (batch norm after the ReLU).
    """
    gradient, output = {}, {}
    for case, choices in BIAS_CASES.items():
        measure = partial(_bias_digits, config, *choices)
        gradient[case], output[case] = each_seed(config.seeds, measure)
    return BiasResult(gradient, output, config)


def _bias_digits(config, conv, relu_first, training, seed):
    data = load_digits(as_images=conv)
    width = config.width
    batch = np.random.default_rng(seed).permutation(1437)[: config.batch_size]
    x, y = torch.tensor(data.x_train[batch]), torch.tensor(data.y_train[batch])
    with _private_torch(seed):
        layer = _he(nn.Conv2d(1, width, 3) if conv else nn.Linear(64, width))
        nn.init.normal_(layer.bias)
        # momentum=1: the running statistics are those of this batch.
        norm = (nn.BatchNorm2d if conv else nn.BatchNorm1d)(width, momentum=1.0)
        middle = [nn.ReLU(), norm] if relu_first else [norm, nn.ReLU()]
        head = nn.Linear(36 * width if conv else width, 10)
        net = nn.Sequential(layer, *middle, nn.Flatten(), head)
        net(x)
        net.train(training)
        logits = net(x)
        functional.cross_entropy(logits, y).backward()
        with torch.no_grad():
            layer.bias.zero_()
            moved = (net(x) - logits).norm() / logits.norm()
    ratio = layer.bias.grad.norm() / layer.weight.grad.norm()
    # The floor keeps an exact zero finite.
    return [-np.log10(max(value.item(), 1e-17)) for value in (ratio, moved)]


# One channel, one pair of statistics


@dataclass(frozen=True)
class ChannelConfig:
    """Random inputs in which channel 0 is replaced, and nothing else.

    Attributes
    ----------
    batch_size, channels, side : int
        Inputs are (batch_size, channels) and (batch_size, channels, side, side).
    seeds : tuple of int
        Each gives other inputs.
    """

    batch_size: int = 16
    channels: int = 6
    side: int = 4
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class ChannelResult:
    """How far a change of one channel spreads.

    Attributes
    ----------
    leak : dict of str to ndarray, shape (seeds,)
        Largest change of an output of another channel.
    own : dict of str to ndarray, shape (seeds,)
        Largest change of an output of the replaced channel.
    config : ChannelConfig
        What was run.
    """

    leak: dict[str, np.ndarray]
    own: dict[str, np.ndarray]
    config: ChannelConfig

    def summary(self):
        """Return which norms keep a change inside its channel.

        Returns
        -------
        str
        """
        return "\n".join(
            f"{name:<20}{'others changed' if np.any(leak > 1e-12) else 'others the same'}"
            for name, leak in self.leak.items()
        )


def _train_batch_norm(x):
    return norms.batch_norm(x, None, None, training=True)[0]


def _eval_batch_norm(x):
    mean, var = np.full(x.shape[1], 0.5), np.full(x.shape[1], 2.0)
    return norms.batch_norm(x, mean, var, training=False)[0]


def _layer_norm(x):
    return norms.layer_norm(x, x.shape[1:])[0]


def _group_norm(x):
    return norms.group_norm(x, 2)[0]


def _instance_norm(x):
    return norms.instance_norm(x)[0]


CHANNEL_CASES = {
    "BN (N, C)": (_train_batch_norm, 2),
    "BN (N, C, H, W)": (_train_batch_norm, 4),
    "BN eval": (_eval_batch_norm, 4),
    "IN (N, C, H, W)": (_instance_norm, 4),
    "GN (N, C, H, W)": (_group_norm, 4),
    "LN (N, C, H, W)": (_layer_norm, 4),
}


@cache
def run_channels(config):
    """Replace one channel of the input and compare the outputs of all channels.

    Parameters
    ----------
    config : ChannelConfig
        What to run.

    Returns
    -------
    ChannelResult
        Keys: "BN (N, C)", "BN (N, C, H, W)", "BN eval" and IN, GN and LN, the last
        three for comparison.
    """
    leak, own = {}, {}
    for name, (norm, ndim) in CHANNEL_CASES.items():
        shape = (config.batch_size, config.channels, config.side, config.side)[:ndim]
        measure = partial(_spread, norm, shape)
        leak[name], own[name] = each_seed(config.seeds, measure)
    return ChannelResult(leak, own, config)


def _spread(norm, shape, seed):
    """Replace the first channel; return how far the others moved, and it itself."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    other = x.copy()
    other[:, 0] = rng.exponential(3.0, size=other[:, 0].shape)
    moved = np.abs(norm(other) - norm(x))
    return moved[:, 1:].max(), moved[:, 0].max()


# Residual blocks


class ResidualNet(nn.Module):
    """A fully connected residual net, two linear layers and two norms in each block.

    Parameters
    ----------
    kind : str
        "post", where a ReLU follows the addition; "post, last gamma 0", the same
        with the second norm of each block starting at gamma = 0; or "pre", where
        norm and ReLU stand in front of each linear layer.
    blocks, width : int
        Number of blocks; units of each layer.

    Raises
    ------
    ValueError
        If the kind is none of these.

    References
    ----------
    K. He et al., "Identity Mappings in Deep Residual Networks", 2016, figure 4 (a) and (e);
    P. Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 5.1.

    Examples
    --------
    >>> ResidualNet("pre", blocks=2, width=16)(torch.zeros(3, 64)).shape
    torch.Size([3, 10])
    """

    def __init__(self, kind, blocks, width):
        if kind not in BLOCKS:
            raise ValueError(f"expected one of {BLOCKS}, got {kind!r}")
        super().__init__()
        self.pre = kind == "pre"
        self.stem = _he(nn.Linear(64, width))
        linears = [_he(nn.Linear(width, width, bias=False)) for _ in range(2 * blocks)]
        self.linears = nn.ModuleList(linears)
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(2 * blocks))
        self.last_norm = nn.BatchNorm1d(width) if self.pre else nn.Identity()
        self.head = _he(nn.Linear(width, 10))
        if kind == "post, last gamma 0":
            for norm in self.norms[1::2]:
                nn.init.zeros_(norm.weight)

    def stream(self, x):
        """Compute the sum that runs through the net.

        Parameters
        ----------
        x : tensor, shape (N, 64)
            Flat images.

        Returns
        -------
        list of tensor, shape (N, width)
            Output of the stem, then of each block.
        """
        stream = [self.stem(x) if self.pre else self.stem(x).relu()]
        for k in range(0, len(self.linears), 2):
            first, second = self.linears[k : k + 2]
            norm1, norm2 = self.norms[k : k + 2]
            x = stream[-1]
            if self.pre:
                y = x + second(norm2(first(norm1(x).relu())).relu())
            else:
                y = (x + norm2(second(norm1(first(x)).relu()))).relu()
            stream.append(y)
        return stream

    def forward(self, x):
        """Compute logits.

        Parameters
        ----------
        x : tensor, shape (N, 64)
            Flat images.

        Returns
        -------
        tensor, shape (N, 10)
        """
        x = self.last_norm(self.stream(x)[-1])
        return self.head(x.relu())


@dataclass(frozen=True)
class ResidualConfig:
    """Residual nets on flat digits, shallow or deep.

    He et al. (2016, Identity Mappings) train convolutional nets of 54 to 333 blocks,
    after a short warm-up; here blocks are fully connected, 2 or 32 of them, for 26
    steps without one. As there, SGD with momentum 0.9 and lr 0.1; here the rate falls
    linearly to zero.

    Attributes
    ----------
    blocks, width, steps, batch_size : int
        Size of the net and of the training.
    lr, momentum : float
        SGD.
    kinds : tuple of str
        As in `ResidualNet`.
    seeds : tuple of int
        Each gives other weights and another order of the samples.
    """

    blocks: int = 2
    lr: float = 0.1
    momentum: float = 0.9
    width: int = 32
    steps: int = 26
    batch_size: int = 60
    kinds: tuple[str, ...] = BLOCKS
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class ResidualResult:
    """Test accuracy of each kind of block.

    Attributes
    ----------
    accuracy : dict of str to ndarray, shape (seeds,)
        One entry for each of ``config.kinds``.
    config : ResidualConfig
        What was run.
    """

    accuracy: dict[str, np.ndarray]
    config: ResidualConfig

    def summary(self):
        """Return a table of the test accuracies.

        Returns
        -------
        str
        """
        return _table(self.accuracy)


@cache
def run_residual(config):
    """Train a residual net with each kind of block.

    Parameters
    ----------
    config : ResidualConfig
        What to run.

    Returns
    -------
    ResidualResult
    """
    data = load_digits()

    def train_one(kind, seed):
        with _private_torch(seed):
            net = ResidualNet(kind, config.blocks, config.width)
            return _fit(net, data, config, seed)

    return ResidualResult(_each(config.kinds, config.seeds, train_one), config)


@dataclass(frozen=True)
class SignalConfig:
    """Residual nets at the start, before any training.

    Attributes
    ----------
    blocks, width, batch_size : int
        Size of the net and of the batch.
    seeds : tuple of int
        Each gives other weights and other images.
    """

    blocks: int = 32
    width: int = 32
    batch_size: int = 200
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class SignalResult:
    """Size of the signal by depth.

    Attributes
    ----------
    variance : dict of str to ndarray, shape (seeds, blocks + 1)
        Variance over the batch, mean over the units: of the stem, then of each block.
    config : SignalConfig
        What was run.
    """

    variance: dict[str, np.ndarray]
    config: SignalConfig

    def growth(self, kind):
        """Return the variance after the last block over that of the stem.

        Parameters
        ----------
        kind : str
            As in `ResidualNet`.

        Returns
        -------
        ndarray, shape (seeds,)
        """
        variance = self.variance[kind]
        return variance[:, -1] / variance[:, 0]

    def summary(self):
        """Return a table of the growth from the stem to the last block.

        Returns
        -------
        str
        """
        return _table({kind: self.growth(kind) for kind in self.variance})


@cache
def run_signal(config):
    """Measure the variance of the signal by depth, at initialization.

    Parameters
    ----------
    config : SignalConfig
        What to run.

    Returns
    -------
    SignalResult
    """
    images = load_digits().x_train

    def measure(kind, seed):
        order = np.random.default_rng(seed).permutation(len(images))
        x = torch.tensor(images[order[: config.batch_size]])
        with _private_torch(seed), torch.no_grad():
            stream = ResidualNet(kind, config.blocks, config.width).stream(x)
        return [y.var(dim=0).mean().item() for y in stream]

    return SignalResult(_each(BLOCKS, config.seeds, measure), config)


# Dropout before batch norm


class Dropout(Layer):
    """Inverted dropout.

    Parameters
    ----------
    rate : float
        Share of the inputs that is set to zero in training, in [0, 1). The others
        are divided by 1 - rate, which keeps the mean and raises the variance.
    rng : numpy.random.Generator
        Source of the masks.

    Raises
    ------
    ValueError
        If the rate is out of range.

    Examples
    --------
    >>> layer = Dropout(0.5, np.random.default_rng(0))
    >>> layer(np.ones((1, 4)))
    array([[2., 0., 0., 0.]])
    >>> layer.eval()(np.ones((1, 4)))
    array([[1., 1., 1., 1.]])
    """

    def __init__(self, rate, rng):
        if not 0 <= rate < 1:
            raise ValueError(f"expected a rate in [0, 1), got {rate}")
        self.rate = rate
        self.rng = rng

    def forward(self, x):
        """Drop inputs in training mode; pass them on in eval mode.

        Parameters
        ----------
        x : ndarray, any shape
            The input.

        Returns
        -------
        y : ndarray, shape of x
            The output.
        """
        kept = self.rng.random(x.shape) >= self.rate if self.training else 1.0
        self._cache = kept / (1 - self.rate) if self.training else np.ones_like(x)
        return x * self._cache

    def _backward(self, dout, cache):
        return (dout * cache,)


@dataclass(frozen=True)
class DropoutConfig:
    """Linear → BN → ReLU three times, with dropout before the second and third.

    Li et al. (2019) study convolutional nets on CIFAR; this is a 3×100 net
    on digits, with one linear layer between a dropout and the next batch norm.

    Attributes
    ----------
    rate : float
        Of the dropout.
    lr : float
        Of SGD without momentum.
    steps, batch_size, width : int
        Size of the training and of the net.
    seeds : tuple of int
        Each gives other weights, masks and another order of the samples.
    """

    rate: float = 0.5
    lr: float = 0.1
    steps: int = 100
    batch_size: int = 60
    width: int = 100
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class DropoutResult:
    """What the running statistics are worth once dropout is off.

    Attributes
    ----------
    ratio : ndarray, shape (seeds, 3)
        For each batch norm, variance of its inputs in eval mode over its running
        variance, mean over the units. No dropout stands before the first.
    accuracy : ndarray, shape (seeds,)
        Test accuracy as trained.
    recalibrated : ndarray, shape (seeds,)
        The same with running statistics measured again with dropout off.
    config : DropoutConfig
        What was run.
    """

    ratio: np.ndarray
    accuracy: np.ndarray
    recalibrated: np.ndarray
    config: DropoutConfig

    def summary(self):
        """Return a table of variance ratios and test accuracies.

        Returns
        -------
        str
        """
        rows = {f"variance ratio, BN {k + 1}": self.ratio[:, k] for k in range(3)}
        rows |= {"accuracy": self.accuracy, "accuracy, recalibrated": self.recalibrated}
        return _table(rows)


def _dropout_net(config, seed):
    rng, width = np.random.default_rng(seed), config.width
    layers = [Linear(64, width, rng=rng), BatchNorm(width), ReLU()]
    for _ in range(2):
        layers.append(Dropout(config.rate, np.random.default_rng(rng.integers(2**32))))
        layers += [Linear(width, width, rng=rng), BatchNorm(width), ReLU()]
    return Sequential(*layers, Linear(width, 10, rng=rng))


def _eval_ratios(net, x):
    """Compare the variance of each batch norm's inputs with its running variance."""
    ratios = []
    with evaluating(net):
        for layer in net:
            if isinstance(layer, BatchNorm):
                ratios.append(np.mean(x.var(axis=0) / layer.running_var))
            x = layer(x)
    return ratios


def _recalibrate(net, x):
    """Measure the running statistics again, in eval mode, layer after layer."""
    with evaluating(net):
        for layer in net:
            if isinstance(layer, BatchNorm):
                layer.running_mean[...] = x.mean(axis=0)
                layer.running_var[...] = x.var(axis=0, ddof=1)
            x = layer(x)


@cache
def run_dropout(config):
    """Train with dropout before batch norm, and compare training with eval.

    Parameters
    ----------
    config : DropoutConfig
        What to run.

    Returns
    -------
    DropoutResult
    """
    data = load_digits()

    def run_one(seed):
        net = _dropout_net(config, seed)
        history = fit(net, config, np.random.default_rng(seed))
        ratios = _eval_ratios(net, data.x_train)
        _recalibrate(net, data.x_train)
        recalibrated = accuracy(net, data.x_test, data.y_test)
        return ratios, history.test_accuracy[-1], recalibrated

    return DropoutResult(*each_seed(config.seeds, run_one), config)
