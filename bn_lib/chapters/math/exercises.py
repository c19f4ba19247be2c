"""Exercises of the chapter on the math: right answers, and the lines that go wrong."""

import itertools
import re
from functools import partial

import numpy as np

from bn_lib.course import story
from bn_lib.course.exercise import Exercise
from bn_lib.course.probe import alike, both, huge, unlike

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def _near_one(rng, shape):
    return rng.normal(1.5, 0.7, size=shape)


def _of_any_spread(rng, shape):
    return rng.normal(1.5, rng.uniform(0.2, 2.0), size=shape)


def _nearly_constant(rng, shape):
    return rng.normal(1.5, 0.01, size=shape)


def _float32_near_3000(rng, shape):
    """Return values whose sum rounds nothing, but whose squares do."""
    return (3000 + rng.integers(-6, 7, size=shape) / 4).astype(np.float32)


def _twice(x):
    return np.concatenate([x, x])


def _other_samples(x):
    """Change every sample but the second."""
    return x + 10 * (np.arange(len(x)) - 1).reshape(-1, *[1] * (x.ndim - 1)) ** 2


def _other_features(x):
    """Change every feature but the first, not in all samples alike."""
    return np.concatenate([x[:, :1], _other_samples(x)[:, 1:]], axis=1)


_FIRST = (slice(None), 0)  # the feature that stays


def _each(statistic, x):
    """Return a statistic of each feature of (N, C, …) in a shape that fits x."""
    return statistic(x, axis=(0, *range(2, x.ndim)), keepdims=True)


# Mistakes that any batch norm can have; x[:, 0] holds the values of one feature.
STATISTICS = """
    unbiased-variance      x.var( -> x.var(ddof=1,
    variance-not-centered  x.var( -> (x**2).mean(
    wrong-count            x.mean( -> x[:, 0].size * x.mean(
                           x.mean( -> x[:, 0].size / x.shape[1] * x.mean(
                           x.var( -> x[:, 0].size * x.var(
                           x.var( -> x[:, 0].size / x.shape[1] * x.var(
    not-the-variance       std = _each(np.ptp, x) | _each(np.ptp, x) + eps
                           std = _each(np.mean, np.abs(x - mean)) + eps
                           mean = _each(np.min, x); std = _each(np.ptp, x)
                           mean = _each(np.min, x); std = _each(np.ptp, x) + eps
"""
DIVISION = """
    eps-forgotten     + eps ->
    eps-outside-root  std = np.sqrt(var) + eps
    eps-not-in-var    xhat = (x - mean) / np.sqrt(var) + eps
                      std = np.sqrt(var + eps**2) | np.sqrt(var + np.sqrt(eps))
                      std = np.sqrt(np.maximum(var, eps)) | np.maximum(np.sqrt(var), eps)
                      std = np.sqrt(var + eps) + eps | np.sqrt(var) + np.sqrt(eps)
    missing-root      std = var + eps | var
    root-twice        std = np.sqrt(np.sqrt(var) + eps) | (var + eps) ** 0.25
    not-divided       xhat = x - mean | (x - mean) * std
    brackets          xhat = x - mean / std | x / std - mean
    wrong-sign        - -> +
                      + -> -
                      xhat = (mean - x) / std
"""
PARAMETERS = """
    mean-not-subtracted   - mean ->
    eps-not-in-var        std = np.sqrt(var); return gamma * xhat + eps + beta
    parameters-forgotten  return xhat | gamma * xhat | xhat + beta
    beta-scaled           return gamma * (xhat + beta) | (gamma * (x - mean) + beta) / std
                          return gamma * xhat + beta * xhat
    parameters-swapped    return beta * xhat + gamma
    gamma-not-once        gamma * -> gamma**2 * | 1 / gamma * | gamma + | (1 + gamma) *
    brackets              return (gamma * x - mean) / std + beta
                          return gamma * x - mean / std + beta
"""

