"""Small PyTorch networks that take the norm as an argument.

A norm is anything that makes a module from a width: a class such as
`bn_lib.pytorch.layers.BatchNorm` or ``nn.BatchNorm2d``, a
``functools.partial(GroupNorm, 4)``, or None for a network without. Weights are drawn
from the input to the output, so networks that differ in their norms alone get the same.

>>> from bn_lib.pytorch.layers import BatchNorm
>>> [type(module).__name__ for module in cnn((1, 8), BatchNorm)[:4]]
['Conv2d', 'BatchNorm', 'ReLU', 'AvgPool2d']
"""

from itertools import chain, pairwise

import torch
from torch import nn

__all__ = ["cnn", "residual_net", "sequence_net"]


def _norm(norm, width):
    return [] if norm is None else [norm(width)]


def _he(layer):
    """Start a layer as `bn_lib.layers.Linear` does: He et al. (2015), a bias of 0."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def cnn(channels, norm=None, *, relu_first=False, head_norm=False, size=8, num_classes=10):
    """Build a ReLU network of 3×3 convolutions, the image halved after the first.

    Parameters
    ----------
    channels : sequence of int
        Numbers of channels from the image on, at least two.
    norm : callable or None
        Makes a module from a number of channels.
    relu_first : bool
        Whether each step is conv → ReLU → norm, or conv → norm → ReLU.
    head_norm : bool
        Whether one more norm stands before the last linear layer.
    size : int
        Height and width of the images, even.
    num_classes : int
        The width of the output.

    Returns
    -------
    model : nn.Sequential
        From (N, channels[0], size, size) to (N, num_classes).

    Notes
    -----
    The layers keep a bias, though a norm right after them takes it out again, so that
    networks with and without norm differ in the norm alone.

    Examples
    --------
    >>> cnn((1, 8, 16))(torch.zeros(5, 1, 8, 8)).shape
    torch.Size([5, 10])
    """

    def step(inputs, outputs):
        conv = _he(nn.Conv2d(inputs, outputs, 3, padding=1))
        after = [*_norm(norm, outputs), nn.ReLU()]
        return [conv, *(after[::-1] if relu_first else after)]

    first, *others = (step(*pair) for pair in pairwise(channels))
    return nn.Sequential(
        *first,
        nn.AvgPool2d(2),
        *chain.from_iterable(others),
        *_norm(norm if head_norm else None, channels[-1]),
        nn.Flatten(),
        _he(nn.Linear(channels[-1] * (size // 2) ** 2, num_classes)),
    )


class _Residual(nn.Module):
    """Compute ``after(x + branch(x))``."""

    def __init__(self, branch, after):
        super().__init__()
        self.branch, self.after = branch, after

    def forward(self, x):
        return self.after(x + self.branch(x))


class _Scalar(nn.Module):
    """Multiply by one learned number."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.weight * x


def residual_net(
    inputs,
    width,
    blocks,
    norm=None,
    *,
    pre_activation=False,
    zero_init=False,
    skip_init=False,
    head_norm=True,
    num_classes=10,
):
    """Build a fully connected residual network.

    Parameters
    ----------
    inputs : int
        The width of the input.
    width : int
        That of all blocks.
    blocks : int
        How many, each of two layers without a bias.
    norm : callable or None
        Makes a module from a width.
    pre_activation : bool
        Whether a block is norm → ReLU → layer, twice, with nothing after the sum, or
        layer → norm → ReLU → layer → norm, with a ReLU after the sum.
    zero_init : bool
        Whether the last module of each branch starts with a weight of 0, so that the
        block starts as the identity: in a post-activation block the last gamma.
    skip_init : bool
        Whether each branch ends with one learned factor, which starts at 0.
    head_norm : bool
        Whether the head is norm → ReLU → layer, or ReLU → layer. Papers leave the norm
        out after post-activation blocks.
    num_classes : int
        The width of the output.

    Returns
    -------
    model : nn.Sequential
        From (N, inputs) to (N, num_classes). Its first module is the stem and its last
        the head; between them are the blocks.

    Raises
    ------
    ValueError
        If zero_init is asked for and the last norm has no weight.

    References
    ----------
    He, Zhang, Ren and Sun, "Identity Mappings in Deep Residual Networks", 2016,
    figure 4 (a) and (e). Goyal et al., "Accurate, Large Minibatch SGD", 2017, section
    5.1, for the gamma of 0. De and Smith, "Batch Normalization Biases Residual Blocks
    Towards the Identity Function in Deep Networks", 2020, for the factor (SkipInit).

    Examples
    --------
    >>> residual_net(64, width=16, blocks=2)(torch.zeros(5, 64)).shape
    torch.Size([5, 10])
    """

    def activated():
        return [*_norm(norm, width), nn.ReLU()]

    def block():
        first, second = (_he(nn.Linear(width, width, bias=False)) for _ in range(2))
        if pre_activation:
            branch = nn.Sequential(*activated(), first, *activated(), second)
        else:
            branch = nn.Sequential(first, *activated(), second, *_norm(norm, width))
        if skip_init:
            branch.append(_Scalar())
        if zero_init or skip_init:
            _zero_weight(branch[-1])
        return _Residual(branch, nn.Identity() if pre_activation else nn.ReLU())

    stem = _he(nn.Linear(inputs, width))
    before_head = activated() if head_norm else [nn.ReLU()]
    return nn.Sequential(
        nn.Sequential(stem, *([] if pre_activation else [nn.ReLU()])),
        *(block() for _ in range(blocks)),
        nn.Sequential(*before_head, _he(nn.Linear(width, num_classes))),
    )


def _zero_weight(module):
    if getattr(module, "weight", None) is None:
        raise ValueError(
            f"expected a norm with a weight to start at 0, got {module}; pass such a "
            "norm, or zero_init=False"
        )
    nn.init.zeros_(module.weight)


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
