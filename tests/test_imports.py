"""The import rules: what a room may reach decides what may crash, block or bloat its process."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROS = {
    "rclpy", "cv_bridge", "message_filters", "sensor_msgs", "std_msgs", "std_srvs", "vision_msgs", "nav_msgs",
    "nav2_msgs", "geometry_msgs", "diagnostic_msgs", "tf2_msgs", "rosgraph_msgs", "visualization_msgs",
    "builtin_interfaces", "rcl_interfaces", "rmw_dds_common",
}  # fmt: skip
# room -> rooms of ours that it may import beside itself
COMMON = {"interfaces", "parameters", "viewpoint", "modelfile"}
EDGES = {
    "perception": COMMON,
    "triplets": COMMON | {"perception", "probing.motion_teacher", "probing.teacher_config", "probing.ground_plane"},
    "probing": COMMON,
    "datasets": COMMON | {"perception.crops"},
    "learning": COMMON | {"probing", "triplets.packing", "datasets"},
    "benchmark": COMMON | {"datasets", "learning", "probing", "evaluation.metrics", "inference.engine", "viewpoint"},
    "inference": COMMON | {"perception", "danger"},
    "danger": COMMON,
    # The definitions that bags carry are those that the underlay speaks.
    "bags": COMMON
    | {"perception", "evaluation.records", "reading_messages", "mounting_finder", "embedded.definitions"},
    "replay": COMMON
    | {"bags", "perception", "triplets", "learning", "inference", "danger", "probing"}
    | {"evaluation.records", "reading_messages"},
    # It shows what a checkpoint holds, and writes the names that the learner reads.
    "labelling": COMMON | {"learning", "probing"},
    # Experiments drive the product in the simulation, as the commands do.
    "experiments": COMMON
    | {"bags", "perception", "triplets", "learning", "inference", "danger", "probing", "replay", "datasets"}
    | {"benchmark", "evaluation"},
    "embedded": set(),
}
SIMULATING = ("cli", "evaluation", "experiments")


def files(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "underlay" not in path.parts:
                yield path


def imports(path, top_level_only=False):
    """Modules that a file names, relative ones resolved; those under `if TYPE_CHECKING` too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                package = path.relative_to(ROOT).with_suffix("").parts[: -node.level]
                base = ".".join((*package, *([node.module] if node.module else [])))
            else:
                base = node.module
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def starts(module, name):
    return module == name or module.startswith(name + ".")


def test_only_nodes_know_ros():
    for path in files("pose_ssl_ros", "sim"):
        relative = path.relative_to(ROOT)
        ros_rooms = (("pose_ssl_ros", "nodes"), ("pose_ssl_ros", "embedded"))
        if relative.parts[:2] in ros_rooms or relative.match("sim/node*.py"):
            continue
        found = [m for m in imports(path) if m.split(".")[0] in ROS]
        assert not found, f"{relative} imports {found}"


def test_only_the_simulation_knows_pybullet():
    users = {p.relative_to(ROOT).parts[0] for p in files("pose_ssl_ros", "sim") if any(
        starts(m, "pybullet") or starts(m, "pybullet_data") for m in imports(p))}  # fmt: skip
    assert users <= {"sim"}
    for path in files("pose_ssl_ros"):
        if path.relative_to(ROOT).parts[1] in SIMULATING:
            continue
        assert not any(starts(m, "pose_ssl_sim") for m in imports(path)), path


@pytest.mark.parametrize("room", sorted(EDGES))
def test_rooms_import_only_their_neighbours(room):
    allowed = {f"pose_ssl_ros.{name}" for name in {room, *EDGES[room]}}
    for path in files(f"pose_ssl_ros/{room}"):
        for module in imports(path):
            if starts(module, "pose_ssl_sim") and room in SIMULATING:
                continue
            if starts(module, "pose_ssl_sim") or (starts(module, "pose_ssl_ros") and module != "pose_ssl_ros"):
                assert any(starts(module, name) for name in allowed), f"{path.relative_to(ROOT)} imports {module}"


def test_packages_of_ours_import_nothing_by_themselves():
    for path in files("pose_ssl_ros", "sim"):
        if path.name == "__init__.py":
            assert not list(imports(path, top_level_only=True)), path


def reached(*modules):
    """What a fresh process has loaded after importing modules, with the underlay on the path."""
    lines = "; ".join(f"import {name}" for name in modules)
    code = f"from pose_ssl_ros import embedded; embedded.activate(); {lines}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in done.stdout.split()}


def test_the_inference_process_never_loads_torch():
    loaded = reached("pose_ssl_ros.nodes.inference_node", "pose_ssl_ros.inference.pipeline", "pose_ssl_ros.viewpoint")
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "pybullet", "sklearn", "scipy", "matplotlib"}


def test_the_nodes_beside_the_learner_never_load_torch():
    loaded = reached(
        "pose_ssl_ros.nodes.triplet_node", "pose_ssl_ros.nodes.planner_node", "pose_ssl_ros.nodes.source_node"
    )
    assert not loaded & {"torch", "pybullet", "onnxruntime"}


def test_reading_a_dataset_loads_numpy_and_opencv_only():
    names = ("dataset", "reading", "writing", "triplets", "shards", "statistics")
    loaded = reached(*(f"pose_ssl_ros.datasets.{name}" for name in names))
    assert not loaded & {"torch", "pybullet", "onnxruntime", "sklearn", "scipy", "matplotlib"}


def test_the_learner_never_loads_the_simulation():
    assert not reached("pose_ssl_ros.nodes.learner_node") & {"pybullet", "pose_ssl_sim", "onnxruntime"}


def test_the_command_line_is_light():
    assert not reached("pose_ssl_ros.cli.main") & {"torch", "pybullet", "cv2", "onnxruntime", "rclpy", "cyclonedds"}


def test_nobody_but_simulation_source_and_evaluation_speaks_of_ground_truth():
    for path in files("pose_ssl_ros"):
        parts = path.relative_to(ROOT).parts
        told = ("evaluator_node.py", "source_node.py", "source.py", "convert_evaluation.py", "topics.py")
        if parts[1] in ("evaluation", "cli") or path.name in told:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Constant) and isinstance(node.value, str) and "ground_truth" in node.value
            if named and " " not in node.value.strip():  # a name, not a sentence
                raise AssertionError(f"{path.relative_to(ROOT)} line {node.lineno} names ground_truth")


def test_no_machine_path_or_registry_host_is_written_down():
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "deb.debian" + ".org", "registry.npmjs" + ".org"]
    paths = ["/work" + "/", "/root" + "/", "/home/" + "user"]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\n") if listed.returncode == 0 else []
    for name in filter(None, names):
        path = ROOT / name
        if not path.is_file() or path.suffix in (".png", ".onnx", ".safetensors", ".mp4"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for word in [*hosts, *paths]:
            assert word not in text, f"{name} holds {word}"
