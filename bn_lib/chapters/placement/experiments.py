"""Where batch norm goes: order, biases, channels, residual blocks.

Both sides of a comparison start from the same weights and see the same batches of
centered images. Running averages lag behind the weights, so the torch nets are tested
with statistics of 500 training images.
"""

from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import update_bn

from bn_lib import functional
from bn_lib.course.experiment import experiment, fit
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp
from bn_lib.pytorch.models import cnn, residual_net
from bn_lib.training import batches

__all__ = [
    "bias",
    "dense",
    "order",
    "residual",
    "signal",
    "spread",
]


@contextmanager
def _private_torch(seed, dtype=torch.float32):
    """Use one thread, a dtype and a seed; leave torch as it was."""
    threads, former = torch.get_num_threads(), torch.get_default_dtype()
    torch.set_num_threads(1)  # faster for nets this small, and repeatable
    torch.set_default_dtype(dtype)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(former)


def _test_accuracy(net, data, seed, *, lr, steps, batch_size, momentum=0.0):
    """Train by SGD with a rate that falls to zero; return the test accuracy."""
    x, y = _tensor(data.x_train), torch.tensor(data.y_train)
    optimizer = torch.optim.SGD(net.parameters(), lr, momentum, fused=True)
    endless = batches(len(x), batch_size, np.random.default_rng(seed))
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / steps)
        batch = torch.from_numpy(next(endless))
        optimizer.zero_grad()
        cross_entropy(net(x[batch]), y[batch]).backward()
        optimizer.step()
    update_bn([x[:500]], net)  # nothing happens in a net without batch norm
    net.eval()
    with torch.no_grad():
        logits = net(_tensor(data.x_test)).numpy()
    return np.mean(logits.argmax(axis=1) == data.y_test)


def _tensor(images):
    return torch.tensor(images, dtype=torch.get_default_dtype())


ORDERS = {
    "plain": {},
    "before": {"norm": nn.BatchNorm2d},
    "before, head too": {"norm": nn.BatchNorm2d, "head_norm": True},
    "after": {"norm": nn.BatchNorm2d, "relu_first": True},
}


@experiment(rows=ORDERS, seeds=range(5))
def order(choices, seed, *, lr=0.01, steps=300, batch_size=60, channels=8):
    """Train three 3×3 convolutions with batch norm before or after their ReLUs.

    Mishkin, Sergievskiy and Matas (2017, "Systematic evaluation of convolution neural
    network advances on the ImageNet") compare the two in a CaffeNet; here it is a net of
    8 channels on 8×8 digits.

    Parameters
    ----------
    choices : dict
        For `bn_lib.pytorch.models.cnn`. With "after", the head reads normalized inputs;
        "before, head too" gives "before" the same, by a norm more.
    seed : int
        Of the weights and the order of the samples.
    lr : float
        Learning rate at the start; it falls linearly to zero.
    steps, batch_size : int
        Of the training.
    channels : int
        Output channels of each convolution.

    Returns
    -------
    ndarray, shape (seeds,)
        Test accuracy.
    """
    with _private_torch(seed):
        net = cnn((1, channels, channels, channels), **choices)
        data = load_digits(as_images=True, centered=True)
        return _test_accuracy(net, data, seed, lr=lr, steps=steps, batch_size=batch_size)


@experiment(rows={"plain": None, "BN": BatchNorm})
def dense(
    norm,
    seed,
    *,
    activation="sigmoid",
    std=0.1,
    depth=3,
    width=100,
    lr=0.1,
    steps=100,
    batch_size=60,
):
    """Train a fully connected net on digits.

    The default is the net of Ioffe and Szegedy (2015, section 4.1): three hidden layers
    of 100 sigmoids and batches of 60; fewer steps.

    Parameters
    ----------
    norm, activation, std, depth, width
        As in `bn_lib.models.mlp`.
    seed : int
        Of the weights and the order of the samples.
    lr, steps, batch_size
        As in `bn_lib.training.train`.

    Returns
    -------
    ndarray, shape (seeds,)
        Test accuracy.
    """
    net = mlp(seed, depth=depth, width=width, activation=activation, std=std, norm=norm)
    history = fit(net, seed, steps=steps, batch_size=batch_size, lr=lr)
    return history.test_accuracy[-1]


