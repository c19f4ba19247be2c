"""Batch norm by the formula of Keras' manual, to set beside torch's."""

from bn_lib import functional
from bn_lib.layers import BatchNorm

__all__ = ["KerasBatchNorm"]


class KerasBatchNorm(BatchNorm):
    """Batch norm as Keras 3 computes it, under torch's names.

    Parameters
    ----------
    num_features : int
        The number of channels C, on axis 1 as everywhere in this library; in Keras they
        are on the last axis unless told otherwise.
    momentum : float
        Weight of the *old* running statistics: ``1 - momentum`` of `BatchNorm`.
    epsilon : float
        Added to the variance.

    Notes
    -----
    With the names of Keras: ``moving_variance = moving_variance * momentum +
    variance(batch) * (1 - momentum)``, with the biased variance of the batch. Keras 2
    stored the unbiased one for images on TensorFlow, whose fused kernel does so.

    References
    ----------
    Keras documentation, BatchNormalization layer.

    Examples
    --------
    >>> import numpy as np
    >>> layer = KerasBatchNorm(1, momentum=0.5)
    >>> y = layer(np.array([[7.0], [9.0]]))
    >>> layer.running_mean, layer.running_var
    (array([4.]), array([1.]))
    """

    def __init__(self, num_features, momentum=0.99, epsilon=1e-3):
        super().__init__(num_features, eps=epsilon, momentum=momentum)

    def forward(self, x):
        """Normalize and, in training, update the running statistics Keras' way."""
        running = (self.running_mean, self.running_var)
        y, self._cache = functional.batch_norm(
            x,
            *((None, None) if self.training else running),
            self.weight,
            self.bias,
            training=self.training,
            eps=self.eps,
        )
        if self.training:
            batch = self._cache.normalized
            for old, new in zip(running, (batch.mean, batch.var), strict=True):
                old[:] = self.momentum * old + (1 - self.momentum) * new.ravel()
        return y
