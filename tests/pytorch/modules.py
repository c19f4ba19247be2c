"""Modules and tensors for the tests of the torch twins."""

import torch
from torch.testing import assert_close


def values(shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    shift, scale = torch.randn(2, generator=generator, dtype=torch.float64)
    return (3 * shift + (0.5 + 2 * scale.abs()) * x).to(dtype)


def randomize(module, seed=0):
    """Give parameters and statistics values that hide nothing behind 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 2, generator=generator)
    return module


def snapshot(module):
    return {key: value.clone() for key, value in module.state_dict().items()}


def assert_same_state(module, before):
    assert_close(module.state_dict(), before, rtol=0, atol=0, equal_nan=True)
