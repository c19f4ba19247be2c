"""The checks, held to answers that learners would write by hand."""

import math
import re
import warnings
from html.parser import HTMLParser
from itertools import combinations

import numpy as np
import pytest

from bn_lib import functional
from bn_lib.chapters.math.exercises import EXERCISES
from bn_lib.course.exercise import _GENERIC, TOLERANCE, check, judge, observe
from bn_lib.course.verdict import Verdict

_EXERCISES = {exercise.id: exercise for exercise in EXERCISES}
RIGHT, WRONG = [], []


def right(exercise, answer=None):
    """Register a right answer; without `answer`, as a decorator."""
    if answer is None:
        return lambda answer: right(exercise, answer)
    RIGHT.append(pytest.param(exercise, answer, id=f"{exercise}-{len(RIGHT)}"))
    return answer


def wrong(exercise, mistake, answer=None):
    """Register a wrong answer; without `answer`, as a decorator."""
    if answer is None:
        return lambda answer: wrong(exercise, mistake, answer)
    name = f"{exercise}-{mistake}-{len(WRONG)}"
    WRONG.append(pytest.param(exercise, mistake, answer, id=name))
    return answer


# Forward of (N, C)


@right("math.forward")
def forward_with_var(x, gamma, beta, eps):
    return gamma * (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + eps) + beta


@right("math.forward")
def forward_with_loops(x, gamma, beta, eps):
    rows, columns = x.shape
    y = [[0.0] * columns for _ in range(rows)]
    for j in range(columns):
        values = [float(x[i, j]) for i in range(rows)]
        mean = sum(values) / rows
        var = sum((v - mean) ** 2 for v in values) / rows
        for i in range(rows):
            y[i][j] = gamma[j] * (values[i] - mean) / math.sqrt(var + eps) + beta[j]
    return y


@right("math.forward")
def forward_in_float32(features, scale, shift, epsilon=1e-5):
    features = features.astype(np.float32)
    centered = features - features.mean(0, keepdims=True)
    variance = np.square(centered).mean(0, keepdims=True)
    xhat = centered / np.sqrt(variance + np.float32(epsilon))
    return (xhat * scale.astype(np.float32) + shift.astype(np.float32)).astype(np.float32)


@right("math.forward")
def forward_with_welford_in_float32(x, gamma, beta, eps):
    mean, m2 = np.zeros(x.shape[1], np.float32), np.zeros(x.shape[1], np.float32)
    for n, row in enumerate(x.astype(np.float32), start=1):
        delta = row - mean
        mean = mean + delta / np.float32(n)
        m2 = m2 + delta * (row - mean)
    return gamma * (x - mean) / np.sqrt(m2 / len(x) + eps) + beta


wrong(
    "math.forward",
    "unbiased-variance",
    lambda x, g, b, eps: g * (x - x.mean(0)) / np.sqrt(np.var(x, axis=0, ddof=1) + eps) + b,
)


@wrong("math.forward", "unbiased-variance")
def forward_loops_over_n_minus_1(x, gamma, beta, eps):
    y = np.empty_like(x)
    for j in range(x.shape[1]):
        d = x[:, j] - sum(x[:, j]) / len(x)
        y[:, j] = gamma[j] * d / (sum(d * d) / (len(x) - 1) + eps) ** 0.5 + beta[j]
    return y


wrong(
    "math.forward",
    "eps-outside-root",
    lambda x, g, b, eps: (x - x.mean(0)) / (x.std(0) + eps) * g + b,
)
wrong(
    "math.forward",
    "eps-forgotten",
    lambda x, g, b, eps: (x - x.mean(0)) / x.std(0) * g + b,
)
wrong(
    "math.forward",
    "eps-forgotten",  # an eps of one's own is as good as none
    lambda x, g, b, eps: (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5) * g + b,
)
wrong(
    "math.forward",
    "missing-root",
    lambda x, g, b, eps: (x - x.mean(0)) / (x.var(0) + eps) * g + b,
)


@wrong("math.forward", "layer-norm")
def forward_by_rows(x, gamma, beta, eps):
    rows = [(r - np.mean(r)) / math.sqrt(np.mean((r - np.mean(r)) ** 2) + eps) for r in x]
    return gamma * np.array(rows) + beta


wrong(
    "math.forward",
    "layer-norm",
    lambda x, g, b, eps: g * (x - x.mean(axis=1)) / np.sqrt(x.var(axis=1) + eps) + b,
)
wrong(
    "math.forward",
    "global-statistics",
    lambda x, g, b, eps: g * (x - np.mean(x)) / np.sqrt(np.var(x) + eps) + b,
)


def _standardize(x, eps, axes=0):
    d = x - x.mean(axes, keepdims=True)
    return d / np.sqrt((d * d).mean(axes, keepdims=True) + eps)


wrong("math.forward", "parameters-forgotten", lambda x, g, b, eps: _standardize(x, eps))
wrong("math.forward", "parameters-forgotten", lambda x, g, b, eps: _standardize(x, eps) * g)
wrong("math.forward", "parameters-forgotten", lambda x, g, b, eps: _standardize(x, eps) + b)
wrong(
    "math.forward", "parameters-swapped", lambda x, g, b, eps: _standardize(x, eps) * b + g
)
wrong(
    "math.forward", "parameters-swapped", lambda x, b, g, eps: _standardize(x, eps) * g + b
)


