import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from bn_lib.chapters.placement import experiments as placement
from bn_lib.chapters.placement.experiments import (
    bias,
    dense,
    order,
    residual,
    signal,
    spread,
)
from bn_lib.data import load_digits
from bn_lib.pytorch.models import residual_net

SHORT = {"steps": 3, "seeds": (0, 1)}


@pytest.mark.parametrize("run", [order, dense, residual])
def test_there_is_one_accuracy_for_each_seed(run):
    for values in run(**SHORT).values():
        assert values.shape == (2,)
        assert ((values >= 0) & (values <= 1)).all()


def test_a_seed_gives_the_same_numbers_when_nothing_comes_from_the_cache():
    afresh = [
        order.__wrapped__(placement.ORDERS["after"], seed, steps=3) for seed in (0, 1)
    ]
    assert_array_equal(order(**SHORT)["after"], afresh)


@pytest.mark.parametrize(
    ("run", "options"),
    [(order, {"steps": 3}), (residual, {"steps": 3}), (bias, {}), (signal, {"blocks": 3})],
)
def test_torch_is_left_as_it_was(run, options):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    before = torch.get_default_dtype(), torch.get_num_threads()
    run(seeds=(7,), **options)  # a seed of no other test: nothing comes from the cache
    assert before == (torch.get_default_dtype(), torch.get_num_threads())
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_torch_nets_are_tested_with_the_statistics_of_training_images():
    net, data = residual_net(64, 8, 2, nn.BatchNorm1d), load_digits()
    placement._test_accuracy(net, data, 0, lr=0.1, steps=3, batch_size=60)
    first, norm, *_ = net[1].branch
    with torch.no_grad():
        expected = first(net[0](placement._tensor(data.x_train[:500]))).mean(dim=0)
    torch.testing.assert_close(norm.running_mean, expected, rtol=1e-4, atol=1e-6)


def test_the_signal_is_measured_after_the_stem_and_each_block():
    table = signal(blocks=3, seeds=(0, 1))
    for row in table.values():
        assert row["size"].shape == (2, 4)
        assert row["share"].shape == (2, 3)
        assert_allclose(row["size"][:, 0], 1, rtol=1e-12)
    assert_array_equal(table["post, last gamma 0"]["share"], 0)
    assert (table["post"]["size"][:, -1] > 1).all()


def test_the_bias_is_seen_where_it_matters_and_nowhere_else():
    table = bias(seeds=(0,))
    assert table["linear, train"]["gradient"] < 1e-10
    assert table["linear, eval"]["gradient"] > 1e-3
    assert table["conv, train"]["output"] < 1e-10
    assert table["linear → ReLU, train"]["output"] > 1e-3


def test_group_and_layer_norm_show_that_a_leak_would_be_seen():
    table = spread(seeds=(0,))
    assert table["LN (N, C, H, W)"]["leak"] > 0.01
    assert table["GN (N, C, H, W)"]["leak"] > 0.01
    assert table["BN (N, C, H, W)"]["leak"] == 0
    assert all(row["own"] > 0.01 for row in table.values())
