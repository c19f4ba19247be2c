"""The exercises, held to answers that learners would write by hand."""

import math
from functools import partial

import numpy as np
import torch

from bn_lib.layers import BatchNorm, Linear, ReLU, Sequential
from tests.chapters.learners import ExerciseTests, Learners

LEARNERS = Learners("intuition")
EXERCISES, right = LEARNERS.exercises, LEARNERS.right
wrong, wrong_table = LEARNERS.wrong, LEARNERS.wrong_table


# Five times the weights

right("intuition.scaled", (1, 1 / 5, 1 / 25))
right("intuition.scaled", [1.0, 0.2, 0.04])
right("intuition.scaled", np.float32([1, 0.2, 0.04]))
right("intuition.scaled", lambda: (1, 1 / 5, 1 / 25))
wrong_table(
    "intuition.scaled",
    {
        ("output-follows-weights",): [(5, 0.2, 0.04), (25, 0.2, 0.04)],
        ("output-shrinks",): [(0.2, 0.2, 0.04)],
        ("gradient-grows",): [(1, 5, 0.04), (1, 25, 0.04)],
        ("gradient-unchanged",): [(1, 1, 0.04)],
        ("gradient-divided-twice",): [(1, 0.04, 0.04)],
        ("turn-half-counted",): [(1, 0.2, 0.2)],
        ("turn-unchanged",): [(1, 0.2, 1)],
        ("turn-grows",): [(1, 0.2, 5), (1, 0.2, 25)],
        ("turn-divided-thrice",): [(1, 0.2, 0.008)],
        # As a linear layer would have it.
        ("output-follows-weights", "gradient-unchanged", "turn-half-counted"): [
            (5, 1, 0.2)
        ],
        # The same gradient, longer weights.
        ("gradient-unchanged", "turn-half-counted"): [(1, 1, 0.2)],
        ("gradient-grows", "turn-unchanged"): [(1, 5, 1)],
        ("unknown",): [(1, 0.2, 3)],
    },
)


# The range of the loss


@right("intuition.loss-range")
def range_step_by_step(loss, w, gradient, lengths):
    lowest = highest = loss(w)
    for length in lengths:
        value = loss(w - length * gradient)
        lowest, highest = min(lowest, value), max(highest, value)
    return highest - lowest


@right("intuition.loss-range")
def range_with_length_zero(loss, w, gradient, lengths):
    return np.ptp([loss(w - s * gradient) for s in [0, *lengths]])


@right("intuition.loss-range")
def range_with_a_longer_list(loss, w, gradient, lengths):
    values = np.array([loss(w - s * gradient) for s in [0] + lengths])  # noqa: RUF005
    return values.max() - values.min()


@right("intuition.loss-range")
def range_of_sorted(f, weights, slope, steps):
    values = sorted([f(weights + slope * -s) for s in steps] + [f(weights)])
    return values[-1] - values[0]


@right("intuition.loss-range")
def range_in_torch(loss, w, gradient, lengths):
    steps = torch.tensor([0.0, *lengths], dtype=torch.float64)
    places = torch.tensor(w) - steps[:, None, None] * torch.tensor(gradient)
    values = torch.stack([torch.tensor(loss(place)) for place in places.numpy()])
    return values.max() - values.min()


def _range(place=None, end=None, start=True):
    """Write the range with other places or with another end."""

    def answer(loss, w, gradient, lengths):
        go = place or (lambda w, g, s: w - s * g)
        losses = [loss(w)] if start else []
        losses += [loss(go(w, gradient, length)) for length in lengths]
        return end(np.array(losses)) if end else max(losses) - min(losses)

    return answer


def _unit(g):
    return g / np.sqrt((g * g).sum())


