"""What goes wrong without batch norm: inputs that drift, signals that fade or blow up."""

from copy import deepcopy
from functools import partial

import numpy as np

from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Linear, ReLU, Sequential, Sigmoid
from bn_lib.models import mlp
from bn_lib.training import SGD, cross_entropy, evaluating

__all__ = [
    "centering",
    "deep_linear",
    "drift",
    "first_record",
    "gradient_change",
    "input_percentiles",
    "layer_growth",
    "signal",
    "travel",
]

# Those of the 2015 paper, Figure 1.
PERCENTILES = (15, 50, 85)
NETS = {"plain": None, "BN": BatchNorm}


@experiment(rows=NETS, seeds=range(5))
def drift(
    norm,
    seed,
    *,
    activation="sigmoid",
    lr=0.5,
    steps=600,
    every=25,
    probes=1,
    depth=3,
    width=100,
    batch_size=60,
    std=None,
    centered=True,
):
    """Train on digits and watch the inputs and gradients of every hidden layer.

    The net, the batch of 60 and the percentiles are those of Ioffe and Szegedy, 2015,
    section 4.1. Scaled down: 8×8 digits for MNIST, and hundreds of steps for 50,000;
    for that the weights start at He's size and the learning rate is chosen so that
    both nets learn, the plain sigmoid net hardly trains from small weights.

    Parameters
    ----------
    norm : callable or None
        Stands before each activation.
    seed : int
        Of the weights and the order of the samples.
    activation, depth, width, std
        As in `bn_lib.models.mlp`.
    lr, steps, batch_size
        As in `bn_lib.training.train`.
    every : int
        Updates between two records; T records are made, the first before any.
    probes : int
        Batches on which the gradients are compared at each record.
    centered : bool
        As in `bn_lib.data.load_digits`.

    Returns
    -------
    incoming, sums, inputs : ndarray, shape (seeds, T, depth, 3, width)
        Percentiles of each unit over the test images, see `input_percentiles`.
    gradient_change : ndarray, shape (seeds, T, depth, 3)
        Mean over the probes, see `gradient_change`.
    loss : ndarray, shape (seeds, T)
        Cross-entropy of the test images, normalized as one batch.
    accuracy : ndarray, shape (seeds,)
        Of the test images at the end.
    """
    data, rng = load_digits(centered=centered), np.random.default_rng(seed)
    probe_rng = np.random.default_rng([seed, 1])  # both nets see the same probes
    model = mlp(rng, depth=depth, width=width, activation=activation, std=std, norm=norm)
    start, records = deepcopy(model), []

    def probe(model):
        batch = probe_rng.choice(len(data.x_train), batch_size, replace=False)
        loss = partial(cross_entropy, labels=data.y_train[batch])
        return gradient_change(model, data.x_train[batch], loss, lr)

    def record(step, model):
        if step % every == 0:
            change = np.mean([probe(model) for _ in range(probes)], axis=0)
            loss, _ = cross_entropy(deepcopy(model).train()(data.x_test), data.y_test)
            records.append((*input_percentiles(model, start, data.x_test), change, loss))

    record(0, model)
    options = {"steps": steps, "batch_size": batch_size, "lr": lr, "on_step": record}
    history = fit(model, rng, data=data, **options)
    names = ("incoming", "sums", "inputs", "gradient_change", "loss")
    found = dict(zip(names, map(np.array, zip(*records, strict=True)), strict=True))
    return found | {"accuracy": history.test_accuracy[-1]}


def input_percentiles(model, start, x):
    """Compute the distributions of what each hidden layer and its units receive.

    Parameters
    ----------
    model : Sequential
        As from `bn_lib.models.mlp`; it stays as it is.
    start : Sequential
        The same net before training.
    x : ndarray, shape (N, 64)
        Samples. A batch norm normalizes them as one batch, as in training.

    Returns
    -------
    incoming, sums, inputs : ndarray, shape (depth, 3, width)
        The 15th, 50th and 85th percentile, for each hidden layer, of what comes in, seen
        through the weights that its Linear had at the start; of what its Linear gives;
        and of what its activation receives. Without batch norm the last two are the same.
    """
    incoming, sums, inputs = [], [], []
    for layer, untrained in zip(deepcopy(model).train().layers, start.layers, strict=True):
        if isinstance(layer, ReLU | Sigmoid):
            inputs.append(x)
        elif isinstance(layer, Linear):
            incoming.append(untrained(x))
        x = layer(x)
        if isinstance(layer, Linear):
            sums.append(x)
    return tuple(map(_percentiles, (incoming[:-1], sums[:-1], inputs)))


