"""Exercises of the chapter on what BN promises: right answers, and lines that go wrong."""

import numpy as np

from bn_lib.course.exercise import Exercise

__all__ = []  # `check` finds every Exercise; a right answer is printed as it stands


def steps_to(accuracies, every, target, limit):
    reached = []
    for look, accuracy in enumerate(accuracies):
        steps = every * (look + 1)  # the first look is after so many steps
        if accuracy >= target:
            reached.append(steps)
    return min(reached, default=limit)


def _curve(accuracies, every, target, limit):
    """Return a case with a curve that was measured."""
    given = {"every": every, "target": target, "limit": limit}
    return lambda rng: {"accuracies": np.array(accuracies)} | given


STEPS_TO = Exercise(
    steps_to,
    outputs=("steps",),
    cases={
        "reached, then below again": _curve((0.3, 0.6, 0.9, 0.85, 0.94, 0.93), 5, 0.9, 40),
        "reached at the first look": _curve((0.8, 0.7, 0.75, 0.9), 20, 0.78, 90),
        "reached at the last look": _curve((0.2, 0.35, 0.3, 0.55), 4, 0.5, 30),
        "never reached": _curve((0.1, 0.45, 0.4), 10, 0.9, 120),
        "accuracy = target": _curve((0.4, 0.75, 0.85, 0.8, 0.9), 10, 0.75, 60),
        "every 1": _curve((0.2, 0.5, 0.65, 0.6, 0.8), 1, 0.6, 8),
    },
    tells={"never reached": "limit-forgotten"},
    mistakes="""
    equal-left-out       if accuracy > target:
    one-look-off         steps = every * look
                         steps = every * (look + 2)
    looks-not-steps      steps = look + 1 | look
    last-not-first       return max(reached, default=limit)
    best-not-first       return every * (np.argmax(accuracies) + 1)
                         return every * (np.argmax(accuracies) + 1) if reached else limit
    has-to-stay          if min(accuracies[look:]) >= target:
    looks-below-counted  return every * (sum(accuracies < target) + 1)
                         return every * (sum(accuracies < target) + 1) if reached else limit
    never-is-first-look  return min(reached, default=every)
    never-is-nothing     return min(reached, default=0)
                         return min(reached, default=-1)
                         return min(reached, default=np.inf)
                         return min(reached, default=np.nan)
    never-is-last-look   return min(reached, default=steps)
    below-not-above      if accuracy < target:
                         if accuracy <= target:
    target-ignored       if accuracy >= 0.9:
    looks-above-counted  return every * len(reached)
                         return len(reached)
    accuracy-not-steps   return max(accuracies)
    """,
)


def at_chosen(steps):
    chosen = np.zeros(steps.shape[1])
    for seed in range(steps.shape[1]):
        others = np.delete(steps, seed, axis=1)
        rate = others.mean(axis=1).argmin()
        chosen[seed] = steps[rate, seed]
    return chosen


def _counts(rates, seeds, draw):
    """Return a case: steps of shape (rates, seeds), drawn so that mistakes show."""
    counts = np.random.default_rng(draw).integers(10, 99, (rates, seeds))
    return lambda rng: {"steps": 1.0 * counts}


AT_CHOSEN = Exercise(
    at_chosen,
    outputs=("chosen",),
    cases={
        "4 rates, 5 seeds": _counts(4, 5, draw=300),
        "4 rates, 4 seeds": _counts(4, 4, draw=763),
        "3 rates, 6 seeds": _counts(3, 6, draw=1632),
    },
    mistakes="""
    own-seed-votes      others = steps
    own-seed-alone      others = steps[:, [seed]]
    one-rate-for-all    others = np.delete(steps, 0, axis=1)
                        others = np.delete(steps, -1, axis=1)
    slowest-chosen      rate = others.mean(axis=1).argmax()
    luckiest-decides    rate = others.min(axis=1).argmin()
    unluckiest-decides  rate = others.max(axis=1).argmin()
    median-not-mean     rate = np.median(others, axis=1).argmin()
    index-not-steps     chosen[seed] = rate
    steps-of-others     chosen[seed] = others[rate].mean()
                        chosen[seed] = others[rate].min()
    wrong-axis          rate = others.mean(axis=0).argmin() % len(steps)
    seeds-averaged      return chosen.mean()
    """,
)


