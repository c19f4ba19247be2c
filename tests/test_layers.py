import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.gradcheck import numerical_gradient
from bn_lib.layers import (
    BatchNorm,
    Dropout,
    GhostBatchNorm,
    GroupNorm,
    InstanceNorm,
    Layer,
    LayerNorm,
    Linear,
    ReLU,
    Residual,
    RMSNorm,
    Sequential,
    Sigmoid,
)

# Both sides compute in float64 but add in another order; rstd, up to 300, multiplies
# what cancels.
EXACT = {"rtol": 1e-9, "atol": 1e-10}
nn = torch.nn

# name: our layer, torch's, and the shape of an input
PAIRS = {
    "batch_norm_1d": (lambda: BatchNorm(6), lambda: nn.BatchNorm1d(6), (8, 6)),
    "batch_norm_length": (lambda: BatchNorm(6), lambda: nn.BatchNorm1d(6), (4, 6, 5)),
    "batch_norm_2d": (lambda: BatchNorm(6), lambda: nn.BatchNorm2d(6), (4, 6, 3, 5)),
    "batch_norm_3d": (lambda: BatchNorm(6), lambda: nn.BatchNorm3d(6), (4, 6, 2, 3, 2)),
    "batch_norm_plain": (
        lambda: BatchNorm(6, eps=0.1, affine=False),
        lambda: nn.BatchNorm1d(6, eps=0.1, affine=False),
        (8, 6),
    ),
    "batch_norm_cumulative": (
        lambda: BatchNorm(6, momentum=None),
        lambda: nn.BatchNorm1d(6, momentum=None),
        (8, 6),
    ),
    "batch_norm_untracked": (
        lambda: BatchNorm(6, track_running_stats=False),
        lambda: nn.BatchNorm1d(6, track_running_stats=False),
        (8, 6),
    ),
    "layer_norm": (lambda: LayerNorm((3, 5)), lambda: nn.LayerNorm((3, 5)), (4, 3, 5)),
    "instance_norm": (
        lambda: InstanceNorm(6, affine=True),
        lambda: nn.InstanceNorm2d(6, affine=True),
        (4, 6, 3, 5),
    ),
    "instance_norm_plain": (
        lambda: InstanceNorm(6),
        lambda: nn.InstanceNorm1d(6),
        (4, 6, 5),
    ),
    "group_norm": (lambda: GroupNorm(3, 6), lambda: nn.GroupNorm(3, 6), (4, 6, 5)),
    "rms_norm": (lambda: RMSNorm(6), lambda: nn.RMSNorm(6, eps=1e-5), (4, 3, 6)),
    "linear": (lambda: Linear(6, 2), lambda: nn.Linear(6, 2), (8, 6)),
    "linear_sequence": (lambda: Linear(6, 2), lambda: nn.Linear(6, 2), (4, 3, 6)),
    "linear_without_bias": (
        lambda: Linear(6, 2, bias=False),
        lambda: nn.Linear(6, 2, bias=False),
        (8, 6),
    ),
    "relu": (ReLU, nn.ReLU, (8, 6)),
    "sigmoid": (Sigmoid, nn.Sigmoid, (8, 6)),
    "sequential": (
        lambda: Sequential(
            Linear(6, 5), BatchNorm(5), ReLU(), Sequential(LayerNorm(5), Sigmoid())
        ),
        lambda: nn.Sequential(
            nn.Linear(6, 5),
            nn.BatchNorm1d(5),
            nn.ReLU(),
            nn.Sequential(nn.LayerNorm(5), nn.Sigmoid()),
        ),
        (8, 6),
    ),
}
each_pair = pytest.mark.parametrize(("ours", "theirs", "shape"), PAIRS.values(), ids=PAIRS)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def randomize(module):
    """Torch's layer in float64 with a state that hides nothing behind 0 and 1."""
    generator = torch.Generator().manual_seed(0)
    module = module.double()
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 2, generator=generator)
    return module


def to_numpy(state):
    return {key: tensor.detach().numpy() for key, tensor in state.items()}


def to_torch(state):
    return {key: torch.from_numpy(array) for key, array in state.items()}


def snapshot(layer):
    return {key: array.copy() for key, array in layer.state_dict().items()}


