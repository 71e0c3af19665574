"""Constants of `danger.calibration`; this file is written by the command below, do not edit it."""

from __future__ import annotations

COMMAND = "pose-ssl experiment danger"
#: By kind of motion (standing, moving, unknown): bias, then one weight for each of `terms.Terms`.
WEIGHTS = (
    (-3.34, 0.0, 1.0, 4.34, 1.34, 1.17, 2.06),
    (-3.41, 0.0, 1.38, 5.49, 0.0, 1.88, 1.81),
    (-3.91, 0.0, 0.0, 0.0, 5.69, 2.58, 0.0),
)
