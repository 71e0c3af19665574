"""Small valid models under the contract, and bad ones, made with onnx.helper (no torch)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pose_ssl_ros.interfaces import ModelVersion
from pose_ssl_ros.modelfile import PREFIX, write_version

CLASSES = ("car", "person")


def make_model(
    version: int = 1,
    *,
    size: int = 32,
    heading: tuple[float, ...] = (0.8, 0.1, 0.05, 0.05, 0.0),
    azimuth: tuple[float, float] = (0.9, 0.0),
    classes: tuple[str, ...] = CLASSES,
    heading_ready: bool = True,
    identity_ready: bool = True,
    edit: Callable[[onnx.ModelProto], None] | None = None,
    **card: object,
) -> bytes:
    """A model that answers the same heading and azimuth for every crop.

    Its embedding is the unit mean colour, and its identity leans to the first class
    for bright crops.  `edit` changes the graph before the identity card is written.
    """
    weights = {
        "one": np.array([1.0], np.float32),
        "scale": np.array([1 / 255], np.float32),
        "heading_row": np.array([heading], np.float32),
        "azimuth_row": np.array([azimuth], np.float32),
        "identity_weights": np.linspace(1, -1, 3 * len(classes), dtype=np.float32).reshape(3, len(classes)),
        "zero": np.zeros((3, 1), np.float32),
        "tiny": np.array([1e-3], np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["crops"], ["as_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["as_float", "scale"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled"], ["colour"], axes=[1, 2], keepdims=0),
        helper.make_node("Add", ["colour", "tiny"], ["positive"]),
        helper.make_node("LpNormalization", ["positive"], ["embedding"], axis=1, p=2),
        helper.make_node("MatMul", ["colour", "identity_weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["identity"], axis=1),
        helper.make_node("MatMul", ["colour", "zero"], ["nothing"]),  # (N, 1) zeros carry the batch
        helper.make_node("Add", ["nothing", "heading_row"], ["heading"]),
        helper.make_node("Add", ["nothing", "azimuth_row"], ["azimuth"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("crops", TensorProto.UINT8, ["n", size, size, 3])],
        [
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 3]),
            helper.make_tensor_value_info("identity", TensorProto.FLOAT, ["n", len(classes)]),
            helper.make_tensor_value_info("heading", TensorProto.FLOAT, ["n", len(heading)]),
            helper.make_tensor_value_info("azimuth", TensorProto.FLOAT, ["n", len(azimuth)]),
        ],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if edit is not None:
        edit(model)
    identity = ModelVersion(
        version=version,
        objective="vicreg",
        classes=classes,
        input_size=size,
        heading_ready=heading_ready,
        identity_ready=identity_ready,
        **card,  # type: ignore[arg-type]
    )
    return write_version(model.SerializeToString(), identity)


def set_metadata(content: bytes, name: str, value: str | None) -> bytes:
    """The model with one metadata field changed, or taken out for None; nothing else is put right."""
    model = onnx.ModelProto.FromString(content)
    kept = [(p.key, p.value) for p in model.metadata_props if p.key != PREFIX + name]
    del model.metadata_props[:]
    for key, text in kept + ([(PREFIX + name, value)] if value is not None else []):
        model.metadata_props.add(key=key, value=text)
    return bytes(model.SerializeToString())


def external(content: bytes) -> bytes:
    """The model with one weight moved to another file."""
    model = onnx.ModelProto.FromString(content)
    tensor = next(t for t in model.graph.initializer if t.name == "heading_row")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    return bytes(model.SerializeToString())


def _set_weight(name: str, value: np.ndarray) -> Callable[[onnx.ModelProto], None]:
    def edit(model: onnx.ModelProto) -> None:
        for tensor in model.graph.initializer:
            if tensor.name == name:
                tensor.CopyFrom(numpy_helper.from_array(value, name))

    return edit


def _rename_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].name = "images"
    model.graph.node[0].input[0] = "images"


def _float_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def _fixed_batch(model: onnx.ModelProto) -> None:
    dimension = model.graph.input[0].type.tensor_type.shape.dim[0]
    dimension.Clear()
    dimension.dim_value = 1


def _no_azimuth(model: onnx.ModelProto) -> None:
    outputs = [o for o in model.graph.output if o.name != "azimuth"]
    del model.graph.output[:]
    model.graph.output.extend(outputs)


def _unknown_operator(model: onnx.ModelProto) -> None:
    model.graph.node[0].op_type = "NoSuchOperator"


def bad_models() -> dict[str, tuple[bytes, str]]:
    """Models that must be refused: what is wrong -> (file, a word that the reason must hold)."""
    good = make_model()
    nan = np.array([[np.nan, 0, 0, 0, 0]], np.float32)
    return {
        "empty": (b"", "not an ONNX"),
        "not onnx": (b"this is a text, not a model" * 20, "not an ONNX"),
        "cut in half": (good[: len(good) // 2], ""),
        "no metadata": (set_metadata(good, "version", None), "version"),
        "broken metadata": (set_metadata(good, "input_size", "huge"), "input_size"),
        "wrong hash": (set_metadata(good, "sha256", "0" * 64), "sha256"),
        "wrong size in metadata": (set_metadata(good, "input_size", "48"), "48"),
        "external data": (external(good), "another file"),
        "other input name": (make_model(edit=_rename_input), "inputs"),
        "float input": (make_model(edit=_float_input), ""),
        "fixed batch": (make_model(edit=_fixed_batch), "batch"),
        "missing output": (make_model(edit=_no_azimuth), "azimuth"),
        "unknown operator": (make_model(edit=_unknown_operator), "cannot load"),
        "nan heading": (make_model(edit=_set_weight("heading_row", nan)), "not finite"),
        "no probabilities": (make_model(heading=(1.0, 1.0, 0.0, 0.0, 0.0)), "probabilities"),
        "four headings": (make_model(heading=(0.25, 0.25, 0.25, 0.25)), "heading"),
        "long azimuth": (make_model(azimuth=(3.0, 0.0)), "azimuth"),
        "classes do not fit": (set_metadata(good, "classes", '["car"]'), "classes"),
    }