def _percentiles(values):
    return np.percentile(values, PERCENTILES, axis=1).swapaxes(0, 1)  # (depth, 3, width)


def travel(percentiles, last=-1):
    """Measure how far the inputs moved from the start to a record.

    Parameters
    ----------
    percentiles : ndarray, shape (seeds, T, depth, 3, width)
        From `drift`.
    last : int or ndarray of int, shape (seeds,)
        The record, the same or one for each seed.

    Returns
    -------
    ndarray, shape (seeds, depth)
        Move of the three percentiles in half-widths of the distribution (from the 15th
        to the 85th percentile, the wider of start and end): mean over the percentiles,
        median over the units.
    """
    seeds = np.arange(len(percentiles))
    start, end = percentiles[:, 0], percentiles[seeds, np.broadcast_to(last, len(seeds))]
    wider = np.maximum(*((q[..., 2, :] - q[..., 0, :]) / 2 for q in (start, end)))
    return np.median(np.abs(end - start).mean(axis=-2) / wider, axis=-1)


def first_record(loss, until):
    """Find where each seed has learned enough to be compared with another net.

    Parameters
    ----------
    loss : ndarray, shape (seeds, T)
        From `drift`.
    until : float
        The loss to come down to.

    Returns
    -------
    ndarray of int, shape (seeds,)
        The first record whose loss is not larger.

    Raises
    ------
    ValueError
        If a seed never comes down to it.
    """
    reached = loss <= until
    if not reached.any(axis=1).all():
        raise ValueError(
            f"expected every seed to reach a loss of {until:g}, got "
            f"{loss.min(axis=1).max():.2g} at best in one: ask for more, or train longer"
        )
    return reached.argmax(axis=1)


