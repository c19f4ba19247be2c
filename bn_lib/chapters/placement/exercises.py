"""Exercises of the chapter on where BN goes: right answers, and lines that go wrong."""

import numpy as np

from bn_lib.course.exercise import Exercise
from bn_lib.course.observation import same
from bn_lib.course.probe import alike, both, huge, unlike

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def bias():
    before = [-1.5, -0.5, 0.0, 0.5, 1.5]
    between = [-0.5, -0.5, -0.5, -0.5, 2.0]
    return before, between


# For a batch of five samples one unit gives these values, and its bias is -4. Two samples
# would not do: of any two values BN makes -1 and 1.
_UNIT = np.array([-9.0, -3.0, 0.0, 3.0, 9.0])
_SUMS = _UNIT - 4
_CUT, _CUT_UNIT = np.maximum(_SUMS, 0), np.maximum(_UNIT, 0)


def _bn(x, eps=0.0, ddof=0):
    """Normalize each feature, or the one feature there is."""
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=ddof) + eps)


def _rows(output, ways):
    """Return a row for each wrong value of an output: exact, and as people round it."""
    return "\n".join(
        f"{mistakes}  {output} = {value} | np.round({value}, 2)"
        for mistakes, values in ways.items()
        for value in values
    )


def _norms_of(x):
    """Return the values that people get for BN of these sums."""
    away = f"({x} - {x}.mean())"
    return {
        "wrong-sign": (f"-_bn({x})",),
        "not-divided": (away,),
        "missing-root": (f"{away} / {x}.var()",),
        "mean-not-subtracted": (f"{x} / {x}.std()",),
        "mean-not-subtracted, not-divided": (x,),
        "brackets": (f"{x} - {x}.mean() / {x}.std()", f"{x} / {x}.std() - {x}.mean()"),
        "not-the-variance": (
            f"{away} / np.ptp({x})",
            f"{away} / np.abs({away}).mean()",
            f"({x} - {x}.min()) / np.ptp({x})",
        ),
    }


_BEFORE = _norms_of("_SUMS") | {
    "unbiased-variance": ("_bn(_SUMS, ddof=1)",),
    "variance-not-centered": ("(_SUMS - _SUMS.mean()) / np.sqrt((_SUMS**2).mean())",),
    "bias-after-norm": ("_bn(_UNIT) - 4",),
    "relu-after-norm": ("np.maximum(_bn(_SUMS), 0)",),
    "relu-not-there": ("_bn(_CUT_UNIT)", "_bn(_CUT)"),
}
_BETWEEN = _norms_of("_CUT") | {
    "wrong-sign": ("-_bn(_CUT)", "_bn(np.maximum(_UNIT + 4, 0))"),
    # Of four zeros and a five, both kinds of a wrong variance are 5.
    "divided-by-root-five": ("_bn(_CUT, ddof=1)",),
    "relu-forgotten": ("_bn(_SUMS)",),
    "relu-after-norm": ("np.maximum(_bn(_SUMS), 0)", "np.maximum(_bn(_CUT), 0)"),
    "relu-without-bias": ("_bn(_CUT_UNIT)",),
    "bias-after-norm": ("_bn(_CUT_UNIT) - 4", "_bn(_CUT) - 4"),
    "not-the-relu": ("_bn(np.abs(_SUMS))", "_bn(np.minimum(_SUMS, 0))"),
}

BIAS = Exercise(
    bias,
    outputs=("before", "between"),
    mistakes=f"""
    {_rows("before", _BEFORE)}
    {_rows("between", _BETWEEN)}
    gradients-swapped  return between, before
    """,
)


def without_bias(bias, running_mean, running_var):
    running_mean = running_mean - bias  # what BN subtracts no longer contains it
    return running_mean, running_var


def _running(features, sign=1):
    """Return a bias and running statistics of features, none of them special."""
    return lambda rng: {
        "bias": sign * rng.uniform(1.2, 3.0, features),
        "running_mean": rng.uniform(3.5, 5.0, features),
        "running_var": rng.uniform(0.3, 0.8, features),
    }


