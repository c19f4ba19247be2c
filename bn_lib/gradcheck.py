"""Check a backward pass against numerical differences."""

from dataclasses import dataclass

import numpy as np

__all__ = ["GradReport", "gradcheck", "numerical_gradient"]

# A gradient below this counts as small: its error is measured against this size, so
# that a true zero is not held against the rounding noise (about 1e-10) around it.
_SMALL = 1e-3
# Of dout. Readers draw x from seed 0, and a dout that is a multiple of x lies in the
# direction that batch norm removes: its gradient vanishes, and zeros pass.
_SEED = 1502


@dataclass(frozen=True)
class GradReport:
    """What `gradcheck` found, one entry for each input.

    Attributes
    ----------
    errors : tuple of float
        Relative error of each gradient.
    sizes : tuple of float
        Largest magnitude in each numerical gradient.
    tol : float
        Largest error that still passes.

    Examples
    --------
    >>> report = GradReport(errors=(3e-10, 0.0), sizes=(1.5, 2e-10), tol=1e-6)
    >>> print(report)
    input 0: error 3e-10, largest gradient 1.5
    input 1: error 0, largest gradient 2e-10, too small to judge
    """

    errors: tuple[float, ...]
    sizes: tuple[float, ...]
    tol: float

    @property
    def passed(self):
        """True when every error is at most `tol`; a NaN never passes."""
        return all(error <= self.tol for error in self.errors)

    @property
    def vanishing(self):
        """Positions of the inputs whose gradient is below 0.001, too small to judge."""
        return tuple(i for i, size in enumerate(self.sizes) if size < _SMALL)

    def __str__(self):
        lines = []
        for i, (error, size) in enumerate(zip(self.errors, self.sizes, strict=True)):
            note = ", too small to judge" if i in self.vanishing else ""
            lines.append(f"input {i}: error {error:.2g}, largest gradient {size:.2g}{note}")
        return "\n".join(lines)


def numerical_gradient(f, x, dout, h=1e-6):
    """Gradient of ``sum(f(x) * dout)`` by central differences.

    Parameters
    ----------
    f : callable
        Maps an array like `x` to an array like `dout`; must not keep its argument.
    x : ndarray of float64, any shape
        Where to differentiate. It is not changed.
    dout : ndarray
        Weights of the outputs: the gradient that arrives from above.
    h : float
        Half the distance of the two points.

    Returns
    -------
    ndarray of float64, shape of `x`

    Raises
    ------
    TypeError
        If `x` is not float64.
    ValueError
        If ``f(x)`` does not have the shape of `dout`.

    Notes
    -----
    Truncation costs about h² and rounding about 1e-16 / h, so h = 1e-6 leaves some
    ten good digits in float64, and less than one in float32, where 1 + h is already
    rounded by 5 %.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> numerical_gradient(lambda x: x**2, x, np.ones(3)).round(6)
    array([2., 4., 6.])
    """
    _check_float64(x)
    dout = np.asarray(dout)
    out = np.shape(f(x.copy()))
    if out != dout.shape:
        raise ValueError(f"expected dout of shape {out}, as f(x), got {dout.shape}")
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        right, left = x.copy(), x.copy()
        right[index] += h
        left[index] -= h
        change = np.sum((f(right) - f(left)) * dout)
        gradient[index] = change / (right[index] - left[index])
    return gradient


def gradcheck(forward, backward, *inputs, rng=None, h=1e-6, tol=1e-6):
    """Compare a backward with the numerical gradient of its forward.

    Parameters
    ----------
    forward : callable
        ``forward(*inputs) -> (y, cache)``.
    backward : callable
        ``backward(dout, cache)`` gives the gradient of the input, or a tuple with one
        for each input, in order; further entries must be None.
    *inputs : ndarray of float64
        The input and, if wanted, the parameters. They are not changed.
    rng : numpy.random.Generator, optional
        Source of the random `dout`, the same at each call by default. It must not be
        the stream that x came from: see Notes.
    h : float
        Step of `numerical_gradient`.
    tol : float
        Largest relative error that passes.

    Returns
    -------
    GradReport

    Raises
    ------
    TypeError
        If an input is not float64.
    ValueError
        If there is no gradient for an input, or one too many, or one with a wrong
        shape.

    Notes
    -----
    The relative error of one gradient, with a analytic and n numerical, is
    max|a − n| / max(max|a|, max|n|, 0.001), over the whole array: element by element,
    a value that happens to be near 0 would raise a false alarm.

    Where a gradient vanishes a check says little: zeros may pass, and rounding may fail
    a right backward; `GradReport.vanishing` and ``print(report)`` tell where. In batch
    norm it vanishes when dout is a multiple of x, as when both come from one seed, and
    with N = 2, when the normalized values are ±1 whatever the input is: take N ≥ 4.

    Examples
    --------
    >>> from bn_lib.functional import normalize, normalize_backward
    >>> x = np.random.default_rng(0).normal(size=(5, 3))
    >>> report = gradcheck(lambda x: normalize(x, 0), normalize_backward, x)
    >>> report.passed, report.vanishing
    (True, ())

    A layer keeps its own cache:

    >>> from bn_lib.layers import Linear
    >>> layer = Linear(3, 2)
    >>> report = gradcheck(
    ...     lambda x: (layer(x), None), lambda dout, cache: layer.backward(dout), x
    ... )
    >>> report.passed, report.vanishing
    (True, ())
    """
    for value in inputs:
        _check_float64(value)
    rng = np.random.default_rng(_SEED) if rng is None else rng
    y, cache = forward(*(value.copy() for value in inputs))
    dout = rng.normal(size=np.shape(y))
    analytic = _matched(backward(dout, cache), inputs)
    errors, sizes = [], []
    for position, gradient in enumerate(analytic):

        def output(value, position=position):
            return forward(*inputs[:position], value, *inputs[position + 1 :])[0]

        numerical = numerical_gradient(output, inputs[position], dout, h)
        errors.append(_relative_error(gradient, numerical))
        sizes.append(_largest(numerical))
    return GradReport(tuple(errors), tuple(sizes), tol)


def _check_float64(x):
    if getattr(x, "dtype", None) != np.float64:
        kind = getattr(x, "dtype", type(x).__name__)
        raise TypeError(
            f"expected a float64 array, got {kind}: differences drown in rounding at "
            "lower precision, so cast with x.astype(np.float64)"
        )


def _matched(gradients, inputs):
    """One gradient for each input, or a ValueError that says which is wrong."""
    if not isinstance(gradients, tuple):
        gradients = (gradients,)
    given, extra = gradients[: len(inputs)], gradients[len(inputs) :]
    if len(given) < len(inputs) or any(gradient is not None for gradient in extra):
        raise ValueError(
            f"expected one gradient for each of {len(inputs)} inputs, got {len(gradients)}"
        )
    for position, (gradient, value) in enumerate(zip(given, inputs, strict=True)):
        if np.shape(gradient) != value.shape:
            got = "None" if gradient is None else f"shape {np.shape(gradient)}"
            raise ValueError(
                f"expected a gradient of shape {value.shape} for input {position}, "
                f"got {got}"
            )
    return given


def _relative_error(analytic, numerical):
    size = np.max([_largest(analytic), _largest(numerical), _SMALL])
    return float(_largest(analytic - numerical) / size)


def _largest(values):
    return float(np.max(np.abs(values), initial=0.0))
