"""What the experiments share: one kind of small network, its training, its seeds."""

import numpy as np

from bn_lib.data import load_digits
from bn_lib.layers import ReLU, Sequential, Sigmoid
from bn_lib.training import _bar, train

__all__ = ["ACTIVATIONS", "Residual", "each_seed", "fit", "mlp"]

ACTIVATIONS = {"sigmoid": Sigmoid, "relu": ReLU}


class Residual(Sequential):
    """Layers, and a skip around them."""

    def forward(self, x):
        """Add the output of the layers to their input, of the same shape."""
        return x + super().forward(x)

    def backward(self, dout):
        """Add the gradients of both ways."""
        return dout + super().backward(dout)


def mlp(linear, *, depth=3, width=100, activation="relu", norm=None, skips=False):
    """Build a fully connected classifier of the digits.

    Parameters
    ----------
    linear : callable
        ``linear(inputs, outputs)`` returns a linear layer, such as
        ``partial(Linear, std=0.1, rng=rng)``; called from the input upwards, so that
        nets that differ in their norm alone get the same weights.
    depth, width : int
        Hidden layers, and units in each.
    activation : str
        ``"sigmoid"`` or ``"relu"``.
    norm : callable, optional
        ``norm(width)`` returns what stands before each activation.
    skips : bool
        Put a skip around each norm, activation and linear layer behind the first
        linear layer: pre-activation blocks.

    Returns
    -------
    Sequential
        With 64 inputs and 10 outputs.

    Examples
    --------
    >>> from bn_lib.layers import BatchNorm, Linear
    >>> model = mlp(Linear, depth=2, norm=BatchNorm)
    >>> [type(layer).__name__ for layer in model.layers[:3]], len(model)
    (['Linear', 'BatchNorm', 'ReLU'], 7)
    """

    def activated():
        return [*([norm(width)] if norm else []), ACTIVATIONS[activation]()]

    layers = [linear(64, width)]
    for _ in range(depth - 1):
        block = [*activated(), linear(width, width)]
        layers += [Residual(*block)] if skips else block
    return Sequential(*layers, *activated(), linear(width, 10))


def fit(model, config, rng, data=None, **options):
    """Train as a Config says, without a progress bar.

    Parameters
    ----------
    model : layer
        As for `bn_lib.training.train`.
    config : dataclass
        With `steps`, `batch_size` and `lr`.
    rng : numpy.random.Generator
        Source of the order of samples.
    data : Dataset, optional
        The digits by default.
    **options
        Passed on to `bn_lib.training.train`. The accuracy is measured at the end
        alone unless they hold ``eval_every``.

    Returns
    -------
    History
    """
    options = {"eval_every": config.steps} | options
    return train(
        model,
        load_digits() if data is None else data,
        steps=config.steps,
        batch_size=config.batch_size,
        lr=config.lr,
        rng=rng,
        progress=False,
        **options,
    )


def each_seed(seeds, run_one):
    """Run once for each seed, behind a progress bar where a person watches.

    Parameters
    ----------
    seeds : sequence of int
        The seeds.
    run_one : callable
        ``run_one(seed)`` returns a tuple of numbers or arrays.

    Returns
    -------
    list of ndarray, each of shape (seeds, ...)
        One for each place of the tuple.

    Examples
    --------
    >>> each_seed((3, 4), lambda seed: (seed, -seed))
    [array([3, 4]), array([-3, -4])]
    """
    rows = []
    with _bar(len(seeds), None) as advance:
        for seed in seeds:
            rows.append(run_one(seed))
            advance()
    return [np.array(column) for column in zip(*rows, strict=True)]
