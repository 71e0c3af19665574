"""The model file: one ONNX file that carries its own identity card.

Learner and inference process both read it here, so the hash means the same on
both sides.  Needs only `onnx`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from pose_ssl_ros.interfaces import ModelVersion

PREFIX = "pose_ssl."
#: Input and outputs of every model (the contract is in `inference.engine`).
INPUT_NAME = "crops"
OUTPUT_NAMES = ("embedding", "identity", "heading", "azimuth")
#: Output that a model may have besides: what `identity` is summed from, so that a name given later holds backwards.
PROTOTYPES = "prototypes"


class ModelFileError(ValueError):
    """The bytes are not a model file of ours; the text says why."""


def parse(onnx_bytes: bytes) -> onnx.ModelProto:
    """Parse a model without touching any other file.

    Raises:
        ModelFileError: If the bytes are not ONNX.
    """
    try:
        model = onnx.ModelProto.FromString(bytes(onnx_bytes))
    except DecodeError as error:
        msg = "the model is not an ONNX file"
        raise ModelFileError(msg) from error
    # Some garbage parses as protobuf: every field of ONNX is optional.
    if model.ir_version <= 0 or not model.graph.node:
        msg = "the model is not an ONNX file (it has no graph)"
        raise ModelFileError(msg)
    return model


def weights_sha256(onnx_bytes: bytes | onnx.ModelProto) -> str:
    """Hash of all weights: hex SHA-256 over the graph's initialisers sorted by name.

    Each adds its name in UTF-8 and then its tensor in little-endian bytes.

    Args:
        onnx_bytes: The file, or the model already parsed.

    Raises:
        ModelFileError: If the bytes are not ONNX or weights lie in another file.
    """
    model = onnx_bytes if isinstance(onnx_bytes, onnx.ModelProto) else parse(onnx_bytes)
    digest = hashlib.sha256()
    for tensor in sorted(model.graph.initializer, key=lambda t: _utf8(t.name)):
        digest.update(_utf8(tensor.name))
        digest.update(_raw_bytes(tensor))
    return digest.hexdigest()


def read_version(onnx_bytes: bytes | onnx.ModelProto) -> ModelVersion:
    """Read the identity card from `metadata_props`.

    Raises:
        ModelFileError: If the bytes are not ONNX, the version is missing or a field cannot be read.
    """
    model = onnx_bytes if isinstance(onnx_bytes, onnx.ModelProto) else parse(onnx_bytes)
    # protobuf hands out bytes where a string is not UTF-8: damage, never ours.
    pairs = [(p.key, p.value) for p in model.metadata_props if isinstance(p.key, str) and isinstance(p.value, str)]
    texts = {key[len(PREFIX) :]: value for key, value in pairs if key.startswith(PREFIX)}
    for name in ("version", "sha256"):
        if name not in texts:
            msg = f"the model carries no '{PREFIX}{name}' in its metadata"
            raise ModelFileError(msg)
    values: dict[str, Any] = {}
    for item in dataclasses.fields(ModelVersion):
        if item.name in texts:
            values[item.name] = _decode(item.name, texts[item.name])
    return ModelVersion(**values)


def write_version(onnx_bytes: bytes, version: ModelVersion) -> bytes:
    """Return the model with this identity card; an older card is replaced.

    The hash is always taken from the weights themselves, whatever
    ``version.sha256`` says.

    Raises:
        ModelFileError: If the bytes are not ONNX or weights lie in another file.
    """
    model = parse(onnx_bytes)
    kept = [(p.key, p.value) for p in model.metadata_props if not p.key.startswith(PREFIX)]
    card = dataclasses.asdict(dataclasses.replace(version, sha256=weights_sha256(model)))
    del model.metadata_props[:]
    for key, value in kept + [(PREFIX + name, _encode(value)) for name, value in card.items()]:
        model.metadata_props.add(key=key, value=value)
    return bytes(model.SerializeToString())


def has_external_data(model: onnx.ModelProto) -> bool:
    """Whether any tensor of the model lies in another file."""
    return any(_is_external(tensor) for tensor in _tensors(model.graph)) or any(
        _is_external(attribute.t) or any(_is_external(t) for t in attribute.tensors)
        for function in model.functions
        for node in function.node
        for attribute in node.attribute
    )


def _is_external(tensor: onnx.TensorProto) -> bool:
    return tensor.data_location == onnx.TensorProto.EXTERNAL or bool(tensor.external_data)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every tensor of a graph: initialisers, constants and those of subgraphs."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield sparse.values
        yield sparse.indices
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)
            for inner in attribute.graphs:
                yield from _tensors(inner)


def _utf8(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _raw_bytes(tensor: onnx.TensorProto) -> bytes:
    if _is_external(tensor):
        msg = f"the weights '{tensor.name}' lie in another file; a model must be one file"
        raise ModelFileError(msg)
    if tensor.HasField("raw_data"):
        return bytes(tensor.raw_data)  # little-endian by the ONNX specification
    try:
        array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError) as error:
        msg = f"the weights '{tensor.name}' cannot be read"
        raise ModelFileError(msg) from error
    little: np.ndarray = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return little.tobytes()


def _encode(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        # JSON has no NaN; a loss that is not known is left out.
        value = {k: v for k, v in value.items() if not isinstance(v, float) or math.isfinite(v)}
    return json.dumps(value)


def _decode(name: str, text: str) -> Any:
    if name in ("sha256", "objective"):
        return text
    try:
        value = json.loads(text)
        if name in ("version", "parent", "input_size"):
            return _integer(value)
        if name in ("heading_ready", "identity_ready"):
            return _boolean(value)
        if name in ("classes", "prototypes", "prototype_names"):
            return tuple(str(item) for item in _of(list, value))
        if name in ("mean", "std"):
            red, green, blue = (float(item) for item in _of(list, value))
            return (red, green, blue)
        if name == "merged":
            return {str(key): str(item) for key, item in _of(dict, value).items()}
        return {str(key): float(item) for key, item in _of(dict, value).items()}  # training
    except (ValueError, TypeError) as error:
        msg = f"the model's metadata '{PREFIX}{name}' cannot be read: {text[:80]!r}"
        raise ModelFileError(msg) from error


def _of(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(kind.__name__)
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("integer")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("boolean")
    return value
