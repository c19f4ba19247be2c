"""Why batch norm helps: the loss around a step, noise, and the scale of weights.

Every network is a small fully connected one on the 8×8 digits, in float64.
"""

from copy import deepcopy
from functools import partial
from itertools import islice

import numpy as np

from bn_lib.chapters.intuition.layers import Noise
from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.inference import recalibrate
from bn_lib.layers import BatchNorm, Linear, Sequential
from bn_lib.models import mlp
from bn_lib.training import SGD, accuracy, batches, cross_entropy

__all__ = [
    "along_gradient",
    "curves",
    "hidden_rate",
    "landscape",
    "moves",
    "scaled",
    "shrunk",
    "weight_decay",
]

NETS = {"plain": None, "BN": BatchNorm}
TRAININGS = {
    "plain": (None, "no decay"),
    "plain, decay": (None, "decay"),
    "BN": (BatchNorm, "no decay"),
    "BN, decay": (BatchNorm, "decay"),
    "BN, gamma decay": (BatchNorm, "gamma decay"),
    "BN, growing rate": (BatchNorm, "growing rate"),
}


@experiment(rows=NETS)
def landscape(
    norm,
    seed,
    *,
    activation="relu",
    depth=3,
    width=100,
    std=None,
    lr=0.1,
    reach=(1.0, 4.0),
    steps=80,
    every=2,
    batch_size=60,
    centered=True,
):
    """Train on digits, and look along the gradient now and then.

    After Santurkar et al., "How Does Batch Normalization Help Optimization?", 2018,
    section 3.2 and figure 4, who train a VGG network on CIFAR-10. Scaled down: a small
    fully connected net. Both nets see the same batches and have the same learning rate.

    Parameters
    ----------
    norm : callable or None
        Stands before each activation.
    seed : int
        Of the weights and of the order of samples.
    activation, depth, width, std
        As in `bn_lib.models.mlp`.
    lr, steps, batch_size
        As in `bn_lib.training.train`.
    reach : tuple of float
        Lengths at which the loss is probed along the gradient, in units of lr.
    every : int
        Updates between two probes; the first is before any.
    centered : bool
        As in `bn_lib.data.load_digits`.

    Returns
    -------
    loss_range, gradient_change, relative_change, loss : ndarray, shape (seeds, probes)
        See `along_gradient`.
    """
    data = load_digits(centered=centered)
    model = mlp(seed, depth=depth, width=width, activation=activation, std=std, norm=norm)
    optimizer = SGD(model, lr)
    order = batches(len(data.x_train), batch_size, np.random.default_rng(seed))
    probes = []
    for step, batch in enumerate(islice(order, steps)):
        x, y = data.x_train[batch], data.y_train[batch]
        if step % every == 0:
            probes.append(along_gradient(model, x, y, lr * np.array(reach)))
        _loss_and_gradient(model, x, y)
        optimizer.step()
    names = ("loss_range", "gradient_change", "relative_change", "loss")
    return dict(zip(names, np.transpose(probes), strict=True))


def along_gradient(model, x, y, lengths):
    """Walk along the gradient of one batch, and come back.

    Parameters
    ----------
    model : layer
        Gives logits; it stays as it is.
    x : ndarray, shape (N, ...)
        One batch.
    y : ndarray of int, shape (N,)
        Its labels.
    lengths : sequence of float
        Where to stop: the parameters minus so many times the gradient at the start.

    Returns
    -------
    loss_range : float
        Largest minus smallest loss on the way, its start included.
    gradient_change : float
        Largest l2 distance between the gradient on the way and that at the start.
    relative_change : float
        The same, divided by the length of the gradient at the start.
    loss : float
        At the start.
    """
    before = model.state_dict()
    start_loss, start = _loss_and_gradient(model, x, y)
    losses, changes = [start_loss], []
    for length in lengths:
        model.load_state_dict(before)
        for name, value in model.parameters().items():
            value -= length * start[name]
        loss, there = _loss_and_gradient(model, x, y)
        losses.append(loss)
        changes.append(_length(there[name] - start[name] for name in start))
    model.load_state_dict(before)
    change = max(changes)
    return np.ptp(losses), change, change / _length(start.values()), start_loss


def _loss_and_gradient(model, x, y):
    loss, dlogits = cross_entropy(model.forward(x), y)
    model.backward(dlogits)
    return loss, model.gradients()


