"""What a user may set in the simulation, and the room's one error."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pose_ssl_ros.parameters import ParameterError, parameter

#: The scenarios, by name; `scenarios.build` knows what each of them holds.
SCENARIOS = ("street", "orbit", "mixed", "warehouse", "yard")
#: `auto` takes EGL where it works and TinyRenderer where not.
RENDERERS = ("auto", "egl", "tiny")


class SimError(RuntimeError):
    """The simulation cannot do what was asked; the text says why."""


@dataclass(frozen=True)
class SimConfig:
    """Parameters of the simulated world, its camera and its robot."""

    scenario: str = parameter(
        "street",
        "What the world holds: traffic, standing objects to circle, or both; `warehouse` and `yard` are streets "
        "with other kinds, those of `yard` unknown to the start model.",
        choices=SCENARIOS,
        read_only=True,
    )
    seed: int = parameter(0, "Seed of everything random; same seed, same frames.", minimum=0, read_only=True)
    real_time_factor: float = parameter(
        1.0, "Simulated seconds per second of the wall; 0 is as fast as possible.", minimum=0.0, maximum=100.0
    )
    duration: float = parameter(
        0.0, "Simulated time after which the node ends; 0 never.", minimum=0.0, unit="s", read_only=True
    )
    renderer: str = parameter(
        "auto",
        "Which renderer draws; auto takes EGL where a graphics card is behind it and TinyRenderer elsewhere.",
        choices=RENDERERS,
        read_only=True,
    )
    render_threads: int = parameter(
        0, "Threads of the software OpenGL; 0 leaves it to Mesa.", minimum=0, maximum=64, read_only=True
    )

    width: int = parameter(640, "Image width.", minimum=32, maximum=1920, unit="px", read_only=True)
    height: int = parameter(480, "Image height.", minimum=24, maximum=1080, unit="px", read_only=True)
    rate: float = parameter(10.0, "Images per simulated second.", minimum=0.5, maximum=60.0, unit="Hz", read_only=True)
    field_of_view: float = parameter(
        1.3, "Horizontal field of view.", minimum=0.3, maximum=2.4, unit="rad", read_only=True
    )
    camera_height: float = parameter(
        1.0, "Camera above the ground.", minimum=0.2, maximum=3.0, unit="m", read_only=True
    )
    camera_x: float = parameter(0.2, "Camera ahead of base_link.", minimum=-1.0, maximum=1.0, unit="m", read_only=True)
    camera_pitch: float = parameter(
        0.0, "Camera pitch, down positive.", minimum=-0.6, maximum=0.6, unit="rad", read_only=True
    )
    camera_yaw: float = parameter(
        0.0,
        "Camera yaw in base_link, left positive; in `orbit` it is added to the quarter turn that faces the middle.",
        minimum=-math.pi,
        maximum=math.pi,
        unit="rad",
        read_only=True,
    )
    noise: float = parameter(3.0, "Standard deviation of the sensor noise.", minimum=0.0, maximum=30.0, unit="levels")
    light_drift: float = parameter(
        1.0, "How fast sun and sky drift; 0 stands still.", minimum=0.0, maximum=20.0, read_only=True
    )

    density: float = parameter(1.0, "How much traffic there is.", minimum=0.0, maximum=3.0, read_only=True)
    weave_fraction: float = parameter(
        0.35, "Share of oncoming vehicles that swing into the robot's way.", minimum=0.0, maximum=1.0, read_only=True
    )
    yield_fraction: float = parameter(
        0.5, "Share of vehicles and walkers that brake for the robot.", minimum=0.0, maximum=1.0, read_only=True
    )
    variants: int = parameter(
        24,
        "Different instances built per category before earlier ones are used again (bounds the memory).",
        minimum=1,
        maximum=200,
        read_only=True,
    )
    orbit_radius: float = parameter(
        10.5, "Radius of the circle in `orbit`.", minimum=6.0, maximum=30.0, unit="m", read_only=True
    )
    orbit_speed: float = parameter(
        1.2, "Speed along that circle.", minimum=0.1, maximum=5.0, unit="m/s", read_only=True
    )
    orbit_lifetime: float = parameter(
        40.0, "Mean time that an object stands in `orbit`.", minimum=5.0, maximum=3600.0, unit="s", read_only=True
    )

    max_speed: float = parameter(
        2.0, "Greatest speed of the robot.", minimum=0.1, maximum=5.0, unit="m/s", read_only=True
    )
    max_yaw_rate: float = parameter(
        1.5, "Greatest turning rate of the robot.", minimum=0.1, maximum=6.0, unit="rad/s", read_only=True
    )
    acceleration: float = parameter(
        2.0, "Greatest acceleration of the robot.", minimum=0.1, maximum=20.0, unit="m/s^2", read_only=True
    )
    command_timeout: float = parameter(
        0.5, "Simulated time without a command after which the robot stops.", minimum=0.05, maximum=60.0, unit="s"
    )

    min_pixels: int = parameter(
        60, "Objects with fewer visible pixels are left out of the truth.", minimum=1, read_only=True
    )
    min_visible: float = parameter(
        0.05,
        "Objects of which less than this share shows are left out of the truth.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    )
    max_range: float = parameter(
        40.0, "Objects further away are left out of the truth.", minimum=1.0, maximum=200.0, unit="m", read_only=True
    )


__all__ = ["RENDERERS", "SCENARIOS", "ParameterError", "SimConfig", "SimError"]
