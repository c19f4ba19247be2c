"""The playground as text and as HTML that carries its own style and script."""

from dataclasses import asdict, dataclass, field

import numpy as np

from bn_lib.course.playground.still import still_picture
from bn_lib.course.widget import widget
from bn_lib.functional import batch_norm, scale_and_shift

__all__ = ["Playground", "playground"]


def _seeded_tensor():
    """Return whole numbers whose channels and samples differ in size and spread."""
    rng = np.random.default_rng(0)
    spread = np.array([1.0, 2.0, 3.0, 4.0])[:, None, None]  # (C, 1, 1)
    brightness = np.array([0.0, 3.0, -2.0])[:, None, None, None]  # (N, 1, 1, 1)
    x = brightness + spread * rng.normal(size=(3, 4, 2, 2))
    return tuple(x.round().astype(int).ravel().tolist())


@dataclass(frozen=True, repr=False)
class Playground:
    """What the playground starts with; a notebook shows it as something to play with.

    Attributes
    ----------
    x : tuple of float
        The batch: m values of one channel.
    gamma, beta, eps : float
        Scale, shift, and what is added to the variance.
    momentum : float
        Weight of a new batch in the running statistics, torch's convention.
    tensor : tuple of int
        The values of an array of shape (3, 4, 2, 2), the last axis fastest.

    Notes
    -----
    The HTML needs no network and may stand on a page several times. Without scripts it
    is a still picture of the same batch. For tests, the element ``.bn-playground`` has
    ``playground.state()`` and ``playground.set({...})``.
    """

    x: tuple[float, ...] = (-2.0, 0.0, 2.0, 4.0)
    gamma: float = 2.0
    beta: float = 1.0
    eps: float = 1e-5
    momentum: float = 0.1
    tensor: tuple[int, ...] = field(default_factory=_seeded_tensor)

    def __repr__(self):
        mean, var, xhat, y = self._results()
        rows = "\n".join(
            f"{i:>2} {x:>7.3f} {h:>7.3f} {out:>7.3f}"
            for i, (x, h, out) in enumerate(zip(self.x, xhat, y, strict=True), start=1)
        )
        return (
            f"mean {mean:.3f}, variance {var:.3f} (biased), "
            f"gamma {self.gamma}, beta {self.beta}, eps {self.eps}\n"
            f" i       x    xhat       y\n{rows}\n"
            "Khelne ke liye isko notebook ya book mein kholo.\n"
            "To play, open this in a notebook or in the book."
        )

    def _repr_html_(self):
        still = still_picture(self, *self._results())
        start = {**asdict(self), "training": True, "norm": "BN", "groups": 2}
        start |= {"runningMean": 0.0, "runningVar": 1.0}
        return widget("playground", start, still)

    def _results(self):
        """Return mean, variance, xhat and y of the batch."""
        x = np.array(self.x)[:, None]  # (m, 1)
        xhat, cache = batch_norm(x, None, None, training=True, eps=self.eps)
        y, _ = scale_and_shift(xhat, np.array([self.gamma]), np.array([self.beta]), 1)
        normalized = cache.normalized
        return normalized.mean.item(), normalized.var.item(), xhat[:, 0], y[:, 0]


def playground():
    """Give the reader a batch to touch: points to drag, numbers to type, norms to compare.

    Returns
    -------
    Playground
        Shows itself in a notebook, in Hinglish and in English; printed, it is a table.

    Examples
    --------
    >>> playground()
    mean 1.000, variance 5.000 (biased), gamma 2.0, beta 1.0, eps 1e-05
     i       x    xhat       y
     1  -2.000  -1.342  -1.683
     2   0.000  -0.447   0.106
     3   2.000   0.447   1.894
     4   4.000   1.342   3.683
    Khelne ke liye isko notebook ya book mein kholo.
    To play, open this in a notebook or in the book.
    """
    return Playground()
