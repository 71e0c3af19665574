import hashlib

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from pose_ssl_ros.interfaces import ModelVersion
from pose_ssl_ros.modelfile import ModelFileError, has_external_data, parse, read_version, weights_sha256, write_version
from tests.model_factory import external, make_model, set_metadata


def _two_weights(order: int = 1, raw: bool = True) -> bytes:
    b, a = np.array([1.5, -2.0], np.float32), np.array([[7]], np.int64)
    if raw:
        tensors = [numpy_helper.from_array(b, "b"), numpy_helper.from_array(a, "a")]
    else:
        tensors = [
            helper.make_tensor("b", onnx.TensorProto.FLOAT, [2], b.tolist()),
            helper.make_tensor("a", onnx.TensorProto.INT64, [1, 1], [7]),
        ]
    graph = helper.make_graph([helper.make_node("Identity", ["b"], ["y"])], "g", [], [], tensors[::order])
    return helper.make_model(graph).SerializeToString()


def test_hash_is_name_and_little_endian_bytes_sorted_by_name() -> None:
    expected = hashlib.sha256()
    expected.update(b"a" + (7).to_bytes(8, "little"))
    expected.update(b"b" + bytes.fromhex("0000c03f") + bytes.fromhex("000000c0"))
    assert weights_sha256(_two_weights()) == expected.hexdigest()
    assert weights_sha256(_two_weights(order=-1)) == expected.hexdigest()
    assert weights_sha256(_two_weights(raw=False)) == expected.hexdigest()


def test_hash_sees_each_weight() -> None:
    assert weights_sha256(make_model(azimuth=(0.9, 0.0))) != weights_sha256(make_model(azimuth=(0.9, 0.1)))


def test_card_survives_a_round_trip() -> None:
    card = ModelVersion(
        version=7,
        parent=6,
        objective="vicreg+traj",
        classes=("car", "Fußgänger"),
        input_size=48,
        mean=(0.1, 0.2, 0.3),
        std=(1.0, 2.0, 3.0),
        heading_ready=True,
        identity_ready=False,
        training={"steps": 10.0, "loss": 0.25},
    )
    content = write_version(make_model(), card)
    found = read_version(content)
    assert found.sha256 == weights_sha256(content)
    assert found == ModelVersion(**{**card.__dict__, "sha256": found.sha256})


def test_writing_replaces_the_old_card_and_keeps_other_metadata() -> None:
    model = onnx.ModelProto.FromString(make_model(version=3))
    model.metadata_props.add(key="author", value="somebody")
    content = write_version(model.SerializeToString(), ModelVersion(version=4))
    keys = [p.key for p in parse(content).metadata_props]
    assert len(keys) == len(set(keys))
    assert "author" in keys
    assert read_version(content).version == 4


def test_a_loss_that_is_not_a_number_is_left_out() -> None:
    content = write_version(make_model(), ModelVersion(version=1, training={"loss": float("nan"), "steps": 3.0}))
    assert read_version(content).training == {"steps": 3.0}


@pytest.mark.parametrize("content", [b"", b"no model", b"\x00" * 100, make_model()[:200]])
def test_what_is_not_onnx_is_refused(content: bytes) -> None:
    with pytest.raises(ModelFileError):
        read_version(content)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("version", "seven"),
        ("version", "true"),
        ("heading_ready", "1"),
        ("classes", '{"a": 1}'),
        ("mean", "[1, 2]"),
        ("training", "[]"),
        ("version", None),
        ("sha256", None),
    ],
)
def test_a_card_that_cannot_be_read_names_the_field(name: str, text: str | None) -> None:
    with pytest.raises(ModelFileError, match=name):
        read_version(set_metadata(make_model(), name, text))


def test_external_data_is_seen_and_not_hashed() -> None:
    content = external(make_model())
    assert has_external_data(parse(content))
    assert not has_external_data(parse(make_model()))
    with pytest.raises(ModelFileError, match="another file"):
        weights_sha256(content)
