"""The dataset that the tests of the benchmark share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmark.arrows import write_arrows


@pytest.fixture(scope="session")
def arrows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the dataset."""
    return write_arrows(tmp_path_factory.mktemp("arrows") / "data")