@wrong("math.forward", "one-pass-variance")
def forward_one_pass(x, gamma, beta, eps):
    mean = np.mean(x, axis=0)
    var = np.mean(x**2, axis=0) - mean**2
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@wrong("math.forward", "one-pass-variance")
def forward_one_pass_clipped(x, gamma, beta, eps):
    total, squares = x.sum(axis=0), np.einsum("nc,nc->c", x, x)
    var = np.maximum(squares / len(x) - (total / len(x)) ** 2, 0)
    return gamma * (x - total / len(x)) / np.sqrt(var + eps) + beta


@wrong("math.forward", "one-pass-variance")
def forward_one_pass_in_another_order(x, gamma, beta, eps):
    """Rounds in other places, so that its garbage is its own."""
    mean, square = np.zeros_like(x[0]), np.zeros_like(x[0])
    for n, row in enumerate(x[::-1], start=1):
        mean = mean + (row - mean) / x.dtype.type(n)
        square = square + (row * row - square) / x.dtype.type(n)
    return gamma * (x - mean) / np.sqrt(np.abs(square - mean**2) + eps) + beta


# Forward of (N, C, H, W)


@right("math.images")
def images_with_loops(x, gamma, beta, eps):
    y = np.zeros(x.shape)
    for c in range(x.shape[1]):
        channel = x[:, c]
        y[:, c] = (channel - channel.mean()) / math.sqrt(channel.var() + eps)
        y[:, c] = gamma[c] * y[:, c] + beta[c]
    return y


@right("math.images")
def images_by_flattening_in_float32(x, gamma, beta, eps):
    rows = np.moveaxis(x, 1, -1).astype(np.float32)
    y = forward_with_var(rows.reshape(-1, x.shape[1]), gamma, beta, eps)
    return np.moveaxis(y.reshape(rows.shape), -1, 1).astype(np.float32)


def _column(parameter):
    return parameter[None, :, None, None]


def _images(axes):
    def answer(x, gamma, beta, eps):
        return _column(gamma) * _standardize(x, eps, axes) + _column(beta)

    return answer


right("math.images", _images((0, 2, 3)))
wrong("math.images", "per-pixel", _images(0))
wrong("math.images", "instance-norm", _images((2, 3)))
wrong("math.images", "layer-norm", _images((1, 2, 3)))
wrong("math.images", "channels-last-axes", _images((0, 1, 2)))
wrong("math.images", "global-statistics", _images((0, 1, 2, 3)))
wrong(
    "math.images",
    "channels-last-axes",
    lambda x, g, b, eps: g * _standardize(x, eps, (0, 1, 2)) + b,
)
wrong(
    "math.images",
    "parameters-wrong-axis",
    lambda x, g, b, eps: g * _standardize(x, eps, (0, 2, 3)) + b,
)
wrong(
    "math.images",
    "parameters-wrong-axis",
    lambda x, g, b, eps: g[:, None] * _standardize(x, eps, (0, 2, 3)) + b[:, None],
)


@wrong("math.images", "statistics-wrong-axis")
def images_without_keepdims(x, gamma, beta, eps):
    mean, var = np.mean(x, (0, 2, 3)), np.var(x, (0, 2, 3))
    return _column(gamma) * ((x - mean) / np.sqrt(var + eps)) + _column(beta)


@wrong("math.images", "statistics-wrong-axis")
def images_without_any_reshape(x, gamma, beta, eps):
    mean, var = np.mean(x, (0, 2, 3)), np.var(x, (0, 2, 3))
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@wrong("math.images", "unbiased-variance")
def images_unbiased(x, gamma, beta, eps):
    m = x.size // x.shape[1]
    mean = _column(x.sum((0, 2, 3)) / m)
    var = _column(((x - mean) ** 2).sum((0, 2, 3)) / (m - 1))
    return _column(gamma) * (x - mean) / np.sqrt(var + eps) + _column(beta)


@wrong("math.images", "one-pass-variance")
def images_one_pass(x, gamma, beta, eps):
    mean = x.mean((0, 2, 3), keepdims=True)
    var = (x * x).mean((0, 2, 3), keepdims=True) - mean * mean
    return _column(gamma) * (x - mean) / np.sqrt(var + eps) + _column(beta)


# Undo

right("math.undo", lambda mean, var, eps: (np.sqrt(var + eps), mean))
right("math.undo", lambda m, v, e: [[math.sqrt(a + e) for a in v], list(m)])
right("math.undo", lambda m, v, e: np.stack([(v + e) ** 0.5, m]).astype(np.float32))

for _mistake, _gamma in {
    "gamma-is-variance": lambda v, e: v,
    "eps-forgotten": lambda v, e: v**0.5,
    "eps-outside-root": lambda v, e: v**0.5 + e,
    "gamma-inverted": lambda v, e: (v + e) ** -0.5,
}.items():
    wrong("math.undo", _mistake, lambda m, v, e, gamma=_gamma: (gamma(v, e), m))

wrong("math.undo", "gamma-is-variance", lambda m, v, e: (v + e, m))
wrong("math.undo", "beta-negative", lambda m, v, e: (np.sqrt(v + e), -m))
wrong("math.undo", "beta-scaled", lambda m, v, e: (np.sqrt(v + e), m * np.sqrt(v + e)))
wrong("math.undo", "beta-scaled", lambda m, v, e: (np.sqrt(v + e), m / np.sqrt(v)))
wrong("math.undo", "parameters-swapped", lambda m, v, e: (m, np.sqrt(v + e)))

