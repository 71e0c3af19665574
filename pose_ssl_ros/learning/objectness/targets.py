"""What the net should say about a picture, and how far it is from saying it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pose_ssl_ros.learning.objectness.net import STRIDE, to_corners

#: Width of the hill around a centre, in box sizes, and the least in cells.
_HILL, _LEAST_HILL = 0.09, 0.6
#: Cells where the hill is at least so high learn the box.
_TEACHES = 0.35


@dataclass(frozen=True)
class Target:
    """Targets of one picture over its cells."""

    heat: np.ndarray  # (h, w) float32, 1 at centres, a hill around them
    boxes: np.ndarray  # (h, w, 4) float32: x0, y0, x1, y1 of the object that a cell belongs to
    weight: np.ndarray  # (h, w) float32: how much the cell's box counts
    counts: np.ndarray  # (h, w) float32: 0 where nothing is asked of the heatmap


def encode(boxes: np.ndarray, height: int, width: int) -> Target:
    """Targets for boxes (n, 5) = x, y, w, h, wanted (1) or ignored (0) in a picture of height x width pixels."""
    rows, columns = height // STRIDE, width // STRIDE
    ys, xs = np.arange(rows, dtype=np.float32)[:, None], np.arange(columns, dtype=np.float32)[None]
    heat, weight = np.zeros((rows, columns), np.float32), np.zeros((rows, columns), np.float32)
    counts, corners = np.ones((rows, columns), np.float32), np.zeros((rows, columns, 4), np.float32)
    for x, y, w, h, wanted in boxes:
        if not wanted:
            a, b = int(max(0, x // STRIDE)), int(max(0, y // STRIDE))
            counts[b : int((y + h) // STRIDE) + 1, a : int((x + w) // STRIDE) + 1] = 0.0
    # Large ones first: where hills meet, the smaller object has the cell.
    for x, y, w, h, _ in sorted((b for b in boxes if b[4]), key=lambda b: -b[2] * b[3]):
        column = min(columns - 1, max(0, int((x + w / 2) / STRIDE)))
        row = min(rows - 1, max(0, int((y + h / 2) / STRIDE)))
        sx, sy = max(_LEAST_HILL, _HILL * w / STRIDE), max(_LEAST_HILL, _HILL * h / STRIDE)
        hill = np.exp(-((xs - column) ** 2) / (2 * sx * sx) - (ys - row) ** 2 / (2 * sy * sy))
        here = (hill >= _TEACHES) & (hill >= weight)
        corners[here] = (x, y, x + w, y + h)
        weight[here] = hill[here]
        heat = np.maximum(heat, hill)
        counts[hill > 0.1] = 1.0
    return Target(heat, corners, weight, counts)


def heat_loss(logits: Tensor, heat: Tensor, counts: Tensor) -> Tensor:
    """Focal loss of the centre heatmap, per object ("Objects as Points", eq. 1, with alpha 2 and beta 4)."""
    p = torch.sigmoid(logits).clamp(1e-5, 1 - 1e-5)
    centre = (heat >= 0.999).float()
    near = -centre * (1 - p) ** 2 * torch.log(p)
    far = -(1 - centre) * (1 - heat) ** 4 * p**2 * torch.log(1 - p)
    return (counts * (near + far)).sum() / centre.sum().clamp(min=1.0)


def box_loss(sides: Tensor, boxes: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """1 - GIoU and the edges' error in box sizes, each a mean weighted by cell (Rezatofighi et al. 2019)."""
    chosen = weight > 0
    if not bool(chosen.any()):
        return sides.sum() * 0.0, sides.sum() * 0.0
    got, true, share = to_corners(sides)[chosen], boxes[chosen], weight[chosen]
    common = (torch.minimum(got[:, 2:], true[:, 2:]) - torch.maximum(got[:, :2], true[:, :2])).clamp(min=0).prod(1)
    around = (torch.maximum(got[:, 2:], true[:, 2:]) - torch.minimum(got[:, :2], true[:, :2])).prod(1)
    size = true[:, 2:] - true[:, :2]
    both = (got[:, 2:] - got[:, :2]).prod(1) + size.prod(1) - common
    giou = common / both.clamp(min=1e-3) - (around - both) / around.clamp(min=1e-3)
    edges = (got - true).abs().mean(1) / size.mean(1).clamp(min=8.0)
    total = share.sum()
    return ((1 - giou) * share).sum() / total, (edges * share).sum() / total