NORM_PROBES = (
    ("batch-not-used", "y", alike({}, {"x": _other_samples}, at=1)),
    ("features-mixed", "y", unlike({}, {"x": _other_features}, at=_FIRST)),
    ("mean-not-subtracted", "y", unlike({}, {"x": lambda x: x + 100})),
    (
        "scale-remains",
        "y",
        unlike({"eps": 1e-9, "x": lambda x: 10 * x}, {"eps": 1e-9, "x": lambda x: 1e4 * x}),
    ),
    ("wrong-count", "y", unlike({}, {"x": _twice}, at=0)),
    ("eps-forgotten", "y", alike({}, {"eps": huge})),
    ("parameters-forgotten", "y", alike({}, {"gamma": huge})),
    ("parameters-forgotten", "y", alike({}, {"beta": huge})),
)


def _batch(shape, eps, sign=1, draw=_near_one):
    """Return the inputs of a case; gamma and beta are away from 0 and 1."""

    def inputs(rng):
        x = draw(rng, shape)
        gamma = sign * rng.uniform(1.5, 2.5, size=shape[1]).astype(x.dtype)
        beta = rng.uniform(-2.0, -1.0, size=shape[1]).astype(x.dtype)
        return {"x": x, "gamma": gamma, "beta": beta, "eps": eps}

    return inputs


def batch_norm(x, gamma, beta, eps):
    mean = x.mean(axis=0)  # (C,)
    var = x.var(axis=0)  # divided by N, not by N − 1
    std = np.sqrt(var + eps)
    xhat = (x - mean) / std
    return gamma * xhat + beta


FORWARD = Exercise(
    batch_norm,
    cases={
        "x (4, 4), eps 0.5": _batch((4, 4), 0.5),
        "x (6, 3), eps 1e-5": _batch((6, 3), 1e-5),
        "x (5, 2), eps 0.5": _batch((5, 2), 0.5, sign=-1),
        "float32, mean 3000": _batch((8, 4), 1e-5, draw=_float32_near_3000),
    },
    tells={"float32, mean 3000": "one-pass-variance"},
    probes=NORM_PROBES,
    from_scratch=True,
    mistakes=f"""
    {STATISTICS}{DIVISION}{PARAMETERS}
    global-statistics  axis=0 -> axis=None
    layer-norm         axis=0 -> axis=1 | axis=1, keepdims=True
    layer-norm, unbiased-variance  x.var(axis=0) -> x.var(axis=1, keepdims=True, ddof=1)
    """,
)


def batch_norm(x, gamma, beta, eps):
    mean = x.mean(axis=(0, 2, 3), keepdims=True)  # (1, C, 1, 1)
    var = x.var(axis=(0, 2, 3), keepdims=True)
    std = np.sqrt(var + eps)
    xhat = (x - mean) / std
    gamma, beta = gamma.reshape(1, -1, 1, 1), beta.reshape(1, -1, 1, 1)
    return gamma * xhat + beta


def _flattened(rows, axis):
    """Return lines that flatten x to two axes, and go back without moving them."""
    lines = [
        f"shape, x = x.shape, {rows}",
        f"mean = x.mean(axis={axis}, keepdims=True)",
        f"var = x.var(axis={axis}, keepdims=True)",
        f"gamma, beta = np.expand_dims(gamma, {axis}), np.expand_dims(beta, {axis})",
        "return (gamma * xhat + beta).reshape(shape)",
    ]
    return "; ".join(lines)


