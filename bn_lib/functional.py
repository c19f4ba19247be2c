"""Normalization in plain NumPy: one idea, many axes.

Batch, layer, instance and group norm are the same two steps, `normalize` over
some axes and then `scale_and_shift`. They differ only in the axes:

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> x = rng.normal(size=(4, 6, 5, 5))  # (N, C, H, W)
>>> norms = [
...     (batch_norm(x, None, None, training=True), (0, 2, 3)),
...     (layer_norm(x, (6, 5, 5)), (1, 2, 3)),
...     (instance_norm(x), (2, 3)),
... ]
>>> for (y, _), axes in norms:
...     xhat, _ = normalize(x, axes)
...     assert np.array_equal(y, xhat)

Group norm first splits the channel axis in two, and leaves the first part out:

>>> y, _ = group_norm(x, num_groups=2)
>>> xhat, _ = normalize(x.reshape(4, 2, 3, 5, 5), axes=(2, 3, 4))
>>> assert np.array_equal(y, xhat.reshape(x.shape))

RMS norm is the same again, without the subtraction of the mean.

Notes
-----
Every forward returns ``(y, cache)`` and its backward takes ``(dout, cache)``.
Outputs and ``dx`` have the dtype of ``x`` (float16, float32 or float64); float16
is computed in float32. Gradients of parameters have the dtype of the parameter,
and are None for a parameter that was not given. No function changes its inputs,
except `batch_norm`, which updates the running arrays in place.

The formulas of the large arrays stand in small functions that work in place, led over
the arrays tile by tile by `bn_lib._groups.Groups`. A forward and a backward pass together
need three arrays of the size of x: y, xhat and dx.
"""

from dataclasses import dataclass

import numpy as np

from bn_lib import _arguments as expect
from bn_lib._groups import Groups

__all__ = [
    "Affine",
    "NormCache",
    "Normalized",
    "batch_norm",
    "batch_norm_backward",
    "group_norm",
    "group_norm_backward",
    "instance_norm",
    "instance_norm_backward",
    "layer_norm",
    "layer_norm_backward",
    "normalize",
    "normalize_backward",
    "rms_norm",
    "rms_norm_backward",
    "scale_and_shift",
    "scale_and_shift_backward",
]


@dataclass(frozen=True, eq=False)
class Normalized:
    """What `normalize` keeps for `normalize_backward`.

    Attributes
    ----------
    xhat : ndarray
        The normalized values, float32 where x was float16.
    mean, var, rstd : ndarray
        Mean, biased variance and 1 / sqrt(var + eps) in float64; the reduced
        axes are kept with size 1. Without centering the mean is 0 and the
        variance the mean square.
    axes : tuple of int
        The axes that the statistics were taken over.
    center : bool
        Whether the mean was subtracted.
    dtype : numpy.dtype
        The dtype of x.
    """

    xhat: np.ndarray
    mean: np.ndarray
    var: np.ndarray
    rstd: np.ndarray
    axes: tuple[int, ...]
    center: bool
    dtype: np.dtype


@dataclass(frozen=True, eq=False)
class Affine:
    """What `scale_and_shift` keeps for `scale_and_shift_backward`.

    Attributes
    ----------
    xhat : ndarray
        The values that were scaled.
    gamma, beta : ndarray or None
        Copies of the parameters.
    axes : tuple of int
        The axes that the parameters are indexed by.
    """

    xhat: np.ndarray
    gamma: np.ndarray | None
    beta: np.ndarray | None
    axes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class NormCache:
    """What a norm keeps for its backward: the caches of its two steps.

    Attributes
    ----------
    normalized : Normalized
        The cache of `normalize`.
    affine : Affine
        The cache of `scale_and_shift`.
    training : bool
        False if the statistics were constants: `batch_norm` in eval mode.
    """

    normalized: Normalized
    affine: Affine
    training: bool = True


