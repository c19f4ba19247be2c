"""Exercises of the chapter on why BN helps: right answers, and lines that go wrong."""

from contextlib import suppress

import numpy as np

from bn_lib.course.exercise import Exercise
from bn_lib.course.observation import Problem
from bn_lib.course.probe import alike, both, unlike

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def five_times():
    output = 1
    gradient = 1 / 5
    turn = 1 / 25
    return output, gradient, turn


SCALED = Exercise(
    five_times,
    outputs=("output", "gradient", "turn"),
    mistakes="""
    output-follows-weights  output = 5 | 25
    output-shrinks          output = 1 / 5 | 1 / 25
    gradient-grows          gradient = 5
                            gradient = 25
    gradient-unchanged      gradient = 1
    gradient-divided-twice  gradient = 1 / 25
    turn-half-counted       turn = 1 / 5
    turn-unchanged          turn = 1
    turn-grows              turn = 5 | 25
    turn-divided-thrice     turn = 1 / 125
    """,
)


def loss_range(loss, w, gradient, lengths):
    losses = [loss(w)]
    for length in lengths:
        there = w - length * gradient
        losses.append(loss(there))
    return max(losses) - min(losses)


def _valley(lengths, offset=0.0, shape=(3, 2), slope=1.0):
    """Return a case: a loss with ripples, its gradient at w, and the lengths to try."""

    def inputs(rng):
        w, target = rng.normal(size=(2, *shape))

        def loss(w):
            away = w - target
            return slope * np.mean(away**2 + 0.4 * np.sin(6 * away)) + offset

        away = w - target
        gradient = slope * (2 * away + 2.4 * np.cos(6 * away)) / w.size
        return {"loss": loss, "w": w, "gradient": gradient, "lengths": list(lengths)}

    return inputs


# Steps to other places than w - length * gradient.
_PLACES = {
    "uphill": ("w + length * gradient",),
    "length-ignored": ("w - gradient", "w - lengths[0] * gradient"),
    "length-inverted": ("w - gradient / length",),
    "gradient-normalized": (
        "w - length * gradient / np.linalg.norm(gradient)",
        "w - length * gradient / np.abs(gradient).max()",
        "w - length * gradient / gradient.std()",
        "w - length * np.sign(gradient)",
    ),
    "uphill, gradient-normalized": ("w + length * gradient / np.linalg.norm(gradient)",),
}
_STEPS = "\n".join(
    f"{mistake}  there = {place}" for mistake, places in _PLACES.items() for place in places
)

LOSS_RANGE = Exercise(
    loss_range,
    outputs=("range",),
    cases={
        "4 lengths, w (3, 2)": _valley((0.6, 1.6, 3.5, 5.0)),
        "4 lengths, w (2, 2)": _valley((0.4, 1.2, 2.4, 4.0), offset=-2.0, shape=(2, 2)),
        "lengths 0.1, 0.2, 0.3": _valley((0.1, 0.2, 0.3), shape=(2, 5), slope=3.0),
        "lengths 7, 9, 8": _valley((7.0, 9.0, 8.0), slope=0.7),
        "1 length": _valley((0.5,), shape=(2, 3)),
    },
    mistakes=f"""
    {_STEPS}
    steps-accumulated  w = w - length * gradient; there = w
    length-left-out    return np.ptp([losses[0], *losses[2:]])
                       return np.ptp([losses[0], *losses[1:-1]])
                       there = w - max(lengths) * gradient
    start-left-out     losses = []
    range-from-start   return max(losses) - losses[0] | losses[0] - min(losses)
                       return max(abs(one - losses[0]) for one in losses)
    range-by-order     return losses[-1] - losses[0] | losses[0] - losses[-1]
                       return abs(losses[-1] - losses[0])
    spread-not-range   return np.std(losses) | np.var(losses) | np.std(losses, ddof=1)
                       return np.var(losses, ddof=1)
                       return np.mean(np.abs(losses - np.mean(losses)))
                       return np.percentile(losses, 75) - np.percentile(losses, 25)
    one-end-only       return max(losses) | min(losses) | max(map(abs, losses))
                       return min(map(abs, losses))
    loss-without-sign  return np.ptp(np.abs(losses))
    range-negative     return min(losses) - max(losses)
    not-a-difference   return max(losses) + min(losses) | max(losses) / min(losses)
                       return (max(losses) - min(losses)) / losses[0]
    neighbours-only    return np.abs(np.diff(losses)).max() | np.abs(np.diff(losses)).sum()
    """,
)


def angle(before, after):
    lengths = np.linalg.norm(before) * np.linalg.norm(after)
    cosine = (before * after).sum() / lengths
    return np.arccos(np.minimum(cosine, 1.0))


