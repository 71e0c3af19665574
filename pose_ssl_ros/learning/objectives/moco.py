"""MoCo: each view must find its other view's key among the keys of a queue.

Sources: He, Fan, Wu, Xie and Girshick, "Momentum Contrast for Unsupervised Visual
Representation Learning", CVPR 2020, equations 1 and 2 and algorithm 1; Chen, Fan,
Girshick and He, "Improved Baselines with Momentum Contrastive Learning", 2020
(v2: two-layer projector, temperature 0.2).  Both views serve as query in turn,
which costs nothing here: both are projected by both networks anyway.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from pose_ssl_ros.learning.objectives.base import Objective, ObjectiveError, Pair


def info_nce(query: torch.Tensor, key: torch.Tensor, negatives: torch.Tensor, temperature: float) -> torch.Tensor:
    """Cross entropy of telling each query's key from the negatives.

    Args:
        query: (N, D) of any scale.
        key: (N, D) unit rows, no gradient.
        negatives: (K, D) unit rows, no gradient.
        temperature: Divides the cosines.
    """
    query = functional.normalize(query, dim=1)
    positive = (query * key).sum(1, keepdim=True)
    logits = torch.cat([positive, query @ negatives.T], dim=1) / temperature
    return functional.cross_entropy(logits, torch.zeros(len(query), dtype=torch.long, device=query.device))


class MoCo(Objective):
    """InfoNCE against a queue of the moving copy's keys.

    Args:
        dimension: Width of the projections.
        norm: Normalisation inside the projector.
        size: Keys in the queue; it starts with random directions, as in algorithm 1.
        temperature: Of the cosines.
        stay: Part of the moving copy that stays in a step.  The paper's 0.999 is for a million steps.

    Example:
        >>> a, b = torch.randn(16, 8), torch.randn(16, 8)
        >>> sorted(MoCo(8)(a, b, a.detach(), b.detach()))
        ['loss']
    """

    needs_target = True
    queue: torch.Tensor
    cursor: torch.Tensor

    def __init__(
        self, dimension: int, norm: str = "auto", *, size: int = 4096, temperature: float = 0.2, stay: float = 0.99
    ) -> None:
        super().__init__(dimension, norm)
        if size < 1:
            msg = f"MoCo's queue needs room for at least one key, got {size}"
            raise ObjectiveError(msg)
        self.temperature, self.stay = temperature, stay
        self.register_buffer("queue", functional.normalize(torch.randn(size, dimension), dim=1))
        self.register_buffer("cursor", torch.zeros((), dtype=torch.long))
        self._keys: torch.Tensor | None = None

    def compare(self, views: Pair, targets: Pair) -> dict[str, torch.Tensor]:
        """See `Objective.compare`; the keys enter the queue in `after_step`."""
        (a, b), (target_a, target_b) = views, targets
        key_a, key_b = (functional.normalize(x, dim=1) for x in (target_a, target_b))
        if self.training:
            self._keys = torch.cat([key_a, key_b])
        # A copy: the queue is written in place before a caller may ask for the gradient.
        negatives = self.queue.clone()
        loss = 0.5 * (info_nce(a, key_b, negatives, self.temperature) + info_nce(b, key_a, negatives, self.temperature))
        return {"loss": loss}

    @torch.no_grad()
    def after_step(self, progress: float) -> None:
        """Write the last keys over the oldest ones, once."""
        if self._keys is None:
            return
        size = len(self.queue)
        keys, self._keys = self._keys[-size:].to(self.queue.dtype), None
        places = (self.cursor + torch.arange(len(keys), device=self.queue.device)) % size
        self.queue[places] = keys
        self.cursor.copy_((self.cursor + len(keys)) % size)

    def momentum(self, progress: float) -> float:
        """Constant, as in the paper."""
        return self.stay
