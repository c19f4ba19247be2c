"""Exercises of the chapter on why BN helps: right answers, and lines that go wrong."""

from contextlib import suppress

import numpy as np

from bn_lib.course.exercise import Exercise
from bn_lib.course.observation import Problem
from bn_lib.course.probe import alike, both, unlike

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def scaled():
    output = 1  # mean and std grow with the weights, and cancel
    gradient = 1 / 5  # the same change of the output now takes 5 times the step
    turn = gradient / 5  # a smaller step, seen from weights that are longer
    return output, gradient, turn


SCALED = Exercise(
    scaled,
    outputs=("output", "gradient", "turn"),
    cases={"": lambda rng: {}},
    from_scratch=False,
    mistakes="""
    output-follows-weights  output = 5 | 25
    output-shrinks          output = 1 / 5 | 1 / 25
    gradient-grows          gradient = 5; turn = 1 / 25
                            gradient = 25; turn = 1 / 25
    gradient-unchanged      gradient = 1; turn = 1 / 25
    gradient-divided-twice  gradient = 1 / 25; turn = 1 / 25
    turn-half-counted       turn = 1 / 5
    turn-unchanged          turn = 1
    turn-grows              turn = 5 | 25
    turn-divided-thrice     turn = 1 / 125
    """,
)


def loss_range(loss, w, gradient, lengths):
    start = loss(w)
    further = [loss(w - length * gradient) for length in lengths]
    losses = [start, *further]
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
    f"{mistake}  further = [loss({place}) for length in lengths]"
    for mistake, places in _PLACES.items()
    for place in places
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
    from_scratch=False,
    mistakes=f"""
    {_STEPS}
    steps-accumulated  further = [loss(w - s * gradient) for s in np.cumsum(lengths)]
    length-left-out    further = [loss(w - length * gradient) for length in lengths[1:]]
                       further = [loss(w - length * gradient) for length in lengths[:-1]]
                       further = [loss(w - max(lengths) * gradient)]
                       further = [loss(w - f(lengths) * gradient) for f in (min, max)]
    start-left-out     losses = further
    range-from-start   return max(losses) - start | start - min(losses)
                       return max(abs(one - start) for one in losses)
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
                       return (max(losses) - min(losses)) / start
    neighbours-only    return np.abs(np.diff(losses)).max() | np.abs(np.diff(losses)).sum()
    """,
)


def angle(before, after):
    dot = (before * after).sum()
    lengths = np.linalg.norm(before) * np.linalg.norm(after)
    cosine = np.clip(dot / lengths, -1, 1)  # rounding can push it past 1
    return np.arccos(cosine)


def _turned(shape, radians, lengths=(0.8, 0.6)):
    """Return two matrices of these lengths with this angle between them."""

    def inputs(rng):
        one, other = np.linalg.qr(rng.normal(size=(np.prod(shape), 2)) + 0.4)[0].T
        after = np.cos(radians) * one + np.sin(radians) * other
        names = zip(("before", "after"), (one, after), lengths, strict=True)
        return {name: length * vector.reshape(shape) for name, vector, length in names}

    return inputs


def _twice_the_same(rng):
    """Return a matrix twice whose length, squared, rounds to less than its squares."""
    weights = np.array([[-2.0, -1.0, 2.0], [-2.0, -2.0, 1.0]]) / 8
    return {"before": weights, "after": weights.copy()}


# Divisors other than both lengths; with a cosine that is clipped, and without.
_DIVISORS = (
    "1",
    "np.linalg.norm(before)",
    "np.linalg.norm(after)",
    "np.linalg.norm(before) + np.linalg.norm(after)",
    "np.linalg.norm(before) ** 2",
    "np.linalg.norm(after) ** 2",
    "(before**2).sum() * (after**2).sum()",
    "np.sqrt(np.linalg.norm(before) * np.linalg.norm(after))",
    "before.size",
)
_UNDIVIDED = "\n".join(
    f"not-by-both-lengths  lengths = {divisor}{more}"
    for divisor in _DIVISORS
    for more in ("", "; cosine = dot / lengths")
)
_ROWS = (
    "(before * after).sum({0}) / np.linalg.norm(before, {0}) / np.linalg.norm(after, {0})"
)
_PER_ROW = "\n".join(
    f"angle-per-row  return np.arccos(np.clip({_ROWS.format(f'axis={axis}')}, -1, 1)){mean}"
    for axis in (0, 1)
    for mean in (".mean()", "", ".sum()", ".max()")
) + "".join(
    f"\nangle-per-row  return np.arccos(({_ROWS.format(f'axis={axis}')}).mean())"
    for axis in (0, 1)
)
_CENTERED = "before = before - before.mean(); after = after - after.mean()"