def normalize(x, axes, eps=1e-5, *, center=True):
    """Shift and scale `x` to mean 0 and variance 1 over `axes`.

    Computes ``xhat = (x - mean) / sqrt(var + eps)``, where mean and variance
    are taken over `axes`, one of each for every index of the other axes.

    Parameters
    ----------
    x : ndarray, any shape
        float16, float32 or float64, not empty.
    axes : int or tuple of int
        The axes to average over.
    eps : float
        Added to the variance, so positive and in the units of x squared.
    center : bool
        Whether to subtract the mean. Without it this is the root mean square
        normalization of `rms_norm`.

    Returns
    -------
    xhat : ndarray, shape and dtype of x
        The normalized values.
    cache : Normalized
        For `normalize_backward`; it also holds the statistics.

    Raises
    ------
    TypeError
        If x is not an array of floats, or axes or eps are not numbers.
    ValueError
        If x is empty, axes are not distinct axes of x, or eps is not finite or
        so small that it is 0 in the dtype of x.

    Notes
    -----
    The variance is *biased*, the mean of the squared deviations, as in the
    paper. It takes two passes, first the mean and then the deviations: the
    one-pass formula E[x²] - E[x]² subtracts two nearly equal numbers, and in
    float32 it returns nonsense around a mean of 3000.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training
    by Reducing Internal Covariate Shift", 2015, Algorithm 1, first three lines.

    Examples
    --------
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> xhat, cache = normalize(x, axes=0)
    >>> xhat.round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> cache.mean
    array([[ 2., 20.]])
    """
    groups, eps = _checked(x, axes, eps)
    mean, var = _mean_and_var(groups, x, center)
    rstd = 1 / np.sqrt(var + eps)
    xhat = groups.empty()
    groups.apply(_standardize, xhat, x, mean, rstd)  # xhat = (x - mean) * rstd
    cache = Normalized(xhat, mean, var, rstd, groups.axes, center, x.dtype)
    return xhat.astype(x.dtype), cache


def _checked(x, axes, eps):
    expect.data_array(x)
    axes = expect.reduction_axes(axes, x.ndim)
    return Groups(x, axes), expect.positive_eps(eps, x.dtype)


def _mean_and_var(groups, x, center=True):
    if not center:
        (square,) = groups.average(lambda x: (x**2,), x)
        return np.zeros_like(square), square
    (mean,) = groups.average(lambda x: (x,), x)
    # In float32 a sum of values far from 0 loses digits. The deviations from the mean
    # that it gives are near 0, and their own mean is what was lost.
    mean = mean.astype(groups.dtype)
    lost, square = groups.average(_deviations, x, mean)
    return mean + lost, np.maximum(square - lost**2, 0)


def _deviations(x, mean):
    """Yield x - mean, and then (x - mean)² in the same memory."""
    deviations = x - mean
    yield deviations
    yield np.square(deviations, out=deviations)


def _standardize(xhat, x, mean, rstd):
    # xhat = (x - mean) * rstd
    np.subtract(x, mean, out=xhat)
    xhat *= rstd


def normalize_backward(dout, cache):
    """Gradient of the loss by the input of `normalize`.

    Computes ``dx = rstd * (dout - mean(dout) - xhat * mean(dout * xhat))``,
    with the means over the axes that were normalized.

    Parameters
    ----------
    dout : ndarray, shape of xhat
        Gradient of the loss by xhat.
    cache : Normalized
        The second result of `normalize`.

    Returns
    -------
    dx : ndarray, shape and dtype of x
        Gradient of the loss by x.

    Raises
    ------
    TypeError
        If dout is not an array of floats, or cache is not from `normalize`.
    ValueError
        If dout has another shape than xhat.

    Notes
    -----
    Over the m values that share a mean, this is a projection. Adding a constant
    to x changes nothing, so the direction of ones is removed from the gradient;
    scaling x changes (almost) nothing, so the direction of xhat is removed too.
    As xhat sums to 0, the two are orthogonal, and as the squares of xhat sum to
    m, removing both is the matrix ``I - (1 1ᵀ + xhat xhatᵀ) / m``. What is left
    is scaled by rstd. The squares sum to slightly less than m because of eps,
    hence the "almost".

    Two values have only these two directions, so for m = 2 nothing is left:
    check gradients with a batch of at least 4. Without centering only the
    direction of xhat is removed.

    References
    ----------
    Ioffe and Szegedy, 2015, section 3: the gradients by the variance, the mean
    and x, here collapsed into one.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> _, cache = normalize(rng.normal(size=(5, 3)), axes=0)
    >>> dx = normalize_backward(rng.normal(size=(5, 3)), cache)
    >>> bool(np.allclose(dx.sum(axis=0), 0))
    True
    """
    expect.cache_of(cache, Normalized, "normalize")
    expect.incoming_gradient(dout, cache.xhat.shape)
    dx, _, _ = _normalize_backward(dout, cache)
    return dx.astype(cache.dtype, copy=False)


