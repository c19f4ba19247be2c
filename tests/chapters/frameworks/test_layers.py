import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.frameworks.layers import KerasBatchNorm
from bn_lib.gradcheck import numerical_gradient
from bn_lib.layers import BatchNorm


def test_the_defaults_are_those_of_the_manual():
    layer = KerasBatchNorm(2)
    assert (layer.momentum, layer.eps) == (0.99, 1e-3)


def test_momentum_is_the_weight_of_the_old_statistics():
    layer = KerasBatchNorm(1, momentum=0.9)
    layer(np.array([[10.0], [30.0]]))
    assert_allclose(layer.running_mean, 0.1 * 20)
    assert_allclose(layer.running_var, 0.9 + 0.1 * 100)  # biased: 200 otherwise


def test_eval_uses_the_running_statistics_and_leaves_them():
    layer = KerasBatchNorm(1).eval()
    layer.running_mean[:], layer.running_var[:] = 2.0, 4.0
    y = layer(np.array([[4.0], [8.0]]))
    assert_allclose(y, np.array([[2.0], [6.0]]) / np.sqrt(4.0 + 1e-3))
    assert_array_equal([layer.running_mean, layer.running_var], [[2.0], [4.0]])


def test_in_training_it_differs_from_batch_norm_in_its_statistics_alone():
    x = np.random.default_rng(0).normal(size=(6, 3))
    ours, reference = KerasBatchNorm(3, epsilon=1e-5), BatchNorm(3)
    assert_array_equal(ours(x), reference(x))
    assert not np.allclose(ours.running_mean, reference.running_mean)


def test_its_gradient_is_the_numerical_one():
    rng = np.random.default_rng(0)
    layer = KerasBatchNorm(3)
    x, dout = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    layer(x)
    dx = layer.backward(dout)
    assert_allclose(dx, numerical_gradient(layer, x, dout), atol=1e-7)


def test_a_state_dict_crosses_over():
    ours, other = KerasBatchNorm(3), BatchNorm(3)
    ours(np.random.default_rng(0).normal(size=(6, 3)))
    other.load_state_dict(ours.state_dict())
    assert_array_equal(other.running_var, ours.running_var)