def assert_same_state(layer, before):
    after = layer.state_dict()
    assert list(after) == list(before)
    for key, array in before.items():
        assert_array_equal(after[key], array, err_msg=key)


def model():
    return Sequential(Linear(4, 3), BatchNorm(3), ReLU(), Linear(3, 2))


# Agreement with torch


@each_pair
def test_a_state_from_torch_gives_the_same_outputs_and_gradients(ours, theirs, shape, rng):
    layer, module = ours(), randomize(theirs())
    layer.load_state_dict(to_numpy(module.state_dict()))
    for mode in ("train", "train", "eval"):
        getattr(layer, mode)()
        getattr(module, mode)()
        x = rng.normal(1, 2, size=shape)
        leaf = torch.from_numpy(x).requires_grad_()
        y, expected = layer(x), module(leaf)
        assert_allclose(y, expected.detach().numpy(), **EXACT)
        dout = rng.normal(size=y.shape)
        module.zero_grad()
        expected.backward(torch.from_numpy(dout))
        assert_allclose(layer.backward(dout), leaf.grad.numpy(), **EXACT)
        gradients = layer.gradients()
        expected = {name: p.grad.numpy() for name, p in module.named_parameters()}
        assert list(gradients) == list(expected) == list(layer.parameters())
        for name, gradient in expected.items():
            assert_allclose(gradients[name], gradient, **EXACT, err_msg=name)
        state = to_numpy(module.state_dict())
        for key, value in layer.state_dict().items():
            assert_allclose(value, state[key], **EXACT, err_msg=key)


@each_pair
def test_a_state_crosses_to_torch_and_back(ours, theirs, shape, rng):
    layer, module = ours(), theirs().double()
    layer(rng.normal(size=shape))
    for array in layer.parameters().values():
        array += rng.normal(size=array.shape)
    state = layer.state_dict()
    module.load_state_dict(to_torch(state))
    assert list(state) == list(module.state_dict())
    back = ours()
    back.load_state_dict(to_numpy(module.state_dict()))
    assert_same_state(back, state)


def test_a_float32_state_of_torch_loads_into_float64_layers():
    layer = BatchNorm(3)
    module = nn.BatchNorm1d(3)
    module(torch.randn(8, 3, generator=torch.Generator().manual_seed(0)))
    layer.load_state_dict(to_numpy(module.state_dict()))
    assert layer.running_mean.dtype == np.float64
    assert_array_equal(layer.running_mean, module.running_mean.numpy())
    assert layer.num_batches_tracked == 1


# State


def test_a_state_dict_is_a_copy(rng):
    layer = BatchNorm(3)
    before = layer.state_dict()
    layer(rng.normal(1, 2, size=(8, 3)))
    layer.weight += 1
    assert_array_equal(before["running_mean"], 0)
    assert_array_equal(before["num_batches_tracked"], 0)
    assert_array_equal(before["weight"], 1)


def test_loading_keeps_the_arrays_that_an_optimizer_holds():
    layer = BatchNorm(3)
    weight = layer.parameters()["weight"]
    state = layer.state_dict() | {"weight": np.full(3, 5.0)}
    layer.load_state_dict(state)
    assert layer.weight is weight
    assert_array_equal(weight, 5)
    state["weight"][:] = 0
    assert_array_equal(weight, 5)


def test_parameters_are_the_arrays_themselves():
    net = model()
    net.parameters()["1.weight"][:] = 7
    assert_array_equal(net[1].weight, 7)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"1.running_mean": None}, ValueError, r"missing \['1.running_mean'\]"),
        ({"4.weight": np.ones(3)}, ValueError, r"unexpected \['4.weight'\]"),
        ({"3.weight": np.ones((3, 2))}, ValueError, r"'3.weight' of shape \(2, 3\)"),
        ({"1.num_batches_tracked": np.ones(1, int)}, ValueError, r"of shape \(\)"),
        ({"1.num_batches_tracked": np.array(1.0)}, TypeError, "of integer dtype"),
        ({"3.bias": np.zeros(2, int)}, TypeError, "of float dtype, got int64"),
        ({"3.bias": [0.0, 0.0]}, TypeError, "NumPy array of float dtype, got list"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, error, message):
    net = model()
    before = snapshot(net)
    state = {key: array + 1 for key, array in before.items()} | change
    with pytest.raises(error, match=message):
        net.load_state_dict(state)
    assert_same_state(net, before)


