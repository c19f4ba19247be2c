"""A small transformer on the digits, with layer norm after or before each block."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from bn_lib.course.experiment import experiment
from bn_lib.data import load_digits
from bn_lib.training import batches

__all__ = ["Encoder", "transformer"]


class Encoder(nn.Module):
    """A transformer encoder that reads the 8 rows of a digit as a sequence.

    Parameters
    ----------
    norm_first : bool
        Whether layer norm stands before each attention and each feed-forward block,
        inside the skip (pre-LN), or after the sum (post-LN).
    layers : int
        Encoder layers, each of an attention and a feed-forward block.
    width : int
        Size of a token.

    Notes
    -----
    A layer norm is the last thing before the head in both: in post-LN that of the last
    block, in pre-LN one more.

    References
    ----------
    Xiong et al., "On Layer Normalization in the Transformer Architecture", 2020,
    figure 1.

    Examples
    --------
    >>> Encoder(norm_first=True)(torch.zeros(5, 8, 8)).shape
    torch.Size([5, 10])
    """

    def __init__(self, norm_first, layers=6, width=32):
        super().__init__()
        self.embedding = nn.Linear(8, width)
        self.positions = nn.Parameter(0.02 * torch.randn(8, width))
        self.layers = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    width,
                    nhead=4,
                    dim_feedforward=2 * width,
                    dropout=0.0,
                    batch_first=True,
                    norm_first=norm_first,
                )
                for _ in range(layers)
            )
        )
        self.norm = nn.LayerNorm(width) if norm_first else nn.Identity()
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        """Give logits, from (N, 8, 8) to (N, 10)."""
        tokens = self.embedding(x) + self.positions
        return self.head(self.norm(self.layers(tokens)).mean(dim=1))


@experiment(rows={"post-LN": False, "pre-LN": True})
def transformer(
    norm_first, seed, *, warm_up=0, lr=0.01, layers=6, width=32, steps=100, batch_size=30
):
    """Train a small transformer on the digits by Adam.

    Parameters
    ----------
    norm_first, layers, width
        As for `Encoder`.
    seed : int
        Of the weights and the order of the samples.
    warm_up : int
        Steps in which the learning rate climbs from 0 to `lr`, in a straight line.
    lr : float
        Learning rate after these.
    steps, batch_size : int
        Of the training.

    Returns
    -------
    ndarray, shape (seeds,)
        Test accuracy.
    """
    data = load_digits(centered=True)
    x, x_test = (_rows(part) for part in (data.x_train, data.x_test))
    y = torch.tensor(data.y_train)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Encoder(norm_first, layers, width)
    optimizer = torch.optim.Adam(model.parameters(), lr, fused=True)
    endless = batches(len(x), batch_size, np.random.default_rng(seed))
    for step in range(1, steps + 1):
        optimizer.param_groups[0]["lr"] = lr * min(1.0, step / max(warm_up, 1))
        batch = torch.from_numpy(next(endless))
        optimizer.zero_grad()
        cross_entropy(model(x[batch]), y[batch]).backward()
        optimizer.step()
    with torch.no_grad():
        return np.mean(model(x_test).argmax(dim=1).numpy() == data.y_test)


def _rows(images):
    return torch.tensor(images, dtype=torch.float32).reshape(-1, 8, 8)