WITHOUT_BIAS = Exercise(
    without_bias,
    outputs=("running_mean", "running_var"),
    cases={
        "3 features": _running(3),
        "2 features, bias < 0": _running(2, sign=-1),
    },
    probes=(
        ("mean-without-bias", "running_mean", alike({}, {"bias": huge})),
        ("mean-with-variance", "running_mean", unlike({}, {"running_var": huge})),
        ("variance-moved", "running_var", unlike({}, {"bias": huge})),
        ("variance-moved", "running_var", unlike({}, {"running_mean": huge})),
    ),
    mistakes="""
    wrong-sign          running_mean = running_mean + bias | bias - running_mean
                        running_mean = -running_mean - bias
    mean-without-bias   running_mean = 1 * running_mean | -running_mean
    mean-set-to-zero    running_mean = 0 * running_mean
    old-mean-lost       running_mean = bias | -bias
    mean-with-variance  running_mean = (running_mean - bias) / np.sqrt(running_var)
                        running_mean = running_mean - bias / np.sqrt(running_var)
                        running_mean = running_mean - bias * np.sqrt(running_var)
                        running_mean = running_mean - bias / running_var
                        running_mean = running_mean - bias * running_var
                        running_mean = (running_mean - bias) / running_var
    bias-by-momentum    running_mean = running_mean - 0.1 * bias | running_mean - 0.9 * bias
                        running_mean = 0.9 * running_mean - 0.1 * bias
                        running_mean = 0.9 * running_mean + 0.1 * (running_mean - bias)
    bias-scaled         running_mean = running_mean - 2 * bias | running_mean - bias / 2
                        running_mean = running_mean * bias | running_mean / bias
    variance-moved      return running_mean, running_var - bias
                        return running_mean, running_var + bias
                        return running_mean, running_var - bias**2
                        return running_mean, running_var + bias**2
                        return running_mean, running_var + running_mean**2
                        return running_mean, 0 * running_var
                        return running_mean, 0 * running_var + 1
                        return running_mean, np.sqrt(running_var)
    gradients-swapped   return running_var, running_mean
    """,
)


def forward(x, linear1, norm1, linear2, norm2, head):
    hidden1 = np.maximum(norm1(linear1(x)), 0)  # linear, then BN, then ReLU
    hidden2 = np.maximum(norm2(linear2(hidden1)), 0)
    return head(hidden2)  # the last layer gives the output as it is


def _linear(rng, width):
    """Return a linear layer; every layer has one width, so that any order runs."""
    weight = rng.normal(size=(width, width)) / np.sqrt(width)
    shift = rng.normal(size=width)
    return lambda x: np.asarray(x, float) @ weight + shift


def _norm(rng, width):
    """Return a batch norm that uses its batch, with a gamma and a beta of its own."""
    gamma = rng.choice([-1, 1], width) * rng.uniform(0.7, 2.0, width)
    beta = rng.normal(size=width)
    return lambda x: gamma * _bn(np.asarray(x, float), 0.1) + beta


def _softmax(x):
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _network(samples, width, names, draw=lambda x: x):
    """Return a case: a batch, and layers with these names."""

    def inputs(rng):
        given = {"x": draw(rng.normal(size=(samples, width)))}
        for name in names:
            given[name] = (_norm if "norm" in name else _linear)(rng, width)
        return given

    return inputs


def _another(layer):
    """Return a layer that gives something else."""
    return lambda x: np.cos(3 * layer(x)) - 0.7


def _constant(layer):
    """Return a layer that gives -1.5 whatever comes in."""
    return lambda x: 0 * layer(x) - 1.5


def _waves(x):
    """Return another batch, which has other statistics too."""
    return np.cos(5 * x)


def _zero(layer):
    """Return a layer whose gamma and beta are 0."""
    return lambda x: 0 * layer(x)


def _lines(mistake, one, other):
    """Return rows with the first wrong line, with the second, and with both."""
    return f"""
    {mistake}  {one}
    {mistake}  {other}
    {mistake}  {one}; {other}
    """