def test_a_state_must_be_a_dict():
    with pytest.raises(TypeError, match="state to be a dict, got list"):
        BatchNorm(3).load_state_dict([np.ones(3)])


OLD_STATES = [{}, {"num_batches_tracked": None}]


@pytest.mark.parametrize("count", OLD_STATES, ids=["missing", "none"])
def test_a_state_from_before_batches_were_counted_keeps_the_count(count, rng):
    layer, old = BatchNorm(3), BatchNorm(3)
    layer(rng.normal(size=(8, 3)))
    old(rng.normal(2, 3, size=(8, 3)))
    state = old.state_dict()
    del state["num_batches_tracked"]
    layer.load_state_dict(state | count)
    assert_same_state(layer, state | {"num_batches_tracked": np.array(1)})
    net = model()
    net.load_state_dict({k: v for k, v in net.state_dict().items() if "tracked" not in k})


def test_none_in_a_state_stands_for_what_a_layer_does_not_have():
    plain = BatchNorm(3, affine=False)
    plain.load_state_dict(plain.state_dict() | {"weight": None, "bias": None})
    with pytest.raises(ValueError, match=r"missing \['weight'\]"):
        BatchNorm(3).load_state_dict(BatchNorm(3).state_dict() | {"weight": None})


def test_a_layer_without_a_count_tracks_as_torch_does(rng):
    x = rng.normal(2, 3, size=(8, 3))
    for momentum in (0.1, None):
        layer, module = (
            BatchNorm(3, momentum=momentum),
            nn.BatchNorm1d(3, momentum=momentum),
        )
        layer.num_batches_tracked = module.num_batches_tracked = None
        layer(x)
        module.double()(torch.from_numpy(x))
        assert_allclose(layer.running_mean, module.running_mean.numpy(), **EXACT)
        assert_allclose(layer.running_var, module.running_var.numpy(), **EXACT)


# Batch norm over time


def test_running_stats_stay_put_in_eval(rng):
    layer = BatchNorm(3)
    layer(rng.normal(size=(8, 3)))
    before = snapshot(layer)
    layer.eval()(rng.normal(size=(8, 3)))
    assert_same_state(layer, before)


def test_momentum_none_averages_all_batches(rng):
    layer = BatchNorm(3, momentum=None)
    batches = rng.normal(2, 3, size=(5, 8, 3))
    for x in batches:
        layer(x)
    assert_allclose(layer.running_mean, batches.mean(axis=(0, 1)), **EXACT)
    expected = batches.var(axis=1, ddof=1).mean(axis=0)
    assert_allclose(layer.running_var, expected, **EXACT)


def test_without_tracking_eval_uses_the_batch(rng):
    layer = BatchNorm(3, track_running_stats=False)
    x = rng.normal(2, 3, size=(8, 3))
    assert_array_equal(layer.eval()(x), layer.train()(x))
    assert sorted(layer.state_dict()) == ["bias", "weight"]


def test_eval_gradients_are_those_of_an_affine_map(rng):
    layer = BatchNorm(3).eval()
    layer.running_var[:] = 4
    layer(rng.normal(size=(8, 3)))
    dx = layer.backward(np.ones((8, 3)))
    assert_allclose(dx, 1 / np.sqrt(4 + 1e-5), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_whole_network_keeps_its_dtype(dtype, rng):
    net = Sequential(
        Linear(4, 6, dtype=dtype),
        BatchNorm(6, dtype=dtype),
        ReLU(),
        LayerNorm(6, dtype=dtype),
        Sigmoid(),
        GroupNorm(2, 6, dtype=dtype),
        RMSNorm(6, dtype=dtype),
    )
    x = rng.normal(size=(8, 4)).astype(dtype)
    y = net(x)
    dx = net.backward(y)
    arrays = [y, dx, *net.parameters().values(), *net.gradients().values()]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}
    assert net[1].running_var.dtype == dtype


# Linear and activations


