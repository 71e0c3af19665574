"""A learner's folder with three kinds in it, and the desk over it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pose_ssl_ros.labelling.desk import Desk
from pose_ssl_ros.labelling.server import LabelServer
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.online import OnlineLearner
from tests.kinds_factory import CONFIG, kinds


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; tests take a copy."""
    folder = tmp_path_factory.mktemp("learner")
    learner = OnlineLearner(LearnerConfig(**CONFIG), folder)
    learner.add(kinds())
    learner.export()
    learner.save()
    return folder


@pytest.fixture
def folder(learned: Path, tmp_path: Path) -> Path:
    """A learner's folder of the test's own."""
    return Path(shutil.copytree(learned, tmp_path / "learner"))


@pytest.fixture
def desk(folder: Path) -> Desk:
    """The desk over it."""
    return Desk(folder)


@pytest.fixture
def server(desk: Desk) -> Iterator[LabelServer]:
    """The page of it, served."""
    with LabelServer(desk) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(5)
