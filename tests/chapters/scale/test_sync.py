import numpy as np
import pytest
from numpy.testing import assert_allclose

from bn_lib.chapters.scale.sync import (
    merge_moments,
    sync_normalize,
    sync_normalize_backward,
)
from bn_lib.functional import normalize, normalize_backward
from bn_lib.gradcheck import numerical_gradient


def parts_of(x, sizes=(1, 3, 4)):
    return np.split(x, np.cumsum(sizes)[:-1])


def test_merged_moments_are_those_of_the_whole():
    x = np.random.default_rng(0).normal(1.0, 2.0, (8, 3))
    parts = parts_of(x)
    moments = [[part.mean(axis=0) for part in parts], [part.var(axis=0) for part in parts]]
    mean, var = merge_moments([len(part) for part in parts], *moments)
    assert_allclose(mean, x.mean(axis=0), rtol=1e-12)
    assert_allclose(var, x.var(axis=0), rtol=1e-12)


def test_the_average_of_the_variances_alone_is_too_small():
    means, variances = [[0.0], [4.0]], [[1.0], [1.0]]
    _, var = merge_moments([5, 5], means, variances)
    assert var == np.mean(variances) + np.var(means)


def test_merging_keeps_a_small_variance_around_a_large_mean():
    x = np.random.default_rng(0).normal(1e8, 1.0, 1000)
    halves = x.reshape(2, 500)
    _, var = merge_moments([500, 500], halves.mean(axis=1), halves.var(axis=1))
    assert_allclose(var, x.var(), rtol=1e-6)  # 1e8 is rounded to 1e-8


@pytest.mark.parametrize("shape", [(8, 3), (8, 3, 2, 2)])
def test_parts_are_normalized_as_one_batch_and_so_is_their_gradient(shape):
    rng = np.random.default_rng(0)
    x, dout = rng.normal(2.0, 3.0, shape), rng.normal(size=shape)
    expected, cache = normalize(x, (0, *range(2, x.ndim)))
    xhats, caches = sync_normalize(parts_of(x))
    assert_allclose(np.concatenate(xhats), expected, atol=1e-12)
    dx = np.concatenate(sync_normalize_backward(parts_of(dout), caches))
    assert_allclose(dx, normalize_backward(dout, cache), atol=1e-12)


def test_the_gradient_is_the_numerical_one():
    rng = np.random.default_rng(0)
    x, dout = rng.normal(size=(8, 3)), rng.normal(size=(8, 3))
    _, caches = sync_normalize(parts_of(x))
    dx = np.concatenate(sync_normalize_backward(parts_of(dout), caches))
    whole = numerical_gradient(
        lambda x: np.concatenate(sync_normalize(parts_of(x))[0]), x, dout
    )
    assert_allclose(dx, whole, atol=1e-7)


def test_a_machine_with_a_single_sample_takes_part():
    xhats, _ = sync_normalize([np.array([[1.0]]), np.array([[3.0], [5.0]])])
    assert abs(xhats[0][0, 0]) > 1
