"""A small fully convolutional detector without classes: one heatmap of centres and four distances per cell.

Centres as peaks of a heatmap follow Zhou, Wang, Krähenbühl, "Objects as Points" (arXiv 1904.07850); distances to
the four sides follow Tian et al., "FCOS" (arXiv 1904.01355).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Pixels per cell of the output.
STRIDE = 4
#: Height and width of the input must be multiples of this.
MULTIPLE = 32
#: A raw distance of 0 means so many pixels.
UNIT = 16.0
#: Raw distances beyond +-this are not believed: exp stays finite, boxes stay in the picture.
_MOST_RAW = 4.0


def _conv(inner: int, outer: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, size, stride, size // 2, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)
    )


class _Residual(nn.Module):
    """Two convolutions beside a straight way."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class ObjectnessNet(nn.Module):
    """Picture to centre logits and distances; about 0.27 G multiplications for 320 x 256."""

    def __init__(self) -> None:
        """Build with random weights."""
        super().__init__()
        self.stem = _conv(3, 16, 2)
        self.down4 = _conv(16, 24, 2)
        self.down8 = nn.Sequential(_conv(24, 48, 2), _Residual(48))
        self.down16 = nn.Sequential(_conv(48, 80, 2), _Residual(80), _conv(80, 80))
        self.down32 = nn.Sequential(_conv(80, 112, 2), _Residual(112), _conv(112, 112))
        self.side16, self.up16 = nn.Conv2d(80, 64, 1), nn.Conv2d(112, 64, 1)
        self.side8, self.up8 = nn.Conv2d(48, 48, 1), nn.Conv2d(64, 48, 1)
        self.mix8 = _conv(48, 48)
        self.side4, self.up4 = nn.Conv2d(24, 32, 1), nn.Conv2d(48, 32, 1)
        self.mix4 = _conv(32, 32)
        self.heat = nn.Conv2d(32, 1, 1)
        self.sides = nn.Conv2d(32, 4, 1)
        nn.init.constant_(self.heat.bias, -4.0)  # type: ignore[arg-type]  # objects are rare

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Look at pictures.

        Args:
            image: (N, 3, H, W) float, 0..255, H and W multiples of `MULTIPLE`.

        Returns:
            Centre logits (N, 1, H/4, W/4), and pixels from the cell's middle to the left, top, right and bottom
            side (N, 4, H/4, W/4).
        """
        x4 = self.down4(self.stem((image - 128.0) / 64.0))
        x8 = self.down8(x4)
        x16 = self.down16(x8)
        x32 = self.down32(x16)
        y = functional.relu(self.side16(x16) + _double(self.up16(x32)))
        y = self.mix8(functional.relu(self.side8(x8) + _double(self.up8(y))))
        y = self.mix4(functional.relu(self.side4(x4) + _double(self.up4(y))))
        return self.heat(y), UNIT * torch.exp(self.sides(y).float().clamp(-_MOST_RAW, _MOST_RAW))


class ExportedNet(nn.Module):
    """What the ONNX file computes: peaks and boxes, so that a reader only cuts off and suppresses."""

    def __init__(self, net: ObjectnessNet) -> None:
        """Wrap a trained net."""
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Look at a picture.

        Args:
            image: (N, H, W, 3) uint8 RGB.

        Returns:
            `scores` (N, H/4, W/4): probability of a centre where it is a peak of its 3 x 3 neighbours, else 0;
            `boxes` (N, H/4, W/4, 4): x0, y0, x1, y1 in pixels.
        """
        heat, sides = self.net(image.permute(0, 3, 1, 2).float())
        peak = functional.max_pool2d(heat, 3, 1, 1)
        scores = torch.where(heat >= peak, torch.sigmoid(heat), torch.zeros_like(heat))[:, 0]
        return scores, to_corners(sides)


def to_corners(sides: Tensor) -> Tensor:
    """Distances (N, 4, h, w) from the middle of each cell to boxes (N, h, w, 4) as x0, y0, x1, y1."""
    ones = torch.ones_like(sides[:, 0])
    x = (torch.cumsum(ones, 2) - 0.5) * STRIDE
    y = (torch.cumsum(ones, 1) - 0.5) * STRIDE
    return torch.stack([x - sides[:, 0], y - sides[:, 1], x + sides[:, 2], y + sides[:, 3]], dim=-1)


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
