"""`pose-ssl service call NAME [true|false]`: std_srvs/SetBool with a value, std_srvs/Trigger without one."""

from __future__ import annotations

import argparse
from typing import Any

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.graph import absolute, message_class, observer, spin_until


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("service", help="call a service", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    call = verbs.add_parser("call", help="call a SetBool or Trigger service")
    call.add_argument("service", help="such as /pose_ssl/learner/pause")
    call.add_argument("value", nargs="?", choices=("true", "false"), help="for SetBool; leave it out for Trigger")
    call.add_argument("--timeout", type=float, default=10.0, help="seconds to wait for the answer")
    call.set_defaults(handler=handle_call)


def handle_call(arguments: argparse.Namespace) -> int:
    """Call and print the answer; status 1 if the service says it failed."""
    kind = message_class("std_srvs/srv/Trigger" if arguments.value is None else "std_srvs/srv/SetBool")
    request = kind.Request()
    if arguments.value is not None:
        request.data = arguments.value == "true"
    with observer() as node:
        answer = request_once(node, kind, absolute(arguments.service), request, arguments.timeout)
    print(f"success: {str(bool(answer.success)).lower()}\nmessage: {answer.message!r}")
    return 0 if answer.success else 1


def request_once(node: Any, kind: Any, name: str, request: Any, timeout: float) -> Any:
    """Call a service once.

    Raises:
        CommandError: If it is not there or does not answer in time.
    """
    client = node.create_client(kind, name)
    if not spin_until(node, client.service_is_ready, min(timeout, 5.0)):
        msg = f"service '{name}' is not there (see 'pose-ssl node list')"
        raise CommandError(msg)
    future = client.call_async(request)
    spin_until(node, future.done, timeout)
    node.destroy_client(client)
    if not future.done():
        msg = f"service '{name}' did not answer within {timeout:g} s"
        raise CommandError(msg)
    return future.result()
