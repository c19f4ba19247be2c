import numpy as np
import pytest
from numpy.testing import assert_allclose

from bn_lib.chapters.placement.dropout import dropout, dropout_law


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_the_law_of_dropout_is_met_by_drawn_features(rate):
    rng = np.random.default_rng(0)
    features = np.maximum(rng.normal(size=(4000, 400)), 0)
    weights = rng.normal(size=(400, 200))
    kept = (rng.random(features.shape) >= rate) / (1 - rate)
    ratio = np.var(features @ weights, axis=0) / np.var((kept * features) @ weights, axis=0)
    assert_allclose(ratio.mean(), dropout_law(rate), rtol=0.05)


def test_without_dropout_running_and_eval_variance_agree():
    table = dropout(rate=0.0, steps=60, seeds=(0,))
    # The running statistics lag behind weights that still move.
    assert_allclose(table["ratio"], 1, atol=0.1)
    assert table["accuracy"].shape == table["recalibrated"].shape == (1,)
