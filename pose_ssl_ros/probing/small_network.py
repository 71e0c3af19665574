"""Layers of the probes' small networks, initialised from a generator that is handed in."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import nn


def linear_layer(inputs: int, outputs: int, generator: torch.Generator | None) -> nn.Linear:
    """A linear layer without bias at first; weights uniform within 1 / sqrt(inputs), zero without a generator."""
    # The usual start of a layer would draw from the global generator: that belongs to whoever trains meanwhile.
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    with torch.no_grad():
        layer.bias.zero_()
        if generator is None:
            layer.weight.zero_()
        else:
            bound = 1 / math.sqrt(inputs)
            layer.weight.uniform_(-bound, bound, generator=generator)
    return cast(nn.Linear, layer)


def hidden_layer(inputs: int, width: int, generator: torch.Generator) -> nn.Sequential:
    """A linear layer and a GELU."""
    return nn.Sequential(linear_layer(inputs, width, generator), nn.GELU())
