import numpy as np
import pytest

from bn_lib.chapters.scale.experiments import accumulation, synchronization


def test_a_batch_in_one_part_is_the_batch():
    for values in accumulation(parts=1, seeds=(0,)).values():
        assert values[0] < 1e-12


def test_smaller_parts_move_the_gradient_of_bn_further():
    halves, sixths = (
        accumulation(rows=("batch",), parts=parts, seeds=(0,))["batch"][0]
        for parts in (2, 6)
    )
    assert 0.1 < halves < sixths


def test_only_batch_norm_tells_parts_from_the_whole_and_not_when_frozen():
    table = accumulation(seeds=(0,))
    assert table.pop("batch") > 0.3
    assert all(values < 1e-12 for values in table.values())
    assert accumulation(rows=("batch",), frozen=True, seeds=(0,))["batch"] < 1e-12


def test_parts_of_unequal_size_are_refused():
    with pytest.raises(ValueError, match="equal division"):
        accumulation(rows=("plain",), parts=7, seeds=(0,))


def test_synchronized_parts_are_one_batch_and_parts_alone_are_not():
    table = synchronization(sizes=(2, 9), positions=(3,), seeds=(0,))
    alone = table.pop("alone")
    assert set(table) == {"mean", "variance", "output", "gradient"}
    assert all(values < 1e-12 for values in table.values())
    assert alone > 0.1


def test_a_single_machine_has_nothing_to_share():
    assert np.all(synchronization(sizes=(8,), seeds=(0,))["alone"] == 0)
