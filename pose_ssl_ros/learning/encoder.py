"""The encoder: a small residual network that is quick on a CPU and tolerates streams.

GroupNorm stands in for BatchNorm because the batches of a robot's stream are
correlated: batch statistics would drift with the street (FACTS, Memory
Storyboard).  Two readings leave the network: the *middle map* at an eighth of
the crop's side, where pose is kept, and the pooled *last* feature, where
identity is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

#: Normalisation of pixel values in 0..255, part of the network and of the exported graph.
PIXEL_MEAN = (118.0, 118.0, 118.0)
PIXEL_STD = (60.0, 60.0, 60.0)


@dataclass(frozen=True)
class Architecture:
    """What must agree between a checkpoint and a running encoder."""

    size: int = 64  # side of a crop in pixels, a multiple of 32
    width: int = 16  # channels of the first stage
    groups: int = 8  # of every GroupNorm
    depth: int = 0  # further blocks at the middle map's size

    @property
    def middle_channels(self) -> int:
        """Channels of the middle map."""
        return 4 * self.width

    @property
    def middle_side(self) -> int:
        """Side of the middle map in cells."""
        return self.size // 8

    @property
    def dimension(self) -> int:
        """Length of the last feature."""
        return 8 * self.width

    @property
    def name(self) -> str:
        """Short name that goes into manifests."""
        deeper = f"-d{self.depth}" if self.depth else ""
        return f"resnet-gn-{self.size}px-w{self.width}-g{self.groups}{deeper}"


class Block(nn.Module):
    """Two 3x3 convolutions with a shortcut; a 1x1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int, groups: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.GroupNorm(groups, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.GroupNorm(groups, outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut = None if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        y = functional.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        skip = x if self.shortcut is None else self.shortcut(x)
        return functional.relu(y + skip)


class Encoder(nn.Module):
    """Crops to features.

    Args:
        architecture: Sizes; `Architecture.size` must be a multiple of 32.

    Raises:
        ValueError: If the size, the number of groups or the depth does not fit.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        if architecture.size % 32 or not 32 <= architecture.size <= 128:
            msg = f"crop size must be 32, 64, 96 or 128 px, got {architecture.size}"
            raise ValueError(msg)
        if architecture.width % architecture.groups:
            msg = f"width {architecture.width} must be a multiple of groups {architecture.groups}"
            raise ValueError(msg)
        self.architecture = architecture
        if not 0 <= architecture.depth <= 8:
            msg = f"depth must be between 0 and 8, got {architecture.depth}"
            raise ValueError(msg)
        w, g = architecture.width, architecture.groups
        self.register_buffer("mean", torch.tensor(PIXEL_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(PIXEL_STD).view(1, 3, 1, 1), persistent=False)
        self.stem = nn.Conv2d(3, w, 5, 2, 2, bias=False)
        self.stem_norm = nn.GroupNorm(g, w)
        self.stage1 = Block(w, 2 * w, 2, g)
        self.stage2 = Block(2 * w, 4 * w, 2, g)
        # They widen what a cell of the middle map sees, from two thirds of the crop to all of it.
        self.deeper = nn.Sequential(*(Block(4 * w, 4 * w, 1, g) for _ in range(architecture.depth)))
        self.stage3 = Block(4 * w, 8 * w, 2, g)

    def middle(self, pixels: torch.Tensor) -> torch.Tensor:
        """Map pixels (N, 3, S, S) in 0..255 to the middle map (N, 4 width, S/8, S/8)."""
        mean: torch.Tensor = self.mean  # type: ignore[assignment]
        std: torch.Tensor = self.std  # type: ignore[assignment]
        x = (pixels - mean) / std
        x = functional.relu(self.stem_norm(self.stem(x)))
        found: torch.Tensor = self.deeper(self.stage2(self.stage1(x)))
        return found

    def last(self, middle: torch.Tensor) -> torch.Tensor:
        """Map the middle map to the pooled last feature (N, 8 width)."""
        return self.stage3(middle).mean(dim=(2, 3))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the last feature (N, D) and the middle map (N, C, h, w) of pixels in 0..255."""
        middle = self.middle(pixels)
        return self.last(middle), middle