# Backward


@right("math.backward")
def backward_with_sums(dout, xhat, rstd, gamma):
    n = len(dout)
    dgamma, dbeta = np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
    return gamma * rstd / n * (n * dout - dbeta - xhat * dgamma), dgamma, dbeta


@right("math.backward")
def backward_in_float32(dout, xhat, rstd, gamma):
    arrays = (a.astype(np.float32) for a in (dout, xhat, rstd, gamma))
    return tuple(g.astype(np.float32) for g in backward_with_sums(*arrays))


@right("math.backward")
def backward_with_jacobian(dout, xhat, rstd, gamma):
    n, dx = len(dout), np.zeros(dout.shape)
    for j in range(dout.shape[1]):
        for i in range(n):
            for k in range(n):
                slope = (i == k) - 1 / n - xhat[i, j] * xhat[k, j] / n
                dx[i, j] += gamma[j] * rstd[j] * slope * dout[k, j]
    return dx, np.einsum("nc,nc->c", dout, xhat), [sum(c) for c in dout.T.tolist()]


def _backward(dx):
    def answer(dout, xhat, rstd, gamma):
        n, dxhat = len(dout), dout * gamma
        parts = dxhat, dxhat.sum(0) / n, xhat * (dxhat * xhat).sum(0) / n
        return dx(*parts, rstd, n), np.sum(dout * xhat, 0), np.sum(dout, 0)

    return answer


for _mistake, _dx in {
    "constant-statistics": lambda d, m, p, rstd, n: d * rstd,
    "constant-variance": lambda d, m, p, rstd, n: (d - m) * rstd,
    "constant-mean": lambda d, m, p, rstd, n: (d - p) * rstd,
    "rstd-forgotten": lambda d, m, p, rstd, n: d - m - p,
    "sum-in-dx": lambda d, m, p, rstd, n: (d - n * m - n * p) * rstd,
    "wrong-sign": lambda d, m, p, rstd, n: (d + m + p) * rstd,
}.items():
    wrong("math.backward", _mistake, _backward(_dx))

wrong(
    "math.backward",
    "sum-in-dx",
    _backward(lambda d, m, p, r, n: r * (n * d - n * m - n * p)),
)
wrong("math.backward", "wrong-sign", _backward(lambda d, m, p, r, n: -(d - m - p) * r))
wrong("math.backward", "wrong-sign", _backward(lambda d, m, p, r, n: (d - m + p) * r))


@wrong("math.backward", "gamma-forgotten")
def backward_without_gamma(dout, xhat, rstd, gamma):
    dx = rstd * (dout - dout.mean(0) - xhat * (dout * xhat).mean(0))
    return dx, (dout * xhat).sum(0), dout.sum(0)


wrong(
    "math.forward",
    "mean-not-subtracted",
    lambda x, g, b, e: g * x / (x.var(0) + e) ** 0.5 + b,
)


@wrong("math.forward", "beta-scaled")
def forward_with_beta_inside(x, gamma, beta, eps):
    return gamma * ((x - x.mean(0)) / np.sqrt(x.var(0) + eps) + beta)


def _flat(forward):
    """Write an answer for images as people do who flatten them first."""

    def images(x, gamma, beta, eps):
        n, c, h, w = x.shape
        rows = x.transpose(0, 2, 3, 1).reshape(-1, c)
        y = forward(rows, gamma, beta, eps)
        return np.broadcast_to(y, rows.shape).reshape(n, h, w, c).transpose(0, 3, 1, 2)

    return images


def _z(x):
    return x - x.mean(0)


for mistake, forward in {
    "missing-root": lambda x, g, b, e: g * _z(x) / (x.var(0) + e) + b,
    "eps-forgotten": lambda x, g, b, e: g * _z(x) / x.std(0) + b,
    "eps-outside-root": lambda x, g, b, e: g * _z(x) / (x.std(0) + e) + b,
    "mean-not-subtracted": lambda x, g, b, e: g * x / np.sqrt(x.var(0) + e) + b,
    "parameters-forgotten": lambda x, g, b, e: _z(x) / np.sqrt(x.var(0) + e),
}.items():
    wrong("math.images", mistake, _flat(forward))


@wrong("math.backward", "rstd-inverted")
def backward_divided_by_rstd(dout, xhat, rstd, gamma):
    g = dout * gamma
    dx = (g - g.mean(0) - xhat * (g * xhat).mean(0)) / rstd
    return dx, (dout * xhat).sum(0), dout.sum(0)


@wrong("math.backward", "dx-zero")
def backward_of_zeros(dout, xhat, rstd, gamma):
    return dout * 0, (dout * xhat).sum(0), dout.sum(0)


@wrong("math.backward", "gamma-in-parameters")
def backward_from_dxhat(dout, xhat, rstd, gamma):
    g = dout * gamma
    dx = rstd * (g - g.mean(0) - xhat * (g * xhat).mean(0))
    return dx, (g * xhat).sum(0), g.sum(0)


@wrong("math.backward", "direction-forgotten")
def backward_with_a_bare_mean(dout, xhat, rstd, gamma):
    g = dout * gamma
    dx = rstd * (g - g.mean(0) - (g * xhat).mean(0))
    return dx, (dout * xhat).sum(0), dout.sum(0)


