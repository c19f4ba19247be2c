"""The exercises, held to answers that learners would write by hand."""

import copy

import numpy as np
import torch

from bn_lib import inference
from bn_lib.chapters.inference.running_statistics import half_life
from bn_lib.layers import (
    BatchNorm,
    Dropout,
    GroupNorm,
    LayerNorm,
    Linear,
)
from tests.chapters.learners import ExerciseTests, Learners

LEARNERS = Learners("inference")
EXERCISES, right = LEARNERS.exercises, LEARNERS.right
wrong, wrong_table = LEARNERS.wrong, LEARNERS.wrong_table


class TestExercises(ExerciseTests):
    """What is true of the exercises of every chapter."""

    learners = LEARNERS


# Shares of a running mean

right("inference.shares", (0.421875, 0.140625, 11))
right("inference.shares", [27 / 64, 9 / 64, 11.0])
right("inference.shares", np.float32([0.4219, 0.1406, 11]))
right("inference.shares", (torch.tensor(27 / 64), torch.tensor(9 / 64), 11))
right("inference.shares", lambda: (0.75**3, 0.25 * 0.75 * 0.75, 11))
for _mistakes, _answer in (
    (("momentum-reversed",), (0.25**3, 0.75 * 0.25**2, 3)),
    (("momentum-reversed",), (0.0156, 9 / 64, 11)),
    (("one-update-off",), (27 / 64, 9 / 64, 10)),
    (("one-update-off",), (27 / 64, 9 / 64, 12)),
    (("one-update-off",), (0.5625, 9 / 64, 11)),
    (("one-update-off",), (0.75**4, 9 / 64, 11)),
    (("one-update-off",), (27 / 64, 0.25 * 0.75, 11)),
    (("one-update-off",), (27 / 64, 0.25 * 0.75**3, 11)),
    (("shares-subtracted",), (0.25, 9 / 64, 11)),
    (("shares-subtracted",), (27 / 64, 9 / 64, 4)),
    (("rest-of-the-share",), (27 / 64, 1 - 9 / 64, 11)),
    (("one-update-only",), (0.75, 0.25, 11)),
    (("plain-average",), (27 / 64, 1 / 3, 11)),
    (("not-times-momentum",), (27 / 64, 0.5625, 11)),
    (("not-a-whole-number",), (27 / 64, 9 / 64, 10.4133)),
    (("other-momentum",), (27 / 64, 9 / 64, 29)),
    (("another-limit",), (27 / 64, 9 / 64, 17)),
    (("another-limit",), (27 / 64, 9 / 64, 9)),
    (("one-update-off", "one-update-only"), (0.5625, 0.25, 11)),
    (("unknown",), (27 / 64, 9 / 64, 60)),
    (("incomplete",), (27 / 64, 9 / 64, ...)),
    (("wrong-type",), (27 / 64, 9 / 64)),
):
    wrong("inference.shares", *_mistakes)(_answer)


# The start, taken out


@right("inference.warm")
def warm_from_weights(values, start, momentum):
    weights = np.array([(1 - momentum) ** k for k in range(len(values))][::-1])
    return (weights[:, None] * np.array(values)).sum(0) / weights.sum()


@right("inference.warm")
def warm_from_zero(values, start, momentum):
    running = 0 * start
    for value in values:
        running += momentum * (value - running)
    return running / (1 - (1 - momentum) ** len(values))


@right("inference.warm")
def warm_with_a_power(values, start, momentum):
    running = start.copy()
    for i in range(len(values)):
        running = (1 - momentum) * running + momentum * values[i]
    share = (1 - momentum) ** len(values)
    return (running - share * start) / (1 - share)


@right("inference.warm")
def warm_with_a_changing_momentum(values, start, momentum):
    running, share = start, 1.0
    for value in values:
        share = share * (1 - momentum)
        running = running + momentum / (1 - share) * (value - running)
    return running


@right("inference.warm")
def warm_as_a_list(values, start, momentum):
    columns = zip(*[list(v) for v in values], strict=True)
    kept = 1 - momentum
    total = sum(kept**k for k in range(len(values)))
    return [
        sum(kept ** (len(values) - 1 - k) * v for k, v in enumerate(column)) / total
        for column in columns
    ]


@right("inference.warm")
def warm_in_torch(values, start, momentum):
    layer = torch.nn.BatchNorm1d(len(start), momentum=momentum).double()
    running, share = torch.tensor(start), 1.0
    for value in values:
        running.lerp_(torch.tensor(value), layer.momentum)
        share *= 1 - momentum
    return (running - share * torch.tensor(start)) / (1 - share)


