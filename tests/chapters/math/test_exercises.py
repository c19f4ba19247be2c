"""The exercises, held to answers that learners would write by hand."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from bn_lib import functional
from tests.chapters.learners import ExerciseTests, Learners, known_mistakes

LEARNERS = Learners("math")
EXERCISES, right = LEARNERS.exercises, LEARNERS.right
wrong, wrong_table = LEARNERS.wrong, LEARNERS.wrong_table


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


@right("math.forward")
def forward_in_the_nine_steps_of_cs231n(x, gamma, beta, eps):
    n, _ = x.shape
    mu = 1.0 / n * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = 1.0 / n * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    gammax = gamma * (xmu * ivar)
    return gammax + beta


@right("math.forward")
def forward_with_einsum(x, gamma, beta, eps):
    d = x - np.einsum("nc->c", x) / len(x)
    return d * (gamma / np.sqrt(np.einsum("nc,nc->c", d, d) / len(x) + eps)) + beta


@right("math.forward")
def forward_by_columns(x, gamma, beta, eps):
    columns = zip(x.T, gamma, beta, strict=True)
    return np.array(
        [g * (c - c.mean()) / (c.var() + eps) ** 0.5 + b for c, g, b in columns]
    ).T


@right("math.forward")
def forward_in_torch_with_gradients(x, gamma, beta, eps):
    x, gamma, beta = (torch.tensor(value) for value in (x, gamma, beta))
    x.requires_grad_()
    return gamma * (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + eps) + beta


@right("math.forward")
def forward_of_objects(x, gamma, beta, eps):
    y = forward_with_var(x, gamma, beta, eps)
    return np.array(y.tolist(), dtype=object)


@wrong("math.forward", "unbiased-variance")
def forward_with_torchs_default_variance(x, gamma, beta, eps):
    x, gamma, beta = (torch.tensor(value) for value in (x, gamma, beta))
    return gamma * (x - x.mean(0)) / torch.sqrt(x.var(0) + eps) + beta


@wrong("math.forward", "unbiased-variance")
def forward_loops_over_n_minus_1(x, gamma, beta, eps):
    y = np.empty_like(x)
    for j in range(x.shape[1]):
        d = x[:, j] - sum(x[:, j]) / len(x)
        y[:, j] = gamma[j] * d / (sum(d * d) / (len(x) - 1) + eps) ** 0.5 + beta[j]
    return y


def _standardize(x, eps, axes=0):
    d = x - x.mean(axes, keepdims=True)
    return d / np.sqrt((d * d).mean(axes, keepdims=True) + eps)


def _z(x):
    return x - x.mean(0)


# g is gamma, b is beta and e is eps.
FORWARD = {
    ("unbiased-variance",): [
        lambda x, g, b, e: g * _z(x) / np.sqrt(np.var(x, axis=0, ddof=1) + e) + b,
    ],
    ("eps-outside-root",): [lambda x, g, b, e: _z(x) / (x.std(0) + e) * g + b],
    ("unbiased-variance", "eps-outside-root"): [
        lambda x, g, b, e: g * _z(x) / (x.std(0, ddof=1) + e) + b,
    ],
    ("eps-forgotten",): [
        lambda x, g, b, e: _z(x) / x.std(0) * g + b,
        # An eps of one's own is as good as none.
        lambda x, g, b, e: _z(x) / np.sqrt(x.var(0) + 1e-5) * g + b,
        lambda x, g, b, e: _z(x) / np.sqrt(x.var(0) + 1e-3) * g + b,
    ],
    ("eps-forgotten", "unbiased-variance"): [
        lambda x, g, b, e: _z(x) / np.sqrt(x.var(0, ddof=1) + 1e-6) * g + b,
    ],
    ("eps-not-in-var",): [
        lambda x, g, b, e: g * (_z(x) / x.std(0) + e) + b,
        lambda x, g, b, e: g * _z(x) / np.sqrt(x.var(0)) + e + b,
        lambda x, g, b, e: g * _z(x) / (x.std(0) + np.sqrt(e)) + b,
        lambda x, g, b, e: g * _z(x) / np.maximum(x.std(0), e) + b,
    ],
    ("missing-root",): [
        lambda x, g, b, e: _z(x) / (x.var(0) + e) * g + b,
        lambda x, g, b, e: _z(x) / x.var(0) * g + b,
    ],
    ("missing-root", "beta-scaled"): [lambda x, g, b, e: g * (_z(x) / (x.var(0) + e) + b)],
    ("root-twice",): [lambda x, g, b, e: g * _z(x) / np.sqrt(x.std(0) + e) + b],
    ("brackets",): [
        lambda x, g, b, e: g * (x - x.mean(0) / np.sqrt(x.var(0) + e)) + b,
        lambda x, g, b, e: (g * x - x.mean(0)) / np.sqrt(x.var(0) + e) + b,
    ],
    ("not-divided",): [
        lambda x, g, b, e: g * _z(x) + b,
        lambda x, g, b, e: g * _z(x) * np.sqrt(x.var(0) + e) + b,
    ],
    ("not-the-variance",): [
        lambda x, g, b, e: g * (x - x.min(0)) / (x.max(0) - x.min(0)) + b,
        lambda x, g, b, e: g * (x - x.min(0)) / (x.max(0) - x.min(0) + e) + b,
        lambda x, g, b, e: g * _z(x) / (x.max(0) - x.min(0)) + b,
        lambda x, g, b, e: g * _z(x) / (np.abs(_z(x)).mean(0) + e) + b,
    ],
    ("wrong-count",): [
        lambda x, g, b, e: g * _z(x) / np.sqrt((_z(x) ** 2).sum(0) + e) + b,
        lambda x, g, b, e: g * _z(x) / np.sqrt((_z(x) ** 2).sum(0) / x.shape[1] + e) + b,
        # Three mistakes, of which one shows in what the answer does.
        lambda x, g, b, e: g * (_z(x) / (x.std(0, ddof=1) + e) + b),
    ],
    ("wrong-count", "eps-outside-root"): [
        lambda x, g, b, e: g * _z(x) / (np.linalg.norm(_z(x), axis=0) + e) + b,
    ],
    ("mean-not-subtracted",): [lambda x, g, b, e: g * x / (x.var(0) + e) ** 0.5 + b],
    ("variance-not-centered", "mean-not-subtracted"): [
        lambda x, g, b, e: g * x / np.sqrt((x**2).mean(0) + e) + b,
    ],
    ("global-statistics",): [
        lambda x, g, b, e: g * (x - np.mean(x)) / np.sqrt(np.var(x) + e) + b,
        lambda x, g, b, e: g * (x - x.mean()) / np.sqrt(x.var(0) + e) + b,
        lambda x, g, b, e: g * (x - x.mean(0)) / np.sqrt(x.var() + e) + b,
    ],
    ("features-mixed",): [
        lambda x, g, b, e: (
            g * (x - x.mean()) / np.sqrt(((x - x.mean()) ** 2).mean(0) + e) + b
        ),
    ],
    ("layer-norm",): [
        lambda x, g, b, e: g * (x - x.mean(axis=1)) / np.sqrt(x.var(axis=1) + e) + b,
        lambda x, g, b, e: g * _standardize(x, e, 1) + b,
    ],
    ("layer-norm", "eps-outside-root"): [
        lambda x, g, b, e: g * (x.T - x.mean(1)).T / (x.std(1)[:, None] + e) + b,
    ],
    ("layer-norm", "unbiased-variance"): [
        lambda x, g, b, e: g * ((x.T - x.mean(1)) / np.sqrt(x.var(1, ddof=1) + e)).T + b,
    ],
    ("batch-not-used", "features-mixed", "mean-not-subtracted"): [
        lambda x, g, b, e: g * x / np.sqrt((x**2).mean(1, keepdims=True) + e) + b,
    ],
    ("batch-not-used", "mean-not-subtracted", "scale-remains"): [
        lambda x, g, b, e: x,
        lambda x, g, b, e: g * np.tanh(x) + b,
    ],
    ("parameters-forgotten",): [
        lambda x, g, b, e: _standardize(x, e),
        lambda x, g, b, e: _standardize(x, e) * g,
        lambda x, g, b, e: _standardize(x, e) + b,
    ],
    ("parameters-swapped",): [
        lambda x, g, b, e: _standardize(x, e) * b + g,
        lambda x, b, g, e: _standardize(x, e) * g + b,
    ],
    ("beta-scaled",): [lambda x, g, b, e: g * (_standardize(x, e) + b)],
    ("gamma-not-once",): [
        lambda x, g, b, e: (1 + g) * _standardize(x, e) + b,
        lambda x, g, b, e: _standardize(x, e) / g + b,
        lambda x, g, b, e: g * g * _standardize(x, e) + b,
    ],
    ("wrong-sign",): [
        lambda x, g, b, e: g * (x.mean(0) - x) / np.sqrt(x.var(0) + e) + b,
        lambda x, g, b, e: g * _standardize(x, e) - b,
        lambda x, g, b, e: -g * _standardize(x, e) - b,
    ],
    ("eps-forgotten", "one-pass-variance"): [
        lambda x, g, b, e: g * _z(x) / np.sqrt((x * x).mean(0) - x.mean(0) ** 2) + b,
    ],
    ("unknown",): [
        lambda x, g, b, e: g * (x - np.median(x, 0)) / np.sqrt(x.var(0) + e) + b
    ],
}
wrong_table("math.forward", FORWARD)


@wrong("math.forward", "layer-norm")
def forward_by_rows(x, gamma, beta, eps):
    rows = [(r - np.mean(r)) / math.sqrt(np.mean((r - np.mean(r)) ** 2) + eps) for r in x]
    return gamma * np.array(rows) + beta


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


@wrong("math.forward", "wrong-count")
def forward_with_n_and_d_confused(x, gamma, beta, eps):
    n = x.shape[1]
    return gamma * _z(x) / np.sqrt((_z(x) ** 2).sum(0) / n + eps) + beta


@wrong("math.forward", "raised")
def forward_of_three_features(x, gamma, beta, eps):
    y = np.zeros_like(x)
    for j in range(3):
        y[:, j] = gamma[j] * _standardize(x[:, j], eps) + beta[j]
    return y


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


@right("math.images")
def images_with_the_channel_first(x, gamma, beta, eps):
    swapped = x.swapaxes(0, 1)
    rows = _standardize(swapped.reshape(x.shape[1], -1), eps, 1)
    return (gamma[:, None] * rows + beta[:, None]).reshape(swapped.shape).swapaxes(0, 1)


@right("math.images")
def images_with_means_of_means(x, gamma, beta, eps):
    mean = x.mean(0).mean(-1).mean(-1)[:, None, None]
    var = ((x - mean) ** 2).mean(3).mean(2).mean(0)[:, None, None]
    return gamma[:, None, None] * (x - mean) / np.sqrt(var + eps) + beta[:, None, None]


def _column(parameter):
    return parameter[None, :, None, None]


def _images(axes, axes_of_var=None, std=lambda v, e: np.sqrt(v + e), **choices):
    """Write batch norm of images with other axes, or another standard deviation."""

    def answer(x, gamma, beta, eps):
        mean = x.mean(axes, keepdims=True)
        var = x.var(axes if axes_of_var is None else axes_of_var, keepdims=True, **choices)
        return _column(gamma) * (x - mean) / std(var, eps) + _column(beta)

    return answer


def _flat(forward):
    """Write an answer for images as people do who flatten them first."""

    def images(x, gamma, beta, eps):
        n, c, h, w = x.shape
        rows = x.transpose(0, 2, 3, 1).reshape(-1, c)
        y = forward(rows, gamma, beta, eps)
        return np.broadcast_to(y, rows.shape).reshape(n, h, w, c).transpose(0, 3, 1, 2)

    return images


right("math.images", _images((0, 2, 3)))
IMAGES = {
    ("per-pixel",): [_images(0), _images((0, 2, 3), 0)],
    ("instance-norm",): [_images((2, 3)), _images((2, 3), (0, 2, 3))],
    ("instance-norm", "eps-outside-root"): [_images((2, 3), std=lambda v, e: v**0.5 + e)],
    ("layer-norm",): [_images((1, 2, 3))],
    ("channels-last-axes",): [_images((0, 1, 2))],
    ("channels-last-axes", "parameters-wrong-axis"): [
        lambda x, g, b, e: g * _standardize(x, e, (0, 1, 2)) + b,
    ],
    ("global-statistics",): [_images((0, 1, 2, 3)), _images((0, 2, 3), (0, 1, 2, 3))],
    ("wrong-axis",): [_images(1), _images((0, 2)), _images((0, 3), (0, 2, 3))],
    ("unbiased-variance",): [_images((0, 2, 3), ddof=1)],
    ("parameters-wrong-axis",): [
        lambda x, g, b, e: g * _standardize(x, e, (0, 2, 3)) + b,
        lambda x, g, b, e: g[:, None] * _standardize(x, e, (0, 2, 3)) + b[:, None],
    ],
    ("per-pixel", "parameters-wrong-axis"): [forward_with_var],
    ("missing-root",): [_flat(lambda x, g, b, e: g * _z(x) / (x.var(0) + e) + b)],
    ("eps-forgotten",): [_flat(lambda x, g, b, e: g * _z(x) / x.std(0) + b)],
    ("eps-outside-root",): [_flat(lambda x, g, b, e: g * _z(x) / (x.std(0) + e) + b)],
    ("mean-not-subtracted",): [
        _flat(lambda x, g, b, e: g * x / np.sqrt(x.var(0) + e) + b),
    ],
    ("parameters-forgotten",): [_flat(lambda x, g, b, e: _standardize(x, e))],
    ("parameters-swapped",): [_flat(lambda x, g, b, e: b * _standardize(x, e) + g)],
    ("eps-outside-root", "beta-scaled"): [
        _flat(lambda x, g, b, e: g * (_z(x) / (x.std(0) + e) + b)),
    ],
}
wrong_table("math.images", IMAGES)


@wrong("math.images", "statistics-wrong-axis")
def images_without_keepdims(x, gamma, beta, eps):
    mean, var = np.mean(x, (0, 2, 3)), np.var(x, (0, 2, 3))
    return _column(gamma) * ((x - mean) / np.sqrt(var + eps)) + _column(beta)


@wrong("math.images", "statistics-wrong-axis", "parameters-wrong-axis")
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


@wrong("math.images", "wrong-count")
def images_with_variance_over_n(x, gamma, beta, eps):
    d = x - x.mean((0, 2, 3), keepdims=True)
    var = (d**2).sum((0, 2, 3), keepdims=True) / len(x)
    return _column(gamma) * d / np.sqrt(var + eps) + _column(beta)


@wrong("math.images", "mean-of-variances")
def images_with_the_mean_of_variances(x, gamma, beta, eps):
    d = x - x.mean((0, 2, 3), keepdims=True)
    var = _column(x.var((2, 3)).mean(0))
    return _column(gamma) * d / np.sqrt(var + eps) + _column(beta)


@wrong("math.images", "axis-not-moved")
def images_reshaped_to_rows(x, gamma, beta, eps):
    return forward_with_var(x.reshape(-1, x.shape[1]), gamma, beta, eps).reshape(x.shape)


@wrong("math.images", "axis-not-moved")
def images_reshaped_to_channels(x, gamma, beta, eps):
    rows = _standardize(x.reshape(x.shape[1], -1), eps, 1)
    return (gamma[:, None] * rows + beta[:, None]).reshape(x.shape)


@wrong("math.images", "axis-not-moved")
def images_not_moved_back(x, gamma, beta, eps):
    rows = x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])
    return forward_with_var(rows, gamma, beta, eps).reshape(x.shape)


@wrong("math.images", "features-mixed")
def images_with_statistics_of_mixed_rows(x, gamma, beta, eps):
    rows = x.reshape(-1, x.shape[1])
    xhat = (x - _column(rows.mean(0))) / np.sqrt(_column(rows.var(0)) + eps)
    return _column(gamma) * xhat + _column(beta)


@wrong("math.images", "instance-norm")
def images_one_by_one(x, gamma, beta, eps):
    y = np.zeros_like(x)
    for n, image in enumerate(x):
        for c, p in enumerate(image):
            y[n, c] = gamma[c] * (p - p.mean()) / np.sqrt(p.var() + eps) + beta[c]
    return y


@wrong("math.images", "features-mixed", "wrong-shape")
def images_channels_last(x, gamma, beta, eps):
    return gamma * _standardize(np.moveaxis(x, 1, -1), eps, (0, 1, 2)) + beta


# Undo: m is the mean, v the variance, e is eps

right("math.undo", lambda mean, var, eps: (np.sqrt(var + eps), mean))
right("math.undo", lambda m, v, e: [[math.sqrt(a + e) for a in v], list(m)])
right("math.undo", lambda m, v, e: np.stack([(v + e) ** 0.5, m]).astype(np.float32))
right("math.undo", lambda m, v, e: [torch.tensor(v + e).sqrt(), torch.tensor(m)])

UNDO = {
    ("gamma-is-variance",): [lambda m, v, e: (v, m), lambda m, v, e: (v + e, m)],
    ("eps-forgotten",): [
        lambda m, v, e: (v**0.5, m),
        lambda m, v, e: (np.sqrt(v + 1e-5), m),
    ],
    ("eps-outside-root",): [lambda m, v, e: (v**0.5 + e, m)],
    ("wrong-sign",): [lambda m, v, e: (np.sqrt(v - e), m)],
    ("root-twice",): [lambda m, v, e: (np.sqrt(v**0.5 + e), m)],
    ("gamma-inverted",): [lambda m, v, e: ((v + e) ** -0.5, m)],
    ("gamma-inverted", "beta-negative"): [lambda m, v, e: ((v + e) ** -0.5, -m)],
    ("gamma-inverted", "gamma-is-variance"): [lambda m, v, e: (1 / (v + e), m)],
    ("beta-negative",): [lambda m, v, e: (np.sqrt(v + e), -m)],
    ("eps-forgotten", "beta-negative"): [lambda m, v, e: (np.sqrt(v), -m)],
    ("beta-scaled",): [
        lambda m, v, e: (np.sqrt(v + e), m * np.sqrt(v + e)),
        lambda m, v, e: (np.sqrt(v + e), m / np.sqrt(v)),
    ],
    ("beta-scaled", "beta-negative"): [
        lambda m, v, e: (np.sqrt(v + e), -m / np.sqrt(v + e)),
    ],
    ("gamma-inverted", "beta-scaled"): [
        lambda m, v, e: ((v + e) ** -0.5, m * (v + e) ** -0.5),
    ],
    ("nothing-undone",): [lambda m, v, e: (np.ones_like(v), np.zeros_like(m))],
    ("parameters-swapped",): [lambda m, v, e: (m, np.sqrt(v + e))],
    ("parameters-swapped", "eps-forgotten"): [lambda m, v, e: (m, np.sqrt(v))],
    # The right gamma twice is no swap.
    ("parameters-mixed",): [
        lambda m, v, e: (np.sqrt(v + e), np.sqrt(v + e)),
        lambda m, v, e: (np.sqrt(v + e), m - np.sqrt(v + e)),
    ],
    ("eps-forgotten", "parameters-mixed"): [lambda m, v, e: (m, m)],
    ("unknown",): [lambda m, v, e: (np.sqrt(v + e), abs(m))],
    ("incomplete",): [lambda m, v, e: (np.sqrt(v + e), None)],
}
wrong_table("math.undo", UNDO)


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
        self.stats = copy.deepcopy(state)


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


@right("math.running")
class LayerWithNestedState(Layer):
    def state_dict(self):
        lists = {key: value.tolist() for key, value in self.stats.items()}
        return {"buffers": lists, "version": 1, "name": "bn"}

    def load_state_dict(self, state):
        self.stats = {key: np.array(value) for key, value in state["buffers"].items()}


@right("math.running")
class LayerWithPickledState(Layer):
    def state_dict(self):
        return {"bytes": pickle.dumps(self.stats)}

    def load_state_dict(self, state):
        self.stats = pickle.loads(state["bytes"])


@right("math.running")
class LayerWithOneOutputBuffer(Layer):
    out = np.empty((0, 0))

    def forward(self, x, training, grad_enabled):
        y = super().forward(x, training, grad_enabled)
        if self.out.shape != y.shape:
            self.out = np.empty_like(y)
        self.out[...] = y
        return self.out


@right("math.running")
class LayerThatPrints(Layer):
    def forward(self, x, training, grad_enabled):
        print("forward of", x.shape)
        return super().forward(x, training, grad_enabled)


@right("math.running")
class TorchModule(nn.Module):
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))
        self.weight = nn.Parameter(torch.ones(num_features))

    def forward(self, x, training, grad_enabled):
        x = torch.as_tensor(x)
        mean, var = self.running_mean, self.running_var
        if training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with torch.no_grad():
                self.running_mean.lerp_(mean.float(), self.momentum)
                self.running_var.lerp_(x.var(0).float(), self.momentum)
                self.num_batches_tracked += 1
        return self.weight * (x - mean) / torch.sqrt(var + self.eps)


@wrong("math.running", "momentum-reversed")
class MomentumReversed(Layer):
    def blend(self, key, new):
        self.stats[key] = self.momentum * self.stats[key] + (1 - self.momentum) * new


@wrong("math.running", "momentum-reversed")
class MomentumReversedForTheVariance(MomentumReversed):
    def blend(self, key, new):
        (MomentumReversed if key == "v" else Layer).blend(self, key, new)


@wrong("math.running", "biased-stored")
class BiasedStored(Layer):
    def update(self, x):
        self.blend("m", x.mean(0))
        self.blend("v", x.var(0))


@wrong("math.running", "wrong-count")
class FactorUpsideDown(Layer):
    def update(self, x):
        self.blend("m", x.mean(0))
        self.blend("v", x.var(0) * (len(x) - 1) / len(x))


@wrong("math.running", "momentum-reversed", "biased-stored")
class LayerOfCs231n(MomentumReversed, BiasedStored):
    pass


@wrong("math.running", "momentum-reversed", "biased-stored", "other-defaults")
class LayerOfKeras(LayerOfCs231n):
    def __init__(self, num_features, momentum=0.99, eps=1e-3):
        super().__init__(num_features, momentum, eps)


@wrong("math.running", "mode-from-grad", "biased-stored")
class LayerOfD2l(BiasedStored):
    def forward(self, x, training, grad_enabled):
        return super().forward(x, grad_enabled, grad_enabled)


@wrong("math.running", "mode-from-grad", "momentum-reversed", "biased-stored")
class OldLayerOfD2l(LayerOfCs231n):
    def __init__(self, num_features, momentum=0.9, eps=1e-5):
        super().__init__(num_features, momentum, eps)
        self.stats["v"] = np.zeros(num_features)

    def forward(self, x, training, grad_enabled):
        return super().forward(x, grad_enabled, grad_enabled)


@wrong("math.running", "unbiased-variance")
class UnbiasedUsed(Layer):
    def forward(self, x, training, grad_enabled):
        y = super().forward(x, training, grad_enabled)
        if training:
            y = (x - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + self.eps)
        return y


@wrong("math.running", "unbiased-variance", "momentum-reversed")
class UnbiasedUsedAndMomentumReversed(UnbiasedUsed, MomentumReversed):
    pass


@wrong("math.running", "running-statistics-in-training")
class RunningInTraining(Layer):
    def forward(self, x, training, grad_enabled):
        super().forward(x, training, grad_enabled)
        return (x - self.stats["m"]) / np.sqrt(self.stats["v"] + self.eps)


@wrong("math.running", "running-statistics-in-training", "not-divided")
class RunningMeanOnly(Layer):
    def forward(self, x, training, grad_enabled):
        super().forward(x, training, grad_enabled)
        return x - self.stats["m"]


@wrong("math.running", "never-updated")
class NeverUpdated(Layer):
    def update(self, x):
        pass


@wrong("math.running", "never-updated")
class OnlyTheMeanUpdated(Layer):
    def update(self, x):
        self.blend("m", x.mean(0))


@wrong("math.running", "no-mean-in-eval")
class OnlyTheVarianceUpdated(Layer):
    def update(self, x):
        self.blend("v", x.var(0, ddof=1))


@wrong("math.running", "mode-from-grad")
class ModeFromGrad(Layer):
    def forward(self, x, training, grad_enabled):
        return super().forward(x, grad_enabled, grad_enabled)


@wrong("math.running", "mode-from-grad")
class ModeFromNoGrad(Layer):
    def forward(self, x, training, grad_enabled):
        return super().forward(x, not grad_enabled, grad_enabled)


@wrong("math.running", "mode-from-grad")
class NeedsBoth(Layer):
    def forward(self, x, training, grad_enabled):
        return super().forward(x, training and grad_enabled, grad_enabled)


@wrong("math.running", "mode-from-grad")
class NeedsOne(Layer):
    def forward(self, x, training, grad_enabled):
        return super().forward(x, training or grad_enabled, grad_enabled)


@wrong("math.running", "mode-from-grad")
class NoUpdateWithoutGrad(Layer):
    def forward(self, x, training, grad_enabled):
        before = dict(self.stats)
        y = super().forward(x, training, grad_enabled)
        if not grad_enabled:
            self.stats = before
        return y


@wrong("math.running", "mode-reversed")
class ModeReversed(Layer):
    def forward(self, x, training, grad_enabled):
        return super().forward(x, not training, grad_enabled)


@wrong("math.running", "not-saved")
class NothingSaved(Layer):
    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        self.stats.update(state)


@wrong("math.running", "not-saved", "raised")
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
        self.stats = self.stats | copy.deepcopy(state)


@wrong("math.running", "state-not-copied")
class StateKept(Layer):
    def load_state_dict(self, state):
        self.stats = dict(state)


@wrong("math.running", "state-not-copied")
class StateDictKept(Layer):
    def load_state_dict(self, state):
        self.stats = state


@wrong("math.running", "not-repeatable")
class StateOfTheClass(Layer):
    shared: dict = {}  # noqa: RUF012

    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        super().__init__(num_features, momentum, eps)
        self.stats = self.shared.setdefault(num_features, self.stats)


@wrong("math.running", "updates-in-eval")
class UpdatesAlways(Layer):
    def forward(self, x, training, grad_enabled):
        self.update(x)
        mean, var = (x.mean(0), x.var(0)) if training else self.stats.values()
        return (x - mean) / np.sqrt(var + self.eps)


@wrong("math.running", "updates-in-eval", "biased-stored")
class UpdatesAlwaysBiased(UpdatesAlways, BiasedStored):
    pass


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


@wrong("math.running", "std-stored", "biased-stored")
class StdStored(Layer):
    def update(self, x):
        self.blend("m", x.mean(0))
        self.blend("v", x.std(0))


@wrong("math.running", "std-stored")
class StdStoredAndSquared(Layer):
    def update(self, x):
        self.blend("m", x.mean(0))
        self.blend("v", x.std(0, ddof=1))

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


@wrong("math.running", "first-batch-copied", "raised")
class NoStart(Layer):
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        super().__init__(num_features, momentum, eps)
        self.stats = {"m": None, "v": None}

    def blend(self, key, new):
        if self.stats[key] is None:
            self.stats[key] = new
        super().blend(key, new)


@wrong("math.running", "plain-average")
class PlainAverage(Layer):
    n = 0

    def update(self, x):
        self.n += 1
        self.momentum = 1 / self.n
        super().update(x)


@wrong("math.running", "plain-average", "biased-stored")
class PlainAverageBiased(PlainAverage, BiasedStored):
    pass


@wrong("math.running", "wrong-average")
class NeverDecays(Layer):
    def blend(self, key, new):
        self.stats[key] = self.stats[key] + self.momentum * new


@wrong("math.running", "wrong-average")
class OnlyTheLastBatch(Layer):
    def blend(self, key, new):
        self.stats[key] = new


@wrong("math.running", "momentum-ignored")
class OwnMomentum(Layer):
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        super().__init__(num_features, 0.1, eps)


@wrong("math.running", "eps-forgotten")
class OwnEps(Layer):
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        super().__init__(num_features, momentum, 1e-5)


@wrong("math.running", "other-defaults")
class DefaultsOfKeras(Layer):
    def __init__(self, num_features, momentum=0.01, eps=1e-3):
        super().__init__(num_features, momentum, eps)


@wrong("math.running", "features-hard-coded")
class ThreeFeatures(Layer):
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        super().__init__(3, momentum, eps)


@wrong("math.running", "batch-size-remembered")
class FirstBatchSize(Layer):
    n = None

    def update(self, x):
        self.n = self.n or len(x)
        self.blend("m", x.mean(0))
        self.blend("v", x.var(0) * self.n / (self.n - 1))


@wrong("math.running", "one-sample-in-eval")
class FactorBeforeTheIf(Layer):
    def forward(self, x, training, grad_enabled):
        factor = len(x) / (len(x) - 1)
        if not training:
            return (x - self.stats["m"]) / np.sqrt(self.stats["v"] + self.eps)
        self.blend("m", x.mean(0))
        self.blend("v", x.var(0) * factor)
        return (x - x.mean(0)) / np.sqrt(x.var(0) + self.eps)


def _eval(formula):
    """Write a layer whose formula in eval is another."""

    class Eval(Layer):
        def forward(self, x, training, grad_enabled):
            if training:
                return super().forward(x, training, grad_enabled)
            return formula(x, *self.stats.values(), self.eps)

    return Eval


wrong("math.running", "missing-root")(_eval(lambda x, m, v, e: (x - m) / (v + e)))
wrong("math.running", "eps-forgotten")(_eval(lambda x, m, v, e: (x - m) / np.sqrt(v)))
wrong("math.running", "no-mean-in-eval")(_eval(lambda x, m, v, e: x / np.sqrt(v + e)))
wrong("math.running", "eps-outside-root")(
    _eval(lambda x, m, v, e: (x - m) / (np.sqrt(v) + e))
)
wrong("math.running", "brackets")(_eval(lambda x, m, v, e: x - m / np.sqrt(v + e)))


wrong("math.running", "training-without-effect")(_eval(lambda x, m, v, e: x))
wrong("math.running", "training-without-effect", "momentum-ignored", "eps-forgotten")(
    _eval(lambda x, m, v, e: x / 2 + 1)
)


@wrong("math.running", "eps-outside-root", "biased-stored")
class EpsOutsideEverywhere(BiasedStored):
    def forward(self, x, training, grad_enabled):
        super().forward(x, training, grad_enabled)
        mean, var = (x.mean(0), x.var(0)) if training else self.stats.values()
        return (x - mean) / (np.sqrt(var) + self.eps)


@wrong("math.running", "global-statistics")
class GlobalStatistics(Layer):
    def forward(self, x, training, grad_enabled):
        y = super().forward(x, training, grad_enabled)
        return (x - x.mean()) / np.sqrt(x.var() + self.eps) if training else y

    def update(self, x):
        self.blend("m", x.mean())
        self.blend("v", x.var(ddof=1))


@wrong("math.running", "one-pass-variance")
class OnePass(Layer):
    def forward(self, x, training, grad_enabled):
        y = super().forward(x, training, grad_enabled)
        if training:
            var = (x * x).mean(0) - x.mean(0) ** 2
            y = (x - x.mean(0)) / np.sqrt(var + self.eps)
        return y


@wrong("math.running", "changed-input")
class ChangesItsInput(Layer):
    def forward(self, x, training, grad_enabled):
        y = super().forward(x, training, grad_enabled)
        x[:] = y
        return x


class TestExercises(ExerciseTests):
    learners = LEARNERS


KNOWN_FAULTS = {
    "variance as E[x²] − E[x]²": ("one-pass-variance", "forward images running"),
    "running statistics not in the state dict": ("not-saved", "running"),
    "mode inferred from whether gradients are on": ("mode-from-grad", "running"),
    "unbiased variance used to normalize": (
        "unbiased-variance",
        "forward images running",
    ),
    "biased variance stored": ("biased-stored", "running"),
    "momentum the wrong way round": ("momentum-reversed", "running"),
    "axes of another layout": ("channels-last-axes", "images"),
    "parameter shapes of another layout": ("parameters-wrong-axis", "images"),
}


@pytest.mark.parametrize("fault", KNOWN_FAULTS)
def test_the_known_faults_of_teaching_code_are_known(fault):
    mistake, names = KNOWN_FAULTS[fault]
    for name in names.split():
        assert mistake in known_mistakes(EXERCISES[f"math.{name}"])


# A second way to the same answers


def test_the_forward_answers_are_what_the_library_computes():
    rng = np.random.default_rng(1)
    for name, shape in (("math.forward", (6, 3)), ("math.images", (4, 3, 2, 5))):
        x, gamma, beta = rng.normal(size=shape), rng.normal(size=3), rng.normal(size=3)
        given = EXERCISES[name].answer(x, gamma, beta, 0.1)
        y, _ = functional.batch_norm(x, None, None, gamma, beta, training=True, eps=0.1)
        np.testing.assert_allclose(given, y, rtol=1e-10, atol=1e-12)


def test_the_running_answer_is_torchs_layer():
    ours, theirs = (
        EXERCISES["math.running"].answer(3),
        nn.BatchNorm1d(3, affine=False).double(),
    )
    for x in np.random.default_rng(1).normal(size=(3, 6, 3)):
        y = ours.forward(x, training=True, grad_enabled=True)
        np.testing.assert_allclose(y, theirs(torch.tensor(x)), rtol=1e-10, atol=1e-12)
    y = ours.forward(x, training=False, grad_enabled=True)
    np.testing.assert_allclose(y, theirs.eval()(torch.tensor(x)), rtol=1e-10, atol=1e-12)


def test_undo_undoes_batch_norm():
    x = np.random.default_rng(1).normal(3.0, 0.2, size=(6, 3))
    gamma, beta = EXERCISES["math.undo"].answer(x.mean(0), x.var(0), 0.5)
    y, _ = functional.batch_norm(x, None, None, gamma, beta, training=True, eps=0.5)
    np.testing.assert_allclose(y, x, rtol=1e-12)
