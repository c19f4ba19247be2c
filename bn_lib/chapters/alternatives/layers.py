"""Layers of this chapter alone: half a batch norm, convolution by patches."""

import numpy as np

from bn_lib.layers import Layer

__all__ = ["Images", "PartialBatchNorm", "Reshape", "Rows"]


class Reshape(Layer):
    """Cut the input into rows of one width, keeping the order of its values.

    Parameters
    ----------
    width : int
        Of a row.

    Examples
    --------
    >>> Reshape(2)(np.arange(6.0).reshape(1, 6))
    array([[0., 1.],
           [2., 3.],
           [4., 5.]])
    """

    def __init__(self, width):
        self.width = width

    def forward(self, x):
        """Return x as (rows, width)."""
        self._cache = x.shape
        return x.reshape(-1, self.width)

    def _backward(self, dout, cache):
        return (dout.reshape(cache),)


class Images(Layer):
    """Gather the rows of an image, one for each position, for a norm over positions.

    Parameters
    ----------
    positions : int
        Rows of an image, L.

    Examples
    --------
    >>> Images(2)(np.arange(4.0).reshape(2, 2))
    array([[[0., 2.],
            [1., 3.]]])
    """

    def __init__(self, positions):
        self.positions = positions

    def forward(self, x):
        """Return x of shape (N L, C) as (N, C, L)."""
        self._cache = x.shape
        return x.reshape(-1, self.positions, x.shape[1]).swapaxes(1, 2)

    def _backward(self, dout, cache):
        return (dout.swapaxes(1, 2).reshape(cache),)


class Rows(Layer):
    """Undo `Images`.

    Examples
    --------
    >>> x = np.arange(4.0).reshape(2, 2)
    >>> assert np.array_equal(Rows()(Images(2)(x)), x)
    """

    def forward(self, x):
        """Return x of shape (N, C, L) as (N L, C)."""
        self._cache = len(x)
        return x.swapaxes(1, 2).reshape(-1, x.shape[1])

    def _backward(self, dout, cache):
        return (dout.reshape(cache, -1, dout.shape[1]).swapaxes(1, 2),)


class PartialBatchNorm(Layer):
    """Batch norm of (N, C) of which one half can be left out.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    center : bool
        Whether to subtract the mean of the batch.
    scale : bool
        Whether to divide by its standard deviation, which is taken around the mean
        in any case.
    eps, momentum : float
        As in `BatchNorm`.

    Notes
    -----
    With both halves this is `BatchNorm`. With the mean alone it is the mean-only batch
    norm of Salimans and Kingma, except that a weight is learned too.

    References
    ----------
    Salimans and Kingma, "Weight Normalization", 2016, section 4.

    Examples
    --------
    >>> x = np.array([[1.0], [3.0]])
    >>> PartialBatchNorm(1, scale=False)(x).ravel()
    array([-1.,  1.])
    >>> PartialBatchNorm(1, center=False)(10 * x).ravel().round(3)
    array([1., 3.])
    """

    _buffer_names = ("running_mean", "running_var")

    def __init__(self, num_features, center=True, scale=True, eps=1e-5, momentum=0.1):
        self.center, self.scale, self.eps, self.momentum = center, scale, eps, momentum
        self.weight, self.bias = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)

    def forward(self, x):
        """Normalize, with the statistics of the batch in training mode.

        Parameters
        ----------
        x : ndarray, shape (N, C)
            The input.

        Returns
        -------
        y : ndarray, shape (N, C)
            The output.
        """
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            unbiased = var * len(x) / (len(x) - 1)
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (unbiased - self.running_var)
        rstd = 1 / np.sqrt(var + self.eps) if self.scale else np.ones_like(var)
        xhat = (x - mean) * rstd
        y = xhat if self.center else x * rstd
        self._cache = (xhat, y, rstd)
        return y * self.weight + self.bias

    def _backward(self, dout, cache):
        xhat, y, rstd = cache
        dy = dout * self.weight
        dx = dy.copy()
        if self.center:
            dx -= dy.mean(axis=0)
        if self.scale:
            dx -= xhat * (dy * y).mean(axis=0)
        return rstd * dx, (dout * y).sum(axis=0), dout.sum(axis=0)
