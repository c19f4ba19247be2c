"""Why batch norm helps: the loss around a step, noise, and the scale of weights.

Every network is a small fully connected one on the 8×8 digits, in float64.
"""

from copy import deepcopy
from itertools import islice

import numpy as np

from bn_lib.chapters.intuition.layers import Noise
from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm, Linear, Sequential
from bn_lib.models import mlp
from bn_lib.training import SGD, batches, cross_entropy

__all__ = ["along_gradient", "curves", "landscape", "scaled", "weight_decay"]

NETS = {"plain": None, "BN": BatchNorm}
TRAININGS = {
    "plain": (None, "no decay"),
    "plain, decay": (None, "decay"),
    "BN": (BatchNorm, "no decay"),
    "BN, decay": (BatchNorm, "decay"),
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
    reach=(0.5, 1.0, 2.0, 4.0),
    steps=80,
    every=5,
    batch_size=60,
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

    Returns
    -------
    loss_range, gradient_change, relative_change, loss : ndarray, shape (seeds, probes)
        See `along_gradient`.
    """
    data = load_digits()
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


@experiment(rows=("plain", "BN", "BN + noise"))
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
    2.1 and figure 2, there with a VGG network on CIFAR-10.

    Parameters
    ----------
    row : str
        What stands before each activation: nothing, batch norm, or batch norm and then
        `Noise`.
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
    noise_rng = np.random.default_rng([seed, 1])

    def noisy_norm(width):
        return Sequential(BatchNorm(width), Noise(noise_rng))

    norm = {"plain": None, "BN": BatchNorm, "BN + noise": noisy_norm}[row]
    model = mlp(seed, depth=depth, width=width, activation=activation, std=std, norm=norm)
    history = fit(model, seed, steps=steps, batch_size=batch_size, lr=lr, eval_every=every)
    records = steps // every
    if history.diverged:
        return np.full(records, 0.1)
    return history.test_accuracy[:records]


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
    batch_size=60,
):
    """Measure w·∇w before any training, then scale one hidden layer at a time.

    After Ioffe and Szegedy, "Batch Normalization", 2015, section 3.3.

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
    batch_size : int
        Samples, the first ones of the training part.

    Returns
    -------
    cosine : ndarray, shape (seeds, depth)
        Size of w·∇w / (‖w‖ ‖∇w‖) of the weights of one unit; the largest in the layer.
    gradient_ratio : ndarray, shape (seeds, depth)
        Length of the layer's gradient before, divided by that after its weights were
        multiplied by the factor.
    output_change : ndarray, shape (seeds, depth)
        Length of the change of the logits then, as a share of their length.
    """
    data = load_digits()
    x, y = data.x_train[:batch_size], data.y_train[:batch_size]
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
        ratio = _ratio(gradient, layer.gradients()["weight"])
        found.append((_largest_cosine(weight, gradient), ratio, _ratio(change, logits)))
        layer.weight[...] = weight
    names = ("cosine", "gradient_ratio", "output_change")
    return dict(zip(names, np.transpose(found), strict=True))


def _hidden(model):
    return [layer for layer in model.layers[:-1] if isinstance(layer, Linear)]


def _ratio(a, b):
    return np.linalg.norm(a) / np.linalg.norm(b)


def _largest_cosine(weight, gradient):
    """Compare row by row; a unit that is off for the whole batch has no direction."""
    along = np.abs(np.sum(weight * gradient, axis=1))  # (out,)
    lengths = np.linalg.norm(weight, axis=1) * np.linalg.norm(gradient, axis=1)
    return np.max(along[lengths > 0] / lengths[lengths > 0])


@experiment(rows=TRAININGS)
def weight_decay(
    training, seed, *, depth=3, width=100, lr=0.1, decay=0.03, steps=200, batch_size=60
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
        What stands before each activation, and what happens to the hidden weights. The
        growing rate is theirs alone: at step t, counted from 0, it is
        lr · (1 - lr · decay)^-(2t + 1).
    seed : int
        Of the weights and of the order of samples.
    depth, width
        As in `bn_lib.models.mlp`.
    lr, decay : float
        As in `bn_lib.training.SGD`, but the last layer, gamma, beta and biases do not
        decay.
    steps, batch_size
        As in `bn_lib.training.train`.

    Returns
    -------
    loss : ndarray, shape (seeds, steps)
        Of each batch.
    weight_norm : ndarray, shape (seeds, depth)
        ‖w‖ of each hidden layer at the end.
    effective_lr : ndarray, shape (seeds, depth)
        Learning rate of each hidden layer's weights at the end, divided by ‖w‖²: with
        batch norm, the step of a weight's direction.
    output_size : ndarray, shape (seeds,)
        Root mean square of the logits of the test part, after training.
    shrunk_step : ndarray, shape (seeds, depth)
        Growth of the step ‖∇w‖ / ‖w‖ of each hidden layer of the trained net, when
        all hidden weights are multiplied by what decay alone makes of them,
        (1 - lr · decay)^steps, on 200 training images as one batch.
    shrunk_output : ndarray, shape (seeds,)
        Length of the change of the logits then, as a share of their length.
    shrunk_in_eval : ndarray, shape (seeds,)
        The same in evaluation mode, with the running statistics of the training.
    """
    norm, change = training
    data, keep = load_digits(), 1 - lr * decay
    model = mlp(seed, depth=depth, width=width, norm=norm)
    hidden = _hidden(model)
    optimizer = SGD(model, lr)
    order = batches(len(data.x_train), batch_size, np.random.default_rng(seed))
    losses = []
    for step, batch in enumerate(islice(order, steps)):
        loss, _ = _loss_and_gradient(model, data.x_train[batch], data.y_train[batch])
        losses.append(loss)
        rate = lr * keep ** -(2 * step + 1) if change == "growing rate" else lr
        for layer in hidden:
            if change == "decay":
                layer.weight *= keep
            # The rest of this layer's step; the optimizer makes that of lr.
            layer.weight -= (rate - lr) * layer.gradients()["weight"]
        optimizer.step()
    lengths = np.array([np.linalg.norm(layer.weight) for layer in hidden])
    logits = model.eval().forward(data.x_test)
    return {
        "loss": losses,
        "weight_norm": lengths,
        "effective_lr": rate / lengths**2,
        "output_size": np.sqrt(np.mean(logits**2)),
        **_shrunk(model, keep**steps, data.x_train[:200], data.y_train[:200]),
    }


def _shrunk(model, factor, x, y):
    """Compare a trained net with one whose hidden weights are smaller by a factor."""
    small = deepcopy(model)
    for layer in _hidden(small):
        layer.weight *= factor
    (eval_before, before, steps), (eval_after, after, grown) = (
        _answers(net, x, y) for net in (model, small)
    )
    return {
        "shrunk_step": grown / steps,
        "shrunk_output": _ratio(after - before, before),
        "shrunk_in_eval": _ratio(eval_after - eval_before, eval_before),
    }


def _answers(model, x, y):
    """Return the logits in both modes, and the step ‖∇w‖ / ‖w‖ of each hidden layer."""
    in_eval, in_train = model.eval().forward(x), model.train().forward(x)
    _loss_and_gradient(model, x, y)
    steps = [_ratio(layer.gradients()["weight"], layer.weight) for layer in _hidden(model)]
    return in_eval, in_train, np.array(steps)
