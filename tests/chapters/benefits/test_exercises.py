"""The exercises, held to answers that learners would write by hand."""

import math

import numpy as np
import torch

from bn_lib.chapters.benefits import experiments
from bn_lib.course import claim
from tests.chapters.learners import ExerciseTests, Learners

LEARNERS = Learners("benefits")
EXERCISES, right = LEARNERS.exercises, LEARNERS.right
wrong, wrong_table = LEARNERS.wrong, LEARNERS.wrong_table


# Steps to a target


@right("benefits.steps-to")
def steps_in_a_loop(accuracies, every, target, limit):
    for i, accuracy in enumerate(accuracies, start=1):
        if accuracy >= target:
            return i * every
    return limit


@right("benefits.steps-to")
def steps_counted_along(curve, step, goal, most):
    done = 0
    for accuracy in curve:
        done += step
        if not accuracy < goal:
            return done
    return most


@right("benefits.steps-to")
def steps_by_argmax(accuracies, every, target, limit):
    reached = accuracies >= target
    return every * (reached.argmax() + 1) if reached.any() else limit


@right("benefits.steps-to")
def steps_by_where(accuracies, every, target, limit):
    (places,) = np.where(accuracies >= target)
    return limit if len(places) == 0 else (places[0] + 1) * every


@right("benefits.steps-to")
def steps_by_next(accuracies, every, target, limit):
    return next((every * (i + 1) for i, a in enumerate(accuracies) if a >= target), limit)


@right("benefits.steps-to")
def steps_by_running_maximum(accuracies, every, target, limit):
    below = (np.maximum.accumulate(accuracies) < target).sum()
    return limit if below == len(accuracies) else every * (below + 1)


@right("benefits.steps-to")
def steps_in_torch(accuracies, every, target, limit):
    places = torch.nonzero(torch.tensor(accuracies) >= target)
    return every * (places[0, 0] + 1) if len(places) else torch.tensor(limit)


@right("benefits.steps-to")
def steps_as_a_float(accuracies, every, target, limit):
    return float(steps_in_a_loop(accuracies, every, target, limit))


@right("benefits.steps-to")
def steps_with_a_while(accuracies, every, target, limit):
    i = 0
    while i < len(accuracies) and accuracies[i] < target:
        i += 1
    return limit if i == len(accuracies) else every * (i + 1)


def _steps(at=lambda a, t: a >= t, steps=lambda i, e: e * (i + 1), pick=min, never=None):
    """Write the count with another comparison, step, choice or end."""

    def answer(accuracies, every, target, limit):
        found = [steps(i, every) for i, a in enumerate(accuracies) if at(a, target)]
        if found:
            return pick(found)
        return limit if never is None else never(accuracies, every)

    return answer


def _by_argmax(accuracies, every, target, limit):
    return every * (np.argmax(accuracies >= target) + 1)


def _by_argmax_from_zero(accuracies, every, target, limit):
    return every * np.argmax(accuracies >= target)


def _where_it_stays(accuracies, every, target, limit):
    for i in range(len(accuracies)):
        if (accuracies[i:] >= target).all():
            return every * (i + 1)
    return limit