@wrong("math.backward", "sum-in-dx")
def backward_with_one_sum(dout, xhat, rstd, gamma):
    g = dout * gamma
    dx = rstd * (g - g.mean(0) - xhat * (g * xhat).sum(0))
    return dx, (dout * xhat).sum(0), dout.sum(0)


def _with_parameters(change):
    def answer(dout, xhat, rstd, gamma):
        dx = backward_with_sums(dout, xhat, rstd, gamma)[0]
        return dx, *change(dout, xhat)

    return answer


for _mistake, _change in {
    "gradients-swapped": lambda d, xhat: (d.sum(0), (d * xhat).sum(0)),
    "dgamma-without-xhat": lambda d, xhat: (d.sum(0), d.sum(0)),
    "mean-of-parameters": lambda d, xhat: ((d * xhat).mean(0), d.mean(0)),
    "wrong-sign": lambda d, xhat: (-(d * xhat).sum(0), d.sum(0)),
}.items():
    wrong("math.backward", _mistake, _with_parameters(_change))

wrong(
    "math.backward",
    "mean-of-parameters",
    _with_parameters(lambda d, xhat: ((d * xhat).sum(0), d.mean(0))),
)

# Running statistics


@right("math.running")
class Layer:
    """The learner's layer; the wrong ones override one method."""

    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        self.momentum, self.eps = momentum, eps
        self.stats = {"m": np.zeros(num_features), "v": np.ones(num_features)}

    def forward(self, x, training, grad_enabled):
        if not training:
            return (x - self.stats["m"]) / np.sqrt(self.stats["v"] + self.eps)
        self.update(x)
        return (x - x.mean(0)) / np.sqrt(x.var(0) + self.eps)

    def update(self, x):
        self.blend("m", x.mean(0))
        self.blend("v", x.var(0, ddof=1))

    def blend(self, key, new):
        self.stats[key] = self.stats[key] + self.momentum * (new - self.stats[key])

    def state_dict(self):
        return dict(self.stats)

    def load_state_dict(self, state):
        self.stats = dict(state)


@right("math.running")
class LayerInFloat32(Layer):
    def forward(self, x, training, grad_enabled):
        return super().forward(x.astype(np.float32), training, grad_enabled)

    def blend(self, key, new):
        super().blend(key, new)
        self.stats[key] = self.stats[key].astype(np.float32)


@right("math.running")
class LayerInPlace(Layer):
    """Its state dict hands out the live arrays, as torch's does."""

    def blend(self, key, new):
        self.stats[key] *= 1 - self.momentum
        self.stats[key] += self.momentum * new


@wrong("math.running", "momentum-reversed")
class MomentumReversed(Layer):
    def blend(self, key, new):
        self.stats[key] = self.momentum * self.stats[key] + (1 - self.momentum) * new


@wrong("math.running", "biased-stored")
class BiasedStored(Layer):
    def update(self, x):
        self.blend("m", x.mean(0))
        self.blend("v", x.var(0))


@wrong("math.running", "unbiased-used")
class UnbiasedUsed(Layer):
    def forward(self, x, training, grad_enabled):
        y = super().forward(x, training, grad_enabled)
        if training:
            y = (x - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + self.eps)
        return y


@wrong("math.running", "running-statistics-in-training")
class RunningInTraining(Layer):
    def forward(self, x, training, grad_enabled):
        super().forward(x, training, grad_enabled)
        return (x - self.stats["m"]) / np.sqrt(self.stats["v"] + self.eps)


@wrong("math.running", "never-updated")
class NeverUpdated(Layer):
    def forward(self, x, training, grad_enabled):
        before = dict(self.stats)
        y = super().forward(x, training, grad_enabled)
        self.stats = before
        return y


@wrong("math.running", "mode-from-grad")
class ModeFromGrad(Layer):
    """As d2l has it: without gradients it must be prediction."""

    def forward(self, x, training, grad_enabled):
        return super().forward(x, grad_enabled, grad_enabled)


@wrong("math.running", "mode-from-grad")
class NeedsBoth(Layer):
    def forward(self, x, training, grad_enabled):
        return super().forward(x, training and grad_enabled, grad_enabled)


@wrong("math.running", "mode-from-grad")
class NoUpdateWithoutGrad(Layer):
    def forward(self, x, training, grad_enabled):
        before = dict(self.stats)
        y = super().forward(x, training, grad_enabled)
        if not grad_enabled:
            self.stats = before
        return y


@wrong("math.running", "not-saved")
class NothingSaved(Layer):
    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        self.stats.update(state)


@wrong("math.running", "not-saved")
class LoadNeedsWhatWasNotSaved(Layer):
    def state_dict(self):
        return {"eps": self.eps}

    def load_state_dict(self, state):
        self.stats = {"m": state["m"], "v": state["v"]}


@wrong("math.running", "not-saved")
class OnlyTheMeanSaved(Layer):
    def state_dict(self):
        return {"m": self.stats["m"]}

    def load_state_dict(self, state):
        self.stats |= state


@wrong("math.running", "updates-in-eval")
class UpdatesAlways(Layer):
    def forward(self, x, training, grad_enabled):
        self.update(x)
        mean, var = (x.mean(0), x.var(0)) if training else self.stats.values()
        return (x - mean) / np.sqrt(var + self.eps)


