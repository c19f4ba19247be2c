"""Small PyTorch networks that take the norm as an argument.

A norm is anything that makes a module from a width: a class such as
`torch_layers.BatchNorm` or ``nn.BatchNorm2d``, ``functools.partial(GroupNorm, 4)``, or
None for a network without.

>>> import torch
>>> from bn_lib.pytorch.layers import BatchNorm
>>> model = mlp((64, 100, 10), BatchNorm)
>>> [type(module).__name__ for module in model]
['Linear', 'BatchNorm', 'ReLU', 'Linear']
"""

from itertools import pairwise

import torch
from torch import nn

__all__ = ["cnn", "mlp", "residual_net", "sequence_net"]


def _norm(norm, width):
    return [] if norm is None else [norm(width)]


def mlp(sizes, norm=None):
    """Build a ReLU network of linear layers, each but the last with its norm.

    Parameters
    ----------
    sizes : sequence of int
        Widths from the input to the output, at least two.
    norm : callable or None
        Makes a module from a width.

    Returns
    -------
    model : nn.Sequential
        From (N, sizes[0]) to (N, sizes[-1]).

    Notes
    -----
    The linear layers keep a bias, though a norm after them takes it out again, so
    that networks with and without norm differ in the norm alone.

    Examples
    --------
    >>> mlp((64, 32, 10))(torch.zeros(5, 64)).shape
    torch.Size([5, 10])
    """
    *hidden, last = pairwise(sizes)
    modules = []
    for inputs, outputs in hidden:
        modules += [nn.Linear(inputs, outputs), *_norm(norm, outputs), nn.ReLU()]
    return nn.Sequential(*modules, nn.Linear(*last))


def cnn(channels, norm=None, num_classes=10):
    """Build a ReLU network of 3×3 convolutions, each with its norm.

    Parameters
    ----------
    channels : sequence of int
        Numbers of channels from the image on, at least two.
    norm : callable or None
        Makes a module from a number of channels.
    num_classes : int
        The width of the output.

    Returns
    -------
    model : nn.Sequential
        From (N, channels[0], H, W) to (N, num_classes), by the average over positions.

    Examples
    --------
    >>> cnn((1, 8, 16))(torch.zeros(5, 1, 8, 8)).shape
    torch.Size([5, 10])
    """
    modules = []
    for inputs, outputs in pairwise(channels):
        modules += [_conv(inputs, outputs), *_norm(norm, outputs), nn.ReLU()]
    return nn.Sequential(*modules, *_head(channels[-1], num_classes))


def _conv(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def _head(width, num_classes):
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, num_classes)


class _Residual(nn.Module):
    """Compute ``after(x + branch(x))``."""

    def __init__(self, branch, after):
        super().__init__()
        self.branch, self.after = branch, after

    def forward(self, x):
        return self.after(x + self.branch(x))


def residual_net(
    depth, width, norm=None, pre_activation=False, zero_init=False, num_classes=10
):
    """Build a residual network for images of one channel.

    Parameters
    ----------
    depth : int
        The number of blocks, each of two 3×3 convolutions.
    width : int
        The number of channels of all of them.
    norm : callable or None
        Makes a module from a number of channels.
    pre_activation : bool
        Whether a block is norm → ReLU → conv, twice, with nothing after the sum, or
        conv → norm → ReLU → conv → norm, with a ReLU after the sum.
    zero_init : bool
        Whether the last norm of each block (of a pre-activation block, its last
        convolution) starts at 0, so that the block starts as the identity.
    num_classes : int
        The width of the output.

    Returns
    -------
    model : nn.Sequential
        From (N, 1, H, W) to (N, num_classes).

    Raises
    ------
    ValueError
        If zero_init is asked for, and the last norm has no weight or there is none.

    References
    ----------
    He, Zhang, Ren and Sun, "Identity Mappings in Deep Residual Networks", 2016,
    figure 4 (a) and (e). Goyal et al., "Accurate, Large Minibatch SGD", 2017, section
    5.1, for the gamma of 0.

    Examples
    --------
    >>> residual_net(depth=2, width=4)(torch.zeros(5, 1, 8, 8)).shape
    torch.Size([5, 10])
    """
    block = _pre_activation if pre_activation else _post_activation
    blocks = [block(width, norm, zero_init) for _ in range(depth)]
    ends = [*_norm(norm, width), nn.ReLU()]
    # Where nothing follows the sum, the last one needs a norm; else the first conv does.
    first, last = ([], ends) if pre_activation else (ends, [])
    stem = _conv(1, width)
    return nn.Sequential(stem, *first, *blocks, *last, *_head(width, num_classes))


def _post_activation(width, norm, zero_init):
    branch = nn.Sequential(
        _conv(width, width),
        *_norm(norm, width),
        nn.ReLU(),
        _conv(width, width),
        *_norm(norm, width),
    )
    if zero_init:
        _zero(branch[-1] if norm is not None else None)
    return _Residual(branch, after=nn.ReLU())


def _pre_activation(width, norm, zero_init):
    half = [[*_norm(norm, width), nn.ReLU(), _conv(width, width)] for _ in range(2)]
    branch = nn.Sequential(*half[0], *half[1])
    if zero_init:
        _zero(branch[-1])
    return _Residual(branch, after=nn.Identity())


def _zero(module):
    if getattr(module, "weight", None) is None:
        raise ValueError(
            f"expected a norm with a weight to start at 0, got {module}; pass such a "
            "norm, or zero_init=False"
        )
    for parameter in module.parameters():
        nn.init.zeros_(parameter)


class _Recurrent(nn.Module):
    """``h = tanh(norm(W x_t + U h))``, up to the length of each sequence."""

    def __init__(self, features, width, norm, num_classes):
        super().__init__()
        self.inputs = nn.Linear(features, width)
        self.recurrent = nn.Linear(width, width, bias=False)
        self.norm = nn.Sequential(*_norm(norm, width))
        self.output = nn.Linear(width, num_classes)

    def forward(self, x, lengths=None):
        N, L, _ = x.shape
        lengths = torch.full((N,), L) if lengths is None else lengths
        h = x.new_zeros(N, self.recurrent.in_features)
        for step in range(L):
            new = torch.tanh(self.norm(self.inputs(x[:, step]) + self.recurrent(h)))
            h = torch.where((step < lengths)[:, None], new, h)
        return self.output(h)


def sequence_net(features, width, norm=None, num_classes=10):
    """Build a recurrent network with the norm inside each step.

    Parameters
    ----------
    features : int
        The number of values at each position.
    width : int
        The size of the state h.
    norm : callable or None
        Makes a module from a width; it sees one step at a time, of shape (N, width).
    num_classes : int
        The width of the output.

    Returns
    -------
    model : Module
        Called as ``model(x, lengths=None)``: from (N, L, features) to
        (N, num_classes). The state stays as it is after the length of a sequence.

    Notes
    -----
    A batch norm takes its statistics over the batch as it stands, the padded
    sequences included, and shares its running statistics among all steps.

    References
    ----------
    Ba, Kiros and Hinton, "Layer Normalization", 2016, section 3.1.

    Examples
    --------
    >>> model = sequence_net(features=3, width=8)
    >>> model(torch.zeros(5, 7, 3), lengths=torch.tensor([7, 7, 3, 2, 1])).shape
    torch.Size([5, 10])
    """
    return _Recurrent(features, width, norm, num_classes)
