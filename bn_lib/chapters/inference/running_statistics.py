"""Chapter 6, first half: running statistics, how they warm up, how far off they are.

All nets but one share one shape, 64 → 100 → 100 → 10 with batch norm before each
ReLU, on the 8×8 digits. ``accuracy`` always means the 360 test images. What the
statistics are used for is in `bn_lib.chapters.inference.experiments`.
"""

from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from bn_lib.course.experiment import each_seed, mlp
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Linear
from bn_lib.training import _batches, accuracy, train

__all__ = [
    "ForgettingConfig",
    "ForgettingResult",
    "MomentumConfig",
    "MomentumResult",
    "NoiseConfig",
    "NoiseResult",
    "StoredVarianceConfig",
    "StoredVarianceResult",
    "TrackingConfig",
    "TrackingResult",
    "build_net",
    "predict_by_batch",
    "recalibrate",
    "run_forgetting",
    "run_momentum",
    "run_noise",
    "run_stored_variance",
    "run_tracking",
]


# The net of the chapter, and what is done to it


def build_net(seed, *, norm=True, std=None, momentum=0.1):
    """Build the chapter's net, 64 → 100 → 100 → 10.

    Parameters
    ----------
    seed : int
        Of the weights.
    norm : bool
        Whether a batch norm stands before each ReLU.
    std : float, optional
        Of the weights of each linear layer; He's choice by default.
    momentum : float
        Weight of the new batch in the running statistics.

    Returns
    -------
    Sequential

    Examples
    --------
    >>> len(build_net(0)), len(build_net(0, norm=False))
    (7, 5)
    """
    linear = partial(Linear, std=std, rng=np.random.default_rng(seed))
    norm = partial(BatchNorm, momentum=momentum) if norm else None
    return mlp(linear, depth=2, norm=norm)


def predict_by_batch(model, x, batches):
    """Predict with the statistics of each batch, as if eval() had been forgotten.

    Parameters
    ----------
    model : Sequential
        Gives logits. Running statistics are put back; it is left in training mode.
    x : ndarray, shape (N, D)
        Inputs.
    batches : iterable of ndarray of ints
        Rows of each batch; together all rows, each once.

    Returns
    -------
    classes : ndarray of int64, shape (N,)

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(6, 64))
    >>> predict_by_batch(build_net(0), x, [np.arange(6)]).shape
    (6,)
    """
    state = model.state_dict()
    model.train()
    classes = np.empty(len(x), np.int64)
    for rows in batches:
        classes[rows] = model.forward(x[rows]).argmax(axis=1)
    model.load_state_dict(state)
    return classes


