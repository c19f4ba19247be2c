"""Layers: the functions of `bn_lib.functional` with their state.

Each norm is a thin shell: it holds parameters under torch's names, calls the
function, and keeps the cache until `backward`. Beside the norms stand the few
layers that a small network needs.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> model = Sequential(Linear(4, 8, rng=rng), BatchNorm(8), ReLU())
>>> y = model(rng.normal(size=(16, 4)))
>>> dx = model.backward(np.ones_like(y))
>>> list(model.gradients())
['0.weight', '0.bias', '1.weight', '1.bias']
"""

import math
from contextlib import contextmanager

import numpy as np

from bn_lib import _arguments as expect
from bn_lib import functional

__all__ = [
    "BatchNorm",
    "Dropout",
    "GhostBatchNorm",
    "GroupNorm",
    "InstanceNorm",
    "Layer",
    "LayerNorm",
    "Linear",
    "RMSNorm",
    "ReLU",
    "Residual",
    "Sequential",
    "Sigmoid",
]

# Of the weights of a layer that is given no rng. With seed 0 they would be a multiple of
# the x that a reader draws from ``default_rng(0)``.
_SEED = 20150211


class Layer:
    """What all layers share: modes, parameters, gradients and state.

    A layer defines `forward`, which leaves what it needs in ``self._cache``, and
    ``_backward(dout, cache)``, which returns a tuple: dx and, where there are
    parameters, the gradients of weight and bias.

    Attributes
    ----------
    training : bool
        True after `train` and at the start, False after `eval`.

    Examples
    --------
    >>> layer = BatchNorm(2).eval()
    >>> layer.training
    False
    >>> sorted(layer.state_dict())
    ['bias', 'num_batches_tracked', 'running_mean', 'running_var', 'weight']
    """

    training = True
    weight = None
    bias = None
    _cache = None
    _gradients = None
    _buffer_names = ()

    def __call__(self, x):
        """Run `forward`."""
        return self.forward(x)

    def forward(self, x):
        """Compute the output.

        Parameters
        ----------
        x : ndarray
            The input, of a shape that the layer takes. It is not changed.

        Returns
        -------
        y : ndarray, dtype of x
            The output.

        Raises
        ------
        TypeError
            If x is not an array of floats.
        ValueError
            If its shape does not fit or it is empty; the layer is then as before.
        """
        raise NotImplementedError(f"{type(self).__name__} must define forward(x)")

    def backward(self, dout):
        """Compute the gradients, for the input and output of the last `forward`.

        Parameters
        ----------
        dout : ndarray, shape of the last output
            Gradient of the loss by the output.

        Returns
        -------
        dx : ndarray, shape and dtype of the last input
            Gradient of the loss by the input. Those of the parameters are kept
            for `gradients`, in place of the ones before.

        Raises
        ------
        TypeError
            If dout is not an array of floats.
        ValueError
            If there was no `forward` yet, or dout has another shape than the
            output.
        """
        if self._cache is None:
            raise ValueError(
                f"expected a forward pass before {type(self).__name__}.backward, "
                "got none; call layer(x) first"
            )
        dx, *gradients = self._backward(dout, self._cache)
        named = zip(("weight", "bias"), gradients, strict=False)
        self._gradients = {name: value for name, value in named if value is not None}
        return dx

    def modules(self):
        """Go through the layer itself and all layers inside it.

        Yields
        ------
        layer : Layer
        """
        yield self

    def train(self):
        """Switch to training mode, with all layers inside.

        Returns
        -------
        self : Layer
        """
        for layer in self.modules():
            layer.training = True
        return self

    def eval(self):
        """Switch to evaluation mode, with all layers inside.

        Returns
        -------
        self : Layer
        """
        for layer in self.modules():
            layer.training = False
        return self

    def parameters(self):
        """Collect what is learned.

        Returns
        -------
        parameters : dict of str to ndarray
            The arrays themselves: to change one in place is to train.
        """
        named = {"weight": self.weight, "bias": self.bias}
        return {name: array for name, array in named.items() if array is not None}

    def gradients(self):
        """Collect the gradients of the last `backward`.

        Returns
        -------
        gradients : dict of str to ndarray
            With the keys, shapes and dtypes of `parameters`.

        Raises
        ------
        ValueError
            If there was no `backward` yet.
        """
        if self._gradients is None:
            raise ValueError(
                f"expected a backward pass before {type(self).__name__}.gradients, "
                "got none; call layer.backward(dout) first"
            )
        return dict(self._gradients)

    def _buffers(self):
        named = {name: getattr(self, name) for name in self._buffer_names}
        return {name: array for name, array in named.items() if array is not None}

    def _state(self):
        return self.parameters() | self._buffers()

    def state_dict(self):
        """Copy everything that a trained layer consists of.

        Returns
        -------
        state : dict of str to ndarray
            Copies of parameters and running statistics, under torch's keys.
        """
        return {name: array.copy() for name, array in self._state().items()}

    def load_state_dict(self, state):
        """Overwrite parameters and running statistics.

        Every key, shape and dtype is checked first, so that an error leaves the
        layer as it was.

        Parameters
        ----------
        state : dict of str to ndarray
            As from `state_dict`, here or (by ``tensor.numpy()``) in torch. The
            values are cast to the dtype of the layer. A count of batches may be
            missing, as in states from before torch counted them; it then stays.

        Raises
        ------
        TypeError
            If a value is not an array of the right kind of number.
        ValueError
            If a key is missing or unexpected, or a shape differs.
        """
        targets = self._state()
        for name, value in expect.same_state(state, targets).items():
            targets[name][...] = value


