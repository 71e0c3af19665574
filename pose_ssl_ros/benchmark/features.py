"""Features of a dataset's crops by a trained encoder, as the probes read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from pose_ssl_ros.benchmark.weights import Trained
from pose_ssl_ros.datasets.dataset import Dataset
from pose_ssl_ros.probing.features import CELLS, spatial_pattern


@dataclass(frozen=True)
class Features:
    """Readings of n crops, float32.

    Attributes:
        last: (n, D) pooled last feature, unit length.
        middle: (n, F) where each channel of the middle map fires (`probing.features.spatial_pattern`).
        head: (n, B) probabilities of azimuth bins by the method's own head, or None.
    """

    last: np.ndarray
    middle: np.ndarray
    head: np.ndarray | None

    def layer(self, name: str) -> np.ndarray:
        """`last` or `middle`."""
        return self.last if name == "last" else self.middle


@torch.no_grad()
def extract(trained: Trained, dataset: Dataset, device: torch.device, chunk: int = 256) -> Features:
    """Read all crops of a dataset.

    Args:
        trained: On any device; it is moved.
        dataset: What is read, in its order; crops are read chunk by chunk.
        device: Where to compute.
        chunk: Crops at a time.

    Raises:
        DatasetError: If a shard is missing or damaged.
    """
    encoder = trained.encoder.to(device).eval()
    heading = None if trained.heading is None else trained.heading.to(device)
    last, middle, head = [], [], []
    for start in range(0, len(dataset), chunk):
        crops = dataset.crops(np.arange(start, min(start + chunk, len(dataset))))
        pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(device).permute(0, 3, 1, 2).float()
        feature, feature_map = encoder(pixels.contiguous(memory_format=torch.channels_last))
        pattern = spatial_pattern(feature_map)
        last.append(functional.normalize(feature, dim=1).cpu().numpy())
        middle.append(pattern.cpu().numpy())
        if heading is not None:
            # Scaled as in training, see `Combined.heading_logits`.
            head.append(torch.softmax(heading(pattern * CELLS**2), 1).cpu().numpy())
    if not last:
        a = encoder.architecture
        none = np.zeros((0, a.middle_channels * CELLS**2), np.float32)
        return Features(np.zeros((0, a.dimension), np.float32), none, None)
    return Features(np.concatenate(last), np.concatenate(middle), np.concatenate(head) if head else None)
