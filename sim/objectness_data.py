"""Street pictures with true boxes, to learn from what an object looks like.

    python -m pose_ssl_sim.objectness_data --out DIR --frames 6000 --first-seed 10000

Every seed has instances of its own, so splits by seed are splits by instance: train from seed 10000, validate
from 20000, and leave what lies below to benchmarks and the demo.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.config import SCENARIOS, SimConfig
from pose_ssl_sim.truth import TruthObject
from pose_ssl_sim.world import World

WIDTH, HEIGHT = 320, 240
#: Truth is wanted where so much of an object shows, at least so high and not further away; else it is ignored.
MIN_VISIBLE, MIN_HEIGHT, MAX_RANGE = 0.4, 10.0, 42.0
_PER_WORLD = 40  # building a world costs as much as thirty pictures


@dataclass(frozen=True)
class Labelled:
    """A picture with its boxes."""

    rgb: np.ndarray  # (HEIGHT, WIDTH, 3) uint8
    boxes: np.ndarray  # (n, 5) float32: x, y, w, h in pixels, and 1 wanted or 0 ignored


def label(truth: list[TruthObject]) -> np.ndarray:
    """Boxes (n, 5) of the truth: x, y, w, h and whether it must be found (1) or may be (0)."""
    rows = []
    for item in truth:
        wanted = item.visible_fraction >= MIN_VISIBLE and item.box.h >= MIN_HEIGHT and item.range_m <= MAX_RANGE
        rows.append((*item.box, float(wanted)))
    return np.array(rows, np.float32).reshape(-1, 5)


def world_config(seed: int) -> SimConfig:
    """A world of its own for each seed: scenario, camera and traffic are drawn from it."""
    rng = np.random.default_rng([seed, 1313])
    # Streets are seen most; the square has the airplanes and chairs.
    scenario = SCENARIOS[int(rng.choice(3, p=(0.5, 0.2, 0.3)))]
    return SimConfig(
        scenario=scenario,
        seed=seed,
        renderer="tiny",
        width=WIDTH,
        height=HEIGHT,
        camera_height=float(rng.uniform(0.6, 1.3)),
        camera_pitch=float(rng.uniform(-0.1, 0.1)),
        field_of_view=float(rng.uniform(0.9, 1.5)),
        density=float(rng.uniform(0.5, 1.6)),
        noise=float(rng.uniform(0.0, 6.0)),
        orbit_lifetime=12.0,
        min_pixels=12,
        min_visible=0.02,
        max_range=200.0,
    )


def render(seed: int, count: int) -> list[Labelled]:
    """Pictures of one world, 0.2 to 0.6 s of its time apart; same arguments, same pictures."""
    rng = np.random.default_rng([seed, 1414])
    found = []
    with World(world_config(seed)) as world:
        speed = 0.0
        for i in range(count):
            if i % 8 == 0:  # a quarter of the time the robot stands
                speed = 0.0 if rng.random() < 0.25 else float(rng.uniform(0.3, 2.0))
            world.step(float(rng.uniform(0.2, 0.6)), speed, 0.0)
            base = world.camera_pose()
            turn, nod = float(rng.normal(0, 0.25)), float(rng.normal(0, 0.015))
            pose = CameraPose(*map(float, base.position), base.yaw + turn, base.pitch + nod)
            frame = world.render_from(pose)
            found.append(Labelled(frame.rgb, label(frame.truth)))
    return found


def write_shard(path: Path, seed: int, pictures: list[Labelled]) -> None:
    """Write pictures to an npz file: `images` (n, h, w, 3), `boxes` (m, 5), `owner` (m,) picture of each box."""
    part = path.with_suffix(".part.npz")
    owner = np.concatenate([np.full(len(p.boxes), i, np.int32) for i, p in enumerate(pictures)])
    np.savez(
        part,
        images=np.stack([p.rgb for p in pictures]),
        boxes=np.concatenate([p.boxes for p in pictures]),
        owner=owner,
        seed=np.int64(seed),
    )
    part.replace(path)


def main() -> None:
    """Render shards, one per seed; those already there are kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=6000)
    parser.add_argument("--first-seed", type=int, default=10000)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    begin, done = time.monotonic(), 0
    for i in range(-(-given.frames // _PER_WORLD)):
        seed = given.first_seed + i
        path = given.out / f"seed_{seed}.npz"
        count = min(_PER_WORLD, given.frames - done)
        if not path.exists():
            write_shard(path, seed, render(seed, count))
        done += count
        if i % 10 == 9 or done == given.frames:
            print(
                json.dumps({"frames": done, "of": given.frames, "seconds": round(time.monotonic() - begin)}), flush=True
            )


if __name__ == "__main__":
    main()