BIAS_CASES = {
    "linear, train": {},
    "conv, train": {"conv": True},
    "linear, eval": {"training": False},
    "linear → ReLU, train": {"relu_first": True},
}


@experiment(rows=BIAS_CASES)
def bias(choices, seed, *, batch_size=60, width=8):
    """Look for the bias of a layer before batch norm, in its gradient and in the output.

    A layer with a bias from N(0, 1), batch norm, ReLU and a linear head, in float64 at
    initialization. In the case "linear → ReLU" batch norm stands after the ReLU; in
    "eval" it uses running statistics, which are those of the batch.

    Parameters
    ----------
    choices : dict
        What differs from a linear layer in training mode.
    seed : int
        Of the weights and the images.
    batch_size, width : int
        Images in the batch; outputs of the layer.

    Returns
    -------
    gradient : ndarray, shape (seeds,)
        Size of the bias's gradient over that of the weight.
    output : ndarray, shape (seeds,)
        How far the logits move, relative to their size, when the bias is set to zero.
    """
    return _bias_effects(seed, batch_size, width, **choices)


def _bias_effects(seed, batch_size, width, conv=False, relu_first=False, training=True):
    data = load_digits(as_images=conv, centered=True)
    batch = np.random.default_rng(seed).permutation(len(data.y_train))[:batch_size]
    x, y = torch.tensor(data.x_train[batch]), torch.tensor(data.y_train[batch])
    with _private_torch(seed, torch.float64):
        layer = nn.Conv2d(1, width, 3) if conv else nn.Linear(64, width)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.normal_(layer.bias)
        # momentum=1: the running statistics are those of this batch.
        norm = (nn.BatchNorm2d if conv else nn.BatchNorm1d)(width, momentum=1.0)
        middle = [nn.ReLU(), norm] if relu_first else [norm, nn.ReLU()]
        head = nn.Linear(36 * width if conv else width, 10)
        net = nn.Sequential(layer, *middle, nn.Flatten(), head)
        net(x)
        net.train(training)
        logits = net(x)
        cross_entropy(logits, y).backward()
        with torch.no_grad():
            layer.bias.zero_()
            moved = (net(x) - logits).norm() / logits.norm()
    gradient = layer.bias.grad.norm() / layer.weight.grad.norm()
    return {"gradient": gradient.item(), "output": moved.item()}


def _batch_norm(x):
    return functional.batch_norm(x, None, None, training=True)[0]


def _batch_norm_in_eval(x):
    mean, var = np.full(x.shape[1], 0.5), np.full(x.shape[1], 2.0)
    return functional.batch_norm(x, mean, var, training=False)[0]


CHANNEL_CASES = {
    "BN (N, C)": (_batch_norm, 2),
    "BN (N, C, H, W)": (_batch_norm, 4),
    "BN eval": (_batch_norm_in_eval, 4),
    "IN (N, C, H, W)": (lambda x: functional.instance_norm(x)[0], 4),
    "GN (N, C, H, W)": (lambda x: functional.group_norm(x, 2)[0], 4),
    "LN (N, C, H, W)": (lambda x: functional.layer_norm(x, x.shape[1:])[0], 4),
}


