"""Chapter 6: what batch norm does when the training is over.

All nets but one share one shape, 64 → 100 → 100 → 10 with batch norm before each
ReLU, on the 8×8 digits. ``accuracy`` always means the 360 test images.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Linear, ReLU, Sequential
from bn_lib.training import SGD, _bar, _batches, accuracy, cross_entropy, train

__all__ = [
    "CHANGES",
    "FineTuneConfig",
    "FineTuneResult",
    "FoldConfig",
    "FoldResult",
    "ForgettingConfig",
    "ForgettingResult",
    "MatesConfig",
    "MatesResult",
    "MomentumConfig",
    "MomentumResult",
    "NoiseConfig",
    "NoiseResult",
    "RecalibrationConfig",
    "RecalibrationResult",
    "SortedConfig",
    "SortedResult",
    "StoredVarianceConfig",
    "StoredVarianceResult",
    "TrackingConfig",
    "TrackingResult",
    "build_net",
    "fold",
    "predict_by_batch",
    "recalibrate",
    "run_fine_tune",
    "run_fold",
    "run_forgetting",
    "run_mates",
    "run_momentum",
    "run_noise",
    "run_recalibration",
    "run_sorted",
    "run_stored_variance",
    "run_tracking",
]

CHANGES = {
    "darker and hazy": lambda x: 0.3 * x + 0.5,
    "inverted": lambda x: 1.0 - x,
    "mirrored": lambda x: x.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64),
}
"""What may happen to the images, each a function of x of shape (N, 64)."""


# The shared net and what is done to it


def build_net(seed, *, norm=True, std=None, momentum=0.1):
    """Build the chapter's net, 64 → 100 → 100 → 10.

    Parameters
    ----------
    seed : int
        Of the weights.
    norm : bool
        Whether a batch norm stands before each ReLU.
    std : float, optional
        Of the hidden weights; He's choice by default.
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
    rng = np.random.default_rng(seed)
    layers = []
    for inputs in (64, 100):
        layers += [Linear(inputs, 100, std=std, rng=rng)]
        layers += [BatchNorm(100, momentum=momentum)] if norm else []
        layers += [ReLU()]
    return Sequential(*layers, Linear(100, 10, rng=rng))


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


def fold(linear, norm):
    """Merge a batch norm in eval mode into the linear layer before it.

    Parameters
    ----------
    linear : Linear
        The layer before; it is not changed.
    norm : BatchNorm
        With running statistics, weight and bias.

    Returns
    -------
    Linear
        Gives what `norm` gives after `linear`.

    Notes
    -----
    With s = gamma / sqrt(running_var + eps), the weight is s · W and the bias is
    s · (b − running_mean) + beta.

    References
    ----------
    B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", CVPR 2018, section 3.2.

    Examples
    --------
    >>> linear, norm = Linear(3, 2), BatchNorm(2)
    >>> norm.running_mean[...] = 5.0
    >>> x = np.random.default_rng(0).normal(size=(4, 3))
    >>> bool(np.allclose(fold(linear, norm)(x), norm.eval()(linear(x))))
    True
    """
    scale = norm.weight / np.sqrt(norm.running_var + norm.eps)  # (out,)
    folded = Linear(linear.in_features, linear.out_features)
    folded.weight[...] = scale[:, None] * linear.weight
    folded.bias[...] = scale * (linear.bias - norm.running_mean) + norm.bias
    return folded


@cache
def _trained_state(seed, batch_size=60, lr=0.1, steps=300):
    """State of a trained net; callers load it and must not write to it."""
    model = build_net(seed)
    _fit(model, seed, steps=steps, batch_size=batch_size, lr=lr)
    return model.state_dict()


def _trained(seed, **how):
    model = build_net(seed)
    model.load_state_dict(_trained_state(seed, **how))
    return model


def _fit(model, seed, *, steps, **how):
    rng = np.random.default_rng(seed)
    how = {"eval_every": steps} | how
    return train(model, load_digits(), steps=steps, rng=rng, progress=False, **how)


def _shuffled(samples, batch_size, rng):
    return rng.permutation(samples).reshape(-1, batch_size)


