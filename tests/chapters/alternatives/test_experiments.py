import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.alternatives import experiments as alternatives
from bn_lib.chapters.alternatives.experiments import (
    accuracy,
    contrast_change,
    contrast_task,
    gradient_share,
    other_mates,
    padding,
    rms_against_layer,
    same_samples,
)
from bn_lib.data import load_digits
from bn_lib.functional import batch_norm, group_norm
from bn_lib.layers import BatchNorm, GroupNorm, Linear


def test_patch_order_puts_the_pixels_of_a_patch_side_by_side():
    image = np.arange(64.0)[None]
    patches = alternatives._patch_order(image).reshape(16, 4)
    assert_array_equal(patches[0], [0, 1, 8, 9])
    assert_array_equal(patches[1], [2, 3, 10, 11])
    assert_array_equal(patches[2], [16, 17, 24, 25])


def test_patch_net_is_a_convolution():
    """Its first layer equals kernel-2, stride-2 windows of the image."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 64))
    net = alternatives._patch_net(BatchNorm, rng)
    y = net[1](net[0](alternatives._patch_order(x))).reshape(2, 2, 2, 2, 2, -1)
    y = y.transpose(0, 1, 3, 2, 4, 5).reshape(2, 4, 4, -1)  # back to (N, H, W, C)
    window = x.reshape(2, 8, 8)[:, 4:6, 2:4].reshape(2, 4)
    assert_allclose(y[:, 2, 1], window @ net[1].weight.T, atol=1e-12)


def test_group_norm_of_the_patch_net_is_over_the_positions_of_an_image():
    rng = np.random.default_rng(0)
    net = alternatives._patch_net(lambda width: GroupNorm(2, width), rng)
    convolved = net[1](net[0](rng.normal(size=(3, 64))))  # (16 N, 20)
    images, rows = net[2](convolved), net[4](net[3](net[2](convolved)))
    assert images.shape == (3, 20, 16)
    assert_array_equal(images[1, 5], convolved[16:32, 5])
    expected, _ = group_norm(images, 2)
    assert_allclose(rows, expected.swapaxes(1, 2).reshape(48, 20), atol=1e-12)


@pytest.mark.parametrize("net", ["mlp", "patches"])
def test_every_norm_learns_in_every_net(net):
    table = accuracy(net=net, lr=0.1, steps=150, seeds=(0,))
    norms = ["plain", "batch", "layer", "group", "rms", "mean only", "std only"]
    assert list(table) == norms
    assert all(values > 0.3 for values in table.values())


def test_without_a_norm_small_weights_learn_nothing():
    table = accuracy(rows=("plain", "layer"), std=0.01, lr=0.3, seeds=(0,))
    assert table["plain"] < 0.2 < 0.8 < table["layer"]


def test_a_mean_of_the_weights_is_added_to_all_of_them():
    plain, shifted = (
        alternatives._shifted_linear(3, 2, rng=np.random.default_rng(0), mean=mean)
        for mean in (0.0, 0.1)
    )
    assert_allclose(shifted.weight, plain.weight + 0.1)
    assert_array_equal(plain.weight, Linear(3, 2, rng=np.random.default_rng(0)).weight)


def test_recalibrating_after_batches_of_2_changes_the_accuracy_of_batch_norm_alone():
    options = {"seeds": (0,), "batch_size": 2, "lr": 0.01, "steps": 50}
    as_trained, anew = (
        accuracy(rows=("batch",), recalibrated=new, **options)["batch"]
        for new in (False, True)
    )
    assert as_trained != anew
    with pytest.raises(ValueError, match="batch norm"):
        accuracy(rows=("layer",), recalibrated=True, **options)


def test_batch_sizes_are_compared_after_the_same_samples():
    samples = len(load_digits().y_train)
    for size in (2, 4, 8, 32):
        options = same_samples(size, epochs=3, lr=0.1)
        assert (
            3 * (samples - size) < options["steps"] * options["batch_size"] <= 3 * samples
        )
        assert options["lr"] / size == pytest.approx(0.1 / 32)


def test_share_left_counts_the_positions():
    shares = gradient_share(positions=(4,), batch_sizes=(2,), seeds=(0,))
    assert_allclose(shares["left"], [[6 / 8]], atol=0.02)


def test_masked_batch_norm_is_batch_norm_of_the_real_tokens():
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    real = np.arange(4) < np.array([[4], [2], [3]])
    y = alternatives._masked_batch_norm(x, real)
    expected, _ = batch_norm(x[real], None, None, training=True)
    assert_allclose(y[real], expected, atol=1e-12)
    assert not y[~real].any()


def test_padding_compares_only_the_kept_sequences():
    for row in padding(short=8, seeds=(0,)).values():
        assert_array_equal(row["shorter mates"], 0)


def test_mates_that_stay_leave_the_output_equal():
    assert_array_equal(other_mates(exchanged=0, seeds=(0,))["batch"]["train"], 0)


def test_an_unchanged_contrast_changes_nothing():
    for values in contrast_change(seeds=(0,)).values():
        assert_array_equal(values, 0)


def test_eps_decides_about_an_image_of_little_contrast():
    usual, tiny = (
        contrast_change(rows=("instance",), contrast=0.005, eps=eps, seeds=(0,))["instance"]
        for eps in (1e-5, 1e-15)
    )
    assert tiny < 1e-9 < 0.1 < usual


def test_brightness_alone_is_removed_by_instance_norm_and_not_by_batch_norm():
    table = contrast_change(brightness=0.2, seeds=(0,))
    assert table["instance"] < 1e-12
    assert table["batch"] > 0.1


def test_dimmed_digits_are_half_of_each_part():
    data = alternatives._dimmed(0.5, 8, np.random.default_rng(0))
    assert data.x_train.shape == (1437, 1, 64)
    assert abs(data.y_test.mean() - 0.5) < 0.01
    assert data.x_train[data.y_train == 1].max() == 0.5


def test_the_upper_half_alone_can_be_dimmed():
    data = alternatives._dimmed(0.5, 4, np.random.default_rng(0))
    upper, lower = np.split(data.x_train[data.y_train == 1, 0], 2, axis=1)
    assert (upper.max(), lower.max()) == (0.5, 1.0)


def test_a_nuisance_changes_the_test_alone():
    digits, data = load_digits(), alternatives._changed_in_the_test(0.5, 0.2)
    assert_array_equal(data.x_train[:, 0], digits.x_train)
    assert_allclose(data.x_test[:, 0], 0.5 * digits.x_test + 0.2)


def test_each_contrast_task_is_learned_by_batch_norm():
    for task in ("class", "nuisance"):
        unchanged = contrast_task(task=task, brightness=0.0, seeds=(0,))
        assert unchanged["batch"] > 0.6


def test_an_unknown_net_or_task_is_named():
    with pytest.raises(ValueError, match="got 'cnn'"):
        accuracy(net="cnn", seeds=(0,))
    with pytest.raises(ValueError, match="got 'style'"):
        contrast_task(task="style", seeds=(0,))


def test_rms_norm_at_mean_zero_agrees_and_elsewhere_not():
    assert rms_against_layer(0, 0.0) < 1e-12
    assert rms_against_layer(0, 1.0) > 0.1
