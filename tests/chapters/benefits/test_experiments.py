from dataclasses import replace

import numpy as np
import pytest

from bn_lib.chapters.benefits.claims import CLAIMS
from bn_lib.chapters.benefits.experiments import (
    AccuracyConfig,
    GhostBatchNorm,
    GradientConfig,
    Net,
    OverfitConfig,
    SpeedConfig,
    SpeedResult,
    build,
    run_accuracy,
    run_gradient,
    run_overfit,
    run_speed,
)
from bn_lib.gradcheck import numerical_gradient
from bn_lib.layers import BatchNorm
from bn_lib.training import cross_entropy

QUICK_SPEED = SpeedConfig(Net(1, 20), lrs=(0.1, 0.3), target=0.5, limit=20, seeds=(0, 1))


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("norm", [False, True])
def test_a_net_has_one_linear_more_than_hidden_layers(norm, skips):
    model = build(Net(3, 8, norm=norm, skips=skips), seed=0)
    weights = [v for v in model.parameters().values() if v.ndim == 2]
    assert [w.shape for w in weights] == [(8, 64), (8, 8), (8, 8), (10, 8)]
    vectors = len(model.parameters()) - len(weights)
    assert vectors == 4 + 3 * 2 * norm
    assert model(np.ones((2, 64), np.float32)).shape == (2, 10)


def test_skips_and_chain_draw_the_same_weights():
    nets = (build(Net(3, 8, skips=skips), seed=4) for skips in (False, True))
    chain, residual = (list(net.parameters().values()) for net in nets)
    for one, other in zip(chain, residual, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_skip_carries_input_and_gradient_past_a_dead_block():
    model = build(Net(2, 6, skips=True), seed=0)
    block = model[1]
    for value in block.parameters().values():
        value[...] = 0
    x = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    np.testing.assert_array_equal(block(x), x)
    np.testing.assert_array_equal(block.backward(x), x)


def test_a_net_with_skips_has_the_gradient_of_its_loss():
    model = build(Net(2, 5, norm=True, activation="sigmoid", skips=True), seed=0)
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(8, 64)), rng.integers(0, 10, 8)

    def loss(x):
        return np.array(cross_entropy(model(x), labels)[0])

    expected = numerical_gradient(loss, x, np.ones(()))
    dx = model.backward(cross_entropy(model(x), labels)[1])
    np.testing.assert_allclose(dx, expected, atol=1e-7)


def test_a_frozen_net_offers_only_gamma_and_beta():
    model = build(Net(2, 8, norm=True, frozen=True), seed=0)
    assert list(model.parameters()) == ["1.weight", "1.bias", "4.weight", "4.bias"]
    assert all(isinstance(model[int(name[0])], BatchNorm) for name in model.parameters())


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
    np.testing.assert_allclose(dx, numerical_gradient(layer, x, dout), atol=1e-7)
    np.testing.assert_allclose(gradients["bias"], dout.sum(axis=0))
    expected = (dout * (layer(x) - layer.bias) / layer.weight).sum(axis=0)
    np.testing.assert_allclose(gradients["weight"], expected)


def test_each_ghost_batch_is_a_batch_of_its_own():
    rng = np.random.default_rng(0)
    x = rng.normal(1.0, 2.0, (8, 3))
    ghost, parts = GhostBatchNorm(3, ghost=4), [BatchNorm(3), BatchNorm(3)]
    y = ghost(x)
    for first, part in enumerate(parts):
        np.testing.assert_allclose(y[first::2], part(x[first::2]))
    for name in ("running_mean", "running_var"):
        mean = np.mean([getattr(part, name) for part in parts], axis=0)
        np.testing.assert_allclose(getattr(ghost, name), mean)


def test_one_ghost_batch_is_batch_norm():
    x = np.random.default_rng(0).normal(1.0, 2.0, (8, 3))
    ghost, whole = GhostBatchNorm(3, ghost=8), BatchNorm(3)
    np.testing.assert_array_equal(ghost(x), whole(x))
    for name, value in whole.state_dict().items():
        np.testing.assert_array_equal(ghost.state_dict()[name], value)