def _by_class(labels):
    return [np.flatnonzero(labels == label) for label in range(10)]


def _per_seed(config, run_one):
    """Stack what ``run_one(seed)`` gives, behind a bar where a person watches."""
    rows = []
    with _bar(len(config.seeds), None) as advance:
        for seed in config.seeds:
            rows.append(run_one(seed))
            advance()
    return (np.array(column) for column in zip(*rows, strict=True))


def _columns(rows):
    """Turn a list of rows into a list of columns."""
    return [list(column) for column in zip(*rows, strict=True)]


def _range(values, digits=2):
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
        Of the hidden weights; None is He's choice.
    batch_size, lr, momentum : number
        Of the training, and of the running statistics.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    steps: tuple[int, ...] = (5, 10, 100, 200)
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
            f"step {step:3d}: running {_range(self.running[:, i])}, "
            f"whole batch {_range(self.whole_batch[:, i])}"
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
        _fit(model, seed, steps=max(config.steps), **how)
        return running, whole

    return TrackingResult(config, *_per_seed(config, run_one))


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
        return _columns(errors)

    return NoiseResult(config, *_per_seed(config, run_one))


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
            f"batch {size:2d}: {_range(self.changed[:, i])} of the classes change, "
            f"accuracy {_range(self.unbiased[:, i])} unbiased, "
            f"{_range(self.biased[:, i])} biased"
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
        model = _trained(seed, batch_size=size, lr=config.lr, steps=config.steps)
        rows = np.random.default_rng(seed).permutation(len(data.x_train))
        recalibrate(model, data.x_train[rows[: config.calibration]], size)
        unbiased = model.eval()(data.x_test).argmax(axis=1)
        for norm in (model[1], model[4]):
            norm.running_var *= (size - 1) / size
        biased = model(data.x_test).argmax(axis=1)
        right = np.mean(unbiased == data.y_test), np.mean(biased == data.y_test)
        return np.mean(unbiased != biased), *right

    def run_one(seed):
        rows = [compare(seed, size) for size in config.batch_sizes]
        return _columns(rows)

    return StoredVarianceResult(config, *_per_seed(config, run_one))


# Batch mates


@dataclass(frozen=True)
class MatesConfig:
    """Predict the same test images in different company.

    Attributes
    ----------
    seeds : tuple of int
        Of the net (trained with batches of 60) and the arrangements.
    batch_sizes : tuple of int
        Images that are predicted together; divisors of 360.
    arrangements : int
        How often to shuffle the mates.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    batch_sizes: tuple[int, ...] = (4, 8, 180)
    arrangements: int = 6


@dataclass(frozen=True, eq=False)
class MatesResult:
    """How far an answer depends on its batch mates.

    Attributes
    ----------
    config : MatesConfig
        What was run.
    changed : ndarray, shape (seeds, sizes)
        Share of images whose class differs between two random arrangements.
    accuracy : ndarray, shape (seeds, sizes)
        With the statistics of these batches.
    changed_one_class, accuracy_one_class : ndarray, shape (seeds,)
        The same where all mates are of the image's own class, 35 to 37 in a batch;
        changed against running statistics.
    running : ndarray, shape (seeds,)
        Accuracy with running statistics.
    running_difference : ndarray, shape (seeds,)
        Largest difference of a logit, alone against in a batch of 360, with running
        statistics, as a share of the largest logit.
    """

    config: MatesConfig
    changed: np.ndarray
    accuracy: np.ndarray
    changed_one_class: np.ndarray
    accuracy_one_class: np.ndarray
    running: np.ndarray
    running_difference: np.ndarray

    def summary(self):
        """Write one line for each kind of batch.

        Returns
        -------
        str
        """
        lines = [
            f"random batch of {size:3d}: {_range(self.changed[:, i])} change, "
            f"accuracy {_range(self.accuracy[:, i])}"
            for i, size in enumerate(self.config.batch_sizes)
        ]
        one_class = (
            f"batch of one class: {_range(self.changed_one_class)} change, "
            f"accuracy {_range(self.accuracy_one_class)}"
        )
        running = f"running statistics: none change, accuracy {_range(self.running)}"
        return "\n".join([*lines, one_class, running])


@cache
def run_mates(config):
    """Predict in random company, in company of one class, and alone.

    Parameters
    ----------
    config : MatesConfig
        What to run.

    Returns
    -------
    MatesResult
    """
    data = load_digits()
    x, y = data.x_test, data.y_test

    def company(model, size, rng):
        classes = np.array(
            [
                predict_by_batch(model, x, _shuffled(len(x), size, rng))
                for _ in range(config.arrangements)
            ]
        )  # (arrangements, 360)
        return np.mean(classes[1:] != classes[:-1]), np.mean(classes == y)

    def run_one(seed):
        model, rng = _trained(seed), np.random.default_rng(seed)
        random = [company(model, size, rng) for size in config.batch_sizes]
        one_class = predict_by_batch(model, x, _by_class(y))
        logits = model.eval()(x)
        alone = np.concatenate([model(row[None]) for row in x])  # (360, 10)
        running = logits.argmax(axis=1)
        return (
            *_columns(random),
            np.mean(one_class != running),
            np.mean(one_class == y),
            np.mean(running == y),
            np.abs(alone - logits).max() / np.abs(logits).max(),
        )

    return MatesResult(config, *_per_seed(config, run_one))


@dataclass(frozen=True)
class SortedConfig:
    """Train on batches of a single class, the class drawn anew at each step.

    Attributes
    ----------
    seeds : tuple of int
        Of weights and batches.
    steps, batch_size, lr : number
        Of the training.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 200
    batch_size: int = 60
    lr: float = 0.1