def _normalize_backward(dout, cache, gamma=1.0, dx=None):
    groups, xhat = Groups(cache.xhat, cache.axes), cache.xhat
    along_ones, along_xhat = groups.average(lambda g, xhat: (g, g * xhat), dout, xhat)
    dgamma, dbeta = groups.size * along_xhat, groups.size * along_ones
    along_ones *= cache.center  # without centering this direction stays
    dx = groups.empty() if dx is None else dx
    groups.apply(_project, dx, dout, xhat, gamma * cache.rstd, along_ones, along_xhat)
    return dx, dgamma, dbeta


def _project(dx, dout, xhat, scale, along_ones, along_xhat):
    # dx = scale * (dout - along_ones - xhat * along_xhat), where dx may be dout
    out = None if np.may_share_memory(dx, dout) else dx
    np.subtract(dout, np.multiply(xhat, along_xhat, out=out), out=dx)
    dx -= along_ones
    dx *= scale


def scale_and_shift(xhat, gamma, beta, axes):
    """Multiply by a learned scale and add a learned shift.

    Computes ``y = gamma * xhat + beta``, with the parameters repeated over the
    axes that are not in `axes`.

    Parameters
    ----------
    xhat : ndarray, any shape
        float16, float32 or float64, not empty.
    gamma, beta : ndarray or None
        Scale and shift, their shape being the sizes of `axes` in the order of
        xhat. None leaves the step out. Their dtype may differ from xhat's.
    axes : int or tuple of int
        The axes of xhat that the parameters are indexed by.

    Returns
    -------
    y : ndarray, shape and dtype of xhat
        The scaled and shifted values.
    cache : Affine
        For `scale_and_shift_backward`. It refers to xhat: do not change xhat
        before the backward pass.

    Raises
    ------
    TypeError
        If an array is not of floats.
    ValueError
        If gamma or beta have another shape than the sizes of `axes`.

    References
    ----------
    Ioffe and Szegedy, 2015, Algorithm 1, last line.

    Examples
    --------
    >>> xhat = np.array([[-1.0, -1.0], [1.0, 1.0]])
    >>> y, _ = scale_and_shift(xhat, np.array([2.0, 3.0]), np.array([0.0, 10.0]), 1)
    >>> y
    array([[-2.,  7.],
           [ 2., 13.]])
    """
    expect.data_array(xhat, "xhat")
    axes = expect.reduction_axes(axes, xhat.ndim)
    expect.parameters(gamma, beta, tuple(xhat.shape[axis] for axis in axes))
    y, cache = _scale_and_shift(xhat, gamma, beta, axes)
    return y.astype(xhat.dtype, copy=False), cache


def _scale_and_shift(xhat, gamma, beta, axes):
    groups = Groups(xhat, _others(axes, xhat.ndim))
    y = groups.empty()
    groups.apply(_scale, y, xhat, groups.filled(gamma, 1), groups.filled(beta, 0))
    return y, Affine(xhat, _copy(gamma), _copy(beta), axes)


def _scale(y, xhat, gamma, beta):
    # y = xhat * gamma + beta
    np.multiply(xhat, gamma, out=y)
    y += beta


