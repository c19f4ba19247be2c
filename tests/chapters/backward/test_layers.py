import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.chapters.backward.layers import DetachedBatchNorm
from bn_lib.layers import BatchNorm

SHAPES = [(7, 3), (5, 3, 4), (4, 3, 2, 5)]


def layers(detached):
    """A batch norm and a detached one, with the same parameters that are not 0 and 1."""
    rng = np.random.default_rng(1)
    made = BatchNorm(3), DetachedBatchNorm(3, detached)
    gamma, beta = rng.normal(size=(2, 3))
    for layer in made:
        layer.weight[...], layer.bias[...] = gamma, beta
    return made


def gradients(layer, x, dout):
    y = layer(x)
    return y, layer.backward(dout), *layer.gradients().values()


@pytest.mark.parametrize("shape", SHAPES)
def test_without_anything_detached_it_is_batch_norm(shape):
    x, dout = np.random.default_rng(0).normal(size=(2, *shape))
    norm, same = layers(())
    for found, expected in zip(
        gradients(same, x, dout), gradients(norm, x, dout), strict=True
    ):
        assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("detached", [("mean",), ("var",), ("mean", "var")])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_agrees_with_torch_where_a_statistic_is_detached(shape, detached):
    x, dout = np.random.default_rng(0).normal(size=(2, *shape))
    _, layer = layers(detached)
    y, dx, *_ = gradients(layer, x, dout)

    leaf = torch.tensor(x, requires_grad=True)
    axes, kept = (0, *range(2, x.ndim)), (3, *[1] * (x.ndim - 2))
    mean = leaf.mean(axes, keepdim=True)
    var = leaf.var(axes, keepdim=True, correction=0)
    mean = mean.detach() if "mean" in detached else mean
    var = var.detach() if "var" in detached else var
    gamma, beta = (torch.tensor(p).reshape(kept) for p in (layer.weight, layer.bias))
    expected = gamma * (leaf - mean) / torch.sqrt(var + layer.eps) + beta
    expected.backward(torch.tensor(dout))
    assert_allclose(y, expected.detach(), rtol=1e-12, atol=1e-12)
    assert_allclose(dx, leaf.grad, rtol=1e-10, atol=1e-12)


def test_the_forward_and_the_gradients_of_the_parameters_are_those_of_batch_norm():
    x, dout = np.random.default_rng(0).normal(size=(2, 6, 3))
    norm, other = layers(("mean", "var"))
    y, _, dgamma, dbeta = gradients(other, x, dout)
    expected, _, *parameters = gradients(norm, x, dout)
    assert_array_equal(y, expected)
    assert_allclose((dgamma, dbeta), parameters, rtol=1e-12)


def test_in_eval_the_statistics_are_constants_anyway():
    x, dout = np.random.default_rng(0).normal(size=(2, 6, 3))
    norm, other = layers(("mean",))
    for found, expected in zip(
        gradients(other.eval(), x, dout), gradients(norm.eval(), x, dout), strict=True
    ):
        assert_array_equal(found, expected)