def _ones_and_zeros(shape, wanted, dtype):
    """Gamma and beta at the start, or the running variance and mean."""
    dtype = expect.float_dtype(dtype)
    return (np.ones(shape, dtype), np.zeros(shape, dtype)) if wanted else (None, None)


class _Norm(Layer):
    """What all norms share: eps, and weight and bias that start at 1 and 0."""

    def __init__(self, shape, eps, affine, dtype):
        self.eps = expect.positive_eps(eps)
        self.weight, self.bias = _ones_and_zeros(shape, affine, dtype)


class BatchNorm(_Norm):
    """Batch normalization with running statistics, for 2 to 5 axes.

    In one class what torch splits into BatchNorm1d, BatchNorm2d and BatchNorm3d.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    eps : float
        Added to the variance.
    momentum : float or None
        Weight of the new batch in the running statistics, from 0 to 1. None
        gives every batch so far the same weight.
    affine : bool
        Whether to learn a weight and a bias.
    track_running_stats : bool
        Whether to keep running statistics. Without them each batch is normalized
        with its own, in evaluation mode too.
    dtype : dtype
        Of parameters and running statistics: float64 unless given.

    Attributes
    ----------
    weight, bias : ndarray, shape (C,), or None
        gamma, at first 1, and beta, at first 0.
    running_mean, running_var : ndarray, shape (C,), or None
        At first 0 and 1.
    num_batches_tracked : ndarray, shape (), int64, or None
        How many batches were seen in training mode.

    Raises
    ------
    TypeError
        If an argument is not a number of the right kind.
    ValueError
        If num_features, eps or momentum is out of range.

    Notes
    -----
    A batch of training data changes the running statistics in `forward`, not in
    `backward`: evaluate in evaluation mode, or the layer learns the test data.

    Examples
    --------
    >>> layer = BatchNorm(3, momentum=0.5)
    >>> x = np.random.default_rng(0).normal(loc=8.0, scale=0.1, size=(50, 3))
    >>> y = layer(x)
    >>> layer.running_mean.round(1)
    array([4., 4., 4.])
    """

    _buffer_names = ("running_mean", "running_var", "num_batches_tracked")
    _backward = staticmethod(functional.batch_norm_backward)

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        *,
        dtype=np.float64,
    ):
        self.num_features = C = expect.positive_int(num_features, "num_features")
        super().__init__(C, eps, affine, dtype)
        self.momentum = None if momentum is None else expect.fraction(momentum)
        self.track_running_stats = tracks = track_running_stats
        self.running_var, self.running_mean = _ones_and_zeros(C, tracks, dtype)
        self.num_batches_tracked = np.array(0, np.int64) if tracks else None

    def forward(self, x):
        """Apply `functional.batch_norm` and, in training, update the statistics."""
        expect.channel_count(x, self.num_features)
        y, self._cache = functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=self.training or not self.track_running_stats,
            momentum=self._weight_of_new_batch(),
            eps=self.eps,
        )
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
        return y

    def _weight_of_new_batch(self):
        if self.momentum is not None:
            return self.momentum
        if self.num_batches_tracked is None:
            return 0  # as in torch
        # A running mean over k + 1 batches gives the newest a share of 1/(k + 1).
        return 1 / (self.num_batches_tracked + 1)


