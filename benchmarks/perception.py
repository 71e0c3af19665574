"""Recall and precision of proposals and tracks, and of the motion teacher, on rendered streets.

    python benchmarks/perception.py --seeds 103 104 --scenario street --seconds 15

Prints JSON.  Truth counts when at least half visible and 24 of 480 rows high; a box is right at
IoU >= 0.5 and false below 0.3.  Tune on seeds from 100 up; report on others.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from typing import Any

import cv2
import numpy as np
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.world import SimFrame, World

from pose_ssl_ros.interfaces import Box, Frame, Mounting, TeacherEvidence, Track
from pose_ssl_ros.perception.boxes import iou_matrix
from pose_ssl_ros.perception.config import ProposalConfig
from pose_ssl_ros.triplets.config import TripletNodeConfig
from pose_ssl_ros.triplets.pipeline import TripletPipeline
from pose_ssl_ros.viewpoint import azimuth_from_scores, heading_of, wrap


class Score:
    """Counts of boxes against truth."""

    def __init__(self) -> None:
        """Start at zero."""
        self.frames = self.truth = self.found = self.boxes = self.right = self.false = 0

    def add(self, boxes: list[Box], truth: list[Any]) -> None:
        """Count one frame."""
        wanted = [Box(*t.box) for t in truth if t.visible_fraction >= 0.5 and t.box[3] >= 24]
        everything = [Box(*t.box) for t in truth]
        self.frames += 1
        self.truth += len(wanted)
        self.boxes += len(boxes)
        if boxes and wanted:
            self.found += int((iou_matrix(wanted, boxes) >= 0.5).any(axis=1).sum())
        best = iou_matrix(boxes, everything).max(axis=1) if boxes and everything else np.zeros(len(boxes))
        self.right += int((best >= 0.5).sum())
        self.false += int((best < 0.3).sum())

    def result(self) -> dict[str, float]:
        """Shares."""
        return {
            "truth": self.truth,
            "recall": round(self.found / max(1, self.truth), 3),
            "precision": round(self.right / max(1, self.boxes), 3),
            "false_per_frame": round(self.false / max(1, self.frames), 2),
        }


class Ways:
    """Which objects really move: clearly seen in ten images and faster than 0.7 m/s on the whole."""

    def __init__(self) -> None:
        """Start without objects."""
        self._places: dict[str, list[tuple[float, float, float]]] = {}
        self._seen: Counter[str] = Counter()

    def add(self, frame: SimFrame, mounting: Mounting) -> None:
        """Note where everything is."""
        ego = frame.ego
        c, s = math.cos(ego.yaw), math.sin(ego.yaw)
        for t in frame.truth:
            ahead, left = mounting.x + t.position[2], -t.position[0]
            place = (frame.stamp_ns * 1e-9, ego.x + ahead * c - left * s, ego.y + ahead * s + left * c)
            self._places.setdefault(t.id, []).append(place)
            self._seen[t.id] += t.visible_fraction >= 0.5 and t.box[3] >= 24

    def moving(self) -> set[str]:
        """Their ids."""
        found = set()
        for name, places in self._places.items():
            first, last = places[0], places[-1]
            way = math.dist(first[1:], last[1:])
            if self._seen[name] >= 10 and way > 0.7 * (last[0] - first[0]):
                found.add(name)
        return found


def measure(seed: int, scenario: str, seconds: float, speed: float, method: str) -> dict[str, Any]:
    """Drive through one world."""
    proposals, tracked = Score(), Score()
    said: dict[str, TeacherEvidence | None] = {}
    errors: list[float] = []
    right = homeless = 0
    cpu = 0.0
    ways, taught = Ways(), set()
    with World(SimConfig(scenario=scenario, seed=seed)) as world:
        pipeline = TripletPipeline(TripletNodeConfig(proposals=ProposalConfig(method=method)))
        pipeline.mounting = world.mounting
        found: list[Box] = []
        propose, teach = pipeline._proposer.propose, pipeline._teacher.update

        def watch(*args: Any) -> list[Box]:
            found[:] = propose(*args)
            return list(found)

        def listen(track: Track, *args: Any) -> TeacherEvidence | None:
            said[track.id] = teach(track, *args)
            return said[track.id]

        pipeline._proposer.propose = watch  # type: ignore[method-assign]
        pipeline._teacher.update = listen  # type: ignore[method-assign,assignment]
        for _ in range(round(seconds * 10)):
            world.step(0.1, speed, 0.0)
            frame = world.render()
            said.clear()
            start = time.thread_time()
            tracks, _ = pipeline.process(Frame(frame.rgb, frame.stamp_ns), frame.ego, frame.camera)
            cpu += time.thread_time() - start
            proposals.add(found, frame.truth)
            ways.add(frame, world.mounting)
            tracked.add([t.box for t in tracks], frame.truth)
            for track in tracks:
                evidence = said.get(track.id)
                if evidence is None:
                    continue
                overlap = (
                    iou_matrix([track.box], [Box(*t.box) for t in frame.truth]) if frame.truth else np.zeros((1, 1))
                )
                if overlap.max() < 0.3:
                    homeless += 1
                    continue
                thing = frame.truth[int(overlap.argmax())]
                true = thing.azimuth
                azimuth, _ = azimuth_from_scores(evidence.scores)
                errors.append(abs(wrap(azimuth - true)))
                right += heading_of(azimuth) == heading_of(true)
                if heading_of(azimuth) == heading_of(true):
                    taught.add(thing.id)
    return {
        "seed": seed,
        "proposals": proposals.result(),
        "tracks": tracked.result(),
        "teacher": {
            "n": len(errors),
            "per_second": round(len(errors) / seconds, 2),
            "moving_objects": len(ways.moving()),
            "of_them_taught": len(ways.moving() & taught),
            "without_object": homeless,
            "class_precision": round(right / max(1, len(errors)), 3),
            "azimuth_median_error_deg": round(math.degrees(float(np.median(errors))), 1) if errors else None,
        },
        "pipeline_cpu_ms": round(1e3 * cpu / max(1, proposals.frames), 1),
        "counts": {k: int(v) for k, v in pipeline.stats().items() if v},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[103, 104])
    parser.add_argument("--scenario", default="street")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--speed", type=float, default=1.2)
    parser.add_argument("--method", default=ProposalConfig().method, help="learned, contrast or both")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    runs = [measure(seed, given.scenario, given.seconds, given.speed, given.method) for seed in given.seeds]
    print(json.dumps({"scenario": given.scenario, "runs": runs}, indent=2))


if __name__ == "__main__":
    main()
