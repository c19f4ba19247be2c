"""Normalization in PyTorch: the twins of `bn_lib.layers`.

Every norm is `normalize` over some dims, then a scale and a shift. They differ only
in the dims:

>>> import torch
>>> x = torch.randn(4, 6, 5, 5, dtype=torch.float64)  # (N, C, H, W)
>>> norms = [
...     (BatchNorm(6), (0, 2, 3)),
...     (LayerNorm((6, 5, 5)), (1, 2, 3)),
...     (InstanceNorm(6), (2, 3)),
... ]
>>> for norm, dims in norms:
...     xhat, _, _ = normalize(x, dims)
...     assert torch.equal(norm(x), xhat)

Group norm first splits the channel dim in two, and leaves the first part out:

>>> xhat, _, _ = normalize(x.unflatten(1, (2, 3)), dims=(2, 3, 4))
>>> assert torch.equal(GroupNorm(2, 6)(x), xhat.flatten(1, 2))

RMS norm is the same again, without the subtraction of the mean. There is no backward
here: autograd differentiates the tensor operations, the statistics included.

Notes
-----
State dicts have the keys of torch.nn, and load into its layers and back. An output has
the dtype of the input, whatever the dtype of the parameters, and float16 and bfloat16
are computed in float32, with autocast or without.
"""

import math

import torch
from torch import nn

from bn_lib import _arguments as check

__all__ = [
    "BatchNorm",
    "GroupNorm",
    "InstanceNorm",
    "LayerNorm",
    "RMSNorm",
    "normalize",
    "standardize",
]


def _check_tensor(x):
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        found = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
        raise TypeError(
            f"expected x to be a tensor of floats, got {found}; convert it with "
            "torch.as_tensor(x, dtype=torch.float32)"
        )
    if x.numel() == 0:
        raise ValueError(
            f"expected x with at least one value, got the empty shape "
            f"{tuple(x.shape)}; leave empty batches out"
        )


def _check_channels(x, num_channels, smallest_rank=2):
    _check_tensor(x)
    if not smallest_rank <= x.ndim <= 5 or x.shape[1] != num_channels:
        layouts = [text for rank, text in check.LAYOUTS.items() if rank >= smallest_rank]
        raise ValueError(
            f"expected x of shape {', '.join(layouts[:-1])} or {layouts[-1]} with "
            f"C = {num_channels}, got {tuple(x.shape)}; put the batch on dim 0 and the "
            "channels on dim 1, and make the layer as wide as its input"
        )


def _check_trailing(x, normalized_shape):
    _check_tensor(x)
    if tuple(x.shape[-len(normalized_shape) :]) != normalized_shape:
        raise ValueError(
            f"expected x to end with normalized_shape {normalized_shape}, got x of "
            f"shape {tuple(x.shape)}; give the sizes of the last dims of x"
        )


def _check_several(x, dims, what, advice):
    if math.prod(x.shape[dim] for dim in dims) == 1:
        raise ValueError(
            f"expected more than one {what} per channel, got x of shape "
            f"{tuple(x.shape)}, where each value is its own mean; {advice}"
        )


def _widen(x):
    # float16 ends at 65504, and bfloat16 has 8 bits: too little for sums of squares.
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _rstd(var, eps):
    """Compute ``1 / sqrt(var + eps)``, with an eps that is not 0 in the dtype of var."""
    var, eps = _widen(var), check.positive_eps(eps)
    smallest = torch.finfo(var.dtype).tiny
    if eps < smallest:
        raise ValueError(
            f"expected eps of at least {smallest:.1e} in {var.dtype}, where less counts "
            f"as 0, got {eps}; 1e-5 is usual"
        )
    return torch.rsqrt(var + eps)


def standardize(x, mean, var, eps=1e-5):
    """Compute ``(x - mean) / sqrt(var + eps)``.

    Parameters
    ----------
    x : Tensor, any shape
        The values.
    mean, var : Tensor
        The statistics, of shapes that broadcast with x.
    eps : float
        Added to the variance.

    Returns
    -------
    xhat : Tensor, shape of x
        In float32 where x is narrower.

    Raises
    ------
    TypeError
        If eps is not a number.
    ValueError
        If eps is not positive and finite in the dtype of var.

    Examples
    --------
    >>> x = torch.tensor([1.0, 3.0])
    >>> standardize(x, mean=torch.tensor(2.0), var=torch.tensor(4.0))
    tensor([-0.5000,  0.5000])
    """
    return (_widen(x) - mean) * _rstd(var, eps)


