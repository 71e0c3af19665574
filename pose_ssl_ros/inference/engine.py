"""Runs one model with ONNX Runtime on the CPU, after not believing a word of it.

The model contract: input `crops` uint8 [N, S, S, 3] RGB with N free; outputs
`embedding` [N, D], `identity` [N, K], `heading` [N, 5] and `azimuth` [N, 2], float32.  A model whose card
names prototypes has an output `prototypes` [N, P] too, which `identity` is summed from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime

from pose_ssl_ros.interfaces import ModelVersion
from pose_ssl_ros.modelfile import (
    INPUT_NAME,
    OUTPUT_NAMES,
    PROTOTYPES,
    ModelFileError,
    has_external_data,
    parse,
    read_version,
    weights_sha256,
)

#: Trailing dimension that each output must have (None: any, fixed).
_WIDTHS: dict[str, int | None] = {"embedding": None, "identity": None, "heading": 5, "azimuth": 2}
_PROBE_BATCH = 3  # not 1: a graph whose batch is fixed at 1 must fail here


class ModelError(ValueError):
    """A model is refused; the text is the reason."""


@dataclass(frozen=True)
class Outputs:
    """What the model says of N crops, float32."""

    embedding: np.ndarray  # (N, D), unit length
    identity: np.ndarray  # (N, K), probabilities over the model's classes
    heading: np.ndarray  # (N, 5), aligned with viewpoint.HEADINGS_AND_UNKNOWN
    azimuth: np.ndarray  # (N, 2), mean resultant vector (cos, sin); its length is the concentration
    prototypes: np.ndarray | None = None  # (N, P), probabilities over the card's prototypes


class Engine:
    """One verified model.

    Args:
        model_bytes: The ONNX file.
        threads: Threads of ONNX Runtime.
        max_bytes: Larger files are refused.

    Raises:
        ModelError: If the model does not keep the contract; the text says where.
    """

    def __init__(self, model_bytes: bytes, threads: int = 1, max_bytes: int = 256 << 20) -> None:
        """Check and load the model."""
        self.version: ModelVersion = _checked_version(model_bytes, max_bytes)
        self.size_bytes = len(model_bytes)
        self._names = [*OUTPUT_NAMES, *([PROTOTYPES] if self.version.prototypes else [])]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Spinning threads would take the cores from the learner between two frames.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(model_bytes, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            msg = f"ONNX Runtime cannot load the model: {_first_line(error)}"
            raise ModelError(msg) from error
        self._check_signature()
        self._probe()

    @property
    def input_size(self) -> int:
        """Side of a crop in pixels."""
        return self.version.input_size

    def run(self, crops: np.ndarray) -> Outputs:
        """Read a batch of crops.

        Args:
            crops: (N, S, S, 3) uint8 RGB.

        Raises:
            ModelError: If the shape is wrong, the model fails or its output is not finite.
        """
        size = self.input_size
        if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1:] != (size, size, 3):
            msg = f"crops must be uint8 [N, {size}, {size}, 3], not {crops.dtype} {list(crops.shape)}"
            raise ModelError(msg)
        try:
            values = self._session.run(self._names, {INPUT_NAME: np.ascontiguousarray(crops)})
        except Exception as error:
            msg = f"the model fails to run: {_first_line(error)}"
            raise ModelError(msg) from error
        for name, value in zip(self._names, values, strict=True):
            width = _WIDTHS.get(name) or (value.shape[1] if value.ndim == 2 else None)
            if value.shape != (len(crops), width):
                msg = f"output '{name}' has shape {list(value.shape)} for {len(crops)} crops"
                raise ModelError(msg)
            if not np.isfinite(value).all():
                msg = f"output '{name}' is not finite"
                raise ModelError(msg)
        return Outputs(*values)

    def _check_signature(self) -> None:
        inputs = self._session.get_inputs()
        size = self.version.input_size
        if [i.name for i in inputs] != [INPUT_NAME]:
            msg = f"the model's inputs are {[i.name for i in inputs]}, not ['{INPUT_NAME}']"
            raise ModelError(msg)
        given = inputs[0]
        if given.type != "tensor(uint8)" or list(given.shape[1:]) != [size, size, 3] or len(given.shape) != 4:
            msg = f"input '{INPUT_NAME}' is {given.type} {given.shape}, not tensor(uint8) [N, {size}, {size}, 3]"
            raise ModelError(msg)
        if isinstance(given.shape[0], int):
            msg = f"input '{INPUT_NAME}' has a fixed batch of {given.shape[0]}"
            raise ModelError(msg)
        outputs = {o.name: o for o in self._session.get_outputs()}
        for name in self._names:
            if name not in outputs:
                msg = f"the model has no output '{name}'"
                raise ModelError(msg)
            if outputs[name].type != "tensor(float)":
                msg = f"output '{name}' is {outputs[name].type}, not tensor(float)"
                raise ModelError(msg)

    def _probe(self) -> None:
        """Run noise, black and white: the outputs must be what they claim to be."""
        size = self.version.input_size
        crops = np.random.default_rng(0).integers(0, 256, (_PROBE_BATCH, size, size, 3), np.uint8)
        crops[1], crops[2] = 0, 255
        found = self.run(crops)
        answers = {"heading": found.heading, "identity": found.identity, PROTOTYPES: found.prototypes}
        for name, value in answers.items():
            if value is None:
                continue
            if value.min() < -1e-4 or np.abs(value.sum(axis=1) - 1).max() > 1e-2:
                msg = f"output '{name}' holds no probabilities: a probe batch sums to {value.sum(axis=1).tolist()}"
                raise ModelError(msg)
        if found.identity.shape[1] < 1:
            msg = "output 'identity' is empty"
            raise ModelError(msg)
        if self.version.identity_ready and found.identity.shape[1] != len(self.version.classes):
            msg = f"output 'identity' has {found.identity.shape[1]} columns for {len(self.version.classes)} classes"
            raise ModelError(msg)
        self._check_prototypes(found)
        if np.linalg.norm(found.azimuth, axis=1).max() > 1.01:
            msg = "output 'azimuth' is longer than 1"
            raise ModelError(msg)
        if np.abs(np.linalg.norm(found.embedding, axis=1) - 1).max() > 0.05:
            msg = "output 'embedding' does not have unit length"
            raise ModelError(msg)

    def _check_prototypes(self, found: Outputs) -> None:
        """Ids, names and columns must be as many, and summed by name they must be `identity`."""
        card = self.version
        if found.prototypes is None:
            return
        widths = (found.prototypes.shape[1], len(card.prototypes), len(card.prototype_names))
        if len(set(widths)) > 1 or len(set(card.prototypes)) < len(card.prototypes):
            msg = f"output '{PROTOTYPES}' has {widths[0]} columns for {widths[1]} prototypes with {widths[2]} names"
            raise ModelError(msg)
        if not set(card.prototype_names) <= set(card.classes):
            msg = f"prototypes are called {sorted(set(card.prototype_names) - set(card.classes))}, which is no class"
            raise ModelError(msg)


def _checked_version(model_bytes: bytes, max_bytes: int) -> ModelVersion:
    """Check all that can be checked without running the model."""
    if len(model_bytes) > max_bytes:
        msg = f"the model has {len(model_bytes)} bytes, more than the {max_bytes} allowed"
        raise ModelError(msg)
    try:
        model = parse(model_bytes)
        if has_external_data(model):
            msg = "the model keeps weights in another file; a model must be one file"
            raise ModelError(msg)
        version = read_version(model)
        found = weights_sha256(model)
    except ModelFileError as error:
        raise ModelError(str(error)) from error
    if found != version.sha256:
        msg = f"the weights' sha256 is {found[:12]} but the metadata says {version.sha256[:12] or 'nothing'}"
        raise ModelError(msg)
    if not 8 <= version.input_size <= 1024:
        msg = f"the model's input_size is {version.input_size}, not 8 to 1024"
        raise ModelError(msg)
    return version


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