wrong_table(
    "benefits.steps-to",
    {
        ("equal-left-out",): [_steps(at=lambda a, t: a > t)],
        ("one-look-off",): [
            _steps(steps=lambda i, e: e * i),
            _steps(steps=lambda i, e: e * (i + 2)),
        ],
        ("one-look-off", "equal-left-out"): [
            _steps(at=lambda a, t: a > t, steps=lambda i, e: e * i),
        ],
        ("looks-not-steps",): [
            _steps(steps=lambda i, e: i),
            _steps(steps=lambda i, e: i + 1),
        ],
        ("last-not-first",): [
            _steps(pick=max),
            _steps(pick=lambda found: found[-1]),
        ],
        ("best-not-first",): [
            lambda a, every, target, limit: every * (np.argmax(a) + 1),
            lambda a, e, t, limit: e * (a.argmax() + 1) if a.max() >= t else limit,
        ],
        ("has-to-stay",): [_where_it_stays],
        ("looks-below-counted",): [
            lambda a, every, target, limit: every * ((a < target).sum() + 1),
        ],
        ("looks-above-counted",): [
            lambda a, every, target, limit: every * (a >= target).sum(),
            lambda a, every, target, limit: (a >= target).sum(),
        ],
        ("never-is-first-look",): [_by_argmax],
        ("limit-forgotten", "one-look-off"): [_by_argmax_from_zero],
        ("never-is-nothing",): [
            _steps(never=lambda a, every: 0),
            _steps(never=lambda a, every: -1),
            _steps(never=lambda a, every: math.inf),
            _steps(never=lambda a, every: math.nan),
        ],
        ("never-is-last-look",): [_steps(never=lambda a, every: every * len(a))],
        ("below-not-above",): [_steps(at=lambda a, t: a < t)],
        ("target-ignored",): [_steps(at=lambda a, t: a >= 0.9)],
        ("accuracy-not-steps",): [
            lambda a, every, target, limit: a.max(),
        ],
        ("raised",): [lambda a, every, target, limit: every * a.index(target)],
        ("returned-nothing",): [lambda a, every, target, limit: print(a)],
    },
)


# Rates that the other seeds choose

right("benefits.at-chosen", experiments.at_chosen_rate)


@right("benefits.at-chosen")
def chosen_by_lists(steps):
    rates, seeds = steps.shape
    chosen = []
    for seed in range(seeds):
        means = [
            sum(steps[rate, other] for other in range(seeds) if other != seed)
            for rate in range(rates)
        ]
        chosen.append(steps[means.index(min(means)), seed])
    return chosen


@right("benefits.at-chosen")
def chosen_by_a_mask(counts):
    answer = []
    for i in range(counts.shape[1]):
        keep = np.arange(counts.shape[1]) != i
        answer.append(counts[np.argmin(counts[:, keep].mean(1)), i])
    return np.array(answer)


@right("benefits.at-chosen")
def chosen_from_the_columns(steps):
    columns = steps.T
    return [
        column[np.delete(columns, i, axis=0).mean(axis=0).argmin()]
        for i, column in enumerate(columns)
    ]


@right("benefits.at-chosen")
def chosen_in_torch(steps):
    t = torch.tensor(steps)
    rates = (t.sum(1, keepdim=True) - t).argmin(0)
    return t.gather(0, rates[None])[0]


@right("benefits.at-chosen")
def chosen_by_sorting(steps):
    total = steps.sum(axis=1)
    return tuple(
        steps[np.argsort(total - steps[:, i])[0], i] for i in range(steps.shape[1])
    )


def _chosen(others=None, pick=None, take=None, end=None):
    """Write the choice with other voters, another way to pick, or another result."""

    def answer(steps):
        found = []
        for i in range(steps.shape[1]):
            voters = others(steps, i) if others else np.delete(steps, i, axis=1)
            rate = pick(voters) if pick else voters.mean(axis=1).argmin()
            found.append(take(steps, voters, rate, i) if take else steps[rate, i])
        return end(found) if end else found

    return answer


wrong_table(
    "benefits.at-chosen",
    {
        ("own-seed-votes",): [
            _chosen(others=lambda s, i: s),
            lambda s: s[s.mean(axis=1).argmin()],
        ],
        ("own-seed-alone",): [
            lambda s: s.min(axis=0),
            _chosen(others=lambda s, i: s[:, i : i + 1]),
            lambda s: [min(column) for column in s.T],
        ],
        ("one-rate-for-all",): [
            _chosen(others=lambda s, i: s[:, 1:]),
            _chosen(others=lambda s, i: s[:, :-1]),
        ],
        ("slowest-chosen",): [_chosen(pick=lambda v: v.mean(axis=1).argmax())],
        ("slowest-chosen", "own-seed-votes"): [lambda s: s[s.mean(axis=1).argmax()]],
        ("luckiest-decides",): [_chosen(pick=lambda v: v.min(axis=1).argmin())],
        ("unluckiest-decides",): [_chosen(pick=lambda v: v.max(axis=1).argmin())],
        ("median-not-mean",): [_chosen(pick=lambda v: np.median(v, axis=1).argmin())],
        ("index-not-steps",): [_chosen(take=lambda s, v, rate, i: rate)],
        ("steps-of-others",): [
            _chosen(take=lambda s, v, rate, i: v[rate].mean()),
            _chosen(take=lambda s, v, rate, i: v[rate].min()),
            _chosen(end=None, take=lambda s, v, rate, i: v.mean(axis=1).min()),
        ],
        ("seeds-averaged",): [_chosen(end=np.mean)],
        ("wrong-axis",): [_chosen(pick=lambda v: v.mean(axis=0).argmin() % len(v))],
        ("wrong-shape",): [lambda s: s],
        ("raised",): [lambda s: [s[i, s.shape[1]] for i in range(3)]],
    },
)