def test_linear_weights_have_the_asked_standard_deviation():
    assert_allclose(Linear(400, 300).weight.std(), np.sqrt(2 / 400), rtol=0.01)
    assert_allclose(Linear(400, 300, std=0.01).weight.std(), 0.01, rtol=0.01)
    assert_array_equal(Linear(4, 3, std=0).weight, 0)
    assert_array_equal(Linear(4, 3).bias, 0)


def test_layers_that_share_a_generator_differ_and_repeat():
    rng = np.random.default_rng(3)
    first, second = Linear(4, 4, rng=rng), Linear(4, 4, rng=rng)
    assert not np.array_equal(first.weight, second.weight)
    again = Linear(4, 4, rng=np.random.default_rng(3))
    assert_array_equal(first.weight, again.weight)


def test_weights_without_a_generator_have_nothing_in_common_with_a_readers_x():
    x = np.random.default_rng(0).normal(size=(8, 40))
    weight = Linear(40, 8).weight
    lengths = np.outer(np.linalg.norm(weight, axis=1), np.linalg.norm(x, axis=1))
    assert np.abs(weight @ x.T / lengths).max() < 0.6  # 64 cosines of 0.16 or so


def test_dropout_drops_its_share_and_keeps_the_mean():
    layer = Dropout(0.3, np.random.default_rng(0))
    y = layer(np.ones((200, 100)))
    assert_allclose(np.mean(y == 0), 0.3, atol=0.01)
    assert_allclose(y.max(), 1 / 0.7)
    assert_allclose(y.mean(), 1, atol=0.02)
    assert_array_equal(layer.backward(np.full_like(y, 2.0)), 2 * y)


def test_dropout_passes_everything_on_in_eval(rng):
    layer = Dropout(0.3, np.random.default_rng(0)).eval()
    x = rng.normal(size=(8, 4)).astype(np.float32)
    y = layer(x)
    assert y.dtype == np.float32
    assert_array_equal(y, x)
    assert_array_equal(layer.backward(x), x)


def test_a_residual_adds_its_input_and_both_gradients(rng):
    inner = [Linear(4, 6, rng=rng), BatchNorm(6), ReLU(), Linear(6, 4, rng=rng)]
    block, plain = Residual(*inner), Sequential(*inner)
    x, dout = rng.normal(size=(2, 8, 4))
    assert_array_equal(block(x), x + plain(x))
    assert_array_equal(block.backward(dout), dout + plain.backward(dout))
    assert list(block.parameters()) == list(plain.parameters())


def test_a_residual_that_changes_the_shape_is_refused_and_changes_nothing(rng):
    block = Residual(BatchNorm(3), Linear(3, 1))
    before = snapshot(block)
    with pytest.raises(ValueError, match=r"keep the shape \(8, 3\), got \(8, 1\)"):
        block(rng.normal(size=(8, 3)))
    assert_same_state(block, before)


def test_sigmoid_is_exact_at_both_ends():
    x = np.array([-700.0, -40.0, 0.0, 40.0, 1e4])
    expected = torch.sigmoid(torch.from_numpy(x)).numpy()
    assert_allclose(Sigmoid()(x), expected, rtol=1e-13)


def test_activations_pass_nan_on_as_torch_does():
    x = np.array([np.nan, -1.0, 2.0])
    for layer, module in ((ReLU(), nn.ReLU()), (Sigmoid(), nn.Sigmoid())):
        leaf = torch.from_numpy(x).requires_grad_()
        expected = module(leaf)
        expected.sum().backward()
        assert_allclose(layer(x), expected.detach().numpy(), rtol=1e-14)
        assert_allclose(layer.backward(np.ones(3)), leaf.grad.numpy(), rtol=1e-13)


# Layers between forward and backward


@each_pair
def test_backward_needs_a_forward(ours, theirs, shape):
    with pytest.raises(ValueError, match="forward pass before"):
        ours().backward(np.ones(shape))


def test_gradients_need_a_backward(rng):
    net = model()
    net(rng.normal(size=(8, 4)))
    with pytest.raises(ValueError, match="backward pass before"):
        net.gradients()


