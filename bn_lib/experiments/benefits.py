"""The promised benefits of batch norm, each with the regime where it may fail.

All networks are NumPy MLPs on the 8×8 digits, in float32.
"""

import math
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np

from bn_lib.data import Dataset, load_digits
from bn_lib.layers import BatchNorm, Linear, ReLU, Sequential, Sigmoid
from bn_lib.training import _bar, accuracy, cross_entropy, evaluating, train

__all__ = [
    "AccuracyConfig",
    "AccuracyResult",
    "GradientConfig",
    "GradientResult",
    "Net",
    "OverfitConfig",
    "OverfitResult",
    "SpeedConfig",
    "SpeedResult",
    "build",
    "run_accuracy",
    "run_gradient",
    "run_overfit",
    "run_speed",
]


@dataclass(frozen=True)
class Net:
    """An MLP on the digits: hidden layers of one width, then ten logits.

    Attributes
    ----------
    depth, width : int
        Hidden layers, and units in each.
    norm : bool
        Batch norm between each hidden Linear and its activation.
    activation : str
        ``"relu"`` or ``"sigmoid"``.
    std : float, optional
        Standard deviation of all weights; He initialization by default.
    eps : float
        That of batch norm.
    skips : bool
        Pre-activation residual blocks of one Linear each, after the first Linear.
    frozen : bool
        Linear layers stay as they were drawn: only gamma and beta are trained.
    """

    depth: int
    width: int
    norm: bool = False
    activation: str = "relu"
    std: float | None = None
    eps: float = 1e-5
    skips: bool = False
    frozen: bool = False


class _Residual(Sequential):
    """The layers, and a skip around them."""

    def forward(self, x):
        return x + super().forward(x)

    def backward(self, dout):
        return dout + super().backward(dout)


class _FrozenLinear(Linear):
    """A Linear that offers nothing to train."""

    def parameters(self):
        return {}

    def gradients(self):
        return {}


def build(net, seed):
    """Build the network with random weights.

    Parameters
    ----------
    net : Net
        What to build.
    seed : int
        Seed of the weights.

    Returns
    -------
    Sequential
        In float32, with 64 inputs and 10 outputs.

    Examples
    --------
    >>> model = build(Net(depth=2, width=5, norm=True), seed=0)
    >>> [type(layer).__name__ for layer in model.layers[:3]]
    ['Linear', 'BatchNorm', 'ReLU']
    """
    rng = np.random.default_rng(seed)
    kind = _FrozenLinear if net.frozen else Linear

    def linear(inputs, outputs):
        return kind(inputs, outputs, std=net.std, rng=rng, dtype=np.float32)

    first = linear(64, net.width)
    if net.skips:
        blocks = [
            _Residual(*_norm_and_activation(net), linear(net.width, net.width))
            for _ in range(net.depth - 1)
        ]
    else:
        blocks = [
            layer
            for _ in range(net.depth - 1)
            for layer in (*_norm_and_activation(net), linear(net.width, net.width))
        ]
    return Sequential(first, *blocks, *_norm_and_activation(net), linear(net.width, 10))


def _norm_and_activation(net):
    norm = [BatchNorm(net.width, eps=net.eps, dtype=np.float32)] if net.norm else []
    return *norm, {"relu": ReLU, "sigmoid": Sigmoid}[net.activation]()


@cache
def _digits():
    digits = load_digits()
    x_train, x_test = (x.astype(np.float32) for x in (digits.x_train, digits.x_test))
    return Dataset(x_train, digits.y_train, x_test, digits.y_test)


def _order(seed):
    """Give the generator of the order of samples, apart from that of the weights."""
    return np.random.default_rng((seed, 1))