ANGLE = Exercise(
    angle,
    outputs=("angle",),
    cases={
        "weights (3, 3)": _turned((3, 3), 0.6),
        "weights (4, 4)": _turned((4, 4), 2.0),
        "weights (5, 2)": _turned((5, 2), 1.0, lengths=(0.5, 0.9)),
        "weights (2, 5), 2 and 3 long": _turned((2, 5), 1.3, lengths=(2.0, 3.0)),
        "after = before": _twice_the_same,
    },
    tells={"after = before": "rounded-past-one"},
    from_scratch=False,
    mistakes=f"""
    {_UNDIVIDED}
    {_PER_ROW}
    cosine-not-angle      return cosine
    one-minus-cosine      return 1 - cosine
    degrees               return np.degrees(np.arccos(cosine))
    not-the-arccos        return np.arcsin(cosine) | np.cos(cosine) | np.arctan(cosine)
                          return np.sin(np.arccos(cosine)) | 1 / np.cos(cosine)
                          return np.sqrt(1 - cosine**2)
    angle-scaled          return np.arccos(cosine) / np.pi | np.arccos(cosine) / 2
                          return 2 * np.arccos(cosine) | np.arccos(cosine) / (2 * np.pi)
                          return np.arccos(cosine**2)
    sign-lost             dot = abs((before * after).sum()) | np.abs(before * after).sum()
                          dot = np.abs(before * after).sum(); cosine = dot / lengths
    sign-flipped          return np.pi - np.arccos(cosine) | -np.arccos(cosine)
    matrix-product        dot = (before @ after.T).sum() | (before.T @ after).sum()
                          dot = (before @ after.T).sum(); cosine = dot / lengths
                          dot = (before.T @ after).sum(); cosine = dot / lengths
                          dot = np.linalg.norm(before @ after.T)
                          dot = np.linalg.norm(before.T @ after)
    length-of-difference  return np.linalg.norm(after - before)
                          return np.linalg.norm(after - before) / np.linalg.norm(before)
                          return np.linalg.norm(after - before) / np.linalg.norm(after)
                          return np.sqrt(2 - 2 * cosine)
    mean-subtracted       {_CENTERED}; dot = (before * after).sum()
                          return np.arccos(np.corrcoef(before.ravel(), after.ravel())[0, 1])
    another-matrix-norm   lengths = np.linalg.norm(before, 2) * np.linalg.norm(after, 2)
                          lengths = np.linalg.norm(before, 1) * np.linalg.norm(after, 1)
                          lengths = np.abs(before).sum() * np.abs(after).sum()
    """,
)


def scale_invariant(f, w):
    y = f(w)
    smaller, larger = f(0.1 * w), f(10 * w)
    same = np.allclose(smaller, y), np.allclose(larger, y)
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
    """Return the line that compares both outputs so; see `scale_invariant`."""
    both = (
        one.format(output=output, a=a) for output, a in (("smaller", 0.1), ("larger", 10))
    )
    return "same = " + ", ".join(both)


SCALE_INVARIANT = Exercise(
    scale_invariant,
    cases={name: _of_weights(name) for name in _FUNCTIONS},
    play=_truths("invariant"),
    from_scratch=False,
    mistakes=f"""
    compared-exactly    {_compared("np.array_equal({output}, y)")}
    compared-loosely    {_compared("np.allclose({output}, y, atol=0.1)")}
                        {_compared("np.allclose({output}, y, atol=1)")}
    difference-signed   {_compared("({output} - y).max() < 1e-6")}
                        {_compared("(y - {output}).max() < 1e-6")}
    always-false        return False
    nothing-scaled      smaller, larger = f(w), f(w)
    negative-factor     smaller, larger = f(-0.1 * w), f(-10 * w) | f(-w), f(-w)
                        smaller, larger = f(-w), f(10 * w) | f(-w), f(0.1 * w)
    added-to-w          smaller, larger = f(w + 0.1), f(w + 10)
    one-factor          return same[0] | same[1]
    any-factor          return any(same)
    summary-compared    {_compared("np.allclose({output}.mean(), y.mean())")}
                        {_compared("np.allclose({output}.mean(axis=0), y.mean(axis=0))")}
                        {_compared("np.allclose({output}.mean(axis=1), y.mean(axis=1))")}
                        {_compared("np.allclose({output}.std(), y.std())")}
                        {_compared("np.allclose({output}.std(axis=0), y.std(axis=0))")}
                        {_compared("np.isclose(({output}**2).sum(), (y**2).sum())")}
                        {_compared("np.allclose(({output}**2).sum(1), (y**2).sum(1))")}
                        {_compared("np.isclose({output}.max(), y.max())")}
                        {_compared("np.allclose({output}[0], y[0])")}
                        {_compared("np.allclose({output}[:, 0], y[:, 0])")}
    any-entry           {_compared("np.isclose({output}, y).any()")}
    output-scaled-too   {_compared("np.allclose({output}, {a} * y)")}
    start-not-compared  same = (np.allclose(smaller, larger),)
    flags-inverted      return not all(same)
    """,
)


def decays(parameters):
    axes = [array.ndim for array in parameters.values()]
    flags = [count > 1 for count in axes]  # matrices and kernels
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
_EACH = "for n in parameters"
_BY_NAME = f"""
    gamma-decays  flags = ["weight" in name for name in parameters]
    biases-decay  flags = ["bn" not in name for name in parameters]
                  flags = ["bn" not in name and "norm" not in name for name in parameters]
                  flags = ["conv" in name or "fc" in name for name in parameters]
                  flags = [c > 1 or "bias" in n for c, n in zip(axes, parameters)]
    told-by-name  flags = ["weight" in n and "bn" not in n {_EACH}]
                  flags = ["weight" in n and "bn" not in n and "norm" not in n {_EACH}]
                  flags = [n in ("conv1.weight", "fc.weight") {_EACH}]
                  flags = ["weight" in n and ("conv" in n or "fc" in n) {_EACH}]
                  flags = ["conv" in n {_EACH}]
                  flags = ["fc" in n {_EACH}]
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
    from_scratch=False,
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
    all-decay          flags = [True for count in axes]
    none-decays        flags = [False for count in axes]
    kernels-left-out   flags = [count == 2 for count in axes]
                       flags = [count in (2, 4) for count in axes]
                       flags = [1 < count < 4 for count in axes]
    matrices-left-out  flags = [count > 2 for count in axes]
                       flags = [count == 4 for count in axes]
    flags-inverted     flags = [count <= 1 for count in axes]
    flags-inverted, kernels-left-out  flags = [count != 2 for count in axes]
    """,
)
