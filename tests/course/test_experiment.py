"""How a function of one seed becomes a table over rows and seeds."""

from inspect import signature

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bn_lib.course.experiment import experiment, fit
from bn_lib.data import two_moons
from bn_lib.layers import Linear


@experiment(rows={"small": 1.0, "large": 10.0}, seeds=(0, 1))
def reach(scale, seed, *, shift=0.0, times=1):
    """Say how far a seed reaches."""
    return (scale * seed + shift) * times


@experiment(rows=("alone", "together"))
def named(row, seed):
    return len(row) + seed


@experiment()
def halves(seed):
    return {"low": [0, seed], "high": seed + 0.5}


def test_rows_of_a_dict_pass_their_value():
    table = reach()
    assert list(table) == ["small", "large"]
    assert_array_equal(table["small"], [0, 1])
    assert_array_equal(table["large"], [0, 10])


def test_rows_of_a_sequence_pass_their_name():
    assert_array_equal(named()["together"], [8, 9, 10])


def test_without_rows_the_columns_are_the_table():
    table = halves(seeds=(2, 4, 6))
    assert_array_equal(table["high"], [2.5, 4.5, 6.5])


def test_columns_of_each_row_are_stacked_over_the_seeds():
    @experiment(rows=("it",))
    def shapes(row, seed):
        return {"flat": np.zeros(4), "deep": np.full((2, 3), seed)}

    table = shapes(seeds=(7, 8))
    assert table["it"]["flat"].shape == (2, 4)
    assert_array_equal(table["it"]["deep"][:, 0, 0], [7, 8])


def test_one_seed_keeps_its_axis():
    assert halves(seeds=(2,))["low"].tolist() == [[0, 2]]


def test_rows_measured_together_may_come_as_a_dict_of_columns():
    @experiment()
    def together(seed):
        return {"first": {"size": seed}, "second": {"size": 2 * seed}}

    assert_array_equal(together(seeds=(1, 2))["second"]["size"], [2, 4])


def test_only_the_rows_asked_for_are_computed():
    asked = []

    @experiment(rows=("a", "b"), seeds=(0,))
    def watched(row, seed):
        asked.append(row)
        return seed

    assert list(watched(rows=("b",))) == ["b"]
    assert asked == ["b"]


def test_each_row_and_seed_is_computed_once():
    computed = []

    @experiment(rows=("a", "b"))
    def watched(row, seed, *, power=1):
        computed.append((row, seed, power))
        return seed**power

    watched(seeds=(0, 1))
    watched(seeds=(1, 2), rows=("b",), power=1)
    watched(seeds=(1,), rows=("b",), power=2)
    assert computed == [
        ("a", 0, 1),
        ("a", 1, 1),
        ("b", 0, 1),
        ("b", 1, 1),
        ("b", 2, 1),
        ("b", 1, 2),
    ]


def test_what_a_caller_changes_does_not_reach_the_next():
    values = halves()["low"]
    before = values.copy()
    values[...] = 99
    assert_array_equal(halves()["low"], before)


def test_what_the_experiment_changes_later_does_not_reach_the_table():
    kept = np.zeros(2)

    @experiment()
    def careless(seed):
        kept[...] = seed
        return {"kept": kept}

    assert_array_equal(careless(seeds=(1, 2))["kept"], [[1, 1], [2, 2]])


def test_a_table_tells_its_configuration_with_the_defaults():
    table = reach(shift=2.0, seeds=[3, 4])
    assert table.name == "reach"
    assert table.options == {"shift": 2.0, "times": 1}
    assert table.seeds == (3, 4)


def test_a_table_prints_the_mean_and_the_range_of_each_array():
    heading, _, small, large = str(reach(shift=2.0)).splitlines()
    assert heading == "reach, shift 2.0, times 1, 2 seeds"
    assert small.split() == ["small", "2.5", "(2", "to", "3)"]
    assert large.split() == ["large", "7", "(2", "to", "12)"]


def test_a_printed_row_of_columns_names_both():
    @experiment(rows=("it",))
    def deep(row, seed):
        return {"first": seed, "second": -seed}

    assert [line.split()[:2] for line in str(deep()).splitlines()[2:]] == [
        ["it", "first"],
        ["it", "second"],
    ]


def test_an_unknown_option_is_named_beside_the_known():
    with pytest.raises(TypeError, match=r"options shift, times of reach, got lr, step$"):
        reach(step=1, lr=0.1, shift=0.0)


def test_an_unknown_row_is_named_beside_the_known():
    with pytest.raises(ValueError, match=r"rows of \('small', 'large'\), got 'huge'"):
        reach(rows=("small", "huge"))


def test_rows_asked_of_an_experiment_without_rows_are_refused():
    with pytest.raises(ValueError, match=r"expected no rows.*got \('low',\)"):
        halves(rows=("low",))


def test_an_option_without_a_default_is_refused_at_once():
    with pytest.raises(TypeError, match="a default for every option of open_ended"):

        @experiment()
        def open_ended(seed, *, lr):
            return {"lr": lr}


def test_an_experiment_shows_how_it_is_called():
    assert str(signature(reach)) == "(*, rows=None, seeds=None, shift=0.0, times=1)"


def test_no_seed_is_no_experiment():
    with pytest.raises(ValueError, match="at least one seed, got none"):
        reach(seeds=())


def test_an_experiment_keeps_its_name_and_docstring():
    assert (reach.__name__, reach.__doc__) == ("reach", "Say how far a seed reaches.")


def test_fit_trains_on_the_digits_and_evaluates_once():
    model = Linear(64, 10)
    history = fit(model, 0, steps=60, batch_size=20, lr=0.5)
    assert history.steps.tolist() == [60]
    assert history.test_accuracy[0] > 0.5


def test_fit_takes_a_seed_or_the_generator_made_of_it():
    def losses(source):
        return fit(Linear(64, 10), source, steps=3, batch_size=20, lr=0.5).loss

    assert_array_equal(losses(5), losses(np.random.default_rng(5)))
    assert np.abs(losses(5) - losses(6)).max() > 0.0


def test_fit_evaluates_more_often_if_asked():
    history = fit(Linear(64, 10), 0, steps=4, batch_size=20, lr=0.5, eval_every=2)
    assert history.steps.tolist() == [2, 4]


def test_fit_takes_other_data():
    moons = two_moons(100, noise=0.1, rng=np.random.default_rng(0))
    history = fit(Linear(2, 2), 0, steps=50, batch_size=20, lr=0.5, data=moons)
    assert history.test_accuracy[-1] > 0.7