@dataclass(frozen=True)
class SpeedConfig:
    """Steps to a given test accuracy, each net at its best learning rate.

    The default is the net of Ioffe and Szegedy (2015), section 4.1, figure 1: three
    hidden layers of 100 sigmoids, small random weights, batches of 60. Digits of 8×8
    take the place of MNIST, and 120 steps that of 50,000.

    Attributes
    ----------
    net : Net
        Compared with and without batch norm; its own `norm` is ignored.
    lrs : tuple of float
        Learning rates to choose from.
    target : float
        Test accuracy to reach.
    limit : int
        Steps after which a run is given up; it then counts as this number.
    every : int
        Steps between two looks at the accuracy.
    batch_size : int
        Samples in a batch.
    seeds : tuple of int
        One run for each.
    """

    net: Net = Net(3, 100, activation="sigmoid", std=0.1)
    lrs: tuple[float, ...] = (1.0, 3.0, 10.0)
    target: float = 0.9
    limit: int = 120
    every: int = 5
    batch_size: int = 60
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class SpeedResult:
    """What `run_speed` measured.

    Attributes
    ----------
    config : SpeedConfig
        What was run.
    plain, batch_norm : ndarray of int64, shape (learning rates, seeds)
        Steps to the target, at most `limit`.
    """

    config: SpeedConfig
    plain: np.ndarray
    batch_norm: np.ndarray

    def doublings(self):
        """Compare both nets, each seed at the learning rate that suits it best.

        Returns
        -------
        ndarray, shape (seeds,)
            log2 of the plain net's steps over those with batch norm.
        """
        return np.log2(self.plain.min(axis=0) / self.batch_norm.min(axis=0))

    def summary(self):
        """Tell the steps at the best learning rate.

        Returns
        -------
        str
        """
        lines = [f"steps to {self.config.target:.0%}, best learning rate"]
        for name, steps in (("plain", self.plain), ("batch norm", self.batch_norm)):
            best = int(np.median(steps.min(axis=0)))
            rounded = 10 * math.ceil(best / 10)
            more = "more than " if best == self.config.limit else "about "
            lines.append(f"{name:<12}{more}{rounded}")
        return "\n".join(lines)


@cache
def run_speed(config):
    """Train both nets at every learning rate until they reach the target.

    Parameters
    ----------
    config : SpeedConfig
        What to run.

    Returns
    -------
    SpeedResult

    Notes
    -----
    The order of samples is drawn anew after each look at the accuracy.
    """
    runs = list(product((False, True), config.lrs, config.seeds))
    steps = []
    with _bar(len(runs), None) as advance:
        for norm, lr, seed in runs:
            steps.append(_steps_to_target(config, norm, lr, seed))
            advance()
    table = np.array(steps).reshape(2, len(config.lrs), len(config.seeds))
    return SpeedResult(config, *table)


def _steps_to_target(config, norm, lr, seed):
    model = build(replace(config.net, norm=norm), seed)
    rng = _order(seed)
    for done in range(config.every, config.limit + 1, config.every):
        history = train(
            model,
            _digits(),
            steps=config.every,
            batch_size=config.batch_size,
            lr=lr,
            eval_every=config.every,
            rng=rng,
            progress=False,
        )
        if history.diverged:
            return config.limit
        if history.test_accuracy[-1] >= config.target:
            return done
    return config.limit


@dataclass(frozen=True)
class AccuracyConfig:
    """Test accuracy of one net after a fixed number of steps.

    Attributes
    ----------
    net : Net
        What to train.
    lr : float
        Learning rate of plain SGD.
    steps, batch_size : int
        Number of updates, and samples in each.
    seeds : tuple of int
        One run for each.
    """

    net: Net = Net(10, 64, norm=True)
    lr: float = 1.0
    steps: int = 50
    batch_size: int = 60
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class AccuracyResult:
    """What `run_accuracy` measured.

    Attributes
    ----------
    config : AccuracyConfig
        What was run.
    accuracy : ndarray of float64, shape (seeds,)
        Test accuracy at the end; 0.1 where the loss was no longer finite.
    """

    config: AccuracyConfig
    accuracy: np.ndarray

    def summary(self):
        """Tell the mean accuracy, to one digit.

        Returns
        -------
        str
        """
        return f"test accuracy about {self.accuracy.mean():.1f}"


@cache
def run_accuracy(config):
    """Train a net with each seed.

    Parameters
    ----------
    config : AccuracyConfig
        What to run.

    Returns
    -------
    AccuracyResult
    """
    return AccuracyResult(
        config, np.array([_accuracy(config, seed) for seed in config.seeds])
    )


def _accuracy(config, seed):
    history = train(
        build(config.net, seed),
        _digits(),
        steps=config.steps,
        batch_size=config.batch_size,
        lr=config.lr,
        eval_every=config.steps,
        rng=_order(seed),
    )
    return 0.1 if history.diverged else history.test_accuracy[-1]


@dataclass(frozen=True)
class OverfitConfig:
    """Train on few samples, and look at the test loss.

    Every run makes the same number of steps, enough to fit the training part. The
    smaller the batch, the noisier are both SGD and the statistics of batch norm; the
    plain net has only the first of the two.

    Attributes
    ----------
    net : Net
        What to train.
    samples : int
        Size of the training part, drawn anew for each seed.
    batch_size : int
        Samples in a batch.
    lr : float
        Learning rate.
    steps : int
        Number of updates.
    seeds : tuple of int
        One run for each.
    """

    net: Net = Net(3, 100, norm=True)
    samples: int = 100
    batch_size: int = 10
    lr: float = 0.1
    steps: int = 150
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


