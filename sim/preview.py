"""Contact sheets to look at: `python -m pose_ssl_sim.preview --scenario street --seed 0 --out DIR`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from pose_ssl_sim.config import SCENARIOS, SimConfig
from pose_ssl_sim.world import SimFrame, World

from pose_ssl_ros.parameters import from_values
from pose_ssl_ros.viewpoint import heading_of

_COLOURS = {"toward": (255, 60, 60), "away": (60, 200, 60), "left": (80, 140, 255), "right": (255, 200, 40)}


def annotate(frame: SimFrame) -> np.ndarray:
    """The image with its truth drawn in, (h, w, 3) uint8 RGB."""
    image = frame.rgb.copy()
    for item in frame.truth:
        heading = heading_of(item.azimuth)
        x, y, w, h = (round(v) for v in item.box)
        cv2.rectangle(image, (x, y), (x + w, y + h), _COLOURS[heading], 1)
        text = f"{item.category[:5]} {heading} {item.visible_fraction:.1f}"
        cv2.putText(image, text, (x, max(8, y - 3)), cv2.FONT_HERSHEY_SIMPLEX, 0.35, _COLOURS[heading], 1, cv2.LINE_AA)
    return image


def main() -> None:
    """Render a stretch of a scenario into contact sheets and print how long it took."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--scenario", choices=SCENARIOS, default="street")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=5.0, help="simulated seconds between pictures")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the robot drives, m/s")
    parser.add_argument("--renderer", default="auto")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--plain", action="store_true", help="without the truth drawn in")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    config = from_values(
        SimConfig,
        {
            "scenario": options.scenario,
            "seed": options.seed,
            "renderer": options.renderer,
            "width": options.width,
            "height": options.width * 3 // 4,
        },
    )
    tiles: list[np.ndarray] = []
    spent, headings = 0.0, dict.fromkeys(_COLOURS, 0)
    with World(config) as world:
        while world.time_ns < options.seconds * 1e9:
            world.step(options.every, options.speed, 0.0)
            begin = time.perf_counter()
            frame = world.render()
            spent += time.perf_counter() - begin
            tiles.append(frame.rgb if options.plain else annotate(frame))
            for item in frame.truth:
                headings[heading_of(item.azimuth)] += 1
        name = world.renderer.name
    while len(tiles) % 3:
        tiles.append(np.zeros_like(tiles[0]))
    sheet = np.vstack([np.hstack(tiles[i : i + 3]) for i in range(0, len(tiles), 3)])
    path = options.out / f"{options.scenario}_{options.seed}.png"
    cv2.imwrite(str(path), sheet[:, :, ::-1])
    print(
        f"{path}: renderer {name}, {1000 * spent / len(tiles):.1f} ms per image, "
        f"{headings}, {frame.collisions} collisions"
    )


if __name__ == "__main__":
    main()
