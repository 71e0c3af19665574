"""`pose-ssl pretrain`: drive simulated streets, learn from them without labels, write a start model."""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pose_ssl_ros.interfaces import Box, Frame, Triplet

#: Kept from the catalogue's other seeds, so that demos and benchmarks meet instances that it never saw.
FIRST_SEED = 10_000
#: Scenarios in turn: streets teach heading by motion, orbits show standing objects from all around.
SCENARIOS = ("street", "street", "street", "mixed", "street", "street", "orbit")
#: Share of true height or width by which the boxes handed to the triplet pipeline are off.
BOX_ERROR = 0.015


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("pretrain", help="make a start model from simulated drives, without labels")
    parser.add_argument("--data", type=Path, required=True, help="folder of drives; those that are there are kept")
    parser.add_argument("--out", type=Path, default=Path("models/base"), help="folder of the model")
    parser.add_argument("--drives", type=int, default=29, help="how many drives")
    parser.add_argument("--seconds", type=float, default=90.0, help="robot seconds of a drive")
    parser.add_argument("--steps", type=int, default=1800, help="training steps")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches")
    parser.add_argument("--jobs", type=int, default=1, help="drives at a time, and training threads")
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Collect what is missing, train, write."""
    from pose_ssl_ros.learning.pretrain import pretrain

    options.data.mkdir(parents=True, exist_ok=True)
    paths = [options.data / f"drive_{FIRST_SEED + i}_{SCENARIOS[i % 7]}.safetensors" for i in range(options.drives)]
    missing = [(path, options.seconds) for path in paths if not path.exists()]
    begin = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for done, text in enumerate(pool.imap_unordered(_collect, missing), 1):
            left = (time.monotonic() - begin) / done * (len(missing) - done)
            print(f"drive {done} of {len(missing)}: {text}; {left / 60:.0f} min left", flush=True)
    # Folders are this machine's business; the rest makes the model again.
    command = (
        f"pose-ssl pretrain --data DRIVES --out models/base --drives {options.drives} --seconds {options.seconds:g} "
        f"--steps {options.steps} --seed {options.seed} --jobs {options.jobs}"
    )
    pretrain([p for p in paths if p.exists()], options.out, options.steps, options.seed, options.jobs, command)
    return 0


def _collect(task: tuple[Path, float]) -> str:
    from pose_ssl_ros.learning.drives import write_drive

    path, seconds = task
    _, seed, scenario = path.stem.split("_")
    triplets = list(drive(scenario, int(seed), seconds))
    if not triplets:
        return f"{path.name} gave no triplets and is left out"
    write_drive(path, triplets)
    return f"{path.name}, {len(triplets)} triplets, {sum(t.teacher is not None for t in triplets)} taught by motion"


def drive(scenario: str, seed: int, seconds: float) -> Iterator[Triplet]:
    """Drive a simulated robot and yield what the triplet pipeline makes of its camera.

    The boxes are the renderer's with some error, standing in for any detector; heading comes from the
    motion teacher alone, which sees nothing but boxes, odometry and the camera model.
    """
    from pose_ssl_sim.config import SimConfig
    from pose_ssl_sim.world import World

    from pose_ssl_ros.parameters import from_values
    from pose_ssl_ros.triplets.config import TripletNodeConfig
    from pose_ssl_ros.triplets.pipeline import TripletPipeline

    random = np.random.default_rng(seed)
    settings = {
        "seed": seed,
        "scenario": scenario,
        "rate": 5.0,
        "camera_height": float(random.uniform(0.7, 1.3)),
        "field_of_view": float(random.uniform(1.0, 1.4)),
    }
    pipeline = TripletPipeline(TripletNodeConfig())
    speed, turn = 0.6, 0.0
    with World(from_values(SimConfig, settings)) as world:
        pipeline.mounting = world.mounting
        for index in range(int(seconds * 5)):
            if index % 20 == 0:
                speed = float(random.choice([0.0, 0.5, 1.0, 1.5]))
                turn = float(random.normal(0, 0.02))
            world.step(0.2, speed, turn - 0.2 * world.ego().yaw)
            shot = world.render()
            boxes = [_off(t.box, random) for t in shot.truth if t.visible_fraction > 0.6]
            _, triplets = pipeline.process(Frame(shot.rgb, shot.stamp_ns), shot.ego, shot.camera, boxes)
            yield from (dataclasses.replace(t, track_id=f"{seed}/{t.track_id}") for t in triplets)


def _off(box: Box, random: np.random.Generator) -> Box:
    error = random.normal(0, BOX_ERROR, 4) * (box.w, box.h, box.w, box.h)
    left, top = box.x + float(error[0]), box.y + float(error[1])
    return Box(left, top, box.x + box.w + float(error[2]) - left, box.y + box.h + float(error[3]) - top)
