"""Constants of `danger.calibration`; this file is written by the command below, do not edit it."""

from __future__ import annotations

COMMAND = "pose-ssl experiment danger"
#: By kind of motion (standing, moving, unknown): bias, then the weights of
#: could, does, blocks, pulls, meets, front, unsure.
WEIGHTS = (
    (-3.686, 0, 0.952, 3.797, 2.602, 1.062, 2.21, 1.301),
    (-3.507, 0, 2.015, 2.896, 0, 1.402, 2.167, 2.362),
    (-4.154, 0, 1.397, 0, 3.379, 3.528, 0, 5.793),
)
