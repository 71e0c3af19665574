"""Real meshes: files as the wild has them, which way they face, and what the command says; the package is hand-made."""

import math
import os
import shutil

import numpy as np
import pytest
from mesh_factory import BOX_MTL, BOX_OBJ, archive_of, deb_of, write
from pose_ssl_sim import catalogue
from pose_ssl_sim.config import SimError
from pose_ssl_sim.mesh_catalogue import deb, fetched, fetching, table
from pose_ssl_sim.mesh_catalogue.package import read_archive
from pose_ssl_sim.mesh_catalogue.wavefront import read_obj

from pose_ssl_ros.cli.main import main


@pytest.fixture
def box(tmp_path):
    write(tmp_path, "box.mtl", BOX_MTL)
    return write(tmp_path, "box.obj", BOX_OBJ)


def centre_of(spec, colour):
    """Middle of the faces of a colour."""
    return np.mean([p.mean(axis=0) for p, c in spec.mesh.polygons() if np.allclose(c, colour, atol=0.02)], axis=0)


# facing


def test_stand_turns_what_faces_plus_z_to_plus_x_and_scales(box):
    points = read_obj(box).points
    identity = [1, 0, 0, 0, 1, 0, 0, 0, 1]
    ours = fetched.stand(points, identity, [2.0, 6.0, 4.0])
    low, high = ours.min(axis=(0, 1)), ours.max(axis=(0, 1))
    np.testing.assert_allclose([low, high], [[-3, -1, 0], [3, 1, 4]], atol=1e-9)
    np.testing.assert_allclose(ours[-2:].mean(axis=(0, 1))[:2], [3, 0], atol=0.7)
    # A file whose front is -y in our axes is turned a quarter to the left.
    turned = fetched.stand(points, identity, [2.0, 6.0, 4.0], yaw=math.pi / 2)
    assert turned[-2:, :, 1].min() > 2.99
    bigger = fetched.stand(points, identity, [2.0, 6.0, 4.0], scale=10)
    assert np.ptp(bigger[..., 0]) == pytest.approx(60)


def test_the_packages_own_rotation_is_applied_first(box):
    points = read_obj(box).points
    about_y = [-1, 0, 0, 0, 1, 0, 0, 0, -1]  # a half turn
    assert fetched.stand(points, about_y, [2.0, 6.0, 4.0])[-2:, :, 0].max() < -2.99


# the table


def test_the_tables_categories_exist_and_no_family_spans_two():
    entries = table.read_table()
    assert len(entries) > 100 and {e.category for e in entries} <= set(catalogue.CATEGORIES)
    families = {}
    for entry in entries:
        assert families.setdefault(entry.family, entry.category) == entry.category
    assert {round(math.degrees(e.yaw)) for e in entries} <= set(range(-180, 181, 5))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Scopia/van,hovercraft,,0,1", "line 2 has category 'hovercraft'"),
        ("Scopia/van,van,,north,1", "yaw_deg 'north'"),
        ("Scopia/van,van,,0,-1", "scale '-1'"),
        ("../van,van,,0,1", "not <archive>/<model>"),
        ("Scopia/van,van", "does not have the columns"),
        ("Scopia/van,van,,0,1\nScopia/van,van,,0,1", "line 3 has model 'Scopia/van' once more"),
    ],
)
def test_a_bad_row_of_the_table_is_named(tmp_path, row, message):
    path = write(tmp_path, "models.csv", "model,category,family,yaw_deg,scale\n" + row + "\n")
    with pytest.raises(SimError, match=message):
        table.read_table(path)


# the package


@pytest.fixture
def package(tmp_path):
    content = archive_of(tmp_path / "Scopia.sh3f", extra=["../escape.obj"]).read_bytes()
    return deb_of(tmp_path / "p.deb", {"Scopia.sh3f": content, "copyright": b"text"})


@pytest.fixture(params=["dpkg-deb", "python"])
def unpacker(request, monkeypatch):
    """With Debian's tool and without it."""
    if request.param == "python":
        monkeypatch.setattr(deb.shutil, "which", lambda _: None)
    elif shutil.which("dpkg-deb") is None:
        pytest.skip("there is no dpkg-deb here")