def scale_and_shift_backward(dout, cache):
    """Gradients of the loss by the inputs of `scale_and_shift`.

    Computes ``dxhat = gamma * dout``, ``dgamma = sum(dout * xhat)`` and
    ``dbeta = sum(dout)``, with the sums over the axes on which the parameters
    are repeated.

    Parameters
    ----------
    dout : ndarray, shape of y
        Gradient of the loss by y.
    cache : Affine
        The second result of `scale_and_shift`.

    Returns
    -------
    dxhat : ndarray, shape and dtype of xhat
        Gradient of the loss by xhat.
    dgamma, dbeta : ndarray or None
        Gradients with the shape and dtype of gamma and beta; None for one that
        was not given.

    Raises
    ------
    TypeError
        If dout is not an array of floats, or cache is not from
        `scale_and_shift`.
    ValueError
        If dout has another shape than y.

    References
    ----------
    Ioffe and Szegedy, 2015, section 3: the equations for the gradients of x̂, γ
    and β.

    Examples
    --------
    >>> xhat = np.array([[-1.0], [1.0], [0.0]])
    >>> _, cache = scale_and_shift(xhat, np.array([2.0]), np.array([0.0]), axes=1)
    >>> _, dgamma, dbeta = scale_and_shift_backward(np.ones((3, 1)), cache)
    >>> dgamma, dbeta
    (array([0.]), array([3.]))
    """
    expect.cache_of(cache, Affine, "scale_and_shift")
    expect.incoming_gradient(dout, cache.xhat.shape)
    dxhat, dgamma, dbeta = _scale_and_shift_backward(dout, cache)
    return dxhat.astype(cache.xhat.dtype, copy=False), dgamma, dbeta


def _scale_and_shift_backward(dout, cache):
    xhat = cache.xhat
    groups = Groups(xhat, _others(cache.axes, xhat.ndim))
    means = groups.average(lambda g, xhat: (g * xhat, g), dout, xhat)
    dgamma, dbeta = (
        _gradient(groups.size * mean, parameter)
        for mean, parameter in zip(means, (cache.gamma, cache.beta), strict=True)
    )
    dxhat = groups.empty()
    groups.apply(_multiply, dxhat, dout, groups.filled(cache.gamma, 1))
    return dxhat, dgamma, dbeta


def _multiply(dxhat, dout, gamma):
    # dxhat = dout * gamma
    np.multiply(dout, gamma, out=dxhat)


def _gradient(total, parameter):
    if parameter is None:
        return None
    return total.reshape(parameter.shape).astype(parameter.dtype)


def _copy(parameter):
    return None if parameter is None else parameter.copy()


def _others(axes, ndim):
    return tuple(axis for axis in range(ndim) if axis not in axes)


def _with_parameters(x, normalized, gamma, beta, axes):
    # Group norm normalizes a reshaped x; for the others the reshape does nothing.
    xhat = normalized.xhat.reshape(x.shape)
    y, affine = _scale_and_shift(xhat, gamma, beta, axes)
    return y.astype(x.dtype, copy=False), NormCache(normalized, affine)


def _norm_backward(dout, cache):
    """Backward of every norm: the two steps in reverse."""
    expect.cache_of(cache, NormCache, "the norm's forward")
    normalized, affine = cache.normalized, cache.affine
    expect.incoming_gradient(dout, affine.xhat.shape)
    if normalized.axes == _others(affine.axes, dout.ndim):
        # All values of a group have the same gamma, so it can wait for the group's dx.
        gamma = 1 if affine.gamma is None else affine.gamma.reshape(normalized.rstd.shape)
        dx, dgamma, dbeta = _normalize_backward(dout, normalized, gamma)
        dgamma, dbeta = _gradient(dgamma, affine.gamma), _gradient(dbeta, affine.beta)
    else:
        dx, dgamma, dbeta = _scale_and_shift_backward(dout, affine)
        dx = dx.reshape(normalized.xhat.shape)
        if cache.training:
            _normalize_backward(dx, normalized, dx=dx)
        else:
            dx *= normalized.rstd.astype(dx.dtype)
    return dx.reshape(dout.shape).astype(normalized.dtype, copy=False), dgamma, dbeta


