"""Noise that undoes the steadiness of batch norm's outputs."""

import numpy as np

from bn_lib.layers import Layer

__all__ = ["Noise"]


class Noise(Layer):
    """Shift and scale each unit anew at every step; in evaluation mode, do nothing.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the noise.

    Notes
    -----
    Each step draws for each unit a shift from U(-0.5, 0.5) and a scale from
    U(1, 1.25). Each sample then gets a shift within 0.1 of its unit's, and a scale
    that is normal around its unit's with standard deviation 0.1.

    References
    ----------
    S. Santurkar et al., "How Does Batch Normalization Help Optimization?", 2018,
    section 2.1 and its appendix: noise with a mean and a variance that change at
    every step.

    Examples
    --------
    >>> noise = Noise(np.random.default_rng(0))
    >>> noise.eval()(np.ones((1, 2)))
    array([[1., 1.]])
    """

    def __init__(self, rng):
        self.rng = rng

    def forward(self, x):
        """Add the noise of one step.

        Parameters
        ----------
        x : ndarray, shape (N, C)
            The input.

        Returns
        -------
        y : ndarray, shape (N, C)
            The input, scaled and shifted.
        """
        if not self.training:
            self._cache = np.ones_like(x)
            return x
        shift = self.rng.uniform(-0.5, 0.5, x.shape[1])  # (C,)
        scale = self.rng.uniform(1.0, 1.25, x.shape[1])  # (C,)
        shift = shift + self.rng.uniform(-0.1, 0.1, x.shape)  # (N, C)
        self._cache = scale + self.rng.normal(0.0, 0.1, x.shape)  # (N, C)
        return self._cache * x + shift

    def _backward(self, dout, cache):
        return (dout * cache,)
