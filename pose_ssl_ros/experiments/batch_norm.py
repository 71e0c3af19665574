"""The encoder with BatchNorm in place of GroupNorm, for comparison only: a stream's batches are no fair sample."""

from __future__ import annotations

import torch
from torch import nn

from pose_ssl_ros.learning.slow import Slow
from pose_ssl_ros.learning.trainer import Trainer, rate_of


class SlowWithStatistics(Slow):
    """Takes over the running statistics as they are: they are averages already."""

    @torch.no_grad()
    def follow(self, encoder: nn.Module, heading: nn.Module, decay: float, steps: int) -> None:
        """See `Slow.follow`."""
        super().follow(encoder, heading, decay, steps)
        for slow, fast in zip(self["encoder"].buffers(), encoder.buffers(), strict=True):
            slow.copy_(fast)


def use_batch_norm(trainer: Trainer) -> None:
    """Change a fresh trainer; its start weights, if any, were not made for this."""
    _replace(trainer.encoder)
    trainer.slow = SlowWithStatistics(trainer.encoder, trainer.combined.heading)
    trained = [p for p in trainer.parts.parameters() if p.requires_grad]
    c = trainer.config
    trainer.optimizer = torch.optim.AdamW(trained, lr=rate_of(c), weight_decay=c.weight_decay)
    trainer.mark_good()


def _replace(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.GroupNorm):
            setattr(module, name, nn.BatchNorm2d(child.num_channels))
        else:
            _replace(child)
