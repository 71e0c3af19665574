"""Colours: fixed ones that mean something (lamps, glass, tyres) and random ones that mean nothing."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from pose_ssl_sim.meshes import Colour

GLASS: Colour = (0.13, 0.17, 0.22)
TYRE: Colour = (0.07, 0.07, 0.07)
HUB: Colour = (0.62, 0.62, 0.64)
DARK: Colour = (0.12, 0.12, 0.13)
STEEL: Colour = (0.55, 0.55, 0.57)
WHITE_LAMP: Colour = (1.0, 0.98, 0.86)
RED_LAMP: Colour = (0.85, 0.05, 0.05)
AMBER_LAMP: Colour = (1.0, 0.55, 0.08)
FRONT_PLATE: Colour = (0.95, 0.95, 0.92)
REAR_PLATE: Colour = (0.93, 0.9, 0.6)
#: What means something wherever it is; everything else is paint, and paint is the same for all categories.
MEANINGFUL = (GLASS, TYRE, HUB, DARK, STEEL, WHITE_LAMP, RED_LAMP, AMBER_LAMP, FRONT_PLATE, REAR_PLATE)

T = TypeVar("T")


def pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices, each as likely as the others."""
    return choices[int(rng.integers(len(choices)))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True that often."""
    return bool(rng.random() < probability)


def shade(colour: Colour, factor: float) -> Colour:
    """The colour made darker (or, above 1, lighter)."""
    r, g, b = (min(1.0, c * factor) for c in colour)
    return (r, g, b)


def jitter(rng: np.random.Generator, colour: Sequence[float], amount: float) -> Colour:
    """A colour near the given one."""
    r, g, b = (float(np.clip(c + rng.uniform(-amount, amount), 0.0, 1.0)) for c in colour)
    return (r, g, b)


def body_colour(rng: np.random.Generator, loud: bool = False) -> Colour:
    """Any paint: every category draws from the same colours, so that colour never gives it away."""
    if not loud and rng.random() < 0.4:
        level = rng.choice([rng.uniform(0.08, 0.2), rng.uniform(0.4, 0.7), rng.uniform(0.82, 0.97)])
        return jitter(rng, (level, level, level), 0.03)
    r, g, b = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.45, 0.95), rng.uniform(0.35, 0.95))
    return (r, g, b)


def trim_colour(rng: np.random.Generator, paint: Colour) -> Colour:
    """What bumpers, covers and seats are made of: dark, bare metal, the body's paint or another one."""
    kind = int(rng.integers(5))
    if kind == 0:
        return jitter(rng, DARK, 0.06)
    if kind == 1:
        return jitter(rng, STEEL, 0.12)
    return shade(paint, float(rng.uniform(0.5, 0.95))) if kind == 2 else body_colour(rng)


def glass_colour(rng: np.random.Generator) -> Colour:
    """Windows, from privacy glass to ones that mirror the sky."""
    level = rng.uniform(0.0, 1.0) ** 2
    return jitter(rng, [g + level * c for g, c in zip(GLASS, (0.25, 0.3, 0.34), strict=True)], 0.02)
