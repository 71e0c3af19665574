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
