import numpy as np
import pytest
import torch

from bn_lib.chapters.placement import experiments as placement
from bn_lib.chapters.placement.claims import CLAIMS
from bn_lib.chapters.placement.experiments import (
    BLOCKS,
    ORDERS,
    BiasConfig,
    ChannelConfig,
    DenseConfig,
    Dropout,
    DropoutConfig,
    OrderConfig,
    ResidualConfig,
    ResidualNet,
    SignalConfig,
    conv_net,
    run_bias,
    run_channels,
    run_dense,
    run_dropout,
    run_order,
    run_residual,
    run_signal,
)
from bn_lib.data import load_digits
from bn_lib.gradcheck import numerical_gradient

SHORT = dict(steps=3, seeds=(0, 1))
TRAININGS = [
    (run_order, OrderConfig(**SHORT)),
    (run_dense, DenseConfig(**SHORT)),
    (run_residual, ResidualConfig(**SHORT)),
]


def kinds_of(net):
    return [type(layer).__name__ for layer in net]


@pytest.mark.parametrize(("run", "config"), TRAININGS)
def test_there_is_one_accuracy_for_each_seed(run, config):
    for values in run(config).accuracy.values():
        assert values.shape == (2,)
        assert ((values >= 0) & (values <= 1)).all()


@pytest.mark.parametrize(("run", "config"), TRAININGS)
def test_the_same_config_gives_the_same_numbers(run, config):
    first, again = run(config), run.__wrapped__(config)
    for name, values in first.accuracy.items():
        np.testing.assert_array_equal(values, again.accuracy[name], err_msg=name)


@pytest.mark.parametrize(("run", "config"), TRAININGS)
def test_torch_is_left_as_it_was(run, config):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    before = torch.get_default_dtype(), torch.get_num_threads()
    run.__wrapped__(config)
    assert before == (torch.get_default_dtype(), torch.get_num_threads())
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_torch_nets_are_tested_with_the_statistics_of_training_images():
    config = ResidualConfig(**SHORT)
    net, data = ResidualNet("post", 2, 8).double(), load_digits()
    placement._fit(net, data, config, seed=0)
    with torch.no_grad():
        features = net.linears[0](net.stem(torch.tensor(data.x_train[:500])).relu())
    expected = features.mean(dim=0)
    torch.testing.assert_close(net.norms[0].running_mean, expected, rtol=1e-10, atol=0)


def test_the_order_says_on_which_side_of_relu_the_norm_stands():
    assert kinds_of(conv_net("before", 4))[:3] == ["Conv2d", "BatchNorm2d", "ReLU"]
    assert kinds_of(conv_net("after", 4))[:3] == ["Conv2d", "ReLU", "BatchNorm2d"]
    assert "BatchNorm2d" not in kinds_of(conv_net("none", 4))


def test_the_head_reads_a_norm_where_the_order_says_so():
    norm_then_head = ["BatchNorm2d", "Flatten", "Linear"]
    assert kinds_of(conv_net("after", 4))[-3:] == norm_then_head
    assert kinds_of(conv_net("before, head too", 4))[-3:] == norm_then_head
    assert kinds_of(conv_net("before", 4))[-3] == "ReLU"


def test_all_orders_start_from_the_same_weights():
    heads = []
    for order in ORDERS:
        torch.manual_seed(0)
        heads.append(conv_net(order, 4)[-1].weight)
    for head in heads[1:]:
        torch.testing.assert_close(head, heads[0], rtol=0, atol=0)


def test_an_unknown_order_is_named():
    with pytest.raises(ValueError, match="'behind'"):
        conv_net("behind", 4)


def test_an_unknown_kind_of_block_is_named():
    with pytest.raises(ValueError, match="'middle'"):
        ResidualNet("middle", 2, 8)


def test_with_last_gamma_zero_a_post_activation_block_is_the_identity():
    stream = ResidualNet("post, last gamma 0", 3, 8).stream(torch.rand(16, 64))
    for y in stream[1:]:
        torch.testing.assert_close(y, stream[0], rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["post", "pre"])