@right("inference.warm")
def warm_in_float32(values, start, momentum):
    return warm_with_a_power([v.astype(np.float32) for v in values], start, momentum)


def _running(values, start, momentum):
    running = start
    for value in values:
        running = (1 - momentum) * running + momentum * value
    return running


def _warm(end):
    """Write an answer that ends in its own way."""

    def answer(values, start, momentum):
        share = (1 - momentum) ** len(values)
        return end(_running(values, start, momentum), share, start, momentum, values)

    return answer


WARM = {
    ("not-corrected",): [_running, _warm(lambda r, s, start, m, v: r)],
    ("start-is-left",): [
        _warm(lambda r, s, start, m, v: r / (1 - s)),
        _warm(lambda r, s, start, m, v: r * s),
    ],
    ("shares-not-one",): [
        _warm(lambda r, s, start, m, v: r - s * start),
        _warm(lambda r, s, start, m, v: (r - s * start) * (1 - s)),
        _warm(lambda r, s, start, m, v: (r - s * start) / s),
    ],
    ("start-not-by-share",): [
        _warm(lambda r, s, start, m, v: (r - start) / (1 - s)),
        _warm(lambda r, s, start, m, v: (r + s * start) / (1 - s)),
    ],
    ("share-not-a-power",): [
        _warm(lambda r, s, start, m, v: (r - (1 - m) * start) / m),
        _warm(
            lambda r, s, start, m, v: (
                (r - (1 - m * len(v)) * start) / (1 - (1 - m * len(v)))
            )
        ),
    ],
    ("one-update-off",): [
        _warm(lambda r, s, start, m, v: (r - s * (1 - m) * start) / (1 - s * (1 - m))),
    ],
    ("momentum-reversed",): [
        lambda values, start, m: warm_with_a_power(values, start, 1 - m),
    ],
    ("plain-average",): [
        lambda values, start, m: sum(values) / len(values),
        lambda values, start, m: np.mean([start, *values], axis=0),
    ],
    ("last-batch-alone",): [lambda values, start, m: values[-1]],
    ("started-at-first",): [lambda values, start, m: _running(values[1:], values[0], m)],
    ("features-mixed",): [
        lambda values, start, m: np.mean(warm_from_zero(values, start, m))
    ],
    ("values-ignored",): [lambda values, start, m: start / 3 + m],
    ("momentum-ignored",): [lambda values, start, m: np.mean(values, axis=0) ** 2],
}
wrong_table("inference.warm", WARM)


@wrong("inference.warm", "corrected-each-time")
def warm_corrected_in_the_loop(values, start, momentum):
    running, share = start, 1.0
    for value in values:
        share *= 1 - momentum
        running = (1 - momentum) * running + momentum * value
        running = (running - share * start) / (1 - share)
    return running


@wrong("inference.warm", "changed-input")
def warm_in_place(values, start, momentum):
    first = start.copy()
    for value in values:
        start *= 1 - momentum
        start += momentum * value
    share = (1 - momentum) ** len(values)
    return (start - share * first) / (1 - share)


# Folding


@right("inference.fold")
def folded_row_by_row(weight, bias, gamma, beta, mean, var, eps):
    rows, biases = [], []
    for i in range(len(bias)):
        scale = gamma[i] / np.sqrt(var[i] + eps)
        rows.append(weight[i] * scale)
        biases.append((bias[i] - mean[i]) * scale + beta[i])
    return rows, biases


@right("inference.fold")
def folded_with_transposes(weight, bias, gamma, beta, mean, var, eps):
    std = (var + eps) ** 0.5
    return (weight.T * (gamma / std)).T, gamma * bias / std - gamma * mean / std + beta


@right("inference.fold")
def folded_with_a_diagonal(weight, bias, gamma, beta, mean, var, eps):
    scale = np.diag(gamma * (var + eps) ** -0.5)
    return [scale @ weight, scale @ (bias - mean) + beta]


@right("inference.fold")
def folded_by_running_the_layers(weight, bias, gamma, beta, mean, var, eps):
    """Read weight and bias off what the pair gives for 0 and for each unit vector."""

    def both(x):
        return gamma * (weight @ x + bias - mean) / np.sqrt(var + eps) + beta

    shift = both(np.zeros(weight.shape[1]))
    columns = [both(unit) - shift for unit in np.eye(weight.shape[1])]
    return np.stack(columns, axis=1), shift


@right("inference.fold")
def folded_in_torch(weight, bias, gamma, beta, mean, var, eps):
    weight, bias, gamma, beta, mean, var = map(
        torch.tensor, (weight, bias, gamma, beta, mean, var)
    )
    return torch.nn.utils.fusion.fuse_linear_bn_weights(
        weight, bias, mean, var, eps, gamma, beta
    )