@each_pair
def test_backward_uses_the_values_of_the_forward(ours, theirs, shape, rng):
    layer = ours()
    x = rng.normal(size=shape)
    y = layer(x)
    dout = rng.normal(size=y.shape)
    expected = layer.backward(dout)
    for array in (x, y, *layer.parameters().values()):
        array += 3
    assert_array_equal(layer.backward(dout), expected)


@each_pair
def test_a_wrong_dout_changes_nothing(ours, theirs, shape, rng):
    layer = ours()
    dout = np.ones_like(layer(rng.normal(size=shape)))
    layer.backward(dout)
    before = layer.gradients()
    for error, wrong in ((ValueError, dout[:-1]), (TypeError, dout.astype(int))):
        with pytest.raises(error, match="dout"):
            layer.backward(wrong)
    assert all(layer.gradients()[name] is before[name] for name in before)


@pytest.mark.parametrize(
    ("layer", "good", "bad"),
    [
        (BatchNorm(3), (8, 3), (8, 4)),
        (BatchNorm(3), (8, 3), (1, 3)),
        (BatchNorm(3, affine=False, track_running_stats=False), (8, 3), (8, 4)),
        (LayerNorm(3), (8, 3), (8, 4)),
        (InstanceNorm(3), (8, 3, 2), (8, 4, 2)),
        (InstanceNorm(3), (8, 3, 2), (8, 3)),
        (GroupNorm(3, 6, affine=False), (8, 6), (8, 9)),
        (RMSNorm(3, affine=False), (8, 3), (8, 4)),
        (Linear(3, 2), (8, 3), (8, 4)),
        (ReLU(), (8, 3), (0, 3)),
        (Sigmoid(), (8, 3), (0, 3)),
        (Dropout(0.0, np.random.default_rng(0)), (8, 3), (0, 3)),
        (Sequential(Linear(4, 3), BatchNorm(3), Linear(3, 2)), (8, 4), (1, 4)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Layer) else None,
)
def test_a_wrong_input_changes_neither_state_nor_cache(layer, good, bad, rng):
    dout = np.ones_like(layer(rng.normal(size=good)))
    expected, before = layer.backward(dout), snapshot(layer)
    with pytest.raises(ValueError, match=r"expected .* got"):
        layer(rng.normal(size=bad))
    with pytest.raises(TypeError, match="x of dtype"):
        layer(np.ones(good, int))
    assert_same_state(layer, before)
    assert_array_equal(layer.backward(dout), expected)


def test_a_failure_downstream_leaves_the_layers_upstream_as_they_were(rng):
    net = Sequential(
        Sequential(Linear(4, 3), BatchNorm(3)), ReLU(), Linear(7, 2), Sigmoid()
    )
    inner = net[0]
    inner(rng.normal(size=(8, 4)))
    dout = rng.normal(size=(8, 3))
    expected, before = inner.backward(dout), snapshot(net)
    with pytest.raises(ValueError, match=r"end with normalized_shape \(7,\)"):
        net(rng.normal(size=(5, 4)))
    assert_same_state(net, before)
    assert_array_equal(inner.backward(dout), expected)


def test_a_failure_in_backward_leaves_all_gradients_as_they_were(rng):
    net = model()
    y = net(rng.normal(size=(8, 4)))
    net.backward(np.ones_like(y))
    before = net.gradients()
    net[0](rng.normal(size=(5, 4)))
    with pytest.raises(ValueError, match="dout of shape"):
        net.backward(2 * np.ones_like(y))
    assert all(net.gradients()[name] is before[name] for name in before)


# Making layers


def test_modes_reach_every_layer():
    net = Sequential(Linear(4, 3), Sequential(BatchNorm(3), ReLU()))
    everything = [net, net[0], net[1], net[1][0], net[1][1]]
    assert list(net.modules()) == everything
    assert net.eval() is net
    assert not any(layer.training for layer in everything)
    assert net.train() is net
    assert all(layer.training for layer in everything)


def test_modes_belong_to_one_layer():
    first, second = BatchNorm(3), BatchNorm(3)
    first.eval()
    assert second.training


def test_sequential_counts_and_shows_its_layers():
    net = model()
    assert len(net) == 4
    assert [type(layer).__name__ for layer in net][:2] == ["Linear", "BatchNorm"]


def test_an_empty_sequential_passes_everything_through(rng):
    x = rng.normal(size=(2, 3))
    net = Sequential()
    assert_array_equal(net.backward(net(x)), x)


RELU = ReLU()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: BatchNorm(0), ValueError, "num_features to be at least 1, got 0"),
        (lambda: BatchNorm(2.0), TypeError, "num_features to be a positive int"),
        (lambda: BatchNorm(2, eps=0), ValueError, "eps to be positive"),
        (lambda: BatchNorm(2, momentum=1.5), ValueError, r"momentum in \[0, 1\]"),
        (lambda: BatchNorm(2, dtype=int), TypeError, "dtype float16, float32"),
        (lambda: LayerNorm(()), ValueError, "at least one size"),
        (lambda: LayerNorm("wide"), TypeError, "positive int, got 'w'"),
        (lambda: LayerNorm(3, eps=np.nan), ValueError, "eps to be positive"),
        (lambda: InstanceNorm(-1), ValueError, "num_features to be at least 1"),
        (lambda: GroupNorm(4, 6), ValueError, "divide the 6 channels, got 4"),
        (lambda: GroupNorm(2, 6, eps=-1), ValueError, "eps to be positive"),
        (lambda: RMSNorm(3, dtype="text"), TypeError, "dtype float16, float32"),
        (lambda: Linear(0, 3), ValueError, "in_features to be at least 1"),
        (lambda: Linear(3, None), TypeError, "out_features to be a positive int"),
        (lambda: Linear(3, 3, std=-1.0), ValueError, "std to be finite"),
        (lambda: Linear(3, 3, std="he"), TypeError, "std to be a real number"),
        (lambda: Linear(3, 3, rng=0), TypeError, "numpy.random.Generator, got int"),
        (lambda: Dropout(1.0, np.random.default_rng(0)), ValueError, r"in \[0, 1\)"),
        (lambda: Dropout(0.5, 0), TypeError, "numpy.random.Generator, got int"),
        (lambda: Sequential([ReLU()]), TypeError, "layers .* got list"),
        (lambda: Sequential(RELU, Sequential(RELU)), ValueError, "each layer once"),
    ],
)
def test_a_layer_that_cannot_work_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("training", [True, False])
def test_ghost_batch_norm_has_the_numerical_gradient(training):
    rng = np.random.default_rng(0)
    layer = GhostBatchNorm(3, ghost=4)
    layer.weight[:] = rng.normal(size=3)
    layer.training = training
    x, dout = rng.normal(1.0, 2.0, (8, 3)), rng.normal(size=(8, 3))
    layer(x)
    dx = layer.backward(dout)
    gradients = layer.gradients()
    assert_allclose(dx, numerical_gradient(layer, x, dout), atol=1e-7)
    assert_allclose(gradients["bias"], dout.sum(axis=0))
    expected = (dout * (layer(x) - layer.bias) / layer.weight).sum(axis=0)
    assert_allclose(gradients["weight"], expected)