@experiment(rows=CHANNEL_CASES)
def spread(case, seed, *, shape=(16, 6, 4, 4)):
    """Replace one channel of a normal input and compare the outputs of all channels.

    Parameters
    ----------
    case : tuple of callable and int
        The norm, and how many of the axes (N, C, H, W) its input has.
    seed : int
        Of the inputs.
    shape : tuple of int
        Sizes of the axes (N, C, H, W).

    Returns
    -------
    leak : ndarray, shape (seeds,)
        Largest change of an output of another channel.
    own : ndarray, shape (seeds,)
        Largest change of an output of the replaced channel.
    """
    norm, ndim = case
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape[:ndim])
    other = x.copy()
    other[:, 0] = rng.exponential(3.0, size=other[:, 0].shape)
    moved = np.abs(norm(other) - norm(x))
    return {"leak": moved[:, 1:].max(), "own": moved[:, 0].max()}


BLOCKS = {
    "post": {"norm": nn.BatchNorm1d},
    "post, bare head": {"norm": nn.BatchNorm1d, "head_norm": False},
    "post, last gamma 0": {"norm": nn.BatchNorm1d, "zero_init": True},
    "pre": {"norm": nn.BatchNorm1d, "pre_activation": True},
    "pre, bare head": {
        "norm": nn.BatchNorm1d,
        "pre_activation": True,
        "head_norm": False,
    },
    "no norm": {"pre_activation": True},
    "SkipInit": {"pre_activation": True, "skip_init": True},
}


@experiment(rows=BLOCKS)
def residual(
    choices, seed, *, blocks=16, lr=0.1, momentum=0.9, steps=200, batch_size=60, width=32
):
    """Train a fully connected residual net of one kind of block.

    He et al. (2016, "Identity Mappings in Deep Residual Networks") train convolutional
    nets of 54 to 333 blocks, after a short warm-up; here there are at most 16 blocks on
    flat digits, without one. SGD as there; the rate falls linearly to zero.

    Parameters
    ----------
    choices : dict
        For `bn_lib.pytorch.models.residual_net`. All heads read normalized inputs where
        there is a norm, except those of the rows with a bare head.
    seed : int
        Of the weights and the order of the samples.
    blocks, width : int
        Of the net.
    lr, momentum : float
        Of SGD, the learning rate at the start.
    steps, batch_size : int
        Of the training.

    Returns
    -------
    ndarray, shape (seeds,)
        Test accuracy.
    """
    training = {"lr": lr, "momentum": momentum, "steps": steps, "batch_size": batch_size}
    with _private_torch(seed):
        net = residual_net(64, width, blocks, **choices)
        return _test_accuracy(net, load_digits(centered=True), seed, **training)


@experiment(rows=BLOCKS)
def signal(choices, seed, *, blocks=32, width=256, batch_size=200):
    """Send digits through the blocks of a residual net, before any training.

    After De and Smith (2020, "Batch Normalization Biases Residual Blocks Towards the
    Identity Function in Deep Networks"): what the stem gives is scaled to a mean square
    of 1, as their law assumes.

    Parameters
    ----------
    choices : dict
        For `bn_lib.pytorch.models.residual_net`.
    seed : int
        Of the weights and the choice of digits.
    blocks, width : int
        Of the net.
    batch_size : int
        Digits in the batch.

    Returns
    -------
    size : ndarray, shape (seeds, blocks + 1)
        Mean square over the batch and the units: of the stem, then of each block.
    share : ndarray, shape (seeds, blocks)
        Mean square of each branch over that of its block.
    """
    images = load_digits(centered=True).x_train
    chosen = np.random.default_rng(seed).permutation(len(images))[:batch_size]
    with _private_torch(seed, torch.float64), torch.no_grad():
        stem, *residual_blocks, _ = residual_net(64, width, blocks, **choices)
        x = stem(_tensor(images[chosen]))
        x /= _mean_square(x) ** 0.5
        sizes, shares = [_mean_square(x)], []
        for block in residual_blocks:
            branch = _mean_square(block.branch(x))
            x = block(x)
            sizes.append(_mean_square(x))
            shares.append(branch / sizes[-1])
    return {"size": sizes, "share": shares}


def _mean_square(x):
    return x.square().mean().item()