@dataclass(frozen=True, eq=False)
class SortedResult:
    """Accuracies in eval mode after training.

    Attributes
    ----------
    config : SortedConfig
        What was run.
    norm_sorted, plain_sorted, norm_shuffled, plain_shuffled : ndarray, shape (seeds,)
        With and without batch norm, on batches of one class and on mixed ones.
    training_sorted : ndarray, shape (seeds,)
        Accuracy on the training batches themselves, with batch norm and batches of
        one class, over the last 100 steps.
    """

    config: SortedConfig
    norm_sorted: np.ndarray
    plain_sorted: np.ndarray
    norm_shuffled: np.ndarray
    plain_shuffled: np.ndarray
    training_sorted: np.ndarray

    def summary(self):
        """Write one line for each kind of batch.

        Returns
        -------
        str
        """
        return (
            f"one class:  BN {_range(self.norm_sorted)}, "
            f"plain {_range(self.plain_sorted)} "
            f"(BN on its own training batches {_range(self.training_sorted)})\n"
            f"mixed:      BN {_range(self.norm_shuffled)}, "
            f"plain {_range(self.plain_shuffled)}"
        )


@cache
def run_sorted(config):
    """Train with and without batch norm, on batches of one class and on mixed ones.

    Parameters
    ----------
    config : SortedConfig
        What to run.

    Returns
    -------
    SortedResult
    """
    data = load_digits()
    members = _by_class(data.y_train)

    def draw(rng, one_class):
        pool = members[rng.integers(10)] if one_class else len(data.x_train)
        return rng.choice(pool, config.batch_size, replace=False)

    def fit(seed, norm, one_class):
        rng, model = np.random.default_rng(seed), build_net(seed, norm=norm)
        batches = (draw(rng, one_class) for _ in range(config.steps))
        right = _train_on(model, data.x_train, data.y_train, batches, config.lr)
        return accuracy(model, data.x_test, data.y_test), np.mean(right[-100:])

    def run_one(seed):
        kinds = (True, True), (False, True), (True, False), (False, False)
        scores = [fit(seed, *kind) for kind in kinds]
        return *(test for test, _ in scores), scores[0][1]

    return SortedResult(config, *_per_seed(config, run_one))


def _train_on(model, x, y, batches, lr):
    """Update on given batches, in whatever mode each layer is; return accuracies."""
    optimizer, right = SGD(model, lr), []
    for rows in batches:
        logits = model.forward(x[rows])
        right.append(np.mean(logits.argmax(axis=1) == y[rows]))
        model.backward(cross_entropy(logits, y[rows])[1])
        optimizer.step()
    return right


