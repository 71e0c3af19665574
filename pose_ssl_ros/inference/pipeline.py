"""From a frame and its tracks to what each object is, where it heads and how dangerous that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from pose_ssl_ros.danger import calibration
from pose_ssl_ros.danger.motion import Motion, MotionEstimator
from pose_ssl_ros.danger.ranging import GroundPoint, assumed_camera, locate
from pose_ssl_ros.inference.config import PipelineConfig
from pose_ssl_ros.inference.engine import Engine, ModelError, Outputs
from pose_ssl_ros.inference.hotswap import ModelSlot
from pose_ssl_ros.inference.identity_filter import IdentityFilter
from pose_ssl_ros.inference.motion_heading import MotionHeading, combined
from pose_ssl_ros.inference.track_filter import UNKNOWN_ESTIMATE, HeadingEstimate, HeadingFilter
from pose_ssl_ros.interfaces import CameraModel, EgoState, Frame, ModelVersion, Mounting, ObjectState, Track
from pose_ssl_ros.perception.crops import CropError, cut
from pose_ssl_ros.viewpoint import UNKNOWN

UNKNOWN_IDENTITY = ((UNKNOWN, 1.0),)


class InferencePipeline:
    """The inference process without ROS.

    Offer models to `slot`; `process` swaps between two frames.  Before the first
    model, and while its heading head is a placeholder, every heading is `unknown`;
    where objects are and how they move is known all the same.

    Args:
        config: Parameters.
        slot: Where models come from; by default one of its own.
    """

    def __init__(self, config: PipelineConfig, slot: ModelSlot | None = None) -> None:
        """Start cold."""
        self.config = config
        self.slot = slot or ModelSlot(lambda data: Engine(data, config.threads, config.max_model_mb << 20))
        self._headings = HeadingFilter(config.heading)
        self._identities = IdentityFilter()
        self._moving = MotionHeading(config.heading)
        self._motion = MotionEstimator(config.motion)
        self._engine: Engine | None = None
        self._last_ns: int | None = None
        self._frames = self._objects = self._over_cap = self._bad_crops = self._model_failures = 0
        self._clock_jumps = 0

    def configure(self, config: PipelineConfig) -> None:
        """Take new parameters; evidence and model stay."""
        self.config = config
        self._headings.config = config.heading
        self._moving.configure(config.heading)
        self._motion.config = config.motion

    @property
    def engine(self) -> Engine | None:
        """The model that read the last frame."""
        return self._engine

    def process(
        self,
        frame: Frame,
        tracks: Sequence[Track],
        camera: CameraModel | None = None,
        ego: EgoState | None = None,
        mounting: Mounting | None = None,
    ) -> list[ObjectState]:
        """Read all objects of one frame.

        Args:
            frame: The image.
            tracks: Its tracks.
            camera: Intrinsics; without them ranges come from an assumed field of view
                and azimuths have no bearing.
            ego: The robot at the frame's time; without it velocities are relative.
            mounting: Where the camera sits.

        Returns:
            One state per track, the largest boxes first, `max_objects` at most.
        """
        self.swap()
        self._check_clock(frame.stamp_ns)
        chosen = sorted(tracks, key=lambda t: -t.box.w * t.box.h)
        self._over_cap += max(0, len(chosen) - self.config.max_objects)
        chosen = chosen[: self.config.max_objects]
        outputs, rows = self._encode(frame.image, chosen)
        height, width = frame.image.shape[:2]
        camera = fitted(camera, width, height)
        lens = camera
        if lens is None and self.config.assumed_fov > 0 and width and height:
            lens = assumed_camera(width, height, self.config.assumed_fov)
        states = [
            self._state(track, frame.stamp_ns, outputs, rows.get(i), camera, lens, ego, mounting or Mounting())
            for i, track in enumerate(chosen)
        ]
        alive = [t.id for t in chosen]
        for memory in (self._headings, self._identities, self._moving, self._motion):
            memory.forget(frame.stamp_ns, alive)
        self._frames += 1
        self._objects += len(states)
        return states

    def stats(self) -> dict[str, float]:
        """Counters since the start."""
        return {
            "frames": self._frames,
            "objects": self._objects,
            "objects_over_cap": self._over_cap,
            "bad_crops": self._bad_crops,
            "model_failures": self._model_failures,
            "clock_jumps": self._clock_jumps,
            "model_swaps": self.slot.swaps,
            "models_refused": self.slot.refused,
            "models_ignored": self.slot.ignored,
            "models_went_back": self.slot.went_back,
        }

    def reset(self) -> None:
        """Forget all tracks; the model stays."""
        self._headings.reset()
        self._identities.reset()
        self._moving.reset()
        self._motion.reset()
        self._last_ns = None

    def close(self) -> None:
        """End the thread that checks models."""
        self.slot.close()

    def swap(self) -> Engine | None:
        """Take the newest checked model and return the one in use; call between two frames."""
        engine = self.slot.take()
        if engine is self._engine or engine is None:
            return self._engine
        old, self._engine = self._engine, engine
        if old is None:
            self._headings.reset()
            self._identities.reset()
        elif old.version.heading_ready != engine.version.heading_ready:
            self._headings.reset()
        card = engine.version
        self._identities.relabel(card.prototypes or card.classes, card.merged)
        return engine

    def _check_clock(self, stamp_ns: int) -> None:
        """Forget everything when time goes back: a bag started anew."""
        if self._last_ns is not None and stamp_ns < self._last_ns:
            self._clock_jumps += 1
            self.reset()
        self._last_ns = stamp_ns

    def _encode(self, image: np.ndarray, tracks: Sequence[Track]) -> tuple[Outputs | None, dict[int, int]]:
        """Run one batch; which track got which row of the outputs."""
        engine = self._engine
        if engine is None or not tracks or not (engine.version.heading_ready or engine.version.identity_ready):
            return None, {}
        crops, rows = [], {}
        for i, track in enumerate(tracks):
            try:
                crops.append(cut(image, track.box, engine.input_size))
            except CropError:
                self._bad_crops += 1
                continue
            rows[i] = len(crops) - 1
        if not crops:
            return None, {}
        try:
            return engine.run(np.stack(crops)), rows
        except ModelError:
            # A frame without a reading: the filters carry on, danger stays.
            self._model_failures += 1
            return None, {}

    def _state(
        self,
        track: Track,
        stamp_ns: int,
        outputs: Outputs | None,
        row: int | None,
        camera: CameraModel | None,
        lens: CameraModel | None,
        ego: EgoState | None,
        mounting: Mounting,
    ) -> ObjectState:
        looks, identity, embedding = self._read(track.id, stamp_ns, outputs, row)
        point = locate(track.box, lens, mounting, self.config.motion) if lens is not None else None
        motion = self._motion.update(track.id, point, stamp_ns, ego) if point is not None else None
        moving = self._moving.update(track.id, motion, ego.speed if ego else 0.0, mounting, stamp_ns)
        # Until a model reads headings the answer is unknown, as the topic's contract says.
        warm = self._engine is not None and self._engine.version.heading_ready
        estimate = combined(looks, moving) if warm else looks
        state = ObjectState(
            track_id=track.id,
            box=track.box,
            identity=identity,
            heading=estimate.heading,
            looks=looks.heading,
            looks_azimuth=looks.azimuth,
            azimuth=estimate.azimuth,
            azimuth_variance=estimate.variance,
            bearing=camera.bearing(track.box.centre[0]) if camera is not None else None,
            embedding=embedding,
        )
        return self._placed(state, looks, point, motion, mounting)

    def _read(
        self, track_id: str, stamp_ns: int, outputs: Outputs | None, row: int | None
    ) -> tuple[HeadingEstimate, tuple[tuple[str, float], ...], np.ndarray | None]:
        """Heading, identity and embedding of a track."""
        engine = self._engine
        if outputs is None or row is None or engine is None:
            return UNKNOWN_ESTIMATE, UNKNOWN_IDENTITY, None
        estimate = UNKNOWN_ESTIMATE
        if engine.version.heading_ready:
            estimate = self._headings.update(track_id, outputs.heading[row], outputs.azimuth[row], stamp_ns)
        identity: tuple[tuple[str, float], ...] = UNKNOWN_IDENTITY
        if engine.version.identity_ready:
            evidence = outputs.identity if outputs.prototypes is None else outputs.prototypes
            mean = self._identities.update(track_id, evidence[row], stamp_ns)
            identity = _named(mean, engine.version)[: self.config.top_identities]
        return estimate, identity, outputs.embedding[row]

    def _placed(
        self,
        state: ObjectState,
        looks: HeadingEstimate,
        point: GroundPoint | None,
        motion: Motion | None,
        mounting: Mounting,
    ) -> ObjectState:
        """The state with place, motion and danger, which takes motion for itself and heading from looks."""
        weights = self.config.danger
        if point is None or motion is None:
            return dataclasses.replace(state, danger=calibration.danger(looks.heading, None, None, weights))
        x, y = motion.position
        range_m = float(np.hypot(x - mounting.x, y))
        return dataclasses.replace(
            state,
            range_m=range_m,
            closing_speed=motion.closing_speed,
            position=(x, y),
            velocity=motion.velocity,
            half_width=point.half_width,
            danger=calibration.danger(looks.heading, point, motion, weights, looks.azimuth, looks.variance),
        )


def _named(mean: np.ndarray, card: ModelVersion) -> tuple[tuple[str, float], ...]:
    """Classes with their probabilities, falling, from the mean over prototypes or over classes."""
    totals = dict.fromkeys(card.classes, 0.0)
    for name, share in zip(card.prototype_names or card.classes, mean, strict=True):
        totals[name] += float(share)
    return tuple(sorted(totals.items(), key=lambda item: -item[1]))


def fitted(camera: CameraModel | None, width: int, height: int) -> CameraModel | None:
    """Intrinsics for an image of another size than `camera_info` speaks of (a scaled stream)."""
    if width <= 0 or height <= 0:
        return None
    if camera is None or camera.width <= 0 or camera.height <= 0 or (camera.width, camera.height) == (width, height):
        return camera
    sx, sy = width / camera.width, height / camera.height
    return CameraModel(width, height, camera.fx * sx, camera.fy * sy, camera.cx * sx, camera.cy * sy)
