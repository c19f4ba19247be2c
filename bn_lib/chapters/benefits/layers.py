"""Layers that take one effect of batch norm apart from the others."""

import numpy as np

from bn_lib import functional
from bn_lib.layers import BatchNorm, Linear

__all__ = ["FrozenLinear", "GhostBatchNorm"]


class GhostBatchNorm(BatchNorm):
    """Batch norm of (N, C) that takes its statistics over parts of each batch.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    ghost : int
        Samples in a part; N must be a multiple of it in training.
    **options
        As in `BatchNorm`, except that it is affine and tracks running statistics.

    Notes
    -----
    The noise of the statistics is that of a small batch, while the gradient is that of
    the whole one. With P parts, the samples i, i + P, i + 2P, ... share one. The running
    statistics are updated once a step, with the average over the parts.

    References
    ----------
    Hoffer, Hubara and Soudry, "Train longer, generalize better", 2017, algorithm 1.

    Examples
    --------
    >>> x = np.array([[1.0], [10.0], [3.0], [14.0]])
    >>> GhostBatchNorm(1, ghost=2)(x).ravel().round(3)
    array([-1., -1.,  1.,  1.])
    """

    def __init__(self, num_features, ghost, **options):
        super().__init__(num_features, **options)
        self.ghost = ghost

    def forward(self, x):
        """Normalize each part by itself in training, and as batch norm in evaluation.

        Parameters
        ----------
        x : ndarray, shape (N, C)
            The input.

        Returns
        -------
        y : ndarray, shape (N, C)
            The output.

        Raises
        ------
        ValueError
            If N is no multiple of the part in training.
        """
        if not self.training:
            return super().forward(x)
        if len(x) % self.ghost:
            raise ValueError(
                f"expected a multiple of {self.ghost} samples, got {len(x)}: choose a "
                "batch size that the ghost batch divides"
            )
        parts = len(x) // self.ghost
        mean, var, gamma, beta = (
            np.tile(value, parts)
            for value in (self.running_mean, self.running_var, self.weight, self.bias)
        )
        y, self._cache = functional.batch_norm(
            x.reshape(self.ghost, -1),  # (N, C) -> (ghost, parts C)
            mean,
            var,
            gamma,
            beta,
            training=True,
            momentum=self.momentum,
            eps=self.eps,
        )
        self.running_mean[...] = mean.reshape(parts, -1).mean(axis=0)
        self.running_var[...] = var.reshape(parts, -1).mean(axis=0)
        self.num_batches_tracked += 1
        return y.reshape(x.shape)

    def _backward(self, dout, cache):
        dx, *gradients = super()._backward(dout.reshape(cache.normalized.xhat.shape), cache)
        dgamma, dbeta = (g.reshape(-1, self.num_features).sum(axis=0) for g in gradients)
        return dx.reshape(dout.shape), dgamma, dbeta


class FrozenLinear(Linear):
    """A Linear that stays as it was drawn: it offers nothing to train.

    Examples
    --------
    >>> FrozenLinear(4, 2).parameters()
    {}
    """

    def parameters(self):
        """Return an empty dict."""
        return {}

    def gradients(self):
        """Return an empty dict."""
        return {}