_LAYERS = ("linear1", "norm1", "linear2", "norm2")
_HIDDEN = {
    "relu-before-norm": (
        ("norm1(np.maximum(linear1(x), 0))", "norm2(np.maximum(linear2(hidden1), 0))"),
        (
            "np.maximum(norm1(np.maximum(linear1(x), 0)), 0)",
            "np.maximum(norm2(np.maximum(linear2(hidden1), 0)), 0)",
        ),
    ),
    "norm-before-linear": (
        ("np.maximum(linear1(norm1(x)), 0)", "np.maximum(linear2(norm2(hidden1)), 0)"),
        ("linear1(np.maximum(norm1(x), 0))", "linear2(np.maximum(norm2(hidden1), 0))"),
    ),
    "norm-forgotten": (("np.maximum(linear1(x), 0)", "np.maximum(linear2(hidden1), 0)"),),
    "linear-forgotten": (("np.maximum(norm1(x), 0)", "np.maximum(norm2(hidden1), 0)"),),
    "relu-forgotten": (("norm1(linear1(x))", "norm2(linear2(hidden1))"),),
    "not-the-relu": (
        ("np.abs(norm1(linear1(x)))", "np.abs(norm2(linear2(hidden1)))"),
        ("np.minimum(norm1(linear1(x)), 0)", "np.minimum(norm2(linear2(hidden1)), 0)"),
        ("np.tanh(norm1(linear1(x)))", "np.tanh(norm2(linear2(hidden1)))"),
        (
            "1 / (1 + np.exp(-norm1(linear1(x))))",
            "1 / (1 + np.exp(-norm2(linear2(hidden1))))",
        ),
    ),
    "wrong-layer": (
        ("np.maximum(norm2(linear1(x)), 0)", "np.maximum(norm1(linear2(hidden1)), 0)"),
        ("np.maximum(norm1(linear2(x)), 0)", "np.maximum(norm2(linear1(hidden1)), 0)"),
        ("np.maximum(norm2(linear2(x)), 0)", "np.maximum(norm1(linear1(hidden1)), 0)"),
    ),
}
_HIDDEN_LINES = "".join(
    _lines(mistake, f"hidden1 = {one}", f"hidden2 = {other}")
    for mistake, pairs in _HIDDEN.items()
    for one, other in pairs
)
_UNUSED = tuple(
    ("layer-unused", "y", alike({}, {name: _another})) for name in (*_LAYERS, "head")
)


def _not_last(run):
    """Return whether what comes out is not what the head gives."""
    y = run(head=_constant)
    return not same(y, np.full_like(y, -1.5))


FORWARD = Exercise(
    forward,
    cases={
        "x (6, 4)": _network(6, 4, (*_LAYERS, "head")),
        "x (5, 3)": _network(5, 3, (*_LAYERS, "head")),
    },
    probes=(
        *_UNUSED,
        ("after-head", "y", both(unlike({}, {"head": _another}), _not_last)),
    ),
    mistakes=f"""
    {_HIDDEN_LINES}
    layer-skipped   hidden2 = np.maximum(norm2(linear2(x)), 0)
                    return head(hidden1)
    head-forgotten  return hidden2
    after-head      return np.maximum(head(hidden2), 0) | norm2(head(hidden2))
                    return norm1(head(hidden2)) | np.maximum(norm2(head(hidden2)), 0)
                    return np.maximum(norm1(head(hidden2)), 0) | _softmax(head(hidden2))
    """,
)


def block(x, linear1, norm1, linear2, norm2):
    inner = np.maximum(norm1(linear1(x)), 0)
    branch = norm2(linear2(inner))
    total = x + branch  # x goes around the layers
    return np.maximum(total, 0)


_INNER = {
    "relu-before-norm": "norm1(np.maximum(linear1(x), 0))",
    "norm-before-linear": "np.maximum(linear1(norm1(x)), 0)",
    "norm-forgotten": "np.maximum(linear1(x), 0)",
    "linear-forgotten": "np.maximum(norm1(x), 0)",
    "inner-relu-left-out": "norm1(linear1(x))",
}
_BRANCH = {
    "relu-before-norm": "norm2(np.maximum(linear2(inner), 0))",
    "norm-before-linear": "linear2(norm2(inner))",
    "norm-forgotten": "linear2(inner)",
    "linear-forgotten": "norm2(inner)",
}
_BLOCK_LINES = "\n".join(
    [f"{mistake}  inner = {line}" for mistake, line in _INNER.items()]
    + [f"{mistake}  branch = {line}" for mistake, line in _BRANCH.items()]
    + [
        f"{mistake}  inner = {_INNER[mistake]}; branch = {line}"
        for mistake, line in _BRANCH.items()
    ]
)
# BN and ReLU before each linear layer, as in He et al. (2016).
_PRE = (
    "inner = np.maximum(norm1(x), 0); "
    "branch = linear2(np.maximum(norm2(linear1(inner)), 0))"
)
_CUT_TWICE = "inner = np.maximum(norm1(np.maximum(linear1(x), 0)), 0)"
_SWAPPED = "inner = np.maximum(norm2(linear1(x)), 0)"
_REVERSED = "inner = np.maximum(norm2(linear2(x)), 0)"


