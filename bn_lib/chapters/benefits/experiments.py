"""The promised benefits of batch norm, each with the regime where it may fail.

All networks are NumPy MLPs on the 8×8 digits, in float32.
"""

import math
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product

import numpy as np

from bn_lib import functional
from bn_lib.course.experiment import Residual, each_seed, fit, mlp
from bn_lib.data import Dataset, load_digits
from bn_lib.layers import BatchNorm, Linear, ReLU, Sequential
from bn_lib.training import _bar, accuracy, cross_entropy, evaluating, train

__all__ = [
    "AccuracyConfig",
    "AccuracyResult",
    "GhostBatchNorm",
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
    ghost : int, optional
        Samples that share statistics in training; the whole batch by default.
    """

    depth: int
    width: int
    norm: bool = False
    activation: str = "relu"
    std: float | None = None
    eps: float = 1e-5
    skips: bool = False
    frozen: bool = False
    ghost: int | None = None


class GhostBatchNorm(BatchNorm):
    """Batch norm of (N, C) that takes its statistics over parts of each batch.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    ghost : int
        Samples in a part; N must be a multiple of it in training.
    **options
        As in `BatchNorm`, except that it is affine and tracks running statistics.

    Notes
    -----
    The noise of the statistics is that of a small batch, while the gradient is that of
    the whole one. With P parts, the samples i, i + P, i + 2P, ... share one. The running
    statistics are updated once a step, with the average over the parts.

    References
    ----------
    Hoffer, Hubara and Soudry, "Train longer, generalize better", 2017, algorithm 1.

    Examples
    --------
    >>> x = np.array([[1.0], [10.0], [3.0], [14.0]])
    >>> GhostBatchNorm(1, ghost=2)(x).ravel().round(3)
    array([-1., -1.,  1.,  1.])
    """

    def __init__(self, num_features, ghost, **options):
        super().__init__(num_features, **options)
        self.ghost = ghost

    def forward(self, x):
        """Normalize each part by itself in training, and as batch norm in evaluation.

        Parameters
        ----------
        x : ndarray, shape (N, C)
            The input.

        Returns
        -------
        y : ndarray, shape (N, C)
            The output.

        Raises
        ------
        ValueError
            If N is no multiple of the part in training.
        """
        if not self.training:
            return super().forward(x)
        if len(x) % self.ghost:
            raise ValueError(
                f"expected a multiple of {self.ghost} samples, got {len(x)}: choose a "
                "batch size that the ghost batch divides"
            )
        parts = len(x) // self.ghost
        mean, var, gamma, beta = (
            np.tile(value, parts)
            for value in (self.running_mean, self.running_var, self.weight, self.bias)
        )
        y, self._cache = functional.batch_norm(
            x.reshape(self.ghost, -1),  # (N, C) -> (ghost, parts C)
            mean,
            var,
            gamma,
            beta,
            training=True,
            momentum=self.momentum,
            eps=self.eps,
        )
        self.running_mean[...] = mean.reshape(parts, -1).mean(axis=0)
        self.running_var[...] = var.reshape(parts, -1).mean(axis=0)
        self.num_batches_tracked += 1
        return y.reshape(x.shape)

    def _backward(self, dout, cache):
        dx, *gradients = super()._backward(dout.reshape(cache.normalized.xhat.shape), cache)
        dgamma, dbeta = (g.reshape(-1, self.num_features).sum(axis=0) for g in gradients)
        return dx.reshape(dout.shape), dgamma, dbeta


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
    kind = _FrozenLinear if net.frozen else Linear
    rng = np.random.default_rng(seed)
    return mlp(
        partial(kind, std=net.std, rng=rng, dtype=np.float32),
        depth=net.depth,
        width=net.width,
        activation=net.activation,
        norm=_norm(net) if net.norm else None,
        skips=net.skips,
    )


def _norm(net):
    kind = partial(GhostBatchNorm, ghost=net.ghost) if net.ghost else BatchNorm
    return partial(kind, eps=net.eps, dtype=np.float32)


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
    """Steps to a given test accuracy, at each of some learning rates.

    The default is the net of Ioffe and Szegedy (2015), section 4.1, figure 1: three
    hidden layers of 100 sigmoids, small random weights, batches of 60. Digits of 8×8
    take the place of MNIST, and 120 steps that of 50,000.

    Attributes
    ----------
    net : Net
        Compared with and without batch norm; its own `norm` is ignored.
    lrs : tuple of float
        Learning rates to try.
    target : float
        Test accuracy to reach.
    limit : int
        Steps after which a run is given up; it then counts as this number.
    every : int
        Steps between two looks at the accuracy.
    batch_size : int
        Samples in a batch.
    seeds : tuple of int
        One run for each, at each learning rate; at least two.
    """

    net: Net = Net(3, 100, activation="sigmoid", std=0.1)
    lrs: tuple[float, ...] = (0.3, 1.0, 3.0)
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

    def at_best_rate(self, steps):
        """Pick the steps of each seed, at a learning rate chosen by other seeds.

        Parameters
        ----------
        steps : ndarray, shape (learning rates, seeds)
            Those of one net: `plain` or `batch_norm`.

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
        chosen = others.argmin(axis=0)
        return steps[chosen, np.arange(steps.shape[1])]

    def doublings(self):
        """Compare both nets, each at its best learning rate as other seeds choose it.

        Returns
        -------
        ndarray, shape (seeds,)
            log2 of the plain net's steps over those with batch norm.
        """
        plain, normed = map(self.at_best_rate, (self.plain, self.batch_norm))
        return np.log2(plain / normed)

    def doublings_at(self, lr):
        """Compare both nets at the same learning rate.

        Parameters
        ----------
        lr : float
            One of those tried.

        Returns
        -------
        ndarray, shape (seeds,)
            log2 of the plain net's steps over those with batch norm.
        """
        row = self.config.lrs.index(lr)
        return np.log2(self.plain[row] / self.batch_norm[row])

    def summary(self):
        """Tell the steps at the best learning rate.

        Returns
        -------
        str
        """
        lines = [f"steps to {self.config.target:.0%}, best learning rate"]
        for name, steps in (("plain", self.plain), ("batch norm", self.batch_norm)):
            best = int(np.median(self.at_best_rate(steps)))
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
    (values,) = each_seed(config.seeds, lambda seed: (_accuracy(config, seed),))
    return AccuracyResult(config, values)


def _accuracy(config, seed):
    history = fit(build(config.net, seed), config, _order(seed), _digits())
    return 0.1 if history.diverged else history.test_accuracy[-1]


@dataclass(frozen=True)
class OverfitConfig:
    """Train on few samples, and look at the test loss.

    Every run makes the same number of steps, enough to fit the training part. The
    smaller the batch, the noisier are both SGD and the statistics of batch norm. The
    plain net has only the first of the two, and `GhostBatchNorm` changes the second
    alone.

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
    run_one = partial(_overfit, config)
    return OverfitResult(config, *each_seed(config.seeds, run_one))


def _overfit(config, seed):
    data = _small_part(config.samples, seed)
    model = build(config.net, seed)
    fit(model, config, _order(seed), data)
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
    (squared,) = each_seed(config.seeds, lambda seed: (_squared(config, seed),))
    return GradientResult(config, squared)


def _squared(config, seed):
    rng = np.random.default_rng(seed)
    width = config.width
    batch = rng.permutation(len(_digits().x_train))[: config.batch_size]
    x = Linear(64, width, rng=rng)(_digits().x_train[batch].astype(float))
    kind = Residual if config.skips else Sequential
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
