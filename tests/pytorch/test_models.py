from functools import partial

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from bn_lib.pytorch.inference import fold_batch_norm
from bn_lib.pytorch.layers import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from bn_lib.pytorch.models import cnn, residual_net, sequence_net

GROUPS = partial(GroupNorm, 2)


def images(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(6, 1, 8, 8, generator=generator)


def count(model, kind):
    return sum(isinstance(module, kind) for module in model.modules())


@pytest.mark.parametrize(
    "norm", [None, BatchNorm, nn.BatchNorm1d, LayerNorm, RMSNorm, GROUPS]
)
def test_every_norm_fits_the_flat_networks(norm):
    torch.manual_seed(0)
    for pre_activation in True, False:
        model = residual_net(64, 8, 2, norm, pre_activation=pre_activation)
        assert model(images().flatten(1)).shape == (6, 10)
    assert sequence_net(8, 4, norm)(images().squeeze(1)).shape == (6, 10)


@pytest.mark.parametrize("norm", [None, BatchNorm, nn.BatchNorm2d, GROUPS])
@pytest.mark.parametrize("option", [True, False])
def test_every_norm_fits_the_image_networks_and_all_parameters_learn(norm, option):
    torch.manual_seed(0)
    model = cnn((1, 4, 6), norm, relu_first=option, head_norm=option)
    y = model(images())
    assert y.shape == (6, 10)
    y.square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


NETS = {
    "cnn": partial(cnn, (1, 4)),
    "relu first": partial(cnn, (1, 4), relu_first=True),
    "norm at the head": partial(cnn, (1, 4), head_norm=True),
    "linear blocks": partial(residual_net, 64, 4, 2),
    "linear blocks, pre": partial(residual_net, 64, 4, 2, pre_activation=True),
}


@pytest.mark.parametrize("build", NETS.values(), ids=NETS)
def test_the_norm_is_the_only_difference(build):
    states = []
    for norm in BatchNorm, GROUPS, None:
        torch.manual_seed(0)
        layers = [m for m in build(norm).modules() if isinstance(m, nn.Linear | nn.Conv2d)]
        states.append([layer.weight.detach() for layer in layers])
    assert_close(states[0], states[1], rtol=0, atol=0)
    assert_close(states[0], states[2], rtol=0, atol=0)


def kinds(model):
    return [type(module).__name__ for module in model]


def test_a_norm_stands_on_the_side_of_relu_that_was_asked_for():
    assert kinds(cnn((1, 4), BatchNorm))[:3] == ["Conv2d", "BatchNorm", "ReLU"]
    after = cnn((1, 4), BatchNorm, relu_first=True)
    assert kinds(after)[:3] == ["Conv2d", "ReLU", "BatchNorm"]


def test_the_head_reads_a_norm_where_it_was_asked_for():
    net = cnn((1, 4, 4), BatchNorm, head_norm=True)
    assert kinds(net)[-4:] == ["ReLU", "BatchNorm", "Flatten", "Linear"]
    assert kinds(cnn((1, 4, 4), BatchNorm))[-3:] == ["ReLU", "Flatten", "Linear"]


@pytest.mark.parametrize("norm", [BatchNorm, None])
@pytest.mark.parametrize("pre_activation", [True, False])
def test_blocks_that_start_at_zero_are_the_identity(norm, pre_activation):
    torch.manual_seed(0)
    build = partial(residual_net, 64, 4, 3, norm, pre_activation=pre_activation)
    x = torch.rand(6, 4)
    for block in build(zero_init=True)[1:-1]:
        assert torch.equal(block(x), x)
    for block in build()[1:-1]:
        assert not torch.equal(block(x), x)


def test_only_the_post_activation_stream_is_never_negative():
    torch.manual_seed(0)
    x = images().flatten(1)
    for pre_activation in True, False:
        net = residual_net(64, 8, 2, BatchNorm, pre_activation=pre_activation)
        assert bool(net[:-1](x).min() < 0) is pre_activation


def test_zero_init_needs_a_norm_with_a_weight():
    with pytest.raises(ValueError, match="norm with a weight"):
        residual_net(64, 4, 1, partial(BatchNorm, affine=False), zero_init=True)


@pytest.mark.parametrize("pre_activation", [True, False])
def test_each_block_has_two_layers_and_two_norms(pre_activation):
    net = residual_net(64, 4, 5, BatchNorm, pre_activation=pre_activation)
    assert len(net) == 1 + 5 + 1
    for block in net[1:-1]:
        assert count(block, BatchNorm) == count(block, nn.Linear) == 2


@pytest.mark.parametrize("pre_activation", [True, False])
def test_the_head_of_every_kind_of_block_reads_a_norm_unless_told_otherwise(pre_activation):
    for wanted in (True, False):
        net = residual_net(
            64, 4, 1, BatchNorm, pre_activation=pre_activation, head_norm=wanted
        )
        assert count(net[-1], BatchNorm) == wanted


def test_a_learned_factor_of_zero_starts_every_block_at_the_identity():
    torch.manual_seed(0)
    net = residual_net(64, 4, 2, pre_activation=True, skip_init=True)
    x = torch.randn(6, 4)
    for block in net[1:-1]:
        assert torch.equal(block(x), x)
    net(images().flatten(1)).square().sum().backward()
    factors = [p for p in net.parameters() if p.numel() == 1]
    assert len(factors) == 2
    assert all(factor.grad.abs() > 0 for factor in factors)


def test_padding_does_not_change_the_answer_of_layer_norm_but_of_batch_norm():
    lengths = torch.tensor([8, 8, 5, 4, 3, 2])
    x = images().squeeze(1)
    noisy = torch.where((torch.arange(8) < lengths[:, None])[..., None], x, 100.0)
    for norm, same in (None, True), (LayerNorm, True), (BatchNorm, False):
        torch.manual_seed(0)
        model = sequence_net(8, 4, norm)
        close = torch.allclose(model(x, lengths), model(noisy, lengths))
        assert close is same


def test_a_length_stops_the_state_where_a_shorter_sequence_ends():
    torch.manual_seed(0)
    model, x = sequence_net(8, 4, LayerNorm), images().squeeze(1)
    assert_close(model(x, torch.full((6,), 3)), model(x[:, :3]))


def test_a_cnn_folds():
    torch.manual_seed(0)
    model = cnn((1, 4, 6), BatchNorm).double()
    model(images().double())
    model.eval()
    folded = fold_batch_norm(model)
    assert count(folded, BatchNorm) == 0
    assert_close(
        folded(images().double()), model(images().double()), rtol=1e-12, atol=1e-12
    )