def gain(plain_tried, bn_tried, plain, bn):
    plain_rate = plain_tried.mean(axis=1).argmax()
    bn_rate = bn_tried.mean(axis=1).argmax()
    return bn[bn_rate] - plain[plain_rate]


def _accuracies(rates, seeds, draw):
    """Return a case: tried with 3 seeds, and tested with these, so that mistakes show."""
    digits, sizes = np.random.default_rng(draw), (3, 3, seeds, seeds)
    names = ("plain_tried", "bn_tried", "plain", "bn")
    given = {
        name: digits.integers(30, 99, (rates, size)) / 100
        for name, size in zip(names, sizes, strict=True)
    }
    return lambda rng: {name: values.copy() for name, values in given.items()}


# By what people choose the rate of plain and that of BN.
_CHOICES = {
    "one-rate-for-both": (
        ("bn_tried.mean(1).argmax()", "bn_tried.mean(1).argmax()"),
        ("plain_tried.mean(1).argmax()", "plain_tried.mean(1).argmax()"),
        ("(plain_tried + bn_tried).mean(1).argmax()",) * 2,
    ),
    "chosen-on-the-test": (
        ("plain.mean(1).argmax()", "bn_tried.mean(1).argmax()"),
        ("plain_tried.mean(1).argmax()", "bn.mean(1).argmax()"),
        ("plain.mean(1).argmax()", "bn.mean(1).argmax()"),
    ),
    "one-rate-for-both, chosen-on-the-test": (
        ("bn.mean(1).argmax()", "bn.mean(1).argmax()"),
        ("plain.mean(1).argmax()", "plain.mean(1).argmax()"),
        ("(bn.mean(1) - plain.mean(1)).argmax()",) * 2,
    ),
    "worst-rate": (
        ("plain_tried.mean(1).argmin()", "bn_tried.mean(1).argmax()"),
        ("plain_tried.mean(1).argmax()", "bn_tried.mean(1).argmin()"),
        ("plain_tried.mean(1).argmin()", "bn_tried.mean(1).argmin()"),
    ),
    "luckiest-decides": (
        ("plain_tried.max(1).argmax()", "bn_tried.mean(1).argmax()"),
        ("plain_tried.mean(1).argmax()", "bn_tried.max(1).argmax()"),
        ("plain_tried.max(1).argmax()", "bn_tried.max(1).argmax()"),
    ),
}
_RATES = "\n".join(
    f"{mistakes}  plain_rate = {one}; bn_rate = {other}"
    for mistakes, pairs in _CHOICES.items()
    for one, other in pairs
)

GAIN = Exercise(
    gain,
    outputs=("gain",),
    cases={
        "5 rates, 4 seeds": _accuracies(5, 4, draw=1438),
        "5 rates, 2 seeds": _accuracies(5, 2, draw=509),
    },
    mistakes=f"""
    {_RATES}
    best-of-each-seed  return bn.max(axis=0) - plain.max(axis=0)
    measured-on-tried  return bn_tried[bn_rate] - plain_tried[plain_rate]
    seeds-averaged     return (bn[bn_rate] - plain[plain_rate]).mean()
    nets-swapped       return plain[plain_rate] - bn[bn_rate]
    absolute-gap       return np.abs(bn[bn_rate] - plain[plain_rate])
    ratio-not-gap      return bn[bn_rate] / plain[plain_rate]
                       return bn[bn_rate] / plain[plain_rate] - 1
    one-net-alone      return bn[bn_rate] | plain[plain_rate]
    """,
)


def answers(effects, at_least):
    yes = effects.min(axis=1) >= at_least  # every seed
    no = effects.mean(axis=1) < at_least / 2
    return np.where(yes, 1, np.where(no, -1, 0))


def _effects(at_least, *rows):
    """Return a case: effects of shape (regimes, seeds)."""
    return lambda rng: {"effects": np.array(rows), "at_least": at_least}


_SIGNLESS = (
    "effects = np.abs(effects); yes = effects.min(axis=1) >= at_least; "
    "no = effects.mean(axis=1) < at_least / 2"
)