def gradient_change(model, x, loss, lr):
    """Compare each layer's gradient before and after the layers below it move.

    The batch, and the layers above, stay the same: only what the lower layers learned
    from this batch makes the difference.

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

    References
    ----------
    Santurkar, Tsipras, Ilyas and Madry, "How Does Batch Normalization Help
    Optimization?", 2018, definition 2.1: the first of the three.
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


def _gradients(model, x, loss):
    _, dout = loss(model(x))
    model.backward(dout)
    return model.gradients()


def _compare(before, after):
    norm, difference = np.linalg.norm(before), np.linalg.norm(after - before)
    cosine = (before * after).sum() / (norm * np.linalg.norm(after))
    return difference, difference / norm, 1 - cosine


@experiment(rows=NETS, seeds=range(5))
def deep_linear(
    norm, seed, *, depth=10, width=20, samples=300, steps=100, every=20, lr=0.1
):
    """Train a deep net without activations and watch its gradients.

    After the deep linear network of Santurkar et al., 2018, section 2.2 and appendix:
    Gaussian inputs, a random linear target, the whole data in each step. Scaled down.

    Parameters
    ----------
    norm : callable or None
        Stands behind each layer but the last.
    seed : int
        Of data and weights.
    depth, width, samples, steps, every : int
        Layers, their units, samples, updates, and updates between two records.
    lr : float
        Learning rate.

    Returns
    -------
    gradient_change : ndarray, shape (seeds, T, depth - 1, 3)
        See the function of that name.
    loss : ndarray, shape (seeds, steps)
        Mean squared error before each update.
    """
    rng = np.random.default_rng(seed)
    std = width**-0.5
    layers = []
    for _ in range(depth):
        layers.append(Linear(width, width, std=std, rng=rng))
        layers += [norm(width)] if norm else []
    model = Sequential(*layers[: -1 if norm else None])
    x = rng.normal(size=(samples, width))
    target = x @ rng.normal(scale=std, size=(width, width))

    def loss(output):
        error = output - target
        return (error**2).mean(), 2 * error / error.size

    optimizer = SGD(model, lr)
    changes, losses = [], []
    for step in range(steps):
        if step % every == 0:
            changes.append(gradient_change(model, x, loss, lr))
        value, dout = loss(model(x))
        model.backward(dout)
        optimizer.step()
        losses.append(value)
    return {"gradient_change": changes, "loss": losses}


@experiment(rows=NETS)
def signal(
    norm,
    seed,
    *,
    activation="relu",
    std=None,
    eps=1e-5,
    depth=20,
    width=100,
    batch_size=200,
):
    """Send one batch forward and its loss's gradient back, before any training.

    Parameters
    ----------
    norm, activation, std, depth, width
        As in `bn_lib.models.mlp`.
    seed : int
        Of the weights and the batch.
    eps : float
        That of batch norm.
    batch_size : int
        Digits in the batch, centered.

    Returns
    -------
    received, signal : ndarray, shape (seeds, depth)
        Root mean square of the input and of the output of each activation.
    cosine : ndarray, shape (seeds, depth)
        Of that output for two samples, mean over all pairs.
    likeness : ndarray, shape (seeds, depth)
        Correlation of those cosines with the ones of the pixels, over all pairs.
    line : ndarray, shape (seeds, depth)
        How nearly that output, minus its mean over the samples, lies along one line: the
        sum of the squared shares of its principal directions in the variance, so 1/n
        where n of them have equal shares.
    gradient : ndarray, shape (seeds, depth)
        Root mean square of the loss's gradient by that output.
    """
    data, rng = load_digits(centered=True), np.random.default_rng(seed)
    norm = norm and partial(norm, eps=eps)
    model = mlp(rng, depth=depth, width=width, activation=activation, std=std, norm=norm)
    batch = rng.choice(len(data.x_train), batch_size, replace=False)
    passed = [data.x_train[batch]]
    for layer in model.layers:
        passed.append(layer(passed[-1]))
    _, dout = cross_entropy(passed[-1], data.y_train[batch])
    found, pixels = [], _cosines(passed[0])
    for layer, x, y in zip(model.layers[::-1], passed[-2::-1], passed[:0:-1], strict=True):
        if isinstance(layer, ReLU | Sigmoid):
            alike = _cosines(y)
            pairs = (alike.mean(), _correlation(alike, pixels), _line(y))
            found.append((_rms(x), _rms(y), *pairs, _rms(dout)))
        dout = layer.backward(dout)
    names = ("received", "signal", "cosine", "likeness", "line", "gradient")
    return dict(zip(names, np.array(found[::-1]).T, strict=True))


def _rms(x):
    return np.sqrt(np.mean(x**2))


TINY = np.finfo(float).tiny  # a sample, or all of them, may be all 0


def _cosines(y):
    directions = y / np.maximum(np.linalg.norm(y, axis=1, keepdims=True), TINY)
    return (directions @ directions.T)[np.triu_indices(len(y), 1)]


def _correlation(a, b):
    a, b = a - a.mean(), b - b.mean()
    return a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), TINY)


def _line(y):
    centered = y - y.mean(axis=0)
    centered /= max(np.linalg.norm(centered), TINY)
    return np.sum((centered.T @ centered) ** 2)


def layer_growth(sizes):
    """Average the growth from layer to layer.

    Parameters
    ----------
    sizes : ndarray, shape (seeds, depth)
        A column of `signal`, turned round for a gradient, which travels the other way.

    Returns
    -------
    ndarray, shape (seeds,)
        Geometric mean of the ratio of a layer to the one before it.
    """
    return (sizes[:, -1] / sizes[:, 0]) ** (1 / (sizes.shape[1] - 1))


@experiment(rows=("plain", "plain, centered", "BN on the pixels", "BN"))
def centering(
    row,
    seed,
    *,
    activation="relu",
    depth=3,
    width=100,
    std=None,
    lr=1.0,
    steps=200,
    every=50,
    batch_size=60,
):
    """Train on pixels as they are, centered, or behind a batch norm, and with BN inside.

    Parameters
    ----------
    row : str
        A plain net, the same on centered pixels, the same behind one batch norm, or with
        batch norm before each activation; the pixels are raw but in the second.
    seed : int
        Of the weights and of the order of samples.
    activation, depth, width, std
        As in `bn_lib.models.mlp`.
    lr, steps, batch_size
        As in `bn_lib.training.train`.
    every : int
        Updates between two measurements.

    Returns
    -------
    accuracy : ndarray, shape (seeds,)
        Of the test part, mean of the measurements; 0.1, that of chance, where the
        training diverged.
    dead : ndarray, shape (seeds,)
        Share of the hidden units whose output is 0 for every training image in the end.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, section 4.3.
    """
    net = {"activation": activation, "depth": depth, "width": width, "std": std}
    model = mlp(seed, norm=BatchNorm if row == "BN" else None, **net)
    if row == "BN on the pixels":
        model = Sequential(BatchNorm(64), *model.layers)
    options = {"steps": steps, "eval_every": every, "batch_size": batch_size, "lr": lr}
    data = load_digits(centered=row == "plain, centered")
    history = fit(model, seed, data=data, **options)
    with evaluating(model), np.errstate(all="ignore"):
        dead = _share_of_dead_units(model, data.x_train)
    accuracy = 0.1 if history.diverged else history.test_accuracy.mean()
    return {"accuracy": accuracy, "dead": dead}


def _share_of_dead_units(model, x):
    dead = []
    for layer in model.layers:
        x = layer(x)
        if isinstance(layer, ReLU | Sigmoid):
            dead.append((x == 0).all(axis=0))
    return np.mean(dead)
