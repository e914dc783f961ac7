"""Low-rank changes of a frozen model's linear layers, to be trained; not needed at run time.

LoRA, arXiv 2106.09685: beside a weight stands `up @ down`, scaled, which begins as zero.
"""

from __future__ import annotations

import math
from collections.abc import Container
from typing import Any

import torch
from torch import nn
from torch.nn import functional


class LowRank(nn.Module):
    """A frozen linear layer and a low-rank change of it: `down` (rank, in), `up` (out, rank)."""

    def __init__(self, linear: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.linear = linear
        self.scale = scale
        device = linear.weight.device
        down = torch.randn(rank, linear.in_features) / math.sqrt(linear.in_features)
        self.down = nn.Parameter(down.to(device))
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank).to(device))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        change = functional.linear(functional.linear(x, self.down), self.up)
        out: torch.Tensor = self.linear(x) + self.scale * change
        return out


def add_low_rank(
    model: Any, rank: int, scale: float, besides: Container[str] = ()
) -> dict[str, LowRank]:
    """Freeze a model and put a low-rank change beside each linear layer; by the layer's name."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    layers = {}
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and name not in besides:
            layers[name] = LowRank(module, rank, scale)
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, layers[name])
    return layers