# Freezing, recalibration, folding


@dataclass(frozen=True)
class FineTuneConfig:
    """Fine-tune a trained net on changed images, batch norm frozen or not.

    Frozen means that the norms stay in eval mode: the running statistics of the
    pretraining normalize, gamma and beta still learn.

    Attributes
    ----------
    change : str
        Key of `CHANGES`.
    batch_size : int
        Of the fine-tuning; the pretraining used 60.
    seeds : tuple of int
        Of pretraining and batches.
    steps, lr : number
        Of the fine-tuning.
    """

    change: str
    batch_size: int
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 200
    lr: float = 0.02


@dataclass(frozen=True, eq=False)
class FineTuneResult:
    """Accuracies on the changed test images, in eval mode.

    Attributes
    ----------
    config : FineTuneConfig
        What was run.
    before, frozen, unfrozen : ndarray, shape (seeds,)
        Before fine-tuning, and after it in either way.

    Notes
    -----
    After training with batches of 2 the numbers differ by some hundredths between
    CPUs, as rounding grows during such a training.
    """

    config: FineTuneConfig
    before: np.ndarray
    frozen: np.ndarray
    unfrozen: np.ndarray

    def summary(self):
        """Write one line.

        Returns
        -------
        str
        """
        return (
            f"{self.config.change}, batch {self.config.batch_size}: "
            f"before {_range(self.before)}, frozen {_range(self.frozen)}, "
            f"not frozen {_range(self.unfrozen)}"
        )


@cache
def run_fine_tune(config):
    """Fine-tune both ways on the same batches.

    Parameters
    ----------
    config : FineTuneConfig
        What to run.

    Returns
    -------
    FineTuneResult
    """
    data, change = load_digits(), CHANGES[config.change]
    x_train, x_test = change(data.x_train), change(data.x_test)

    def fine_tune(seed, frozen):
        model, rng = _trained(seed), np.random.default_rng(seed)
        if frozen:
            model[1].eval()
            model[4].eval()
        endless = _batches(len(x_train), config.batch_size, rng)
        batches = (next(endless) for _ in range(config.steps))
        _train_on(model, x_train, data.y_train, batches, config.lr)
        return accuracy(model, x_test, data.y_test)

    def run_one(seed):
        before = accuracy(_trained(seed), x_test, data.y_test)
        return before, fine_tune(seed, True), fine_tune(seed, False)

    return FineTuneResult(config, *_per_seed(config, run_one))


