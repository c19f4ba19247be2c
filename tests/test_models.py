"""The fully connected nets: what differs between two of them, and what does not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bn_lib.gradcheck import numerical_gradient
from bn_lib.layers import BatchNorm, Linear, Residual
from bn_lib.models import mlp


def linears(model):
    return [layer for layer in model.modules() if isinstance(layer, Linear)]


@pytest.mark.parametrize("other", [{"norm": BatchNorm}, {"skips": True}])
def test_norms_and_skips_leave_the_weights_as_they_are(other):
    plain, changed = mlp(3, width=8), mlp(3, width=8, **other)
    assert len(linears(plain)) == 4
    for one, two in zip(linears(plain), linears(changed), strict=True):
        assert_array_equal(one.weight, two.weight)


def test_a_norm_stands_between_each_hidden_linear_and_its_activation():
    names = [type(layer).__name__ for layer in mlp(0, depth=2, norm=BatchNorm).layers]
    assert names == ["Linear", "BatchNorm", "ReLU"] * 2 + ["Linear"]


def test_skips_stand_around_every_block_but_the_first_linear():
    model = mlp(0, depth=3, width=8, norm=BatchNorm, skips=True)
    assert [isinstance(layer, Residual) for layer in model.layers[:3]] == [
        False,
        True,
        True,
    ]


def test_a_generator_goes_on_where_it_stands():
    rng = np.random.default_rng(0)
    first, second = mlp(rng, width=4), mlp(rng, width=4)
    assert np.abs(first.layers[0].weight - second.layers[0].weight).max() > 0.01


def test_std_replaces_the_initialization_of_he():
    weights = np.concatenate([m.weight.ravel() for m in linears(mlp(0, std=0.5))])
    assert_allclose(weights.std(), 0.5, rtol=0.05)


def test_the_gradient_of_a_net_with_norms_and_skips_is_the_numerical_one():
    model = mlp(0, depth=3, width=5, activation="sigmoid", norm=BatchNorm, skips=True)
    rng = np.random.default_rng(1)
    x, dout = rng.normal(size=(6, 64)), rng.normal(size=(6, 10))
    model(x)
    dx = model.backward(dout)
    assert_allclose(dx, numerical_gradient(model, x, dout), atol=1e-7)


def test_an_unknown_activation_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"sigmoid.*relu.*got 'tanh'"):
        mlp(0, activation="tanh")
