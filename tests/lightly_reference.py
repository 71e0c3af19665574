"""Imports lightly, the reference of the formulas, also where torchvision was built for another torch.

A torchvision built for CUDA beside a CPU torch fails to import for want of two operators that nobody here
calls; declaring their schemas is enough.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

_SCHEMAS = ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",)
_SCHEMAS += (_SCHEMAS[0].replace("nms", "qnms"),)
_kept: list[Any] = []  # a library that is let go of takes its operators with it


def load(name: str) -> Any:
    """A module of lightly, such as `lightly.loss.ntx_ent_loss`.

    Raises:
        ImportError: If lightly is not installed.
    """
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for module in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
            del sys.modules[module]
        import torch

        library = torch.library.Library("torchvision", "FRAGMENT")
        for schema in _SCHEMAS:
            library.define(schema)
        _kept.append(library)
    return importlib.import_module(name)


def reference(name: str) -> Any:
    """The same for a test, which is skipped where lightly is not installed."""
    import pytest  # the benchmark that shares `load` runs without it

    try:
        return load(name)
    except ImportError as error:
        pytest.skip(f"lightly is a development dependency: {error}")