# A gain that is fair


@right("benefits.gain")
def gain_in_two_lines(plain_tried, bn_tried, plain, bn):
    best = [np.argmax(np.mean(tried, axis=1)) for tried in (plain_tried, bn_tried)]
    return bn[best[1]] - plain[best[0]]


@right("benefits.gain")
def gain_by_sums(p_tried, b_tried, p, b):
    return [
        y - x
        for x, y in zip(p[p_tried.sum(1).argmax()], b[b_tried.sum(1).argmax()], strict=True)
    ]


@right("benefits.gain")
def gain_with_a_helper(plain_tried, bn_tried, plain, bn):
    def at_best(tried, tested):
        return tested[tried.mean(axis=1).argmax()]

    return at_best(bn_tried, bn) - at_best(plain_tried, plain)


@right("benefits.gain")
def gain_in_a_loop(plain_tried, bn_tried, plain, bn):
    best = {"plain": 0, "bn": 0}
    for rate in range(len(plain)):
        if plain_tried[rate].mean() > plain_tried[best["plain"]].mean():
            best["plain"] = rate
        if bn_tried[rate].mean() > bn_tried[best["bn"]].mean():
            best["bn"] = rate
    return np.subtract(bn[best["bn"]], plain[best["plain"]])


@right("benefits.gain")
def gain_in_torch(plain_tried, bn_tried, plain, bn):
    a, b, c, d = (torch.tensor(x) for x in (plain_tried, bn_tried, plain, bn))
    return d[b.mean(1).argmax()] - c[a.mean(1).argmax()]


def _best(accuracies):
    return accuracies.mean(axis=1).argmax()


def _gain(rates=lambda pt, bt, p, b: (_best(pt), _best(bt)), end=lambda p, b: b - p):
    """Write the gain with other rates or another end."""

    def answer(plain_tried, bn_tried, plain, bn):
        one, other = rates(plain_tried, bn_tried, plain, bn)
        return end(plain[one], bn[other])

    return answer


wrong_table(
    "benefits.gain",
    {
        # The friend's code.
        ("one-rate-for-both", "chosen-on-the-test"): [
            _gain(lambda pt, bt, p, b: (_best(b), _best(b))),
            _gain(lambda pt, bt, p, b: (_best(p), _best(p))),
            _gain(lambda pt, bt, p, b: [(b.mean(1) - p.mean(1)).argmax()] * 2),
        ],
        ("one-rate-for-both",): [
            _gain(lambda pt, bt, p, b: (_best(bt), _best(bt))),
            _gain(lambda pt, bt, p, b: (_best(pt), _best(pt))),
            _gain(lambda pt, bt, p, b: [_best(pt + bt)] * 2),
        ],
        ("chosen-on-the-test",): [
            _gain(lambda pt, bt, p, b: (_best(p), _best(b))),
            _gain(lambda pt, bt, p, b: (_best(p), _best(bt))),
            _gain(lambda pt, bt, p, b: (_best(pt), _best(b))),
        ],
        ("chosen-on-the-test", "nets-swapped"): [
            _gain(lambda pt, bt, p, b: (_best(p), _best(b)), lambda p, b: p - b),
        ],
        ("best-of-each-seed",): [lambda pt, bt, p, b: b.max(0) - p.max(0)],
        ("worst-rate",): [
            _gain(lambda pt, bt, p, b: (pt.mean(1).argmin(), bt.mean(1).argmin())),
        ],
        ("luckiest-decides",): [
            _gain(lambda pt, bt, p, b: (pt.max(1).argmax(), bt.max(1).argmax())),
        ],
        ("measured-on-tried",): [lambda pt, bt, p, b: bt[_best(bt)] - pt[_best(pt)]],
        ("seeds-averaged",): [_gain(end=lambda p, b: np.mean(b - p))],
        ("nets-swapped",): [_gain(end=lambda p, b: p - b)],
        ("absolute-gap",): [_gain(end=lambda p, b: abs(p - b))],
        ("ratio-not-gap",): [
            _gain(end=lambda p, b: b / p),
            _gain(end=lambda p, b: b / p - 1),
        ],
        ("one-net-alone",): [_gain(end=lambda p, b: b), _gain(end=lambda p, b: p)],
        ("wrong-shape",): [lambda pt, bt, p, b: b - p],
        ("wrong-type",): [_gain(end=lambda p, b: {"plain": p, "BN": b})],
    },
)


