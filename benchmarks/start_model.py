"""What a model file says of objects on rendered streets, with the renderer's boxes: heading without a loop around it.

    python benchmarks/start_model.py --model models/base/encoder.onnx --seeds 900 901 902 --seconds 40

Prints JSON: shares over sightings (half visible, 24 rows high or more) per street, their mean and deviation, and by
category.  `unknown` counts as wrong.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path

import numpy as np
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.world import World

from pose_ssl_ros.inference.engine import Engine
from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.parameters import from_values
from pose_ssl_ros.perception.crops import cut
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.viewpoint import HEADINGS

KEYS = ("toward_away_answered", "reversed", "front_back", "within_30", "four_way", "unknown")


def sightings(
    engine: Engine, seed: int, seconds: float, scenario: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """True azimuths, answered azimuths, answers and categories of one street."""
    true, read, answers, names = [], [], [], []
    settings = {"seed": seed, "scenario": scenario, "rate": 2.0}
    with World(from_values(SimConfig, settings)) as world:
        for _ in range(int(seconds * 2)):
            world.step(0.5, 1.0, -0.2 * world.ego().yaw)
            shot = world.render()
            seen = [t for t in shot.truth if t.visible_fraction >= 0.5 and t.box[3] >= 24]
            if not seen:
                continue
            crops = np.stack([cut(shot.rgb, Box(*t.box), engine.version.input_size) for t in seen])
            out = engine.run(crops)
            true += [t.azimuth for t in seen]
            read += np.arctan2(out.azimuth[:, 1], out.azimuth[:, 0]).tolist()
            answers += out.heading.argmax(1).tolist()
            names += [t.category for t in seen]
    return np.array(true), np.array(read), np.array(answers), names


def figures_of(true: np.ndarray, read: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    """`pose_figures`, and the share of toward/away sightings that are answered the wrong way round."""
    figures = dict(pose_figures(true, read, answers))
    ends = np.abs(np.cos(true)) >= np.sqrt(0.5)
    opposite = np.where(np.cos(true) > 0, HEADINGS.index("away"), HEADINGS.index("toward"))
    figures["reversed"] = float((answers == opposite)[ends].mean()) if ends.any() else float("nan")
    return {k: round(float(figures[k]), 4) for k in KEYS}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/base/encoder.onnx"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[900, 901, 902])
    parser.add_argument("--seconds", type=float, default=40.0, help="robot seconds of each street")
    parser.add_argument("--scenario", default="street")
    options = parser.parse_args()
    engine = Engine(options.model.read_bytes())
    streets, kinds = [], defaultdict(list)
    for seed in options.seeds:
        true, read, answers, names = sightings(engine, seed, options.seconds, options.scenario)
        streets.append({"seed": seed, "n": len(true), **figures_of(true, read, answers)})
        for name in set(names):
            held = np.array([other == name for other in names])
            kinds[name].append((true[held], read[held], answers[held]))
    by_kind = {}
    for name, parts in sorted(kinds.items()):
        true, read, answers = (np.concatenate(column) for column in zip(*parts, strict=True))
        by_kind[name] = {"n": len(true), **figures_of(true, read, answers)}
    mean = {k: round(statistics.fmean(s[k] for s in streets), 4) for k in KEYS}
    spread = {k: round(statistics.stdev(s[k] for s in streets), 4) for k in KEYS} if len(streets) > 1 else {}
    print(json.dumps({"mean": mean, "deviation": spread, "streets": streets, "categories": by_kind}, indent=1))


if __name__ == "__main__":
    main()
