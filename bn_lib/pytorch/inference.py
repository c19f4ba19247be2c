"""Batch norm when the training is over: fold it, freeze it, measure its statistics anew.

All take the batch norms of `bn_lib.pytorch.layers` and of torch.nn.
"""

import copy
import functools
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import contextmanager

import torch
from torch import nn

from bn_lib.inference import folded_parameters
from bn_lib.pytorch.layers import BatchNorm

__all__ = ["fold", "fold_batch_norm", "freeze_batch_norm", "recalibrate"]

# What can be folded into which layer, besides the norms that take inputs of any rank.
FOLDABLE = {
    nn.Linear: nn.BatchNorm1d,
    nn.Conv1d: nn.BatchNorm1d,
    nn.Conv2d: nn.BatchNorm2d,
    nn.Conv3d: nn.BatchNorm3d,
}
ANY_RANK = (BatchNorm, nn.SyncBatchNorm)
# They become batch norms of the kinds above when they see their first input.
LAZY = (nn.LazyBatchNorm1d, nn.LazyBatchNorm2d, nn.LazyBatchNorm3d)
BATCH_NORMS = (*ANY_RANK, *FOLDABLE.values(), *LAZY)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def _is_batch_norm(module):
    return isinstance(module, BATCH_NORMS)


@torch.no_grad()
def fold(layer, norm):
    """Make one layer that does what `layer` and then `norm` do in evaluation.

    In evaluation the statistics are constants, and batch norm is ``a * y + b`` for
    each channel: a times the weights of the layer, and another bias.

    Parameters
    ----------
    layer : nn.Linear, nn.Conv1d, nn.Conv2d or nn.Conv3d
        The layer whose output goes to norm, its channels on dim 1. Not changed.
    norm : BatchNorm, or a batch norm of torch.nn
        In evaluation mode, with running statistics. Not changed.

    Returns
    -------
    folded : Module
        A new layer of the kind, dtype and device of `layer`, with a bias.

    Raises
    ------
    TypeError
        If layer or norm is of another kind, they are the wrong way round, or norm takes
        inputs of another rank than layer gives.
    ValueError
        If norm is in training mode or has no running statistics, the widths differ,
        the weight of layer is computed from other parameters, or the result is too
        large for the dtype of layer.

    Notes
    -----
    Only for inference: a folded network has no statistics to learn. A batch norm that
    comes *before* a convolution cannot be folded into it, as the zeros of the padding
    are not normalized. Transposed convolutions, which keep their output channels on
    dim 1 of the weight and split over groups, are left out on purpose.

    A Linear is taken to give (N, C). Of inputs (N, L, C) it maps the last dim, whereas
    the batch norm after it takes dim 1 for the channels: such a pair cannot be folded,
    and from the two modules it cannot be seen.

    Examples
    --------
    >>> layer, norm = nn.Linear(3, 2), BatchNorm(2).eval()
    >>> x = torch.randn(5, 3)
    >>> torch.allclose(fold(layer, norm)(x), norm(layer(x)), atol=1e-6)
    True
    """
    _check_foldable(layer, norm)
    weight, bias = folded_parameters(
        layer,
        norm,
        to_array=lambda tensor: tensor.detach().cpu().double().numpy(),
        largest=torch.finfo(layer.weight.dtype).max,
    )
    folded = copy.deepcopy(layer)
    folded.weight = nn.Parameter(torch.from_numpy(weight).to(layer.weight))
    folded.bias = nn.Parameter(torch.from_numpy(bias).to(layer.weight))
    return folded