LOSS_RANGE = {
    ("uphill",): [_range(lambda w, g, s: w + s * g)],
    ("length-ignored",): [_range(lambda w, g, s: w - g)],
    ("length-inverted",): [_range(lambda w, g, s: w - g / s)],
    ("gradient-normalized",): [
        _range(lambda w, g, s: w - s * _unit(g)),
        _range(lambda w, g, s: w - s * np.sign(g)),
    ],
    ("uphill", "gradient-normalized"): [_range(lambda w, g, s: w + s * _unit(g))],
    ("uphill", "start-left-out"): [_range(lambda w, g, s: w + s * g, start=False)],
    ("uphill", "range-by-order"): [
        _range(lambda w, g, s: w + s * g, end=lambda losses: losses[-1] - losses[0]),
    ],
    ("start-left-out",): [_range(start=False)],
    ("start-left-out", "gradient-normalized"): [
        _range(lambda w, g, s: w - s * _unit(g), start=False),
    ],
    ("range-from-start",): [
        _range(end=lambda losses: losses.max() - losses[0]),
        _range(end=lambda losses: losses[0] - losses.min()),
        _range(end=lambda losses: np.abs(losses - losses[0]).max()),
    ],
    ("range-by-order",): [
        _range(end=lambda losses: losses[-1] - losses[0]),
        _range(end=lambda losses: losses[0] - losses[-1]),
        _range(end=lambda losses: abs(losses[-1] - losses[0])),
    ],
    ("spread-not-range",): [
        _range(end=np.std),
        _range(end=np.var),
        _range(end=lambda losses: losses.std(ddof=1)),
    ],
    ("one-end-only",): [
        _range(end=np.max),
        _range(end=np.min),
        _range(end=lambda losses: np.abs(losses).max()),
    ],
    ("range-negative",): [_range(end=lambda losses: losses.min() - losses.max())],
    ("not-a-difference",): [
        _range(end=lambda losses: losses.max() / losses.min()),
        _range(end=lambda losses: np.ptp(losses) / losses[0]),
    ],
    ("neighbours-only",): [
        _range(end=lambda losses: np.abs(np.diff(losses)).max()),
        _range(end=lambda losses: np.abs(np.diff(losses)).sum()),
    ],
    ("length-left-out",): [
        lambda f, w, g, lengths: np.ptp([f(w - s * g) for s in [0, *lengths[1:]]]),
        lambda f, w, g, lengths: np.ptp([f(w - s * g) for s in (0, *lengths[:-1])]),
        lambda f, w, g, lengths: abs(f(w) - f(w - max(lengths) * g)),
    ],
    ("loss-without-sign",): [_range(end=lambda losses: np.ptp(np.abs(losses)))],
    ("raised",): [_range(start=False, end=lambda losses: losses[1] - losses[0])],
    ("wrong-shape",): [_range(end=lambda losses: losses)],
}
wrong_table("intuition.loss-range", LOSS_RANGE)


@wrong("intuition.loss-range", "steps-accumulated")
def range_of_a_walk(loss, w, gradient, lengths):
    losses = [loss(w)]
    for length in lengths:
        w = w - length * gradient
        losses.append(loss(w))
    return max(losses) - min(losses)


@wrong("intuition.loss-range", "steps-accumulated", "changed-input")
def range_of_a_walk_in_place(loss, w, gradient, lengths):
    losses = [loss(w)]
    for length in lengths:
        w -= length * gradient
        losses.append(loss(w))
    return max(losses) - min(losses)


# The angle


@right("intuition.angle")
def angle_of_long_vectors(before, after):
    a, b = before.ravel(), after.ravel()
    return np.arccos(min(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), 1.0))


@right("intuition.angle")
def angle_of_unit_vectors(before, after):
    a, b = (m / np.sqrt(np.sum(m * m)) for m in (before, after))
    return np.arccos(np.minimum((a * b).sum(), 1))


@right("intuition.angle")
def angle_with_one_root(before, after):
    return np.arccos((before * after).sum() / np.sqrt((before**2).sum() * (after**2).sum()))


@right("intuition.angle")
def angle_from_sides(before, after):
    a, b = _unit(before), _unit(after)
    return 2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))


@right("intuition.angle")
def angle_by_trace(before, after):
    dot = np.trace(before.T @ after)
    return math.acos(min(1, dot / (np.linalg.norm(before) * np.linalg.norm(after))))


@right("intuition.angle")
def angle_with_loops(v, u):
    pairs = [(a, b) for p, q in zip(v, u, strict=True) for a, b in zip(p, q, strict=True)]
    lengths = math.hypot(*(a for a, _ in pairs)), math.hypot(*(b for _, b in pairs))
    return math.acos(min(sum(a * b for a, b in pairs) / lengths[0] / lengths[1], 1))


