from functools import partial

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from bn_lib.pytorch.inference import fold_batch_norm
from bn_lib.pytorch.layers import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from bn_lib.pytorch.models import cnn, mlp, residual_net, sequence_net

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
    assert mlp((64, 8, 8, 10), norm)(images().flatten(1)).shape == (6, 10)
    assert sequence_net(8, 4, norm)(images().squeeze(1)).shape == (6, 10)


@pytest.mark.parametrize("norm", [None, BatchNorm, nn.BatchNorm2d, GROUPS])
@pytest.mark.parametrize("pre_activation", [True, False])
def test_every_norm_fits_the_image_networks_and_all_parameters_learn(norm, pre_activation):
    torch.manual_seed(0)
    for model in cnn((1, 4, 6), norm), residual_net(2, 4, norm, pre_activation):
        y = model(images())
        assert y.shape == (6, 10)
        y.square().sum().backward()
        assert all(parameter.grad is not None for parameter in model.parameters())


def test_the_norm_is_the_only_difference():
    kinds = [BatchNorm, GROUPS, None]
    for build in (
        partial(mlp, (64, 8, 10)),
        partial(cnn, (1, 4)),
        partial(residual_net, 2, 4),
    ):
        states = []
        for norm in kinds:
            torch.manual_seed(0)
            model = build(norm)
            layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
            states.append([layer.weight.detach() for layer in layers])
        assert_close(states[0], states[1], rtol=0, atol=0)
        assert_close(states[0], states[2], rtol=0, atol=0)


@pytest.mark.parametrize("pre_activation", [True, False])
def test_blocks_that_start_at_zero_are_the_identity(pre_activation):
    torch.manual_seed(0)
    model = residual_net(3, 4, BatchNorm, pre_activation, zero_init=True)
    x = torch.rand(6, 4, 8, 8)
    blocks = [module for module in model if hasattr(module, "branch")]
    assert len(blocks) == 3
    for block in blocks:
        assert torch.equal(block(x), x)
    plain = residual_net(3, 4, BatchNorm, pre_activation)
    assert not torch.equal(plain[3 - 2 * pre_activation](x), x)


def test_zero_init_needs_a_norm_with_a_weight():
    for norm in None, partial(BatchNorm, affine=False):
        with pytest.raises(ValueError, match="norm with a weight"):
            residual_net(1, 4, norm, zero_init=True)


def test_depth_counts_blocks_of_two_norms():
    for pre_activation in True, False:
        model = residual_net(5, 4, BatchNorm, pre_activation)
        assert count(model, BatchNorm) == 2 * 5 + 1
        assert count(model, nn.Conv2d) == 2 * 5 + 1


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
