"""Checks of what a caller passes, kept apart so that the mathematics reads alone.

Every function returns what it checked, or raises an error that says what was
expected, what came, and what to do.
"""

import math
import operator
from collections.abc import Mapping
from numbers import Real

import numpy as np

FLOATS = (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64))
LAYOUTS = {
    2: "(N, C)",
    3: "(N, C, L)",
    4: "(N, C, H, W)",
    5: "(N, C, D, H, W)",
}


def float_array(value, name):
    """`value`, if it is an array of float16, float32 or float64."""
    if not isinstance(value, np.ndarray):
        raise TypeError(
            f"expected {name} to be a NumPy array, got {type(value).__name__}; "
            f"pass np.asarray({name}, dtype=np.float64)"
        )
    if value.dtype not in FLOATS:
        raise TypeError(
            f"expected {name} of dtype float16, float32 or float64, got "
            f"{value.dtype}; convert it with {name}.astype(np.float64)"
        )
    return value


def data_array(x, name="x"):
    """`x`, if it is a float array with at least one value."""
    float_array(x, name)
    if x.size == 0:
        raise ValueError(
            f"expected {name} with at least one value, got the empty shape "
            f"{x.shape}; leave empty batches out"
        )
    return x


def channels(x, smallest_rank=2):
    """Return the number of channels C of `x`, the size of its axis 1."""
    data_array(x)
    if not smallest_rank <= x.ndim <= 5:
        layouts = [text for rank, text in LAYOUTS.items() if rank >= smallest_rank]
        raise ValueError(
            f"expected x of shape {', '.join(layouts[:-1])} or {layouts[-1]}, got "
            f"{x.shape}; put the batch on axis 0 and the channels on axis 1"
        )
    return x.shape[1]


def several_values(x, axes):
    """Check that a training batch has more than one value per channel."""
    if math.prod(x.shape[axis] for axis in axes) == 1:
        raise ValueError(
            f"expected more than one value per channel in training, got x of shape "
            f"{x.shape}, where each value is its own mean; use a larger batch or "
            "training=False"
        )


def positions(x):
    """Check that each channel of each example has more than one position."""
    data_array(x)
    if math.prod(x.shape[2:]) == 1 and x.ndim >= 2:
        raise ValueError(
            f"expected more than one position per channel, as in (N, C, L), got "
            f"{x.shape}, where each value is its own mean; use layer_norm or "
            "batch_norm for inputs without positions"
        )
    channels(x, smallest_rank=3)


def reduction_axes(axes, ndim):
    """`axes` as a rising tuple of distinct axes counted from the front."""
    given = axes
    try:
        axes = (operator.index(axes),)
    except TypeError:
        try:
            axes = tuple(operator.index(axis) for axis in axes)
        except TypeError:
            raise TypeError(
                f"expected axes to be an int or a tuple of ints, got {given!r}"
            ) from None
    inside = all(-ndim <= axis < ndim for axis in axes)
    axes = tuple(axis % ndim for axis in axes) if inside else ()
    if not axes or len(set(axes)) != len(axes):
        raise ValueError(
            f"expected one or more distinct axes of an array with {ndim} axes, "
            f"got {given!r}; name each axis to average over once"
        )
    return tuple(sorted(axes))


def positive_int(value, name):
    """`value` as an int of at least 1."""
    if isinstance(value, bool | np.bool):
        raise TypeError(f"expected {name} to be a positive int, got {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"expected {name} to be a positive int, got {value!r}") from None
    if number < 1:
        raise ValueError(f"expected {name} to be at least 1, got {number}")
    return number


def shape_tuple(normalized_shape):
    """`normalized_shape`, an int or a sequence of ints, as a tuple."""
    name = "normalized_shape"
    try:
        sizes = tuple(normalized_shape)
    except TypeError:
        sizes = (normalized_shape,)
    if not sizes:
        raise ValueError(
            f"expected {name} with at least one size, got {normalized_shape!r}; "
            "give the sizes of the last axes of x"
        )
    return tuple(positive_int(size, f"each size in {name}") for size in sizes)


def trailing_axes(x, normalized_shape):
    """Return the last axes of `x`, whose sizes must be `normalized_shape`."""
    data_array(x)
    shape = shape_tuple(normalized_shape)
    if x.shape[-len(shape) :] != shape:
        raise ValueError(
            f"expected x to end with normalized_shape {shape}, got x of shape "
            f"{x.shape}; give the sizes of the last axes of x"
        )
    return tuple(range(x.ndim - len(shape), x.ndim))


def group_count(num_groups, num_channels):
    """`num_groups`, if it divides `num_channels`."""
    num_groups = positive_int(num_groups, "num_groups")
    if num_channels % num_groups:
        raise ValueError(
            f"expected num_groups to divide the {num_channels} channels, got "
            f"{num_groups}; choose a divisor of {num_channels}"
        )
    return num_groups


def _real(value, name):
    if isinstance(value, bool | np.bool) or not isinstance(value, Real):
        raise TypeError(f"expected {name} to be a real number, got {value!r}")
    # A plain float never widens a float32 array; an np.float64 would.
    return float(value)


def positive_eps(eps, dtype=np.float64):
    """`eps` as a plain float, finite and positive where values of `dtype` are computed."""
    number = _real(eps, "eps")
    dtype = np.promote_types(dtype, np.float32)
    if not (math.isfinite(number) and number > 0):
        raise ValueError(
            f"expected eps to be positive and finite, got {eps}; 1e-5 is usual"
        )
    if number < np.finfo(dtype).tiny:
        raise ValueError(
            f"expected eps to be positive in {dtype}, got {eps}, which vanishes there; "
            "1e-5 is usual"
        )
    return number


def fraction(momentum):
    """`momentum` as a plain float in [0, 1]."""
    number = _real(momentum, "momentum")
    if not 0 <= number <= 1:
        raise ValueError(
            f"expected momentum in [0, 1], got {momentum}; it is the weight of the "
            "new batch, 0.1 is usual"
        )
    return number


def standard_deviation(std):
    """`std` as a plain float, finite and not negative."""
    number = _real(std, "std")
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"expected std to be finite and at least 0, got {std}")
    return number