def recalibrate(model, x, batch_size=200):
    """Compute the running statistics afresh by forward passes; nothing is learned.

    Parameters
    ----------
    model : Sequential
        Its batch norms get the plain average over the batches.
    x : ndarray, shape (N, D)
        Inputs; the rows left over after the last full batch are not used.
    batch_size : int
        Samples in a batch.

    Notes
    -----
    Each batch counts the same, unlike in the running average of training. The model
    is left in training mode.

    Examples
    --------
    >>> model = build_net(0)
    >>> recalibrate(model, np.random.default_rng(0).normal(size=(400, 64)))
    >>> int(model[1].num_batches_tracked)
    2
    """
    norms = [layer for layer in model.layers if isinstance(layer, BatchNorm)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = None
        norm.num_batches_tracked[...] = 0
    model.train()
    for start in range(0, len(x) - batch_size + 1, batch_size):
        model.forward(x[start : start + batch_size])
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum


@cache
def _trained_state(seed, batch_size=60, lr=0.1, steps=300):
    """State of a trained net; callers load it and must not write to it."""
    model = build_net(seed)
    fit_net(model, seed, steps=steps, batch_size=batch_size, lr=lr)
    return model.state_dict()


def trained(seed, **how):
    """Return a net of its own, trained once for all who ask for the same."""
    model = build_net(seed)
    model.load_state_dict(_trained_state(seed, **how))
    return model


def fit_net(model, seed, *, steps, **how):
    """Train on the digits, in an order that the seed decides."""
    rng = np.random.default_rng(seed)
    how = {"eval_every": steps} | how
    return train(model, load_digits(), steps=steps, rng=rng, progress=False, **how)


def spread(values, digits=2):
    """Write the least and the largest of some numbers."""
    return f"{np.min(values):.{digits}f} to {np.max(values):.{digits}f}"


# Running statistics and their warm-up


@dataclass(frozen=True)
class TrackingConfig:
    """Follow accuracy with running and with batch statistics through training.

    Attributes
    ----------
    seeds : tuple of int
        Of weights and order of samples.
    steps : tuple of int
        After how many updates to measure; the last one ends the training.
    std : float or None
        Of the weights of each linear layer; None is He's choice.
    batch_size, lr, momentum : number
        Of the training, and of the running statistics.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    steps: tuple[int, ...] = (6, 10, 100, 200)
    std: float | None = None
    batch_size: int = 60
    lr: float = 0.1
    momentum: float = 0.1


@dataclass(frozen=True, eq=False)
class TrackingResult:
    """Accuracies at the steps of the config.

    Attributes
    ----------
    config : TrackingConfig
        What was run.
    running, whole_batch : ndarray, shape (seeds, steps)
        Accuracy with running statistics, and with those of the whole test part.
    """

    config: TrackingConfig
    running: np.ndarray
    whole_batch: np.ndarray

    def at(self, step):
        """Give how far running statistics are behind after `step` updates.

        Parameters
        ----------
        step : int
            One of the config's.

        Returns
        -------
        ndarray, shape (seeds,)
        """
        index = self.config.steps.index(step)
        return (self.whole_batch - self.running)[:, index]

    def summary(self):
        """Write one line for each step.

        Returns
        -------
        str
        """
        return "\n".join(
            f"step {step:3d}: running {spread(self.running[:, i])}, "
            f"whole batch {spread(self.whole_batch[:, i])}"
            for i, step in enumerate(self.config.steps)
        )


@cache
def run_tracking(config):
    """Train, and evaluate in both ways on the way.

    Parameters
    ----------
    config : TrackingConfig
        What to run.

    Returns
    -------
    TrackingResult
    """
    data = load_digits()

    def run_one(seed):
        model = build_net(seed, std=config.std, momentum=config.momentum)
        running, whole = [], []

        def look(step, model):
            if step in config.steps:
                running.append(accuracy(model, data.x_test, data.y_test))
                classes = predict_by_batch(model, data.x_test, [np.arange(360)])
                whole.append(np.mean(classes == data.y_test))

        how = {"batch_size": config.batch_size, "lr": config.lr, "on_step": look}
        fit_net(model, seed, steps=max(config.steps), **how)
        return running, whole

    return TrackingResult(config, *each_seed(config.seeds, run_one))


# How noisy, and how biased, the statistics of a batch are


@dataclass(frozen=True)
class NoiseConfig:
    """Draw batches of digits and compare their statistics with those of all.

    The 100 features are the first layer's outputs, before batch norm, in an untrained
    net; samples are drawn with replacement.

    Attributes
    ----------
    seeds : tuple of int
        Of the weights and the draws.
    batch_sizes : tuple of int
        Samples in a batch, at least 2.
    draws : int
        Batches of each size.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    batch_sizes: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256)
    draws: int = 300


@dataclass(frozen=True, eq=False)
class NoiseResult:
    """Errors by batch size.

    Attributes
    ----------
    config : NoiseConfig
        What was run.
    mean_error : ndarray, shape (seeds, sizes)
        Root mean square error of a batch's mean, in standard deviations.
    var_error : ndarray, shape (seeds, sizes)
        The same of its unbiased variance, as a share of the true variance.
    biased_share : ndarray, shape (seeds, sizes)
        Mean biased variance, as a share of the true variance.
    """

    config: NoiseConfig
    mean_error: np.ndarray
    var_error: np.ndarray
    biased_share: np.ndarray

    def exponents(self, errors, smallest=2):
        """Fit the power of the batch size with which an error changes.

        Parameters
        ----------
        errors : ndarray, shape (seeds, sizes)
            ``result.mean_error`` or ``result.var_error``.
        smallest : int
            Leave out batches below this size.

        Returns
        -------
        ndarray, shape (seeds,)
        """
        sizes = np.array(self.config.batch_sizes)
        use = sizes >= smallest
        return np.polyfit(np.log(sizes[use]), np.log(errors[:, use].T), 1)[0]

    def summary(self):
        """Write one line for each batch size.

        Returns
        -------
        str
        """
        return "\n".join(
            f"batch {size:3d}: mean off by {self.mean_error[:, i].mean():.2f} std, "
            f"variance by {self.var_error[:, i].mean():.1f} of itself, "
            f"biased variance {self.biased_share[:, i].mean():.2f} of the true"
            for i, size in enumerate(self.config.batch_sizes)
        )


