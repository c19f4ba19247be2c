"""The exercises, held to answers that learners would write by hand."""

import numpy as np
import torch

from bn_lib import functional
from bn_lib.course.exercise import check
from tests.chapters.learners import ExerciseTests, Learners

LEARNERS = Learners("backward")
EXERCISES, right = LEARNERS.exercises, LEARNERS.right
wrong, wrong_table = LEARNERS.wrong, LEARNERS.wrong_table


# Two samples, by hand

right("backward.two", ([[-1], [1]], [[0], [0]]))
right("backward.two", [np.float32([[-1], [1]]), np.zeros((2, 1))])
RIGHT_XHAT, RIGHT_DX = [[-1], [1]], [[0], [0]]
for _mistakes, _xhat in {
    ("unbiased-variance",): [[-0.7071], [0.7071]],
    ("wrong-sign",): [[1], [-1]],
    ("divided-by-four",): [[-0.5], [0.5]],
    ("not-divided",): [[-2], [2]],
    ("mean-not-subtracted",): [[1.5], [3.5]],
    ("mean-not-subtracted", "not-divided"): [[3], [7]],
    ("not-the-variance",): [[0], [1]],
    ("brackets",): [[0.5], [4.5]],
}.items():
    wrong("backward.two", *_mistakes)((_xhat, RIGHT_DX))
for _mistake, _dx in {
    "constant-statistics": [[2.5], [0.5]],
    "direction-left": [[1], [-1]],
    "sum-not-zero": [[1.5], [1.5]],
}.items():
    wrong("backward.two", _mistake)((RIGHT_XHAT, _dx))
wrong("backward.two", "gradients-swapped")((RIGHT_DX, RIGHT_XHAT))
wrong("backward.two", "unbiased-variance", "direction-left")(
    ([[-0.7071], [0.7071]], [[2], [-2]])
)


# Parameters of images


@right("backward.parameters")
def parameters_by_channel(dout, xhat):
    channels = range(dout.shape[1])
    return (
        [float((dout[:, c] * xhat[:, c]).sum()) for c in channels],
        [float(dout[:, c].sum()) for c in channels],
    )


@right("backward.parameters")
def parameters_with_einsum(dout, xhat):
    return np.einsum("nchw,nchw->c", dout, xhat), np.einsum("nchw->c", dout)


@right("backward.parameters")
def parameters_by_flattening(dout, xhat):
    rows, columns = (np.moveaxis(a, 1, 0).reshape(a.shape[1], -1) for a in (dout, xhat))
    return (rows * columns).sum(1), rows.sum(1)


@right("backward.parameters")
def parameters_in_torch(dout, xhat):
    dout, xhat = torch.tensor(dout), torch.tensor(xhat)
    return (dout * xhat).sum((0, 2, 3)), dout.sum((0, 2, 3))


AXES = (0, 2, 3)
PARAMETERS = {
    ("gradients-swapped",): [lambda d, x: (d.sum(AXES), (d * x).sum(AXES))],
    ("mean-of-parameters",): [
        lambda d, x: ((d * x).mean(AXES), d.mean(AXES)),
        lambda d, x: ((d * x).sum(AXES), d.mean(AXES)),
    ],
    ("dgamma-without-xhat",): [lambda d, x: (d.sum(AXES), d.sum(AXES))],
    ("dbeta-with-xhat",): [lambda d, x: ((d * x).sum(AXES), (d * x).sum(AXES))],
    ("sum-before-product",): [lambda d, x: (d.sum(AXES) * x.sum(AXES), d.sum(AXES))],
    ("not-summed",): [lambda d, x: (d * x, d)],
    ("wrong-sign",): [lambda d, x: (-(d * x).sum(AXES), d.sum(AXES))],
    ("wrong-axis",): [
        lambda d, x: ((d * x).sum(0), d.sum(0)),
        lambda d, x: ((d * x).sum((2, 3)), d.sum((2, 3))),
        lambda d, x: ((d * x).sum((0, 1, 2)), d.sum((0, 1, 2))),
        lambda d, x: ((d * x).sum(), d.sum()),
    ],
    ("wrong-shape",): [
        lambda d, x: ((d * x).sum(AXES, keepdims=True), d.sum(AXES, keepdims=True)),
    ],
}
wrong_table("backward.parameters", PARAMETERS)


