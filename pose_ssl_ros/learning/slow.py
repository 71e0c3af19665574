"""The slow copy of encoder and heading head: what is probed and exported.

Weights that follow a stream jump with every batch; their exponential moving average does not (Tarvainen and Valpola,
"Mean teachers are better role models", NeurIPS 2017).  It never gives a gradient.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

#: In the first steps from random weights the copy follows fast, or the start would stay in it for long.
_WARM_UP = 10


class Slow(nn.ModuleDict):
    """Moving averages of an encoder and the heading head beside it.

    Args:
        encoder: Copied, with its weights.
        heading: The same.
    """

    def __init__(self, encoder: nn.Module, heading: nn.Module) -> None:
        super().__init__({"encoder": copy.deepcopy(encoder), "teacher": copy.deepcopy(heading)})
        self.requires_grad_(False).eval()

    @torch.no_grad()
    def follow(self, encoder: nn.Module, heading: nn.Module, decay: float, steps: int) -> None:
        """Move towards the weights that were trained.

        Args:
            encoder: What the copy of the encoder follows.
            heading: The same for the heading head.
            decay: Part of the copy that stays.
            steps: Made so far; in the first ones less stays.
        """
        stay = min(decay, (1 + steps) / (_WARM_UP + steps))
        for name, leading in (("encoder", encoder), ("teacher", heading)):
            for slow, fast in zip(self[name].parameters(), leading.parameters(), strict=True):
                slow.lerp_(fast, 1.0 - stay)

    def copy_from(self, encoder: nn.Module, heading: nn.Module) -> None:
        """Take weights over wholly."""
        self["encoder"].load_state_dict(encoder.state_dict())
        self["teacher"].load_state_dict(heading.state_dict())
