"""Constants of `danger.calibration`; this file is written by the command below, do not edit it."""

from __future__ import annotations

COMMAND = "pose-ssl experiment danger"
#: By kind of motion (standing, moving, unknown): bias, then the weights of could, does, blocks, pulls, meets, front.
WEIGHTS = (
    (-3.56, 0, 1.206, 3.134, 2.5, 1.572, 0.86, 1.5),
    (-3.376, 0, 1.672, 2.151, 0, 2.244, 3.897, 0),
    (-3.839, 0, 0.261, 0, 4.234, 2.814, 0, 4.2),
)
