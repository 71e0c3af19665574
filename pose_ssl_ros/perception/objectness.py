"""Class-agnostic boxes from a small net that learned on simulated streets what stands out as an object.

Knows ONNX Runtime, loaded when a model is; training is in `pose_ssl_ros.learning.objectness`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.parameters import ParameterError
from pose_ssl_ros.perception.boxes import iou_matrix

#: The model that comes with the package.
SHIPPED = Path(__file__).resolve().parent / "data" / "objectness.onnx"
#: Pictures are scaled to this area, whatever their shape: what the net was trained on.
_AREA = 320 * 240
#: Sides of the net's input are multiples of this; what is missing is filled with its nought.
_MULTIPLE, _GREY = 32, 128
#: Boxes overlapping more than this are one object.
_SAME = 0.55
#: Candidates looked at; suppression is quadratic.
_MOST = 100


class ObjectnessError(ParameterError):
    """The objectness model that a parameter names cannot be used; the text names the file and says what to do."""


class Objectness:
    """Proposes boxes with scores in single pictures.

    Example:
        >>> Objectness().propose(np.zeros((480, 640, 3), np.uint8))
        []
    """

    def __init__(self, model: bytes | str | Path = "", threads: int = 1, threshold: float = 0.32) -> None:
        """Load the model.

        Args:
            model: The ONNX file or its bytes; empty for the shipped one.
            threads: Threads of ONNX Runtime.
            threshold: Least score of a box.

        Raises:
            ObjectnessError: If there is no such file or it is no model of this kind.
        """
        self._name = "the model given as bytes" if isinstance(model, bytes) else str(model or SHIPPED)
        self._threshold = threshold
        self._session = self._open(model if isinstance(model, bytes) else self._read(Path(self._name)), threads)
        self._check()

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise self._error(f"cannot be read ({error.strerror})") from error

    def _open(self, content: bytes, threads: int) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what goes wrong is raised
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own for each kind of damage
            raise self._error(f"is damaged or no ONNX file ({str(error).splitlines()[0]})") from error

    def _check(self) -> None:
        """Whether it takes and gives what it should, on a grey picture."""
        names = [i.name for i in self._session.get_inputs()], [o.name for o in self._session.get_outputs()]
        if names != (["image"], ["scores", "boxes"]):
            raise self._error(f"is a model of another kind (it takes {names[0]} and gives {names[1]})")
        try:
            scores, boxes = self._run(np.full((2 * _MULTIPLE, 3 * _MULTIPLE, 3), _GREY, np.uint8))
        except Exception as error:
            raise self._error(f"does not run ({str(error).splitlines()[0]})") from error
        if scores.ndim != 2 or boxes.shape != (*scores.shape, 4) or not np.isfinite(boxes).all():
            raise self._error("answers in another form or with numbers that are not finite")

    def _error(self, what: str) -> ObjectnessError:
        return ObjectnessError(
            f"the objectness model {self._name} {what}; reinstall the package, name another file in the parameter "
            "'proposals.objectness_model', or set 'proposals.method' to 'contrast', which needs none"
        )

    def _run(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores, boxes = self._session.run(None, {"image": image[None]})
        return scores[0], boxes[0]

    def propose(self, rgb: np.ndarray) -> list[tuple[Box, float]]:
        """Find objects in one picture.

        Args:
            rgb: (height, width, 3) uint8.

        Returns:
            Boxes in the picture's pixels, clipped to it, with scores 0..1, best first.
        """
        height, width = rgb.shape[:2]
        if height < 16 or width < 16 or max(height, width) > 16 * min(height, width):
            return []
        scale = (_AREA / (height * width)) ** 0.5
        size = (max(8, round(width * scale)), max(8, round(height * scale)))
        small = rgb
        if size != (width, height):
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            small = cv2.resize(rgb, size, interpolation=way)
        bottom, right = -size[1] % _MULTIPLE, -size[0] % _MULTIPLE
        padded = cv2.copyMakeBorder(small, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(_GREY,) * 3)
        scores, corners = self._run(padded)
        found = decode(scores, corners, size, self._threshold)
        sx, sy = width / size[0], height / size[1]
        return [(Box(b.x * sx, b.y * sy, b.w * sx, b.h * sy), score) for b, score in suppress(found)]


def decode(scores: np.ndarray, corners: np.ndarray, size: tuple[int, int], threshold: float) -> list[tuple[Box, float]]:
    """Boxes of the cells that are peaks.

    Args:
        scores: (h, w) probability of a centre, 0 where a cell is no peak.
        corners: (h, w, 4) x0, y0, x1, y1 in pixels.
        size: Width and height of the picture; boxes are clipped to it.
        threshold: Least score.

    Returns:
        Boxes with scores, best first.
    """
    rows, columns = np.nonzero(scores >= threshold)
    values, boxes = scores[rows, columns], corners[rows, columns]
    order = np.argsort(-values, kind="stable")[:_MOST]
    found = []
    for value, (x0, y0, x1, y1) in zip(values[order], boxes[order].tolist(), strict=True):
        x0, y0, x1, y1 = max(0.0, x0), max(0.0, y0), min(float(size[0]), x1), min(float(size[1]), y1)
        if x1 - x0 >= 2 and y1 - y0 >= 2:
            found.append((Box(x0, y0, x1 - x0, y1 - y0), float(value)))
    return found


def suppress(found: list[tuple[Box, float]], same: float = _SAME) -> list[tuple[Box, float]]:
    """Keep, best first, what overlaps no better box by an IoU of more than `same`."""
    if not found:
        return []
    ordered = sorted(found, key=lambda item: -item[1])
    overlap = iou_matrix([b for b, _ in ordered], [b for b, _ in ordered])
    kept: list[int] = []
    for i in range(len(ordered)):
        if not any(overlap[i, k] > same for k in kept):
            kept.append(i)
    return [ordered[i] for i in kept]
