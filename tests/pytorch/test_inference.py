"""Folding, freezing and recalibrating change what they say, and nothing else."""

import copy
import itertools
import math
import pickle

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from bn_lib.pytorch.inference import (
    fold,
    fold_batch_norm,
    freeze_batch_norm,
    recalibrate,
)
from bn_lib.pytorch.layers import BatchNorm
from tests.pytorch.modules import assert_same_state, randomize, snapshot, values

EXACT = {"rtol": 1e-9, "atol": 1e-10}

# Folding

LAYERS = {
    "linear": (lambda bias: nn.Linear(6, 4, bias=bias), (7, 6), nn.BatchNorm1d),
    "conv1d": (
        lambda bias: nn.Conv1d(6, 4, 3, padding=1, bias=bias),
        (7, 6, 5),
        nn.BatchNorm1d,
    ),
    "conv2d": (
        lambda bias: nn.Conv2d(6, 4, 3, stride=2, padding=1, groups=2, bias=bias),
        (3, 6, 5, 4),
        nn.BatchNorm2d,
    ),
    "conv3d": (
        lambda bias: nn.Conv3d(6, 4, 2, padding=1, padding_mode="circular", bias=bias),
        (2, 6, 3, 4, 2),
        nn.BatchNorm3d,
    ),
}


@pytest.mark.parametrize(("make", "shape", "torch_norm"), LAYERS.values(), ids=LAYERS)
def test_folding_is_exact_in_eval(make, shape, torch_norm):
    x = values(shape)
    kinds = [BatchNorm, torch_norm, nn.SyncBatchNorm]
    for bias, affine, kind in itertools.product([0, 1], [0, 1], kinds):
        layer = randomize(make(bool(bias)).double())
        norm = randomize(kind(4, affine=bool(affine)).double()).eval()
        before = snapshot(layer) | snapshot(norm)
        folded = fold(layer, norm)
        expected = norm(layer(x))
        error = (folded(x) - expected).abs().max() / expected.abs().max()
        assert error <= 1e-12
        assert type(folded) is type(layer)
        assert_close(snapshot(layer) | snapshot(norm), before, rtol=0, atol=0)


def test_folding_float32_loses_no_more_than_rounding():
    layer, norm = randomize(nn.Linear(64, 32)), randomize(BatchNorm(32)).eval()
    x = values((8, 64), dtype=torch.float32)
    folded = fold(layer, norm)
    assert folded.weight.dtype == torch.float32
    exact = norm.double()(layer.double()(x.double()))
    assert (folded(x) - exact).abs().max() / exact.abs().max() < 1e-6


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_folded_layer_keeps_its_dtype_and_learns(dtype):
    layer = randomize(nn.Conv1d(3, 4, 2).to(dtype)).requires_grad_(False)
    folded = fold(layer, randomize(BatchNorm(4)).eval())
    assert {p.dtype for p in folded.parameters()} == {dtype}
    assert all(p.requires_grad for p in folded.parameters())


def test_what_float16_cannot_hold_is_refused_and_named():
    layer, norm = nn.Linear(3, 4).half(), nn.BatchNorm1d(4).eval()
    norm.running_var.fill_(1e-12)
    norm.running_mean.fill_(3000)
    with pytest.raises(ValueError, match=r"'1' .*folded bias within 65504"):
        fold_batch_norm(nn.Sequential(layer, norm).eval())
    assert fold(layer.float(), norm).bias.isfinite().all()


def weight_normed():
    return nn.utils.parametrizations.weight_norm(nn.Linear(3, 4))


@pytest.mark.parametrize(
    ("layer", "norm", "message"),
    [
        (nn.Linear(3, 4), BatchNorm(4), "BatchNorm in evaluation mode"),
        (nn.Linear(3, 4), nn.BatchNorm1d(4), "BatchNorm1d in evaluation mode"),
        (nn.Linear(3, 4), BatchNorm(4, track_running_stats=False).eval(), "got none"),
        (nn.Linear(3, 4), BatchNorm(5).eval(), "got 5 channels after 4"),
        (nn.Linear(3, 4), nn.LayerNorm(4).eval(), "fold into Linear, got LayerNorm"),
        (nn.Conv1d(3, 4, 1), nn.InstanceNorm1d(4).eval(), "got InstanceNorm1d"),
        (BatchNorm(3).eval(), nn.Conv2d(3, 4, 3, padding=1), "BatchNorm before Conv2d"),
        (nn.ReLU(), BatchNorm(4).eval(), "before BatchNorm, got ReLU"),
        (
            nn.ConvTranspose2d(3, 4, 3),
            BatchNorm(4).eval(),
            "got ConvTranspose2d.*left out on purpose",
        ),
        (nn.Linear(3, 4), nn.BatchNorm2d(4).eval(), "BatchNorm1d after Linear, got .*2d"),
        (nn.Linear(3, 4), nn.BatchNorm3d(4).eval(), "inputs of another rank"),
        (nn.Conv1d(3, 4, 1), nn.BatchNorm2d(4).eval(), "BatchNorm1d after Conv1d"),
        (nn.Conv2d(3, 4, 1), nn.BatchNorm1d(4).eval(), "BatchNorm2d after Conv2d"),
        (nn.Conv3d(3, 4, 1), nn.BatchNorm2d(4).eval(), "BatchNorm3d after Conv3d"),
        (nn.Linear(3, 4), nn.LazyBatchNorm1d().eval(), "LazyBatchNorm1d, .*no input"),
        (weight_normed(), BatchNorm(4).eval(), "got ParametrizedLinear"),
    ],
)
def test_what_cannot_be_folded_is_refused_by_name(layer, norm, message):
    with pytest.raises((TypeError, ValueError), match=message):
        fold(layer, norm)


