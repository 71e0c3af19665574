import numpy as np
import pytest

from pose_ssl_ros.inference.engine import Engine, ModelError
from tests.model_factory import bad_models, make_model

BAD = bad_models()


def test_reads_a_batch_in_the_order_of_the_crops() -> None:
    engine = Engine(make_model(size=16, heading=(0.1, 0.2, 0.3, 0.15, 0.25), azimuth=(0.0, -0.5)))
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    found = engine.run(np.stack([red, red[..., ::-1]]))
    assert found.heading == pytest.approx(np.tile([0.1, 0.2, 0.3, 0.15, 0.25], (2, 1)))
    assert found.azimuth == pytest.approx(np.tile([0.0, -0.5], (2, 1)))
    assert found.embedding.argmax(axis=1).tolist() == [0, 2]
    assert found.identity.sum(axis=1) == pytest.approx([1, 1])


def test_an_empty_batch_gives_empty_outputs() -> None:
    engine = Engine(make_model(size=16))
    assert engine.run(np.zeros((0, 16, 16, 3), np.uint8)).heading.shape == (0, 5)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_model_is_refused_with_a_reason(name: str) -> None:
    content, word = BAD[name]
    with pytest.raises(ModelError) as refusal:
        Engine(content)
    assert word in str(refusal.value)
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) > 10


def test_a_model_over_the_size_limit_is_refused() -> None:
    content = make_model()
    Engine(content, max_bytes=len(content))
    with pytest.raises(ModelError, match="bytes"):
        Engine(content, max_bytes=len(content) - 1)


@pytest.mark.parametrize(
    "crops", [np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 16, 16, 3), np.float32), np.zeros((16, 16, 3), np.uint8)]
)
def test_crops_of_another_shape_are_refused(crops: np.ndarray) -> None:
    with pytest.raises(ModelError, match="crops must be"):
        Engine(make_model(size=16)).run(crops)


def test_every_odd_byte_is_refused_or_harmless() -> None:
    # A flipped byte anywhere must give a reason or a model that still keeps the contract, never another exception.
    good = make_model(size=16)
    rng = np.random.default_rng(0)
    refused = 0
    for position in rng.integers(0, len(good), 150):
        content = bytearray(good)
        content[position] ^= 0xFF
        try:
            Engine(bytes(content)).run(np.zeros((1, 16, 16, 3), np.uint8))
        except ModelError:
            refused += 1
    assert refused > 50