# Yes, no and unclear


@right("benefits.answers")
def answers_in_a_loop(effects, at_least):
    found = []
    for seeds in effects:
        if min(seeds) >= at_least:
            found.append(1)
        elif np.mean(seeds) < at_least / 2:
            found.append(-1)
        else:
            found.append(0)
    return found


@right("benefits.answers")
def answers_by_the_difference_of_flags(effects, bound):
    yes = (effects >= bound).all(axis=1)
    no = effects.mean(axis=1) < bound / 2
    return yes.astype(int) - no


@right("benefits.answers")
def answers_by_assignment(effects, at_least):
    answer = np.zeros(len(effects))
    answer[effects.mean(1) * 2 < at_least] = -1
    answer[effects.min(1) >= at_least] = 1
    return answer


@right("benefits.answers")
def answers_by_select(effects, at_least):
    yes, no = effects.min(1) >= at_least, effects.mean(1) < 0.5 * at_least
    return np.select([yes, no], [1, -1], 0)


@right("benefits.answers")
def answers_in_torch(effects, at_least):
    t = torch.tensor(effects)
    yes, no = t.amin(1) >= at_least, t.mean(1) < at_least / 2
    return yes.int() - no.int()


def _answers(
    yes=lambda e, b: e.min(1) >= b,
    no=lambda e, b: e.mean(1) < b / 2,
    told=(1, -1, 0),
):
    def answer(effects, at_least):
        is_yes, is_no = yes(effects, at_least), no(effects, at_least)
        return np.where(is_yes, told[0], np.where(is_no, told[1], told[2]))

    return answer


wrong_table(
    "benefits.answers",
    {
        ("mean-says-yes",): [_answers(yes=lambda e, b: e.mean(1) >= b)],
        ("one-seed-says-yes",): [
            _answers(yes=lambda e, b: e.max(1) >= b),
            _answers(yes=lambda e, b: (e >= b).any(axis=1)),
        ],
        ("equal-left-out",): [
            _answers(yes=lambda e, b: e.min(1) > b),
            _answers(yes=lambda e, b: (e > b).all(axis=1)),
        ],
        ("half-for-yes",): [_answers(yes=lambda e, b: e.min(1) >= b / 2)],
        ("above-zero-is-yes",): [_answers(yes=lambda e, b: (e > 0).all(1))],
        ("std-not-seeds",): [
            _answers(yes=lambda e, b: e.mean(1) - e.std(1) >= b),
            _answers(yes=lambda e, b: e.mean(1) - 2 * e.std(1) >= b),
        ],
        ("whole-bound-for-no",): [_answers(no=lambda e, b: e.mean(1) < b)],
        ("whole-bound-for-no", "mean-says-yes"): [
            _answers(yes=lambda e, b: e.mean(1) >= b, no=lambda e, b: e.mean(1) < b),
        ],
        ("below-zero-is-no",): [_answers(no=lambda e, b: e.mean(1) < 0)],
        ("below-zero-is-no", "mean-says-yes"): [
            _answers(yes=lambda e, b: e.mean(1) >= b, no=lambda e, b: e.mean(1) < 0),
        ],
        ("one-seed-says-no",): [_answers(no=lambda e, b: (e < b / 2).any(1))],
        ("every-seed-for-no",): [_answers(no=lambda e, b: (e < b / 2).all(1))],
        ("every-seed-for-no", "whole-bound-for-no"): [
            _answers(no=lambda e, b: (e < b).all(1)),
        ],
        ("median-not-mean",): [_answers(no=lambda e, b: np.median(e, axis=1) < b / 2)],
        ("absolute-gap",): [
            lambda e, b: _answers()(np.abs(e), b),
            _answers(no=lambda e, b: np.abs(e).mean(1) < b / 2),
        ],
        ("unclear-left-out",): [
            _answers(told=(1, -1, -1)),
            _answers(no=lambda e, b: e.min(1) < b),
            _answers(told=(1, 0, 0)),
        ],
        ("answers-swapped",): [
            _answers(told=(-1, 1, 0)),
            _answers(told=(1, 0, -1)),
        ],
        ("wrong-shape",): [
            _answers(yes=lambda e, b: e.min() >= b, no=lambda e, b: e.mean() < b / 2),
        ],
        ("wrong-type",): [lambda e, b: ["yes" if min(row) >= b else "no" for row in e]],
    },
)