def test_a_computed_weight_is_refused():
    layer = nn.Linear(3, 4)
    weight = layer.weight.detach()
    del layer.weight
    layer.weight = weight
    with pytest.raises(ValueError, match="weight that is a parameter"):
        fold(layer, BatchNorm(4).eval())


def convolutional(kind=BatchNorm):
    relu = nn.ReLU()  # used twice, which named_children would hide
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        kind(4),
        relu,
        nn.Sequential(nn.Conv2d(4, 6, 3, padding=1), kind(6), kind(6)),
        relu,
        nn.Flatten(),
        nn.Linear(6 * 25, 3),
        nn.LayerNorm(3),
    )


@pytest.mark.parametrize("kind", [BatchNorm, nn.BatchNorm2d])
def test_folding_a_sequential_keeps_its_outputs_and_keys(kind):
    model = randomize(convolutional(kind).double()).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 1  # with positive weights alone a ReLU would do nothing
    x = values((3, 1, 5, 5))
    before = snapshot(model)
    folded = fold_batch_norm(model)
    assert_close(folded(x), model(x), rtol=1e-12, atol=1e-12)
    assert_same_state(model, before)
    assert not any(isinstance(m, BatchNorm | nn.BatchNorm2d) for m in folded.modules())
    assert set(folded.state_dict()) - set(model.state_dict()) == {"0.bias"}
    assert not any(module.training for module in folded.modules())


class Skip(nn.Module):
    def __init__(self):
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(4, 4), BatchNorm(4))

    def forward(self, x):
        return x + self.branch(x)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Sequential(BatchNorm(3), nn.Linear(3, 4)), r"'0' \(BatchNorm\).*got none"),
        (nn.Sequential(nn.Linear(3, 4), nn.ReLU(), BatchNorm(4)), "'2'.*got ReLU"),
        (nn.Sequential(nn.Sequential(nn.ReLU(), BatchNorm(4))), r"'0\.1'"),
        (nn.Sequential(nn.Linear(4, 4), Skip()), "'1'.*got Skip"),
        (Skip(), "expected nn.Sequential, got Skip"),
    ],
)
def test_a_norm_that_cannot_be_folded_is_named_by_its_place(model, message):
    with pytest.raises(TypeError, match=message):
        fold_batch_norm(model.eval())


def test_a_model_in_training_is_not_folded():
    with pytest.raises(ValueError, match=r"'1'.*training mode"):
        fold_batch_norm(nn.Sequential(nn.Linear(3, 4), BatchNorm(4)))


# Freezing and recalibration

NORMS = [BatchNorm, nn.BatchNorm1d]
each_kind = pytest.mark.parametrize("kind", NORMS)


def perceptron(kind, **arguments):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(3, 4), kind(4, **arguments), nn.Dropout(0.5), nn.Linear(4, 2), kind(2)
    ).double()


@each_kind
def test_frozen_batch_norm_stays_in_eval_and_keeps_its_statistics(kind):
    model = freeze_batch_norm(perceptron(kind)).train()
    assert [m.training for m in model] == [True, False, True, True, False]
    before = {key: value for key, value in snapshot(model).items() if "run" in key}
    model(values((8, 3))).sum().backward()
    assert_close({key: model.state_dict()[key] for key in before}, before, rtol=0, atol=0)
    assert model[1].weight.grad is not None


@each_kind
def test_parameters_are_frozen_on_request_only(kind):
    model = freeze_batch_norm(perceptron(kind), parameters=True)
    learns = [any(p.requires_grad for p in m.parameters()) for m in model]
    assert learns == [True, False, False, True, False]


def test_a_lazy_batch_norm_is_refused_until_it_has_seen_an_input():
    model = nn.Sequential(nn.Linear(3, 4), nn.LazyBatchNorm1d())
    for helper in freeze_batch_norm, lambda model: recalibrate(model, [values((8, 3))]):
        with pytest.raises(ValueError, match=r"seen an input, got '1' \(LazyBatchNorm1d\)"):
            helper(model)
    assert model[1].training
    model(values((8, 3)).float())
    assert not freeze_batch_norm(model).train()[1].training


