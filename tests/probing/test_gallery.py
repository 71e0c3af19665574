"""Reading labelled crops from a folder."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from pose_ssl_ros.probing.features import mirrored
from pose_ssl_ros.probing.gallery import azimuth_from_name, read_gallery


def write(path: Path, value: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((20, 30, 3), value, np.uint8)
    image[:, :, 2] = 255  # red, in OpenCV's order
    assert cv2.imwrite(str(path), image)


def test_names_and_azimuths_come_from_the_path(tmp_path: Path) -> None:
    write(tmp_path / "car" / "90_a.png")
    write(tmp_path / "car" / "-45.5_b.png")
    write(tmp_path / "bus" / "180_x_y.png")
    gallery = read_gallery(tmp_path, 32)
    assert gallery.crops.shape == (3, 32, 32, 3) and gallery.skipped == []
    found = {(n, round(math.degrees(a), 1)) for n, a in zip(gallery.names, gallery.azimuths, strict=True)}
    assert found == {("car", 90.0), ("car", -45.5), ("bus", 180.0)}
    assert (gallery.crops[..., 0] == 255).all()


def test_bad_files_are_named_and_left_out(tmp_path: Path) -> None:
    write(tmp_path / "car" / "0_ok.png")
    write(tmp_path / "car" / "front.png")
    (tmp_path / "car" / "10_broken.png").write_bytes(b"not a picture")
    (tmp_path / "car" / "20_empty.png").write_bytes(b"")
    (tmp_path / "car" / "notes.txt").write_text("x")
    gallery = read_gallery(tmp_path, 32)
    assert sorted(gallery.names) == ["car", "car"]
    assert np.isnan(gallery.azimuths).sum() == 1
    assert [name for name in ("10_broken", "20_empty", "front") if any(name in s for s in gallery.skipped)] == [
        "10_broken",
        "20_empty",
        "front",
    ]
    assert "not a folder" in read_gallery(tmp_path / "none", 32).skipped[0]


@pytest.mark.parametrize(("name", "degrees"), [("0_a", 0), ("-170_b", -170), ("90", 90)])
def test_azimuth_from_name(name: str, degrees: float) -> None:
    assert azimuth_from_name(name) == pytest.approx(math.radians(degrees))


@pytest.mark.parametrize("name", ["front_1", "", "nan_1", "1e9_x"])
def test_names_without_an_azimuth(name: str) -> None:
    assert math.isnan(azimuth_from_name(name))


def test_mirrored_turns_left_to_right_and_back() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    assert (mirrored(crops)[:, :, 0] == crops[:, :, -1]).all()
    assert (mirrored(mirrored(crops)) == crops).all()