def _length(arrays):
    return np.sqrt(sum(np.sum(array**2) for array in arrays))


NOISY = ("plain", "plain, scaled", "BN", "BN + noise")


def _noisy_net(row, seed, **net):
    noise_rng = np.random.default_rng([seed, 1])

    def noisy_norm(width):
        return Sequential(BatchNorm(width), Noise(noise_rng))

    norms = {"BN": BatchNorm, "BN + noise": noisy_norm}
    return mlp(seed, norm=norms.get(row), **net)


def _pixels(row):
    return load_digits(centered=True, scaled=row == "plain, scaled")


@experiment(rows=NOISY)
def curves(
    row,
    seed,
    *,
    activation="relu",
    depth=3,
    width=100,
    std=None,
    lr=0.1,
    steps=60,
    every=20,
    batch_size=60,
):
    """Train on digits, and measure the test accuracy now and then.

    Noise behind each batch norm is the experiment of Santurkar et al., 2018, section
    2.1 and figure 2, there with a VGG network on CIFAR-10. For a measurement the noise is
    off and batch norm has the statistics of the whole training part without it: those
    stored in training are of inputs that the noise had changed.

    Parameters
    ----------
    row : str
        What stands before each activation: nothing, batch norm, or batch norm and then
        `Noise`. "plain, scaled" is the net without, on scaled pixels.
    seed : int
        Of the weights, of the order of samples, and of the noise.
    activation, depth, width, std
        As in `bn_lib.models.mlp`.
    lr, steps, batch_size
        As in `bn_lib.training.train`.
    every : int
        Updates between two measurements; the first is after so many.

    Returns
    -------
    ndarray, shape (seeds, steps // every)
        Test accuracy; 0.1, that of chance, where the training diverged.
    """
    net = {"activation": activation, "depth": depth, "width": width, "std": std}
    model = _noisy_net(row, seed, **net)
    data, found = _pixels(row), []

    def measure(step, model):
        if step % every == 0:
            if "BN" in row:
                model = recalibrate(deepcopy(model), [data.x_train])
            found.append(accuracy(model, data.x_test, data.y_test))

    options = {"steps": steps, "batch_size": batch_size, "lr": lr, "on_step": measure}
    diverged = fit(model, seed, data=data, **options).diverged
    return np.full(steps // every, 0.1) if diverged else found


@experiment(rows=NOISY)
def moves(
    row,
    seed,
    *,
    activation="relu",
    depth=3,
    width=100,
    std=None,
    lr=0.1,
    steps=60,
    batch_size=60,
):
    """Train as in `curves`, and see how far the inputs of the last activation move.

    Parameters
    ----------
    row, seed, activation, depth, width, std, lr, steps, batch_size
        As in `curves`.

    Returns
    -------
    step, whole : ndarray, shape (seeds,)
        Move of a unit's mean over the test images, as one batch in training mode with
        the noise on, in standard deviations: from each step to the next, mean over the
        steps, and from the start to the end; median over the units.
    """
    net = {"activation": activation, "depth": depth, "width": width, "std": std}
    model = _noisy_net(row, seed, **net)
    data, means, stds = _pixels(row), [], []

    def look(step, model):
        received = Sequential(*deepcopy(model).train().layers[:-2])(data.x_test)
        means.append(received.mean(axis=0))
        stds.append(received.std(axis=0))

    look(0, model)
    options = {"steps": steps, "batch_size": batch_size, "lr": lr, "on_step": look}
    fit(model, seed, data=data, **options)
    step = np.abs(np.diff(means, axis=0)) / stds[1:]  # (steps, width)
    whole = np.abs(means[-1] - means[0]) / stds[-1]  # (width,)
    return {"step": np.median(step.mean(axis=0)), "whole": np.median(whole)}


@experiment(rows=NETS)
def scaled(
    norm,
    seed,
    *,
    activation="relu",
    depth=3,
    width=100,
    std=None,
    shrink=1.0,
    factor=10.0,
    eps=1e-5,
    batch_size=60,
):
    """Scale the weights of one hidden layer at a time, before any training.

    Parameters
    ----------
    norm : callable or None
        Stands before each activation.
    seed : int
        Of the weights.
    activation, depth, width, std
        As in `bn_lib.models.mlp`.
    shrink : float
        All hidden weights are multiplied by this first.
    factor : float
        Then one layer after the other is multiplied by this.
    eps : float
        That of batch norm.
    batch_size : int
        Samples, the first ones of the training part.

    Returns
    -------
    gradient_ratio : ndarray, shape (seeds, depth)
        Length of the layer's gradient before, divided by that after its weights were
        multiplied by the factor.
    output_change : ndarray, shape (seeds, depth)
        Length of the change of the logits then, as a share of their length.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization", 2015, section 3.3.
    """
    data = load_digits(centered=True)
    x, y = data.x_train[:batch_size], data.y_train[:batch_size]
    norm = norm and partial(norm, eps=eps)
    model = mlp(seed, depth=depth, width=width, activation=activation, std=std, norm=norm)
    hidden = _hidden(model)
    for layer in hidden:
        layer.weight *= shrink
    logits = model.forward(x)
    _loss_and_gradient(model, x, y)
    gradients = [layer.gradients()["weight"] for layer in hidden]
    found = []
    for layer, gradient in zip(hidden, gradients, strict=True):
        weight = layer.weight.copy()
        layer.weight *= factor
        change = model.forward(x) - logits
        _loss_and_gradient(model, x, y)
        after = layer.gradients()["weight"]
        found.append((_ratio(gradient, after), _ratio(change, logits)))
        layer.weight[...] = weight
    names = ("gradient_ratio", "output_change")
    return dict(zip(names, np.transpose(found), strict=True))


def _hidden(model):
    return [layer for layer in model.layers[:-1] if isinstance(layer, Linear)]


def _ratio(a, b):
    return np.linalg.norm(a) / np.linalg.norm(b)


@experiment(
    rows={
        "plain": (None, False),
        "BN, batch statistics": (BatchNorm, True),
        "BN, stored statistics": (BatchNorm, False),
    }
)
def shrunk(row, seed, *, factor=0.55, depth=3, width=100, lr=0.1, steps=200, batch_size=60):
    """Train a ReLU net, make all hidden weights smaller, and compare its test logits.

    Parameters
    ----------
    row : tuple of (callable or None, bool)
        What stands before each activation, and whether the nets run in training mode: with
        the statistics of the test part instead of those stored in the training.
    seed : int
        Of the weights and of the order of samples.
    factor : float
        What the hidden weights are multiplied by, biases are not. By default about what
        200 steps with lr times decay of 0.003 would leave of them.
    depth, width
        As in `bn_lib.models.mlp`.
    lr, steps, batch_size
        As in `bn_lib.training.train`.

    Returns
    -------
    logits : ndarray, shape (seeds,)
        Length of the change of the logits, as a share of their length.
    classes : ndarray, shape (seeds,)
        Share of the test images whose class changes.
    """
    norm, training = row
    data = load_digits(centered=True)
    model = mlp(seed, depth=depth, width=width, norm=norm)
    fit(model, seed, data=data, steps=steps, batch_size=batch_size, lr=lr)
    small = deepcopy(model)
    for layer in _hidden(small):
        layer.weight *= factor
    before, after = (
        (net.train() if training else net.eval()).forward(data.x_test)
        for net in (model, small)
    )
    return {
        "logits": _ratio(after - before, before),
        "classes": np.mean(after.argmax(axis=1) != before.argmax(axis=1)),
    }


def _losses(model, seed, lr, steps, batch_size):
    """Yield each loss before the update; the caller may add steps of its own."""
    data, optimizer = load_digits(centered=True), SGD(model, lr)
    order = batches(len(data.x_train), batch_size, np.random.default_rng(seed))
    for batch in islice(order, steps):
        loss, _ = _loss_and_gradient(model, data.x_train[batch], data.y_train[batch])
        yield loss
        optimizer.step()


def _add_to_rate(layers, rate):
    for layer in layers:
        layer.weight -= rate * layer.gradients()["weight"]


@experiment(rows=NETS)
def hidden_rate(
    norm,
    seed,
    *,
    hidden_lr=0.1,
    lr=0.1,
    depth=10,
    width=64,
    steps=200,
    batch_size=60,
):
    """Train ReLU nets whose hidden weights have a learning rate of their own.

    Parameters
    ----------
    norm : callable or None
        Stands before each activation.
    seed : int
        Of the weights and of the order of samples.
    hidden_lr : float
        Learning rate of the hidden weights.
    lr : float
        That of all other parameters.
    depth, width
        As in `bn_lib.models.mlp`.
    steps, batch_size
        As in `bn_lib.training.train`.

    Returns
    -------
    ndarray, shape (seeds,)
        Test error, with the statistics stored in training; 0.9, that of chance, where the
        training diverged.

    References
    ----------
    Arora, Li and Lyu, "Theoretical Analysis of Auto Rate-Tuning by Batch
    Normalization", 2019.
    """
    model = mlp(seed, depth=depth, width=width, norm=norm)
    with np.errstate(all="ignore"):
        for loss in _losses(model, seed, lr, steps, batch_size):
            if not np.isfinite(loss):
                return 0.9
            _add_to_rate(_hidden(model), hidden_lr - lr)
        data = load_digits(centered=True)
        return 1 - accuracy(model, data.x_test, data.y_test)


@experiment(rows=TRAININGS)
def weight_decay(
    training,
    seed,
    *,
    depth=3,
    width=100,
    lr=0.1,
    decay=0.03,
    eps=1e-5,
    steps=200,
    batch_size=60,
):
    """Train ReLU nets with and without decay, and once with a growing rate in its place.

    After van Laarhoven, "L2 Regularization versus Batch and Weight Normalization", 2017,
    and Li and Arora, "An Exponential Learning Rate Schedule for Deep Learning", 2020.
    Scaled down: papers decay the weights by far less, over many epochs of CIFAR-10. What
    counts is the product of learning rate, decay and steps, so a short training needs a
    larger decay to show the same.

    Parameters
    ----------
    training : tuple of (callable or None, str)
        What stands before each activation, and what happens to the hidden weights; with
        "gamma decay" they stay, and the gammas decay in their place. The growing rate is
        that of the hidden weights alone: at step t, counted from 0, it is
        lr · (1 - lr · decay)^-(2t + 1).
    seed : int
        Of the weights and of the order of samples.
    depth, width
        As in `bn_lib.models.mlp`.
    lr, decay : float
        As in `bn_lib.training.SGD`, but the last layer, gamma, beta and biases do not
        decay.
    eps : float
        That of batch norm.
    steps, batch_size
        As in `bn_lib.training.train`.

    Returns
    -------
    loss : ndarray, shape (seeds, steps)
        Of each batch.
    angle : ndarray, shape (seeds, depth)
        Between the weights of a hidden layer before and after a step, in radians: root
        mean square over the second half of the steps.
    weight_norm : ndarray, shape (seeds, depth)
        ‖w‖ of each hidden layer at the end.
    effective_lr : ndarray, shape (seeds, depth)
        Learning rate of each hidden layer's weights at the end, divided by ‖w‖²: with
        batch norm, the step of a weight's direction.
    output_size : ndarray, shape (seeds,)
        Root mean square of the logits of the test part, after training.
    """
    norm, change = training
    keep, rate = 1 - lr * decay, lr
    model = mlp(seed, depth=depth, width=width, norm=norm and partial(norm, eps=eps))
    hidden = _hidden(model)
    losses, cosines, before = [], [], _directions(hidden)
    for step, loss in enumerate(_losses(model, seed, lr, steps, batch_size)):
        losses.append(loss)
        now = _directions(hidden)
        cosines.append([np.sum(u * v) for u, v in zip(before, now, strict=True)])
        before = now
        if change == "growing rate":
            rate = lr * keep ** -(2 * step + 1)
        elif change == "decay":
            for layer in hidden:
                layer.weight *= keep
        elif change == "gamma decay":
            for layer in model.layers:
                if isinstance(layer, BatchNorm):
                    layer.weight *= keep
        _add_to_rate(hidden, rate - lr)
    lengths = np.array([np.linalg.norm(layer.weight) for layer in hidden])
    angles = np.arccos(np.minimum(cosines[steps // 2 :], 1.0))
    logits = model.eval().forward(load_digits(centered=True).x_test)
    return {
        "loss": losses,
        "angle": np.sqrt(np.mean(angles**2, axis=0)),
        "weight_norm": lengths,
        "effective_lr": rate / lengths**2,
        "output_size": np.sqrt(np.mean(logits**2)),
    }


def _directions(layers):
    return [layer.weight / np.linalg.norm(layer.weight) for layer in layers]