# Backward


@right("backward.full")
def backward_with_sums(dout, xhat, rstd, gamma):
    n = len(dout)
    dgamma, dbeta = np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
    return gamma * rstd / n * (n * dout - dbeta - xhat * dgamma), dgamma, dbeta


@right("backward.full")
def backward_in_float32(dout, xhat, rstd, gamma):
    arrays = (a.astype(np.float32) for a in (dout, xhat, rstd, gamma))
    return tuple(g.astype(np.float32) for g in backward_with_sums(*arrays))


@right("backward.full")
def backward_with_jacobian(dout, xhat, rstd, gamma):
    n, dx = len(dout), np.zeros(dout.shape)
    for j in range(dout.shape[1]):
        for i in range(n):
            for k in range(n):
                slope = (i == k) - 1 / n - xhat[i, j] * xhat[k, j] / n
                dx[i, j] += gamma[j] * rstd[j] * slope * dout[k, j]
    return dx, np.einsum("nc,nc->c", dout, xhat), [sum(c) for c in dout.T.tolist()]


@right("backward.full")
def backward_in_torch(dout, xhat, rstd, gamma):
    dout, xhat, rstd, gamma = (torch.tensor(value) for value in (dout, xhat, rstd, gamma))
    return backward_with_sums(dout.numpy(), xhat.numpy(), rstd.numpy(), gamma.numpy())


def _staged(half=-0.5, two=2, power=3, over=True, sign=-1):
    """Write the backward step by step, through the variance and then the mean."""

    def answer(dout, xhat, rstd, gamma):
        n, dxhat, xmu = len(dout), dout * gamma, xhat / rstd
        dvar = np.sum(dxhat * xmu, axis=0) * half * rstd**power
        dmu = sign * np.sum(dxhat * rstd, axis=0)
        dx = dxhat * rstd + dvar * two * xmu / (n if over else 1) + dmu / n
        return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)

    return answer


right("backward.full", _staged())


def _backward(dx=None, dgamma=None, dbeta=None):
    """Write the backward with another dx, dgamma or dbeta."""

    def answer(dout, xhat, rstd, gamma):
        given = list(backward_with_sums(dout, xhat, rstd, gamma))
        if dx:
            given[0] = dx(dout, dout * gamma, xhat, rstd)
        if dgamma:
            given[1] = dgamma(dout, xhat, rstd, gamma)
        if dbeta:
            given[2] = dbeta(dout, xhat, rstd, gamma)
        return tuple(given)

    return answer


def _m(values):
    return values.mean(axis=0)


