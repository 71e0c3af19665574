"""A dataset of drawn arrows that point where they head: quick to write, and its azimuths can be learned."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from pose_ssl_ros.benchmark.profiles import PROFILES, Budget, Profile
from pose_ssl_ros.benchmark.session import Request
from pose_ssl_ros.datasets.table import CropRow
from pose_ssl_ros.datasets.writing import ShardWriter

SIZE, VIEWS = 32, 5
KNOWN, UNSEEN = ("dart", "kite"), ("barb", "wedge")


def arrow(category: str, colour: np.ndarray, azimuth: float, random: np.random.Generator) -> np.ndarray:
    """An arrow whose shape tells its category and whose direction its azimuth."""
    crop = random.integers(90, 130, (SIZE, SIZE, 3)).astype(np.uint8)
    length, width = {"dart": (13, 4), "kite": (11, 9), "barb": (13, 6), "wedge": (9, 10)}[category]
    turn = np.array([[math.cos(azimuth), -math.sin(azimuth)], [math.sin(azimuth), math.cos(azimuth)]])
    shape = np.array([[0, length], [-width, -length], [0, -length / 2], [width, -length]]) @ turn.T + SIZE / 2
    cv2.fillPoly(crop, [np.round(shape).astype(np.int32)], colour.tolist())
    return crop


def write_arrows(folder: Path, instances: int = 5) -> Path:
    """Train, val and test of two known and two unseen categories; unseen poses too."""
    random = np.random.default_rng(0)
    crops, rows = [], []
    number = 0
    kinds = [(split, "in_domain", KNOWN) for split in ("train", "val", "test")]
    kinds += [("test", "unseen_pose", KNOWN), ("train", "unseen_category", UNSEEN), ("test", "unseen_category", UNSEEN)]
    for split, domain, categories in kinds:
        for category in categories:
            for one in range(instances):
                # The same instance is seen in unseen poses.
                name = f"{category}-{split}-{one}"
                colour = random.integers(150, 255, 3)
                start, bend = random.uniform(-math.pi, math.pi), random.uniform(0.2, 0.4)
                number += 1
                for step in range(VIEWS):
                    azimuth = math.remainder(start + step * bend, 2 * math.pi)
                    crops.append(arrow(category, colour, azimuth, random))
                    facts = {"azimuth": azimuth, "elevation": 0.2, "trajectory": number, "step": step}
                    facts |= {"bearing": start + step * bend + 0.3, "motion": azimuth if one % 2 else math.nan}
                    rows.append(CropRow(category, name, split, domain, **facts))
    writer = ShardWriter(folder, "test", 0, {})
    writer.begin()
    writer.write(0, np.stack(crops), rows)
    writer.finish(1)
    return folder


def write_csv(folder: Path, name: str = "crops.csv", **without: bool) -> Path:
    """The same kind of crops as images with a table; `azimuth=False` or `sequence=False` leaves those out."""
    random = np.random.default_rng(1)
    lines = ["path,x,y,w,h,category,instance,azimuth_deg,elevation_deg,sequence,frame,split"]
    (folder / "images").mkdir(parents=True, exist_ok=True)
    kinds = [("train", "dart"), ("train", "kite"), ("test", "dart"), ("test", "kite"), ("test", "wedge")]
    for split, category in kinds:
        for one in range(4):
            colour, start = random.integers(150, 255, 3), random.uniform(-math.pi, math.pi)
            for step in range(4):
                azimuth = math.remainder(start + 0.3 * step, 2 * math.pi)
                path = f"images/{split}-{category}-{one}-{step}.png"
                cv2.imwrite(str(folder / path), arrow(category, colour, azimuth, random)[..., ::-1])
                angle = f"{math.degrees(azimuth):.1f}" if without.get("azimuth", True) else ""
                sequence = f"{split}{category}{one}" if without.get("sequence", True) else ""
                frame = step if sequence else ""
                cells = [path, 0, 0, SIZE, SIZE, category, f"{split}{category}{one}", angle, 10, sequence, frame, split]
                lines.append(",".join(map(str, cells)))
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder / name


def small() -> Profile:
    """The tiny profile with less of everything."""
    budget = Budget(gallery=60, queries=40, pairs=40, pair_steps=4, flip_steps=4, iterations=2, shots=(1, 2), draws=1)
    return replace(PROFILES["tiny"], steps=5, batch=4, probes=budget)


def request_for(source: Path, out: Path, **changes: object) -> Request:
    """A request for a benchmark in this process."""
    facts = {"methods": ("vicreg", "ours"), "seeds": (0, 1), "jobs": 1, "device": "cpu", **changes}
    return Request(source=source, profile=small(), out=out, **facts)  # type: ignore[arg-type]