def batch_norm(
    x,
    running_mean,
    running_var,
    gamma=None,
    beta=None,
    *,
    training,
    momentum=0.1,
    eps=1e-5,
):
    """Batch normalization: statistics over all axes but the channel.

    Parameters
    ----------
    x : ndarray, shape (N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W)
        The input; with training=True at least two values per channel.
    running_mean, running_var : ndarray, shape (C,), or None
        Running statistics. With training=True they are updated in place, and
        both may be None; with training=False they are used, and needed.
    gamma, beta : ndarray, shape (C,), or None
        Scale and shift.
    training : bool
        Whether to use the statistics of this batch (True) or the running
        statistics (False).
    momentum : float
        Weight of the new batch in the running statistics, from 0 to 1.
    eps : float
        Added to the variance.

    Returns
    -------
    y : ndarray, shape and dtype of x
        The normalized, scaled and shifted input.
    cache : NormCache
        For `batch_norm_backward`.

    Raises
    ------
    TypeError
        If an array is not of floats, or eps or momentum is not a number.
    ValueError
        If a shape does not fit, x is empty or has one value per channel in
        training, the running arrays are missing, read-only or overlap, or eps
        or momentum is out of range. The running arrays are then as before.

    Notes
    -----
    The conventions are those of torch, and two of them surprise:

    - ``running = (1 - momentum) * running + momentum * batch``. Keras gives the
      name momentum to the other weight, so 0.1 here is 0.9 there.
    - The batch is normalized with the biased variance (divided by m), but the
      running variance collects the unbiased one (divided by m - 1), as the
      paper does for inference.

    In eval mode the statistics are constants, so each channel goes through an
    affine map: ``y = a * x + b`` with ``a = gamma * rstd``.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training
    by Reducing Internal Covariate Shift", 2015, Algorithm 1 (training) and
    Algorithm 2 (inference, unbiased variance).

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> mean, var = np.zeros(1), np.ones(1)
    >>> y, _ = batch_norm(x, mean, var, training=True)
    >>> y.ravel().round(3)
    array([-1.342, -0.447,  0.447,  1.342])
    >>> mean, var.round(3)
    (array([0.25]), array([1.067]))
    """
    C = expect.channels(x)
    expect.running_statistics(running_mean, running_var, C, training=training)
    expect.parameters(gamma, beta, (C,))
    momentum = expect.fraction(momentum)
    eps = expect.positive_eps(eps, x.dtype)
    axes = (0, *range(2, x.ndim))
    groups = Groups(x, axes)

    if training:
        expect.several_values(x, axes)
        mean, var = _mean_and_var(groups, x)
    else:
        mean, var = (
            running.astype(np.float64).reshape(groups.kept_shape)  # (C,) -> (1, C, 1, 1)
            for running in (running_mean, running_var)
        )
    rstd = 1 / np.sqrt(var + eps)
    xhat, y = groups.empty(), groups.empty()
    parameters = groups.filled(gamma, 1), groups.filled(beta, 0)
    groups.apply(_standardize_and_scale, xhat, y, x, mean, rstd, *parameters)

    if training and running_mean is not None:
        _update_running(running_mean, running_var, mean, var, x.size // C, momentum)
    normalized = Normalized(xhat, mean, var, rstd, axes if training else (), True, x.dtype)
    affine = Affine(xhat, _copy(gamma), _copy(beta), (1,))
    return y.astype(x.dtype, copy=False), NormCache(normalized, affine, training)


def _standardize_and_scale(xhat, y, x, mean, rstd, gamma, beta):
    _standardize(xhat, x, mean, rstd)
    _scale(y, xhat, gamma, beta)


def _update_running(running_mean, running_var, mean, var, m, momentum):
    mean = (1 - momentum) * running_mean + momentum * mean.ravel()
    var = (1 - momentum) * running_var + momentum * var.ravel() * (m / (m - 1))
    # Cast both before writing either: a cast that fails must change nothing.
    mean, var = mean.astype(running_mean.dtype), var.astype(running_var.dtype)
    running_mean[:], running_var[:] = mean, var


def batch_norm_backward(dout, cache):
    """Gradients of the loss by the inputs of `batch_norm`.

    In training this is `scale_and_shift_backward` followed by
    `normalize_backward`. In eval mode the statistics do not depend on x, so
    nothing is projected out: ``dx = dout * gamma * rstd``.

    Parameters
    ----------
    dout : ndarray, shape of y
        Gradient of the loss by y.
    cache : NormCache
        The second result of `batch_norm`.

    Returns
    -------
    dx : ndarray, shape and dtype of x
        Gradient of the loss by x.
    dgamma, dbeta : ndarray or None
        Gradients with the shape and dtype of gamma and beta; None for one that
        was not given.

    Raises
    ------
    TypeError
        If dout is not an array of floats, or cache is not from a norm.
    ValueError
        If dout has another shape than y.

    References
    ----------
    Ioffe and Szegedy, 2015, section 3: the six equations of the backward pass.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, gamma, beta = rng.normal(size=(8, 3)), np.ones(3), np.zeros(3)
    >>> _, cache = batch_norm(x, None, None, gamma, beta, training=True)
    >>> dx, dgamma, dbeta = batch_norm_backward(np.ones((8, 3)), cache)
    >>> dbeta
    array([8., 8., 8.])
    """
    return _norm_backward(dout, cache)


def layer_norm(x, normalized_shape, gamma=None, beta=None, eps=1e-5):
    """Layer normalization: statistics over the last axes of each example.

    Parameters
    ----------
    x : ndarray, shape (..., *normalized_shape)
        The input.
    normalized_shape : int or tuple of int
        The sizes of the last axes, which are normalized together.
    gamma, beta : ndarray, shape normalized_shape, or None
        Scale and shift, one pair for each position in normalized_shape.
    eps : float
        Added to the variance.

    Returns
    -------
    y : ndarray, shape and dtype of x
        The normalized, scaled and shifted input.
    cache : NormCache
        For `layer_norm_backward`.

    Raises
    ------
    TypeError
        If an array is not of floats, or normalized_shape is not of ints.
    ValueError
        If x is empty or does not end with normalized_shape, a parameter has
        another shape, or eps is out of range.

    Notes
    -----
    No example looks at another one, so the batch size does not matter and train
    and eval mode are the same.

    References
    ----------
    Ba, Kiros and Hinton, "Layer Normalization", 2016, equation 3.

    Examples
    --------
    >>> y, _ = layer_norm(np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]), 3)
    >>> y.round(3)
    array([[-1.225,  0.   ,  1.225],
           [-1.225,  0.   ,  1.225]])
    """
    axes = expect.trailing_axes(x, normalized_shape)
    expect.parameters(gamma, beta, x.shape[axes[0] :])
    eps = expect.positive_eps(eps, x.dtype)
    return _with_parameters(x, normalize(x, axes, eps)[1], gamma, beta, axes)


def layer_norm_backward(dout, cache):
    """Gradients by x, gamma and beta of `layer_norm`; see `batch_norm_backward`."""
    return _norm_backward(dout, cache)


def instance_norm(x, gamma=None, beta=None, eps=1e-5):
    """Instance normalization: statistics over the positions of each channel.

    Every channel of every example has its own mean and variance.

    Parameters
    ----------
    x : ndarray, shape (N, C, L), (N, C, H, W) or (N, C, D, H, W)
        The input, with at least two positions per channel.
    gamma, beta : ndarray, shape (C,), or None
        Scale and shift.
    eps : float
        Added to the variance.

    Returns
    -------
    y : ndarray, shape and dtype of x
        The normalized, scaled and shifted input.
    cache : NormCache
        For `instance_norm_backward`.

    Raises
    ------
    TypeError
        If an array is not of floats.
    ValueError
        If x has shape (N, C) or a single position, since the only value would
        be its own mean; if x is empty, a parameter has another shape, or eps is
        out of range.

    Notes
    -----
    Instance norm is group norm with one channel per group, and is the same in
    train and eval mode.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky, "Instance Normalization: The Missing
    Ingredient for Fast Stylization", 2016: the definition of instance normalization.

    Examples
    --------
    A change of contrast in one image is gone afterwards:

    >>> image = np.random.default_rng(0).normal(size=(1, 3, 8, 8))
    >>> y, _ = instance_norm(image, eps=1e-12)
    >>> brighter, _ = instance_norm(5 * image + 2, eps=1e-12)
    >>> bool(np.allclose(y, brighter))
    True
    """
    expect.positions(x)
    expect.parameters(gamma, beta, x.shape[1:2])
    eps = expect.positive_eps(eps, x.dtype)
    axes = tuple(range(2, x.ndim))
    return _with_parameters(x, normalize(x, axes, eps)[1], gamma, beta, axes=(1,))


def instance_norm_backward(dout, cache):
    """Gradients by x, gamma and beta of `instance_norm`; see `batch_norm_backward`."""
    return _norm_backward(dout, cache)


def group_norm(x, num_groups, gamma=None, beta=None, eps=1e-5):
    """Group normalization: statistics over groups of channels of each example.

    Parameters
    ----------
    x : ndarray, shape (N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W)
        The input.
    num_groups : int
        The number of groups, a divisor of C. Neighbouring channels share one.
    gamma, beta : ndarray, shape (C,), or None
        Scale and shift: one pair per channel, although groups share statistics.
    eps : float
        Added to the variance.

    Returns
    -------
    y : ndarray, shape and dtype of x
        The normalized, scaled and shifted input.
    cache : NormCache
        For `group_norm_backward`.

    Raises
    ------
    TypeError
        If an array is not of floats, or num_groups is not an int.
    ValueError
        If num_groups does not divide C, x is empty or has another rank, a
        parameter has another shape, or eps is out of range.

    Notes
    -----
    One group is layer norm over (C, H, W) with parameters per channel; C groups
    are instance norm.

    References
    ----------
    Wu and He, "Group Normalization", 2018, equations 1, 2 and 7.

    Examples
    --------
    >>> y, _ = group_norm(np.array([[1.0, 3.0, 10.0, 30.0]]), num_groups=2)
    >>> y.round(3)
    array([[-1.,  1., -1.,  1.]])
    """
    C = expect.channels(x)
    groups = expect.group_count(num_groups, C)
    expect.parameters(gamma, beta, (C,))
    eps = expect.positive_eps(eps, x.dtype)
    N, _, *positions = x.shape
    grouped = x.reshape(N, groups, C // groups, *positions)  # (N, G, C/G, H, W)
    axes = tuple(range(2, grouped.ndim))
    return _with_parameters(x, normalize(grouped, axes, eps)[1], gamma, beta, axes=(1,))


def group_norm_backward(dout, cache):
    """Gradients by x, gamma and beta of `group_norm`; see `batch_norm_backward`."""
    return _norm_backward(dout, cache)


def rms_norm(x, normalized_shape, gamma=None, eps=1e-5):
    """Root mean square normalization: layer norm without centering or shift.

    Computes ``y = gamma * x / sqrt(mean(x²) + eps)``.

    Parameters
    ----------
    x : ndarray, shape (..., *normalized_shape)
        The input.
    normalized_shape : int or tuple of int
        The sizes of the last axes, which are normalized together.
    gamma : ndarray, shape normalized_shape, or None
        Scale.
    eps : float
        Added to the mean square.

    Returns
    -------
    y : ndarray, shape and dtype of x
        The normalized and scaled input.
    cache : NormCache
        For `rms_norm_backward`.

    Raises
    ------
    TypeError
        If an array is not of floats, or normalized_shape is not of ints.
    ValueError
        If x is empty or does not end with normalized_shape, gamma has another
        shape, or eps is out of range.

    Notes
    -----
    The default eps is that of the other norms here. In torch it is the machine
    epsilon of the dtype instead, so pass eps when comparing.

    References
    ----------
    Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, equation 4.
    The eps is that of the implementations, not of the equation.

    Examples
    --------
    >>> y, _ = rms_norm(np.array([[3.0, 4.0]]), 2)
    >>> y.round(3)
    array([[0.849, 1.131]])
    """
    axes = expect.trailing_axes(x, normalized_shape)
    expect.parameters(gamma, None, x.shape[axes[0] :])
    eps = expect.positive_eps(eps, x.dtype)
    normalized = normalize(x, axes, eps, center=False)[1]
    return _with_parameters(x, normalized, gamma, None, axes)


def rms_norm_backward(dout, cache):
    """Gradients by x and gamma of `rms_norm`, and None; see `batch_norm_backward`."""
    return _norm_backward(dout, cache)