class GhostBatchNorm(BatchNorm):
    """Batch norm of (N, C) that takes its statistics over parts of each batch.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    ghost : int
        Samples in a part; N must be a multiple of it in training.
    eps, momentum, dtype
        As in `BatchNorm`.

    Raises
    ------
    TypeError, ValueError
        As in `BatchNorm`; and in training if N is no multiple of the part.

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

    def __init__(self, num_features, ghost, eps=1e-5, momentum=0.1, *, dtype=np.float64):
        super().__init__(num_features, eps, momentum, dtype=dtype)
        self.ghost = expect.positive_int(ghost, "ghost")

    def forward(self, x):
        """Normalize each part by itself in training, and as batch norm in evaluation."""
        expect.channel_count(x, self.num_features)
        if not self.training:
            return super().forward(x)
        if x.ndim != 2 or len(x) % self.ghost:
            raise ValueError(
                f"expected x of shape (N, {self.num_features}), N a multiple of "
                f"{self.ghost}, got {x.shape}: choose a batch size that the ghost batch "
                "divides"
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
            momentum=self._weight_of_new_batch(),
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


class LayerNorm(_Norm):
    """Layer normalization over the last axes.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The sizes of the last axes.
    eps, affine, dtype
        As for `BatchNorm`; for affine torch says elementwise_affine.

    Attributes
    ----------
    weight, bias : ndarray, shape normalized_shape, or None
        gamma, at first 1, and beta, at first 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> LayerNorm(2)(np.array([[1.0, 3.0], [10.0, 30.0]])).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    _backward = staticmethod(functional.layer_norm_backward)

    def __init__(self, normalized_shape, eps=1e-5, affine=True, *, dtype=np.float64):
        self.normalized_shape = expect.shape_tuple(normalized_shape)
        super().__init__(self.normalized_shape, eps, affine, dtype)

    def forward(self, x):
        """Apply `functional.layer_norm`."""
        y, self._cache = functional.layer_norm(
            x, self.normalized_shape, self.weight, self.bias, self.eps
        )
        return y


class InstanceNorm(_Norm):
    """Instance normalization, each channel of each example by itself.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    eps, affine, dtype
        As for `BatchNorm`; as in torch, not affine by default.

    Attributes
    ----------
    weight, bias : ndarray, shape (C,), or None
        gamma, at first 1, and beta, at first 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> InstanceNorm(1)(np.array([[[1.0, 3.0]]])).round(3)
    array([[[-1.,  1.]]])
    """

    _backward = staticmethod(functional.instance_norm_backward)

    def __init__(self, num_features, eps=1e-5, affine=False, *, dtype=np.float64):
        self.num_features = expect.positive_int(num_features, "num_features")
        super().__init__(self.num_features, eps, affine, dtype)

    def forward(self, x):
        """Apply `functional.instance_norm`."""
        expect.channel_count(x, self.num_features)
        y, self._cache = functional.instance_norm(x, self.weight, self.bias, self.eps)
        return y