@right("intuition.angle")
def angle_in_torch(before, after):
    a, b = torch.tensor(before).flatten(), torch.tensor(after).flatten()
    return torch.acos(torch.cosine_similarity(a, b, dim=0).clamp(-1, 1))


@right("intuition.angle")
def angle_in_float32(before, after):
    return angle_of_long_vectors(before.astype(np.float32), after.astype(np.float32))


def _dot(a, b):
    return (a * b).sum()


def _norms(a, b):
    return np.linalg.norm(a) * np.linalg.norm(b)


def _cos(a, b):
    return np.minimum(_dot(a, b) / _norms(a, b), 1)


def _cos_by(a, b, axis):
    return (a * b).sum(axis) / np.linalg.norm(a, axis=axis) / np.linalg.norm(b, axis=axis)


ANGLE = {
    ("rounded-past-one",): [lambda a, b: np.arccos(_dot(a, b) / _norms(a, b))],
    ("not-by-both-lengths",): [
        lambda a, b: np.arccos(_dot(a, b)),
        lambda a, b: np.arccos(np.clip(_dot(a, b), -1, 1)),
        lambda a, b: np.arccos(_dot(a, b) / np.linalg.norm(a)),
        lambda a, b: np.arccos(np.clip(_dot(a, b) / np.linalg.norm(b), -1, 1)),
        lambda a, b: np.arccos(np.clip(_dot(a, b) / _norms(a, b) ** 2, -1, 1)),
        lambda a, b: np.arccos(_dot(a, b) / _norms(a, b) ** 2),
        lambda a, b: np.arccos(_dot(a, b) / (np.linalg.norm(a) + np.linalg.norm(b))),
    ],
    ("cosine-not-angle",): [_cos, lambda a, b: _dot(a, b) / _norms(a, b)],
    ("one-minus-cosine",): [lambda a, b: 1 - _cos(a, b)],
    ("degrees",): [lambda a, b: np.degrees(np.arccos(_cos(a, b)))],
    ("degrees", "rounded-past-one"): [
        lambda a, b: np.arccos(_dot(a, b) / _norms(a, b)) * 180 / np.pi,
    ],
    ("not-the-arccos",): [
        lambda a, b: np.arcsin(_cos(a, b)),
        lambda a, b: np.cos(_cos(a, b)),
        lambda a, b: np.arctan(_cos(a, b)),
    ],
    ("angle-scaled",): [lambda a, b: np.arccos(_cos(a, b)) / np.pi],
    ("sign-lost",): [
        lambda a, b: np.arccos(abs(_cos(a, b))),
        lambda a, b: np.arccos(np.minimum(np.abs(a * b).sum() / _norms(a, b), 1)),
    ],
    ("sign-flipped",): [
        lambda a, b: np.pi - np.arccos(_cos(a, b)),
        lambda a, b: np.arccos(np.maximum(-_dot(a, b) / _norms(a, b), -1)),
    ],
    ("matrix-product",): [
        lambda a, b: np.arccos(np.clip((a @ b.T).sum() / _norms(a, b), -1, 1)),
        lambda a, b: np.arccos(np.clip((a.T @ b).sum() / _norms(a, b), -1, 1)),
        lambda a, b: np.arccos((a @ b.T).sum() / _norms(a, b)),
    ],
    ("angle-per-row",): [
        lambda a, b: np.arccos(np.minimum(_cos_by(a, b, 1), 1)).mean(),
        lambda a, b: np.arccos(np.minimum(_cos_by(a, b, 0), 1)).mean(),
        lambda a, b: np.arccos(np.minimum(_cos_by(a, b, 1), 1)),
        lambda a, b: np.arccos(np.minimum(_cos_by(a, b, 1).mean(), 1)),
    ],
    ("length-of-difference",): [
        lambda a, b: np.linalg.norm(b - a),
        lambda a, b: np.linalg.norm(b - a) / np.linalg.norm(a),
        lambda a, b: np.linalg.norm(_unit(b) - _unit(a)),
    ],
    ("mean-subtracted",): [
        lambda a, b: np.arccos(_cos(a - a.mean(), b - b.mean())),
        lambda a, b: np.arccos(np.corrcoef(a.flat, b.flat)[0, 1]),
    ],
    ("another-matrix-norm",): [
        lambda a, b: np.arccos(
            np.clip(_dot(a, b) / np.linalg.norm(a, 2) / np.linalg.norm(b, 2), -1, 1)
        ),
    ],
    ("raised",): [lambda a, b: np.arccos(_dot(a @ b, b))],
}
wrong_table("intuition.angle", ANGLE)