def normalize(x, dims, eps=1e-5, *, center=True):
    """Shift and scale `x` to mean 0 and variance 1 over `dims`.

    The twin of `bn_lib.functional.normalize`.

    Parameters
    ----------
    x : Tensor, any shape
        Of floats, not empty.
    dims : int or tuple of int
        The dims to average over.
    eps : float
        Added to the variance, so positive and in the units of x squared.
    center : bool
        Whether to subtract the mean. Without it, the variance is the mean square.

    Returns
    -------
    xhat : Tensor, shape of x
        The normalized values, in float32 where x is narrower.
    mean, var : Tensor
        Mean and biased variance; the reduced dims are kept with size 1.

    Raises
    ------
    TypeError
        If x is not a tensor of floats, or dims or eps are not numbers.
    ValueError
        If x is empty, eps is not positive and finite in its dtype, or dims are not
        distinct dims of x.

    Notes
    -----
    All of it is inside the graph: the mean and the variance depend on x, and a
    gradient that forgets this is wrong.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by
    Reducing Internal Covariate Shift", 2015, Algorithm 1, first three lines.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 10.0], [3.0, 30.0]])
    >>> xhat, mean, var = normalize(x, dims=0)
    >>> mean, var
    (tensor([[ 2., 20.]]), tensor([[  1., 100.]]))
    """
    _check_tensor(x)
    dims = check.reduction_axes(dims, x.ndim)

    centered = _widen(x)
    mean = centered.new_zeros(())
    if center:
        mean = centered.mean(dims, keepdim=True)
        centered = centered - mean
        # The mean is rounded, by 3e-5 around 1000 in float32: take what it left behind.
        # In exact arithmetic that is 0 whatever x is, and so is its gradient.
        rest = centered.detach().mean(dims, keepdim=True)
        mean, centered = mean + rest, centered - rest
    # Two passes: E[x²] - E[x]² is nonsense in float32 around a mean of 3000.
    var = centered.square().mean(dims, keepdim=True)
    return centered * _rstd(var, eps), mean, var


def _per_channel(value, x):
    if value is None:
        return None
    return value.reshape(-1, *[1] * (x.ndim - 2))  # (C,) -> (C, 1, 1)


