"""The tested library behind BN Samjho: normalization in NumPy.

- `bn_lib.functional`: every norm, forward and backward, as plain functions.
- `bn_lib.layers`: the same as layers with state, and what a small network needs.
- `bn_lib.training`: loss, optimizer and training loop.
- `bn_lib.gradcheck`: gradients by finite differences.
- `bn_lib.data`: handwritten digits and toy data.

``import bn_lib`` brings the first two and needs NumPy alone; import the others
by name.
"""

from bn_lib import functional, layers

__all__ = ["functional", "layers"]
