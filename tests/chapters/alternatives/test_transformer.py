import pytest
import torch
from torch import nn

from bn_lib.chapters.alternatives.transformer import Encoder, transformer


@pytest.mark.parametrize("norm_first", [False, True])
def test_what_comes_out_of_the_layers_is_normalized_last(norm_first):
    model = Encoder(norm_first)
    seen = []
    model.norm.register_forward_hook(lambda module, inputs, y: seen.append(y))
    model(torch.randn(5, 8, 8))
    torch.testing.assert_close(seen[0].mean(dim=-1), torch.zeros(5, 8), atol=1e-5, rtol=0)


def test_pre_ln_keeps_the_way_around_its_blocks_free_of_norms():
    for norm_first in (False, True):
        layer = Encoder(norm_first, layers=1).layers[0]
        for block in (layer.self_attn.out_proj, layer.linear2):
            nn.init.zeros_(block.weight)
            nn.init.zeros_(block.bias)
        x = 3 + torch.randn(2, 8, 32)
        assert torch.equal(layer(x), x) == norm_first


def test_the_order_of_the_rows_is_seen():
    model, x = Encoder(norm_first=True), torch.randn(1, 8, 8)
    assert not torch.allclose(model(x), model(x.flip(1)), atol=1e-4)


def test_a_warm_up_of_one_step_is_none():
    options = {"rows": ("pre-LN",), "seeds": (0,), "layers": 1, "steps": 3}
    none, one = (transformer(warm_up=steps, **options) for steps in (0, 1))
    assert none["pre-LN"] == one["pre-LN"]


def test_torch_is_left_as_it_was():
    before = torch.random.get_rng_state()
    transformer(rows=("pre-LN",), seeds=(7,), layers=1, steps=1)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_both_learn_when_the_rate_is_small():
    table = transformer(lr=0.003, layers=2, steps=80, seeds=(0,))
    assert all(values > 0.5 for values in table.values())