@wrong("intuition.angle", "changed-input")
def angle_with_lengths_divided_out_in_place(before, after):
    before /= np.linalg.norm(before)
    after /= np.linalg.norm(after)
    return np.arccos(np.minimum(_dot(before, after), 1))


# Whether scale matters


@right("intuition.scale-invariant")
def invariant_in_a_loop(f, w):
    for a in (0.1, 10):  # noqa: SIM110
        if not np.allclose(f(a * w), f(w)):
            return False
    return True


@right("intuition.scale-invariant")
def invariant_with_all(f, w):
    return all(np.allclose(f(a * w), f(w), rtol=1e-3, atol=1e-6) for a in (0.1, 10.0))


@right("intuition.scale-invariant")
def invariant_by_the_largest_difference(f, w):
    return max(np.abs(f(a * w) - f(w)).max() for a in (0.1, 10)) < 1e-8


@right("intuition.scale-invariant")
def invariant_as_an_array(f, w):
    y = f(w)
    return np.isclose([f(w / 10), f(w * 10)], [y, y]).all()


@right("intuition.scale-invariant")
def invariant_at_many_factors(f, w):
    return all(np.allclose(f(a * w), f(w)) for a in (0.01, 0.1, 0.5, 2, 10, 100))


@right("intuition.scale-invariant")
def invariant_in_torch(f, w):
    y = torch.tensor(f(w))
    same = [torch.allclose(torch.tensor(f(a * w)), y) for a in (0.1, 10)]
    return torch.tensor(same).all()


@right("intuition.scale-invariant")
def invariant_as_a_number(f, w):
    return int(invariant_with_all(f, w))


@right("intuition.scale-invariant")
def invariant_by_assert(f, w):
    try:
        for a in (0.1, 10):
            np.testing.assert_allclose(f(a * w), f(w), rtol=1e-7, atol=1e-9)
    except AssertionError:
        return False
    return True


def _invariant(
    change=lambda w, a: a * w,
    same=np.allclose,
    factors=(0.1, 10),
    combine=all,
    expected=lambda y, a: y,
):
    """Write the check with another change of w, comparison or choice of factors."""

    def answer(f, w):
        return combine([same(f(change(w, a)), expected(f(w), a)) for a in factors])

    return answer


def _mean_is_close(axis, a, b):
    return np.allclose(a.mean(axis), b.mean(axis))


INVARIANT = {
    ("compared-exactly",): [
        _invariant(same=np.array_equal),
        _invariant(same=lambda a, b: (a == b).all()),
    ],
    ("nothing-scaled",): [
        _invariant(factors=(1,)),
        lambda f, w: True,
        _invariant(same=lambda a, b: a.shape == b.shape),
    ],
    ("negative-factor",): [
        _invariant(factors=(-1,)),
        _invariant(factors=(-0.1, -10)),
        _invariant(factors=(-10, 0.1, 10)),
        _invariant(factors=(-1, 0.1)),
    ],
    ("added-to-w",): [
        _invariant(change=lambda w, a: w + a),
        _invariant(change=lambda w, a: w - a),
    ],
    ("one-factor",): [
        _invariant(factors=(10,)),
        _invariant(factors=(0.1,)),
        _invariant(change=lambda w, a: w + a * w),
        lambda f, w: np.allclose(f(w / np.linalg.norm(w)), f(w)),
    ],
    ("any-factor",): [_invariant(combine=any)],
    ("summary-compared",): [
        _invariant(same=partial(_mean_is_close, None)),
        _invariant(same=partial(_mean_is_close, 0)),
        _invariant(same=lambda a, b: np.isclose(a.sum(), b.sum())),
        _invariant(same=lambda a, b: np.allclose(a.std(0), b.std(0))),
        _invariant(same=lambda a, b: np.isclose(np.linalg.norm(a), np.linalg.norm(b))),
        _invariant(same=lambda a, b: np.allclose(a[0], b[0])),
        _invariant(same=lambda a, b: np.allclose(a[:, 0], b[:, 0])),
        _invariant(same=lambda a, b: np.isclose(a.max(), b.max())),
        _invariant(same=lambda a, b: np.allclose((a * a).sum(1), (b * b).sum(1))),
    ],
    ("any-entry",): [_invariant(same=lambda a, b: np.isclose(a, b).any())],
    ("output-scaled-too",): [
        _invariant(expected=lambda y, a: a * y),
        lambda f, w: all(np.allclose(f(a * w) / a, f(w)) for a in (0.1, 10)),
    ],
    ("compared-loosely",): [
        _invariant(same=partial(np.allclose, atol=0.1)),
        _invariant(same=lambda a, b: np.abs(a - b).mean() < 0.1),
    ],
    ("difference-signed",): [_invariant(same=lambda a, b: (a - b < 1e-9).all())],
    ("always-false",): [
        lambda f, w: False,
        _invariant(factors=(0,)),
        _invariant(same=lambda a, b: a is b),
    ],
    ("start-not-compared",): [lambda f, w: np.allclose(f(0.1 * w), f(10 * w))],
    ("flags-inverted",): [lambda f, w: not invariant_in_a_loop(f, w)],
    ("wrong-shape",): [lambda f, w: np.isclose(f(10 * w), f(w))],
    ("names-not-flags",): [lambda f, w: str(invariant_in_a_loop(f, w))],
}
wrong_table("intuition.scale-invariant", INVARIANT)


