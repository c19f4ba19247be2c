"""Chapter 6, second half: batch mates, fine-tuning, recalibration, folding.

The nets are those of `running_statistics`, 64 → 100 → 100 → 10, on the
8×8 digits. ``accuracy`` always means the 360 test images.
"""

from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from bn_lib.chapters.inference.running_statistics import (
    build_net,
    fit_net,
    predict_by_batch,
    recalibrate,
    spread,
    trained,
)
from bn_lib.course.experiment import each_seed, mlp
from bn_lib.data import load_digits
from bn_lib.layers import GroupNorm, Linear, ReLU, Sequential
from bn_lib.training import SGD, _batches, accuracy, cross_entropy

__all__ = [
    "CHANGES",
    "FineTuneConfig",
    "FineTuneResult",
    "FoldConfig",
    "FoldResult",
    "MatesConfig",
    "MatesResult",
    "RecalibrationConfig",
    "RecalibrationResult",
    "SortedConfig",
    "SortedResult",
    "fold",
    "run_fine_tune",
    "run_fold",
    "run_mates",
    "run_recalibration",
    "run_sorted",
]

CHANGES = {
    "darker and hazy": lambda x: 0.3 * x + 0.5,
    "inverted": lambda x: 1.0 - x,
    "mirrored": lambda x: x.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64),
}
"""What may happen to the images, each a function of x of shape (N, 64)."""


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
            f"random batch of {size:3d}: {spread(self.changed[:, i])} change, "
            f"accuracy {spread(self.accuracy[:, i])}"
            for i, size in enumerate(self.config.batch_sizes)
        ]
        one_class = (
            f"batch of one class: {spread(self.changed_one_class)} change, "
            f"accuracy {spread(self.accuracy_one_class)}"
        )
        running = f"running statistics: none change, accuracy {spread(self.running)}"
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
        model, rng = trained(seed), np.random.default_rng(seed)
        random = [company(model, size, rng) for size in config.batch_sizes]
        one_class = predict_by_batch(model, x, _by_class(y))
        logits = model.eval()(x)
        alone = np.concatenate([model(row[None]) for row in x])  # (360, 10)
        running = logits.argmax(axis=1)
        return (
            *np.transpose(random),
            np.mean(one_class != running),
            np.mean(one_class == y),
            np.mean(running == y),
            np.abs(alone - logits).max() / np.abs(logits).max(),
        )

    return MatesResult(config, *each_seed(config.seeds, run_one))


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
    steps: int = 100
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
        one class, over the second half of the steps.
    group_sorted : ndarray, shape (seeds,)
        With group norm of 10 groups in place of batch norm, on batches of one class.
    """

    config: SortedConfig
    norm_sorted: np.ndarray
    plain_sorted: np.ndarray
    norm_shuffled: np.ndarray
    plain_shuffled: np.ndarray
    training_sorted: np.ndarray
    group_sorted: np.ndarray

    def summary(self):
        """Write one line for each kind of batch.

        Returns
        -------
        str
        """
        return (
            f"one class:  BN {spread(self.norm_sorted)}, "
            f"plain {spread(self.plain_sorted)}, "
            f"group norm {spread(self.group_sorted)} "
            f"(BN on its own training batches {spread(self.training_sorted)})\n"
            f"mixed:      BN {spread(self.norm_shuffled)}, "
            f"plain {spread(self.plain_shuffled)}"
        )


@cache
def run_sorted(config):
    """Train with and without norms, on batches of one class and on mixed ones.

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

    def fit(seed, model, one_class):
        rng = np.random.default_rng(seed)
        batches = (draw(rng, one_class) for _ in range(config.steps))
        right = _train_on(model, data.x_train, data.y_train, batches, config.lr)
        late = np.mean(right[config.steps // 2 :])
        return accuracy(model, data.x_test, data.y_test), late

    def run_one(seed):
        scores = [
            fit(seed, build_net(seed, norm=norm), one_class)
            for one_class in (True, False)
            for norm in (True, False)
        ]
        linear = partial(Linear, rng=np.random.default_rng(seed))
        group, _ = fit(seed, mlp(linear, depth=2, norm=partial(GroupNorm, 10)), True)
        return *(test for test, _ in scores), scores[0][1], group

    return SortedResult(config, *each_seed(config.seeds, run_one))


def _train_on(model, x, y, batches, lr):
    """Update on given batches, in whatever mode each layer is; return accuracies."""
    optimizer, right = SGD(model, lr), []
    for rows in batches:
        logits = model.forward(x[rows])
        right.append(np.mean(logits.argmax(axis=1) == y[rows]))
        model.backward(cross_entropy(logits, y[rows])[1])
        optimizer.step()
    return right


def _shuffled(samples, batch_size, rng):
    return rng.permutation(samples).reshape(-1, batch_size)


def _by_class(labels):
    return [np.flatnonzero(labels == label) for label in range(10)]


# Freezing and recalibration


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
    steps: int = 100
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
            f"before {spread(self.before)}, frozen {spread(self.frozen)}, "
            f"not frozen {spread(self.unfrozen)}"
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
        model, rng = trained(seed), np.random.default_rng(seed)
        if frozen:
            model[1].eval()
            model[4].eval()
        endless = _batches(len(x_train), config.batch_size, rng)
        batches = (next(endless) for _ in range(config.steps))
        _train_on(model, x_train, data.y_train, batches, config.lr)
        return accuracy(model, x_test, data.y_test)

    def run_one(seed):
        before = accuracy(trained(seed), x_test, data.y_test)
        return before, fine_tune(seed, True), fine_tune(seed, False)

    return FineTuneResult(config, *each_seed(config.seeds, run_one))


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
            f"{kind}: {spread(pair[:, 0])} before, {spread(pair[:, 1])} after"
            for kind, pair in self.scores.items()
        ]
        return "\n".join([f"unchanged: {spread(self.clean)}", *lines])


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
        scores = [before_and_after(trained(seed), change) for change in images.values()]
        for change in weights.values():
            model = trained(seed)
            change(model, seed, config)
            scores.append(before_and_after(model, lambda x: x))
        return accuracy(trained(seed), data.x_test, data.y_test), scores

    clean, scores = each_seed(config.seeds, run_one)
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
    fit_net(model, seed + 1, steps=steps, batch_size=60, lr=config.lr, on_step=keep)
    mean = {name: np.mean([s[name] for s in states], axis=0) for name in states[0]}
    counts = {name: states[-1][name] for name in mean if name.endswith("tracked")}
    model.load_state_dict(mean | counts)


# Folding


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
    >>> from bn_lib.layers import BatchNorm
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
        model = trained(seed).eval()
        first, second = fold(model[0], model[1]), fold(model[3], model[4])
        folded = Sequential(first, ReLU(), second, ReLU(), model[6])
        logits = model(x)
        after_first = model[1](model[0](x))
        return difference(after_first, first(x)), difference(logits, folded(x))

    return FoldResult(config, *each_seed(config.seeds, run_one))