class GroupNorm(_Norm):
    """Group normalization, neighbouring channels of each example together.

    Parameters
    ----------
    num_groups : int
        The number of groups, a divisor of num_channels.
    num_channels : int
        The number of channels C.
    eps, affine, dtype
        As for `BatchNorm`.

    Attributes
    ----------
    weight, bias : ndarray, shape (C,), or None
        gamma, at first 1, and beta, at first 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range, or num_groups does not
        divide num_channels.

    Examples
    --------
    >>> GroupNorm(2, 4)(np.array([[1.0, 3.0, 10.0, 30.0]])).round(3)
    array([[-1.,  1., -1.,  1.]])
    """

    _backward = staticmethod(functional.group_norm_backward)

    def __init__(
        self, num_groups, num_channels, eps=1e-5, affine=True, *, dtype=np.float64
    ):
        self.num_channels = expect.positive_int(num_channels, "num_channels")
        self.num_groups = expect.group_count(num_groups, self.num_channels)
        super().__init__(self.num_channels, eps, affine, dtype)

    def forward(self, x):
        """Apply `functional.group_norm`."""
        expect.channel_count(x, self.num_channels)
        y, self._cache = functional.group_norm(
            x, self.num_groups, self.weight, self.bias, self.eps
        )
        return y


class RMSNorm(_Norm):
    """Root mean square normalization over the last axes; there is no bias.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The sizes of the last axes.
    eps : float
        Added to the mean square. In torch the default is the machine epsilon of
        the dtype.
    affine : bool
        Whether to learn a weight; torch says elementwise_affine.
    dtype : dtype
        Of the weight: float64 unless given.

    Attributes
    ----------
    weight : ndarray, shape normalized_shape, or None
        gamma, at first 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> RMSNorm(2)(np.array([[3.0, 4.0]])).round(3)
    array([[0.849, 1.131]])
    """

    _backward = staticmethod(functional.rms_norm_backward)

    def __init__(self, normalized_shape, eps=1e-5, affine=True, *, dtype=np.float64):
        self.normalized_shape = expect.shape_tuple(normalized_shape)
        super().__init__(self.normalized_shape, eps, affine, dtype)
        self.bias = None

    def forward(self, x):
        """Apply `functional.rms_norm`."""
        y, self._cache = functional.rms_norm(
            x, self.normalized_shape, self.weight, self.eps
        )
        return y


class Linear(Layer):
    """A linear map of the last axis: ``y = x @ weight.T + bias``.

    Parameters
    ----------
    in_features, out_features : int
        The sizes of the last axis of x and of y.
    bias : bool
        Whether to learn a bias. Before a batch norm it is of no use: the mean
        that is subtracted contains it.
    std : float or None
        Standard deviation of the initial weights, which are normal with mean 0.
        None takes sqrt(2 / in_features).
    rng : numpy.random.Generator or None
        Source of the initial weights. None takes the same stream for each layer, so
        share one generator among layers that must differ.
    dtype : dtype
        Of the parameters: float64 unless given.

    Attributes
    ----------
    weight : ndarray, shape (out_features, in_features)
    bias : ndarray, shape (out_features,), or None
        At first 0.

    Raises
    ------
    TypeError
        If an argument is not of the right kind.
    ValueError
        If a size is not positive or std is negative.

    Notes
    -----
    torch.nn.Linear starts with another distribution, uniform and narrower.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving Deep into Rectifiers: Surpassing Human-Level
    Performance on ImageNet Classification", 2015, section 2.2, for the default
    std.

    Examples
    --------
    >>> layer = Linear(4, 2, std=0.0)
    >>> layer(np.ones((3, 4))).shape
    (3, 2)
    """

    def __init__(
        self,
        in_features,
        out_features,
        bias=True,
        *,
        std=None,
        rng=None,
        dtype=np.float64,
    ):
        self.in_features = expect.positive_int(in_features, "in_features")
        self.out_features = expect.positive_int(out_features, "out_features")
        dtype = expect.float_dtype(dtype)
        rng = np.random.default_rng(_SEED) if rng is None else expect.generator(rng)
        he = math.sqrt(2 / self.in_features)
        std = he if std is None else expect.standard_deviation(std)
        weight = rng.normal(scale=std, size=(self.out_features, self.in_features))
        self.weight = weight.astype(dtype)
        self.bias = np.zeros(self.out_features, dtype) if bias else None

    def forward(self, x):
        """Apply the map to x of shape (..., in_features)."""
        expect.trailing_axes(x, self.in_features)
        wide = np.result_type(x, self.weight, np.float32)
        y = np.matmul(x, self.weight.T, dtype=wide)
        if self.bias is not None:
            y += self.bias
        self._cache = (x.copy(), self.weight.copy())
        return y.astype(x.dtype, copy=False)

    def _backward(self, dout, cache):
        x, weight = cache
        expect.incoming_gradient(dout, (*x.shape[:-1], len(weight)))
        wide = np.result_type(x, weight, dout, np.float32)
        rows = dout.reshape(-1, self.out_features)  # (..., out) -> (N, out)
        dx = np.matmul(dout, weight, dtype=wide).astype(x.dtype, copy=False)
        dweight = np.matmul(rows.T, x.reshape(-1, self.in_features), dtype=wide)
        if self.bias is None:
            return dx, dweight.astype(weight.dtype)
        dbias = rows.sum(axis=0, dtype=wide)
        return dx, dweight.astype(weight.dtype), dbias.astype(self.bias.dtype)