_BY_MEAN = "yes = effects.mean(axis=1) >= at_least; no = effects.mean(axis=1) < at_least"

ANSWERS = Exercise(
    answers,
    cases={
        "at_least 0.2": _effects(
            0.2,
            (0.5, 0.3, 0.25),  # yes
            (0.7, 0.6, 0.15),  # one seed below
            (0.1, 0.25, 0.15),  # the mean above half
            (0.25, -0.2, 0.05),  # one seed above, the mean near 0
            (-0.4, -0.3, -0.35),
            (0.5, -0.15, -0.12),  # the mean below half, the median below 0
            (0.05, 0.14, 0.02),  # a mean above 0 and below half
            (0.02, 0.03, 0.4),  # the mean above half, the median below
        ),
        "at_least 4": _effects(
            4.0,
            (4.0, 9.0, 5.0, 6.0),  # one seed at the bound
            (3.9, 4.2, 5.0, 4.5),
            (1.0, 1.5, 0.5, 1.8),
            (3.0, 2.5, 2.2, 2.1),
            (6.0, 5.0, 4.5, 7.0),
        ),
        "5 regimes, 2 seeds": _effects(
            0.1,
            (0.3, 0.4),
            (-0.2, 0.1),
            (0.2, 0.02),
            (0.03, 0.0),
            (0.2, 0.11),
        ),
    },
    mistakes=f"""
    mean-says-yes       yes = effects.mean(axis=1) >= at_least
    one-seed-says-yes   yes = effects.max(axis=1) >= at_least
    equal-left-out      yes = effects.min(axis=1) > at_least
    half-for-yes        yes = effects.min(axis=1) >= at_least / 2
    above-zero-is-yes   yes = effects.min(axis=1) > 0
    std-not-seeds       yes = effects.mean(axis=1) - effects.std(axis=1) >= at_least
                        yes = effects.mean(axis=1) - 2 * effects.std(axis=1) >= at_least
    whole-bound-for-no  no = effects.mean(axis=1) < at_least
    below-zero-is-no    no = effects.mean(axis=1) < 0
                        no = effects.mean(axis=1) <= 0
    one-seed-says-no    no = effects.min(axis=1) < at_least / 2
    every-seed-for-no   no = effects.max(axis=1) < at_least / 2
    mean-says-yes, whole-bound-for-no  {_BY_MEAN}
    every-seed-for-no, whole-bound-for-no  no = effects.max(axis=1) < at_least
    median-not-mean     no = np.median(effects, axis=1) < at_least / 2
    absolute-gap        yes = np.abs(effects).min(axis=1) >= at_least
                        no = np.abs(effects).mean(axis=1) < at_least / 2
                        {_SIGNLESS}
    unclear-left-out    return np.where(yes, 1, -1)
                        return np.where(no, -1, 1)
                        return np.where(yes, 1, 0)
    answers-swapped     return np.where(yes, -1, np.where(no, 1, 0))
                        return np.where(yes, 1, np.where(no, 0, -1))
                        return np.where(yes, 0, np.where(no, -1, 1))
    """,
)


def growth():
    norm = np.sqrt(np.pi / (np.pi - 1))
    deep = norm**50
    return norm, deep


GROWTH = Exercise(
    growth,
    outputs=("norm", "deep"),
    mistakes="""
    square-not-norm    norm = np.pi / (np.pi - 1)
                       norm = 1.467
                       deep = (np.pi / (np.pi - 1)) ** 50
                       norm = np.pi / (np.pi - 1); deep = (np.pi / (np.pi - 1)) ** 50
    root-twice         norm = (np.pi / (np.pi - 1)) ** 0.25
    upside-down-growth  norm = np.sqrt((np.pi - 1) / np.pi)
                       norm = (np.pi - 1) / np.pi
    bound-of-he        norm = 1
                       norm = np.sqrt(2)
    added-up           deep = 50 * norm | 1 + 50 * (norm - 1)
    one-layer-off      deep = norm**49 | norm**51
    rounded-too-early  deep = 1.2**50 | 1.21**50 | 1.5**25 | 1.47**25
    one-layer-alone    deep = norm
    """,
)