@right("inference.fold")
def folded_by_the_library(weight, bias, gamma, beta, mean, var, eps):
    layer = Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight, "bias": bias})
    norm = BatchNorm(len(bias), eps=eps).eval()
    norm.weight[:], norm.bias[:] = gamma, beta
    norm.running_mean[:], norm.running_var[:] = mean, var
    folded = inference.fold(layer, norm)
    return folded.weight, folded.bias


def _fold(
    scale=lambda g, v, e: g / np.sqrt(v + e),
    row=lambda w, s: s[:, None] * w,
    shift=lambda b, m, s, beta: s * (b - m) + beta,
):
    def answer(weight, bias, gamma, beta, mean, var, eps):
        s = scale(gamma, var, eps)
        return row(weight, s), shift(bias, mean, s, beta)

    return answer


FOLD = {
    ("eps-forgotten",): [_fold(lambda g, v, e: g / np.sqrt(v))],
    ("eps-outside-root",): [_fold(lambda g, v, e: g / (np.sqrt(v) + e))],
    ("eps-not-in-var",): [_fold(lambda g, v, e: g / np.sqrt(v + e**2))],
    ("missing-root",): [_fold(lambda g, v, e: g / (v + e))],
    ("missing-root", "eps-forgotten"): [_fold(lambda g, v, e: g / v)],
    ("root-twice",): [_fold(lambda g, v, e: g / np.sqrt(np.sqrt(v + e)))],
    ("multiplied-by-std",): [_fold(lambda g, v, e: g * np.sqrt(v + e))],
    ("gamma-left-out",): [_fold(lambda g, v, e: 1 / np.sqrt(v + e))],
    ("not-divided",): [_fold(lambda g, v, e: g)],
    ("gamma-divides",): [_fold(lambda g, v, e: 1 / (g * np.sqrt(v + e)))],
    ("weight-not-scaled",): [_fold(row=lambda w, s: w)],
    ("weight-divided",): [_fold(row=lambda w, s: w / s[:, None])],
    ("weight-transposed",): [_fold(row=lambda w, s: w.T * s)],
    ("wrong-sign",): [
        _fold(shift=lambda b, m, s, beta: s * (b + m) + beta),
        _fold(shift=lambda b, m, s, beta: s * (m - b) + beta),
        _fold(shift=lambda b, m, s, beta: s * (b - m) - beta),
    ],
    ("running-mean-left-out",): [_fold(shift=lambda b, m, s, beta: s * b + beta)],
    ("old-bias-lost",): [_fold(shift=lambda b, m, s, beta: beta - s * m)],
    ("beta-left-out",): [_fold(shift=lambda b, m, s, beta: s * (b - m))],
    ("beta-left-out", "old-bias-lost"): [_fold(shift=lambda b, m, s, beta: -s * m)],
    ("bias-not-scaled",): [_fold(shift=lambda b, m, s, beta: b + beta - s * m)],
    ("mean-not-scaled",): [_fold(shift=lambda b, m, s, beta: s * b + beta - m)],
    ("bias-not-scaled", "mean-not-scaled"): [
        _fold(shift=lambda b, m, s, beta: b - m + beta),
    ],
    ("bias-not-scaled", "running-mean-left-out"): [
        _fold(shift=lambda b, m, s, beta: b + beta),
    ],
    ("bias-not-scaled", "running-mean-left-out", "beta-left-out"): [
        _fold(shift=lambda b, m, s, beta: b),
    ],
    ("old-bias-lost", "running-mean-left-out"): [
        _fold(shift=lambda b, m, s, beta: beta),
    ],
    ("beta-scaled",): [_fold(shift=lambda b, m, s, beta: s * (b - m + beta))],
    ("weight-not-scaled", "running-mean-left-out"): [
        _fold(row=lambda w, s: w, shift=lambda b, m, s, beta: s * b + beta),
    ],
    ("eps-forgotten", "beta-left-out"): [
        _fold(lambda g, v, e: g / np.sqrt(v), shift=lambda b, m, s, beta: s * (b - m)),
    ],
}
wrong_table("inference.fold", FOLD)


@wrong("inference.fold", "columns-not-rows")
def folded_along_the_columns(weight, bias, gamma, beta, mean, var, eps):
    scale = gamma / np.sqrt(var + eps)
    return scale * weight, scale * (bias - mean) + beta


@wrong("inference.fold", "parameters-swapped")
def folded_with_parameters_swapped(weight, bias, gamma, beta, mean, var, eps):
    scale = beta / np.sqrt(var + eps)
    return scale[:, None] * weight, scale * (bias - mean) + gamma