def test_each_ghost_batch_is_a_batch_of_its_own():
    rng = np.random.default_rng(0)
    x = rng.normal(1.0, 2.0, (8, 3))
    ghost, parts = GhostBatchNorm(3, ghost=4), [BatchNorm(3), BatchNorm(3)]
    y = ghost(x)
    for first, part in enumerate(parts):
        assert_allclose(y[first::2], part(x[first::2]))
    for name in ("running_mean", "running_var"):
        mean = np.mean([getattr(part, name) for part in parts], axis=0)
        assert_allclose(getattr(ghost, name), mean)


def test_one_ghost_batch_is_batch_norm():
    x = np.random.default_rng(0).normal(1.0, 2.0, (8, 3))
    ghost, whole = GhostBatchNorm(3, ghost=8), BatchNorm(3)
    assert_array_equal(ghost(x), whole(x))
    for name, value in whole.state_dict().items():
        assert_array_equal(ghost.state_dict()[name], value)


def test_ghost_batches_must_fill_the_batch():
    layer = GhostBatchNorm(3, ghost=4)
    for shape in ((6, 3), (4, 3, 5)):
        with pytest.raises(ValueError, match=r"shape \(N, 3\), N a multiple of 4"):
            layer(np.ones(shape))
    assert layer.num_batches_tracked == 0