class ReLU(Layer):
    """The larger of x and 0.

    Notes
    -----
    The gradient at 0 is 0, as in torch.

    Examples
    --------
    >>> ReLU()(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """

    def forward(self, x):
        """Compute the larger of x and 0."""
        expect.data_array(x)
        self._cache = (x <= 0, x.dtype)
        return np.maximum(x, 0)

    def _backward(self, dout, cache):
        off, dtype = cache
        expect.incoming_gradient(dout, off.shape)
        return (np.where(off, 0, dout).astype(dtype, copy=False),)


class Sigmoid(Layer):
    """The logistic function 1 / (1 + exp(-x)).

    Notes
    -----
    The gradient is at most 1/4, and nearly 0 where the output is near 0 or 1.

    Examples
    --------
    >>> Sigmoid()(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """

    def forward(self, x):
        """Compute 1 / (1 + exp(-x))."""
        expect.data_array(x)
        # exp(-x) overflows for large negative x, exp(-|x|) does not.
        z = np.exp(-np.abs(x), dtype=np.promote_types(x.dtype, np.float32))
        y = np.where(x < 0, z, 1) / (1 + z)
        self._cache = (y, x.dtype)
        return y.astype(x.dtype)

    def _backward(self, dout, cache):
        y, dtype = cache
        expect.incoming_gradient(dout, y.shape)
        return ((dout * y * (1 - y)).astype(dtype, copy=False),)


class Dropout(Layer):
    """Inverted dropout: in training, set a random part of the input to zero.

    Parameters
    ----------
    rate : float
        Share of the values that is dropped, in [0, 1). The others are divided by
        1 - rate, which keeps the mean and raises the variance.
    rng : numpy.random.Generator
        Source of the masks.

    Raises
    ------
    TypeError
        If rng is not a generator.
    ValueError
        If the rate is out of range.

    References
    ----------
    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting", 2014, section 4; section 10 for the division in training.

    Examples
    --------
    >>> layer = Dropout(0.5, np.random.default_rng(0))
    >>> layer(np.ones((1, 4)))
    array([[2., 0., 0., 0.]])
    >>> layer.eval()(np.ones((1, 4)))
    array([[1., 1., 1., 1.]])
    """

    def __init__(self, rate, rng):
        if not 0 <= rate < 1:
            raise ValueError(f"expected a rate in [0, 1), got {rate}")
        self.rate = float(rate)
        self.rng = expect.generator(rng)

    def forward(self, x):
        """Drop values in training, and pass them on in evaluation."""
        expect.data_array(x)
        scale = np.ones(x.shape, x.dtype)
        if self.training:
            kept = self.rng.random(x.shape) >= self.rate
            scale = (kept / (1 - self.rate)).astype(x.dtype)
        self._cache = scale
        return x * scale

    def _backward(self, dout, cache):
        expect.incoming_gradient(dout, cache.shape)
        return ((dout * cache).astype(cache.dtype, copy=False),)


