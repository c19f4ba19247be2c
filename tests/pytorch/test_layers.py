import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from bn_lib import layers as numpy_layers
from bn_lib.pytorch.layers import (
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    RMSNorm,
    normalize,
    standardize,
)
from tests.pytorch.modules import assert_same_state, randomize, snapshot, values

# Both sides compute in float64 but add in another order; rstd is up to 1/sqrt(eps),
# about 300, and multiplies what cancels in the gradient.
EXACT = {"rtol": 1e-9, "atol": 1e-10}
# A few units in the last place of values around 1 to 30.
ROUNDING = {
    torch.float32: {"rtol": 1e-5, "atol": 5e-5},
    torch.float16: {"rtol": 2e-3, "atol": 2e-3},
    torch.bfloat16: {"rtol": 1e-2, "atol": 1e-2},
}

agree = settings(max_examples=20, deadline=None, derandomize=True, database=None)
flags = st.booleans()
seeds = st.integers(0, 2**32 - 1)
epsilons = st.sampled_from([1e-5, 1e-3, 0.1])
TORCH_BATCH_NORM = {
    2: nn.BatchNorm1d,
    3: nn.BatchNorm1d,
    4: nn.BatchNorm2d,
    5: nn.BatchNorm3d,
}
TORCH_INSTANCE_NORM = {3: nn.InstanceNorm1d, 4: nn.InstanceNorm2d, 5: nn.InstanceNorm3d}

# name: ours, torch's, and the shape of an input
PAIRS = {
    "batch": (lambda: BatchNorm(6), lambda: nn.BatchNorm2d(6), (4, 6, 3, 5)),
    "layer": (lambda: LayerNorm((3, 5)), lambda: nn.LayerNorm((3, 5)), (4, 6, 3, 5)),
    "instance": (
        lambda: InstanceNorm(6, affine=True),
        lambda: nn.InstanceNorm2d(6, affine=True),
        (4, 6, 3, 5),
    ),
    "group": (lambda: GroupNorm(3, 6), lambda: nn.GroupNorm(3, 6), (4, 6, 3, 5)),
    "rms": (lambda: RMSNorm((3, 5)), lambda: nn.RMSNorm((3, 5), eps=1e-5), (4, 6, 3, 5)),
}
each_pair = pytest.mark.parametrize(("ours", "theirs", "shape"), PAIRS.values(), ids=PAIRS)
each_norm = pytest.mark.parametrize("ours", [pair[0] for pair in PAIRS.values()], ids=PAIRS)


@st.composite
def channel_shapes(draw, smallest_rank=2):
    """(N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W) with N >= 2."""
    rank = draw(st.integers(smallest_rank, 5))
    return (
        draw(st.integers(2, 5)),
        draw(st.integers(1, 6)),
        *draw(st.lists(st.integers(1, 4), min_size=rank - 2, max_size=rank - 2)),
    )


def twins(ours, theirs, seed=0, dtype=torch.float64):
    """Both modules with one random state, carried over by its keys."""
    theirs = randomize(theirs.to(dtype), seed)
    ours = ours.to(dtype)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def run(module, x, seed=1):
    """Output, gradients of input and parameters, and the state afterwards."""
    x = x.clone().requires_grad_()
    y = module(x)
    # What bfloat16 holds is the same number in every dtype.
    dout = values(y.shape, seed, torch.bfloat16).to(y.dtype)
    gradients = torch.autograd.grad(y, [x, *module.parameters()], dout)
    return y, *gradients, *module.buffers()


def assert_same_run(ours, theirs, x, **tolerance):
    got, expected = run(ours, x), run(theirs, x)
    assert len(got) == len(expected)
    for mine, other in zip(got, expected, strict=True):
        assert mine.dtype == other.dtype
        assert_close(mine, other, **tolerance)


# Equal to torch.nn


@agree
@given(
    shape=channel_shapes(),
    eps=epsilons,
    momentum=st.sampled_from([0.1, 0.0, 1.0, None]),
    affine=flags,
    tracks=flags,
    seed=seeds,
)
def test_batch_norm_equals_torch_over_three_batches_and_in_eval(
    shape, eps, momentum, affine, tracks, seed
):
    arguments = (shape[1], eps, momentum, affine, tracks)
    ours, theirs = twins(
        BatchNorm(*arguments), TORCH_BATCH_NORM[len(shape)](*arguments), seed
    )
    for step in range(3):
        assert_same_run(ours, theirs, values(shape, seed + step), **EXACT)
    assert_same_run(ours.eval(), theirs.eval(), values(shape, seed), **EXACT)


