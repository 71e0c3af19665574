"""`pose-ssl label`: name what the learner found, on a small page of this machine or from the command line."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli.errors import CommandError

DEFAULT = "~/.ros/pose_ssl/learner"


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("label", help="name the prototypes that the learner found", description=__doc__)
    parser.add_argument(
        "directory", nargs="?", type=Path, default=Path(DEFAULT), help="the learner's folder (default %(default)s)"
    )
    parser.add_argument("--port", type=int, default=8765, help="of the page; 0: a free one (default %(default)s)")
    parser.add_argument("--open", action="store_true", help="open the page in the browser of this machine")
    parser.add_argument("--list", action="store_true", help="print the prototypes and end")
    parser.add_argument("--name", action="append", default=[], metavar="3=forklift", help="name one and end")
    parser.add_argument("--merge", action="append", default=[], metavar="5=3", help="5 counts as 3 from now on")
    parser.add_argument("--ignore", action="append", default=[], metavar="4", help="answer it as unknown")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Do what is asked, or serve the page until ctrl-C."""
    from pose_ssl_ros.labelling.desk import Desk

    if not 0 <= arguments.port <= 65535:
        msg = f"--port is {arguments.port} but must be from 0 to 65535"
        raise CommandError(msg)
    directory = arguments.directory.expanduser()
    if directory.exists() and not directory.is_dir():
        msg = f"'{directory}' is no folder"
        raise CommandError(msg, 1)
    desk = Desk(directory)
    requests = _requests(arguments)
    for request in requests:
        _do(desk, request)
    if requests or arguments.list:
        _print(desk)
        return 0
    return _serve(desk, arguments)


def _requests(arguments: argparse.Namespace) -> list[dict[str, str]]:
    found = []
    for option, key in (("name", "name"), ("merge", "into")):
        for text in getattr(arguments, option):
            number, sign, value = text.partition("=")
            if not sign:
                msg = f"--{option} is '{text}' but must be NUMBER={'NUMBER' if key == 'into' else 'NAME'}"
                raise CommandError(msg)
            found.append({"op": option, "number": number.strip(), key: value.strip()})
    return found + [{"op": "ignore", "number": number.strip()} for number in arguments.ignore]


def _do(desk: Any, request: dict[str, str]) -> None:
    from pose_ssl_ros.labelling.errors import LabelError

    try:
        desk.do(request)
    except LabelError as error:
        raise CommandError(str(error), 1) from error


def _print(desk: Any) -> None:
    state = desk.state()
    for problem in state["problems"]:
        print(f"pose-ssl: {problem}", file=sys.stderr)
    if state["age"] is None:
        print(f"no checkpoint yet in {state['directory']}")
    for item in state["prototypes"]:
        notes = ["ignored"] if item["ignored"] else []
        notes += [f"with object_{number}" for number in item["merged"]]
        tail = f"  ({', '.join(notes)})" if notes else ""
        print(f"{item['number']:>6}  {item['name'] or item['automatic']}  {item['tracks']} tracks{tail}")


def _serve(desk: Any, arguments: argparse.Namespace) -> int:
    from pose_ssl_ros.labelling.server import LabelServer

    try:
        server = LabelServer(desk, arguments.port)
    except OSError as error:
        msg = f"port {arguments.port} cannot be used: {error.strerror or error}; give another --port"
        raise CommandError(msg, 1) from error
    with server:
        print(f"Prototypes of {desk.directory}: {server.url}  (ctrl-C ends)", flush=True)
        if arguments.open:
            webbrowser.open(server.url)
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            print()
    return 0
