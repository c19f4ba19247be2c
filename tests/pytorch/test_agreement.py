"""Every function of bn_lib.functional against torch, on shapes that hypothesis draws."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from bn_lib import functional as F

tF = torch.nn.functional

# Both sides compute in float64 but add in another order; rstd is up to 1/sqrt(eps),
# about 300, and multiplies what cancels in the projection.
EXACT = {"rtol": 1e-9, "atol": 1e-10}
# A few units in the last place (1e-7 and 1e-3 relative) of values around 1 to 10.
# torch stores intermediate float16 results that we keep in float32.
LOOSE = {
    np.float32: {"rtol": 1e-4, "atol": 1e-5},
    np.float16: {"rtol": 1e-2, "atol": 1e-2},
}

agree = settings(max_examples=40, deadline=None, derandomize=True, database=None)
flags = st.booleans()
seeds = st.integers(0, 2**32 - 1)
epsilons = st.sampled_from([1e-5, 1e-3, 0.1])


@dataclass(frozen=True)
class Case:
    """One call: the input, its parameters and a gradient from above."""

    x: np.ndarray
    gamma: np.ndarray | None
    beta: np.ndarray | None
    dout: np.ndarray


def make_case(shape, width, seed, scales=True, shifts=True, dtype=np.float64):
    rng = np.random.default_rng(seed)
    x = rng.normal(rng.uniform(-5, 5), rng.choice([0.1, 1, 10]), size=shape)
    gamma, beta = rng.normal(1, 0.5, size=width), rng.normal(size=width)
    dout = rng.normal(size=shape)
    return Case(
        x.astype(dtype),
        gamma.astype(dtype) if scales else None,
        beta.astype(dtype) if shifts else None,
        dout.astype(dtype),
    )


@st.composite
def channel_shapes(draw, smallest_rank=2):
    """(N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W) with N >= 2."""
    rank = draw(st.integers(smallest_rank, 5))
    batch, channels = draw(st.integers(2, 5)), draw(st.integers(1, 6))
    return (batch, channels, *(draw(st.integers(1, 4)) for _ in range(rank - 2)))


@st.composite
def trailing_shapes(draw):
    """A shape, and how many of its last axes are normalized."""
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=5)))
    return shape, draw(st.integers(1, len(shape)))


def tensor(array):
    return None if array is None else torch.from_numpy(array).requires_grad_()


def torch_results(forward, case):
    """The output and the gradients of x, gamma and beta by autograd."""
    leaves = [tensor(array) for array in (case.x, case.gamma, case.beta)]
    y = forward(*leaves)
    y.backward(torch.from_numpy(case.dout))
    gradients = [None if leaf is None else leaf.grad for leaf in leaves]
    return [None if t is None else t.detach().numpy() for t in (y, *gradients)]


def assert_agrees(ours, theirs, tolerance):
    names = ("y", "dx", "dgamma", "dbeta")
    for name, mine, expected in zip(names, ours, theirs, strict=True):
        if expected is None:
            assert mine is None, f"{name} should be None"
            continue
        assert mine.dtype == expected.dtype
        assert mine.shape == expected.shape
        assert_allclose(mine, expected, **tolerance, err_msg=name)


def check_norm(case, ours, backward, theirs, tolerance=EXACT):
    y, cache = ours(case.x, case.gamma, case.beta)
    gradients = backward(case.dout, cache)
    assert_agrees((y, *gradients), torch_results(theirs, case), tolerance)


def check_batch_norm(case, training, tracks, momentum, eps, tolerance=EXACT):
    rng = np.random.default_rng(1)
    C = case.x.shape[1]
    running = [rng.normal(size=C), rng.uniform(0.5, 2, size=C)] if tracks else [None] * 2
    running = [a if a is None else a.astype(case.x.dtype) for a in running]
    theirs = [a if a is None else torch.from_numpy(a.copy()) for a in running]
    check_norm(
        case,
        lambda x, gamma, beta: F.batch_norm(
            x, *running, gamma, beta, training=training, momentum=momentum, eps=eps
        ),
        F.batch_norm_backward,
        lambda x, gamma, beta: tF.batch_norm(
            x, *theirs, gamma, beta, training, momentum, eps
        ),
        tolerance,
    )
    for mine, expected in zip(running, theirs, strict=True):
        if tracks:
            assert_allclose(mine, expected.numpy(), **tolerance)


@agree
@given(channel_shapes(), flags, flags, flags, st.floats(0, 1), epsilons, seeds)
def test_batch_norm_trains_as_in_torch(shape, scales, shifts, tracks, momentum, eps, seed):
    case = make_case(shape, shape[1], seed, scales, shifts)
    check_batch_norm(case, True, tracks, momentum, eps)


@agree
@given(channel_shapes(), flags, flags, epsilons, seeds)
def test_batch_norm_evaluates_as_in_torch(shape, scales, shifts, eps, seed):
    case = make_case(shape, shape[1], seed, scales, shifts)
    check_batch_norm(case, False, True, 0.1, eps)


@agree
@given(trailing_shapes(), flags, flags, epsilons, seeds)
def test_layer_norm_agrees_with_torch(shape_and_depth, scales, shifts, eps, seed):
    shape, depth = shape_and_depth
    width = shape[-depth:]
    check_norm(
        make_case(shape, width, seed, scales, shifts),
        lambda x, gamma, beta: F.layer_norm(x, width, gamma, beta, eps),
        F.layer_norm_backward,
        lambda x, gamma, beta: tF.layer_norm(x, width, gamma, beta, eps),
    )


@agree
@given(trailing_shapes(), flags, epsilons, seeds)
def test_rms_norm_agrees_with_torch(shape_and_depth, scales, eps, seed):
    shape, depth = shape_and_depth
    width = shape[-depth:]
    check_norm(
        make_case(shape, width, seed, scales, shifts=False),
        lambda x, gamma, beta: F.rms_norm(x, width, gamma, eps),
        F.rms_norm_backward,
        lambda x, gamma, beta: tF.rms_norm(x, width, gamma, eps),
    )


@agree
@given(
    channel_shapes(smallest_rank=3).filter(lambda shape: math.prod(shape[2:]) > 1),
    flags,
    flags,
    epsilons,
    seeds,
)
def test_instance_norm_agrees_with_torch(shape, scales, shifts, eps, seed):
    check_norm(
        make_case(shape, shape[1], seed, scales, shifts),
        lambda x, gamma, beta: F.instance_norm(x, gamma, beta, eps),
        F.instance_norm_backward,
        lambda x, gamma, beta: tF.instance_norm(x, weight=gamma, bias=beta, eps=eps),
    )


@agree
@given(channel_shapes(), st.integers(0, 10), flags, flags, epsilons, seeds)
def test_group_norm_agrees_with_torch(shape, choice, scales, shifts, eps, seed):
    divisors = [g for g in range(1, shape[1] + 1) if shape[1] % g == 0]
    groups = divisors[choice % len(divisors)]

    def theirs(x, gamma, beta):
        if gamma is None and beta is not None:
            # Without a weight, torch 2.13 fails to differentiate by the bias.
            gamma = torch.ones_like(beta)
        return tF.group_norm(x, groups, gamma, beta, eps)

    check_norm(
        make_case(shape, shape[1], seed, scales, shifts),
        lambda x, gamma, beta: F.group_norm(x, groups, gamma, beta, eps),
        F.group_norm_backward,
        theirs,
    )


@agree
@given(channel_shapes(), st.data())
def test_normalize_agrees_with_autograd_over_any_axes(shape, data):
    every_axis = st.integers(0, len(shape) - 1)
    axes = tuple(data.draw(st.lists(every_axis, min_size=1, unique=True)))
    center = data.draw(flags)
    case = make_case(shape, 1, data.draw(seeds), scales=False, shifts=False)

    def theirs(x, gamma, beta):
        x = x - x.mean(axes, keepdim=True) if center else x
        return x / torch.sqrt((x**2).mean(axes, keepdim=True) + 1e-3)

    y, cache = F.normalize(case.x, axes, eps=1e-3, center=center)
    ours = (y, F.normalize_backward(case.dout, cache), None, None)
    assert_agrees(ours, torch_results(theirs, case), EXACT)


@agree
@given(trailing_shapes(), flags, flags, seeds)
def test_scale_and_shift_agrees_with_autograd(shape_and_depth, scales, shifts, seed):
    shape, depth = shape_and_depth
    axes = tuple(range(-depth, 0))

    def theirs(x, gamma, beta):
        y = x if gamma is None else gamma * x
        return y.clone() if beta is None else y + beta

    check_norm(
        make_case(shape, shape[-depth:], seed, scales, shifts),
        lambda x, gamma, beta: F.scale_and_shift(x, gamma, beta, axes),
        F.scale_and_shift_backward,
        theirs,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(16, 3), (4, 3, 7), (4, 3, 5, 5), (4, 3, 2, 3, 4)])
def test_batch_norm_agrees_in_low_precision(dtype, training, shape):
    case = make_case(shape, 3, seed=0, dtype=dtype)
    check_batch_norm(case, training, True, 0.1, 1e-5, LOOSE[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("norm", ["layer", "rms", "instance", "group"])
def test_the_other_norms_agree_in_low_precision(dtype, norm):
    width = {"layer": (5, 7), "rms": (5, 7)}.get(norm, 6)
    extra = {"layer": (width,), "rms": (width,), "group": (3,)}.get(norm, ())
    case = make_case((4, 6, 5, 7), width, seed=1, shifts=norm != "rms", dtype=dtype)

    def ours(x, gamma, beta):
        parameters = (gamma,) if norm == "rms" else (gamma, beta)
        return getattr(F, f"{norm}_norm")(x, *extra, *parameters)

    def theirs(x, gamma, beta):
        parameters = {"weight": gamma} | ({} if norm == "rms" else {"bias": beta})
        return getattr(tF, f"{norm}_norm")(x, *extra, **parameters, eps=1e-5)

    backward = getattr(F, f"{norm}_norm_backward")
    check_norm(case, ours, backward, theirs, LOOSE[dtype])


def test_nan_spreads_exactly_as_in_torch():
    case = make_case((6, 3, 4), 3, seed=2)
    case.x[1, 2, 0] = np.nan
    check_batch_norm(case, True, True, 0.1, 1e-5)
    check_batch_norm(case, False, True, 0.1, 1e-5)
    check_norm(
        case,
        F.instance_norm,
        F.instance_norm_backward,
        lambda x, g, b: tF.instance_norm(x, weight=g, bias=b),
    )
