"""The small fully connected networks of the course, with the norm as an argument.

>>> from bn_lib.layers import BatchNorm
>>> model = mlp(0, depth=2, norm=BatchNorm)
>>> [type(layer).__name__ for layer in model.layers[:3]]
['Linear', 'BatchNorm', 'ReLU']
"""

from functools import partial

import numpy as np

from bn_lib.layers import Linear, ReLU, Residual, Sequential, Sigmoid

__all__ = ["ACTIVATIONS", "mlp"]

ACTIVATIONS = {"sigmoid": Sigmoid, "relu": ReLU}


def mlp(
    rng,
    *,
    depth=3,
    width=100,
    activation="relu",
    std=None,
    norm=None,
    skips=False,
    linear=Linear,
    dtype=np.float64,
):
    """Build a fully connected classifier of the digits.

    Parameters
    ----------
    rng : numpy.random.Generator or int
        Source of the weights, or its seed. They are drawn from the input
        upwards, so that nets that differ in their norm alone get the same ones.
    depth, width : int
        Hidden layers, and units in each.
    activation : str
        ``"sigmoid"`` or ``"relu"``.
    std : float, optional
        Standard deviation of all weights; that of He et al. (2015) by default.
    norm : callable, optional
        ``norm(width)`` makes what stands before each activation.
    skips : bool
        Put a skip around each norm, activation and linear layer behind the first
        linear layer: pre-activation blocks.
    linear : callable
        Makes the linear layers, called like `Linear`.
    dtype : dtype
        Of the linear layers.

    Returns
    -------
    Sequential
        With 64 inputs and 10 outputs.

    Raises
    ------
    ValueError
        If the activation is none of the two.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"expected one of {tuple(ACTIVATIONS)}, got {activation!r}")
    make = partial(linear, std=std, rng=np.random.default_rng(rng), dtype=dtype)

    def activated():
        return [*([norm(width)] if norm else []), ACTIVATIONS[activation]()]

    layers = [make(64, width)]
    for _ in range(depth - 1):
        block = [*activated(), make(width, width)]
        layers += [Residual(*block)] if skips else block
    return Sequential(*layers, *activated(), make(width, 10))
