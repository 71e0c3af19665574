"""Headings of an encounter as the model reads them from rendered crops."""

from __future__ import annotations

from pose_ssl_sim.encounter_view import EncounterView
from pose_ssl_sim.encounters import Scene

from pose_ssl_ros.inference.engine import Engine


class HeadingReader:
    """Draws, reads and remembers: what was read of a pose is read again by every planner and threshold.

    Args:
        model: ONNX file.
    """

    def __init__(self, model: bytes) -> None:
        """Load the model and connect to the renderer."""
        self._engine = Engine(model, 1)
        self._view = EncounterView(self._engine.input_size)
        self._known: dict[tuple[int, ...], tuple[list[float], list[float]] | None] = {}
        self.drawn = 0

    def begin(self, scene: Scene) -> None:
        """A new encounter."""
        self._known.clear()
        self._view.show(scene)

    def read(self, scene: Scene) -> tuple[list[float], list[float]] | None:
        """Heading probabilities (5,) and resultant vector (2,) of the object in view, None where it is not."""
        key = self._view.key(scene)
        if key not in self._known:
            crop = self._view.crop(key, scene.camera)
            self.drawn += 1
            if crop is None:
                self._known[key] = None
            else:
                found = self._engine.run(crop[None])
                self._known[key] = (found.heading[0].tolist(), found.azimuth[0].tolist())
        return self._known[key]

    def close(self) -> None:
        """Let go of the renderer."""
        self._view.close()