@wrong("inference.fold", "gradients-swapped")
def folded_the_other_way_round(*arguments):
    return folded_row_by_row(*arguments)[::-1]


@wrong("inference.fold", "mean-in-weight")
def folded_with_the_mean_in_the_weight(weight, bias, gamma, beta, mean, var, eps):
    scale = gamma / np.sqrt(var + eps)
    return scale[:, None] * (weight - mean[:, None]), scale * (bias - mean) + beta


@wrong("inference.fold", "bias-in-weight")
def folded_with_beta_in_the_weight(weight, bias, gamma, beta, mean, var, eps):
    scale = gamma / np.sqrt(var + eps)
    return scale[:, None] * weight + beta[:, None], scale * (bias - mean) + beta


@wrong("inference.fold", "weight-in-bias")
def folded_with_the_weight_in_the_bias(weight, bias, gamma, beta, mean, var, eps):
    scale = gamma / np.sqrt(var + eps)
    return scale[:, None] * weight, scale * (bias - weight.sum(1) * mean) + beta


@wrong("inference.fold", "variance-left-out", "eps-forgotten")
def folded_without_the_variance(weight, bias, gamma, beta, mean, var, eps):
    return gamma[:, None] * weight * 3, 3 * gamma * (bias - mean) + beta


@wrong("inference.fold", "changed-input")
def folded_in_place(weight, bias, gamma, beta, mean, var, eps):
    gamma /= np.sqrt(var + eps)
    weight *= gamma[:, None]
    return weight, gamma * (bias - mean) + beta


# Recalibrating


@right("inference.recalibrate")
def recalibrated_by_the_library(model, norms, batches):
    return inference.recalibrate(model.eval(), batches)


@right("inference.recalibrate")
def recalibrated_with_modes_set_one_by_one(model, norms, batches):
    model.eval()
    for norm in norms:
        norm.train()
        norm.running_mean[:] = 0
        norm.running_var[:] = 1
        norm.num_batches_tracked[...] = 0
        norm.momentum = None
    for batch in batches:
        model.forward(batch)
    model.eval()


@right("inference.recalibrate")
def recalibrated_with_momentum_one_over_k(model, norms, batches):
    model.eval()
    for norm in norms:
        norm.training = True
        norm.running_mean = np.zeros(norm.num_features)
        norm.running_var = np.zeros(norm.num_features)
    for k, x in enumerate(batches, start=1):
        for norm in norms:
            norm.momentum = 1 / k
        model(x)
    for norm in norms:
        norm.momentum, norm.training = 0.1, False
    return model


@right("inference.recalibrate")
def recalibrated_on_a_copy(model, norms, batches):
    new = copy.deepcopy(model)
    return inference.recalibrate(new.eval(), batches)


@right("inference.recalibrate")
def recalibrated_with_statistics_collected_by_hand(model, norms, batches):
    collected = {norm: [] for norm in norms}
    model.eval()
    for norm in norms:
        norm.training, norm.momentum = True, 1.0
    for x in batches:
        for norm in norms:
            norm.running_mean = np.zeros(norm.num_features)
            norm.running_var = np.zeros(norm.num_features)
        model(x)
        for norm in norms:
            collected[norm].append((norm.running_mean.copy(), norm.running_var.copy()))
    for norm, both in collected.items():
        norm.running_mean, norm.running_var = np.mean(both, axis=0)
    return model.eval()


def _recalibrate(
    momentum=None, mean=True, count=True, mode=True, others=False, end="eval", some=None
):
    """Write the recipe with a part left out or changed."""

    def answer(model, norms, batches):
        (model.train if others else model.eval)()
        for norm in norms:
            if mean:
                norm.running_mean[:], norm.running_var[:] = 0, 1
            if count:
                norm.num_batches_tracked[...] = 0
            norm.momentum, norm.training = momentum, mode
        for x in batches[some or slice(None)]:
            model(x)
        if end != "nothing":
            getattr(model, end)()
        return model

    return answer


RECALIBRATE = {
    ("norms-in-eval",): [
        _recalibrate(mode=False),
        _recalibrate(mode=False, mean=False),
        lambda model, norms, batches: model.eval(),
    ],
    ("momentum-kept",): [_recalibrate(momentum=0.1)],
    ("momentum-kept", "statistics-kept"): [_recalibrate(momentum=0.1, mean=False)],
    ("count-kept",): [_recalibrate(count=False)],
    ("count-kept", "statistics-kept"): [_recalibrate(count=False, mean=False)],
    ("nan-is-left",): [_recalibrate(mean=False)],
    ("dropout-on",): [_recalibrate(others=True)],
    ("left-in-train",): [_recalibrate(end="nothing"), _recalibrate(end="train")],
    ("dropout-on", "left-in-train"): [_recalibrate(others=True, end="nothing")],
    ("one-batch-only",): [_recalibrate(some=slice(1))],
    ("last-batch-alone",): [
        _recalibrate(some=slice(-1, None)),
        _recalibrate(momentum=1.0),
    ],
    ("raised",): [lambda model, norms, batches: model(np.array(batches))],
}
wrong_table("inference.recalibrate", RECALIBRATE)