IMAGES = Exercise(
    batch_norm,
    cases={
        # Only where C = H = W does a (C,) array that lies along H or W run at all.
        "x (2, 3, 3, 3), eps 0.5": _batch((2, 3, 3, 3), 0.5),
        "x (2, 3, 4, 5), eps 1e-5": _batch((2, 3, 4, 5), 1e-5),
        "x (3, 2, 1, 4), eps 0.5": _batch((3, 2, 1, 4), 0.5, sign=-1),
        "float32, mean 3000": _batch((2, 4, 2, 2), 1e-5, draw=_float32_near_3000),
    },
    tells={"float32, mean 3000": "one-pass-variance"},
    probes=NORM_PROBES,
    from_scratch=True,
    mistakes=f"""
    {STATISTICS}{DIVISION}{PARAMETERS}
    wrong-count            x.mean( -> len(x) * x.mean( | x[0, 0].size * x.mean(
                           x.var( -> len(x) * x.var( | x[0, 0].size * x.var(
    per-pixel              (0, 2, 3) -> 0
    instance-norm          (0, 2, 3) -> (2, 3)
    layer-norm             (0, 2, 3) -> (1, 2, 3)
    channels-last-axes     (0, 2, 3) -> (0, 1, 2)
    global-statistics      (0, 2, 3) -> None
    wrong-axis             (0, 2, 3) -> (0, 2) | (0, 3) | (0, 1) | (0, 1, 3) | 1 | 2 | 3
    statistics-wrong-axis  , keepdims=True ->
    parameters-wrong-axis  .reshape(1, -1, 1, 1) ->
                           (1, -1, 1, 1) -> (-1, 1)
    mean-of-variances      x.var( -> x.var(axis=(2, 3), keepdims=True).mean(
                           x.var( -> x.mean(axis=(2, 3), keepdims=True).var(
                           x.var( -> x.var(axis=0, keepdims=True).mean(
    axis-not-moved         {_flattened("x.reshape(-1, x.shape[1])", 0)}
                           {_flattened("x.reshape(x.shape[1], -1)", 1)}
                           {_flattened("np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])", 0)}
                           {_flattened("np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)", 1)}
    """,
)


def undo(mean, var, eps):
    gamma = np.sqrt(var + eps)  # what normalizing divides by
    beta = mean  # what it subtracts
    return gamma, beta


def _moments(features, eps, sign=1):
    """Return means and variances of features, none of them special."""
    return lambda rng: {
        "mean": sign * rng.uniform(1.5, 3.0, features),
        "var": rng.uniform(0.3, 0.8, features),
        "eps": eps,
    }


UNDO = Exercise(
    undo,
    outputs=("gamma", "beta"),
    cases={
        "3 features, eps 0.5": _moments(3, 0.5),
        "3 features, eps 1e-5": _moments(3, 1e-5),
        "2 features, eps 0.5": _moments(2, 0.5, sign=-1),
    },
    probes=(
        ("eps-forgotten", "gamma", alike({}, {"eps": huge})),
        ("parameters-mixed", "gamma", unlike({}, {"mean": huge})),
        ("parameters-mixed", "beta", unlike({}, {"var": huge})),
    ),
    mistakes="""
    gamma-is-variance   gamma = var + eps | var
    eps-forgotten       gamma = np.sqrt(var)
    eps-outside-root    gamma = np.sqrt(var) + eps
    eps-not-in-var      gamma = np.sqrt(var) + np.sqrt(eps) | np.sqrt(var + eps**2)
    root-twice          gamma = np.sqrt(np.sqrt(var) + eps) | (var + eps) ** 0.25
    wrong-sign          + -> -
    gamma-inverted      gamma = 1 / np.sqrt(var + eps) | 1 / np.sqrt(var)
    gamma-inverted, gamma-is-variance  gamma = 1 / (var + eps) | 1 / var
    nothing-undone      gamma = np.ones_like(var)
                        beta = np.zeros_like(mean)
    beta-negative       beta = -mean
    beta-scaled         beta = mean * gamma | mean / gamma | mean * var | mean / var
                        beta = mean * np.sqrt(var) | mean / np.sqrt(var)
    beta-scaled, beta-negative  beta = -mean * gamma | -mean / gamma | -mean / np.sqrt(var)
    parameters-swapped  return beta, gamma
    """,
)