# d is dout and g is d * gamma; x is xhat and r is rstd.
BACKWARD_DX = {
    ("constant-statistics",): [lambda d, g, x, r: g * r],
    ("constant-statistics", "rstd-forgotten"): [lambda d, g, x, r: g],
    ("gamma-forgotten", "rstd-forgotten", "sum-not-zero"): [lambda d, g, x, r: d],
    ("constant-variance",): [
        lambda d, g, x, r: (g - _m(g)) * r,
        lambda d, g, x, r: (g - _m(g) - x * _m(g) * _m(x)) * r,
    ],
    ("constant-variance", "rstd-forgotten"): [lambda d, g, x, r: g - _m(g)],
    ("constant-mean",): [lambda d, g, x, r: (g - x * _m(g * x)) * r],
    ("rstd-forgotten",): [lambda d, g, x, r: g - _m(g) - x * _m(g * x)],
    ("rstd-power",): [
        lambda d, g, x, r: (g - _m(g) - x * _m(g * x)) / r,
        lambda d, g, x, r: (g - _m(g) - x * _m(g * x)) * r**2,
    ],
    ("gamma-forgotten",): [
        lambda d, g, x, r: r * (d - _m(d) - x * _m(d * x)),
        lambda d, g, x, r: r * (g - _m(g) - x * _m(d * x)),
        lambda d, g, x, r: r * (g - _m(d) - x * _m(d * x)),
    ],
    ("gamma-not-once",): [lambda d, g, x, r: g / d * r * (g - _m(g) - x * _m(g * x))],
    ("sum-in-dx",): [
        lambda d, g, x, r: r * (g - g.sum(0) - x * (g * x).sum(0)),
        lambda d, g, x, r: r * (len(g) * g - g.sum(0) - x * (g * x).sum(0)),
        lambda d, g, x, r: r * (g - g.sum(0) - x * (g * x).sum(0)) / len(g),
        lambda d, g, x, r: r * (g - _m(g) - x * (g * x).sum(0)),
    ],
    ("unbiased-variance",): [
        lambda d, g, x, r: r * (g - _m(g) - x * (g * x).sum(0) / (len(g) - 1)),
    ],
    ("projection-by-length",): [
        lambda d, g, x, r: r * (g - _m(g) - x * (g * x).sum(0) / (x * x).sum(0)),
    ],
    ("wrong-count",): [
        lambda d, g, x, r: r * (g - (g.sum(0) + x * (g * x).sum(0)) / g.shape[1]),
    ],
    ("direction-forgotten",): [lambda d, g, x, r: r * (g - _m(g) - _m(g * x))],
    ("factor-of-two",): [lambda d, g, x, r: r * (g - _m(g) - x * _m(g * x) / 2)],
    ("wrong-sign",): [
        lambda d, g, x, r: r * (g + _m(g) + x * _m(g * x)),
        lambda d, g, x, r: -r * (g - _m(g) - x * _m(g * x)),
        lambda d, g, x, r: r * (g - _m(g) + x * _m(g * x)),
    ],
    ("wrong-axis",): [
        lambda d, g, x, r: r * (g - g.mean() - x * (g * x).mean()),
        lambda d, g, x, r: r * (g - g.mean() - x * _m(g * x)),
        lambda d, g, x, r: (
            r * (g - g.mean(1, keepdims=True) - x * (g * x).mean(1, keepdims=True))
        ),
    ],
    ("dx-zero",): [lambda d, g, x, r: 0 * d],
    ("sum-not-zero",): [lambda d, g, x, r: r * (g - _m(g * x) - x * _m(g))],
}
BACKWARD = {
    ("factor-of-two",): [_staged(half=-1), _staged(two=1)],
    ("wrong-sign",): [
        _staged(half=0.5),
        _staged(sign=1),
        _backward(dgamma=lambda d, x, r, g: -(d * x).sum(0)),
    ],
    ("rstd-forgotten",): [_staged(power=2)],
    ("rstd-power",): [_staged(power=1)],
    ("sum-in-dx",): [_staged(over=False)],
    # A dbeta copied from dgamma is no swap, nor is a dgamma without xhat.
    ("dbeta-with-xhat",): [_backward(dbeta=lambda d, x, r, g: (d * x).sum(0))],
    ("dgamma-without-xhat",): [_backward(dgamma=lambda d, x, r, g: d.sum(0))],
    ("dgamma-without-xhat", "mean-of-parameters"): [
        _backward(dgamma=lambda d, x, r, g: d.sum(0), dbeta=lambda d, x, r, g: d.mean(0)),
    ],
    ("dgamma-without-xhat", "unknown"): [
        _backward(dgamma=lambda d, x, r, g: d.sum(0), dbeta=lambda d, x, r, g: g * 0 + 1),
    ],
    ("gradients-swapped",): [
        _backward(
            dgamma=lambda d, x, r, g: d.sum(0), dbeta=lambda d, x, r, g: (d * x).sum(0)
        ),
        lambda *given: backward_with_sums(*given)[::-1],
    ],
    ("mean-of-parameters",): [
        _backward(
            dgamma=lambda d, x, r, g: (d * x).mean(0), dbeta=lambda d, x, r, g: d.mean(0)
        ),
        _backward(dbeta=lambda d, x, r, g: d.mean(0)),
    ],
    ("gamma-in-parameters",): [
        _backward(
            dgamma=lambda d, x, r, g: (d * g * x).sum(0),
            dbeta=lambda d, x, r, g: (d * g).sum(0),
        ),
    ],
    ("rstd-in-parameters",): [_backward(dgamma=lambda d, x, r, g: (d * x / r).sum(0))],
    ("not-summed",): [
        _backward(dgamma=lambda d, x, r, g: d * x, dbeta=lambda d, x, r, g: d),
    ],
    ("wrong-axis",): [
        _backward(
            dgamma=lambda d, x, r, g: (d * x).sum(1), dbeta=lambda d, x, r, g: d.sum(1)
        ),
        _backward(
            dgamma=lambda d, x, r, g: (d * x).sum(), dbeta=lambda d, x, r, g: d.sum()
        ),
    ],
    ("sum-before-product",): [_backward(dgamma=lambda d, x, r, g: d.sum(0) * x.sum(0))],
    ("constant-statistics", "mean-of-parameters"): [
        _backward(
            dx=lambda d, g, x, r: g * r,
            dgamma=lambda d, x, r, g: (d * x).mean(0),
            dbeta=lambda d, x, r, g: d.mean(0),
        ),
    ],
    ("wrong-shape",): [
        _backward(dgamma=lambda d, x, r, g: (d * x).sum(0, keepdims=True)),
    ],
    ("wrong-type",): [lambda dout, xhat, rstd, gamma: dout * gamma * rstd],
}
for _mistakes, _answers in BACKWARD_DX.items():
    for _answer in _answers:
        wrong("backward.full", *_mistakes)(_backward(dx=_answer))