@cache
def run_noise(config):
    """Measure the statistics of many batches.

    Parameters
    ----------
    config : NoiseConfig
        What to run.

    Returns
    -------
    NoiseResult
    """
    x = load_digits().x_train

    def run_one(seed):
        rng = np.random.default_rng(seed)
        features = build_net(seed)[0](x)  # (1437, 100)
        standard = (features - features.mean(axis=0)) / features.std(axis=0)
        errors = [
            _errors(standard[rng.integers(len(x), size=(config.draws, size))])
            for size in config.batch_sizes
        ]
        return np.transpose(errors)

    return NoiseResult(config, *each_seed(config.seeds, run_one))


def _errors(batches):
    """Compare batches, shape (draws, N, C), with a true mean of 0 and variance of 1."""
    size = batches.shape[1]
    biased = batches.var(axis=1)  # (draws, C)
    unbiased = biased * size / (size - 1)
    mean_error = np.sqrt(np.mean(batches.mean(axis=1) ** 2))
    return mean_error, np.sqrt(np.mean((unbiased - 1) ** 2)), biased.mean()


@dataclass(frozen=True)
class StoredVarianceConfig:
    """Train at a batch size, then store the unbiased or the biased variance.

    Running statistics are averages over batches of the same size, so that nothing
    but the factor (N − 1)/N differs.

    Attributes
    ----------
    seeds : tuple of int
        Of weights and batches.
    batch_sizes : tuple of int
        Samples in a batch.
    steps : int
        Updates.
    lr : float
        Learning rate, small enough for batches of 2.
    calibration : int
        Training images that the statistics are taken from.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    batch_sizes: tuple[int, ...] = (2, 8)
    steps: int = 200
    lr: float = 0.02
    calibration: int = 480


@dataclass(frozen=True, eq=False)
class StoredVarianceResult:
    """What the stored variance changes.

    Attributes
    ----------
    config : StoredVarianceConfig
        What was run.
    changed : ndarray, shape (seeds, sizes)
        Share of the test images that get another class.
    unbiased, biased : ndarray, shape (seeds, sizes)
        Accuracy with either variance.

    Notes
    -----
    After training with batches of 2 the numbers differ by some hundredths between
    CPUs, as rounding grows during such a training.
    """

    config: StoredVarianceConfig
    changed: np.ndarray
    unbiased: np.ndarray
    biased: np.ndarray

    def summary(self):
        """Write one line for each batch size.

        Returns
        -------
        str
        """
        return "\n".join(
            f"batch {size:2d}: {spread(self.changed[:, i])} of the classes change, "
            f"accuracy {spread(self.unbiased[:, i])} unbiased, "
            f"{spread(self.biased[:, i])} biased"
            for i, size in enumerate(self.config.batch_sizes)
        )


@cache
def run_stored_variance(config):
    """Evaluate with both variances.

    Parameters
    ----------
    config : StoredVarianceConfig
        What to run.

    Returns
    -------
    StoredVarianceResult
    """
    data = load_digits()

    def compare(seed, size):
        model = trained(seed, batch_size=size, lr=config.lr, steps=config.steps)
        rows = np.random.default_rng(seed).permutation(len(data.x_train))
        recalibrate(model, data.x_train[rows[: config.calibration]], size)
        unbiased = model.eval()(data.x_test).argmax(axis=1)
        for norm in (model[1], model[4]):
            norm.running_var *= (size - 1) / size
        biased = model(data.x_test).argmax(axis=1)
        right = np.mean(unbiased == data.y_test), np.mean(biased == data.y_test)
        return np.mean(unbiased != biased), *right

    def run_one(seed):
        return np.transpose([compare(seed, size) for size in config.batch_sizes])

    return StoredVarianceResult(config, *each_seed(config.seeds, run_one))


# Momentum


@dataclass(frozen=True)
class ForgettingConfig:
    """Feed the same batches to two batch norms that start apart.

    Attributes
    ----------
    momentum : float
        torch's: weight of the new batch. Keras' number is one minus this.
    seeds : tuple of int
        Of the batches, of 60 digits.
    limit : int
        Steps after which to give up.
    """

    momentum: float
    seeds: tuple[int, ...] = (0, 1, 2)
    limit: int = 500


@dataclass(frozen=True, eq=False)
class ForgettingResult:
    """When half of the start is forgotten.

    Attributes
    ----------
    config : ForgettingConfig
        What was run.
    steps : ndarray of int64, shape (seeds,)
        Updates until the two running means are at most half as far apart as at first.
    """

    config: ForgettingConfig
    steps: np.ndarray

    def summary(self):
        """Write one line.

        Returns
        -------
        str
        """
        torch, keras = self.config.momentum, 1 - self.config.momentum
        return (
            f"momentum {torch:g} in torch, {keras:g} in Keras: "
            f"half is forgotten after {self.steps.max()} steps"
        )


@cache
def run_forgetting(config):
    """Count the steps until half of the start is forgotten.

    Parameters
    ----------
    config : ForgettingConfig
        What to run.

    Returns
    -------
    ForgettingResult

    Examples
    --------
    >>> print(run_forgetting(ForgettingConfig(momentum=0.1)).summary())
    momentum 0.1 in torch, 0.9 in Keras: half is forgotten after 7 steps
    """
    x = load_digits().x_train

    def run_one(seed):
        ours, other = (BatchNorm(64, momentum=config.momentum) for _ in range(2))
        other.running_mean[...] = 1.0
        batches = _batches(len(x), 60, np.random.default_rng(seed))
        for step in range(1, config.limit + 1):
            rows = next(batches)
            ours(x[rows])
            other(x[rows])
            if np.abs(other.running_mean - ours.running_mean).max() <= 0.5:
                return (step,)
        return (config.limit,)

    return ForgettingResult(config, *each_seed(config.seeds, run_one))


@dataclass(frozen=True)
class MomentumConfig:
    """Train with the right momentum, and with Keras' number typed into torch.

    The momentum of batch norm does not touch the training, so both nets have the same
    weights at every step.

    Attributes
    ----------
    batch_size : int
        Of the training.
    seeds : tuple of int
        Of weights and order of samples.
    right, wrong : float
        The two momenta.
    steps, every, lr : number
        Updates, how often to evaluate in their second half, and learning rate.
    """

    batch_size: int
    seeds: tuple[int, ...] = (0, 1, 2)
    right: float = 0.1
    wrong: float = 0.9
    steps: int = 120
    every: int = 10
    lr: float = 0.05


@dataclass(frozen=True, eq=False)
class MomentumResult:
    """Accuracies in eval mode, averaged over the second half of the training.

    Attributes
    ----------
    config : MomentumConfig
        What was run.
    right, wrong : ndarray, shape (seeds,)
        With either momentum.
    """

    config: MomentumConfig
    right: np.ndarray
    wrong: np.ndarray

    def summary(self):
        """Write one line.

        Returns
        -------
        str
        """
        config = self.config
        return (
            f"batch {config.batch_size}: momentum {config.right:g} gives "
            f"{spread(self.right)}, momentum {config.wrong:g} {spread(self.wrong)}"
        )


@cache
def run_momentum(config):
    """Train once for each momentum.

    Parameters
    ----------
    config : MomentumConfig
        What to run.

    Returns
    -------
    MomentumResult
    """

    def late_accuracy(seed, momentum):
        model = build_net(seed, momentum=momentum)
        how = {"batch_size": config.batch_size, "lr": config.lr}
        history = fit_net(model, seed, steps=config.steps, eval_every=config.every, **how)
        return history.test_accuracy[history.steps > config.steps // 2].mean()

    def run_one(seed):
        return late_accuracy(seed, config.right), late_accuracy(seed, config.wrong)

    return MomentumResult(config, *each_seed(config.seeds, run_one))