def _turned(shape, radians, lengths=(0.8, 0.6)):
    """Return two matrices of these lengths with this angle between them."""

    def inputs(rng):
        one, other = np.linalg.qr(rng.normal(size=(np.prod(shape), 2)) + 0.4)[0].T
        after = np.cos(radians) * one + np.sin(radians) * other
        names = zip(("before", "after"), (one, after), lengths, strict=True)
        return {name: length * vector.reshape(shape) for name, vector, length in names}

    return inputs


def _parallel(factor):
    """Return parallel matrices whose cosine rounds to more than 1."""

    def inputs(rng):
        weights = np.array([[-2.0, -1.0, 2.0], [-2.0, -2.0, 1.0]]) / 8
        return {"before": weights, "after": factor * weights}

    return inputs


def _angles(mistake, cosines):
    """Return lines with a wrong cosine, used as it is or cut to what a cosine can be."""
    ends = ("", "; return np.arccos(cosine)", "; return np.arccos(np.clip(cosine, -1, 1))")
    return "\n".join(
        f"{mistake}  cosine = {cosine}{end}" for cosine in cosines for end in ends
    )


_DOT = "(before * after).sum()"
_UNDIVIDED = _angles(
    "not-by-both-lengths",
    (
        _DOT,
        f"{_DOT} / np.linalg.norm(before)",
        f"{_DOT} / np.linalg.norm(after)",
        f"{_DOT} / np.linalg.norm(before) ** 2",
        f"{_DOT} / np.linalg.norm(after) ** 2",
        f"{_DOT} / (np.linalg.norm(before) + np.linalg.norm(after))",
        f"{_DOT} / lengths**2",
        f"{_DOT} / np.sqrt(lengths)",
        f"{_DOT} / before.size",
    ),
)
_PRODUCTS = _angles(
    "matrix-product",
    (
        "(before @ after.T).sum() / lengths",
        "(before.T @ after).sum() / lengths",
        "np.linalg.norm(before @ after.T) / lengths",
        "np.linalg.norm(before.T @ after) / lengths",
    ),
)
_SIGNLESS = _angles(
    "sign-lost", (f"abs({_DOT}) / lengths", "np.abs(before * after).sum() / lengths")
)
_OTHER_NORMS = _angles(
    "another-matrix-norm",
    (
        f"{_DOT} / np.linalg.norm(before, 2) / np.linalg.norm(after, 2)",
        f"{_DOT} / np.linalg.norm(before, 1) / np.linalg.norm(after, 1)",
        f"{_DOT} / np.abs(before).sum() / np.abs(after).sum()",
        f"{_DOT} / np.abs(before).max() / np.abs(after).max()",
    ),
)
# The cosine of each row, and of each column.
_LINES = [
    f"(before * after).sum({axis}) / np.linalg.norm(before, axis={axis})"
    f" / np.linalg.norm(after, axis={axis})"
    for axis in (0, 1)
]
_PER_ROW = "\n".join(
    [
        f"angle-per-row  cosine = {line}; return np.arccos(np.clip(cosine, -1, 1)){end}"
        for line in _LINES
        for end in ("", ".mean()", ".sum()", ".max()")
    ]
    + [f"angle-per-row  cosine = ({line}).mean()" for line in _LINES]
)
_ANGLE = "np.arccos(np.minimum(cosine, 1))"

ANGLE = Exercise(
    angle,
    outputs=("angle",),
    cases={
        "weights (3, 3)": _turned((3, 3), 0.6),
        "weights (4, 4)": _turned((4, 4), 2.0),
        "weights (5, 2)": _turned((5, 2), 1.0, lengths=(0.5, 0.9)),
        "weights (2, 5), 2 and 3 long": _turned((2, 5), 1.3, lengths=(2.0, 3.0)),
        "after = before": _parallel(1.0),
        "after = 2 * before": _parallel(2.0),
    },
    tells={
        "after = before": "rounded-past-one",
        "after = 2 * before": "rounded-past-one",
    },
    mistakes=f"""
    {_UNDIVIDED}
    {_PRODUCTS}
    {_SIGNLESS}
    {_OTHER_NORMS}
    {_PER_ROW}
    cosine-not-angle      return cosine
    one-minus-cosine      return 1 - cosine
    degrees               return np.degrees({_ANGLE})
    not-the-arccos        return np.arcsin(np.minimum(cosine, 1)) | np.cos(cosine)
                          return np.arctan(cosine) | np.sin({_ANGLE}) | 1 / np.cos(cosine)
    angle-scaled          return {_ANGLE} / np.pi | {_ANGLE} / 2 | 2 * {_ANGLE}
                          return np.arccos(np.minimum(cosine**2, 1))
    sign-flipped          return np.pi - {_ANGLE} | -{_ANGLE}
    length-of-difference  return np.linalg.norm(after - before)
                          return np.linalg.norm(after - before) / np.linalg.norm(before)
                          return np.linalg.norm(after - before) / np.linalg.norm(after)
                          return np.sqrt(2 - 2 * np.minimum(cosine, 1))
    mean-subtracted       return np.arccos(np.corrcoef(before.ravel(), after.ravel())[0, 1])
    """,
)