@wrong("intuition.scale-invariant", "one-factor")
def invariant_with_a_return_too_soon(f, w):
    for a in (0.1, 10):
        return np.allclose(f(a * w), f(w))


@wrong("intuition.scale-invariant", "any-factor")
def invariant_with_true_too_soon(f, w):
    for a in (0.1, 10):  # noqa: SIM110
        if np.allclose(f(a * w), f(w)):
            return True
    return False


@wrong("intuition.scale-invariant", "one-factor")
def invariant_with_factors_that_cancel(f, w):
    y = f(w)
    for a in (0.1, 10):
        w = a * w
        if not np.allclose(f(w), y):
            return False
    return True


@wrong("intuition.scale-invariant", "changed-input", "one-factor")
def invariant_in_place(f, w):
    y = f(w)
    w *= 0.1
    return np.allclose(f(w), y)


# What decays


@right("intuition.decays")
def decays_in_a_loop(parameters):
    flags = []
    for array in parameters.values():
        flags.append(array.ndim > 1)
    return flags


@right("intuition.decays")
def decays_as_an_array(parameters):
    return np.array([len(p.shape) for p in parameters.values()]) >= 2


@right("intuition.decays")
def decays_by_exclusion(params):
    return [len(params[name].shape) != 1 for name in params]


@right("intuition.decays")
def decays_as_a_tuple(parameters):
    return tuple(np.ndim(array) not in (0, 1) for _, array in parameters.items())


@right("intuition.decays")
def decays_in_torch(parameters):
    return torch.tensor([torch.tensor(p).dim() > 1 for p in parameters.values()])


@right("intuition.decays")
def decays_as_numbers(parameters):
    return [int(p.ndim > 1) for p in parameters.values()]


@right("intuition.decays")
def decays_of_what_has_a_second_axis(parameters):
    return [bool(p.shape[1:]) for p in parameters.values()]


def _decays(rule):
    return lambda parameters: [rule(name, p) for name, p in parameters.items()]