def test_fetch_from_a_package_gives_models_and_their_makers(tmp_path, package, unpacker, capsys):
    out = tmp_path / "models"
    assert main(["meshes", "fetch", "--out", str(out), "--deb", str(package)]) == 0
    said = capsys.readouterr().out
    assert "2 models" in said and "Some licence 1.0" in said and "are not in this version" in said
    credits = (out / "CREDITS.txt").read_text()
    assert "Scopia/van: Delivery van, by Ann É" in credits and "Scopia/stroller: Stroller, by Bob" in credits
    assert (out / "Scopia" / "LICENSE.TXT").read_text() == "Some licence"
    assert not list(tmp_path.rglob("escape.obj"))
    models = fetched.open_models(out)
    assert [entry.model for entry in models.entries] == ["Scopia/van", "Scopia/stroller"]
    spec, skipped = fetched.load(models, models.entries[0])
    assert skipped == () and spec.category == "van"
    assert spec.size == pytest.approx((6, 2, 4), rel=0.02)
    np.testing.assert_allclose(centre_of(spec, (1, 0, 0)), [3, 0, 2], atol=0.05)
    assert main(["meshes", "list", "--models", str(out)]) == 0
    assert "2 models: 1 van, 1 pram" in capsys.readouterr().out


def test_without_apt_the_command_says_how_to_get_the_package(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(deb.shutil, "which", lambda _: None)
    assert main(["meshes", "fetch", "--out", str(tmp_path / "m")]) == 2
    said = capsys.readouterr().err
    assert "no apt-get" in said and "apt-get download sweethome3d-furniture" in said and "--deb" in said


def test_apt_that_fails_is_quoted(tmp_path, monkeypatch):
    tool = tmp_path / "apt-get"
    tool.write_text("#!/bin/sh\necho 'E: Unable to locate package' >&2\nexit 100\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SimError, match="Unable to locate package.*--deb FILE"):
        deb.download(tmp_path)


@pytest.mark.parametrize("command", [["list"], ["render", "--out", "x"]])
def test_without_models_the_command_says_how_to_fetch_them(tmp_path, command, capsys):
    assert main(["meshes", *command, "--models", str(tmp_path)]) == 2
    assert "meshes fetch --out" in capsys.readouterr().err


def test_what_is_no_package_is_refused(tmp_path, unpacker):
    with pytest.raises(SimError, match="there is no file"):
        deb.unpack_archives(tmp_path / "none.deb", tmp_path)
    with pytest.raises(SimError, match="not a whole Debian package"):
        deb.unpack_archives(write(tmp_path, "a.deb", "hello" * 100), tmp_path)
    with pytest.raises(SimError, match="no furniture archives"):
        deb.unpack_archives(deb_of(tmp_path / "other.deb", {"copyright": b"text"}), tmp_path)
    whole = deb_of(tmp_path / "cut.deb", {"a.sh3f": os.urandom(20_000)})
    whole.write_bytes(whole.read_bytes()[:9_000])
    with pytest.raises(SimError, match="not a whole Debian package"):
        deb.unpack_archives(whole, tmp_path)


def test_archives_that_hold_nothing_of_ours_are_refused(tmp_path):
    with pytest.raises(SimError, match="not a furniture archive"):
        read_archive(write(tmp_path, "a.sh3f", "no zip"))
    other = archive_of(tmp_path / "Other.sh3f")
    with pytest.raises(SimError, match="none of the models of our table"):
        fetching.install([other], tmp_path / "m", table.read_table(), lambda _: None)


def test_a_damaged_folder_of_models_is_refused(tmp_path, package):
    out = tmp_path / "m"
    fetching.fetch(out, package, lambda _: None)
    manifest = out / "models.json"
    text = manifest.read_text()
    manifest.write_text(text[:100])
    with pytest.raises(SimError, match="damaged"):
        fetched.open_models(out)
    manifest.write_text(text.replace('"van.obj"', '"../../van.obj"'))
    with pytest.raises(SimError, match="damaged"):
        fetched.open_models(out)
    manifest.write_text(text.replace('"format": 1', '"format": 9'))
    with pytest.raises(SimError, match="format 9"):
        fetched.open_models(out)
    manifest.write_text(text)
    (out / "Scopia" / "van" / "van.obj").unlink()
    told = []
    assert [e.category for e in fetched.readable(fetched.open_models(out), told.append).entries] == ["pram"]
    assert told and told[0].startswith("left out")


# the dataset


def test_families_are_never_in_both_splits_and_poor_categories_are_for_tests():
    pytest.importorskip("pybullet", reason="renders with PyBullet")
    from pose_ssl_sim.mesh_catalogue.rendering import FEWEST_FAMILIES, split_models

    entries = table.read_table()
    for seed in range(3):
        parts = split_models(entries, seed)
        assert sorted(e.number for _, part in parts for e in part) == [e.number for e in entries]
        families = {split: {e.family for s, part in parts if s == split for e in part} for split in ("train", "test")}
        assert not families["train"] & families["test"]
        for split, part in parts:
            known = {e.family for e in entries if e.category == part[0].category}
            assert split == "test" or len(known) >= FEWEST_FAMILIES
    assert split_models(entries, 0) != split_models(entries, 1)


def test_rendered_models_make_a_dataset_of_the_common_format(tmp_path, package, capsys):
    pytest.importorskip("pybullet", reason="renders with PyBullet")
    from pose_ssl_ros.datasets.reading import load

    models, out = tmp_path / "m", tmp_path / "d"
    fetching.fetch(models, package, lambda _: None)
    command = ["meshes", "render", "--models", str(models), "--out", str(out), "--trajectories", "2", "--jobs", "1"]
    assert main([*command, "--size", "48"]) == 0
    assert "crops/s" in capsys.readouterr().out
    data = load(out)
    assert len(data) == 7 * 2 * 3  # van in both domains, pram unseen
    assert data.categories == ("pram", "van") and np.isnan(data.motion).all()
    assert {(int(s), int(d)) for s, d in zip(data.split, data.domain, strict=True)} == {(2, 0), (2, 1), (2, 2)}
    assert all(len(run) == 7 for run in data.sequences())
    # The front is red and seen from ahead alone, the rest is blue.
    crops = data.crops(np.arange(len(data))).astype(int)
    red = ((crops[..., 0] > 60) & (crops[..., 0] > 2 * crops[..., 2]) & (crops[..., 0] > 2 * crops[..., 1])).mean(
        (1, 2)
    )
    ahead, behind = np.cos(data.azimuth) > 0.6, np.cos(data.azimuth) < -0.1
    if ahead.any() and behind.any():
        assert red[ahead].mean() > red[behind].mean() + 0.02
    # Again: everything is there.
    assert main([*command, "--size", "48"]) == 0
    assert "are there and whole; 0 of" in capsys.readouterr().out
    # Another model file is another dataset.
    path = models / "Scopia" / "van" / "van.obj"
    path.write_text(path.read_text().replace("v 1 2 3", "v 1 1.5 3"))
    assert main([*command, "--size", "48"]) == 2
    assert "other settings" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--trajectories", "0"], ["--size", "4"], ["--seed", "-1"], ["--jobs", "0"]])
def test_arguments_that_make_no_sense_are_refused(tmp_path, package, wrong, capsys):
    pytest.importorskip("pybullet", reason="renders with PyBullet")
    fetching.fetch(tmp_path / "m", package, lambda _: None)
    assert main(["meshes", "render", "--models", str(tmp_path / "m"), "--out", str(tmp_path / "d"), *wrong]) == 2
    assert "must be" in capsys.readouterr().err


@pytest.mark.skip(reason="downloads 120 MB; docs/meshes.md says what it gave")
def test_the_real_package(tmp_path):
    assert main(["meshes", "fetch", "--out", str(tmp_path)]) == 0
    assert len(fetched.open_models(tmp_path).entries) == len(table.read_table())
