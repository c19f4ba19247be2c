"""Tests of the code behind chapter 07's experiments; the verdicts are tested elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.alternatives import experiments as alt
from bn_lib.chapters.alternatives.claims import CLAIMS
from bn_lib.functional import batch_norm, normalize
from bn_lib.gradcheck import numerical_gradient
from bn_lib.layers import BatchNorm

HALVES = [(True, True), (True, False), (False, True), (False, False)]


@pytest.mark.parametrize(("center", "scale"), HALVES)
def test_partial_batch_norm_has_the_numerical_gradient(center, scale):
    rng = np.random.default_rng(0)
    layer = alt.PartialBatchNorm(3, center, scale)
    layer.weight[:] = rng.normal(size=3)
    x, dout = rng.normal(1.0, 2.0, (6, 3)), rng.normal(size=(6, 3))
    layer(x)
    dx = layer.backward(dout)
    numerical = numerical_gradient(layer, x, dout)
    assert_allclose(dx, numerical, atol=1e-7)


def test_partial_batch_norm_with_both_halves_is_batch_norm():
    rng = np.random.default_rng(0)
    ours, reference = alt.PartialBatchNorm(3), BatchNorm(3)
    x, dout = rng.normal(1.0, 2.0, (6, 3)), rng.normal(size=(6, 3))
    assert_allclose(ours(x), reference(x), atol=1e-12)
    assert_allclose(ours.backward(dout), reference.backward(dout), atol=1e-12)
    for name in ("weight", "bias"):
        assert_allclose(ours.gradients()[name], reference.gradients()[name], atol=1e-12)
    assert_allclose(ours.eval()(x), reference.eval()(x), atol=1e-12)


def test_patch_order_puts_the_pixels_of_a_patch_side_by_side():
    image = np.arange(64.0)[None]
    patches = alt._patch_order(image).reshape(16, 4)
    assert_array_equal(patches[0], [0, 1, 8, 9])
    assert_array_equal(patches[1], [2, 3, 10, 11])
    assert_array_equal(patches[2], [16, 17, 24, 25])


def test_patch_net_is_a_convolution():
    """Its first layer equals kernel-2, stride-2 windows of the image."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 64))
    net = alt._patch_net("batch", rng)
    y = net[1](net[0](alt._patch_order(x))).reshape(2, 2, 2, 2, 2, -1)
    y = y.transpose(0, 1, 3, 2, 4, 5).reshape(2, 4, 4, -1)  # back to (N, H, W, C)
    window = x.reshape(2, 8, 8)[:, 4:6, 2:4].reshape(2, 4)
    assert_allclose(y[:, 2, 1], window @ net[1].weight.T, atol=1e-12)


def test_a_short_curve_has_a_number_for_every_cell_and_repeats():
    config = alt.CurveConfig(samples=64, batch_sizes=(8, 32), seeds=(0, 1))
    table = alt.run_curve(config)
    assert table.values.shape == (3, 2, 2)
    again = alt.run_curve.__wrapped__(config)
    assert_array_equal(table.values, again.values)
    assert_array_equal(table.of("layer", "32"), table.values[1, 1])


def test_a_longer_curve_begins_with_the_shorter_one():
    short = alt.CurveConfig("patches", ("batch", "group"), (8,), samples=64, seeds=(0, 1))
    table = alt.run_curve(replace(short, epochs=(1, 3)))
    assert table.rows == ("batch", "group", "batch, 3 epochs", "group, 3 epochs")
    assert_array_equal(table.values[:2], alt.run_curve(short).values)
    assert (table.values[2:].mean(axis=-1) > table.values[:2].mean(axis=-1)).all()


def test_summary_names_every_row_and_column():
    table = alt.Table(
        None, ("a", "bb"), ("x",), np.array([[[1.0, 2.0]], [[0.0, 0.5]]]), "q"
    )
    assert table.summary() == "q, mean of 2 seeds\na    x: 1.50\nbb   x: 0.25"


def test_share_left_counts_the_positions():
    config = alt.ShareConfig(positions=(4,), batch_sizes=(2,), seeds=(0,))
    assert_allclose(alt.run_share(config).of("share", "2"), 6 / 8, atol=0.02)


def test_masked_batch_norm_is_batch_norm_of_the_real_tokens():
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    real = np.arange(4) < np.array([[4], [2], [3]])
    y = alt._masked_batch_norm(x, real)
    expected, _ = batch_norm(x[real], None, None, training=True)
    assert_allclose(y[real], expected, atol=1e-12)
    assert not y[~real].any()


def test_padding_compares_only_the_kept_sequences():
    config = alt.PaddingConfig(short=8, seeds=(0,))
    assert_array_equal(alt.run_padding(config).values[:, 1], 0)


def test_mates_that_stay_leave_the_output_equal():
    config = alt.MatesConfig(mates=0, seeds=(0,))
    assert_array_equal(alt.run_mates(config).of("batch", "train"), [17.0])


def test_an_unchanged_contrast_changes_nothing():
    config = alt.ContrastConfig(contrasts=(1.0,), brightness=0.0, seeds=(0,))
    assert_array_equal(alt.run_contrast(config).values, 0)


def test_brightness_alone_is_removed_by_instance_norm_and_not_by_batch_norm():
    config = alt.ContrastConfig(contrasts=(1.0,), brightness=0.2, seeds=(0,))
    table = alt.run_contrast(config)
    assert table.of("instance", "1") < 1e-12
    assert table.of("batch", "1") > 0.1


def test_a_task_can_be_left_out():
    config = alt.ContrastTaskConfig(tasks=("nuisance",), steps=5, seeds=(0,))
    table = alt.run_contrast_task(config)
    both = alt.run_contrast_task(replace(config, tasks=("class", "nuisance")))
    assert table.columns == ("nuisance",)
    assert_array_equal(table.of("batch", "nuisance"), both.of("batch", "nuisance"))


def test_dimmed_digits_are_half_of_each_part():
    data = alt._class_in_contrast(alt.ContrastTaskConfig(), np.random.default_rng(0))
    assert data.x_train.shape == (1437, 1, 64)
    assert abs(data.y_test.mean() - 0.5) < 0.01
    assert data.x_train[data.y_train == 1].max() == 0.5


def test_rms_norm_at_mean_zero_agrees_and_elsewhere_not():
    assert alt.rms_against_layer(0, 0.0) > 12
    assert alt.rms_against_layer(0, 1.0) < 1


def test_agreement_falls_with_the_change():
    x, _ = normalize(np.random.default_rng(0).normal(size=100), axes=0)
    assert_allclose(alt.agreeing_digits(x, x * 1.001), 3)


def test_claims_have_their_own_ids_and_enough_seeds():
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("alternatives.") for name in ids)
    assert all(len(claim.seeds) >= 3 for claim in CLAIMS)
