"""How fast the moving copy of encoder and projector follows."""

from __future__ import annotations

import math


def cosine_momentum(base: float, progress: float) -> float:
    """Momentum that rises from `base` at the start to 1 at the end of training.

    Source: Grill et al., "Bootstrap your own latent", NeurIPS 2020, section 3.3.

    Args:
        base: Momentum at progress 0.
        progress: Share of the training that is done; what lies outside 0..1 is clipped.
    """
    return 1.0 - (1.0 - base) * (math.cos(math.pi * min(max(progress, 0.0), 1.0)) + 1.0) / 2.0
