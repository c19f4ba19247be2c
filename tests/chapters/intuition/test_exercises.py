"""The exercises, held to answers that learners would write by hand."""

import numpy as np

from tests.chapters.learners import ExerciseTests, Learners

LEARNERS = Learners("intuition")
EXERCISES, right, wrong = LEARNERS.exercises, LEARNERS.right, LEARNERS.wrong


class TestExercises(ExerciseTests):
    """What is true of the exercises of every chapter."""

    learners = LEARNERS


# Weights five times as large

right("intuition.scaled", (1, 0.2, 0.04))
right("intuition.scaled", np.array([1.0, 0.2, 0.04]))
for _mistakes, _answer in {
    ("scale-seen-by-bn",): (5, 0.2, 0.04),
    ("gradient-unchanged",): (1, 1, 0.04),
    ("gradient-grows",): (1, 5, 0.04),
    ("gradient-square",): (1, 0.04, 0.04),
    ("length-of-w-forgotten",): (1, 0.2, 0.2),
    ("turn-unchanged",): (1, 0.2, 1),
    ("turn-grows",): (1, 0.2, 25),
    ("gradient-unchanged", "length-of-w-forgotten"): (1, 1, 0.2),
}.items():
    wrong("intuition.scaled", *_mistakes)(_answer)


# The range of the loss


@right("intuition.loss-range")
def range_with_numpy(loss, w, gradient, lengths):
    return np.ptp([loss(w - t * gradient) for t in (0, *lengths)])


@right("intuition.loss-range")
def range_step_by_step(loss, w, gradient, lengths):
    low = high = loss(w)
    for t in lengths:
        here = loss(w + (-t) * gradient)
        low, high = min(low, here), max(high, here)
    return high - low


def _range(combine=np.ptp, place=lambda w, t, g: w - t * g, start=True):
    def loss_range(loss, w, gradient, lengths):
        losses = [loss(w)] if start else []
        losses += [loss(place(w, t, gradient)) for t in lengths]
        return combine(losses)

    return loss_range


def _steps_added_up(loss, w, gradient, lengths):
    losses = [loss(w)]
    for t in lengths:
        w = w - t * gradient
        losses.append(loss(w))
    return max(losses) - min(losses)


wrong("intuition.loss-range", "uphill")(_range(place=lambda w, t, g: w + t * g))
wrong("intuition.loss-range", "length-ignored")(_range(place=lambda w, t, g: w - g))
wrong("intuition.loss-range", "gradient-shortened")(
    _range(place=lambda w, t, g: w - t * g / np.sqrt((g**2).sum()))
)
wrong("intuition.loss-range", "start-left-out")(_range(start=False))
wrong("intuition.loss-range", "steps-added-up")(_steps_added_up)
wrong("intuition.loss-range", "from-the-start")(_range(lambda x: max(x) - x[0]))
wrong("intuition.loss-range", "last-minus-first")(_range(lambda x: x[-1] - x[0]))
wrong("intuition.loss-range", "range-negative")(_range(lambda x: -np.ptp(x)))
wrong("intuition.loss-range", "spread-not-range")(_range(np.std))


# Is the scale seen?


@right("intuition.scale-invariant")
def invariant_by_hand(f, w):
    one, small, large = f(w), f(0.1 * w), f(10 * w)
    return bool(np.allclose(one, small) and np.allclose(one, large))


@right("intuition.scale-invariant")
def invariant_as_a_number(f, w):
    return np.prod([np.isclose(f(a * w), f(w)).all() for a in (0.1, 10)])


def _invariant(factors=(0.1, 10), close=np.allclose, sum_up=all):
    return lambda f, w: sum_up([close(f(a * w), f(w)) for a in factors])


wrong("intuition.scale-invariant", "rounding-forgotten")(
    _invariant(close=lambda a, b: np.array_equal(a, b))
)
wrong("intuition.scale-invariant", "factor-one")(_invariant((1,)))
wrong("intuition.scale-invariant", "factor-negative")(_invariant((-1,)))
wrong("intuition.scale-invariant", "only-smaller")(_invariant((0.1,)))
wrong("intuition.scale-invariant", "only-larger")(_invariant((10,)))
wrong("intuition.scale-invariant", "one-is-enough")(_invariant(sum_up=any))
wrong("intuition.scale-invariant", "means-alone")(
    _invariant(close=lambda a, b: np.isclose(np.mean(a), np.mean(b)))
)
wrong("intuition.scale-invariant", "answer-reversed")(
    _invariant(sum_up=lambda same: not all(same))
)
wrong("intuition.scale-invariant", "added-not-multiplied")(
    lambda f, w: all(np.allclose(f(a + w), f(w)) for a in (0.1, 10))
)
wrong("intuition.scale-invariant", "output-scaled-too")(
    lambda f, w: all(np.allclose(f(a * w), a * f(w)) for a in (0.1, 10))
)


# How far it turned


@right("intuition.angle")
def angle_of_units(before, after):
    a, b = (v.ravel() / np.linalg.norm(v) for v in (before, after))
    return np.arccos(np.clip(a @ b, -1, 1))


@right("intuition.angle")
def angle_by_half(before, after):
    a, b = before / np.linalg.norm(before), after / np.linalg.norm(after)
    return 2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))


def _cosine(before, after):
    cosine = np.sum(before * after) / np.linalg.norm(before) / np.linalg.norm(after)
    return min(cosine, 1.0)


def _rows(before, after):
    pairs = zip(before, after, strict=True)
    return np.arccos(np.mean([_cosine(b, a) for b, a in pairs]))


wrong("intuition.angle", "not-normalized")(lambda b, a: np.arccos((b * a).sum()))
wrong("intuition.angle", "normalized-once")(
    lambda b, a: np.arccos(np.minimum((b * a).sum() / np.linalg.norm(b) ** 2, 1))
)
wrong("intuition.angle", "cosine-not-angle")(_cosine)
wrong("intuition.angle", "one-minus-cosine")(lambda b, a: 1 - _cosine(b, a))
wrong("intuition.angle", "degrees")(lambda b, a: np.rad2deg(np.arccos(_cosine(b, a))))
wrong("intuition.angle", "arcsin")(lambda b, a: np.arcsin(_cosine(b, a)))
wrong("intuition.angle", "length-not-angle")(lambda b, a: np.linalg.norm(a - b))
wrong("intuition.angle", "rows-one-by-one")(_rows)


# Decay on what


@right("intuition.decays")
def decays_by_shape(parameters):
    return np.array([len(value.shape) >= 2 for value in parameters.values()])


@right("intuition.decays")
def decays_as_numbers(parameters):
    return [int(np.ndim(parameters[name]) > 1) for name in parameters]


def _decays(rule):
    return lambda parameters: [rule(name, value) for name, value in parameters.items()]


wrong("intuition.decays", "decay-on-everything")(_decays(lambda name, value: True))
wrong("intuition.decays", "decay-on-nothing")(_decays(lambda name, value: False))
wrong("intuition.decays", "told-by-name")(
    _decays(lambda name, value: name.endswith("weight"))
)
wrong("intuition.decays", "told-by-name")(
    _decays(lambda name, value: "bn" not in name and "bias" not in name)
)
wrong("intuition.decays", "convolutions-missed")(
    _decays(lambda name, value: value.ndim == 2)
)
wrong("intuition.decays", "decay-reversed")(_decays(lambda name, value: value.ndim == 1))
