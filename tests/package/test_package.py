"""package.xml, setup.py and the tree must agree, or colcon and pip install something else than what runs here."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import setuptools

from pose_ssl_ros import __version__
from pose_ssl_ros.cli.executables import MODULES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def arguments():
    """What setup.py gives to setuptools."""
    seen = {}
    original = setuptools.setup
    setuptools.setup = seen.update
    try:
        spec = importlib.util.spec_from_file_location("package_setup", ROOT / "setup.py")
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    finally:
        setuptools.setup = original
    return seen


@pytest.fixture(scope="module")
def manifest():
    catkin_pkg = pytest.importorskip("catkin_pkg.package")
    warnings = []
    package = catkin_pkg.parse_package(str(ROOT), warnings=warnings)
    assert warnings == []
    return package


def test_catkin_accepts_the_manifest(manifest, arguments):
    assert (manifest.name, manifest.version) == (arguments["name"], __version__)
    assert manifest.get_build_type() == "ament_python"
    assert manifest.package_format == 3
    assert manifest.licenses == ["Apache-2.0"]
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert arguments["version"] == __version__


def test_the_manifest_names_every_message_package_that_is_imported(manifest):
    named = {dependency.name for dependency in manifest.exec_depends}
    imported = set()
    for path in [*(ROOT / "pose_ssl_ros" / "nodes").glob("*.py"), ROOT / "sim" / "node.py"]:
        for match in re.finditer(r"^\s*(?:from|import) (\w+)[\w.]*", path.read_text(), re.MULTILINE):
            imported.add(match.group(1))
    ros = {name for name in imported if name.endswith(("_msgs", "_srvs", "_interfaces")) or name in
           ("rclpy", "message_filters", "cv_bridge")}  # fmt: skip
    assert "sensor_msgs" in ros
    assert ros <= named


def test_every_entry_point_leads_to_a_main(arguments):
    points = dict(re.match(r"(\S+) = (\S+)$", line).groups() for line in arguments["entry_points"]["console_scripts"])
    folders = arguments["package_dir"]
    for target in points.values():
        module, function = target.split(":")
        first, *rest = module.split(".")
        path = ROOT.joinpath(folders.get(first, first), *rest).with_suffix(".py")
        assert re.search(rf"^def {function}\(", path.read_text(), re.MULTILINE), f"{path} has no {function}"
    assert points.pop("pose-ssl") == "pose_ssl_ros.cli.main:main"
    assert {name: target.removesuffix(":main") for name, target in points.items()} == MODULES


def test_every_node_file_can_be_run_as_a_module():
    for module in MODULES.values():
        first, *rest = module.split(".")
        path = ROOT.joinpath({"pose_ssl_sim": "sim"}.get(first, first), *rest).with_suffix(".py")
        assert '__name__ == "__main__"' in path.read_text(), path


def test_every_package_is_installed_and_nothing_else(arguments):
    expected = set()
    for top in ("pose_ssl_ros", "sim"):
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).parent.parts
            expected.add(".".join(("pose_ssl_sim" if parts[0] == "sim" else parts[0], *parts[1:])))
    installed = set(arguments["packages"])
    assert expected <= installed
    tops = {name.split(".")[0] for name in installed}
    assert tops == {"pose_ssl_ros", "pose_ssl_sim"}  # the underlay's rclpy must not become a top-level rclpy


def test_data_files_are_what_the_tree_holds(arguments):
    files = dict(arguments["data_files"])
    assert files["share/ament_index/resource_index/packages"] == ["resource/pose_ssl_ros"]
    assert (ROOT / "resource" / "pose_ssl_ros").is_file()
    assert files["share/pose_ssl_ros"] == ["package.xml"]
    listed = {file for group in files.values() for file in group}
    for folder in ("launch", "config", "rviz", "models"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                relative = str(path.relative_to(ROOT))
                assert relative in files[f"share/pose_ssl_ros/{path.relative_to(ROOT).parent}"]
                listed.discard(relative)
    assert listed == {"resource/pose_ssl_ros", "package.xml"}


def test_scripts_go_where_ros2_run_looks():
    text = (ROOT / "setup.cfg").read_text()
    assert "script_dir=$base/lib/pose_ssl_ros" in text
    assert "install_scripts=$base/lib/pose_ssl_ros" in text


def test_constraints_pin_every_dependency(arguments):
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version = line.split(";")[0].strip().split("==")
            pins[re.sub(r"[-_.]+", "-", name).lower()] = version
    wanted = [*arguments["install_requires"], *(r for extra in arguments["extras_require"].values() for r in extra)]
    for requirement in wanted:
        name = re.match(r"[\w.-]+", requirement).group(0)
        assert re.sub(r"[-_.]+", "-", name).lower() in pins, requirement


def test_imports_of_ours_are_declared(arguments):
    names = {
        "cv2": "opencv-python-headless",
        "yaml": "pyyaml",
        "ddspy": "cyclonedds",
        "google": "protobuf",
    }
    declared = {re.match(r"[\w.-]+", r).group(0).lower() for r in arguments["install_requires"]}
    simulation = declared | {re.match(r"[\w.-]+", r).group(0).lower() for r in arguments["extras_require"]["sim"]}
    ours = {"pose_ssl_ros", "pose_ssl_sim", *(p.name for p in (ROOT / "pose_ssl_ros/embedded/underlay").iterdir())}
    ours |= {p.stem for p in (ROOT / "pose_ssl_ros/embedded/underlay").glob("*.py")}
    for top, allowed in (("pose_ssl_ros", declared), ("sim", simulation)):
        for path in (ROOT / top).rglob("*.py"):
            for match in re.finditer(r"^\s*(?:from (\w+)[\w.]* import|import (\w+))", path.read_text(), re.MULTILINE):
                name = match.group(1) or match.group(2)
                if name in sys.stdlib_module_names or name in ours:
                    continue
                assert names.get(name, name).lower() in allowed, f"{path}: {name}"
