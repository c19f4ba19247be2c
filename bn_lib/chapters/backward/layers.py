"""Batch norm whose statistics are left out of the gradient."""

from bn_lib.functional import scale_and_shift_backward
from bn_lib.layers import BatchNorm

__all__ = ["DetachedBatchNorm"]


class DetachedBatchNorm(BatchNorm):
    """Batch norm that takes some statistics of the batch as constants in its backward.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    detached : collection of str
        ``"mean"``, ``"var"``, both or none of them: without any it is batch norm.
    **options
        As in `BatchNorm`.

    Notes
    -----
    The forward is that of batch norm. This is what ``mean.detach()`` and ``var.detach()``
    do in torch.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization", 2015, section 2: why the normalization
    belongs to the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> layer = DetachedBatchNorm(1, detached=("mean",))
    >>> y = layer(np.array([[1.0], [2.0], [4.0], [5.0]]))
    >>> dx = layer.backward(np.ones((4, 1)))
    >>> bool(dx.sum() > 1)  # of batch norm it is 0
    True
    """

    def __init__(self, num_features, detached, **options):
        super().__init__(num_features, **options)
        self.detached = frozenset(detached)

    def _backward(self, dout, cache):
        if not cache.training:
            return super()._backward(dout, cache)
        dxhat, dgamma, dbeta = scale_and_shift_backward(dout, cache.affine)
        xhat, axes = cache.normalized.xhat, cache.normalized.axes
        dx = dxhat
        if "mean" not in self.detached:
            dx = dx - dxhat.mean(axes, keepdims=True)
        if "var" not in self.detached:
            dx = dx - xhat * (dxhat * xhat).mean(axes, keepdims=True)
        return cache.normalized.rstd * dx, dgamma, dbeta
