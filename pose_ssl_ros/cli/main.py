"""`pose-ssl`: launch, run and look at nodes on machines with and without ROS 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pose_ssl_ros import __version__
from pose_ssl_ros.cli import (
    bag,
    benchmark,
    dataset,
    demo,
    docs,
    evaluate,
    experiment,
    label,
    launch,
    learn,
    meshes,
    node,
    param,
    pretrain,
    record,
    replay,
    run,
    service,
    topic,
)
from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.embedded.launch.errors import LaunchError

COMMANDS = (
    bag,
    launch,
    run,
    demo,
    record,
    replay,
    learn,
    evaluate,
    topic,
    node,
    param,
    service,
    label,
    docs,
    pretrain,
    dataset,
    meshes,
    benchmark,
    experiment,
)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="pose-ssl", description=__doc__)
    top.add_argument("--version", action="version", version=f"pose_ssl_ros {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Do one command; returns the exit status."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.handler(arguments))
    except (CommandError, LaunchError) as error:
        print(f"pose-ssl: error: {error}", file=sys.stderr)
        return getattr(error, "code", 2)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `pose-ssl topic echo ... | head`
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    sys.exit(main())
