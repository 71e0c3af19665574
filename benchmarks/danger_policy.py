"""Does the danger formula with the speed policy avoid collisions, and what does it cost?

Drives the simulated street with true boxes and headings in place of perception, so that
only danger and policy are judged, and prints JSON.  Policies:

* `none`     drives at cruise speed whatever happens;
* `unknown`  knows boxes but no headings (what a cold model gives);
* `heading`  knows both.

Run: python benchmarks/danger_policy.py --seconds 120 --seeds 1 2 3
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pose_ssl_ros.danger import calibration
from pose_ssl_ros.danger.config import DangerConfig, MotionConfig, PlannerConfig
from pose_ssl_ros.danger.motion import MotionEstimator
from pose_ssl_ros.danger.policy import SpeedPolicy, State
from pose_ssl_ros.danger.ranging import locate
from pose_ssl_ros.danger.steering import next_speed, yaw_rate
from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.viewpoint import HEADINGS, heading_of

POLICIES = ("none", "unknown", "heading")
UNKNOWN = (0.0, 0.0, 0.0, 0.0, 1.0)


def soft_heading(azimuth: float) -> tuple[float, ...]:
    """A good but not perfect reading: 0.85 for the true class."""
    return (*(0.85 if name == heading_of(azimuth) else 0.05 for name in HEADINGS), 0.0)


def boxes_without_rendering(world) -> list[tuple[str, Box, float]]:
    """Id, box and azimuth of what lies in view, nothing hidden: ten times faster than drawing."""
    pose, model, found = world.camera_pose(), world.camera, []
    for actor in world.stage.actors:
        if not actor.category or math.hypot(actor.x - world.robot.x, actor.y - world.robot.y) > world.config.max_range:
            continue
        pixels, depth = pose.project(world._truth._world_points(actor), model)
        if depth.min() < 0.15:
            continue
        low = np.clip(pixels.min(axis=0), 0, (model.width, model.height))
        high = np.clip(pixels.max(axis=0), 0, (model.width, model.height))
        if high[0] - low[0] < 6 or high[1] - low[1] < 6:
            continue
        to_camera = math.atan2(pose.position[1] - actor.y, pose.position[0] - actor.x)
        found.append((actor.id, Box(*low, *(high - low)), to_camera - actor.yaw))
    return found


def drive(seed: int, policy_name: str, seconds: float, scenario: str, render: bool, jitter: float) -> dict[str, float]:
    """One drive; distances in metres, speeds in m/s."""
    from pose_ssl_sim.config import SimConfig
    from pose_ssl_sim.world import World

    planner, danger_config, motion_config = PlannerConfig(), DangerConfig(), MotionConfig()
    policy, estimator = SpeedPolicy(planner.policy), MotionEstimator(motion_config)
    rng = np.random.default_rng(seed)
    speed, stopped, longest, dangers, scale = 0.0, 0.0, 0.0, [], 1.0
    standing = 0
    states = dict.fromkeys(State, 0)
    with World(SimConfig(scenario=scenario, seed=seed, renderer="tiny" if not render else "auto")) as world:
        for _ in range(int(seconds / 0.1)):
            now = world.time_ns * 1e-9
            ego = world.ego()
            if policy_name != "none":
                if render:
                    seen = [(t.id, t.box, t.azimuth) for t in world.render().truth]
                else:
                    seen = boxes_without_rendering(world)
                worst, headings = 0.0, []
                for name, box, azimuth in seen:
                    box = Box(*(np.array(box) + rng.normal(0, jitter, 4)))
                    heading = soft_heading(azimuth) if policy_name == "heading" else UNKNOWN
                    headings.append(heading)
                    point = locate(box, world.camera, world.mounting, motion_config)
                    motion = estimator.update(name, point, world.time_ns, ego) if point else None
                    worst = max(worst, calibration.danger(heading, point, motion, danger_config))
                estimator.forget(world.time_ns)
                dangers.append(worst)
                policy.on_danger(worst, now)
                policy.on_headings(headings, now)
                policy.on_odom(now)
                decision = policy.decide(now)
                scale = decision.scale
                states[decision.state] += 1
            speed = next_speed(speed, scale * planner.cruise_speed, 0.1, planner)
            stopped = stopped + 0.1 if world.robot.speed < 0.05 else 0.0
            longest = max(longest, stopped)
            before = world.collisions
            world.step(0.1, speed, yaw_rate(ego, speed, planner))
            if world.collisions > before:
                # Who drives into a robot that stands can't be helped by a speed.
                standing += 1 if world.robot.speed < 0.1 else 0
        total = max(1, sum(states.values()))
        return {
            "seed": seed,
            "collisions": world.collisions,
            "collisions_standing": standing,
            "mean_speed": round(world.robot.x / seconds, 3),
            "longest_stop_s": round(longest, 1),
            "stops": policy.stops,
            "share_stop": round(states[State.STOP] / total, 3),
            "share_slow": round(states[State.SLOW] / total, 3),
            "mean_danger": round(float(np.mean(dangers)), 3) if dangers else 0.0,
        }


def main() -> None:
    """Parse arguments and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--scenario", default="street")
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=list(POLICIES))
    parser.add_argument("--render", action="store_true", help="boxes of what is visible, from rendered frames")
    parser.add_argument("--jitter", type=float, default=1.0, help="standard deviation of box edges in pixels")
    given = parser.parse_args()
    report = {}
    for name in given.policies:
        runs = [drive(s, name, given.seconds, given.scenario, given.render, given.jitter) for s in given.seeds]
        report[name] = {
            "collisions": sum(r["collisions"] for r in runs),
            "collisions_standing": sum(r["collisions_standing"] for r in runs),
            "mean_speed": round(float(np.mean([r["mean_speed"] for r in runs])), 3),
            "runs": runs,
        }
    print(
        json.dumps({"seconds": given.seconds, "scenario": given.scenario, "render": given.render, **report}, indent=1)
    )


if __name__ == "__main__":
    main()
