"""Experiments: a function of one seed becomes a table over rows and seeds.

Its keyword arguments are the configuration, with their defaults in the signature; what
it returns is what the table holds.

>>> @experiment(rows={"small": 1.0, "large": 10.0}, seeds=(0, 1))
... def reach(scale, seed, *, shift=0.0):
...     return scale * seed + shift
>>> reach(shift=0.5)["large"]
array([ 0.5, 10.5])
>>> print(reach())
reach, shift 0.0, 2 seeds
      mean     (least to most)
small 0.5      (0 to 1)
large 5        (0 to 10)
"""

import functools
import inspect
import itertools

import numpy as np

from bn_lib.data import load_digits
from bn_lib.training import progress, train

__all__ = ["Sweep", "Table", "experiment", "fit", "relative_change", "sweep"]


class Table(dict):
    """What an experiment measured.

    Row to its values, an array of shape (seeds, ...), or to a dict of columns, each such
    an array. Where an experiment has no rows, what its function returns: column to
    array, or rows after all, if one stream of random numbers serves them.

    Attributes
    ----------
    name : str
        Of the experiment.
    options : dict
        The configuration, defaults included.
    seeds : tuple of int
        Axis 0 of every array.
    """

    def __init__(self, cells, name, options, seeds):
        super().__init__(cells)
        self.name, self.options, self.seeds = name, options, seeds

    def __str__(self):
        changed = ", ".join(f"{key} {value}" for key, value in self.options.items())
        heading = ", ".join(filter(None, [self.name, changed, f"{len(self.seeds)} seeds"]))
        lines = [(" ".join(key), _told(values)) for key, values in self._arrays()]
        width = max(len(key) for key, _ in lines)
        return "\n".join(
            [
                heading,
                f"{'':{width}} {'mean':8} (least to most)",
                *(f"{key:{width}} {told}" for key, told in lines),
            ]
        )

    def _arrays(self):
        for row, values in self.items():
            if isinstance(values, dict):
                yield from (((row, column), array) for column, array in values.items())
            else:
                yield (row,), values


def _told(values):
    return f"{values.mean():<8.3g} ({values.min():.3g} to {values.max():.3g})"