@wrong("math.running", "updates-in-eval")
class UpdatesAfterEval(Layer):
    def forward(self, x, training, grad_enabled):
        y = super().forward(x, training, grad_enabled)
        if not training:
            self.update(x)
        return y


@wrong("math.running", "batch-statistics-in-eval")
class BatchAlways(Layer):
    def forward(self, x, training, grad_enabled):
        if training:
            self.update(x)
        return (x - x.mean(0)) / np.sqrt(x.var(0) + self.eps)


@wrong("math.running", "wrong-start")
class ZeroVariance(Layer):
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        super().__init__(num_features, momentum, eps)
        self.stats["v"] = np.zeros(num_features)


@wrong("math.running", "std-stored")
class StdStored(Layer):
    def update(self, x):
        self.blend("m", x.mean(0))
        self.blend("v", x.std(0, ddof=1))


@wrong("math.running", "std-stored")
class StdStoredAndSquared(StdStored):
    def forward(self, x, training, grad_enabled):
        if training:
            return super().forward(x, training, grad_enabled)
        return (x - self.stats["m"]) / np.sqrt(self.stats["v"] ** 2 + self.eps)


@wrong("math.running", "first-batch-copied")
class FirstBatchCopied(Layer):
    seen = False

    def blend(self, key, new):
        if self.seen:
            return super().blend(key, new)
        self.stats[key] = new
        self.seen = key == "v"
        return None


# Two samples, by hand

right("math.two", ([[-1], [1]], [[0], [0]]))
right("math.two", [np.float32([[-1], [1]]), np.zeros((2, 1))])
wrong("math.two", "unbiased-variance", ([[-0.7071], [0.7071]], [[0], [0]]))
wrong("math.two", "wrong-sign", ([[1], [-1]], [[0], [0]]))
wrong("math.two", "missing-root", ([[-0.5], [0.5]], [[0], [0]]))
wrong("math.two", "constant-statistics", ([[-1], [1]], np.array([[5.0], [1.0]]) / 2))
wrong("math.two", "constant-variance", ([[-1], [1]], [[1], [-1]]))


@pytest.mark.parametrize(("exercise", "answer"), RIGHT)
def test_a_right_answer_passes_in_any_style(exercise, answer):
    verdict = check(exercise, answer)
    assert (verdict.passed, verdict.mistake, verdict.attempted) == (True, None, True), (
        verdict
    )


