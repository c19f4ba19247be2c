"""Batch norm when the training is over: fold it, measure its statistics anew.

`bn_lib.pytorch.inference` does the same for torch.
"""

import numpy as np

from bn_lib.layers import BatchNorm, Linear
from bn_lib.training import evaluating

__all__ = ["fold", "folded_parameters", "recalibrate"]


def fold(layer, norm):
    """Make one linear layer that does what `layer` and then `norm` do in evaluation.

    Parameters
    ----------
    layer : Linear
        The layer whose output, of shape (N, C), goes to norm. Not changed.
    norm : BatchNorm
        In evaluation mode, with running statistics. Not changed.

    Returns
    -------
    folded : Linear
        A new layer of the dtype of `layer`, with a bias.

    Raises
    ------
    TypeError
        If layer or norm is of another kind.
    ValueError
        As `folded_parameters`.

    Examples
    --------
    >>> layer, norm = Linear(3, 2), BatchNorm(2).eval()
    >>> norm.running_mean[...] = 5.0
    >>> x = np.random.default_rng(1).normal(size=(4, 3))
    >>> bool(np.allclose(fold(layer, norm)(x), norm(layer(x))))
    True
    """
    if type(layer) is not Linear or type(norm) is not BatchNorm:
        raise TypeError(
            f"expected a Linear and the BatchNorm after it, got {type(layer).__name__} "
            f"and {type(norm).__name__}; fold a batch norm only into the layer that "
            "computes its input"
        )
    dtype = layer.weight.dtype
    weight, bias = folded_parameters(
        layer, norm, lambda array: array.astype(np.float64), np.finfo(dtype).max
    )
    folded = Linear(layer.in_features, layer.out_features, dtype=dtype)
    folded.load_state_dict({"weight": weight, "bias": bias})
    return folded


def folded_parameters(layer, norm, to_array, largest):
    """Compute weight and bias of the layer that does what `layer` and `norm` do.

    With constant statistics batch norm is ``s * y + t`` for each channel, where
    ``s = gamma / sqrt(var + eps)``. So the weight becomes ``s * weight``, and the bias
    ``s * (bias - mean) + beta``.

    Parameters
    ----------
    layer : linear layer or convolution
        Of `bn_lib.layers` or of torch, its output channels on axis 0 of the weight.
    norm : batch norm
        Of the same library.
    to_array : callable
        Turns an array or tensor of theirs into an ndarray of float64.
    largest : float
        What the dtype of the layer can hold.

    Returns
    -------
    weight, bias : ndarray of float64, shapes (C, ...) and (C,)

    Raises
    ------
    ValueError
        If norm is in training mode or has no running statistics, the widths differ,
        or a result is beyond `largest`.

    References
    ----------
    Ioffe and Szegedy, 2015, Algorithm 2, line 11.
    """
    _check_pair(layer, norm)
    mean, var, weight = map(to_array, (norm.running_mean, norm.running_var, layer.weight))
    bias = np.zeros_like(mean) if layer.bias is None else to_array(layer.bias)
    gamma = np.ones_like(mean) if norm.weight is None else to_array(norm.weight)
    beta = np.zeros_like(mean) if norm.bias is None else to_array(norm.bias)

    scale = gamma / np.sqrt(var + norm.eps)
    weight = scale.reshape(-1, *[1] * (weight.ndim - 1)) * weight
    bias = scale * (bias - mean) + beta
    for name, values in (("weight", weight), ("bias", bias)):
        size = np.max(np.abs(values), initial=0.0)
        if size > largest:
            raise ValueError(
                f"expected a folded {name} within {largest:g}, the largest number of "
                f"the layer's dtype, got {size:g}; convert both to float32 first"
            )
    return weight, bias


def _check_pair(layer, norm):
    first, second = type(layer).__name__, type(norm).__name__
    if norm.running_mean is None:
        raise ValueError(
            f"expected {second} with running statistics, got none; fold a norm that "
            "was trained with track_running_stats=True"
        )
    if norm.training:
        raise ValueError(
            f"expected {second} in evaluation mode, got training mode, where the "
            "statistics are those of the batch; call model.eval() first"
        )
    if norm.num_features != len(layer.weight):
        raise ValueError(
            f"expected {second} as wide as {first}, got {norm.num_features} channels "
            f"after {len(layer.weight)}; fold the norm that follows this layer"
        )


def recalibrate(model, batches):
    """Estimate the running statistics anew, as plain averages over some batches.

    Parameters
    ----------
    model : Layer
        With batch norms. Only their running statistics and counts are changed; frozen
        ones are recalibrated too.
    batches : iterable of ndarray
        Inputs of the model.

    Returns
    -------
    model : Layer
        The same model, in the modes it was in.

    Raises
    ------
    ValueError
        If there is no batch norm, one has no running statistics, or there is no batch.
        The model is then as before, as after any error of a layer.

    Notes
    -----
    Everything but the batch norms runs in evaluation mode, since dropout would change
    the variances.

    The average is over batches, each with the same weight. It is of the variances
    *within* them: use large batches, of one size, in random order.

    References
    ----------
    Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3: PreciseBN.

    Examples
    --------
    >>> model = recalibrate(BatchNorm(1), [np.array([[7.0], [9.0]])])
    >>> model.running_mean, model.running_var
    (array([8.]), array([2.]))
    """
    norms = [layer for layer in model.modules() if isinstance(layer, BatchNorm)]
    if not norms or any(norm.running_mean is None for norm in norms):
        raise ValueError(
            "expected a model with batch norms that all have running statistics, got "
            f"{len(norms)} batch norms; build them with track_running_stats=True"
        )
    before, momenta = model.state_dict(), [norm.momentum for norm in norms]
    try:
        with evaluating(model):
            _average_over(model, norms, batches)
    except BaseException:
        model.load_state_dict(before)
        raise
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
    return model


def _average_over(model, norms, batches):
    for norm in norms:
        norm.training, norm.momentum = True, None
        norm.running_mean[...], norm.running_var[...] = 0, 1  # 0 · NaN is NaN
        norm.num_batches_tracked[...] = 0
    batch = None
    for batch in batches:
        model.forward(batch)
    if batch is None:
        raise ValueError(
            "expected at least one batch, got none; a generator runs only once, so "
            "pass a list or make a new one"
        )
