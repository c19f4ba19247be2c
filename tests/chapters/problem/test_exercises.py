"""The exercises, held to answers that learners would write by hand."""

import numpy as np

from bn_lib.course.exercise import check
from tests.chapters.learners import ExerciseTests, Learners

LEARNERS = Learners("problem")
EXERCISES, right, wrong = LEARNERS.exercises, LEARNERS.right, LEARNERS.wrong


class TestExercises(ExerciseTests):
    """What is true of the exercises of every chapter."""

    learners = LEARNERS


# Three layers, by hand

right("problem.growth", (0.5, 0.125))
right("problem.growth", [1 / 2, 1 / 8])
for _mistakes, _answer in {
    ("relu-forgotten",): (0.1 * 50**0.5, 0.1**3 * 50**1.5),
    ("root-forgotten",): (2.5, 2.5**3),
    ("mean-square",): (0.25, 0.25**3),
    ("added-up",): (0.5, 1.5),
    ("one-layer-off",): (0.5, 0.0625),
    ("upside-down",): (2, 8),
}.items():
    wrong("problem.growth", *_mistakes)(_answer)
wrong("problem.growth", "relu-forgotten", "one-layer-off")((0.707, 0.25))


# Sizes of the signal


@right("problem.sizes")
def sizes_by_a_sum(x, weights):
    sizes = np.zeros(len(weights))
    for layer, weight in enumerate(weights):
        x = x @ weight
        x[x < 0] = 0
        sizes[layer] = (np.square(x).sum() / x.size) ** 0.5
    return sizes


@right("problem.sizes")
def sizes_by_norm(x, weights):
    found = []
    for weight in weights:
        x = np.where(x.dot(weight) > 0, x.dot(weight), 0)
        found += [np.linalg.norm(x) / x.size**0.5]
    return tuple(found)


def _sizes(size, layer=lambda x, weight, weights: np.maximum(x @ weight, 0)):
    def sizes(x, weights):
        found = []
        for weight in weights:
            x = layer(x, weight, weights)
            found.append(size(x))
        return found

    return sizes


def rms(x):
    return np.sqrt(np.square(x).mean())


for _mistake, _layer in {
    "relu-forgotten": lambda x, weight, _: x @ weight,
    "weight-transposed": lambda x, weight, _: np.maximum(weight @ x.T, 0).T,
    "same-weights": lambda x, _, weights: np.maximum(x @ weights[0], 0),
    "relu-too-early": lambda x, weight, _: np.maximum(x, 0) @ weight,
}.items():
    wrong("problem.sizes", _mistake)(_sizes(rms, _layer))
for _mistake, _size in {
    "root-forgotten": lambda x: np.mean(x**2),
    "mean-not-rms": lambda x: np.abs(x).mean(),
    "std-not-rms": np.std,
    "not-averaged": np.linalg.norm,
    "largest-not-rms": np.max,
}.items():
    wrong("problem.sizes", _mistake)(_sizes(_size))
wrong("problem.sizes", "relu-forgotten", "root-forgotten")(
    _sizes(lambda x: (x * x).mean(), lambda x, weight, _: np.dot(x, weight))
)


# The move of a unit


@right("problem.move")
def move_by_quantiles(before, after):
    marks = (0.15, 0.5, 0.85)
    moves = [abs(np.quantile(after, q, 0) - np.quantile(before, q, 0)) for q in marks]
    width = np.quantile(before, 0.85, 0) - np.quantile(before, 0.15, 0)
    return 2 * sum(moves) / 3 / width


@right("problem.move")
def move_unit_by_unit(before, after):
    moves = []
    for one, other in zip(before.T, after.T, strict=True):
        low, middle, high = np.percentile(one, [15, 50, 85])
        moved = np.abs(np.percentile(other, [15, 50, 85]) - [low, middle, high])
        moves.append(np.mean(moved) / ((high - low) / 2))
    return moves