@agree
@given(
    shape=channel_shapes(), last=st.integers(1, 5), eps=epsilons, affine=flags, seed=seeds
)
def test_layer_and_rms_norm_equal_torch(shape, last, eps, affine, seed):
    tail = shape[-min(last, len(shape)) :]
    x = values(shape, seed)
    for ours, theirs in (LayerNorm, nn.LayerNorm), (RMSNorm, nn.RMSNorm):
        pair = twins(ours(tail, eps, affine), theirs(tail, eps, affine), seed)
        assert_same_run(*pair, x, **EXACT)


@agree
@given(shape=channel_shapes(3), eps=epsilons, affine=flags, seed=seeds)
def test_instance_norm_equals_torch(shape, eps, affine, seed):
    shape = (*shape[:-1], shape[-1] + 1)
    theirs = TORCH_INSTANCE_NORM[len(shape)](shape[1], eps, affine=affine)
    pair = twins(InstanceNorm(shape[1], eps, affine), theirs, seed)
    assert_same_run(*pair, values(shape, seed), **EXACT)


@agree
@given(
    shape=channel_shapes(), groups=st.integers(1, 3), eps=epsilons, affine=flags, seed=seeds
)
def test_group_norm_equals_torch(shape, groups, eps, affine, seed):
    shape = (shape[0], shape[1] * groups, *shape[2:])
    arguments = (groups, shape[1], eps, affine)
    pair = twins(GroupNorm(*arguments), nn.GroupNorm(*arguments), seed)
    assert_same_run(*pair, values(shape, seed), **EXACT)


def assert_narrow_run(ours, theirs, x, **rounding):
    """The dtypes and output of torch; values no further from float64 than rounding.

    torch's own gradients in float16 and bfloat16 are further off (up to 0.3 here),
    since it keeps the statistics for them in the narrow dtype.
    """
    exact = run(copy.deepcopy(ours).double(), x.double())
    got, expected = run(ours, x), run(theirs, x)
    assert [tensor.dtype for tensor in got] == [tensor.dtype for tensor in expected]
    assert_close(got[0], expected[0], **{key: 2 * value for key, value in rounding.items()})
    for mine, truth in zip(got, exact, strict=True):
        assert_close(mine, truth, **rounding, check_dtype=False)


