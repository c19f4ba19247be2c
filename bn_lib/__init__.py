"""The tested library behind BN Samjho: normalization in NumPy.

- `bn_lib.functional`: every norm, forward and backward, as plain functions.
- `bn_lib.layers`: the same as layers with state, and what a small network needs.
- `bn_lib.models`: the fully connected networks of the course.
- `bn_lib.training`: loss, optimizer and training loop.
- `bn_lib.inference`: fold a batch norm, measure its statistics anew.
- `bn_lib.gradcheck`: gradients by finite differences.
- `bn_lib.data`: handwritten digits and toy data.
- `bn_lib.pytorch`: the norms again as torch modules.
- `bn_lib.course`: what chapters share: exercises, experiments, claims, figures.
- `bn_lib.chapters`: one folder a chapter.

``import bn_lib`` brings the first two and needs NumPy alone; import the others by name.
"""

from bn_lib import functional, layers

__all__ = ["functional", "layers"]