def scale_invariant(f, w):
    factors = (0.1, 10.0)
    same = [np.allclose(f(factor * w), f(w)) for factor in factors]
    return all(same)


def _bn(z, eps=0.0):
    return (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + eps)


def _softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _unit_rows(z):
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def _min_max(z):
    return (z - z.min()) / np.ptp(z)


def _dipped(x, w):
    """Return what is smallest where w has length 2, and equal at 0.2 and 20."""
    return np.abs(x @ w) * (1 + 4 / (w**2).sum())


# Each name says what the function computes; w has length 2.
_FUNCTIONS = {
    "bn(x @ w)": lambda x, w: _bn(x @ w),
    "relu(x @ w)": lambda x, w: np.maximum(x @ w, 0),
    "abs(x @ w)": lambda x, w: np.abs(x @ w),
    "softmax(x @ w)": lambda x, w: _softmax(x @ w),
    "relu(bn(x @ w))": lambda x, w: np.maximum(_bn(x @ w), 0),
    "abs(bn(x @ w))": lambda x, w: np.abs(_bn(x @ w)),
    "bn(x @ w, eps=1)": lambda x, w: _bn(x @ w, eps=1.0),
    "bn(x @ w, eps=0.0001)": lambda x, w: _bn(x @ w, eps=1e-4),
    "bn(tanh(x @ w))": lambda x, w: _bn(np.tanh(x @ w)),
    "(x - x[0]) @ w": lambda x, w: (x - x[0]) @ w,
    "x @ (w - w.mean())": lambda x, w: x @ (w - w.mean()),
    "x @ w / length(w)": lambda x, w: x @ w / np.linalg.norm(w),
    "x @ w / max(length(w), 1.9)": lambda x, w: x @ w / max(np.linalg.norm(w), 1.9),
    "x @ w / min(length(w), 2.1)": lambda x, w: x @ w / min(np.linalg.norm(w), 2.1),
    "abs(x @ w) * (1 + 4 / length(w)**2)": lambda x, w: _dipped(x, w),
    "-abs(x @ w) * (1 + 4 / length(w)**2)": lambda x, w: -_dipped(x, w),
    "sign(x @ w)": lambda x, w: np.sign(x @ w),
    "argsort(x @ w)": lambda x, w: np.argsort(x @ w, axis=0),
    "unit_rows(tanh(x @ w))": lambda x, w: _unit_rows(np.tanh(x @ w)),
    "min_max(tanh(x @ w))": lambda x, w: _min_max(np.tanh(x @ w)),
    "bn(x @ w)[:, 0], (x @ w)[:, 1]": lambda x, w: np.c_[_bn(x @ w)[:, 0], (x @ w)[:, 1]],
}


def _of_weights(name):
    """Return a case with one of the functions."""

    def inputs(rng):
        x, w = rng.normal(size=(6, 3)), rng.normal(0.3, 1.0, size=(3, 2))
        return {"f": lambda w: _FUNCTIONS[name](x, w), "w": 2 * w / np.linalg.norm(w)}

    return inputs


def _truths(name):
    """Return a `play` that calls a function and yields its booleans as 0 and 1."""

    def play(answer, **inputs):
        given = answer(*inputs.values())
        with suppress(Exception):  # what is no array is told as such
            kind = np.asarray(given).dtype.kind
            if kind == "b":
                given = np.asarray(given).astype(int)
            elif kind == "U" and np.size(given):
                given = Problem("names-not-flags", f"got {np.ravel(given)[0]!s}")
        yield name, given

    return play


def _compared(one):
    """Return the line that compares an output with that of w so."""
    return f"same = [{one} for a in factors for z, y in [(f(a * w), f(w))]]"


