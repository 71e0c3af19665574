"""The shipped files: `objectness.onnx` and its manifest."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.checker
import onnx.helper
import onnx.numpy_helper
import torch

from pose_ssl_ros.learning.objectness.net import MULTIPLE, ExportedNet, ObjectnessNet

INPUT, OUTPUTS = "image", ("scores", "boxes")


def to_onnx(net: ObjectnessNet) -> bytes:
    """The net as ONNX: `image` (1, H, W, 3) uint8 in; `scores` (1, H/4, W/4), `boxes` (1, H/4, W/4, 4) out."""
    exported = ExportedNet(_folded(net)).eval()
    buffer = io.BytesIO()
    free = {1: "height", 2: "width"}
    torch.onnx.export(
        exported,
        (torch.zeros(1, 8 * MULTIPLE, 10 * MULTIPLE, 3, dtype=torch.uint8),),
        buffer,  # type: ignore[arg-type]
        input_names=[INPUT],
        output_names=list(OUTPUTS),
        dynamic_axes={INPUT: free, OUTPUTS[0]: {1: "rows", 2: "columns"}, OUTPUTS[1]: {1: "rows", 2: "columns"}},
        opset_version=17,
        dynamo=False,
    )
    return _halved(buffer.getvalue())


def _halved(content: bytes) -> bytes:
    """The same graph with large weights stored in 16 bits: half the file; the reader widens them when it loads."""
    model = onnx.ModelProto.FromString(content)
    widen = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < 256:
            continue
        name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        widen.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    for node in reversed(widen):
        model.graph.node.insert(0, node)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _folded(net: ObjectnessNet) -> ObjectnessNet:
    """A copy without normalisation layers: their factors are in the convolutions."""
    net = copy.deepcopy(net).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    for module in list(net.modules()):
        if isinstance(module, torch.nn.Sequential) and len(module) >= 2 and isinstance(module[1], torch.nn.BatchNorm2d):
            module[0] = torch.nn.utils.fuse_conv_bn_eval(module[0], module[1])  # type: ignore[type-var]
            module[1] = torch.nn.Identity()
    return net


def save(folder: Path, model: bytes, card: dict[str, Any]) -> None:
    """Write `objectness.onnx` and `objectness.json` (card and SHA-256), each as a whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {**card, "sha256": hashlib.sha256(model).hexdigest(), "bytes": len(model)}
    text = (json.dumps(card, indent=2) + "\n").encode()
    for name, content in (("objectness.onnx", model), ("objectness.json", text)):
        part = folder / f".{name}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / name)
