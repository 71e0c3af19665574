"""Writes encoder and probes as one ONNX file, by hand.

The graph is a dozen kinds of node, so building it takes milliseconds at every
version, where tracing the network takes seconds of a busy machine.  A test
holds the result to the torch network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from pose_ssl_ros.interfaces import ModelVersion
from pose_ssl_ros.learning.encoder import PIXEL_MEAN, PIXEL_STD, Block, Encoder
from pose_ssl_ros.modelfile import INPUT_NAME, OUTPUT_NAMES, PROTOTYPES, write_version
from pose_ssl_ros.probing.features import CELLS, PATTERN_EPS
from pose_ssl_ros.probing.heading_head import HeadingHead, SecondOpinion, bins_to_headings, resultants
from pose_ssl_ros.probing.identity_head import IdentityHead
from pose_ssl_ros.viewpoint import UNKNOWN

#: Old enough for every ONNX Runtime that a supported ROS 2 machine has.
OPSET, IR_VERSION = 17, 8


class _Graph:
    """Collects nodes and initialisers; every method returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._known: set[str] = set()

    def constant(self, name: str, value: np.ndarray | torch.Tensor | Sequence[int] | float) -> str:
        if name not in self._known:
            array = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
            array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
            self._known.add(name)
        return name

    def op(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        output = name or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def conv(self, x: str, layer: torch.nn.Conv2d, name: str) -> str:
        pad = list(layer.padding)  # type: ignore[arg-type]
        weight = self.constant(f"{name}.weight", layer.weight)
        return self.op(
            "Conv", x, weight, strides=list(layer.stride), pads=pad + pad, kernel_shape=list(layer.kernel_size)
        )

    def batch_norm(self, x: str, layer: torch.nn.BatchNorm2d, name: str) -> str:
        # Only an experiment compares with it; by its running statistics it is a scale and a shift.
        mean, variance = cast("torch.Tensor", layer.running_mean), cast("torch.Tensor", layer.running_var)
        scale = layer.weight / torch.sqrt(variance + layer.eps)
        scaled = self.op("Mul", x, self.constant(f"{name}.weight", scale.reshape(1, -1, 1, 1)))
        return self.op("Add", scaled, self.constant(f"{name}.bias", (layer.bias - mean * scale).reshape(1, -1, 1, 1)))

    def group_norm(self, x: str, layer: torch.nn.GroupNorm | torch.nn.BatchNorm2d, side: int, name: str) -> str:
        if isinstance(layer, torch.nn.BatchNorm2d):
            return self.batch_norm(x, layer, name)
        # GroupNorm is InstanceNorm over groups; the operator of its own came with opset 18.
        groups, channels = layer.num_groups, layer.num_channels
        rows = self.op("Reshape", x, self.constant(f"shape.groups{groups}", [0, groups, -1]))
        one, zero = self.constant(f"ones{groups}", np.ones(groups)), self.constant(f"zeros{groups}", np.zeros(groups))
        rows = self.op("InstanceNormalization", rows, one, zero, epsilon=layer.eps)
        x = self.op("Reshape", rows, self.constant(f"shape.{channels}x{side}", [0, channels, side, side]))
        scale = self.constant(f"{name}.weight", layer.weight.reshape(1, channels, 1, 1))
        shift = self.constant(f"{name}.bias", layer.bias.reshape(1, channels, 1, 1))
        return self.op("Add", self.op("Mul", x, scale), shift)

    def block(self, x: str, block: Block, side: int, name: str) -> str:
        y = self.conv(x, block.conv1, f"{name}.conv1")
        y = self.op("Relu", self.group_norm(y, block.norm1, side, f"{name}.norm1"))
        y = self.conv(y, block.conv2, f"{name}.conv2")
        y = self.group_norm(y, block.norm2, side, f"{name}.norm2")
        skip = x if block.shortcut is None else self.conv(x, block.shortcut, f"{name}.shortcut")
        return self.op("Relu", self.op("Add", y, skip))

    def unit(self, x: str, name: str = "") -> str:
        square = self.op("ReduceSum", self.op("Mul", x, x), self.constant("axis1", [1]), keepdims=1)
        norm = self.op("Sqrt", self.op("Add", square, self.constant("tiny", 1e-12)))
        return self.op("Div", x, norm, name=name)

    def familiar(self, x: str, anchors: str, name: str, threshold: float, sharpness: float) -> str:
        """Sigmoid of the greatest cosine of x with an anchor, (N, 1)."""
        nearest = self.op("ReduceMax", self.op("MatMul", self.unit(x), anchors), axes=[1], keepdims=1)
        gap = self.op("Sub", nearest, self.constant(f"{name}.threshold", threshold))
        return self.op("Sigmoid", self.op("Mul", gap, self.constant(f"{name}.sharpness", sharpness)))


def export(encoder: Encoder, heading: HeadingHead, identity: IdentityHead, version: ModelVersion) -> bytes:
    """Return the ONNX file for the contract of the `model` topic, with its identity card.

    Args:
        encoder: The encoder; it is read, not changed.
        heading: The heading head fitted to this encoder.
        identity: The identity head fitted to this encoder.
        version: Number, parent, objective and training statistics; sizes, classes,
            normalisation, readiness and hash are filled in here.
    """
    size = encoder.architecture.size
    g = _Graph()
    x = g.op("Cast", INPUT_NAME, to=TensorProto.FLOAT)
    x = g.op("Transpose", x, perm=[0, 3, 1, 2])
    mean, std = np.array(PIXEL_MEAN).reshape(1, 3, 1, 1), np.array(PIXEL_STD).reshape(1, 3, 1, 1)
    x = g.op("Div", g.op("Sub", x, g.constant("pixel.mean", mean)), g.constant("pixel.std", std))
    x = g.conv(x, encoder.stem, "stem")
    x = g.op("Relu", g.group_norm(x, encoder.stem_norm, size // 2, "stem_norm"))
    x = g.block(x, encoder.stage1, size // 4, "stage1")
    middle = g.block(x, encoder.stage2, size // 8, "stage2")
    for index, block in enumerate(encoder.deeper):
        middle = g.block(middle, cast("Block", block), size // 8, f"deeper{index}")
    last = g.block(middle, encoder.stage3, size // 16, "stage3")
    last = g.op("ReduceMean", last, axes=[2, 3], keepdims=0)
    _identity(g, last, identity)
    _heading(g, _pattern(g, middle, encoder), heading)
    crops = helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, ["n", size, size, 3])
    names = (*OUTPUT_NAMES, *([PROTOTYPES] if identity.ids else []))
    widths = (len(identity.centre), len(identity.classes), 5, 2, len(identity.owner))
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
        for name, width in zip(names, widths, strict=False)
    ]
    graph = helper.make_graph(g.nodes, "pose_ssl", [crops], outputs, g.initializers)
    model = helper.make_model(
        graph, producer_name="pose_ssl_ros", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    card = _card(version, encoder, heading, identity)
    return write_version(model.SerializeToString(), card)


def _card(version: ModelVersion, encoder: Encoder, heading: HeadingHead, identity: IdentityHead) -> ModelVersion:
    return ModelVersion(
        version=version.version,
        parent=version.parent,
        objective=version.objective,
        classes=identity.classes,
        input_size=encoder.architecture.size,
        mean=PIXEL_MEAN,
        std=PIXEL_STD,
        heading_ready=heading.gate > 0,
        identity_ready=identity.ready,
        prototypes=(*identity.ids, UNKNOWN) if identity.ids else (),
        prototype_names=identity.titles if identity.ids else (),
        merged=dict(identity.merged),
        training=version.training,
    )


def _pattern(g: _Graph, middle: str, encoder: Encoder) -> str:
    """As `probing.features.spatial_pattern`."""
    a = encoder.architecture
    kernel = a.middle_side // CELLS
    pooled = g.op("AveragePool", middle, kernel_shape=[kernel, kernel], strides=[kernel, kernel])
    rows = g.op("Reshape", pooled, g.constant("shape.rows", [0, a.middle_channels, CELLS * CELLS]))
    centred = g.op("Sub", rows, g.op("ReduceMean", rows, axes=[2], keepdims=1))
    square = g.op("ReduceSum", g.op("Mul", centred, centred), g.constant("axis2", [2]), keepdims=1)
    norm = g.op("Sqrt", g.op("Add", square, g.constant("pattern.eps", PATTERN_EPS)))
    flat = g.op("Reshape", g.op("Div", centred, norm), g.constant("shape.flat", [0, -1]))
    return g.op("Mul", flat, g.constant("pattern.scale", 1 / math.sqrt(a.middle_channels)))


def _identity(g: _Graph, last: str, head: IdentityHead) -> None:
    """As `IdentityHead.apply`."""
    centred = g.op("Sub", last, g.constant("identity.centre", head.centre))
    if head.projection is not None:
        centred = g.op("MatMul", centred, g.constant("identity.projection", head.projection))
    embedding = g.unit(centred, name="embedding")
    cosines = g.op("MatMul", embedding, g.constant("identity.prototypes", head.prototypes))
    # One more column that is the floor for every row: pad with it.
    pads, floor = g.constant("identity.pads", [0, 0, 0, 1]), g.constant("identity.floor", head.floor)
    logits = g.op("Mul", g.op("Pad", cosines, pads, floor), g.constant("identity.sharpness", head.sharpness))
    p = g.op("Softmax", logits, axis=1, name=PROTOTYPES)
    g.op("MatMul", p, g.constant("identity.owner", head.owner), name="identity")


def _heading(g: _Graph, features: str, head: HeadingHead) -> None:
    """As `HeadingHead.apply`."""
    bins = head.matrix.shape[1]
    axis = g.constant("axis1", [1])
    z = g.op(
        "MatMul",
        g.op("Sub", features, g.constant("heading.centre", head.centre)),
        g.constant("heading.projection", head.projection),
    )
    reading = g.op("MatMul", z, g.constant("heading.matrix", head.matrix))
    logits = g.op("Add", reading, g.constant("heading.bias", head.bias))
    p = g.op("Softmax", logits, axis=1)
    directions = g.constant("heading.directions", resultants(np.eye(bins)))
    resultant = g.op("MatMul", p, directions)
    seen = g.constant("heading.anchors", head.anchors)
    familiar = g.familiar(z, seen, "heading", head.threshold, head.sharpness)
    read = g.constant("heading.readings", head.readings)
    legible = g.familiar(reading, read, "heading.reading", head.reading_threshold, head.reading_sharpness)
    square = g.op("ReduceSum", g.op("Mul", resultant, resultant), axis, keepdims=1)
    length = g.op("Sqrt", g.op("Add", square, g.constant("tiny", 1e-12)))
    gap = g.op("Sub", length, g.constant("heading.min_length", head.min_length))
    slope = g.constant("heading.length_slope", head.length_slope)
    if head.second is not None:
        gap = g.op("Add", gap, _relief(g, z, resultant, length, directions, slope, head.second))
    certain = g.op("Sigmoid", g.op("Mul", gap, slope))
    gate = g.constant("heading.gate", head.gate)
    known = g.op("Mul", g.op("Mul", g.op("Mul", familiar, legible), certain), gate)
    to_classes = g.constant("heading.classes", head.covered[:, None] * bins_to_headings(bins))
    classes = g.op("Mul", g.op("MatMul", p, to_classes), known)
    unknown = g.op("Sub", g.constant("one", 1.0), g.op("ReduceSum", classes, axis, keepdims=1))
    g.op("Concat", classes, unknown, name="heading", axis=1)
    g.op("Mul", resultant, gate, name="azimuth")


def _relief(g: _Graph, z: str, answer: str, length: str, directions: str, slope: str, second: SecondOpinion) -> str:
    """As `SecondOpinion.relief`."""
    reading = g.op("MatMul", z, g.constant("heading.second.matrix", second.matrix))
    chances = g.op("Softmax", g.op("Add", reading, g.constant("heading.second.bias", second.bias)), axis=1)
    product = g.op("Mul", answer, g.op("MatMul", chances, directions))
    along = g.op("Div", g.op("ReduceSum", product, g.constant("axis1", [1]), keepdims=1), length)
    seen = g.constant("heading.second.anchors", second.anchors)
    familiar = g.familiar(z, seen, "heading.second", second.threshold, second.sharpness)
    beyond = g.op("Sub", g.op("Mul", familiar, along), g.constant("heading.second.least", second.least))
    agreement = g.op("Sigmoid", g.op("Mul", beyond, slope))
    return g.op("Mul", agreement, g.constant("heading.second.most_relief", second.most_relief))
