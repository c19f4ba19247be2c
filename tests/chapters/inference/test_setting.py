"""The net and the digits of the chapter: the code itself, not the answers of the claims."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.inference.setting import (
    CHANGES,
    by_class,
    changed_digits,
    full_batches,
    learn,
    predict_by_batch,
    trained,
)
from bn_lib.data import load_digits
from bn_lib.layers import BatchNorm
from bn_lib.models import mlp


def net():
    return mlp(0, depth=2, norm=BatchNorm)


def x_like_digits(n=30):
    return np.random.default_rng(0).uniform(size=(n, 64))


def change(name, x):
    return CHANGES[name](x, np.random.default_rng(0))


def test_predicting_by_batch_leaves_the_model_as_it_was():
    model = net().eval()
    before = model.state_dict()
    predict_by_batch(model, x_like_digits(), [np.arange(10), np.arange(10, 30)])
    assert not model.training
    for name, value in model.state_dict().items():
        assert_array_equal(value, before[name], err_msg=name)


def test_predicting_by_batch_puts_each_class_in_its_row():
    model, x = net(), x_like_digits()
    order = np.random.default_rng(0).permutation(30)
    assert_array_equal(predict_by_batch(model, x, [order]), model(x).argmax(axis=1))


def test_predicting_by_batch_depends_on_the_batches():
    x = x_like_digits()
    pairs, whole = (
        predict_by_batch(net(), x, np.arange(30).reshape(n, -1)) for n in (15, 1)
    )
    assert np.mean(pairs != whole) > 0.1


def test_samples_that_do_not_fill_a_batch_are_left_out():
    assert [batch.tolist() for batch in full_batches(np.arange(5), 2)] == [[0, 1], [2, 3]]


def test_rows_are_sorted_by_class():
    rows = by_class(np.array([3, 0, 3]))
    assert [group.tolist() for group in rows[:4]] == [[1], [], [], [0, 2]]


def test_a_trained_net_is_not_spoiled_by_those_who_use_it():
    how = {"batch_size": 20, "lr": 0.1, "steps": 2}
    trained(0, **how)[0].weight[...] = 0.0
    assert np.abs(trained(0, **how)[0].weight).min() > 0.0


def test_learning_keeps_a_frozen_norm_frozen_and_reports_each_batch():
    model, data = net(), load_digits(centered=True)
    model[1].eval()
    before = model.state_dict()
    right = learn(model, data.x_train, data.y_train, [np.arange(8), np.arange(4)], 0.1)
    after = model.state_dict()
    assert_array_equal(after["1.running_mean"], before["1.running_mean"])
    assert not np.array_equal(after["4.running_mean"], before["4.running_mean"])
    assert not np.array_equal(after["1.weight"], before["1.weight"])
    assert right.shape == (2,)


def test_unchanged_digits_are_the_centered_ones():
    ours, centered = changed_digits("unchanged", 0), load_digits(centered=True)
    assert_array_equal(ours.x_train, centered.x_train)
    assert_array_equal(ours.x_test, centered.x_test)


def test_the_mean_image_of_changed_digits_is_that_of_the_unchanged_ones():
    raw = load_digits()
    ours, mean = changed_digits("inverted", 0), raw.x_train.mean(axis=0)
    assert_allclose(ours.x_test + mean, 1 - raw.x_test, atol=1e-15)


def test_mirroring_twice_gives_the_image_back():
    x = x_like_digits()
    assert_array_equal(change("mirrored", change("mirrored", x)), x)
    assert_array_equal(change("mirrored", x)[0, :8], x[0, 7::-1])


def test_the_bar_hides_two_rows_and_leaves_the_others():
    x = x_like_digits()
    barred = change("bright bar", x).reshape(-1, 8, 8)
    assert np.all(barred[:, 3:5] == 1)
    others = [0, 1, 2, 5, 6, 7]
    assert_array_equal(barred[:, others], x.reshape(-1, 8, 8)[:, others])


def test_blurring_spreads_one_pixel_over_five_by_five():
    x = np.zeros((1, 8, 8))
    x[0, 3, 3] = 81.0
    blurred = change("blurred", x.reshape(1, 64)).reshape(8, 8)
    line = np.array([1, 2, 3, 2, 1])
    assert_allclose(blurred[1:6, 1:6], np.outer(line, line))
    assert_allclose(blurred.sum(), 81.0)


def test_noise_repeats_with_the_seed():
    first, same, other = (changed_digits("noise 0.2", seed) for seed in (0, 0, 1))
    assert_array_equal(first.x_test, same.x_test)
    assert not np.array_equal(first.x_test, other.x_test)
    noise = first.x_test - load_digits(centered=True).x_test
    assert_allclose(noise.std(), 0.2, rtol=0.02)  # 360 · 64 draws