class MyBatchNorm:
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        self.momentum, self.eps = momentum, eps
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)

    def forward(self, x, training, grad_enabled):
        batch = x.mean(axis=0), x.var(axis=0)
        running = self.running_mean, self.running_var
        if training:
            old, new = 1 - self.momentum, self.momentum
            unbiased = x.var(axis=0, ddof=1)  # divided by N − 1
            self.running_mean = old * self.running_mean + new * x.mean(axis=0)
            self.running_var = old * self.running_var + new * unbiased
        mean, var = batch if training else running
        std = np.sqrt(var + self.eps)
        xhat = (x - mean) / std
        return xhat

    def state_dict(self):
        return {"running_mean": self.running_mean, "running_var": self.running_var}

    def load_state_dict(self, state):
        self.running_mean = state["running_mean"].copy()  # copied: the state is not ours
        self.running_var = state["running_var"].copy()


_CHOSEN, _DEFAULTS = {"momentum": 0.7, "eps": 0.75}, {"momentum": 0.1, "eps": 1e-5}


def _story(verbs, sizes=(4,), features=3, draw=_of_any_spread, choices=_CHOSEN):
    """Return a case in which a layer goes through the verbs, with a batch for each."""

    def inputs(rng):
        batches = zip(verbs.split(", "), itertools.cycle(sizes), strict=False)
        x = [draw(rng, (size, features)) for _, size in batches]
        return {"num_features": features, **choices, "verbs": verbs, "x": x}

    return inputs


# What the probes feed to a layer.
_A, _B = np.random.default_rng(1).normal([[[3]], [[9]]], 3, size=(2, 4, 3))
_BATCHES = {
    "a": _A,
    "b": _B,
    "a twice": _twice(_A),
    "a wider": 3 * _A - 2 * _A.mean(axis=0),
    "a + 100": _A + 100,
    "a among others": _other_samples(_A),
    "a beside others": _other_features(_A),
}
_ends = partial(story.ends, batches=_BATCHES)
_TWICE = story.told("train a, train b, eval a", _BATCHES)
RUNNING_PROBES = (
    ("running-statistics-in-training", "train", _ends("train a", "!=", "train b, train a")),
    ("batch-not-used", "train", _ends("train a", "==", "train a among others", at=1)),
    ("mode-from-grad", "train", _ends("train a", "!=", "recalibrate a")),
    ("mean-not-subtracted", "train", _ends("train a", "!=", "train a + 100")),
    ("features-mixed", "train", _ends("train a", "!=", "train a beside others", at=_FIRST)),
    (
        "batch-statistics-in-eval",
        "eval",
        _ends("eval a", "!=", "eval a among others", at=1),
    ),
    ("updates-in-eval", "eval", _ends("eval a", "!=", "eval b, eval a")),
    ("mode-from-grad", "eval", _ends("train a, eval b", "!=", "recalibrate a, frozen b")),
    ("training-without-effect", "eval", _ends("eval b", "==", "train a, eval b")),
    (
        "not-saved",
        "eval",
        story.loses_state(
            "train a, save a, eval b", "train a, save a, load a, eval b", _BATCHES
        ),
    ),
    (
        "momentum-reversed",
        "eval",
        both(
            _ends("eval b", "==", "train a, eval b", momentum=1.0),
            _ends("eval b", "!=", "train a, eval b", momentum=0.0),
        ),
    ),
    (
        "biased-stored",
        "eval",
        both(
            _ends("train a, eval b", "==", "train a twice, eval b"),
            _ends("train a, eval b", "!=", "train a wider, eval b"),
        ),
    ),
    (
        "first-batch-copied",
        "eval",
        both(alike({}, {"momentum": 0.2}), unlike(_TWICE, _TWICE | {"momentum": 0.2})),
    ),
    ("momentum-ignored", "eval", alike(_TWICE, _TWICE | {"momentum": 0.2})),
    ("eps-forgotten", "train eval", alike({}, {"eps": huge})),
)

_STORIES = (
    "train, eval",
    "train, train, eval",
    "eval, eval",
    "train, eval, eval, train, eval",
    "train, recalibrate, eval",
    "train, frozen, eval",
    "train, train, save, load, eval, train, eval",
)

