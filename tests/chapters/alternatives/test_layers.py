import numpy as np
import pytest
from numpy.testing import assert_allclose

from bn_lib.chapters.alternatives.layers import Images, PartialBatchNorm, Rows
from bn_lib.gradcheck import numerical_gradient
from bn_lib.layers import BatchNorm

HALVES = [(True, True), (True, False), (False, True), (False, False)]


@pytest.mark.parametrize(("center", "scale"), HALVES)
def test_partial_batch_norm_has_the_numerical_gradient(center, scale):
    rng = np.random.default_rng(0)
    layer = PartialBatchNorm(3, center, scale)
    layer.weight[:] = rng.normal(size=3)
    x, dout = rng.normal(1.0, 2.0, (6, 3)), rng.normal(size=(6, 3))
    layer(x)
    dx = layer.backward(dout)
    assert_allclose(dx, numerical_gradient(layer, x, dout), atol=1e-7)


def test_partial_batch_norm_with_both_halves_is_batch_norm():
    rng = np.random.default_rng(0)
    ours, reference = PartialBatchNorm(3), BatchNorm(3)
    x, dout = rng.normal(1.0, 2.0, (6, 3)), rng.normal(size=(6, 3))
    assert_allclose(ours(x), reference(x), atol=1e-12)
    assert_allclose(ours.backward(dout), reference.backward(dout), atol=1e-12)
    for name in ("weight", "bias"):
        assert_allclose(ours.gradients()[name], reference.gradients()[name], atol=1e-12)
    assert_allclose(ours.eval()(x), reference.eval()(x), atol=1e-12)


def test_images_and_rows_send_gradients_back_to_where_values_came_from():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 2))
    for layer, given in ((Images(3), x), (Rows(), Images(3)(x))):
        dout = rng.normal(size=layer(given).shape)
        dx = layer.backward(dout)
        assert_allclose(dx, numerical_gradient(layer, given, dout), atol=1e-7)