def _check_foldable(layer, norm):
    first, second = type(layer).__name__, type(norm).__name__
    if _is_batch_norm(layer):
        raise TypeError(
            f"expected a layer and the batch norm after it, got {first} before "
            f"{second}; keep this norm, since padding with zeros is not normalized"
        )
    if isinstance(norm, LAZY):
        raise TypeError(
            f"expected a batch norm with statistics to fold into {first}, got {second}, "
            "which has seen no input; run the model on a batch first"
        )
    if type(norm) not in BATCH_NORMS:
        raise TypeError(
            f"expected a batch norm to fold into {first}, got {second}; keep it: only "
            "batch norm has statistics that are constants in evaluation"
        )
    if isinstance(layer, TRANSPOSED):
        raise TypeError(
            f"expected Linear, Conv1d, Conv2d or Conv3d before {second}, got {first}; "
            "keep this norm: transposed convolutions are left out on purpose"
        )
    if type(layer) not in FOLDABLE:
        raise TypeError(
            f"expected Linear, Conv1d, Conv2d or Conv3d before {second}, got {first}; "
            "fold a batch norm only into the layer that computes its input"
        )
    if type(norm) not in (*ANY_RANK, FOLDABLE[type(layer)]):
        raise TypeError(
            f"expected {FOLDABLE[type(layer)].__name__} after {first}, got {second}, "
            "which takes inputs of another rank; fold the norm that follows this layer"
        )
    if "weight" not in dict(layer.named_parameters(recurse=False)):
        raise ValueError(
            f"expected {first} with a weight that is a parameter, got one that is "
            "computed from others; remove the weight or spectral norm first"
        )


def fold_batch_norm(model):
    """Fold every batch norm of an nn.Sequential into the layer before it.

    Parameters
    ----------
    model : nn.Sequential
        In evaluation mode; it may hold further ones. Not changed.

    Returns
    -------
    folded : nn.Sequential
        A copy without batch norms. The other layers keep their names, and so their
        keys in the state dict.

    Raises
    ------
    TypeError, ValueError
        If model is not an nn.Sequential, or as in `fold`, with the name of the norm
        that cannot be folded. Norms of other kinds stay as they are.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), BatchNorm(4), nn.ReLU()).eval()
    >>> [type(module).__name__ for module in fold_batch_norm(model)]
    ['Conv2d', 'ReLU']
    """
    if type(model) is not nn.Sequential:
        raise TypeError(
            f"expected nn.Sequential, got {type(model).__name__}, whose order of "
            "layers is not known; use fold(layer, norm) for each pair"
        )
    return _fold_sequential(model, prefix="")


def _fold_sequential(model, prefix):
    folded = {}
    # named_children leaves out the second use of a module.
    for name, module in model._modules.items():
        path = prefix + name
        if _is_batch_norm(module):
            last = next(reversed(folded), None)
            folded[last] = _fold_named(folded.get(last), module, path)
        elif type(module) is nn.Sequential:
            folded[name] = _fold_sequential(module, path + ".")
        elif any(map(_is_batch_norm, module.modules())):
            raise TypeError(
                f"cannot fold the batch norms in {path!r}: expected nn.Sequential, got "
                f"{type(module).__name__}, whose order of layers is not known; use "
                "fold(layer, norm) for each pair"
            )
        else:
            folded[name] = copy.deepcopy(module)
    sequential = nn.Sequential(OrderedDict(folded))
    sequential.training = model.training
    return sequential


def _fold_named(layer, norm, path):
    try:
        if layer is None:
            raise TypeError("expected a layer before it, got none; keep a norm of inputs")
        return fold(layer, norm)
    except (TypeError, ValueError) as error:
        kind = type(norm).__name__
        raise type(error)(f"cannot fold {path!r} ({kind}): {error}") from None


def _tracking_norms(model):
    norms = {name: m for name, m in model.named_modules() if _is_batch_norm(m)}
    if not norms:
        raise ValueError(
            f"expected a model with batch norms, got {type(model).__name__} without; "
            "pass the model that holds them"
        )
    for name, norm in norms.items():
        if norm.running_mean is None:
            raise ValueError(
                f"expected running statistics in every batch norm, got none in {name!r} "
                f"({type(norm).__name__}); build it with track_running_stats=True"
            )
        if isinstance(norm, LAZY):
            raise ValueError(
                f"expected batch norms that have seen an input, got {name!r} "
                f"({type(norm).__name__}); run the model on a batch first"
            )
    return list(norms.values())


