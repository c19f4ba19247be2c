"""Exercises of the chapter on the intuition: right answers, and lines that go wrong."""

import numpy as np

from bn_lib.course.exercise import Exercise

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def loss_range(loss, w, gradient, lengths):
    losses = [loss(w)]
    for length in lengths:
        there = w - length * gradient
        losses.append(loss(there))
    return max(losses) - min(losses)


def _bumps(w):
    return np.sin(4 * w).sum()


def _valley(w):
    return ((w - 1.0) ** 2).sum()


def _walk(loss, lengths):
    def inputs(rng):
        w = rng.normal(size=4)
        gradient = np.cos(w) + 0.5
        return {"loss": loss, "w": w, "gradient": gradient, "lengths": lengths}

    return inputs


LOSS_RANGE = Exercise(
    loss_range,
    outputs=("range",),
    cases={
        "bumps": _walk(_bumps, (0.1, 0.8, 1.6)),
        "valley": _walk(_valley, (0.1, 0.4)),
        "uphill at once": _walk(_valley, (3.0, 5.0)),
    },
    from_scratch=False,
    mistakes="""
    uphill             there = w + length * gradient
    start-left-out     losses = []
    from-the-start     return max(losses) - losses[0] | losses[0] - min(losses)
    last-minus-first   return losses[-1] - losses[0] | losses[0] - losses[-1]
                       return abs(losses[-1] - losses[0])
    range-negative     return min(losses) - max(losses)
    spread-not-range   return np.std(losses) | np.var(losses)
    length-ignored     there = w - gradient
    gradient-shortened  there = w - length * gradient / np.linalg.norm(gradient)
    steps-added-up     w = w - length * gradient; there = w
    """,
)


def five_times():
    output = 1
    gradient = 1 / 5
    turn = 1 / 25
    return output, gradient, turn


SCALED = Exercise(
    five_times,
    outputs=("output", "gradient", "turn"),
    cases={"": lambda rng: {}},
    from_scratch=False,
    mistakes="""
    scale-seen-by-bn       output = 5 | 0 | 1 / 5 | 25
    gradient-unchanged     gradient = 1
    gradient-grows         gradient = 5 | 25
    gradient-square        gradient = 1 / 25
    length-of-w-forgotten  turn = 1 / 5
    turn-unchanged         turn = 1
    turn-grows             turn = 5 | 25
    """,
)


def scale_invariant(f, w):
    factors = (0.1, 10.0)
    same = [np.allclose(f(factor * w), f(w)) for factor in factors]
    return all(same)


def _normalized(w):
    return (w - w.mean()) / w.std()


FUNCTIONS = {
    "normalized": _normalized,
    "rounding": lambda w: _normalized(w) * 1e6 / 3,
    "linear": lambda w: 2 * w,
    "capped": lambda w: np.minimum(np.abs(w).max(), 1.0),
    "floored": lambda w: np.maximum(np.abs(w).max(), 1.0),
    "sign": lambda w: np.abs(_normalized(w)),
    "mean": lambda w: w - w.mean(),
}


def _function(name):
    def inputs(rng):
        w = rng.normal(size=6)
        return {"f": FUNCTIONS[name], "w": w / np.abs(w).max()}

    return inputs


SCALE_INVARIANT = Exercise(
    scale_invariant,
    outputs=("invariant",),
    cases={name: _function(name) for name in FUNCTIONS},
    from_scratch=False,
    mistakes="""
    rounding-forgotten    same = [np.all(f(factor * w) == f(w)) for factor in factors]
    factor-one            factors = (1.0,)
    factor-negative       factors = (-0.1, -10.0) | (-1.0,) | (-10.0,)
    added-not-multiplied  factor * w -> factor + w
    only-smaller          factors = (0.1,)
    only-larger           factors = (10.0,)
    one-is-enough         return any(same)
    output-scaled-too     f(w) -> factor * f(w)
    means-alone           f(factor * w), f(w) -> np.mean(f(factor * w)), np.mean(f(w))
    answer-reversed       return not all(same)
    """,
)


def angle(before, after):
    lengths = np.linalg.norm(before) * np.linalg.norm(after)
    cosine = (before * after).sum() / lengths
    return np.arccos(np.minimum(cosine, 1.0))


def _turned(size):
    def inputs(rng):
        # So short that a cosine without its lengths is a cosine still.
        before, noise = 0.1 * rng.normal(size=(2, *size))
        return {"before": before, "after": 1.3 * before + 0.6 * noise}

    return inputs


def _only_longer(rng):
    before = 0.1 * rng.normal(size=(3, 5))
    return {"before": before, "after": 1.7 * before}


ROW_BY_ROW = (
    "lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1); "
    "cosine = ((before * after).sum(axis=1) / lengths).mean()"
)
ANGLE = Exercise(
    angle,
    outputs=("angle",),
    cases={"(4, 4)": _turned((4, 4)), "(3, 5)": _turned((3, 5)), "longer": _only_longer},
    from_scratch=False,
    mistakes="""
    not-normalized     lengths = 1
    normalized-once    lengths = np.linalg.norm(before) ** 2 | np.linalg.norm(after) ** 2
                       lengths = np.linalg.norm(before) | np.linalg.norm(after)
    cosine-not-angle   return cosine
    one-minus-cosine   return 1 - cosine
    degrees            return np.degrees(np.arccos(np.minimum(cosine, 1.0)))
    arcsin             return np.arcsin(np.minimum(cosine, 1.0))
    length-not-angle   return np.linalg.norm(after - before)
                       return np.linalg.norm(after - before) / np.linalg.norm(before)
    rows-one-by-one    ROWS
    """.replace("ROWS", ROW_BY_ROW),
)


def decays(parameters):
    flags = []
    for name in parameters:
        acts = parameters[name].ndim > 1
        flags.append(acts)
    return flags


def _parameters(**shapes):
    names = {name.replace("_", "."): shape for name, shape in shapes.items()}
    return lambda rng: {"parameters": {n: rng.normal(size=s) for n, s in names.items()}}


DECAYS = Exercise(
    decays,
    outputs=("decays",),
    cases={
        "a small net": _parameters(
            conv1_weight=(8, 1, 3, 3),
            bn1_weight=(8,),
            bn1_bias=(8,),
            fc_weight=(10, 8),
            fc_bias=(10,),
        ),
        "other names": _parameters(
            layers0_weight=(6, 4), layers1_weight=(6,), layers1_bias=(6,), gamma=(6,)
        ),
    },
    from_scratch=False,
    mistakes="""
    decay-on-everything  acts = True
    decay-on-nothing     acts = False
    told-by-name         acts = "weight" in name | "bias" not in name
                         acts = "bn" not in name
                         acts = "bn" not in name and "bias" not in name
                         acts = "bn" not in name and "weight" in name
    convolutions-missed  acts = parameters[name].ndim == 2
    decay-reversed       acts = parameters[name].ndim == 1
    """,
)
