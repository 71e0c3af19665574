"""`pose-ssl node list`."""

from __future__ import annotations

import argparse
from typing import Any

from pose_ssl_ros.cli.graph import observer, settle


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("node", help="list nodes", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="names of all nodes")
    listing.add_argument("-a", "--all", action="store_true", help="hidden ones too")
    listing.set_defaults(handler=handle_list)


def handle_list(arguments: argparse.Namespace) -> int:
    """Print all nodes."""
    with observer() as node:
        found = settle(node, lambda: sorted(node.get_node_names_and_namespaces()))
    for name, namespace in found:
        if arguments.all or not name.startswith("_"):
            print(f"{namespace.rstrip('/')}/{name}")
    return 0