def test_a_model_converted_for_many_machines_and_then_frozen_stays_frozen():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    freeze_batch_norm(model).train()
    assert [type(model[1]), model[1].training] == [nn.SyncBatchNorm, False]


@each_kind
def test_a_copy_of_a_frozen_model_is_frozen_by_itself(kind):
    model = freeze_batch_norm(perceptron(kind))
    for twin in copy.deepcopy(model), pickle.loads(pickle.dumps(model)):
        twin.train()
        assert not twin[1].training
        del twin[1].train
        assert twin.train()[1].training
    assert not model.train()[1].training


@pytest.mark.parametrize("helper", [freeze_batch_norm, lambda m: recalibrate(m, [])])
def test_a_model_without_running_statistics_is_refused_unchanged(helper):
    with pytest.raises(ValueError, match="got Linear without"):
        helper(nn.Linear(3, 4))
    model = nn.Sequential(BatchNorm(3), BatchNorm(3, track_running_stats=False))
    with pytest.raises(ValueError, match=r"none in '1' \(BatchNorm\)"):
        helper(model)
    assert model.train()[0].training


@each_kind
def test_recalibration_averages_the_batches(kind):
    model = nn.Sequential(kind(3)).double()
    batches = [values((8, 3), seed) for seed in range(5)]
    assert recalibrate(model, batches) is model
    stacked = torch.stack(batches)
    assert_close(model[0].running_mean, stacked.mean((0, 1)), **EXACT)
    assert_close(model[0].running_var, stacked.var(1).mean(0), **EXACT)
    assert model[0].num_batches_tracked == 5


@each_kind
def test_recalibration_forgets_what_was_there_and_takes_labelled_batches(kind):
    clean, spoiled = perceptron(kind), perceptron(kind)
    spoiled[1].running_var.fill_(math.nan)
    batches = [values((8, 3), seed) for seed in range(3)]
    recalibrate(clean, batches)
    recalibrate(spoiled, ([x, torch.zeros(8)] for x in batches))
    assert_same_state(spoiled, snapshot(clean))


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = BatchNorm(3)

    def forward(self, pixels, scale):
        return self.norm(scale * pixels)


def test_a_batch_that_is_a_dict_is_passed_by_name():
    model = Named().double()
    recalibrate(model, [{"scale": 2.0, "pixels": values((8, 3))}])
    assert_close(model.norm.running_mean, 2 * values((8, 3)).mean(0), **EXACT)


@each_kind
def test_a_batch_norm_without_a_count_gets_one_by_recalibration(kind):
    model = nn.Sequential(kind(3)).double()
    model[0].num_batches_tracked = None
    batches = [values((8, 3), seed) for seed in range(3)]
    recalibrate(model, batches)
    assert_close(model[0].running_mean, torch.stack(batches).mean((0, 1)), **EXACT)
    assert model[0].num_batches_tracked == 3


@each_kind
def test_recalibration_restores_modes_momentum_and_computes_no_gradients(kind):
    model = freeze_batch_norm(perceptron(kind, momentum=0.3)).train()
    model[3].eval()
    modes = [module.training for module in model.modules()]
    graph = []
    model.register_forward_hook(lambda module, args, y: graph.append(y.requires_grad))
    before = snapshot(model)
    recalibrate(model, [values((8, 3))])
    assert [module.training for module in model.modules()] == modes
    assert (model[1].momentum, model[4].momentum) == (0.3, 0.1)
    assert graph == [False]
    after = snapshot(model)
    changed = {key for key in after if not torch.equal(before[key], after[key])}
    statistics = {"running_mean", "running_var", "num_batches_tracked"}
    assert changed == {f"{index}.{name}" for index in (1, 4) for name in statistics}


@each_kind
def test_dropout_does_not_disturb_recalibration(kind):
    x = values((16, 3))
    model = recalibrate(perceptron(kind).train(), [x])
    with torch.no_grad():
        first = torch.nn.functional.batch_norm(
            model[0](x), None, None, model[1].weight, model[1].bias, training=True
        )
        assert_close(model[4].running_mean, model[3](first).mean(0), **EXACT)


@each_kind
def test_a_failed_recalibration_leaves_the_model_as_it_was(kind):
    model = randomize(perceptron(kind)).train()
    before = snapshot(model)
    for batches in [], [values((8, 3)), values((8, 5))]:
        with pytest.raises((ValueError, RuntimeError), match=r"at least one batch|shapes"):
            recalibrate(model, batches)
        assert_same_state(model, before)
        assert all(module.training for module in model.modules())
        assert model[1].momentum == 0.1


def test_a_batch_norm_that_is_not_used_keeps_its_statistics():
    model = Skip().double()
    model.unused = randomize(BatchNorm(4).double())
    before = snapshot(model.unused)
    recalibrate(model, [values((8, 4))])
    assert_same_state(model.unused, before)
    assert model.branch[1].num_batches_tracked == 1