def _move(combine=lambda d: np.abs(d).mean(0), half=None, marks=(15, 50, 85), axis=0):
    def move(before, after):
        start = np.percentile(before, marks, axis=axis)
        end = np.percentile(after, marks, axis=axis)
        by = (start[2] - start[0]) / 2 if half is None else half(before, start, end)
        return combine(end - start) / by

    return move


wrong("problem.move", "sign-kept")(_move(lambda d: d.mean(0)))
wrong("problem.move", "sign-kept")(_move(lambda d: abs(d.mean(0))))
wrong("problem.move", "median-alone")(_move(lambda d: abs(d[1])))
wrong("problem.move", "summed-not-averaged")(_move(lambda d: abs(d).sum(0)))
wrong("problem.move", "largest-move")(_move(lambda d: abs(d).max(0)))
wrong("problem.move", "whole-width")(_move(half=lambda b, start, end: start[2] - start[0]))
wrong("problem.move", "width-of-the-end")(
    _move(half=lambda b, start, end: (end[2] - end[0]) / 2)
)
wrong("problem.move", "std-not-width")(_move(half=lambda b, start, end: b.std(0)))
wrong("problem.move", "not-divided-by-width")(_move(half=lambda b, start, end: 1))
wrong("problem.move", "other-percentiles")(_move(marks=(25, 50, 75)))
wrong("problem.move", "sign-kept", "whole-width")(
    _move(lambda d: d.mean(0), half=lambda b, start, end: start[2] - start[0])
)


@wrong("problem.move", "wrong-axis")
def move_over_everything(before, after):
    start, end = (np.percentile(values, [15, 50, 85]) for values in (before, after))
    return np.mean(np.abs(end - start)) / ((start[2] - start[0]) / 2)


@wrong("problem.move", "mean-not-percentiles")
def move_of_the_mean(before, after):
    low, high = np.percentile(before, [15, 85], axis=0)
    return np.abs(after.mean(0) - before.mean(0)) / ((high - low) / 2)


@wrong("problem.move", "mean-not-percentiles", "std-not-width")
def move_of_the_mean_by_std(before, after):
    return np.abs(after.mean(0) - before.mean(0)) / before.std(0)


# Rates that separate two nets


@right("problem.separates")
def separates_rate_by_rate(plain, normed):
    return [min(b) > max(a) + 0.1 for a, b in zip(plain, normed, strict=True)]


@right("problem.separates")
def separates_all_pairs(plain, normed):
    gaps = normed[:, :, None] - plain[:, None, :]  # (rates, seeds, seeds)
    return (gaps > 0.1).all(axis=(1, 2))


@right("problem.separates")
def separates_as_numbers(plain, normed):
    return np.where(normed.min(1) - plain.max(1) > 0.1, 1, 0)


for _mistake, _answer in {
    "means-compared": lambda plain, normed: normed.mean(1) - plain.mean(1) > 0.1,
    "best-of-bn": lambda plain, normed: normed.max(1) - plain.max(1) > 0.1,
    "worst-of-plain": lambda plain, normed: normed.min(1) - plain.min(1) > 0.1,
    "wrong-axis": lambda plain, normed: normed.min(0) - plain.max(0) > 0.1,
    "margin-forgotten": lambda plain, normed: normed.min(1) > plain.max(1),
    "nets-swapped": lambda plain, normed: plain.max(1) - normed.min(1) > 0.1,
    "absolute-gap": lambda plain, normed: abs(normed.min(1) - plain.max(1)) > 0.1,
    "seeds-paired": lambda plain, normed: (normed - plain > 0.1).all(1),
}.items():
    wrong("problem.separates", _mistake)(_answer)


def test_the_law_of_the_exercise_is_that_of_the_sizes():
    rng = np.random.default_rng(0)
    weights = [rng.normal(scale=0.1, size=(50, 50)) for _ in range(4)]
    found = EXERCISES["problem.sizes"].answer(rng.normal(size=(5000, 50)), weights)
    np.testing.assert_allclose(found[3] / found[0], 0.125, rtol=0.2)
    assert check("problem.growth", (0.5, 0.125)).passed
