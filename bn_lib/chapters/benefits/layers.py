"""A layer that takes one effect of batch norm apart from the others."""

from bn_lib.layers import Linear

__all__ = ["FrozenLinear"]


class FrozenLinear(Linear):
    """A Linear that stays as it was drawn: it offers nothing to train.

    Examples
    --------
    >>> FrozenLinear(4, 2).parameters()
    {}
    """

    def parameters(self):
        """Return an empty dict."""
        return {}

    def gradients(self):
        """Return an empty dict."""
        return {}