def _with_gamma_zero(samples, width):
    """Return a case of a block that gives back its x, which is not negative."""

    def inputs(rng):
        given = _network(samples, width, _LAYERS, np.abs)(rng)
        return given | {"norm2": _zero(given["norm2"])}

    return inputs


BLOCK = Exercise(
    block,
    cases={
        "x (6, 4)": _network(6, 4, _LAYERS),
        "x (5, 3), x >= 0": _network(5, 3, _LAYERS, np.abs),
        "x (5, 4), norm2 gives 0": _with_gamma_zero(5, 4),
    },
    probes=(
        *_UNUSED[:-1],
        ("skip-blocked", "y", alike({"norm2": _zero}, {"norm2": _zero, "x": _waves})),
    ),
    mistakes=f"""
    {_BLOCK_LINES}
    relu-before-norm     {_CUT_TWICE}
                         {_CUT_TWICE}; branch = norm2(np.maximum(linear2(inner), 0))
    skip-forgotten       total = branch
    relu-before-adding   branch = np.maximum(norm2(linear2(inner)), 0)
                         return x + np.maximum(branch, 0)
    norm-after-adding    branch = linear2(inner); total = norm2(x + branch)
                         total = norm2(x + branch)
                         return norm2(np.maximum(total, 0))
                         branch = linear2(inner); return norm2(np.maximum(total, 0))
    last-relu-left-out   return total
    skip-not-once        total = 2 * x + branch | (x + branch) / 2 | x / 2 + branch
                         return np.maximum(total, 0) + x
    skip-too-early       inner = np.maximum(x + norm1(linear1(x)), 0)
                         inner = np.maximum(x + norm1(linear1(x)), 0); total = branch
    skip-not-x           total = inner + branch | linear1(x) + branch
                         total = norm1(linear1(x)) + branch | norm1(x) + branch
                         total = norm2(x) + branch
    multiplied           total = x * branch
    wrong-sign           total = x - branch | branch - x
    pre-activation       {_PRE}
                         {_PRE}; return total
    wrong-layer          {_SWAPPED}
                         inner = np.maximum(norm1(linear2(x)), 0)
                         {_REVERSED}
                         branch = norm1(linear2(inner)) | norm2(linear1(inner))
                         branch = norm1(linear1(inner))
                         {_SWAPPED}; branch = norm1(linear2(inner))
                         {_REVERSED}; branch = norm1(linear1(inner))
    layer-skipped        total = x + inner
                         branch = norm2(linear2(x))
    not-the-relu         np.maximum( -> np.minimum(
                         inner = np.abs(norm1(linear1(x)))
                         return np.abs(total)
                         inner = np.abs(norm1(linear1(x))); return np.abs(total)
    """,
)


def variance_in_training(mean, var, rate):
    keep = 1 - rate
    square = (var + mean**2) / keep  # mean square: a share keep, of x² / keep²
    return square - mean**2  # dropout leaves the mean as it is


def _feature(mean, var, rate):
    return lambda rng: {"mean": mean, "var": var, "rate": rate}


DROPOUT_VARIANCE = Exercise(
    variance_in_training,
    outputs=("var",),
    cases={
        "mean 1.7, rate 0.2": _feature(1.7, 0.6, 0.2),
        "mean -0.8, rate 0.7": _feature(-0.8, 2.3, 0.7),
        "mean 3, rate 0.5": _feature(3.0, 0.4, 0.5),
    },
    probes=(
        ("rate-ignored", "var", alike({}, {"rate": 0.6})),
        ("mean-ignored", "var", alike({}, {"mean": huge})),
        ("variance-ignored", "var", alike({}, {"var": huge})),
    ),
    mistakes="""
    not-rescaled           return keep * (var + mean**2) - (keep * mean) ** 2
    mean-ignored           return var / keep
    mean-ignored, not-rescaled  return keep * var
    rate-ignored           return var | var + mean**2
    rate-not-keep          keep = rate
    multiplied-by-keep     square = (var + mean**2) * keep
    variance-not-centered  return square
    divided-twice          square = (var + mean**2) / keep**2
                           return var / keep**2
    mean-not-kept          return square - (mean / keep) ** 2 | square - (keep * mean) ** 2
    std-not-variance       return np.sqrt(square - mean**2)
    mean-not-squared       square = (var + mean) / keep
                           return square - mean
                           square = (var + mean) / keep; return square - mean
    only-what-is-added     return square - mean**2 - var
    wrong-sign             - -> +
                           + -> -
                           return mean**2 - square
    """,
)