@dataclass(frozen=True, eq=False)
class OverfitResult:
    """What `run_overfit` measured, all in eval mode.

    Attributes
    ----------
    config : OverfitConfig
        What was run.
    train_loss, test_loss : ndarray of float64, shape (seeds,)
        Cross-entropy in nats.
    train_accuracy, test_accuracy : ndarray of float64, shape (seeds,)
        From 0 to 1.
    """

    config: OverfitConfig
    train_loss: np.ndarray
    test_loss: np.ndarray
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray

    def summary(self):
        """Tell both losses, averaged over the seeds.

        Returns
        -------
        str
        """
        return (
            f"train loss about {self.train_loss.mean():.1f}, "
            f"test loss about {self.test_loss.mean():.1f}"
        )


@cache
def run_overfit(config):
    """Train on a small part with each seed.

    Parameters
    ----------
    config : OverfitConfig
        What to run.

    Returns
    -------
    OverfitResult
    """
    rows = [_overfit(config, seed) for seed in config.seeds]
    return OverfitResult(config, *np.array(rows).T)


def _overfit(config, seed):
    data = _small_part(config.samples, seed)
    model = build(config.net, seed)
    train(
        model,
        data,
        steps=config.steps,
        batch_size=config.batch_size,
        lr=config.lr,
        eval_every=config.steps,
        rng=_order(seed),
    )
    parts = (data.x_train, data.y_train), (data.x_test, data.y_test)
    with evaluating(model):
        losses = [cross_entropy(model(x), y)[0] for x, y in parts]
    return *losses, *(accuracy(model, x, y) for x, y in parts)


def _small_part(samples, seed):
    digits = _digits()
    rng = np.random.default_rng((seed, 2))
    kept = rng.permutation(len(digits.x_train))[:samples]
    return replace(digits, x_train=digits.x_train[kept], y_train=digits.y_train[kept])


@dataclass(frozen=True)
class GradientConfig:
    """Growth of the gradient per layer, from the top to the bottom, before training.

    Yang et al. (2019) let width go to infinity; here it is 100, and the lowest
    layers, where the digits still show, are left out.

    Attributes
    ----------
    norm : bool
        Batch norm before each ReLU.
    skips : bool
        A skip around each block of norm, ReLU and Linear (He initialization).
    depth : int
        Number of blocks.
    lowest : int
        Blocks at the bottom that do not count.
    width : int
        Units in each layer.
    batch_size : int
        Samples in the one batch.
    seeds : tuple of int
        One network and batch for each.
    """

    norm: bool = True
    skips: bool = False
    depth: int = 40
    lowest: int = 10
    width: int = 100
    batch_size: int = 256
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class GradientResult:
    """What `run_gradient` measured.

    Attributes
    ----------
    config : GradientConfig
        What was run.
    squared : ndarray of float64, shape (seeds, depth + 1)
        Squared norm of the gradient by the input of each block, from the lowest up;
        the last one is that of the random gradient sent in at the top.
    """

    config: GradientConfig
    squared: np.ndarray

    def factor(self):
        """Average the growth over the blocks that count.

        Returns
        -------
        ndarray, shape (seeds,)
            Geometric mean of the growth of the squared norm from block to block.
        """
        lowest, depth = self.config.lowest, self.config.depth
        return (self.squared[:, lowest] / self.squared[:, -1]) ** (1 / (depth - lowest))

    def summary(self):
        """Tell the factor per layer and over the whole depth.

        Returns
        -------
        str
        """
        return (
            f"squared gradient: × {self.factor().mean():.1f} per layer, "
            f"10^{np.log10(self.squared[:, 0] / self.squared[:, -1]).mean():.0f} "
            f"over {self.config.depth} layers"
        )


@cache
def run_gradient(config):
    """Send one random gradient down through fresh networks.

    Parameters
    ----------
    config : GradientConfig
        What to run.

    Returns
    -------
    GradientResult
    """
    return GradientResult(config, np.array([_squared(config, s) for s in config.seeds]))


def _squared(config, seed):
    rng = np.random.default_rng(seed)
    width = config.width
    batch = rng.permutation(len(_digits().x_train))[: config.batch_size]
    x = Linear(64, width, rng=rng)(_digits().x_train[batch].astype(float))
    kind = _Residual if config.skips else Sequential
    blocks = []
    for _ in range(config.depth):
        norm = [BatchNorm(width)] if config.norm else []
        blocks.append(kind(*norm, ReLU(), Linear(width, width, rng=rng)))
        x = blocks[-1](x)
    gradient = rng.normal(size=x.shape)
    squared = [np.sum(gradient**2)]
    for block in reversed(blocks):
        gradient = block.backward(gradient)
        squared.append(np.sum(gradient**2))
    return squared[::-1]