SCALE_INVARIANT = Exercise(
    scale_invariant,
    cases={name: _of_weights(name) for name in _FUNCTIONS},
    play=_truths("invariant"),
    mistakes=f"""
    compared-exactly    {_compared("np.array_equal(z, y)")}
    compared-loosely    {_compared("np.allclose(z, y, atol=0.1)")}
                        {_compared("np.allclose(z, y, atol=1)")}
    difference-signed   {_compared("(z - y).max() < 1e-6")}
                        {_compared("(y - z).max() < 1e-6")}
    always-false        return False
    nothing-scaled      factors = (1.0,)
    negative-factor     factors = (-0.1, -10.0) | (-1.0,) | (-1.0, 10.0) | (-1.0, 0.1)
    added-to-w          factor * w -> factor + w
    one-factor          factors = (0.1,) | (10.0,)
    any-factor          return any(same)
    summary-compared    {_compared("np.allclose(z.mean(), y.mean())")}
                        {_compared("np.allclose(z.mean(axis=0), y.mean(axis=0))")}
                        {_compared("np.allclose(z.mean(axis=1), y.mean(axis=1))")}
                        {_compared("np.allclose(z.std(), y.std())")}
                        {_compared("np.allclose(z.std(axis=0), y.std(axis=0))")}
                        {_compared("np.isclose((z**2).sum(), (y**2).sum())")}
                        {_compared("np.allclose((z**2).sum(1), (y**2).sum(1))")}
                        {_compared("np.isclose(z.max(), y.max())")}
                        {_compared("np.allclose(z[0], y[0])")}
                        {_compared("np.allclose(z[:, 0], y[:, 0])")}
    any-entry           {_compared("np.isclose(z, y).any()")}
    output-scaled-too   {_compared("np.allclose(z, a * y)")}
    start-not-compared  same = [np.allclose(f(0.1 * w), f(10 * w))]
    flags-inverted      return not all(same)
    """,
)


def decays(parameters):
    flags = []
    for name in parameters:
        acts = parameters[name].ndim > 1
        flags.append(acts)
    return flags


def _parameters(**shapes):
    """Return a case with parameters of these shapes; in the names a dot is ``__``."""
    return lambda rng: {
        "parameters": {
            name.replace("__", "."): rng.normal(size=shape)
            for name, shape in shapes.items()
        }
    }


def _other_names(parameters):
    return {f"{i}.part": array for i, array in enumerate(parameters.values())}


def _other_sizes(parameters):
    """Make the smallest arrays the largest ones, with as many axes."""
    biggest = max(array.size for array in parameters.values())
    return {
        name: np.resize(array, (biggest // array.size * 2, *[1] * (array.ndim - 1)))
        for name, array in parameters.items()
    }


def _other_values(parameters):
    return {name: np.ones_like(array) for name, array in parameters.items()}


# What is known of a parameter without its number of axes.
_BY_NAME = """
    gamma-decays  acts = "weight" in name
    biases-decay  acts = "bn" not in name
                  acts = "bn" not in name and "norm" not in name
                  acts = "conv" in name or "fc" in name
                  acts = parameters[name].ndim > 1 or "bias" in name
    told-by-name  acts = "weight" in name and "bn" not in name
                  acts = "weight" in name and "bn" not in name and "norm" not in name
                  acts = name in ("conv1.weight", "fc.weight")
                  acts = "weight" in name and ("conv" in name or "fc" in name)
                  acts = "conv" in name
                  acts = "fc" in name
"""

DECAYS = Exercise(
    decays,
    cases={
        "conv1, bn1, fc": _parameters(
            conv1__weight=(4, 3, 3, 3),
            bn1__weight=(4,),
            bn1__bias=(4,),
            fc__weight=(4, 4),
            fc__bias=(4,),
        ),
        "embed, conv, norm, fc": _parameters(
            embed__weight=(6, 3),
            conv__weight=(70, 2, 1),
            conv__bias=(70,),
            norm__weight=(70,),
            norm__bias=(70,),
            fc__weight=(1, 2),
            fc__bias=(1,),
        ),
        "layers 0 to 4": _parameters(
            layers__0__weight=(3, 2, 1, 1),
            layers__0__bias=(3,),
            layers__1__weight=(3,),
            layers__1__bias=(3,),
            layers__4__weight=(3, 1),
        ),
    },
    play=_truths("decays"),
    probes=(
        ("told-by-name", "decays", unlike({}, {"parameters": _other_names})),
        ("told-by-value", "decays", unlike({}, {"parameters": _other_values})),
        (
            "told-by-size",
            "decays",
            both(
                alike({}, {"parameters": _other_values}),  # other sizes have other values
                unlike({}, {"parameters": _other_sizes}),
            ),
        ),
    ),
    mistakes=f"""
    {_BY_NAME}
    all-decay          acts = True
    none-decays        acts = False
    kernels-left-out   acts = parameters[name].ndim == 2
                       acts = parameters[name].ndim in (2, 4)
                       acts = 1 < parameters[name].ndim < 4
    matrices-left-out  acts = parameters[name].ndim > 2
                       acts = parameters[name].ndim == 4
    flags-inverted     acts = parameters[name].ndim <= 1
    flags-inverted, kernels-left-out  acts = parameters[name].ndim != 2
    """,
)