DECAYS = {
    ("all-decay",): [_decays(lambda n, p: True), _decays(lambda n, p: p.ndim > 0)],
    ("none-decays",): [_decays(lambda n, p: False)],
    ("gamma-decays",): [
        _decays(lambda n, p: "weight" in n),
        _decays(lambda n, p: n.endswith(".weight")),
        _decays(lambda n, p: "bias" not in n),
    ],
    ("biases-decay",): [
        _decays(lambda n, p: "bn" not in n),
        _decays(lambda n, p: not n.startswith(("bn", "norm"))),
        _decays(lambda n, p: p.ndim > 1 or n.endswith("bias")),
    ],
    ("told-by-name",): [
        _decays(lambda n, p: "weight" in n and "bn" not in n),
        _decays(lambda n, p: n.endswith("weight") and not n.startswith(("bn", "norm"))),
        _decays(lambda n, p: n in ("conv1.weight", "fc.weight")),
        _decays(lambda n, p: n.startswith(("conv", "fc")) and n.endswith("weight")),
        _decays(lambda n, p: "conv" in n),
    ],
    ("kernels-left-out",): [
        _decays(lambda n, p: p.ndim == 2),
        _decays(lambda n, p: p.ndim in (2, 4)),
    ],
    ("matrices-left-out",): [
        _decays(lambda n, p: p.ndim == 4),
        _decays(lambda n, p: p.ndim > 2),
    ],
    ("told-by-size",): [
        _decays(lambda n, p: p.size > 10),
        _decays(lambda n, p: p.squeeze().ndim > 1),
        _decays(lambda n, p: len(p) < p.size),
    ],
    ("told-by-value",): [_decays(lambda n, p: p.ndim > 1 and p.std() > 0.95)],
    ("flags-inverted",): [_decays(lambda n, p: p.ndim == 1)],
    ("names-not-flags",): [lambda p: [n for n in p if p[n].ndim > 1]],
    ("wrong-type",): [lambda p: {n: p[n].ndim > 1 for n in p}],
    ("wrong-shape",): [lambda p: all(array.ndim > 1 for array in p.values())],
}
wrong_table("intuition.decays", DECAYS)


class TestExercises(ExerciseTests):
    learners = LEARNERS


def _turn(net, x, target, factor):
    """Return the output, the gradient's length and the turn of one small SGD step."""
    rng = np.random.default_rng(3)
    layer, weight = net.layers[0], rng.normal(size=net.layers[0].weight.shape)
    layer.weight[...] = factor * weight
    output = net.forward(x)
    net.backward(output - target)
    gradient = layer.gradients()["weight"]
    after = layer.weight - 1e-3 * gradient
    turn = EXERCISES["intuition.angle"].answer(layer.weight, after)
    return output, np.linalg.norm(gradient), turn


def test_the_factors_of_scaled_weights_are_those_of_a_net():
    rng = np.random.default_rng(2)
    x, target = rng.normal(size=(20, 6)), rng.normal(size=(20, 4))
    net = Sequential(Linear(6, 4, rng=rng), BatchNorm(4, eps=1e-12), ReLU())
    (y, gradient, turn), (y5, gradient5, turn5) = (
        _turn(net, x, target, factor) for factor in (1, 5)
    )
    output, *factors = EXERCISES["intuition.scaled"].answer()
    np.testing.assert_allclose(y5, output * y, atol=1e-9)
    np.testing.assert_allclose([gradient5 / gradient, turn5 / turn], factors, rtol=1e-3)


def test_the_gradient_of_a_loss_range_is_that_of_its_loss():
    exercise = EXERCISES["intuition.loss-range"]
    for case in exercise.cases:
        loss, w, gradient, _ = exercise.inputs(case).values()
        for index in np.ndindex(w.shape):
            move = np.zeros_like(w)
            move[index] = 1e-6
            slope = (loss(w + move) - loss(w - move)) / 2e-6
            np.testing.assert_allclose(gradient[index], slope, atol=1e-6)


def test_what_decays_in_a_net_of_torch_are_its_kernels_and_matrices():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2)
    )
    parameters = {name: p.detach().numpy() for name, p in net.named_parameters()}
    flags = EXERCISES["intuition.decays"].answer(parameters)
    assert dict(zip(parameters, flags, strict=True)) == {
        **{"0.weight": True, "0.bias": False},
        **{"1.weight": False, "1.bias": False},
        **{"2.weight": True, "2.bias": False},
    }


def test_the_functions_answer_alike_on_every_machine():
    """No difference that decides is near the tolerance of a comparison."""
    exercise = EXERCISES["intuition.scale-invariant"]
    for case in exercise.cases:
        f, w = exercise.inputs(case).values()
        differences = [np.abs(f(a * w) - f(w)).max() for a in (0.1, 10)]
        assert all(d < 1e-12 or d > 1e-4 for d in differences), (case, differences)
        assert max(differences) < 1e-12 or max(differences) > 0.01, (case, differences)
        expected = exercise.returned((case, "invariant"))
        assert expected == (max(differences) < 1e-12)
