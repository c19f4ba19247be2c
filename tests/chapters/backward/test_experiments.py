import pytest
from numpy.testing import assert_array_equal

from bn_lib.chapters.backward.experiments import cosines, detached

SMALL = {"depth": 2, "width": 8, "seeds": (0, 1)}
ZERO = 1e-9


def test_each_cosine_is_there_for_each_seed_and_layer():
    for row in cosines(**SMALL).values():
        assert list(row) == ["ones", "xhat", "weight"]
        for values in row.values():
            assert values.shape == (2, 2)
            assert ((values >= 0) & (values <= 1 + 1e-12)).all()


@pytest.mark.parametrize(
    ("row", "orthogonal"),
    [
        ("BN", {"ones", "xhat", "weight"}),
        ("mean detached", {"xhat"}),
        ("variance detached", {"ones"}),
        ("both detached", set()),
    ],
)
def test_each_statistic_keeps_the_gradient_from_one_direction(row, orthogonal):
    found = cosines(**SMALL, eps=1e-20)[row]
    assert {name for name in found if found[name].max() < ZERO} == orthogonal
    assert all(found[name].min() > 0.01 for name in set(found) - orthogonal)


def test_with_a_large_eps_the_gradient_is_orthogonal_to_the_ones_alone():
    found = cosines(**SMALL, eps=1.0)["BN"]
    assert found["ones"].max() < ZERO
    assert found["xhat"].min() > 0.01
    assert found["weight"].min() > 0.01


def test_only_a_detached_mean_moves_the_biases():
    table = detached(**SMALL, steps=20)
    for row in ("BN", "variance detached"):
        assert table[row]["bias"].max() < ZERO
    for row in ("mean detached", "both detached"):
        assert table[row]["bias"].min() > 0.01


def test_a_learning_rate_of_zero_leaves_all_nets_alike():
    table = detached(**SMALL, lr=0.0, steps=1)
    for row in table.values():
        assert_array_equal(row["stored"], table["BN"]["stored"])
        assert_array_equal(row["bias"], 0.0)


def test_the_statistics_of_the_batch_do_not_lag_behind():
    row = detached(width=40, steps=30, lr=1.0, seeds=(0,), activation="sigmoid", std=0.1)
    assert row["mean detached"]["batch"] > row["mean detached"]["stored"] + 0.1
