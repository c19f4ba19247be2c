"""What torch's batch norm does when it should be frozen, and how Keras' differs."""

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import nn

from bn_lib.chapters.frameworks.layers import KerasBatchNorm
from bn_lib.course.experiment import experiment, fit, relative_change
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp
from bn_lib.pytorch.inference import freeze_batch_norm
from bn_lib.training import accuracy

__all__ = ["copying", "freezing", "statistics"]


def _without_gradients(model, x):
    with torch.no_grad():
        model(x)


ATTEMPTS = {
    "requires_grad=False": lambda model, x: model.requires_grad_(False)(x),
    "no_grad()": _without_gradients,
    "eval(), then train()": lambda model, x: model.eval().train()(x),
    "eval()": lambda model, x: model.eval()(x),
    "train(), then eval()": lambda model, x: model.train().eval()(x),
    "freeze_batch_norm, then train()": lambda model, x: freeze_batch_norm(model).train()(x),
}


@experiment(rows=ATTEMPTS)
def freezing(attempt, seed, *, batch_size=8, channels=100):
    """Try to freeze torch's batch norm, give it a batch, and look at its statistics.

    Parameters
    ----------
    attempt : callable
        Gets the model and the batch.
    seed : int
        Of the running statistics as they were, and of the batch.
    batch_size, channels : int
        Of the batch.

    Returns
    -------
    from before, from updated : ndarray, shape (seeds,)
        Relative change of the running mean and variance, from what they were, and from
        what one update with momentum 0.1 makes of them.
    """
    rng = np.random.default_rng(seed)
    batch = rng.normal(2.0, 3.0, (batch_size, channels))
    before = np.stack([rng.normal(size=channels), rng.uniform(1.0, 2.0, channels)])
    of_batch = np.stack([batch.mean(axis=0), batch.var(axis=0, ddof=1)])
    norm = nn.BatchNorm1d(channels, momentum=0.1, dtype=torch.float64)
    running = (norm.running_mean, norm.running_var)
    for buffer, values in zip(running, before, strict=True):
        buffer.copy_(torch.from_numpy(values))
    attempt(nn.Sequential(norm), torch.from_numpy(batch))
    after = np.stack([buffer.numpy() for buffer in running])
    return {
        "from before": relative_change(before, after),
        "from updated": relative_change(0.9 * before + 0.1 * of_batch, after),
    }


@experiment()
def statistics(seed, *, momentum=0.9, batch_size=8, updates=5, channels=10):
    """Give the same batches to torch's batch norm and to Keras' formula.

    Parameters
    ----------
    seed : int
        Of the batches.
    momentum : float
        In Keras' sense; torch gets ``1 - momentum``.
    batch_size, updates, channels : int
        Size and number of the batches.

    Returns
    -------
    mean, variance : ndarray, shape (seeds,)
        Relative change of the running statistic from Keras to torch; of the variance
        once the start, 1, is taken off both, and torch's is times (m − 1)/m.
    raw variance : ndarray, shape (seeds,)
        The same without the factor.
    """
    rng = np.random.default_rng(seed)
    keras = KerasBatchNorm(channels, momentum=momentum)
    norm = nn.BatchNorm1d(channels, momentum=1 - momentum, dtype=torch.float64)
    for _ in range(updates):
        batch = rng.normal(2.0, 3.0, (batch_size, channels))
        keras(batch)
        norm(torch.from_numpy(batch))
    start = momentum**updates
    ours, theirs = keras.running_var - start, norm.running_var.numpy() - start
    return {
        "mean": relative_change(keras.running_mean, norm.running_mean.numpy()),
        "variance": relative_change(ours, theirs * (batch_size - 1) / batch_size),
        "raw variance": relative_change(ours, theirs),
    }


# Keras' default momentum, 0.99, would keep 13 % of the start after 200 steps.
KERAS, TORCH = partial(KerasBatchNorm, momentum=0.9), BatchNorm


@experiment(rows={"Keras to torch": (KERAS, TORCH), "torch to Keras": (TORCH, KERAS)})
def copying(norms, seed, *, scale=1.0, copy_eps=False, lr=0.1, steps=200, batch_size=60):
    """Train a 3×100 net, and copy its weights and statistics into a net of the other norm.

    Parameters
    ----------
    norms : tuple of callable
        Makes the norms of the net that is trained, and those of the other one.
    seed : int
        Of the weights and the order of the samples.
    scale : float
        All pixels are multiplied by it.
    copy_eps : bool
        Whether eps is copied too.
    lr, steps, batch_size
        As in `bn_lib.training.train`.

    Returns
    -------
    trained, copied : ndarray, shape (seeds,)
        Test accuracy of either net.
    variance : ndarray, shape (seeds,)
        Median of the running variances in the first norm.
    """
    digits = load_digits(centered=True)
    data = replace(digits, x_train=scale * digits.x_train, x_test=scale * digits.x_test)
    trained, copied = (mlp(seed, norm=norm) for norm in norms)
    history = fit(trained, seed, data=data, lr=lr, steps=steps, batch_size=batch_size)
    copied.load_state_dict(trained.state_dict())
    if copy_eps:
        for ours, theirs in zip(copied.layers, trained.layers, strict=True):
            if isinstance(ours, BatchNorm):
                ours.eps = theirs.eps
    return {
        "trained": history.test_accuracy[-1],
        "copied": accuracy(copied, data.x_test, data.y_test),
        "variance": np.median(trained[1].running_var),
    }
