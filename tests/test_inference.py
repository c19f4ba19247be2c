import itertools

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib import layers as L
from bn_lib.inference import fold, recalibrate
from bn_lib.pytorch import inference as torch_inference

EXACT = {"rtol": 1e-9, "atol": 1e-10}


def randomize(layer, seed=0):
    """Give parameters and statistics values that hide nothing behind 0 and 1."""
    rng = np.random.default_rng(seed)
    state = layer.state_dict()
    floats = {name: rng.uniform(0.5, 2, a.shape) for name, a in state.items() if a.ndim}
    layer.load_state_dict(state | floats)
    return layer


def batch(seed=0, rows=8):
    return np.random.default_rng(seed).normal(2, 3, size=(rows, 3))


def perceptron(momentum=0.1):
    rng = np.random.default_rng(3)
    return L.Sequential(
        L.Linear(3, 4, rng=rng),
        L.BatchNorm(4, momentum=momentum),
        L.Dropout(0.5, np.random.default_rng(4)),
        L.Residual(L.Linear(4, 4, rng=rng), L.BatchNorm(4)),
    )


def assert_same_state(layer, before):
    for name, value in layer.state_dict().items():
        assert_array_equal(value, before[name], err_msg=name)


# Folding


@pytest.mark.parametrize(("bias", "affine"), [*itertools.product([True, False], repeat=2)])
def test_folding_is_exact_in_eval_and_changes_neither_layer(bias, affine):
    layer = randomize(L.Linear(3, 4, bias=bias), seed=1)
    norm = randomize(L.BatchNorm(4, affine=affine), seed=2).eval()
    before = layer.state_dict(), norm.state_dict()
    folded = fold(layer, norm)
    assert_allclose(folded(batch()), norm(layer(batch())), rtol=1e-12)
    assert_same_state(layer, before[0])
    assert_same_state(norm, before[1])


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_folded_layer_keeps_the_dtype_and_rounds_once(dtype):
    layer = randomize(L.Linear(3, 4, dtype=dtype))
    norm = randomize(L.BatchNorm(4, dtype=dtype)).eval()
    wide = L.Linear(3, 4), L.BatchNorm(4).eval()
    for narrow, twin in zip((layer, norm), wide, strict=True):
        twin.load_state_dict(narrow.state_dict())
    folded, exact = fold(layer, norm), fold(*wide)
    assert folded.weight.dtype == folded.bias.dtype == dtype
    assert_array_equal(folded.weight, exact.weight.astype(dtype))
    assert_array_equal(folded.bias, exact.bias.astype(dtype))


def test_what_float16_cannot_hold_is_refused():
    layer, norm = L.Linear(3, 4, dtype=np.float16), L.BatchNorm(4).eval()
    norm.running_var[...] = 1e-10
    norm.running_mean[...] = 3000
    with pytest.raises(
        ValueError, match=r"folded bias within 65504.*convert both to float32"
    ):
        fold(layer, norm)
    layer.weight[...] = 1000
    with pytest.raises(ValueError, match=r"folded weight within 65504, .*got 316"):
        fold(layer, norm)


@pytest.mark.parametrize(
    ("layer", "norm", "error", "message"),
    [
        (L.Linear(3, 4), L.BatchNorm(4), ValueError, "BatchNorm in evaluation mode"),
        (L.Linear(3, 4), L.BatchNorm(5).eval(), ValueError, "got 5 channels after 4"),
        (
            L.Linear(3, 4),
            L.BatchNorm(4, track_running_stats=False).eval(),
            ValueError,
            "with running statistics, got none",
        ),
        (L.BatchNorm(3).eval(), L.Linear(3, 4), TypeError, "got BatchNorm and Linear"),
        (L.Linear(3, 4), L.LayerNorm(4).eval(), TypeError, "got Linear and LayerNorm"),
        (L.ReLU(), L.BatchNorm(4).eval(), TypeError, "got ReLU and BatchNorm"),
    ],
)
def test_what_cannot_be_folded_is_refused_by_name(layer, norm, error, message):
    with pytest.raises(error, match=message):
        fold(layer, norm)


# Recalibration


def test_recalibration_averages_the_batches_and_forgets_what_was_there():
    model = randomize(L.BatchNorm(3))
    batches = [batch(seed) for seed in range(5)]
    assert recalibrate(model, batches) is model
    assert_allclose(model.running_mean, np.mean(batches, axis=(0, 1)), **EXACT)
    assert_allclose(model.running_var, np.var(batches, axis=1, ddof=1).mean(0), **EXACT)
    assert model.num_batches_tracked == 5


def test_recalibration_heals_statistics_that_are_nan():
    model, healthy = perceptron(), perceptron()
    model[1].running_mean[0], model[1].running_var[1] = np.nan, np.inf
    inputs = [batch(1), batch(2)]
    assert_same_state(recalibrate(model, inputs), recalibrate(healthy, inputs).state_dict())


def test_recalibration_is_that_of_torch():
    model = perceptron()
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.5)
    ).double()
    own = {name: torch.tensor(value) for name, value in model.state_dict().items()}
    theirs.load_state_dict({name: own[name] for name in theirs.state_dict()})
    batches = [batch(seed) for seed in range(3)]
    recalibrate(model, batches)
    torch_inference.recalibrate(theirs, map(torch.from_numpy, batches))
    state = model.state_dict()
    for name, value in theirs.state_dict().items():
        assert_allclose(state[name], value.numpy(), **EXACT, err_msg=name)


def test_recalibration_keeps_modes_momenta_and_parameters():
    model = perceptron(momentum=0.3)
    model[1].eval()
    before, modes = model.state_dict(), [layer.training for layer in model.modules()]
    recalibrate(model, [batch()])
    assert [layer.training for layer in model.modules()] == modes
    assert (model[1].momentum, model[3][1].momentum) == (0.3, 0.1)
    after = model.state_dict()
    changed = {name for name in after if not np.array_equal(before[name], after[name])}
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    assert changed == {f"{norm}.{name}" for norm in ("1", "3.1") for name in statistics}


def test_dropout_does_not_disturb_recalibration():
    model = recalibrate(perceptron(), [batch(rows=64)])
    first = L.BatchNorm(4)(model[0](batch(rows=64)))
    assert_allclose(model[3][1].running_mean, model[3][0](first).mean(axis=0), **EXACT)


@pytest.mark.parametrize(
    ("batches", "message"),
    [([], "at least one batch"), ([batch(), np.ones((8, 5))], "got x of shape")],
)
def test_a_failed_recalibration_leaves_the_model_as_it_was(batches, message):
    model = randomize(perceptron())
    before = model.state_dict()
    with pytest.raises(ValueError, match=message):
        recalibrate(model, batches)
    assert_same_state(model, before)
    assert all(layer.training for layer in model.modules())
    assert model[1].momentum == 0.1


def test_a_model_without_running_statistics_is_refused():
    with pytest.raises(ValueError, match="got 0 batch norms"):
        recalibrate(L.Linear(3, 4), [batch()])
    model = L.Sequential(L.BatchNorm(3), L.BatchNorm(3, track_running_stats=False))
    with pytest.raises(ValueError, match="all have running statistics"):
        recalibrate(model, [batch()])