# From the law to the norm

_GROWTH = math.pi / (math.pi - 1)
right("benefits.growth", (_GROWTH**0.5, _GROWTH**25))
right("benefits.growth", [math.sqrt(_GROWTH), math.sqrt(_GROWTH) ** 50])
right("benefits.growth", np.float32([1.21117, 14465.2]))
right("benefits.growth", (1.211, 14465))
right("benefits.growth", (1.467**0.5, 1.467**25))
right("benefits.growth", lambda: (_GROWTH**0.5, _GROWTH**25))
_NORM, _DEEP = _GROWTH**0.5, _GROWTH**25
wrong_table(
    "benefits.growth",
    {
        ("square-not-norm",): [
            (_GROWTH, _DEEP),
            (_NORM, _GROWTH**50),
            (_GROWTH, _GROWTH**50),
            (1.467, _DEEP),
        ],
        ("root-twice",): [(_GROWTH**0.25, _DEEP)],
        ("upside-down-growth",): [(1 / _NORM, _DEEP), (1 / _NORM, 1 / _DEEP)],
        ("bound-of-he",): [(1, _DEEP), (2**0.5, _DEEP), (1, 1)],
        ("added-up",): [(_NORM, 50 * _NORM), (_NORM, 1 + 50 * (_NORM - 1))],
        ("square-not-norm", "added-up"): [(_GROWTH, 50 * _GROWTH)],
        ("one-layer-off",): [(_NORM, _NORM**49), (_NORM, _NORM**51)],
        ("rounded-too-early",): [(1.21, 1.21**50), (_NORM, 1.5**25), (_NORM, 1.2**50)],
        ("one-layer-alone",): [(_NORM, _NORM)],
        ("unknown",): [(_NORM, 300)],
    },
)


class TestExercises(ExerciseTests):
    learners = LEARNERS


def test_the_answers_are_those_of_the_ledger():
    exercise = EXERCISES["benefits.answers"]
    words = {"yes": 1, "no": -1, "unclear": 0}
    for case in exercise.cases:
        effects, at_least = exercise.inputs(case).values()
        told = [
            words[claim.answer(row.min(), row.mean(), row.max(), (at_least, math.inf))]
            for row in effects
        ]
        assert exercise.returned((case, "y")).tolist() == told


def test_no_two_rates_suit_the_others_alike():
    """Which of two equal rates is chosen must not decide."""
    exercise = EXERCISES["benefits.at-chosen"]
    for case in exercise.cases:
        (steps,) = exercise.inputs(case).values()
        others = np.sort(steps.sum(axis=1, keepdims=True) - steps, axis=0)
        assert (others[0] < others[1]).all(), case


def test_the_growth_is_that_of_a_net():
    growth = experiments.growth(experiments.gradient(rows=("BN",), seeds=(0,))["BN"])
    norm, _ = EXERCISES["benefits.growth"].answer()
    np.testing.assert_allclose(np.sqrt(growth), norm, rtol=0.03)
