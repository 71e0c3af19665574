"""What a launch file says once it is read: declared arguments and processes, in order."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Argument:
    """A declared launch argument."""

    name: str
    default: str | None
    description: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProcessSpec:
    """One process to start. Node settings are already turned into `--ros-args` in `arguments`."""

    name: str
    package: str = ""  # empty: `arguments` is the whole command line
    executable: str = ""
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)  # added to the launcher's own
    cwd: str | None = None
    output: str = "screen"
    respawn: bool = False
    respawn_delay: float = 0.0  # s
    shutdown_on_exit: bool = False
    emulate_tty: bool = False
    sigterm_timeout: float = 3.0  # s from SIGINT to SIGTERM
    sigkill_timeout: float = 1.5  # s from SIGTERM to SIGKILL


@dataclass
class LaunchDescription:
    """All that the file and the files it includes declare."""

    arguments: list[Argument] = field(default_factory=list)
    processes: list[ProcessSpec] = field(default_factory=list)