@dataclass(frozen=True)
class RecalibrationConfig:
    """Change images or weights, then recompute the running statistics.

    Attributes
    ----------
    seeds : tuple of int
        Of the trained net.
    pruned : float
        Share of each hidden layer's smallest weights that is set to zero.
    averaged : int
        Snapshots in the weight average.
    every : int
        Updates from one snapshot to the next.
    lr : float
        Constant learning rate between the snapshots, above that of the training.

    Notes
    -----
    The average is stochastic weight averaging, scaled down from epochs of a
    convolutional net on CIFAR to `every` steps of this one.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    pruned: float = 0.8
    averaged: int = 5
    every: int = 25
    lr: float = 0.5


@dataclass(frozen=True, eq=False)
class RecalibrationResult:
    """Accuracies before and after recalibration.

    Attributes
    ----------
    config : RecalibrationConfig
        What was run.
    clean : ndarray, shape (seeds,)
        Of the trained net on unchanged images.
    scores : dict of str to ndarray, shape (seeds, 2)
        Kind of change to accuracy before and after.
    """

    config: RecalibrationConfig
    clean: np.ndarray
    scores: dict[str, np.ndarray]

    def gain(self, kind):
        """Give how much accuracy the recalibration adds.

        Parameters
        ----------
        kind : str
            Key of `scores`.

        Returns
        -------
        ndarray, shape (seeds,)
        """
        return self.scores[kind][:, 1] - self.scores[kind][:, 0]

    def summary(self):
        """Write one line for each kind of change.

        Returns
        -------
        str
        """
        lines = [
            f"{kind}: {_range(pair[:, 0])} before, {_range(pair[:, 1])} after"
            for kind, pair in self.scores.items()
        ]
        return "\n".join([f"unchanged: {_range(self.clean)}", *lines])


@cache
def run_recalibration(config):
    """Evaluate each change before and after recalibration.

    Parameters
    ----------
    config : RecalibrationConfig
        What to run.

    Returns
    -------
    RecalibrationResult
    """
    data = load_digits()
    images = {name: CHANGES[name] for name in ("darker and hazy", "inverted")}
    weights = {"pruned": _prune, "averaged": _average}

    def before_and_after(model, change):
        x_train, x_test = change(data.x_train), change(data.x_test)
        before = accuracy(model, x_test, data.y_test)
        recalibrate(model, x_train)
        return before, accuracy(model, x_test, data.y_test)

    def run_one(seed):
        scores = [before_and_after(_trained(seed), change) for change in images.values()]
        for change in weights.values():
            model = _trained(seed)
            change(model, seed, config)
            scores.append(before_and_after(model, lambda x: x))
        return accuracy(_trained(seed), data.x_test, data.y_test), scores

    clean, scores = _per_seed(config, run_one)
    names = [*images, *weights]
    by_name = {name: scores[:, index] for index, name in enumerate(names)}
    return RecalibrationResult(config, clean, by_name)


def _prune(model, _, config):
    for linear in (model[0], model[3]):
        size = np.abs(linear.weight)
        linear.weight[size < np.quantile(size, config.pruned)] = 0


def _average(model, seed, config):
    """Go on training, then average parameters and running statistics over snapshots."""
    states = []

    def keep(step, model):
        if step % config.every == 0:
            states.append(model.state_dict())

    steps = config.averaged * config.every
    _fit(model, seed + 1, steps=steps, batch_size=60, lr=config.lr, on_step=keep)
    mean = {name: np.mean([s[name] for s in states], axis=0) for name in states[0]}
    counts = {name: states[-1][name] for name in mean if name.endswith("tracked")}
    model.load_state_dict(mean | counts)


@dataclass(frozen=True)
class FoldConfig:
    """Fold both batch norms of a trained net into the linear layers before them.

    Attributes
    ----------
    seeds : tuple of int
        Of the trained net.
    """

    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class FoldResult:
    """How far the folded net is from the trained one.

    Attributes
    ----------
    config : FoldConfig
        What was run.
    first_layer, logits : ndarray, shape (seeds,)
        Largest difference over all test images, as a share of the largest value:
        after the first batch norm, and at the end.
    """

    config: FoldConfig
    first_layer: np.ndarray
    logits: np.ndarray

    def summary(self):
        """Write one line.

        Returns
        -------
        str
        """
        worst = max(self.first_layer.max(), self.logits.max())
        digits = "at least 13" if worst < 1e-13 else f"{-np.log10(worst):.0f}"
        return f"folded and unfolded agree to {digits} digits"


@cache
def run_fold(config):
    """Compare the net in eval mode with its folded twin.

    Parameters
    ----------
    config : FoldConfig
        What to run.

    Returns
    -------
    FoldResult
    """
    x = load_digits().x_test

    def difference(a, b):
        return np.abs(a - b).max() / np.abs(a).max()

    def run_one(seed):
        model = _trained(seed).eval()
        first, second = fold(model[0], model[1]), fold(model[3], model[4])
        folded = Sequential(first, ReLU(), second, ReLU(), model[6])
        logits = model(x)
        after_first = model[1](model[0](x))
        return difference(after_first, first(x)), difference(logits, folded(x))

    return FoldResult(config, *_per_seed(config, run_one))


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

    return ForgettingResult(config, *_per_seed(config, run_one))


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
    steps: int = 200
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
            f"{_range(self.right)}, momentum {config.wrong:g} {_range(self.wrong)}"
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
        history = _fit(model, seed, steps=config.steps, eval_every=config.every, **how)
        return history.test_accuracy[history.steps > config.steps // 2].mean()

    def run_one(seed):
        return late_accuracy(seed, config.right), late_accuracy(seed, config.wrong)

    return MomentumResult(config, *_per_seed(config, run_one))