wrong_table("backward.full", BACKWARD)


@wrong("backward.full", "gamma-forgotten", "gradients-swapped")
def backward_swapped_and_without_gamma(dout, xhat, rstd, gamma):
    dx = rstd * (dout - _m(dout) - xhat * _m(dout * xhat))
    return dx, dout.sum(0), (dout * xhat).sum(0)


@wrong("backward.full", "changed-input")
def backward_in_place(dout, xhat, rstd, gamma):
    dgamma, dbeta = (dout * xhat).sum(0), dout.sum(0)
    dout *= gamma
    return rstd * (dout - _m(dout) - xhat * _m(dout * xhat)), dgamma, dbeta


# Layer norm


@right("backward.layer-norm")
def layer_norm_with_sums(dout, xhat, rstd, gamma):
    C, g = dout.shape[1], dout * gamma
    left = C * g - g.sum(1)[:, None] - xhat * (g * xhat).sum(1)[:, None]
    return rstd / C * left, (dout * xhat).sum(0), dout.sum(0)


@right("backward.layer-norm")
def layer_norm_row_by_row(dout, xhat, rstd, gamma):
    dx = []
    for d, h, r in zip(dout, xhat, rstd.ravel(), strict=True):
        g = d * gamma
        dx.append(r * (g - g.mean() - h * (g * h).mean()))
    return dx, (dout * xhat).sum(0), dout.sum(0)


@right("backward.layer-norm")
def layer_norm_in_torch(dout, xhat, rstd, gamma):
    dout, xhat, rstd, gamma = (torch.tensor(v) for v in (dout, xhat, rstd, gamma))
    g = dout * gamma
    means = g.mean(1, keepdim=True), (g * xhat).mean(1, keepdim=True)
    return rstd * (g - means[0] - xhat * means[1]), (dout * xhat).sum(0), dout.sum(0)


def _rows(dx=None, dgamma=None, dbeta=None):
    """Write layer norm's backward with another dx, dgamma or dbeta."""

    def answer(dout, xhat, rstd, gamma):
        given = list(layer_norm_with_sums(dout, xhat, rstd, gamma))
        for place, change in enumerate((dx, dgamma, dbeta)):
            if change:
                given[place] = change(dout, dout * gamma, xhat, rstd)
        return tuple(given)

    return answer


def _r(values):
    return values.mean(axis=1, keepdims=True)