@each_pair
@pytest.mark.parametrize("dtype", ROUNDING, ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_narrower_floats_are_as_torch_and_close_to_float64(
    ours, theirs, shape, dtype, training
):
    pair = [module.train(training) for module in twins(ours(), theirs(), dtype=dtype)]
    assert_narrow_run(*pair, values(shape, dtype=dtype), **ROUNDING[dtype])


@each_pair
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
# torch says that it has no fused RMS norm for an input narrower than the weight.
@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")
def test_autocast_gives_what_torch_gives(ours, theirs, shape, training, dtype):
    pair = [m.train(training) for m in twins(ours(), theirs(), dtype=torch.float32)]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert_narrow_run(*pair, values(shape, dtype=dtype), **ROUNDING[dtype])


@each_norm
def test_autocast_changes_no_bit(ours):
    x = values((4, 6, 3, 5), dtype=torch.float32)
    plain, cast = ours(), ours()
    expected = plain(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = cast(x)
    assert torch.equal(y, expected)
    assert_same_state(cast, snapshot(plain))


@each_norm
@pytest.mark.parametrize(
    "parameters", [torch.float16, torch.float32, torch.float64], ids=str
)
def test_the_output_has_the_dtype_of_the_input(ours, parameters):
    for dtype in torch.float16, torch.bfloat16, torch.float32, torch.float64:
        assert ours().to(parameters)(values((4, 6, 3, 5), dtype=dtype)).dtype == dtype


@each_norm
def test_statistics_of_float16_are_taken_in_float32(ours):
    x = values((4, 6, 3, 5)).add(300).half()  # 300² > 65504
    y = ours()(x)
    assert_close(y, ours()(x.float()).half(), rtol=0, atol=0)
    assert y.isfinite().all()


@each_pair
def test_a_state_dict_crosses_over_both_ways(ours, theirs, shape):
    mine = randomize(ours())
    other = theirs()
    other.load_state_dict(mine.state_dict())
    assert list(other.state_dict()) == list(mine.state_dict())
    back = ours()
    back.load_state_dict(other.state_dict())
    assert_same_state(back, snapshot(mine))


@pytest.mark.parametrize("kind", [BatchNorm, nn.BatchNorm1d])
def test_a_state_without_a_count_loads_if_it_is_older_than_the_count(kind):
    state = randomize(nn.BatchNorm1d(3)).state_dict()
    del state["num_batches_tracked"]
    module = kind(3)
    module(values((4, 3)).float())
    with pytest.raises(RuntimeError, match=r"Missing key.*num_batches_tracked"):
        module.load_state_dict(state)
    module.load_state_dict(dict(state))  # a plain dict does not tell its version
    assert_same_state(module, state | {"num_batches_tracked": torch.tensor(1)})


@pytest.mark.parametrize("momentum", [0.1, None])
def test_batch_norm_without_a_count_tracks_as_torch_does(momentum):
    ours, theirs = twins(
        BatchNorm(3, momentum=momentum), nn.BatchNorm1d(3, momentum=momentum)
    )
    ours.num_batches_tracked = theirs.num_batches_tracked = None
    assert_same_run(ours, theirs, values((8, 3)), **EXACT)


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_the_numpy_layers_give_the_same(training):
    x = values((4, 6, 5))
    pairs = [
        (BatchNorm(6), numpy_layers.BatchNorm(6)),
        (LayerNorm(5), numpy_layers.LayerNorm(5)),
        (InstanceNorm(6, affine=True), numpy_layers.InstanceNorm(6, affine=True)),
        (GroupNorm(3, 6), numpy_layers.GroupNorm(3, 6)),
        (RMSNorm(5), numpy_layers.RMSNorm(5)),
    ]
    for ours, plain in pairs:
        ours = randomize(ours.double()).train(training)
        plain.load_state_dict({key: t.numpy() for key, t in ours.state_dict().items()})
        plain = plain.train() if training else plain.eval()
        assert_close(ours(x), torch.from_numpy(plain(x.numpy())), **EXACT)
        for key, value in plain.state_dict().items():
            assert_close(ours.state_dict()[key].numpy(), value, **EXACT)


# Gradients


@each_norm
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_first_and_second_gradients_agree_with_differences(ours, training):
    module = randomize(ours().double()).train(training)
    x = torch.randn(
        2, 6, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    names, parameters = zip(*module.named_parameters(), strict=True)
    parameters = [p.detach().requires_grad_() for p in parameters]

    def call(x, *parameters):
        named = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(copy.deepcopy(module), named, (x,))

    inputs = (x.requires_grad_(), *parameters)
    torch.autograd.gradcheck(call, inputs, fast_mode=True)
    torch.autograd.gradgradcheck(call, inputs, fast_mode=True)


@agree
@given(shape=channel_shapes(), seed=seeds)
def test_the_gradient_through_normalize_sums_to_zero_and_is_orthogonal(shape, seed):
    x = values(shape, seed).requires_grad_()
    dims = (0, *range(2, len(shape)))
    xhat, _, _ = normalize(x, dims, eps=1e-12)
    (dx,) = torch.autograd.grad(xhat, x, values(shape, seed + 1))
    zero = torch.zeros(shape[1], dtype=torch.float64)
    scale = dx.abs().max().item() * x.numel() + 1
    assert_close(dx.sum(dims) / scale, zero, rtol=0, atol=1e-10)
    assert_close((dx * xhat).sum(dims) / scale, zero, rtol=0, atol=1e-6)


def test_statistics_outside_the_graph_would_be_noticed():
    x = values((5, 3)).requires_grad_()
    mean, var = x.detach().mean(0), x.detach().var(0, unbiased=False)
    wrong = standardize(x, mean, var)
    right, _, _ = normalize(x, 0)
    assert_close(wrong, right, **EXACT)
    dout = values((5, 3), seed=1)
    dx = [torch.autograd.grad(y, x, dout)[0] for y in (wrong, right)]
    assert (dx[0] - dx[1]).abs().max() > 0.1


# Hard inputs


@each_norm
def test_a_constant_input_gives_a_finite_output_and_gradient(ours):
    x = torch.full((4, 6, 3, 5), 7.0, dtype=torch.float64, requires_grad=True)
    y = ours().double()(x)
    y.sum().backward()
    assert y.isfinite().all()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("name", ["batch", "layer", "instance", "group"])
def test_a_large_offset_does_no_harm(name):
    ours, _, shape = PAIRS[name]
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    # 1e8 leaves x eight digits of sixteen.
    assert_close(ours().double()(x + 1e8), ours().double()(x), rtol=1e-6, atol=1e-6)


def test_a_million_float32_values_around_3000_keep_their_variance():
    x = 3000 + torch.randn(1_000_000, 1, generator=torch.Generator().manual_seed(0))
    _, mean, var = normalize(x, 0)
    wide = x.double()
    assert_close(mean.double(), wide.mean(0, keepdim=True), rtol=1e-6, atol=0)
    assert_close(var.double(), wide.var(0, unbiased=False, keepdim=True), rtol=1e-4, atol=0)


@pytest.mark.parametrize("name", ["batch", "layer", "instance", "group"])
@pytest.mark.parametrize("ratio", [10, 1000])
def test_float32_around_a_large_mean_loses_no_more_than_rounding(name, ratio):
    ours, _, shape = PAIRS[name]
    x = ratio + torch.randn(shape, generator=torch.Generator().manual_seed(0))
    exact = run(ours().double(), x.double())
    for got, expected in zip(run(ours(), x)[:2], exact[:2], strict=True):
        assert (got - expected).abs().max() / expected.abs().max() < 1e-6


@each_norm
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_an_eps_that_float32_takes_for_zero_is_refused_and_changes_nothing(ours, training):
    module = ours().train(training)
    module.eps = 1e-50
    before = snapshot(module)
    x = torch.full((4, 6, 3, 5), 7.0)
    with pytest.raises(ValueError, match=r"eps of at least 1.2e-38 in torch.float32"):
        module(x)
    assert_same_state(module, before)
    assert module.double()(x.double()).isfinite().all()


@each_norm
def test_nan_in_one_example_shows_in_the_output(ours):
    x = values((4, 6, 3, 5))
    x[0, 0, 0, 0] = math.nan
    assert ours().double()(x)[0, 0, 0, 0].isnan()


@each_norm
def test_memory_order_does_not_matter(ours):
    x = values((4, 6, 3, 5))
    strided = x.permute(2, 3, 0, 1).contiguous().permute(2, 3, 0, 1)
    assert not strided.is_contiguous()
    assert_close(ours().double()(strided), ours().double()(x), **EXACT)


def test_one_example_is_enough_for_all_but_batch_norm_without_positions():
    x = values((1, 6))
    for norm in LayerNorm(6), GroupNorm(2, 6), RMSNorm(6), BatchNorm(6).eval():
        assert norm.double()(x).isfinite().all()
    assert BatchNorm(6).double()(x[:, :, None].expand(1, 6, 2)).isfinite().all()


# Errors

WRONG_INPUTS = {
    "single": (BatchNorm(3), torch.ones(1, 3), "more than one value per channel"),
    "single_untracked": (
        BatchNorm(3, track_running_stats=False).eval(),
        torch.ones(1, 3),
        "more than one value per channel",
    ),
    "rank_1": (BatchNorm(3), torch.ones(3), r"\(N, C\).*got \(3,\)"),
    "rank_6": (BatchNorm(3), torch.ones(2, 3, 1, 1, 1, 1), "batch on dim 0"),
    "width": (BatchNorm(3), torch.ones(4, 2), r"C = 3, got \(4, 2\)"),
    "empty": (BatchNorm(3), torch.ones(0, 3), r"empty shape \(0, 3\)"),
    "ints": (BatchNorm(3), torch.ones(4, 3, dtype=torch.int64), "floats, got torch.int64"),
    "array": (BatchNorm(3), np.ones((4, 3)), "floats, got ndarray"),
    "group_width": (GroupNorm(3, 6), torch.ones(4, 5), "C = 6"),
    "positions": (InstanceNorm(3), torch.ones(4, 3, 1), "one position per channel"),
    "instance_rank": (InstanceNorm(3), torch.ones(4, 3), r"shape \(N, C, L\)"),
    "tail": (LayerNorm((3, 5)), torch.ones(3, 4), r"normalized_shape \(3, 5\)"),
    "rms_tail": (RMSNorm(3), torch.ones(3, 4), r"normalized_shape \(3,\)"),
    "rms_rank": (RMSNorm((2, 3)), torch.ones(3), "last dims"),
}


@pytest.mark.parametrize(
    ("module", "x", "message"), WRONG_INPUTS.values(), ids=WRONG_INPUTS
)
def test_a_wrong_input_is_refused_and_changes_nothing(module, x, message):
    before = snapshot(module)
    with pytest.raises((TypeError, ValueError), match=message):
        module(x)
    assert_same_state(module, before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BatchNorm(0), "num_features"),
        (lambda: BatchNorm(3, eps=0.0), "eps"),
        (lambda: BatchNorm(3, momentum=1.5), "momentum"),
        (lambda: LayerNorm(()), "normalized_shape"),
        (lambda: InstanceNorm(2.5), "num_features"),
        (lambda: GroupNorm(4, 6), "num_groups"),
        (lambda: RMSNorm(3, eps=-1.0), "eps"),
        (lambda: normalize(torch.ones(2, 3), (0, 0)), "distinct"),
        (lambda: normalize(torch.ones(2, 3), 2), "2 axes"),
    ],
)
def test_a_wrong_argument_is_named(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_a_printed_module_shows_its_arguments():
    assert (
        repr(GroupNorm(2, 6))
        == "GroupNorm(num_groups=2, num_channels=6, eps=1e-05, affine=True)"
    )
