import threading
from pathlib import Path

import pytest

from pose_ssl_ros.inference.engine import Engine, ModelError
from pose_ssl_ros.inference.hotswap import ModelSlot
from tests.model_factory import bad_models, make_model


@pytest.fixture
def slot():
    made = ModelSlot()
    yield made
    made.close()


def _offer(slot: ModelSlot, content: bytes) -> None:
    slot.offer(content)
    assert slot.settle()


def test_the_new_model_waits_for_the_next_frame(slot: ModelSlot) -> None:
    assert slot.take() is None
    _offer(slot, make_model(1))
    assert slot.engine is None  # nothing changes within a frame
    assert slot.take().version.version == 1
    _offer(slot, make_model(2, azimuth=(0.5, 0.0)))
    assert slot.engine.version.version == 1
    assert slot.take().version.version == 2
    assert slot.swaps == 2


def test_a_bad_model_is_refused_and_the_old_one_stays(slot: ModelSlot) -> None:
    _offer(slot, make_model(1))
    first = slot.take()
    for count, (content, word) in enumerate(bad_models().values(), start=1):
        _offer(slot, content)
        assert slot.take() is first
        assert slot.refused == count
        assert word in slot.last_refusal
    _offer(slot, make_model(2, azimuth=(0.5, 0.0)))
    assert slot.take().version.version == 2


def test_the_same_weights_are_ignored(slot: ModelSlot) -> None:
    _offer(slot, make_model(1))
    first = slot.take()
    _offer(slot, make_model(1))
    _offer(slot, make_model(2))
    assert slot.take() is first
    assert (slot.ignored, slot.accepted) == (2, 1)


def test_the_same_weights_with_a_head_now_ready_are_taken(slot: ModelSlot) -> None:
    _offer(slot, make_model(1, heading_ready=False))
    slot.take()
    _offer(slot, make_model(2, heading_ready=True))
    assert slot.take().version.heading_ready


def test_an_older_number_with_other_weights_is_taken_and_counted(slot: ModelSlot) -> None:
    _offer(slot, make_model(9))
    slot.take()
    _offer(slot, make_model(4, azimuth=(0.5, 0.0)))
    assert slot.take().version.version == 4
    assert slot.went_back == 1


def test_only_the_newest_of_waiting_models_is_checked() -> None:
    gate, seen = threading.Event(), []

    def slow(content: bytes) -> Engine:
        seen.append(content)
        gate.wait(5)
        return Engine(content)

    slot = ModelSlot(slow)
    contents = [make_model(i, azimuth=(0.1 * i, 0.0)) for i in range(1, 5)]
    slot.offer(contents[0])
    while not seen:
        pass
    for content in contents[1:]:
        slot.offer(content)
    gate.set()
    assert slot.settle()
    assert slot.take().version.version == 4
    assert seen == [contents[0], contents[3]]
    assert slot.ignored == 2
    slot.close()


def test_a_checker_that_breaks_refuses_and_lives() -> None:
    def broken(content: bytes) -> Engine:
        if content == b"boom":
            raise RuntimeError("boom")
        return Engine(content)

    reasons: list[str] = []
    slot = ModelSlot(broken, on_refused=reasons.append)
    _offer(slot, b"boom")
    assert "boom" in reasons[0]
    _offer(slot, make_model(1))
    assert slot.take() is not None
    slot.close()


def test_starts_from_a_file(slot: ModelSlot, tmp_path: Path) -> None:
    path = tmp_path / "encoder.onnx"
    path.write_bytes(make_model(5))
    slot.offer_file(str(path))
    assert slot.settle()
    assert slot.take().version.version == 5
    assert slot.source == str(path)
    with pytest.raises(ModelError, match="cannot be read"):
        slot.offer_file(str(tmp_path / "missing.onnx"))
    assert slot.take().version.version == 5