def experiment(*, rows=None, seeds=(0, 1, 2)):
    """Decorate a function so that it runs for every row and seed, and give a `Table`.

    Parameters
    ----------
    rows : dict or sequence of str, optional
        Names of the rows and, in a dict, what the function gets as its first argument
        (otherwise the name). Without rows the first argument is the seed.
    seeds : sequence of int
        What to run unless a call says otherwise.

    Returns
    -------
    callable
        ``run(rows=..., seeds=..., **configuration)``, all with defaults. Each row and
        seed is computed once in a process, whoever asks. Without rows the function must
        return a dict of columns.

    Raises
    ------
    ValueError
        By a call: for an unknown row, or no seed.
    TypeError
        For an argument of the configuration without a default; by a call: for an
        unknown name in the configuration.
    """

    def decorate(function):
        signature = inspect.signature(function)
        options = [p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
        defaults = {option.name: option.default for option in options}
        if inspect.Parameter.empty in defaults.values():
            raise TypeError(f"expected a default for every option of {function.__name__}")
        known = rows if isinstance(rows, dict | None) else {name: name for name in rows}

        @functools.cache
        def cell(row, seed, **options):
            first = () if known is None else (known[row],)
            return _copied(function(*first, seed, **options))

        @functools.wraps(function)
        def run(*, rows=None, seeds=tuple(seeds), **options):
            unknown = set(options) - set(defaults)
            if unknown:
                raise TypeError(
                    f"expected the options {', '.join(defaults)} of {function.__name__}, "
                    f"got {', '.join(sorted(unknown))}"
                )
            names = _chosen(rows, known)
            if not len(seeds):
                raise ValueError("expected at least one seed, got none")
            options = defaults | options
            with progress(len(names) * len(seeds), None) as advance:
                cells = {}
                for name in names:
                    values = []
                    for seed in seeds:
                        values.append(cell(name, seed, **options))
                        advance()
                    cells[name] = _stacked(values)
            cells = cells if known is not None else cells[None]
            return Table(cells, function.__name__, options, tuple(seeds))

        run.__signature__ = signature.replace(parameters=[*_CALLED_WITH, *options])
        return run

    return decorate


_CALLED_WITH = inspect.signature(lambda *, rows=None, seeds=None: None).parameters.values()


def _chosen(names, known):
    if known is None:
        if names is not None:
            raise ValueError(f"expected no rows, as this experiment has none, got {names}")
        return (None,)
    if names is None:
        return tuple(known)
    for name in names:
        if name not in known:
            raise ValueError(f"expected rows of {tuple(known)}, got {name!r}")
    return tuple(names)


def _copied(result):
    """Arrays that nobody but the cache holds."""
    if isinstance(result, dict):
        return {name: _copied(value) for name, value in result.items()}
    return np.array(result)


def _stacked(values):
    if isinstance(values[0], dict):
        return {name: _stacked([value[name] for value in values]) for name in values[0]}
    return np.array(values)


class Sweep(dict):
    """Tables of one experiment over several settings.

    Row to its values, an array of shape (*sizes of the axes, seeds).

    Attributes
    ----------
    axes : dict of str to tuple
        Option to its settings, in the order of the array's axes.
    options : dict
        What was the same everywhere.
    seeds : tuple of int
        The last axis.
    """

    def __init__(self, cells, axes, options, seeds):
        super().__init__(cells)
        self.axes, self.options, self.seeds = axes, options, seeds


def sweep(run, axes, *, rows, seeds=(0, 1, 2), column=None, **options):
    """Run an experiment at every combination of some settings.

    Parameters
    ----------
    run : callable
        From `experiment`.
    axes : dict of str to sequence
        Option of the experiment to the settings to try.
    rows, seeds
        As the experiment takes them.
    column : str, optional
        Which column to keep, where the rows have several.
    **options
        What is the same everywhere.

    Returns
    -------
    Sweep
        Of a curve over the training its last value counts.

    Examples
    --------
    >>> @experiment(rows={"small": 1.0, "large": 10.0})
    ... def reach(scale, seed, *, shift=0.0):
    ...     return scale * seed + shift
    >>> sweep(reach, {"shift": (0.0, 0.5)}, rows=("small",), seeds=(1, 2))["small"]
    array([[1. , 2. ],
           [1.5, 2.5]])
    """
    found = {row: [] for row in rows}
    for settings in itertools.product(*axes.values()):
        chosen = dict(zip(axes, settings, strict=True))
        table = run(rows=tuple(rows), seeds=seeds, **chosen, **options)
        for row in rows:
            values = table[row] if column is None else table[row][column]
            found[row].append(values.reshape(len(seeds), -1)[:, -1])
    sizes = [len(settings) for settings in axes.values()]
    cells = {row: np.reshape(values, (*sizes, len(seeds))) for row, values in found.items()}
    axes = {name: tuple(settings) for name, settings in axes.items()}
    return Sweep(cells, axes, options, tuple(seeds))


def fit(model, seed, *, steps, data=None, **options):
    """Train on the digits without a progress bar of its own.

    Parameters
    ----------
    model : layer
        As for `bn_lib.training.train`.
    seed : int, sequence of int or numpy.random.Generator
        Source of the order of samples.
    steps : int
        Number of updates; the accuracy is measured after the last one alone unless
        ``eval_every`` is given.
    data : Dataset, optional
        The centered digits by default: a net without norms cannot remove the mean image.
    **options
        As in `bn_lib.training.train`.

    Returns
    -------
    History
    """
    return train(
        model,
        load_digits(centered=True) if data is None else data,
        steps=steps,
        rng=np.random.default_rng(seed),
        progress=False,
        **{"eval_every": steps} | options,
    )


def relative_change(before, after):
    """Measure how far an output moved, in units of its own size.

    Parameters
    ----------
    before, after : ndarray, same shape
        The two outputs.

    Returns
    -------
    float
        Root mean square of the difference over that of `before`.

    Examples
    --------
    >>> relative_change(np.array([3.0, 4.0]), np.array([3.0, 4.5]))
    0.1
    """
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))