def test_a_block_with_zero_weights_is_the_identity(kind):
    net = ResidualNet(kind, 2, 8)
    for linear in net.linears:
        torch.nn.init.zeros_(linear.weight)
    stream = net.stream(torch.rand(16, 64))
    torch.testing.assert_close(stream[-1], stream[0], rtol=0, atol=0)


def test_only_the_post_activation_stream_is_never_negative():
    images = torch.rand(16, 64)
    assert ResidualNet("post", 2, 8).stream(images)[-1].min() >= 0
    assert ResidualNet("pre", 2, 8).stream(images)[-1].min() < 0


def test_the_signal_is_measured_after_the_stem_and_each_block():
    result = run_signal(SignalConfig(blocks=3, seeds=(0, 1)))
    for kind in BLOCKS:
        assert result.variance[kind].shape == (2, 4)
    np.testing.assert_array_equal(result.growth("post, last gamma 0"), [1, 1])


def test_the_bias_is_seen_where_it_matters_and_nowhere_else():
    result = run_bias(BiasConfig(seeds=(0,)))
    assert result.gradient["linear, train"] > 10 > 3 > result.gradient["linear, eval"]
    assert result.output["conv, train"] > 10 > 3 > result.output["linear → ReLU, train"]


def test_group_and_layer_norm_show_that_a_leak_would_be_seen():
    result = run_channels(ChannelConfig(seeds=(0,)))
    assert result.leak["LN (N, C, H, W)"] > 0.01
    assert result.leak["GN (N, C, H, W)"] > 0.01
    assert result.leak["BN (N, C, H, W)"] == 0
    assert all(own > 0.01 for own in result.own.values())


def test_dropout_keeps_the_mean_and_raises_the_second_moment():
    y = Dropout(0.75, np.random.default_rng(0))(np.ones((1000, 100)))
    np.testing.assert_allclose(y.mean(), 1, atol=0.03)  # 5 standard errors
    np.testing.assert_allclose((y**2).mean(), 4, atol=0.12)


def test_dropout_sends_the_gradient_through_its_own_mask():
    layer = Dropout(0.5, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    x, dout = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    layer(x)
    mask = layer._cache
    expected = numerical_gradient(lambda x: x * mask, x, dout)
    np.testing.assert_allclose(layer.backward(dout), expected, atol=1e-8)


def test_dropout_does_nothing_in_eval_mode():
    layer, x = Dropout(0.5, np.random.default_rng(0)).eval(), np.arange(6.0)
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(ValueError, match="expected a rate"):
        Dropout(rate, np.random.default_rng(0))


def test_without_dropout_running_and_eval_variance_agree():
    result = run_dropout(DropoutConfig(rate=0.0, steps=60, seeds=(0,)))
    # The running statistics lag behind weights that still move.
    np.testing.assert_allclose(result.ratio, 1, atol=0.1)
    assert result.accuracy.shape == result.recalibrated.shape == (1,)


def test_every_summary_names_what_was_compared():
    summaries = {
        run_order(OrderConfig(**SHORT)).summary(): "before, head too",
        run_dense(DenseConfig(**SHORT)).summary(): "plain",
        run_residual(ResidualConfig(**SHORT)).summary(): "pre",
        run_signal(SignalConfig(blocks=3, seeds=(0, 1))).summary(): "last gamma 0",
        run_bias(BiasConfig(seeds=(0,))).summary(): "linear → ReLU, train",
        run_channels(ChannelConfig(seeds=(0,))).summary(): "others changed",
        run_dropout(DropoutConfig(steps=3, seeds=(0,))).summary(): "recalibrated",
    }
    for text, name in summaries.items():
        assert name in text


def test_claims_have_ids_of_this_chapter_and_enough_seeds():
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    for claim in CLAIMS:
        assert claim.id.startswith("placement.")
        assert len(claim.seeds) >= 3
