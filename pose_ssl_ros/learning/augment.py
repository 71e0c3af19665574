"""Augmentations of the centre view, vectorised over the batch and cheap on a CPU.

No horizontal flips: they would merge views of the left and of the right side
(FACTS).  Each sample gets its own random crop, colour, grey, blur and noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional


@dataclass(frozen=True)
class Augmentation:
    """How far an augmented view may differ from its crop.

    Attributes:
        min_scale: Smallest side of the random crop as a part of the whole side.
        brightness, contrast, saturation: Greatest relative change.
        hue: Greatest gain of a single channel, relative.
        grey, blur, noise: Probabilities per sample.
        sigma: Standard deviation of the noise in grey levels.
        occlusion: Probability that a neighbour of the batch covers one side of the view.
        occluded: Greatest part that it covers.
    """

    min_scale: float = 0.6
    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.25
    grey: float = 0.2
    blur: float = 0.3
    noise: float = 0.5
    sigma: float = 8.0
    occlusion: float = 0.4
    occluded: float = 0.45

    def __call__(self, pixels: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Augment pixels (N, 3, S, S) in 0..255; the result has the same shape and range."""
        count, device = len(pixels), pixels.device

        def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
            values = torch.rand((count, *shape), generator=generator).to(device)
            return low + (high - low) * values

        x = self._occlude(self._crop(pixels, uniform), uniform)
        luma = torch.tensor([0.299, 0.587, 0.114], device=device).view(1, 3, 1, 1)
        gain = 1 + uniform(-self.brightness, self.brightness, 1, 1, 1)
        tint = 1 + uniform(-self.hue, self.hue, 3, 1, 1)
        x = x * gain * tint
        level = x.mean(dim=(1, 2, 3), keepdim=True)
        x = level + (x - level) * (1 + uniform(-self.contrast, self.contrast, 1, 1, 1))
        keep = 1 + uniform(-self.saturation, self.saturation, 1, 1, 1)
        keep = torch.where(uniform(0, 1, 1, 1, 1) < self.grey, torch.zeros_like(keep), keep)
        grey = (x * luma).sum(dim=1, keepdim=True)
        x = grey + (x - grey) * keep
        # One cheap 3x3 box blur, mixed in per sample.
        mix = torch.where(uniform(0, 1, 1, 1, 1) < self.blur, uniform(0.3, 1, 1, 1, 1), torch.zeros_like(keep))
        x = x + mix * (functional.avg_pool2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1) - x)
        amount = torch.where(
            uniform(0, 1, 1, 1, 1) < self.noise, uniform(0, self.sigma, 1, 1, 1), torch.zeros_like(keep)
        )
        x = x + amount * torch.randn(x.shape, generator=generator).to(device)
        return x.clamp(0, 255)

    def _crop(self, pixels: torch.Tensor, uniform) -> torch.Tensor:  # type: ignore[no-untyped-def]
        """A random square window per sample, resized back in one grid sampling."""
        scale = uniform(self.min_scale, 1.0)
        theta = torch.zeros(len(pixels), 2, 3, device=pixels.device)
        theta[:, 0, 0] = scale
        theta[:, 1, 1] = scale
        theta[:, :, 2] = uniform(-1, 1, 2) * (1 - scale).unsqueeze(1)
        grid = functional.affine_grid(theta, list(pixels.shape), align_corners=False)
        return functional.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)

    def _occlude(self, pixels: torch.Tensor, uniform) -> torch.Tensor:  # type: ignore[no-untyped-def]
        """Let another sample of the batch stand before one side of the view, as things do on a street."""
        side = torch.linspace(0, 1, pixels.shape[3], device=pixels.device)
        across, down = side.view(1, 1, 1, -1), side.view(1, 1, -1, 1)
        part = torch.where(uniform(0, 1, 1, 1, 1) < self.occlusion, uniform(0.1, self.occluded, 1, 1, 1), 0.0)
        where = uniform(0, 4, 1, 1, 1).floor()
        upright = torch.where(where == 2, 1 - down, down)
        depth = torch.where(where == 0, across, torch.where(where == 1, 1 - across, upright))
        return torch.where(depth < part, pixels.roll(1, 0), pixels)