# Pieces of wrong lines.
_NOW = "self.running_mean, self.running_var"
_SQUARED = "mean, var = batch if training else (running[0], running[1] ** 2)"
_COUNT = "self.n = getattr(self, 'n', 0) + 1"

RUNNING = Exercise(
    MyBatchNorm,
    play=story.play,
    cases={verbs: _story(verbs) for verbs in _STORIES}
    | {
        "eval of one sample": _story("train, eval", sizes=(4, 1)),
        "batches of 4, 7 and 5": _story("train, train, eval", sizes=(4, 7, 5)),
        "5 features": _story("train, eval", features=5),
        "nearly constant": _story("train, eval", draw=_nearly_constant, choices=_DEFAULTS),
        "default momentum and eps": _story(
            "train, eval", draw=_nearly_constant, choices={}
        ),
        "save, load, change the dict": _story("train, save, load, change, eval"),
        "float32, mean 3000": _story("train", sizes=(8,), draw=_float32_near_3000),
    },
    tells={
        "eval of one sample": "one-sample-in-eval",
        "batches of 4, 7 and 5": "batch-size-remembered",
        "5 features": "features-hard-coded",
        "default momentum and eps": "other-defaults",
        "save, load, change the dict": "state-not-copied",
        "float32, mean 3000": "one-pass-variance",
    },
    probes=RUNNING_PROBES,
    # Here it is self.eps that stands in the lines, but not in the ids.
    from_scratch=True,
    mistakes=re.sub(r"\beps\b(?!-)", "self.eps", DIVISION)
    + f"""
    mean-not-subtracted       xhat = x / std if training else (x - mean) / std
    training-without-effect   xhat = (x - mean) / std if training else x
    no-mean-in-eval           xhat = (x - mean) / std if training else x / std
    unbiased-variance         x.var(axis=0) -> x.var(axis=0, ddof=1)
    global-statistics         axis=0 -> axis=None
    biased-stored             ddof=1 -> ddof=0
    std-stored                unbiased = x.std(axis=0, ddof=1)
                              unbiased = x.std(axis=0, ddof=1); {_SQUARED}
    std-stored, biased-stored  unbiased = x.std(axis=0)
                              unbiased = x.std(axis=0); {_SQUARED}
    wrong-count               x.var(axis=0) -> len(x) * x.var(axis=0)
                              unbiased = len(x) * x.var(axis=0)
                              unbiased = x.var(axis=0) * (len(x) - 1) / len(x)
    momentum-reversed         old, new = self.momentum, 1 - self.momentum
                              old * self.running_mean + new -> new * self.running_mean + old
                              old * self.running_var + new -> new * self.running_var + old
    momentum-ignored          old, new = 0.9, 0.1 | 0.1, 0.9 | 0.99, 0.01
    wrong-average             old * -> 1 * | 0 *
                              new * -> 1 *
                              old, new = 1, 1 | 0, 1 | self.momentum, self.momentum
    plain-average             {_COUNT}; old, new = 1 - 1 / self.n, 1 / self.n
                              {_COUNT}; old, new = 1 - 1 / (self.n + 1), 1 / (self.n + 1)
    never-updated             if False:
                              old * self.running_var + new * unbiased -> self.running_var
    mode-from-grad            training -> grad_enabled | (not grad_enabled)
                              training -> (training and grad_enabled)
                              training -> (training or grad_enabled)
    running-statistics-in-training  mean, var = running | {_NOW}
                              batch if -> (running[0], batch[1]) if
                              batch if -> (batch[0], running[1]) if
    batch-statistics-in-eval  mean, var = batch
                              running -> (batch[0], running[1]) | (running[0], batch[1])
    updates-in-eval           if True:
                              if True:; mean, var = batch if training else ({_NOW})
    mode-reversed             training -> (not training)
    wrong-start               np.zeros -> np.ones
                              np.ones -> np.zeros
    not-saved                 state['running_mean'].copy() -> self.running_mean
                              state['running_var'].copy() -> self.running_var
    """,
)