@pytest.mark.parametrize(("exercise", "mistake", "answer"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(exercise, mistake, answer):
    verdict = check(exercise, answer)
    assert (verdict.passed, verdict.mistake, verdict.attempted) == (False, mistake, True)
    assert "expected" in str(verdict) or "Error" in str(verdict), verdict


def test_every_known_mistake_is_tried_by_a_learner():
    tried = {tuple(parameter.values[:2]) for parameter in WRONG}
    assert tried == {(e.id, m.id) for e in _EXERCISES.values() for m in e.mistakes}


@pytest.mark.parametrize("exercise", _EXERCISES.values(), ids=_EXERCISES)
def test_every_known_wrong_answer_is_diagnosed_as_itself(exercise):
    for mistake in exercise.mistakes:
        for answer in mistake.wrong:
            assert judge(exercise, answer).mistake == mistake.id


def _distance(a, b):
    gaps = [0.0]
    for one, other in ((a[key], b[key]) for key in a):
        arrays = [isinstance(value, np.ndarray) for value in (one, other)]
        if all(arrays):
            gaps.append(np.nan_to_num(np.abs(one - other), nan=np.inf).max())
        elif any(arrays):  # one of them raises
            gaps.append(np.inf)
    return max(gaps)


@pytest.mark.parametrize("exercise", _EXERCISES.values(), ids=_EXERCISES)
def test_no_two_mistakes_can_be_confused(exercise):
    seen = [("right", observe(exercise, exercise.reference)[0])]
    seen += [
        (mistake.id, observe(exercise, answer)[0])
        for mistake in exercise.mistakes
        for answer in mistake.wrong
    ]
    for (one, a), (other, b) in combinations(seen, 2):
        if one != other:
            assert _distance(a, b) > 50 * TOLERANCE, (one, other)


KNOWN_FAULTS = {
    "variance as E[x²] − E[x]²": [
        ("math.forward", "one-pass-variance"),
        ("math.images", "one-pass-variance"),
    ],
    "statistics computed outside the gradient": [
        ("math.backward", "constant-statistics"),
        ("math.two", "constant-statistics"),
    ],
    "running statistics not in the state dict": [("math.running", "not-saved")],
    "mode inferred from whether gradients are on": [("math.running", "mode-from-grad")],
    "unbiased variance used to normalize": [
        ("math.forward", "unbiased-variance"),
        ("math.images", "unbiased-variance"),
        ("math.running", "unbiased-used"),
    ],
    "biased variance stored": [("math.running", "biased-stored")],
    "momentum the wrong way round": [("math.running", "momentum-reversed")],
    "parameters of one layout with the axes of another": [
        ("math.images", "channels-last-axes"),
        ("math.images", "parameters-wrong-axis"),
    ],
}


@pytest.mark.parametrize("fault", KNOWN_FAULTS)
def test_the_known_faults_of_teaching_code_are_caught(fault):
    for exercise, mistake in KNOWN_FAULTS[fault]:
        answers = [p.values[2] for p in WRONG if p.values[:2] == (exercise, mistake)]
        assert answers
        assert all(check(exercise, answer).mistake == mistake for answer in answers)


def test_two_mistakes_in_two_outputs_are_told_one_by_one():
    def swapped_and_without_gamma(dout, xhat, rstd, gamma):
        dx, dgamma, dbeta = backward_without_gamma(dout, xhat, rstd, gamma)
        return dx, dbeta, dgamma


def test_two_mistakes_in_one_output_are_no_reason_to_name_a_wrong_one():
    class ReversedAndUnbiased(UnbiasedUsed, MomentumReversed):
        pass

    class RunningStatisticsWithoutVariance(Layer):
        def forward(self, x, training, grad_enabled):
            super().forward(x, training, grad_enabled)
            return x - self.stats["m"]

    for answer in (ReversedAndUnbiased, RunningStatisticsWithoutVariance):
        assert check("math.running", answer).mistake == "unknown"


def test_the_backward_reference_is_the_backward_of_the_library():
    rng = np.random.default_rng(1)
    x, dout = rng.normal(size=(2, 6, 3))
    gamma = rng.normal(size=3)
    _, cache = functional.batch_norm(x, None, None, gamma, gamma, training=True, eps=0.1)
    rstd = 1 / np.sqrt(x.var(0) + 0.1)
    reference = _EXERCISES["math.backward"].reference
    got = reference(dout, (x - x.mean(0)) * rstd, rstd, gamma)
    for g, expected in zip(got, functional.batch_norm_backward(dout, cache), strict=True):
        np.testing.assert_allclose(g, expected, rtol=1e-10, atol=1e-12)


def test_undo_undoes_batch_norm():
    x = np.random.default_rng(1).normal(3.0, 0.2, size=(6, 3))
    gamma, beta = _EXERCISES["math.undo"].reference(x.mean(0), x.var(0), 0.5)
    y, _ = functional.batch_norm(x, None, None, gamma, beta, training=True, eps=0.5)
    np.testing.assert_allclose(y, x, rtol=1e-12)


def test_the_values_of_two_samples_are_what_the_library_computes():
    x, dout = np.array([[3.0], [7.0]]), np.array([[5.0], [1.0]])
    xhat, cache = functional.normalize(x, 0, eps=1e-12)
    expected = xhat, functional.normalize_backward(dout, cache)
    assert check("math.two", expected).passed


# Stubs


def _raise_not_implemented(*args):
    raise NotImplementedError


class StubLayer:
    def __init__(self, num_features, momentum=0.1, eps=1e-5): ...

    def forward(self, x, training, grad_enabled): ...

    def state_dict(self): ...

    def load_state_dict(self, state): ...


class RaisingStubLayer(StubLayer):
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        raise NotImplementedError


FUNCTIONS = ["math.forward", "math.images", "math.undo", "math.backward"]
STUBS = [
    *((e, answer) for e in _EXERCISES for answer in (None, ...)),
    *((e, lambda *args: None) for e in FUNCTIONS),
    *((e, lambda *args: ...) for e in FUNCTIONS),
    *((e, _raise_not_implemented) for e in FUNCTIONS),
    ("math.undo", lambda mean, var, eps: (..., ...)),
    ("math.backward", lambda dout, xhat, rstd, gamma: (None, None, None)),
    ("math.running", StubLayer),
    ("math.running", RaisingStubLayer),
    ("math.two", (None, None)),
    ("math.two", (..., ...)),
]


@pytest.mark.parametrize(("exercise", "answer"), STUBS)
def test_a_stub_is_not_attempted(exercise, answer):
    verdict = check(exercise, answer)
    assert (verdict.passed, verdict.mistake, verdict.attempted) == (False, None, False)


def test_a_half_filled_stub_is_incomplete_and_names_the_gap():
    verdict = check("math.two", ([[-1], [1]], ...))
    assert (verdict.mistake, verdict.attempted) == ("incomplete", True)
    assert "dx" in verdict.messages["english"]

    class NoState(Layer):
        def state_dict(self): ...

    verdict = check("math.running", NoState)
    assert verdict.mistake == "incomplete"
    assert "state_dict" in verdict.messages["hinglish"]


# Answers that misbehave


def _divides_by_zero(x, gamma, beta, eps):
    return x / 0


def _changes_x(x, gamma, beta, eps):
    x -= x.mean(0)
    x /= np.sqrt(x.var(0) + eps)
    return gamma * x + beta


def _changes_dout(dout, xhat, rstd, gamma):
    dout *= gamma
    return backward_with_sums(dout, xhat, rstd, 1)


def _needs_six_rows(x, gamma, beta, eps):
    if len(x) != 6:
        raise KeyError("two\nlines, then " + "a very long story " * 50)
    return forward_with_var(x, gamma, beta, eps)


class Hostile:
    """An object that raises whatever it is asked."""

    def _refuse(self, *args, **kwargs):
        raise RuntimeError("no")

    __array__ = __len__ = __iter__ = __eq__ = __bool__ = __repr__ = __str__ = _refuse
    __getattr__ = __getitem__ = __float__ = __format__ = _refuse
    __hash__ = None


class HostileError(Exception):
    def __str__(self):
        raise RuntimeError("no")


def _raises_hostile(*args):
    raise HostileError


class NotALayer:
    def __init__(self, num_features, momentum=0.1, eps=1e-5): ...


class StatelessLayer(NotALayer):
    def forward(self, x, training, grad_enabled): ...


class OldSignature(Layer):
    def forward(self, x, training):
        return x


class NoArguments:
    forward = state_dict = load_state_dict = lambda *args, **kwargs: None


class StateIsAList(Layer):
    def state_dict(self):
        return list(self.stats.values())


ODD = [
    ("math.forward", _divides_by_zero, "not-finite", "inf"),
    ("math.forward", _changes_x, "changed-input", "(6, 3)"),
    ("math.backward", _changes_dout, "changed-input", "dout (6, 3)"),
    ("math.forward", _needs_six_rows, "raised", "KeyError: 'two"),
    ("math.forward", _raises_hostile, "raised", "HostileError"),
    ("math.forward", lambda x, g, b, eps: x + np.zeros(7), "raised", "ValueError"),
    ("math.forward", lambda x, g, b: x, "wrong-signature", "batch_norm(x, g, b)"),
    ("math.forward", lambda x, g, b, *, eps: x, "wrong-signature", "*, eps"),
    ("math.forward", np.ones((6, 3)), "wrong-type", "ndarray"),
    ("math.forward", Hostile(), "wrong-type", "Hostile"),
    ("math.forward", lambda *args: Hostile(), "wrong-type", "Hostile"),
    ("math.forward", lambda *args: "y", "wrong-type", "str"),
    ("math.forward", lambda x, *rest: x + 1j, "wrong-type", "complex128"),
    ("math.forward", lambda x, *rest: x > 0, "wrong-type", "bool"),
    ("math.forward", lambda *args: [[1, 2], [3]], "wrong-type", "list"),
    ("math.forward", lambda x, *rest: (x, {"cache": x}), "wrong-type", "tuple"),
    (
        "math.forward",
        lambda x, *rest: x.mean(0),
        "wrong-shape",
        "expected (6, 3), got (3,)",
    ),
    ("math.forward", lambda x, *rest: x * 0.0, "unknown", "got 0"),
    ("math.forward", max, "raised", "Error"),
    ("math.undo", lambda mean, var, eps: mean, "wrong-type", "expected (gamma, beta)"),
    ("math.undo", lambda mean, var, eps: (var,), "wrong-type", "tuple of length 1"),
    (
        "math.backward",
        lambda d, xhat, rstd, gamma: tuple(
            g[None] if g.ndim == 1 else g for g in backward_with_sums(d, xhat, rstd, gamma)
        ),
        "wrong-shape",
        "dgamma: expected (3,), got (1, 3)",
    ),
    ("math.running", Layer(3), "wrong-type", "expected the class MyBatchNorm"),
    ("math.running", NotALayer, "wrong-signature", "got no forward"),
    ("math.running", StatelessLayer, "wrong-signature", "state_dict"),
    ("math.running", OldSignature, "wrong-signature", "forward(self, x, training)"),
    ("math.running", NoArguments, "wrong-signature", "num_features"),
    ("math.running", StateIsAList, "raised", "expected a dict from state_dict()"),
    ("math.two", Hostile(), "wrong-type", "Hostile"),
    ("math.two", (Hostile(), Hostile()), "wrong-type", "xhat: expected real numbers"),
    ("math.two", 3, "wrong-type", "expected (xhat, dx), got int"),
    ("math.two", ([-1, 1], [0, 0]), "wrong-shape", "expected (2, 1), got (2,)"),
    ("math.two", ([[np.nan], [1]], [[0], [0]]), "not-finite", "nan"),
]


# pytest would ask a hostile object for its name.
ODD_IDS = [f"{exercise}-{mistake}-{i}" for i, (exercise, _, mistake, _) in enumerate(ODD)]


@pytest.mark.parametrize(("exercise", "answer", "mistake", "detail"), ODD, ids=ODD_IDS)
def test_a_misbehaving_answer_gets_a_verdict(exercise, answer, mistake, detail):
    verdict = check(exercise, answer)
    assert (verdict.mistake, verdict.attempted) == (mistake, True), verdict
    for message in verdict.messages.values():
        assert detail in message
        assert "\n" not in message
        assert len(message) < 330


def test_a_warning_in_an_answer_does_not_leak():
    def noisy(x, gamma, beta, eps):
        warnings.warn("look at me", stacklevel=1)
        return forward_with_var(x, gamma, beta, eps)

    assert check("math.forward", noisy).passed


def test_an_interrupt_is_not_swallowed():
    def stopped(x, gamma, beta, eps):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("math.forward", stopped)


def test_every_call_gets_the_same_fresh_inputs():
    seen = []

    def spy(x, gamma, beta, eps):
        seen.append(x.copy())
        x[:] = 0

    check("math.forward", spy)
    check("math.forward", spy)
    half = len(seen) // 2
    assert half == len(_EXERCISES["math.forward"].cases)
    assert all(map(np.array_equal, seen[:half], seen[half:]))


def test_an_unknown_exercise_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"math\.forward.*math\.two.*, got 'math\.fwd'"):
        check("math.fwd", None)


def test_a_check_prints_nothing(capsys):
    check("math.two", 3)
    assert capsys.readouterr() == ("", "")


# What is told

TEXTS = [
    *(
        (f"{e.id} {m.id}", m.hinglish, m.english)
        for e in _EXERCISES.values()
        for m in e.mistakes
    ),
    *((name, *texts) for name, texts in _GENERIC.items()),
]
# The spelling table of the book, and English words that a Hinglish line must not need.
MISSPELT = """
me mai main hein he h kyu kyon q kia nahin nai nhi ye yah wo vo or n to
isiliye islie magar pe pr k jata jati hotaa mtlb jyada zyaada thora choota
chota bara pahle serf kese acha achha dekhie sochie donon use
"""
WORD = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@pytest.mark.parametrize(("name", "hinglish", "english"), TEXTS)
def test_both_languages_tell_the_same(name, hinglish, english):
    assert hinglish != english
    for text in (hinglish, english):
        assert text == text.strip()
        assert "\n" not in text
        assert text[-1] in ".?"
        assert len(text) < 180
    assert sorted(NUMBER.findall(hinglish)) == sorted(NUMBER.findall(english))
    symbols = {
        "N−1",
        "E[x²]",
        "xhat",
        "gamma",
        "beta",
        "eps",
        "rstd",
        "dx",
        "N",
        "x",
        "NaN",
    }
    symbols |= {"state_dict", "grad_enabled", "keepdims", "reshape", "float32", "(C,)"}
    for symbol in symbols:
        pattern = rf"(?<!\w){re.escape(symbol)}(?!\w)"
        found = [bool(re.search(pattern, text)) for text in (hinglish, english)]
        assert found[0] == found[1], symbol


@pytest.mark.parametrize(("name", "hinglish", "english"), TEXTS)
def test_hinglish_is_spelled_as_the_book_spells_it(name, hinglish, english):
    assert not set(MISSPELT.split()) & set(WORD.findall(hinglish))
    assert re.search(
        r"\b(hai|hain|ho|kiya|liya|joda|rakha|gaya|gaye|li|aaya)\b", hinglish
    ) or (re.search(r"\w+iye\b", hinglish))
    longest = max(len(s.split()) for s in re.split(r"[.?:] ", hinglish))
    assert longest <= 20


@pytest.mark.parametrize(("exercise", "mistake", "answer"), WRONG)
def test_numbers_are_the_same_in_both_languages(exercise, mistake, answer):
    hinglish, english = check(exercise, answer).messages.values()
    assert sorted(NUMBER.findall(hinglish)) == sorted(NUMBER.findall(english))


def test_text_is_two_lines_with_a_mark_and_a_word():
    marks = {
        "✔": ("math.two", ([[-1], [1]], [[0], [0]])),
        "✘": ("math.two", 3),
        "○": ("math.two", ...),
    }
    words = {"✔": "Correct.", "✘": "Not right yet.", "○": "Still open."}
    for mark, case in marks.items():
        hinglish, english = repr(check(*case)).splitlines()
        assert hinglish.startswith(mark + " math.two: ")
        assert words[mark] in english


class Page(HTMLParser):
    """The paragraphs, the styles and the balance of a fragment of HTML."""

    def __init__(self, html):
        super().__init__()
        self.paragraphs, self.styles, self.tags, self.depth = {}, [], set(), 0
        self.inside = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        self.depth += 1
        self.styles.append(attrs.get("style", ""))
        if tag == "p":
            self.inside = attrs["class"], attrs["lang"]
            self.paragraphs[self.inside] = ""

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.paragraphs[self.inside] += data


def test_html_has_a_paragraph_for_each_language():
    verdict = check("math.forward", lambda x, *rest: x * 0.0)
    page = Page(verdict._repr_html_())
    assert page.depth == 0
    assert set(page.paragraphs) == {("lang-hinglish", "hi-Latn"), ("lang-english", "en")}
    hinglish, english = page.paragraphs.values()
    assert verdict.messages["hinglish"] in hinglish
    assert verdict.messages["english"] in english
    assert all("✘" in text for text in (hinglish, english))


def test_html_escapes_what_the_learner_brings():
    def attack(*args):
        raise ValueError('<script>alert(1)</script> & "quotes"')

    verdict = check("math.forward", attack)
    assert "<script>" in verdict.messages["english"]
    page = Page(verdict._repr_html_())
    assert page.tags == {"div", "p", "strong", "span"}
    assert '<script>alert(1)</script> & "quotes"' in page.paragraphs["lang-english", "en"]


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def _contrast(one, other):
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("answer", [([[-1], [1]], [[0], [0]]), 3, ...])
def test_html_is_readable_on_white_and_near_black_pages(answer):
    page = Page(check("math.two", answer)._repr_html_())
    box = dict(part.split(":") for part in page.styles[0].split(";"))
    paragraphs = [style for style in page.styles[1:] if style]
    assert len(paragraphs) == 2
    # Text stands on the background of the box, whatever the page has.
    assert all(f"color:{box['color']}" in style for style in paragraphs)
    assert _contrast(box["color"], box["background"]) >= 7
    edge = box["border"].split()[-1]
    for around in (box["background"], "#ffffff", "#121212"):
        assert _contrast(edge, around) >= 3, around


def test_a_verdict_is_hashable_and_frozen():
    verdict = Verdict("math.two", False, "unknown", True, {"hinglish": "a", "english": "b"})
    assert hash(verdict)
    with pytest.raises(AttributeError):
        verdict.passed = True