def optional_parameter(value, name, shape):
    """`value`, if it is None or a float array of the given shape."""
    if value is not None and float_array(value, name).shape != shape:
        raise ValueError(
            f"expected {name} of shape {shape}, got {value.shape}; make it as wide as x"
        )
    return value


def parameters(gamma, beta, shape):
    """Check a scale and a shift, each None or a float array of the given shape."""
    optional_parameter(gamma, "gamma", shape)
    optional_parameter(beta, "beta", shape)


def running_statistics(running_mean, running_var, num_channels, *, training):
    """Check a pair of running arrays: both or none, one value a channel."""
    pair = {"running_mean": running_mean, "running_var": running_var}
    missing = [name for name, array in pair.items() if array is None]
    if len(missing) == 1:
        raise ValueError(
            f"expected running_mean and running_var together, got no {missing[0]}; "
            "give both or neither"
        )
    if missing and not training:
        raise ValueError(
            "expected running_mean and running_var with training=False, got None; "
            "pass the running arrays or use training=True"
        )
    if missing:
        return
    for name, array in pair.items():
        optional_parameter(array, name, (num_channels,))
        if training and not array.flags.writeable:
            raise ValueError(
                f"expected a writable {name} with training=True, got a read-only "
                f"array; pass {name}.copy()"
            )
    if np.shares_memory(running_mean, running_var):
        raise ValueError(
            "expected running_mean and running_var in separate memory, got arrays "
            "that overlap; pass a copy of one"
        )


def incoming_gradient(dout, shape):
    """`dout`, if it is a float array of the output's shape."""
    if float_array(dout, "dout").shape != shape:
        raise ValueError(
            f"expected dout of shape {shape}, as the output of forward, got "
            f"{dout.shape}; pass the gradient of the loss by that output"
        )
    return dout


def cache_of(cache, kind, forward):
    """`cache`, if it is of the kind that `forward` returns."""
    if not isinstance(cache, kind):
        raise TypeError(
            f"expected the cache that {forward} returned, got "
            f"{type(cache).__name__}; pass its second result unchanged"
        )
    return cache


def channel_count(x, num_channels):
    """Check that `x` has the channels that a layer was made for."""
    data_array(x)
    if x.ndim >= 2 and x.shape[1] != num_channels:
        raise ValueError(
            f"expected x with {num_channels} channels on axis 1, got shape {x.shape}; "
            "make the layer as wide as its input"
        )


def float_dtype(dtype):
    """`dtype` as a NumPy dtype, if it is float16, float32 or float64."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = dtype
    if not isinstance(found, np.dtype) or found not in FLOATS:
        raise TypeError(f"expected dtype float16, float32 or float64, got {dtype!r}")
    return found


def generator(rng):
    """`rng`, if it is a NumPy random generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"expected rng to be a numpy.random.Generator, got {type(rng).__name__}; "
            "pass np.random.default_rng(seed)"
        )
    return rng


def same_state(state, targets):
    """Copy the arrays in `state`, if they fit the arrays in `targets`.

    As in torch, a count of batches may be missing: old states have none. None says the
    same as a missing key.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"expected state to be a dict, got {type(state).__name__}")
    given = {name: value for name, value in state.items() if value is not None}
    missing = [
        name
        for name in targets
        if name not in given and not name.endswith("num_batches_tracked")
    ]
    unexpected = [name for name in given if name not in targets]
    if missing or unexpected:
        raise ValueError(
            f"expected the keys {list(targets)}, got missing {missing} and "
            f"unexpected {unexpected}; build the layer as the saved one was built"
        )
    return {name: _fitting(name, value, targets[name]) for name, value in given.items()}


def _fitting(name, value, target):
    kind = "float" if target.dtype.kind == "f" else "integer"
    # A count that passed through arithmetic is a NumPy scalar, which is as good.
    array = isinstance(value, np.ndarray | np.generic)
    if not array or value.dtype.kind != kind[0]:
        found = getattr(value, "dtype", type(value).__name__)
        raise TypeError(
            f"expected {name!r} to be a NumPy array of {kind} dtype, got {found}; "
            "convert a tensor with tensor.numpy()"
        )
    if value.shape != target.shape:
        raise ValueError(
            f"expected {name!r} of shape {target.shape}, got {value.shape}; build "
            "the layer as wide as the saved one"
        )
    return value.astype(target.dtype)