# Freezing


@right("inference.freeze")
def frozen_with_an_if(layers):
    for name in layers:
        if type(layers[name]) is BatchNorm:
            layers[name].eval()
            layers[name].requires_grad = False
    return layers


@right("inference.freeze")
def frozen_by_what_it_stores(layers):
    for layer in layers.values():
        if hasattr(layer, "running_mean"):
            layer.training = layer.requires_grad = False
    return layers


@right("inference.freeze")
def frozen_by_the_name_of_the_class(layers):
    for layer in layers.values():
        if "BatchNorm" in type(layer).__name__:
            layer.training, layer.requires_grad = 0, 0
    return layers


@right("inference.freeze")
def frozen_without_a_return(layers):
    frozen_with_an_if(layers)


@right("inference.freeze")
def frozen_copies(layers):
    return frozen_with_an_if({name: copy.copy(layer) for name, layer in layers.items()})


def _freeze(in_eval, fixed):
    def answer(layers):
        for name, layer in layers.items():
            layer.training = not in_eval(name, layer)
            layer.requires_grad = not fixed(name, layer)
        return layers

    return answer


def _is(*kinds):
    return lambda name, layer: isinstance(layer, kinds)


def _never(name, layer):
    return False


def _always(name, layer):
    return True


def _named_bn(name, layer):
    return name.startswith("bn")


def _named_a_norm(name, layer):
    return "bn" in name or "norm" in name


_BN, _NORMS = _is(BatchNorm), _is(BatchNorm, LayerNorm, GroupNorm)
FREEZE = {
    ("follows-the-batch",): [_freeze(_never, _BN)],
    ("parameters-learn",): [_freeze(_BN, _never)],
    ("follows-the-batch", "parameters-learn"): [
        _freeze(_never, _never),
        lambda layers: None,
    ],
    ("dropout-frozen",): [_freeze(_is(BatchNorm, Dropout), _BN)],
    ("everything-in-eval",): [_freeze(_always, _BN)],
    ("nothing-learns",): [_freeze(_BN, _always)],
    ("everything-in-eval", "nothing-learns"): [_freeze(_always, _always)],
    ("everything-in-eval", "parameters-learn"): [_freeze(_always, _never)],
    ("other-norms-frozen",): [_freeze(_NORMS, _NORMS), _freeze(_NORMS, _BN)],
    ("told-by-layer-name",): [
        _freeze(_named_bn, _named_bn),
        _freeze(_named_a_norm, _named_a_norm),
        _freeze(_named_bn, _BN),
        _freeze(lambda name, layer: name in ("bn1", "last"), _BN),
    ],
    ("flags-inverted",): [_freeze(lambda n, layer: not _BN(n, layer), _BN)],
}
wrong_table("inference.freeze", FREEZE)


# What the answers say is so


def test_the_shares_are_those_of_a_batch_norm():
    start, first, updates = EXERCISES["inference.shares"].answer()
    norm, values = BatchNorm(1, momentum=0.25), [0.0, 0.0, 0.0]
    norm.running_mean[:] = 1
    for _ in values:
        norm(np.array([[-1.0], [1.0]]))
    np.testing.assert_allclose(norm.running_mean, start)
    norm.running_mean[:] = 0
    for value in (1.0, 0.0, 0.0):
        norm(np.array([[value - 1], [value + 1]]))
    np.testing.assert_allclose(norm.running_mean, first)
    assert 0.75**updates < 0.05 <= 0.75 ** (updates - 1)


def test_what_is_warm_does_not_depend_on_its_start():
    values = [np.array([3.0]), np.array([5.0])]
    warm = EXERCISES["inference.warm"].answer
    np.testing.assert_allclose(warm(values, np.array([9.0]), 0.5), [(3 + 2 * 5) / 3])
    np.testing.assert_allclose(warm(values[:1], np.array([1.0]), 0.01), values[0])


def test_the_chapter_and_its_experiment_forget_alike():
    table = half_life(momentum=0.25)
    np.testing.assert_allclose(table["left"], 0.75 ** table["updates"])