def test_ghost_batches_must_fill_the_batch():
    with pytest.raises(ValueError, match="expected a multiple of 4 samples, got 6"):
        GhostBatchNorm(3, ghost=4)(np.ones((6, 3)))


def test_accuracy_is_the_same_on_a_second_run():
    config = AccuracyConfig(Net(1, 10, norm=True), lr=0.3, steps=10, seeds=(0, 1))
    first = run_accuracy(config)
    run_accuracy.cache_clear()
    np.testing.assert_array_equal(first.accuracy, run_accuracy(config).accuracy)
    assert first.accuracy.shape == (2,)


def test_a_diverged_run_counts_as_chance():
    config = AccuracyConfig(Net(4, 30, std=5.0), lr=1e6, steps=20, seeds=(0,))
    np.testing.assert_array_equal(run_accuracy(config).accuracy, [0.1])


def test_speed_is_counted_in_looks_up_to_the_limit():
    result = run_speed(QUICK_SPEED)
    for steps in (result.plain, result.batch_norm):
        assert steps.shape == (2, 2)
        assert set(steps.ravel()) <= {5, 10, 15, 20}


def test_a_target_out_of_reach_counts_as_the_limit():
    result = run_speed(replace(QUICK_SPEED, target=1.1, limit=10))
    assert (result.plain == 10).all()
    assert (result.batch_norm == 10).all()
    np.testing.assert_array_equal(result.doublings(), [0, 0])


def test_the_learning_rate_is_chosen_by_the_other_seeds():
    plain, normed = np.array([[80, 200], [40, 300]]), np.array([[10, 90], [30, 25]])
    result = SpeedResult(QUICK_SPEED, plain, normed)
    np.testing.assert_array_equal(result.at_best_rate(plain), [80, 300])
    np.testing.assert_array_equal(result.at_best_rate(normed), [30, 90])
    np.testing.assert_allclose(result.doublings(), np.log2([80 / 30, 300 / 90]))


def test_doublings_at_a_rate_are_those_of_its_row():
    plain, normed = np.array([[80, 200], [40, 100]]), np.array([[10, 50], [40, 25]])
    result = SpeedResult(QUICK_SPEED, plain, normed)
    np.testing.assert_array_equal(result.doublings_at(0.1), [3, 2])
    np.testing.assert_array_equal(result.doublings_at(0.3), [0, 2])


def test_summary_says_when_the_limit_was_not_enough():
    result = SpeedResult(QUICK_SPEED, np.full((2, 2), 20), np.full((2, 2), 15))
    assert "plain       more than 20" in result.summary()
    assert "batch norm  about 20" in result.summary()


def test_overfitting_shows_as_a_gap_of_both_losses():
    config = OverfitConfig(Net(2, 30), samples=30, lr=0.3, steps=200, seeds=(0,))
    result = run_overfit(config)
    assert result.train_accuracy[0] == 1
    assert result.train_loss[0] < 0.1 < result.test_loss[0]


def test_gradients_of_all_blocks_are_kept():
    config = GradientConfig(depth=6, lowest=2, width=10, batch_size=20, seeds=(0, 1))
    result = run_gradient(config)
    assert result.squared.shape == (2, 7)
    expected = (result.squared[:, 2] / result.squared[:, 6]) ** (1 / 4)
    np.testing.assert_allclose(result.factor(), expected)


@pytest.mark.parametrize("result", ["accuracy", "overfit", "gradient"])
def test_a_summary_is_one_line(result):
    net = Net(1, 5)
    run, config = {
        "accuracy": (run_accuracy, AccuracyConfig(net, lr=0.1, steps=2, seeds=(0,))),
        "overfit": (run_overfit, OverfitConfig(net, steps=2, seeds=(0,))),
        "gradient": (run_gradient, GradientConfig(depth=2, lowest=0, seeds=(0,))),
    }[result]
    assert len(run(config).summary().splitlines()) == 1


def test_ids_are_those_of_the_chapter_and_differ():
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("benefits.") for name in ids)
