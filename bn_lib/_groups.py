"""Means over some axes of a large array, and steps that use them, tile by tile.

A value is then used several times while the cache of a core holds it, and no temporary
array is as large as the whole.
"""

import math

import numpy as np

__all__ = ["Groups"]

# Measured with benchmarks/kernels.py. Up to so many values are worked on at once: few of
# them, or a tile, which stays in the cache of a core.
_FEW, _TILE = 2**15, 2**19
# Steps along the rows want wide tiles, sums down the columns want many rows as well.
_NARROW, _WIDE = 2**12, 2**16
# NumPy is slow between rows: short ones are laid side by side. A long run of one group
# is worked on alone, since its statistics are then numbers and not rows themselves.
_SHORT, _LONG = 2**11, 2**13
# NumPy copies shorter rows to a buffer and back; `np.errstate` restores its size.
_BUFFER = 2**9
# So many values are added up in float32 at most; their sums are added in float64.
_ADDENDS = 2**7


class Groups:
    """The values of an array in groups that have one mean each.

    A large array is worked on tile by tile. It is seen as a matrix, in the order of
    its memory, whose columns belong to groups: over (0, 2, 3) of (N, C, H, W) it has
    N rows, and for each of the C groups a run of H * W columns. Groups that are
    single rows, as in layer norm, are turned into columns. Arrays of another shape
    are statistics or parameters, with one value a group.
    """

    def __init__(self, x, axes):
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        before = [axis for axis in axes if axis < max(kept, default=-1)]
        after = [axis for axis in axes if axis not in before]
        rows, groups, run = (
            math.prod(x.shape[axis] for axis in part) for part in (before, kept, after)
        )
        self.shape, self.axes, self.order = x.shape, axes, (*before, *kept, *after)
        self.kept_shape = tuple(1 if a in axes else n for a, n in enumerate(x.shape))
        self.dtype = np.promote_types(x.dtype, np.float32)
        self.few = x.size <= _FEW
        self.at_once = self.few or (
            (run if after else groups) >= _BUFFER and x.size <= _TILE
        )
        self.groups, self.size = groups, rows * run
        self.turned = rows == 1 < groups
        self.rows, self.run = (rows, run) if rows > 1 < groups else (self.size, 1)

    def empty(self):
        """Array for results."""
        laid_out = np.empty([self.shape[axis] for axis in self.order], self.dtype)
        return laid_out.transpose([self.order.index(a) for a in range(laid_out.ndim)])

    def filled(self, parameter, value):
        """`parameter`, or `value` for every group if there is none."""
        return np.full(self.groups, value, self.dtype) if parameter is None else parameter

    def average(self, terms, *arrays):
        """Mean over each group of every array that `terms` makes of the arrays."""
        add_up = self._add_up_at_once if self.at_once else self._add_up_tiles
        totals = self._unbuffered(add_up, terms, arrays)
        return totals.reshape(-1, *self.kept_shape) / self.size

    def apply(self, step, *arrays):
        """Let `step` change the arrays in place."""
        self._unbuffered(
            self._step_at_once if self.at_once else self._step_through_tiles, step, arrays
        )

    def _unbuffered(self, work, function, arrays):
        if self.few:
            return work(function, arrays)
        with np.errstate():
            np.setbufsize(_BUFFER)
            return work(function, arrays)

    def _add_up_at_once(self, terms, arrays):
        terms = terms(*self._broadcast(arrays))
        sums = np.array([_column_sums(self._matrix(term)) for term in terms])
        return sums.reshape(len(sums), self.groups, -1).sum(axis=2)

    def _add_up_tiles(self, terms, arrays):
        totals = None
        width = min(max(_TILE // self.rows, _NARROW), _WIDE)
        for group, repeats, strips in self._strips(arrays, width):
            sums = sum(
                np.array([_column_sums(term) for term in terms(*tiles)])
                for tiles in self._tiles(strips)
            )
            sums = sums.reshape(len(sums), repeats, group.stop - group.start, -1)
            if totals is None:
                totals = np.zeros((len(sums), self.groups))
            totals[:, group] += sums.sum(axis=(1, 3))
        return totals

    def _step_at_once(self, step, arrays):
        step(*self._broadcast(arrays))

    def _step_through_tiles(self, step, arrays):
        for _, _, strips in self._strips(arrays, _WIDE):
            for tiles in self._tiles(strips):
                step(*tiles)

    def _broadcast(self, arrays):
        arrays = [
            array if array.shape == self.shape else array.reshape(self.kept_shape)
            for array in arrays
        ]
        return [array.astype(self.dtype, copy=False) for array in arrays]

    def _strips(self, arrays, width):
        """Yield groups, how often they repeat in a row, and their columns of the arrays."""
        if self.turned:
            width = max(1, _TILE // self.rows)
        together = 1 if self.run >= _LONG else width // self.run
        columns = self.groups * self.run
        arrays = [self._matrix(array) for array in arrays]
        for rows, repeats in self._bands():
            band = [
                a[rows].reshape(-1, repeats * columns) if a.ndim == 2 else a for a in arrays
            ]
            for group in _slices(0, self.groups, together):
                start, stop = group.start * self.run, group.stop * self.run * repeats
                for part in _slices(start, stop, width):
                    yield group, repeats, [_strip(a, group, part, repeats) for a in band]

    def _tiles(self, strips):
        rows, columns = strips[0].shape
        for part in _slices(0, rows, _TILE // columns):
            tiles = [strip if len(strip) == 1 else strip[part] for strip in strips]
            yield [tile.astype(self.dtype, copy=False) for tile in tiles]

    def _matrix(self, array):
        """`array` as the matrix, or flat if it has one value a group."""
        if array.shape != self.shape:
            return array.ravel().astype(self.dtype, copy=False)
        laid_out = array.transpose(self.order)
        if self.turned:
            return laid_out.reshape(self.groups, self.rows).T
        return laid_out.reshape(self.rows, self.groups * self.run)

    def _bands(self):
        """Rows of the matrix, and how many of them to lay side by side."""
        repeats = 1 if self.turned else _SHORT // (self.groups * self.run)
        repeats = max(1, min(repeats, self.rows))
        whole = self.rows - self.rows % repeats
        bands = [(slice(0, whole), repeats), (slice(whole, self.rows), 1)]
        return bands if whole < self.rows else bands[:1]


def _strip(matrix, group, columns, repeats):
    """Columns of a matrix, or one row with the values of their groups."""
    if matrix.ndim == 2:
        return matrix[:, columns]
    values = matrix[None, group]
    if values.size == 1:
        return values
    run = (columns.stop - columns.start) // (repeats * values.size)
    return values.repeat(run, axis=1).repeat(repeats, axis=0).reshape(1, -1)


def _column_sums(matrix):
    if len(matrix) <= _ADDENDS:
        return (np.ones(len(matrix), matrix.dtype) @ matrix).astype(np.float64)
    half = len(matrix) // 2
    return _column_sums(matrix[:half]) + _column_sums(matrix[half:])


def _slices(start, stop, size):
    size = max(1, size)
    return [slice(i, min(i + size, stop)) for i in range(start, stop, size)]
