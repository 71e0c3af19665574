"""Our own launch files and configurations against the nodes that they start."""

from pathlib import Path

import pytest
import yaml

from pose_ssl_ros.cli.docs import CONFIGS, config_class
from pose_ssl_ros.cli.executables import MODULES
from pose_ssl_ros.cli.share import find_share
from pose_ssl_ros.embedded.launch.reader import declared_arguments, read
from pose_ssl_ros.parameters import from_values, specs

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "launch").glob("*.launch.yaml"))
NEEDED = {"source.launch.yaml": {"input": "drive.mp4"}}
CLASSES = {node: (module, name) for node, module, name in CONFIGS}


def flat(values, prefix=""):
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def given(process):
    """The parameters on a node's command line, files read; `use_sim_time` is every node's own."""
    values = {}
    words = iter(process.arguments)
    for word in words:
        if word == "--params-file":
            content = yaml.safe_load(Path(next(words)).read_text())
            values.update(flat(content["/**"]["ros__parameters"]))
        elif word == "-p":
            name, _, text = next(words).partition(":=")
            values[name] = yaml.safe_load(text)
    values.pop("use_sim_time", None)
    return values


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
@pytest.mark.parametrize("switch", ["true", "false"])
def test_every_parameter_that_a_launch_file_gives_is_one_that_the_node_takes(path, switch):
    arguments = dict(NEEDED.get(path.name, {}))
    declared = {a.name for a in declared_arguments(path, find_share)}
    for name in ("planner", "evaluate", "learn", "detector"):
        if name in declared:
            arguments[name] = switch
    processes = read(path, arguments, find_share).processes
    assert processes
    for process in processes:
        assert process.package == "pose_ssl_ros"
        assert process.executable in MODULES
        from_values(config_class(*CLASSES[process.name]), given(process))
        assert "__ns:=/pose_ssl" in process.arguments


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_argument_says_what_it_means(path):
    for argument in declared_arguments(path, find_share):
        assert len(argument.description) > 10, argument.name


def test_the_robot_files_topics_reach_the_nodes():
    topics = {"image": "/front/image", "camera_info": "/front/info", "odom": "/wheels", "detections": "/yolo"}
    processes = {p.name: p for p in read(ROOT / "launch" / "robot.launch.yaml", topics, find_share).processes}
    for rule in ("image:=/front/image", "image/compressed:=/front/image/compressed", "odom:=/wheels",
                 "camera_info:=/front/info", "detections_in:=/yolo"):  # fmt: skip
        assert rule in processes["triplet"].arguments
    for rule in ("image:=/front/image", "camera_info:=/front/info"):
        assert rule in processes["inference"].arguments
    assert set(processes) == {"triplet", "learner", "inference"}


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.name)
def test_configurations_hold_known_parameters_for_all_nodes_of_a_kind(path):
    content = yaml.safe_load(path.read_text())
    assert list(content) == ["/**"]
    values = dict(flat(content["/**"]["ros__parameters"]))
    assert values
    from_values(config_class(*CLASSES[path.stem]), values)


def test_each_node_with_a_configuration_is_documented():
    text = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    for module, name in CLASSES.values():
        for parameter in specs(config_class(module, name)):
            assert f"| `{parameter}` |" in text, f"run 'make docs': {parameter} of {name} is missing"


def test_a_replay_by_ros2_bag_play_reaches_nodes_and_evaluator_by_the_bags_names():
    topics = {"play": "false", "image": "/cam/image_raw", "camera_info": "/cam/camera_info", "odom": "/wheels",
              "truth": "/truth"}  # fmt: skip
    processes = {p.name: p for p in read(ROOT / "launch" / "replay.launch.yaml", topics, find_share).processes}
    assert set(processes) == {"triplet", "learner", "inference", "evaluator"}
    for name in ("triplet", "inference", "evaluator"):
        assert {"image:=/cam/image_raw", "camera_info:=/cam/camera_info", "odom:=/wheels"} <= set(
            processes[name].arguments
        )
        assert "use_sim_time:=True" in processes[name].arguments or "use_sim_time:=true" in processes[name].arguments
    assert "ground_truth:=/truth" in processes["evaluator"].arguments
    only_play = {"bag": "drive", "nodes": "false", "evaluate": "false"}
    found = read(ROOT / "launch" / "replay.launch.yaml", only_play, find_share).processes
    assert [p.name for p in found] == ["source"]
