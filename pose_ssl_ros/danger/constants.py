"""Constants of `danger.calibration`; this file is written by the command below, do not edit it."""

from __future__ import annotations

COMMAND = "pose-ssl experiment danger"
#: By kind of motion (standing, moving, unknown): bias, then the weights of
#: could, does, blocks, pulls, meets, front, unsure.
WEIGHTS = (
    (-4.279, 0, 0.61, 2.762, 4.147, 1.199, 0, 2.144),
    (-4.097, 0, 2.953, 4.876, 0, 2.333, 2.758, 0),
    (-4.032, 0, 0.498, 0, 2.485, 4.07, 0, 4.466),
)
