import numpy as np
import pytest

from bn_lib.chapters.intuition.experiments import (
    CurvesConfig,
    DecayConfig,
    LandscapeConfig,
    NetConfig,
    Noise,
    ScaleConfig,
    _loss_and_gradient,
    _probe,
    build,
    run_curves,
    run_decay,
    run_landscape,
    run_scale,
)
from bn_lib.gradcheck import numerical_gradient
from bn_lib.layers import Linear, Sequential

SMALL = NetConfig(depth=2, width=8)


def test_the_same_seed_gives_the_same_linear_weights_with_and_without_norm():
    plain, bn = build(SMALL, 3, norm=False), build(SMALL, 3, norm=True, noise=1.0)
    weights = [
        [layer.weight for layer in model.layers if isinstance(layer, Linear)]
        for model in (plain, bn)
    ]
    assert len(weights[0]) == 3
    for mine, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_batch_norm_stands_between_linear_layer_and_activation():
    names = [type(layer).__name__ for layer in build(SMALL, 0, norm=True).layers]
    assert names == ["Linear", "BatchNorm", "ReLU"] * 2 + ["Linear"]


def test_noise_is_new_at_each_step_and_gone_in_eval():
    noise = Noise(np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(5, 4))
    assert np.abs(noise(x) - noise(x)).max() > 0.01
    np.testing.assert_array_equal(noise.eval()(x), x)


def test_noise_shifts_all_samples_of_a_unit_together():
    y = Noise(np.random.default_rng(0))(np.zeros((2000, 50)))
    assert np.abs(y).max() <= 0.6
    assert np.ptp(y, axis=0).max() <= 0.2
    assert np.std(y.mean(axis=0)) > 0.2  # U(-0.5, 0.5) has 0.29


def test_noise_of_strength_zero_changes_nothing():
    x = np.random.default_rng(1).normal(size=(5, 4))
    np.testing.assert_array_equal(Noise(np.random.default_rng(0), 0.0)(x), x)


def test_the_backward_of_noise_agrees_with_numerical_differences():
    x, dout = np.random.default_rng(1).normal(size=(2, 5, 4))

    def repeated(values):
        return Noise(np.random.default_rng(7))(values)

    noise = Noise(np.random.default_rng(7))
    noise(x)
    expected = numerical_gradient(repeated, x, dout)
    np.testing.assert_allclose(noise.backward(dout), expected, rtol=1e-6, atol=1e-9)


def test_a_probe_of_a_linear_map_finds_the_loss_that_a_step_leads_to():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 3)), rng.integers(0, 4, 6)
    model = Sequential(Linear(3, 4, rng=rng))
    before = model.state_dict()
    loss_range, change, relative, start = _probe(model, x, y, (0.1,))
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    loss, gradient = _loss_and_gradient(model, x, y)
    for name, value in model.parameters().items():
        value -= 0.1 * gradient[name]
    stepped, there = _loss_and_gradient(model, x, y)
    flat = [np.concatenate([g[name].ravel() for name in g]) for g in (gradient, there)]
    distance = np.linalg.norm(flat[1] - flat[0])
    np.testing.assert_allclose(
        (loss_range, change, relative, start),
        (abs(stepped - loss), distance, distance / np.linalg.norm(flat[0]), loss),
        rtol=1e-12,
    )


def test_probes_do_not_disturb_the_training():
    often = run_landscape(LandscapeConfig(SMALL, steps=9, every=2, seeds=(0,)))
    seldom = run_landscape(LandscapeConfig(SMALL, steps=9, every=8, seeds=(0,)))
    assert often.loss.shape == (1, 2, 5)
    np.testing.assert_array_equal(often.loss[:, :, 4], seldom.loss[:, :, 1])


def test_one_seed_of_a_landscape_does_not_depend_on_the_others():
    alone = run_landscape(LandscapeConfig(SMALL, steps=3, every=2, seeds=(5,)))
    both = run_landscape(LandscapeConfig(SMALL, steps=3, every=2, seeds=(4, 5)))
    np.testing.assert_array_equal(alone.loss_range[0], both.loss_range[1])


def test_curves_have_one_point_for_each_evaluation():
    config = CurvesConfig(SMALL, 0.1, ("plain", "noisy bn"), steps=8, eval_every=4)
    result = run_curves(config)
    assert list(result.accuracy) == ["plain", "noisy bn"]
    assert result.accuracy["plain"].shape == (3, 2)
    np.testing.assert_array_equal(result.steps, [4, 8])
    np.testing.assert_array_equal(
        result.mean("plain"), result.accuracy["plain"].mean(axis=1)
    )


def test_a_training_that_diverged_counts_as_chance():
    net = NetConfig(depth=10, width=64)
    config = CurvesConfig(net, 1e6, ("plain",), steps=20, eval_every=10, seeds=(0,))
    np.testing.assert_array_equal(run_curves(config).accuracy["plain"], [[0.1, 0.1]])


def test_a_plain_relu_net_whose_biases_are_zero_grows_with_each_layer():
    result = run_scale(ScaleConfig(SMALL, seeds=(0, 1)))
    assert result.output_change.shape == (2, 2, 2)
    np.testing.assert_allclose(result.output_change[:, 0], 9.0)


def test_a_factor_of_one_changes_nothing():
    result = run_scale(ScaleConfig(SMALL, factor=1.0, seeds=(0,)))
    np.testing.assert_allclose(result.gradient_ratio, 1.0, rtol=1e-12)
    np.testing.assert_array_equal(result.output_change, 0.0)


def test_no_decay_and_no_growth_are_the_same_training():
    result = run_decay(DecayConfig(SMALL, decay=0.0, steps=5, seeds=(0,)))
    for name in ("bn, decay", "bn, growing rate"):
        np.testing.assert_array_equal(result.loss[name], result.loss["bn"])
    np.testing.assert_array_equal(
        result.effective_lr("bn"), 0.1 / result.weight_norm["bn"] ** 2
    )


def test_decay_multiplies_the_weights_where_the_gradient_is_nothing():
    still = DecayConfig(SMALL, lr=1e-12, decay=1e10, steps=3, seeds=(0,))
    result = run_decay(still)
    ratio = result.weight_norm["plain, decay"] / result.weight_norm["plain"]
    np.testing.assert_allclose(ratio, 0.99**3, rtol=1e-9)


def test_smaller_weights_leave_only_the_batch_norm_net_as_it_is():
    config = DecayConfig(SMALL, steps=50, seeds=(0, 1))
    result = run_decay(config)
    factor = (1 - config.lr * config.decay) ** config.steps
    np.testing.assert_allclose(result.shrunk_step["bn"] * factor**2, 1.0, rtol=1e-3)
    assert result.shrunk_step["bn"].shape == (2, 2)
    assert result.shrunk_output["bn"].max() < 1e-3
    assert result.shrunk_output["plain"].min() > 0.1


@pytest.mark.parametrize(
    ("run", "config"),
    [
        (run_landscape, LandscapeConfig(SMALL, steps=3, seeds=(0, 1))),
        (run_curves, CurvesConfig(SMALL, steps=4, eval_every=2, seeds=(0, 1))),
        (run_scale, ScaleConfig(SMALL, seeds=(0, 1))),
        (run_decay, DecayConfig(SMALL, steps=3, seeds=(0, 1))),
    ],
)
def test_every_run_repeats_and_tells_its_numbers(run, config):
    result = run(config)
    assert run(config) is result
    again = run.__wrapped__(config)
    assert again.summary() == result.summary()
    assert result.config == config
    assert "nan" not in result.summary()
