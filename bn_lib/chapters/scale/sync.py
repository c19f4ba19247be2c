"""Batch norm over a batch that lies in parts on several machines, in NumPy.

Here a machine is an entry of a list. Each has its own part of the batch, and learns of
the others, for each channel, only a count, a mean and a variance in the forward pass and
two sums in the backward pass.
"""

import numpy as np

from bn_lib.functional import Normalized

__all__ = ["merge_moments", "sync_normalize", "sync_normalize_backward"]


def merge_moments(counts, means, variances):
    """Compute the mean and variance of a whole from those of its parts.

    Parameters
    ----------
    counts : sequence of int, length K
        How many values each part has.
    means, variances : array_like, shape (K, ...)
        Mean and biased variance of each part.

    Returns
    -------
    mean, var : ndarray, shape (...)
        Mean and biased variance of all values together.

    Notes
    -----
    The variance is that within the parts and that between their means. E[x²] - E[x]²
    would need only sums too, but it subtracts two nearly equal numbers.

    References
    ----------
    Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
    Sample Variances", 1979.

    Examples
    --------
    >>> merge_moments([2, 4], means=[[1.0], [4.0]], variances=[[0.0], [3.0]])
    (array([3.]), array([4.]))
    """
    mean = np.average(means, axis=0, weights=counts)
    spread = np.square(np.asarray(means) - mean)
    return mean, np.average(np.asarray(variances) + spread, axis=0, weights=counts)


def sync_normalize(parts, eps=1e-5):
    """Normalize the parts of a batch with the statistics of all of it.

    Parameters
    ----------
    parts : sequence of ndarray, shape (N_k, C, ...)
        The samples on each machine; their numbers may differ.
    eps : float
        Added to the variance.

    Returns
    -------
    xhats : list of ndarray
        The normalized parts.
    caches : list of Normalized
        For `sync_normalize_backward`, one for each part.

    References
    ----------
    Peng et al., "MegDet: A Large Mini-Batch Object Detector", 2018: Cross-GPU Batch
    Normalization.

    Examples
    --------
    >>> xhats, _ = sync_normalize([np.array([[1.0]]), np.array([[3.0], [5.0]])], eps=1e-9)
    >>> np.concatenate(xhats).ravel().round(3)
    array([-1.225,  0.   ,  1.225])
    """
    axes = (0, *range(2, parts[0].ndim))
    counts = [part.size // part.shape[1] for part in parts]
    means = [part.mean(axes, keepdims=True) for part in parts]
    variances = [part.var(axes, keepdims=True) for part in parts]
    mean, var = merge_moments(counts, means, variances)
    rstd = 1 / np.sqrt(var + eps)
    xhats = [(part - mean) * rstd for part in parts]
    caches = [
        Normalized(xhat, mean, var, rstd, axes, True, part.dtype)
        for xhat, part in zip(xhats, parts, strict=True)
    ]
    return xhats, caches


def sync_normalize_backward(douts, caches):
    """Gradient of the loss by the parts of the input of `sync_normalize`.

    Parameters
    ----------
    douts : sequence of ndarray, shape (N_k, C, ...)
        Gradient of the loss by each normalized part.
    caches : sequence of Normalized
        From `sync_normalize`.

    Returns
    -------
    list of ndarray
        The gradients.

    Notes
    -----
    That of `bn_lib.functional.normalize_backward`, its two means over all machines.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parts = [rng.normal(size=(n, 2)) for n in (3, 5)]
    >>> _, caches = sync_normalize(parts)
    >>> dxs = sync_normalize_backward([np.ones_like(part) for part in parts], caches)
    >>> np.allclose(dxs[0], 0), np.allclose(dxs[1], 0)
    (True, True)
    """
    axes, m = caches[0].axes, sum(c.xhat.size // c.xhat.shape[1] for c in caches)
    pairs = list(zip(douts, caches, strict=True))
    mean = sum(dout.sum(axes, keepdims=True) for dout, _ in pairs) / m
    along = sum((dout * c.xhat).sum(axes, keepdims=True) for dout, c in pairs) / m
    return [c.rstd * (dout - mean - c.xhat * along) for dout, c in pairs]
