"""Exercises of the chapter on the problem: right answers, and lines that go wrong."""

import numpy as np

from bn_lib.course.exercise import Exercise

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def growth():
    factor = 0.5
    after = 0.125
    return factor, after


GROWTH = Exercise(
    growth,
    outputs=("factor", "after"),
    mistakes="""
    relu-forgotten    factor = 0.7071 | 0.707 | 0.71
                      after = 0.3535 | 0.354 | 0.35 | 0.36
    root-forgotten    factor = 2.5
                      after = 15.625 | 15.6
    mean-square       factor = 0.25
                      after = 0.015625 | 0.0156 | 0.016
    added-up          after = 1.5 | 3.5
    one-layer-off     after = 0.0625 | 0.25
    upside-down       factor = 2.0
                      after = 8.0
    """,
)


def sizes(x, weights):
    found = []
    for weight in weights:
        x = np.maximum(x @ weight, 0)
        size = np.sqrt((x**2).mean())
        found.append(size)
    return found


def _layers(std, depth=4, width=50):
    def inputs(rng):
        weights = [rng.normal(scale=std, size=(width, width)) for _ in range(depth)]
        return {"x": rng.normal(size=(30, width)), "weights": weights}

    return inputs


SIZES = Exercise(
    sizes,
    outputs=("sizes",),
    cases={"std 0.1": _layers(0.1), "std 0.3": _layers(0.3)},
    mistakes="""
    relu-forgotten     np.maximum(x @ weight, 0) -> x @ weight
    root-forgotten     size = (x**2).mean()
    mean-not-rms       size = x.mean() | np.median(x)
    std-not-rms        size = x.std()
    not-averaged       size = np.sqrt((x**2).sum())
                       size = (x**2).sum()
    largest-not-rms    size = x.max()
    weight-transposed  @ weight -> @ weight.T
    same-weights       @ weight -> @ weights[0]
    relu-too-early     x = np.maximum(x, 0) @ weight
    """,
)


def move(before, after):
    start = np.percentile(before, [15, 50, 85], axis=0)
    end = np.percentile(after, [15, 50, 85], axis=0)
    half = (start[2] - start[0]) / 2
    moved = np.abs(end - start).mean(axis=0)
    return moved / half


def _drifting(rng):
    before = rng.normal(size=(40, 3)) * [1.0, 2.0, 0.5]
    return {"before": before, "after": 1.5 * before + [3.0, -1.0, 0.0]}


def _narrowing(rng):
    before = rng.normal(size=(25, 5)) + 2.0
    return {"before": before, "after": 0.3 * rng.normal(size=(25, 5)) - 1.0}


MOVE = Exercise(
    move,
    outputs=("move",),
    cases={"(40, 3)": _drifting, "(25, 5)": _narrowing},
    mistakes="""
    wrong-axis            axis=0 -> axis=None
    sign-kept             moved = (end - start).mean(axis=0)
                          moved = np.abs((end - start).mean(axis=0))
    whole-width           half = start[2] - start[0]
    width-of-the-end      half = (end[2] - end[0]) / 2
    mean-not-percentiles  moved = np.abs(after.mean(axis=0) - before.mean(axis=0))
    median-alone          moved = np.abs(end - start)[1]
    other-percentiles     [15, 50, 85] -> [25, 50, 75] | [5, 50, 95]
    std-not-width         half = before.std(axis=0)
    not-divided-by-width  half = 1
    summed-not-averaged   moved = np.abs(end - start).sum(axis=0)
    largest-move          moved = np.abs(end - start).max(axis=0)
    """,
)


def separates(plain, normed):
    worst = normed.min(axis=1)
    best = plain.max(axis=1)
    return worst - best > 0.1


def _accuracies(rng):
    """Return rates where the ways to compare differ from each other."""
    plain = [
        [0.1, 0.1, 0.1],  # clear
        [0.1, 0.5, 0.1],  # seed 1 of the plain net learns
        [0.7, 0.8, 0.84],  # paired seeds, but no gap
        [0.85, 0.86, 0.87],  # less than the margin
        [0.9, 0.95, 0.9],  # the plain net is ahead
        [0.5, 0.6, 0.5],  # the mean is ahead, one seed is not
        [0.1, 0.12, 0.95],  # the plain net at its worst
    ]
    normed = [
        [0.9, 0.92, 0.95],
        [0.9, 0.7, 0.95],
        [0.85, 0.95, 1.0],
        [0.9, 0.92, 0.91],
        [0.2, 0.3, 0.2],
        [0.9, 0.55, 0.9],
        [0.6, 0.9, 0.9],
    ]
    return {"plain": np.array(plain), "normed": np.array(normed)}


def _few_rates(rng):
    found = _accuracies(rng)
    return {name: values[[5, 0, 3]] for name, values in found.items()}


SEPARATES = Exercise(
    separates,
    outputs=("separates",),
    cases={"7 rates, 3 seeds": _accuracies, "3 rates, 3 seeds": _few_rates},
    mistakes="""
    means-compared     worst = normed.mean(axis=1); best = plain.mean(axis=1)
    best-of-bn         worst = normed.max(axis=1)
    worst-of-plain     best = plain.min(axis=1)
    wrong-axis         axis=1 -> axis=0
    margin-forgotten   return worst - best > 0
    nets-swapped       return best - worst > 0.1
    absolute-gap       return np.abs(worst - best) > 0.1
    seeds-paired       return (normed - plain).min(axis=1) > 0.1
    """,
)