class Sequential(Layer):
    """Layers one after the other.

    Parameters
    ----------
    *layers : Layer
        From the input to the output. Each must be a layer of its own, since it
        keeps what its backward needs.

    Attributes
    ----------
    layers : tuple of Layer
        The layers; ``model[i]`` and ``len(model)`` work too.

    Raises
    ------
    TypeError
        If something is not a layer.
    ValueError
        If a layer occurs twice.

    Notes
    -----
    Keys are torch's: "0.weight" is the weight of the first layer. If a layer
    refuses its input, all layers are as they were before `forward`.

    Examples
    --------
    >>> model = Sequential(Linear(3, 2), BatchNorm(2), Sigmoid())
    >>> model.eval()[1].training
    False
    >>> list(model.parameters())
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """

    def __init__(self, *layers):
        for layer in layers:
            if not isinstance(layer, Layer):
                raise TypeError(
                    f"expected layers of bn_lib.layers, got {type(layer).__name__}; "
                    "pass them one by one: Sequential(Linear(4, 2), ReLU())"
                )
        self.layers = layers
        inside = list(self.modules())
        if len({id(layer) for layer in inside}) != len(inside):
            raise ValueError(
                "expected each layer once, got one twice; make a second layer, "
                "since a layer remembers only its last input"
            )

    def __getitem__(self, index):
        """Return one layer."""
        return self.layers[index]

    def __len__(self):
        """Count the layers."""
        return len(self.layers)

    def modules(self):
        """Go through the model itself and all layers inside it."""
        yield self
        for layer in self.layers:
            yield from layer.modules()

    def _merged(self, collect):
        return {
            f"{index}.{name}": array
            for index, layer in enumerate(self.layers)
            for name, array in collect(layer).items()
        }

    def forward(self, x):
        """Apply the layers from the first to the last."""
        with _all_or_nothing(self):
            for layer in self.layers:
                x = layer.forward(x)
        return x

    def backward(self, dout):
        """Compute the gradients from the last layer to the first."""
        with _all_or_nothing(self):
            for layer in reversed(self.layers):
                dout = layer.backward(dout)
        return dout

    def parameters(self):
        """Collect what all layers learn, under keys such as "0.weight"."""
        return self._merged(lambda layer: layer.parameters())

    def gradients(self):
        """Collect the gradients of all layers, with the keys of `parameters`."""
        return self._merged(lambda layer: layer.gradients())

    def _state(self):
        return self._merged(lambda layer: layer._state())


class Residual(Sequential):
    """Layers one after the other, and a skip around them: ``y = x + layers(x)``.

    Parameters
    ----------
    *layers : Layer
        As for `Sequential`; the last output must have the shape of the input.

    References
    ----------
    He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2015,
    equation 1.

    Examples
    --------
    >>> block = Residual(BatchNorm(4), ReLU(), Linear(4, 4, std=0.0))
    >>> block(np.ones((2, 4)))
    array([[1., 1., 1., 1.],
           [1., 1., 1., 1.]])
    """

    def forward(self, x):
        """Add the output of the layers to their input."""
        with _all_or_nothing(self):
            y = super().forward(x)
            if y.shape != x.shape:
                raise ValueError(
                    f"expected layers that keep the shape {x.shape}, got {y.shape}; "
                    "make the last one as wide as the input"
                )
        return x + y

    def backward(self, dout):
        """Add the gradients of both ways."""
        return dout + super().backward(dout)


@contextmanager
def _all_or_nothing(model):
    """If the body fails, leave all layers of the model as they were."""
    before = [
        (
            layer,
            (layer._cache, layer._gradients),
            {name: array.copy() for name, array in layer._buffers().items()},
        )
        for layer in model.modules()
    ]
    try:
        yield
    except Exception:
        for layer, kept, buffers in before:
            layer._cache, layer._gradients = kept
            for name, array in layer._buffers().items():
                array[...] = buffers[name]
        raise