def freeze_batch_norm(model, *, parameters=False):
    """Keep the batch norms of a model in evaluation mode, also in training.

    For fine-tuning on small batches: the running statistics of the first training are
    used and not changed.

    Parameters
    ----------
    model : Module
        With batch norms from here or from torch.nn, at any depth. Changed in place.
    parameters : bool
        Whether weight and bias of the batch norms stop learning too.

    Returns
    -------
    model : Module
        The same model.

    Raises
    ------
    ValueError
        If there is no batch norm, one without running statistics, which would use
        those of the batch in evaluation mode too, or a lazy one that has seen no input.
        The model is then as before.

    Notes
    -----
    To undo it for a module, ``del module.train``.

    It holds for these modules, not for others put in their place:
    ``nn.SyncBatchNorm.convert_sync_batchnorm`` makes new ones, which the next
    ``model.train()`` thaws. So convert first, then freeze.

    Examples
    --------
    >>> model = freeze_batch_norm(nn.Sequential(nn.Linear(3, 2), BatchNorm(2)))
    >>> [module.training for module in model.train()]
    [True, False]
    """
    for norm in _tracking_norms(model):
        # A partial, unlike a bound method, survives copying and pickling.
        norm.train = functools.partial(_stay_in_eval, norm)
        norm.eval()
        if parameters:
            norm.requires_grad_(False)
    return model


def _stay_in_eval(norm, mode=True):
    return nn.Module.train(norm, False)


@torch.no_grad()
def recalibrate(model, batches):
    """Estimate the running statistics anew, as plain averages over some batches.

    Parameters
    ----------
    model : Module
        With batch norms from here or from torch.nn. Only their running statistics and
        counts are changed; frozen ones are recalibrated too.
    batches : iterable of Tensor, tuple, list or dict
        Inputs of the model: of a tuple or list the first item; the items of a dict are
        passed by name, as in ``model(**batch)``.

    Returns
    -------
    model : Module
        The same model, in the modes it was in.

    Raises
    ------
    ValueError
        If there is no batch norm, one has no running statistics or is a lazy one that
        has seen no input, or there is no batch. The running statistics are then as
        before, as after any error of the model.

    Notes
    -----
    Everything but the batch norms runs in evaluation mode, since dropout would change
    the variances. A batch norm that the model does not use keeps its statistics.

    The average is over batches, each with the same weight. It is of the variances
    *within* them: use large batches, of one size, in random order.

    References
    ----------
    Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3: PreciseBN.

    Examples
    --------
    >>> model = nn.Sequential(BatchNorm(1)).eval()
    >>> _ = recalibrate(model, [torch.tensor([[7.0], [9.0]])])
    >>> model[0].running_mean, model[0].running_var, model[0].training
    (tensor([8.]), tensor([2.]), False)
    """
    norms = _tracking_norms(model)
    for norm in norms:
        if norm.num_batches_tracked is None:
            norm.num_batches_tracked = torch.tensor(0, device=norm.running_mean.device)
    with _restoring(model, norms):
        for module in model.modules():
            module.training = False
        for norm in norms:
            norm.training, norm.momentum = True, None
            norm.running_mean.zero_()
            norm.running_var.fill_(1)
            norm.num_batches_tracked.zero_()
        batch = None
        for batch in batches:
            _run(model, batch)
        if batch is None:
            raise ValueError(
                "expected at least one batch, got none; a generator runs only once, so "
                "pass a list or make a new one"
            )
    return model


def _run(model, batch):
    if isinstance(batch, Mapping):
        return model(**batch)
    return model(batch[0] if isinstance(batch, tuple | list) else batch)


@contextmanager
def _restoring(model, norms):
    """Put modes and momentum back, and the statistics of norms without a batch."""
    modes = [(module, module.training) for module in model.modules()]
    before = [
        (norm, norm.momentum, {key: b.clone() for key, b in norm.named_buffers()})
        for norm in norms
    ]
    failed = True
    try:
        yield
        failed = False
    finally:
        for module, mode in modes:
            module.training = mode
        for norm, momentum, buffers in before:
            norm.momentum = momentum
            if failed or norm.num_batches_tracked == 0:
                for key, value in buffers.items():
                    getattr(norm, key).copy_(value)