class _Norm(nn.Module):
    """What all norms share: eps, weight and bias under torch's names, and a repr."""

    _shown = ()

    def __init__(self, shape, eps, affine, *, bias=True):
        super().__init__()
        self.eps, self.affine = check.positive_eps(eps), affine
        self.weight = nn.Parameter(torch.ones(shape)) if affine else None
        self.bias = nn.Parameter(torch.zeros(shape)) if affine and bias else None

    def _scale_and_shift(self, xhat, x, *, per_channel=False):
        weight, bias = self.weight, self.bias
        if per_channel:
            weight, bias = _per_channel(weight, x), _per_channel(bias, x)
        y = xhat if weight is None else xhat * weight
        y = y if bias is None else y + bias
        return y.to(x.dtype)

    def extra_repr(self):
        """Show the arguments when the module is printed."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self._shown)


class BatchNorm(_Norm):
    """Batch normalization with running statistics, for 2 to 5 dims.

    In one class what torch splits into BatchNorm1d, BatchNorm2d and BatchNorm3d.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    eps : float
        Added to the variance.
    momentum : float or None
        Weight of the new batch in the running statistics, from 0 to 1. None gives
        every batch so far the same weight.
    affine : bool
        Whether to learn a weight and a bias.
    track_running_stats : bool
        Whether to keep running statistics. Without them each batch is normalized with
        its own, in evaluation mode too.

    Attributes
    ----------
    weight, bias : Parameter, shape (C,), or None
        gamma, at first 1, and beta, at first 0.
    running_mean, running_var : Tensor, shape (C,), or None
        At first 0 and 1.
    num_batches_tracked : Tensor, shape (), int64, or None
        How many batches were seen in training mode. As in torch, a state dict from
        before torch counted them loads too, and leaves the count as it is.

    Raises
    ------
    TypeError
        If an argument is not a number of the right kind.
    ValueError
        If num_features, eps or momentum is out of range.

    Notes
    -----
    The batch is normalized with the biased variance (divided by m), but the running
    variance collects the unbiased one (divided by m - 1), as in torch.

    References
    ----------
    Ioffe and Szegedy, 2015, Algorithms 1 and 2.

    Examples
    --------
    >>> layer = BatchNorm(1, momentum=0.5)
    >>> y = layer(torch.tensor([[7.0], [9.0]]))
    >>> layer.running_mean, layer.running_var
    (tensor([4.]), tensor([1.5000]))
    """

    _shown = ("num_features", "eps", "momentum", "affine", "track_running_stats")
    # Of the state dict, as in torch.nn: in version 1 the batches were not counted.
    _version = 2

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
    ):
        C = check.positive_int(num_features, "num_features")
        super().__init__(C, eps, affine)
        self.num_features = C
        self.momentum = None if momentum is None else check.fraction(momentum)
        self.track_running_stats = tracks = track_running_stats
        self.register_buffer("running_mean", torch.zeros(C) if tracks else None)
        self.register_buffer("running_var", torch.ones(C) if tracks else None)
        self.register_buffer("num_batches_tracked", torch.tensor(0) if tracks else None)

    def forward(self, x):
        """Normalize x of shape (N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W).

        Parameters
        ----------
        x : Tensor
            The input; with statistics of its own, at least two values per channel.

        Returns
        -------
        y : Tensor, shape and dtype of x
            The output.

        Raises
        ------
        TypeError
            If x is not a tensor of floats.
        ValueError
            If a size does not fit, x is empty, or it has one value per channel where
            it needs two. The running statistics are then as before.
        """
        _check_channels(x, self.num_features)
        if self.training or self.running_mean is None:
            dims = (0, *range(2, x.ndim))
            advice = "use a larger batch, or running statistics and layer.eval()"
            _check_several(x, dims, "value", advice)
            xhat, mean, var = normalize(x, dims, self.eps)
            if self.track_running_stats:
                self._track(mean.flatten(), var.flatten(), x.numel() // mean.numel())
        else:
            mean = _per_channel(self.running_mean, x)
            var = _per_channel(self.running_var, x)
            xhat = standardize(x, mean, var, self.eps)
        return self._scale_and_shift(xhat, x, per_channel=True)

    @torch.no_grad()
    def _track(self, mean, var, m):
        share = self._weight_of_new_batch()
        unbiased = var * (m / (m - 1))
        for running, batch in (self.running_mean, mean), (self.running_var, unbiased):
            running.copy_(share * batch + (1 - share) * running.type_as(batch))

    def _weight_of_new_batch(self):
        if self.num_batches_tracked is None:
            return self.momentum or 0.0  # as in torch
        self.num_batches_tracked += 1
        # A mean over k batches gives the newest a share of 1/k.
        count = self.num_batches_tracked.item()
        return 1 / count if self.momentum is None else self.momentum

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *arguments):
        key, count = prefix + "num_batches_tracked", self.num_batches_tracked
        if (local_metadata.get("version") or 1) < 2 and count is not None:
            state_dict.setdefault(key, count)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *arguments)


class LayerNorm(_Norm):
    """Layer normalization over the last dims.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The sizes of the last dims.
    eps, affine
        As for `BatchNorm`; torch says elementwise_affine.

    Attributes
    ----------
    weight, bias : Parameter, shape normalized_shape, or None
        gamma, at first 1, and beta, at first 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    References
    ----------
    Ba, Kiros and Hinton, "Layer Normalization", 2016, equation 3.

    Examples
    --------
    >>> LayerNorm(2, affine=False)(torch.tensor([[10.0, 30.0], [1.0, 3.0]]))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """

    _shown = ("normalized_shape", "eps", "affine")

    def __init__(self, normalized_shape, eps=1e-5, affine=True):
        shape = check.shape_tuple(normalized_shape)
        super().__init__(shape, eps, affine)
        self.normalized_shape = shape

    def forward(self, x):
        """Normalize x of shape (..., *normalized_shape); errors as in `BatchNorm`."""
        _check_trailing(x, self.normalized_shape)
        dims = range(-len(self.normalized_shape), 0)
        xhat, _, _ = normalize(x, dims, self.eps)
        return self._scale_and_shift(xhat, x)


class InstanceNorm(_Norm):
    """Instance normalization, each channel of each example by itself.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    eps, affine
        As for `BatchNorm`; as in torch, not affine by default.

    Attributes
    ----------
    weight, bias : Parameter, shape (C,), or None
        gamma, at first 1, and beta, at first 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky, "Instance Normalization: The Missing Ingredient
    for Fast Stylization", 2016: the definition of instance normalization.

    Examples
    --------
    >>> InstanceNorm(1)(torch.tensor([[[10.0, 30.0]], [[1.0, 3.0]]])).squeeze(1)
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """

    _shown = ("num_features", "eps", "affine")

    def __init__(self, num_features, eps=1e-5, affine=False):
        C = check.positive_int(num_features, "num_features")
        super().__init__(C, eps, affine)
        self.num_features = C

    def forward(self, x):
        """Normalize x of shape (N, C, L), (N, C, H, W) or (N, C, D, H, W).

        It needs more than one position; errors as in `BatchNorm`.
        """
        _check_channels(x, self.num_features, smallest_rank=3)
        dims = range(2, x.ndim)
        _check_several(x, dims, "position", "use LayerNorm or BatchNorm")
        xhat, _, _ = normalize(x, dims, self.eps)
        return self._scale_and_shift(xhat, x, per_channel=True)


class GroupNorm(_Norm):
    """Group normalization, neighbouring channels of each example together.

    Parameters
    ----------
    num_groups : int
        The number of groups, a divisor of num_channels.
    num_channels : int
        The number of channels C.
    eps, affine
        As for `BatchNorm`.

    Attributes
    ----------
    weight, bias : Parameter, shape (C,), or None
        gamma, at first 1, and beta, at first 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range, or num_groups does not
        divide num_channels.

    References
    ----------
    Wu and He, "Group Normalization", 2018, equation 7.

    Examples
    --------
    >>> GroupNorm(2, 4, affine=False)(torch.tensor([[10.0, 30.0, 100.0, 300.0]]))
    tensor([[-1.,  1., -1.,  1.]])
    """

    _shown = ("num_groups", "num_channels", "eps", "affine")

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True):
        C = check.positive_int(num_channels, "num_channels")
        super().__init__(C, eps, affine)
        self.num_channels, self.num_groups = C, check.group_count(num_groups, C)

    def forward(self, x):
        """Normalize x of shape (N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W).

        Errors are those of `BatchNorm`.
        """
        _check_channels(x, self.num_channels)
        grouped = x.unflatten(1, (self.num_groups, -1))  # (N, C, L) -> (N, G, C/G, L)
        xhat, _, _ = normalize(grouped, range(2, grouped.ndim), self.eps)
        return self._scale_and_shift(xhat.flatten(1, 2), x, per_channel=True)


class RMSNorm(_Norm):
    """Root mean square normalization over the last dims; there is no bias.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The sizes of the last dims.
    eps : float
        Added to the mean square. In torch the default is the machine epsilon of the
        dtype.
    affine : bool
        Whether to learn a weight; torch says elementwise_affine.

    Attributes
    ----------
    weight : Parameter, shape normalized_shape, or None
        gamma, at first 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    References
    ----------
    Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, equation 4.

    Examples
    --------
    >>> RMSNorm(2, affine=False)(torch.tensor([[3.0, 4.0]]))
    tensor([[0.8485, 1.1314]])
    """

    _shown = ("normalized_shape", "eps", "affine")

    def __init__(self, normalized_shape, eps=1e-5, affine=True):
        shape = check.shape_tuple(normalized_shape)
        super().__init__(shape, eps, affine, bias=False)
        self.normalized_shape = shape

    def forward(self, x):
        """Divide x of shape (..., *normalized_shape); errors as in `BatchNorm`."""
        _check_trailing(x, self.normalized_shape)
        dims = range(-len(self.normalized_shape), 0)
        xhat, _, _ = normalize(x, dims, self.eps, center=False)
        return self._scale_and_shift(xhat, x)
