"""Fixtures for all tests; `rclpy` is made importable once (the real one, if it is sourced)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before numpy and torch: their thread pools spin while they wait, and take the cores from the nodes under test.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the checkout wins over an installed copy
sys.path.insert(1, str(Path(__file__).resolve().parent))  # `import harness`

import harness  # noqa: E402

harness.activate()

#: What starts nodes takes turns on one worker: two loops at once starve each other of the cores.
NODES = ("embedded", "launch", "nodes", "cli", "replay/test_agreement", "replay/test_playing", "test_loop")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests on one worker (`pytest -n 2 --dist loadgroup`), and all that starts nodes on the same."""
    tests = Path(__file__).parent
    for item in items:
        name = item.path.relative_to(tests).as_posix()
        item.add_marker(pytest.mark.xdist_group("nodes" if name.startswith(NODES) else name))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """End the run if groups did not take: tests that share a node would be dealt to both workers."""
    if getattr(session.config.option, "loadgroup", False):
        alone = [item.nodeid for item in session.items if "@" not in item.nodeid.rpartition("]")[2]]
        if alone:
            raise pytest.UsageError(f"pytest-xdist ignored the groups of {len(alone)} tests, first {alone[0]}")


@pytest.fixture
def domain() -> Iterator[int]:
    """A ROS_DOMAIN_ID of the test's own, with discovery on this machine only."""
    with harness.private_domain() as number:
        yield number


@pytest.fixture
def peer(domain: int) -> Iterator[harness.Peer]:
    """A node in the test's own domain, spinning in a thread."""
    with harness.Peer() as made:
        yield made