# As above: d is dout, g is d * gamma, x is xhat and r is rstd.
LAYER_NORM = {
    ("constant-statistics",): [_rows(lambda d, g, x, r: g * r)],
    ("constant-variance",): [_rows(lambda d, g, x, r: r * (g - _r(g)))],
    ("constant-mean",): [_rows(lambda d, g, x, r: r * (g - x * _r(g * x)))],
    ("gamma-forgotten",): [_rows(lambda d, g, x, r: r * (d - _r(d) - x * _r(d * x)))],
    ("gamma-too-late",): [
        _rows(lambda d, g, x, r: g / d * r * (d - _r(d) - x * _r(d * x))),
    ],
    ("batch-norm",): [
        _rows(lambda d, g, x, r: r * (g - g.mean(0) - x * (g * x).mean(0))),
    ],
    ("rstd-forgotten",): [_rows(lambda d, g, x, r: g - _r(g) - x * _r(g * x))],
    ("sum-in-dx",): [
        _rows(lambda d, g, x, r: r * (g - g.sum(1)[:, None] - x * (g * x).sum(1)[:, None])),
    ],
    ("wrong-sign",): [_rows(lambda d, g, x, r: r * (g + _r(g) + x * _r(g * x)))],
    ("wrong-axis",): [
        _rows(dgamma=lambda d, g, x, r: (d * x).sum(1), dbeta=lambda d, g, x, r: d.sum(1)),
    ],
    ("gamma-in-parameters",): [_rows(dgamma=lambda d, g, x, r: (g * x).sum(0))],
    ("gradients-swapped",): [
        lambda *given: tuple(layer_norm_with_sums(*given)[i] for i in (0, 2, 1)),
    ],
}
wrong_table("backward.layer-norm", LAYER_NORM)


class TestExercises(ExerciseTests):
    learners = LEARNERS


def test_the_backward_answer_is_the_backward_of_the_library():
    rng = np.random.default_rng(1)
    x, dout = rng.normal(size=(2, 6, 3))
    gamma = rng.normal(size=3)
    _, cache = functional.batch_norm(x, None, None, gamma, gamma, training=True, eps=0.1)
    rstd = 1 / np.sqrt(x.var(0) + 0.1)
    given = EXERCISES["backward.full"].answer(dout, (x - x.mean(0)) * rstd, rstd, gamma)
    for g, expected in zip(given, functional.batch_norm_backward(dout, cache), strict=True):
        np.testing.assert_allclose(g, expected, rtol=1e-10, atol=1e-12)


def test_the_values_of_two_samples_are_what_the_library_computes():
    x, dout = np.array([[3.0], [7.0]]), np.array([[5.0], [1.0]])
    xhat, cache = functional.normalize(x, 0, eps=1e-12)
    expected = xhat, functional.normalize_backward(dout, cache)
    assert check("backward.two", expected).passed


def test_the_parameters_answer_is_the_librarys():
    x, dout = np.random.default_rng(1).normal(size=(2, 4, 3, 2, 5))
    one = np.ones(3)
    _, cache = functional.batch_norm(x, None, None, one, one, training=True)
    _, *expected = functional.batch_norm_backward(dout, cache)
    given = EXERCISES["backward.parameters"].answer(dout, cache.affine.xhat)
    np.testing.assert_allclose(given, expected, rtol=1e-10, atol=1e-12)


def test_the_layer_norm_answer_is_the_librarys():
    rng = np.random.default_rng(1)
    x, dout = rng.normal(size=(2, 6, 3))
    gamma = rng.normal(size=3)
    _, cache = functional.layer_norm(x, (3,), gamma, gamma, eps=0.1)
    rstd = 1 / np.sqrt(x.var(1, keepdims=True) + 0.1)
    xhat = (x - x.mean(1, keepdims=True)) * rstd
    given = EXERCISES["backward.layer-norm"].answer(dout, xhat, rstd, gamma)
    for g, expected in zip(given, functional.layer_norm_backward(dout, cache), strict=True):
        np.testing.assert_allclose(g, expected, rtol=1e-10, atol=1e-12)
